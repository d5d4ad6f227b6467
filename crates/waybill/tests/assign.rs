//! `waybill assign` as its callers see it.

mod support {
    pub(crate) mod commands;
}

use std::process::Stdio;

use support::commands::{data, dir, file, run, run_with_input, waybill};

fn ten(arguments: &[&str]) -> support::commands::Ended {
    let (shipments, drivers) =
        (data("published-10x10/shipments.txt"), data("published-10x10/drivers.txt"));
    run(&[&["assign", &shipments, &drivers], arguments].concat())
}

#[test]
fn the_published_ten_by_ten_totals_98_75_as_a_table() {
    let table = ten(&[]).done();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 13);
    assert_eq!(lines[0], "line  shipment                        line  driver           score");
    assert_eq!(lines[1], "   1  215 Osinski Manors                10  Kaiser Sose        7.5");
    assert_eq!(lines[12], "total 98.75; first come, first served reaches 97");
}

#[test]
fn the_published_ten_by_ten_totals_98_75_as_json() {
    let text = ten(&["--format", "json"]).done();
    assert!(text.starts_with("{\"total\": 98.75, \"greedy_total\": 97.0, \"pairs\": [\n"));
    let plan: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let pairs = plan["pairs"].as_array().expect("pairs");
    assert_eq!(pairs.len(), 10);
    assert_eq!(
        pairs[0],
        serde_json::json!({
            "shipment_line": 1, "shipment": "215 Osinski Manors",
            "driver_line": 10, "driver": "Kaiser Sose", "score": 7.5
        })
    );
    assert_eq!(plan["unassigned"], serde_json::json!([]));
    assert_eq!(plan["street_name"], "address");
}

#[test]
fn the_published_ten_by_ten_totals_98_75_as_csv() {
    let csv = ten(&["--format", "csv"]).done();
    let rows: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert_eq!(rows[0], "shipment_line,shipment,driver_line,driver,score");
    assert_eq!(rows[1], "1,215 Osinski Manors,10,Kaiser Sose,7.5");
    let total: f64 = rows[1..]
        .iter()
        .map(|row| row.rsplit(',').next().expect("a score").parse::<f64>().expect("a number"))
        .sum();
    assert_eq!((rows.len(), total), (11, 98.75));
}

#[test]
fn real_addresses_leave_350_behind_and_say_why() {
    let (shipments, drivers) = (data("us-3850/shipments.txt"), data("us-3850/drivers.txt"));
    let assign = |arguments: &[&str]| run(&[&["assign", &shipments, &drivers], arguments].concat());
    let plan = assign(&["--format", "json"]).json();
    assert_eq!(plan["total"], 39421.0);
    assert_eq!(plan["greedy_total"], 38352.25);
    assert_eq!(plan["pairs"].as_array().map(Vec::len), Some(3500));
    let left = plan["unassigned"].as_array().expect("a list");
    assert_eq!(left.len(), 350);
    assert_eq!(
        left[0],
        serde_json::json!({
            "side": "shipment", "line": 33,
            "text": "836 Lamont Street Northwest, Washington, DC 20010",
            "reason": "every driver is worth as much or more elsewhere"
        })
    );
    let explained = assign(&["--format", "json", "--explain"]).json();
    assert!(explained["unassigned"][0]["price"].is_f64());

    let csv = assign(&["--format", "csv"]).done();
    let behind = csv.lines().filter(|row| row.ends_with(",,,")).count();
    assert_eq!(behind, 350);
    assert!(csv.contains("33,\"836 Lamont Street Northwest, Washington, DC 20010\",,,\r\n"));

    let table = assign(&["--explain"]).done();
    assert!(table.contains(
        "350 shipments unassigned: every driver is worth as much or more elsewhere\n\
         total 39421; first come, first served"
    ));
}

#[test]
fn who_scores_nothing_with_anybody_is_told_so() {
    let dir = dir();
    // The street names have an even length, which counts vowels, and the second driver has none.
    let shipments = file(&dir, "s.txt", "12 Oaks\n7 Elms\n");
    let drivers = file(&dir, "d.txt", "Ann Lee\nGrt Smth\nBob Stone\n");
    let plan = run(&["assign", &shipments, &drivers, "--format", "json", "--explain"]).json();
    assert_eq!(
        plan["unassigned"],
        serde_json::json!([{
            "side": "driver", "line": 2, "text": "Grt Smth",
            "reason": "it scores 0 with every shipment", "price": 4.5
        }])
    );
}

#[test]
fn a_csv_file_with_ids_gives_the_same_plan_and_its_own_lines() {
    let drivers = data("us-3850/drivers.txt");
    let plan =
        run(&["assign", &data("us-3850/shipments.csv"), &drivers, "--format", "json"]).json();
    assert_eq!(plan["total"], 39421.0);
    let first = &plan["pairs"][0];
    assert_eq!((&first["shipment_line"], &first["shipment_id"]), (&2.into(), &"S0001".into()));
}

#[test]
fn the_plan_is_the_same_with_any_number_of_threads() {
    let one = ten(&["--format", "json", "--threads", "1"]).done();
    assert_eq!(one, ten(&["--format", "json", "--threads", "8"]).done());
}

#[test]
fn lines_count_in_the_file_as_given() {
    let dir = dir();
    let shipments = file(&dir, "s.txt", "\u{feff}1 Oak Road\r\n\r\n   \n2 Elm Street\n");
    let drivers = file(&dir, "d.txt", "\nAnn Lee\n\nBob Stone\n\nCy\n");
    let plan = run(&["assign", &shipments, &drivers, "--format", "json"]).json();
    let lines = |key: &str| -> Vec<u64> {
        let pairs = plan["pairs"].as_array().expect("pairs");
        let mut lines: Vec<u64> = pairs.iter().filter_map(|pair| pair[key].as_u64()).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(lines("shipment_line"), [1, 4]);
    assert_eq!(lines("driver_line"), [2, 4]);
    assert_eq!(plan["unassigned"][0]["side"], "driver");
    assert_eq!(plan["unassigned"][0]["line"], 6);
}

#[test]
fn a_full_line_keeps_its_house_number() {
    let dir = dir();
    let shipments = file(&dir, "s.txt", "12 Oak\n");
    let drivers = file(&dir, "d.txt", "Bo Ed\n");
    let total = |arguments: &[&str]| {
        run(&[&["assign", &shipments, &drivers, "--format", "json"], arguments].concat()).json()
            ["total"]
            .clone()
    };
    // Oak has 3 letters, so 2 consonants count; 12 Oak has 6, so 2 vowels at 1.5.
    assert_eq!(total(&[]), 2.0);
    assert_eq!(total(&["--street-name=address"]), 2.0);
    assert_eq!(total(&["--street-name=full-line"]), 3.0);
}

#[test]
fn either_file_can_come_on_standard_input() {
    let dir = dir();
    let drivers = file(&dir, "d.txt", "Ann Lee\n");
    let ended = run_with_input(&["assign", "-", &drivers, "--format", "csv"], b"7 Elm Street\n");
    assert_eq!(ended.done().lines().count(), 2);
    assert_eq!(
        run(&["assign", "-", "-"]).wrong_usage(),
        "only one of the two files can be - (standard input)"
    );
    let ended = run_with_input(&["assign", "-", &drivers], b"");
    assert_eq!(ended.failed(), "standard input: has no records");
}

#[test]
fn each_bad_file_is_named_with_the_place_in_it() {
    let dir = dir();
    let good = data("published-10x10/drivers.txt");
    let folder = dir.path().to_str().expect("text").to_owned();
    let missing = format!("{folder}/missing.txt");
    let long = [b"1 Oak\n".as_slice(), &vec![b'x'; 1 << 20], b"\n"].concat();
    for (path, problem) in [
        (missing, "no such file"),
        (folder, "is a folder, not a file"),
        (file(&dir, "empty.txt", ""), "has no records"),
        (file(&dir, "blank.txt", "\u{feff}\r\n \n"), "has no records"),
        (file(&dir, "latin.txt", b"1 Oak\n2 M\xfcller\n"), "line 2: not UTF-8 at byte 4"),
        (file(&dir, "long.txt", long), "line 2: 1048576 bytes, more than the 4096 of a record"),
        (
            file(&dir, "no-column.csv", "a,b\n1,2\n"),
            "line 1: no column address or shipment in the header",
        ),
        (
            file(&dir, "short.csv", "id,address\n1,Oak\n2\n"),
            "line 3: 1 fields, but the header has 2",
        ),
        (
            file(&dir, "twice.csv", "id,address\n1,Oak\n1,Elm\n"),
            "line 3: id 1 again, first on line 2",
        ),
    ] {
        assert_eq!(run(&["assign", &path, &good]).failed(), format!("{path}: {problem}"));
    }
    let bad = file(&dir, "bad.txt", b"\xff");
    let shipments = data("published-10x10/shipments.txt");
    let text = format!("{bad}: line 1: not UTF-8 at byte 1");
    assert_eq!(run(&["assign", &shipments, &bad]).failed(), text);
}

#[test]
fn all_wrong_settings_are_told_at_once() {
    let dir = dir();
    let config = file(&dir, "waybill.toml", "[assign]\nthread = 3\n");
    let mut command = waybill(&["assign", "a", "b", "--threads", "0", "--config", &config]);
    command.env("WAYBILL_FORMAT", "xml").env("WAYBILL_STREET_NAME", "");
    assert_eq!(
        support::commands::ended(command).wrong_usage(),
        format!(
            "3 settings are wrong\n  WAYBILL_FORMAT: \"xml\": expected table, csv or json\n  \
             --threads: \"0\": expected a whole number from 1 to 1024\n  \
             {config}: assign.thread: no such setting, did you mean threads?"
        )
    );
}

#[test]
fn a_flag_wins_over_a_variable_and_that_over_the_file() {
    let dir = dir();
    let config = file(&dir, "waybill.toml", "format = \"csv\"\n");
    let format = |variable: Option<&str>, flag: &[&str]| {
        let (s, d) = (data("published-10x10/shipments.txt"), data("published-10x10/drivers.txt"));
        let mut command = waybill(&[&["assign", &s, &d], flag].concat());
        command.env("WAYBILL_CONFIG", &config);
        command.envs(variable.map(|format| ("WAYBILL_FORMAT", format)));
        support::commands::ended(command).done().chars().next().expect("some output")
    };
    assert_eq!(format(None, &[]), 's');
    assert_eq!(format(Some("json"), &[]), '{');
    assert_eq!(format(Some("json"), &["--format", "table"]), 'l');
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let (shipments, drivers) = (data("us-3850/shipments.txt"), data("us-3850/drivers.txt"));
    let mut command = waybill(&["assign", &shipments, &drivers, "--format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!((ended.status.code(), ended.stderr.len()), (Some(0), 0));
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn a_full_disk_is_a_failure() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else {
        eprintln!("skipped: this system has no /dev/full");
        return;
    };
    let (s, d) = (data("published-10x10/shipments.txt"), data("published-10x10/drivers.txt"));
    let help = waybill(&["--help"]).stdout(full.try_clone().expect("a file")).output();
    let help = help.expect("the binary starts");
    assert_eq!(help.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&help.stderr).starts_with("waybill: standard output: "));
    let output = waybill(&["assign", &s, &d]).stdout(full).output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.starts_with("waybill: standard output: "), "{text}");
}

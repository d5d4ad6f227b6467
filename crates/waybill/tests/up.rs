//! The whole system in one process, as people meet it.

mod support {
    pub(crate) mod commands;
    pub(crate) mod up;
}

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::Stdio,
};

use serde_json::Value;
use support::{
    commands::{data, dir, file, run, run_with_input, waybill},
    up::Up,
};
use testing::Port;

#[test]
fn the_first_run_sends_real_addresses_and_goes_on_after_a_restart() {
    let dir = dir();
    let up = Up::start(dir.path(), &[]);
    let first = up.run(&["list", "--format", "json"]).json();
    let runs = first["runs"].as_array().expect("a list");
    assert_eq!((runs.len(), &runs[0]["state"]), (1, &"RUN_STATE_RUNNING".into()));
    assert_eq!(runs[0]["request"]["interval"], "2s");

    let mut watch = waybill(&["plans", "watch", "--format", "json", "--analytics", &up.analytics]);
    let mut watch = watch.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut plan = String::new();
    let stdout = watch.stdout.take().expect("it is piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut plan).expect("a line");
    watch.kill().and_then(|()| watch.wait()).expect("it ends");
    let plan: Value = serde_json::from_str(&plan).expect("it is JSON");
    assert_eq!((&plan["total"], &plan["greedyTotal"]), (&39421.0.into(), &38352.25.into()));
    assert_eq!(up.terminate(), Some(0));

    let up = Up::start(dir.path(), &[]);
    let again = up.run(&["list", "--format", "json"]).json();
    let runs = again["runs"].as_array().expect("a list");
    assert_eq!((runs.len(), &runs[0]["runId"]), (1, &first["runs"][0]["runId"]));
    assert_eq!(runs[0]["state"], "RUN_STATE_RUNNING");
    let run_id = runs[0]["runId"].as_str().expect("an id");
    up.run(&["stop", run_id]).done();
    let end = up.run(&["watch", run_id]);
    assert!(
        end.code == 1 && end.stdout.contains(" stopped: "),
        "it is short of its limit: {end:?}"
    );
}

#[test]
fn a_run_that_is_waited_for_ends_with_every_batch_settled() {
    let dir = dir();
    let up = Up::start(dir.path(), &["--no-run"]);
    assert_eq!(up.run(&["list", "--format", "json"]).json(), serde_json::json!({}));
    let end = up
        .run(&[
            "start",
            "--batches",
            "20",
            "--interval",
            "5ms",
            "--seed",
            "7",
            "--wait",
            "--format",
            "json",
        ])
        .json();
    assert_eq!(
        (&end["batchesSettled"], &end["state"]),
        (&"20".into(), &"RUN_STATE_FINISHED".into())
    );

    let run_id = end["runId"].as_str().expect("an id");
    let plans = up.plans(&["--run", run_id, "--format", "json"]).json();
    let plans = plans["plans"].as_array().expect("a list");
    assert_eq!(plans.len(), 20);
    let total: f64 = plans.iter().filter_map(|plan| plan["total"].as_f64()).sum();
    assert_eq!(end["total"], total);

    // The first batch is what `generate` writes and `assign` plans. Ids are in order of batches, plans in
    // that of commits, which two solvers may turn round.
    let first = plans.iter().filter_map(|plan| plan["batchId"].as_str()).min().expect("an id");
    let shown = up.plans(&["show", first, "--format", "csv"]).done();
    let made = dir.path().join("made").display().to_string();
    run(&["generate", "--shipments", "32", "--drivers", "32", "--seed", "7", "--out", &made])
        .done();
    let (s, d) = (format!("{made}/shipments.txt"), format!("{made}/drivers.txt"));
    assert_eq!(shown, run(&["assign", &s, &d, "--format", "csv"]).done());
    let json = up.plans(&["show", first, "--format", "json"]).done();
    let said = run_with_input(&["verify", "-"], json.as_bytes()).done();
    assert!(said.starts_with("proven by its certificate"), "{said}");
}

#[test]
fn files_and_rosters_are_sources_of_a_run() {
    let dir = dir();
    let up = Up::start(dir.path(), &["--no-run"]);
    let (shipments, drivers) =
        (data("published-10x10/shipments.txt"), data("published-10x10/drivers.txt"));
    let total = |arguments: &[&str]| {
        let fixed = ["start", "--batches", "2", "--wait", "--format", "json"];
        up.run(&[&fixed, arguments].concat()).json()["total"].as_f64().expect("a total")
    };
    assert_eq!(total(&["--shipments", &shipments, "--drivers", &drivers]), 2.0 * 98.75);
    let kept = total(&["--shipments", "10", "--drivers", &drivers, "--seed", "3"]);
    // The same file is the same roster, so this is the same run again.
    assert_eq!(total(&["--shipments", "10", "--drivers", &drivers, "--seed", "3"]), kept);
    assert!(total(&["--shipments", &shipments, "--drivers", "10"]) > 0.0);
    for spelling in [&["--drivers", "roster", "nobody"][..], &["--drivers", "roster:nobody"]] {
        let text = up.run(&[&["start"], spelling].concat()).failed();
        assert!(text.contains("roster nobody: not found"), "{text}");
    }
    let empty = file(&dir, "empty.txt", "");
    let text = up.run(&["start", "--shipments", &empty]).failed();
    assert_eq!(text, format!("{empty}: has no records"));
}

#[test]
fn a_run_with_a_rejected_batch_is_a_failure() {
    let dir = dir();
    let small = [("WAYBILL_MAX_BATCH_BYTES", "2KiB")];
    let up = Up::start_at(dir.path(), ["127.0.0.1:0"; 2], &["--no-run"], &small);
    let ended = up.run(&["start", "--shipments", "500", "--batches", "1", "--wait"]);
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("1 of 1 batches were rejected ("), "{}", ended.stderr);
}

#[test]
fn who_waits_for_a_run_waits_through_a_crash() {
    let dir = dir();
    let ports = [Port::take(), Port::take()];
    let [producer, analytics] = ports.each_ref().map(|port| port.address().to_string());
    let at = [producer.as_str(), analytics.as_str()];
    let mut up = Up::start_at(dir.path(), at, &["--no-run"], &[]);
    let mut waits = waybill(&["run", "start", "--batches", "300", "--interval", "5ms", "--wait"]);
    waits.args(["--producer", &up.producer]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut waits = waits.spawn().expect("it starts");
    let mut stdout = std::io::BufReader::new(waits.stdout.take().expect("it is piped"));
    let mut line = String::new();
    while !line.contains("sent") {
        line.clear();
        let read = std::io::BufRead::read_line(&mut stdout, &mut line).expect("it writes UTF-8");
        assert_ne!(read, 0, "it ended before the first batch");
    }
    up.kill();
    let _up = Up::start_at(dir.path(), at, &["--no-run"], &[]);
    let mut end = String::new();
    std::io::Read::read_to_string(&mut stdout, &mut end).expect("it writes UTF-8");
    assert!(end.contains("finished: 300 sent, 300 settled;"), "{end}");
    assert_eq!(waits.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_taken_port_is_named_with_its_setting() {
    let dir = dir();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let mut command = waybill(&["up", "--fleet-listen", &address, "--data"]);
    command.arg(dir.path());
    for listen in [
        "producer-listen",
        "analytics-listen",
        "producer-ops-listen",
        "fleet-ops-listen",
        "analytics-ops-listen",
    ] {
        command.args([&format!("--{listen}"), "127.0.0.1:0"]);
    }
    let ended = support::commands::ended(command);
    assert_eq!(ended.code, 1);
    let last = ended.stderr.lines().last();
    let text = format!("waybill: --fleet-listen: cannot listen on {address}: the port is in use");
    assert_eq!(last, Some(text.as_str()));
}

#[test]
fn all_wrong_settings_of_all_parts_are_told_at_once() {
    let dir = dir();
    let config =
        file(&dir, "waybill.toml", "[fleet]\nsolver_threds = 3\n[producer]\nmax_runs = 0\n");
    let text = run(&["up", "--config", &config]).wrong_usage();
    assert!(text.starts_with("2 settings are wrong\n"), "{text}");
    assert!(
        text.contains("fleet.solver_threds: no such setting, did you mean solver_threads?"),
        "{text}"
    );
    assert!(text.contains("producer.max_runs: \"0\": expected a whole number from 1"), "{text}");
}

#[test]
fn runs_are_started_and_watched_through_the_port_of_the_page() {
    let dir = dir();
    let up = Up::start(dir.path(), &["--no-run"]);
    let start = ["run", "start", "--batches", "3", "--interval", "5ms", "--wait"];
    let through = ["--format", "json", "--producer", &up.analytics];
    let end = run(&[&start[..], &through[..]].concat()).json();
    assert_eq!(end["batchesSettled"], "3");

    // As a browser calls: gRPC-web over HTTP/1.1.
    let listed = grpc_web(&up, "waybill.producer.v1.ProducerService/ListRuns");
    assert!(listed.contains("grpc-status:0"), "{listed:?}");
    assert!(listed.contains(end["runId"].as_str().expect("an id")), "{listed:?}");
}

/// The answer to a call without fields, its end as text.
fn grpc_web(up: &Up, method: &str) -> String {
    let authority = up.analytics.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(authority).expect("it listens");
    let head = format!(
        "POST /{method} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\
         content-type: application/grpc-web+proto\r\ncontent-length: 5\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), &[0; 5]].concat()).expect("it reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    String::from_utf8_lossy(&answer).into_owned()
}

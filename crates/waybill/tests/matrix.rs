//! `waybill assign --matrix`, on files that NumPy wrote.

mod support {
    pub(crate) mod commands;
}

use std::{fs, path::PathBuf};

use support::commands::{Ended, dir, file, run, run_with_input};

/// A file that NumPy 2.3 wrote: `[[4, 1, 3, 2], [2, 0, 5, 3], [3, 2, 2, 6]]`, or what its name says.
fn saved(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/matrices");
    folder.join(name).to_str().expect("UTF-8").to_owned()
}

fn assign(path: &str, arguments: &[&str]) -> Ended {
    run(&[&["assign", "--matrix", path], arguments].concat())
}

fn refused(path: &str, arguments: &[&str]) -> String {
    let ended = assign(path, arguments);
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{}", ended.stderr);
    let said = ended.stderr.strip_prefix("waybill: ").expect("it says who speaks");
    said.strip_prefix(path).expect("it names the file").trim_start_matches(": ").trim_end().into()
}

#[test]
fn every_type_and_order_gives_the_same_pairs() {
    let types = ["i4", "i8", "f4", "f8", "big-i4", "big-f8", "fortran-f8", "version-3"];
    for name in types {
        for threads in ["1", "3"] {
            let path = saved(&format!("{name}.npy"));
            let threads = ["--format", "json", "--threads", threads];
            let lowest = assign(&path, &[&["--minimize"], &threads[..]].concat()).json();
            assert_eq!(lowest["total"].as_f64(), Some(4.0), "{name}");
            assert_eq!(lowest["pairs"], serde_json::json!([[0, 3], [1, 1], [2, 2]]), "{name}");
            let highest = assign(&path, &threads).json();
            assert_eq!(highest["total"].as_f64(), Some(15.0), "{name}");
            assert_eq!(highest["pairs"], serde_json::json!([[0, 0], [1, 2], [2, 3]]), "{name}");
        }
    }
}

#[test]
fn json_says_how_long_it_took_and_that_it_is_proven() {
    let solved = assign(&saved("i8.npy"), &["--format", "json"]).json();
    assert_eq!(solved["total"].as_i64(), Some(15), "integers stay integers");
    assert_eq!((&solved["rows"], &solved["columns"]), (&3.into(), &4.into()));
    assert_eq!(solved["certified"], true);
    for key in ["read_ms", "solve_ms", "certify_ms"] {
        assert!(solved[key].as_f64().is_some_and(|time| time >= 0.0), "{key}: {solved}");
    }
    let floats = assign(&saved("f8.npy"), &["--format", "json"]).json();
    assert!(floats["total"].is_f64());
    assert!(floats["largest_violation"].as_f64() <= floats["tolerance"].as_f64());
}

#[test]
fn a_table_and_csv_name_the_elements_by_what_they_are() {
    let table = assign(&saved("i4.npy"), &["--minimize"]).done();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines[..4],
        ["row  column  cost", "  0       3     2", "  1       1     0", "  2       2     2"]
    );
    assert!(lines[5].starts_with("3 pairs of 3 rows and 4 columns; read in "), "{table}");
    assert!(lines[6].starts_with("total 4, proven: no assignment is lower"), "{table}");
    let csv = assign(&saved("f4.npy"), &["--format", "csv"]).done();
    assert_eq!(csv, "row,column,score\r\n0,0,4\r\n1,2,5\r\n2,3,6\r\n");
}

#[test]
fn what_is_infinite_is_forbidden_whatever_its_sign() {
    // Without [0, 0] and [1, 1].
    let path = saved("infinite.npy");
    let pairs = |arguments: &[&str]| assign(&path, arguments).json();
    let lowest = pairs(&["--minimize", "--format", "json"]);
    assert_eq!(
        (lowest["total"].as_f64(), &lowest["pairs"][1]),
        (Some(5.0), &serde_json::json!([1, 0]))
    );
    let highest = pairs(&["--format", "json"]);
    assert_eq!(highest["total"].as_f64(), Some(12.0), "{highest}");
}

#[test]
fn too_many_forbidden_pairs_name_the_rows_that_are_short_of_columns() {
    assert_eq!(
        refused(&saved("infeasible.npy"), &["--minimize"]),
        "rows 0 and 1 are permitted only column 0"
    );
}

#[test]
fn what_is_no_number_is_named_by_row_and_column() {
    let said = refused(&saved("nan.npy"), &[]);
    assert!(said.starts_with("row 2, column 1: is not a number (NaN)"), "{said}");
}

#[test]
fn what_is_no_matrix_of_a_type_that_is_solved_is_refused_by_what_it_is() {
    let said = refused(&saved("short-i2.npy"), &[]);
    assert!(said.starts_with("its elements are \"i2\": i4, i8, f4 and f8 are read"), "{said}");
    assert_eq!(refused(&saved("vector.npy"), &[]), "has 1 dimensions; a matrix has 2");
    let said = refused(&saved("records.npy"), &[]);
    assert!(said.starts_with("its elements are \"[('a', '<f8'), ('b', '<i4')]\": i4"), "{said}");
}

#[test]
fn a_matrix_without_rows_has_an_assignment_without_pairs() {
    let solved = assign(&saved("empty.npy"), &["--format", "json"]).json();
    assert_eq!((solved["total"].as_f64(), &solved["pairs"]), (Some(0.0), &serde_json::json!([])));
}

/// A file of these bytes in a folder of its own.
fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, String) {
    let dir = dir();
    let path = file(&dir, name, bytes);
    (dir, path)
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused() {
    let whole = fs::read(saved("f8.npy")).expect("it is there");
    for length in 1..whole.len() {
        let (_dir, path) = written("cut.npy", &whole[..length]);
        let said = refused(&path, &[]);
        let expected = match length {
            0..6 => "not UTF-8: line 1",
            6..128 => "the header of this .npy file ends early",
            _ => "has ",
        };
        assert!(said.starts_with(expected), "{length} bytes: {said}");
    }
    let (_dir, path) = written("more.npy", &[&whole[..], &[0; 8]].concat());
    assert_eq!(
        refused(&path, &[]),
        "has 104 bytes behind its header where 3 rows of 4 columns of 8 bytes take 96"
    );
}

#[test]
fn a_header_that_lies_is_refused_before_memory_is_taken() {
    let whole = fs::read(saved("f8.npy")).expect("it is there");
    let with = |from: &str, to: &str| {
        let text = String::from_utf8_lossy(&whole[10..128]).replace(from, to);
        let bytes = [&whole[..10], &text.as_bytes()[..118], &whole[128..]].concat();
        let (_dir, path) = written("lie.npy", &bytes);
        refused(&path, &[])
    };
    let said = with("(3, 4), }      ", "(4611686018427387904, 4611686018427387904), }");
    assert!(said.contains("4611686018427387904 rows"), "{said}");
    assert!(with("(3, 4)", "(-3, 4)").starts_with("the header of this .npy file has no shape"));
    assert!(with("'shape'", "'snape'").starts_with("the header of this .npy file has no shape"));
    assert!(with("False", "Maybe").contains("no fortran_order"));
}

/// An i4 matrix as NumPy writes it, version 1.0.
fn npy_i4(rows: usize, columns: usize, elements: &[i32]) -> Vec<u8> {
    let header =
        format!("{{'descr': '<i4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{header:<117}\n").bytes());
    bytes.extend(elements.iter().flat_map(|element| element.to_le_bytes()));
    bytes
}

#[test]
fn the_ends_of_an_integer_type_are_numbers_like_others() {
    let (min, max) = (i32::MIN, i32::MAX);
    for (elements, goal, total) in [
        ([max, max - 1, max - 1, min], "--minimize", -1_i64),
        ([min, min + 1, min + 1, max], "--format", -1),
        ([max; 4], "--minimize", 2 * i64::from(max)),
    ] {
        let (_dir, path) = written("ends.npy", &npy_i4(2, 2, &elements));
        let format = if goal == "--format" {
            vec!["--format", "json"]
        } else {
            vec![goal, "--format", "json"]
        };
        assert_eq!(assign(&path, &format).json()["total"].as_i64(), Some(total), "{elements:?}");
    }
    let csv = format!("1,{}\n2,3\n", i64::MIN);
    let (_dir, path) = written("ends.csv", csv.as_bytes());
    assert_eq!(refused(&path, &[]), "row 0, column 1: is too large to be added up");
}

#[test]
fn a_matrix_of_many_blocks_is_the_same_on_any_number_of_threads() {
    // A permutation costs 1 a pair and all else more, so there is one answer.
    let side = 300;
    let cost = |place: usize| {
        if place % side == place / side * 7 % side { 1 } else { 2 + place as i32 % 5 }
    };
    let elements: Vec<i32> = (0..side * side).map(cost).collect();
    let (_dir, path) = written("many.npy", &npy_i4(side, side, &elements));
    for threads in ["1", "2", "7"] {
        let solved =
            assign(&path, &["--minimize", "--format", "json", "--threads", threads]).json();
        assert_eq!(solved["total"].as_i64(), Some(300), "{threads}");
        assert_eq!(solved["pairs"][100], serde_json::json!([100, 100]), "{threads}");
        assert_eq!(solved["pairs"][299], serde_json::json!([299, 293]), "{threads}");
    }
}

#[test]
fn rows_of_nothing_take_no_memory_however_many_there_are() {
    let (_dir, path) = written("rows.npy", &npy_i4(2_147_483_647, 0, &[]));
    let solved = assign(&path, &["--format", "json"]).json();
    assert_eq!(
        (&solved["rows"], &solved["pairs"]),
        (&2_147_483_647_u64.into(), &serde_json::json!([]))
    );
}

#[test]
fn a_pipe_is_read_once() {
    for name in ["i4.npy", "f8.npy"] {
        let bytes = fs::read(saved(name)).expect("it is there");
        let path = ["assign", "--matrix", "/dev/stdin", "--format", "json"];
        assert_eq!(run_with_input(&path, &bytes).json()["total"].as_f64(), Some(15.0), "{name}");
    }
}

#[test]
fn csv_is_integers_if_all_are_and_floats_otherwise() {
    let solved = |text: &str| {
        run_with_input(&["assign", "--matrix", "-", "--format", "json"], text.as_bytes())
    };
    let integers = solved("4,1,3\r\n2, 0 ,5\r\n\r\n3,2,2\r\n").json();
    assert_eq!((integers["total"].as_i64(), &integers["rows"]), (Some(11), &3.into()));
    let floats = solved("4,1e0,inf\n2,0.5,5\n3,2,2").json();
    assert_eq!(floats["total"].as_f64(), Some(11.0));
}

#[test]
fn csv_that_is_no_matrix_names_the_row_and_the_column() {
    for (text, said) in [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("1,2\n3\n", "row 1 has 1 columns, those before have 2"),
        ("1,2\n3,x\n", "row 1, column 1: \"x\" is not a number"),
        ("a,b\n1,2\n", "row 0, column 0: \"a\" is not a number"),
        ("1,2\n3,\n", "row 1, column 1: is empty; inf forbids a pair"),
        ("1,nan\n3,4\n", "row 0, column 1: is not a number (NaN); an infinity forbids a pair"),
    ] {
        let (_dir, path) = written("matrix.csv", text.as_bytes());
        assert_eq!(refused(&path, &[]), said, "{text:?}");
    }
    let (_dir, path) = written("matrix.csv", b"1,2\n3,\xff\n");
    assert_eq!(refused(&path, &[]), "not UTF-8: line 2");
}

#[test]
fn what_does_not_go_together_is_wrong_usage() {
    let path = saved("f8.npy");
    for (arguments, said) in [
        (vec!["assign", "--matrix", &path, "--explain"], "--explain is for shipments and drivers"),
        (vec!["assign", "--matrix", &path, "drivers.txt"], "cannot be used with"),
        (vec!["assign", "a.txt", "b.txt", "--minimize"], "cannot be used with"),
        (vec!["assign", "--minimize"], "<SHIPMENTS>"),
        (vec!["assign", "a.txt"], "<DRIVERS>"),
    ] {
        let ended = run(&arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{arguments:?}: {}", ended.stderr);
    }
    let ended = assign("no-such-file.npy", &[]);
    assert_eq!(ended.stderr, "waybill: no-such-file.npy: no such file\n");
}

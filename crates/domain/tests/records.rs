//! From a file's bytes to records: what a line is, how it is counted, and what is refused.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::HashSet;

use domain::{
    DriverClasses, DriverColumn, MAX_RECORD_BYTES, RecordError, Records, StreetClasses,
    StreetColumn, StreetName, driver_traits, parse_drivers, parse_shipments, street_length,
    street_name,
};
use proptest::{collection::vec, prelude::*};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");

fn lines(file: &str) -> Vec<(u32, String)> {
    let records = Records::parse_lines(file).unwrap();
    records.iter().map(|record| (record.line, record.text.to_owned())).collect()
}

fn numbered(expected: &[(u32, &str)]) -> Vec<(u32, String)> {
    expected.iter().map(|&(line, text)| (line, text.to_owned())).collect()
}

#[test]
fn a_line_ends_at_lf_and_loses_its_cr_and_the_white_space_around_it() {
    assert_eq!(lines("a b\r\nc\r\n"), numbered(&[(1, "a b"), (2, "c")]));
    assert_eq!(lines(" \ta  b\u{3000}\n\u{a0}c"), numbered(&[(1, "a  b"), (2, "c")]));
    assert_eq!(lines("a\rb\n"), numbered(&[(1, "a\rb")]), "a CR inside ends nothing");
}

#[test]
fn empty_lines_are_skipped_but_counted() {
    assert_eq!(lines("\n\na\n \n\r\n\u{2003}\nb\n\n"), numbered(&[(3, "a"), (7, "b")]));
    assert_eq!(lines(""), []);
    assert_eq!(lines("\n\n \r\n"), []);
}

#[test]
fn one_leading_byte_order_mark_goes() {
    assert_eq!(lines("\u{feff}a\nb"), numbered(&[(1, "a"), (2, "b")]));
    assert_eq!(lines("\u{feff}\na"), numbered(&[(2, "a")]));
    assert_eq!(lines("\u{feff}"), []);
    assert_eq!(
        lines("\u{feff}\u{feff}a\n\u{feff}b"),
        numbered(&[(1, "\u{feff}a"), (2, "\u{feff}b")])
    );
}

#[test]
fn other_separators_of_unicode_end_no_line() {
    for c in ['\u{2028}', '\u{2029}', '\u{85}', '\u{b}', '\u{c}', '\u{1c}'] {
        assert_eq!(lines(&format!("a{c}b\n")), [(1, format!("a{c}b"))]);
    }
    assert_eq!(street_length("a\u{2028}\u{85}b", StreetName::Address).0, 3, "though they collapse");
}

#[test]
fn invalid_utf8_names_its_line_and_byte() {
    let refused = |bytes: &[u8]| Records::parse_lines(bytes).unwrap_err();
    assert_eq!(refused(b"\xff"), RecordError::InvalidUtf8 { line: 1, byte: 1 });
    assert_eq!(refused(b"a\nb\r\nx\xc3\n"), RecordError::InvalidUtf8 { line: 3, byte: 2 });
    assert_eq!(refused(b"\xef\xbb\xbf\xe7\nb\n"), RecordError::InvalidUtf8 { line: 1, byte: 4 });
    assert_eq!(refused(b"a\nb\nNo\xebl"), RecordError::InvalidUtf8 { line: 3, byte: 3 });
    assert_eq!(refused(b"a\n\xed\xa0\x80").to_string(), "line 2: not UTF-8 at byte 1");
    assert!(parse_drivers(&b"a\n\xff"[..]).is_err());
    assert!(parse_shipments(&b"a\n\xff"[..], StreetName::Address).is_err());
}

#[test]
fn a_record_may_be_as_long_as_the_limit_and_no_longer() {
    let file = |bytes: usize| format!("a\n\n  {}\r\nb\n", "x".repeat(bytes));
    assert_eq!(Records::parse_lines(file(MAX_RECORD_BYTES)).unwrap().len(), 3);
    for bytes in [MAX_RECORD_BYTES + 1, 1_000_000] {
        let error = RecordError::TooLong { line: 3, bytes, limit: MAX_RECORD_BYTES };
        assert_eq!(Records::parse_lines(file(bytes)), Err(error.clone()));
        assert_eq!(parse_drivers(file(bytes)), Err(error.clone()));
        assert_eq!(parse_shipments(file(bytes), StreetName::Address), Err(error));
        let mut records = Records::new();
        let error = records.push("", 7, &"x".repeat(bytes)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("line 7: {bytes} bytes, more than the 4096 of a record")
        );
        assert!(records.is_empty());
    }
}

#[test]
fn pushed_records_have_their_line_or_their_position() {
    let mut records = Records::with_capacity(4, 20);
    records.push("", 0, " first ").unwrap();
    records.push(" D7 ", 0, "second").unwrap();
    records.push("", 10, "third").unwrap();
    records.push("", 0, "fourth").unwrap();
    let seen: Vec<_> = records.iter().map(|r| (r.id, r.line, r.text)).collect();
    assert_eq!(
        seen,
        [(None, 1, "first"), (Some("D7"), 2, "second"), (None, 10, "third"), (None, 4, "fourth")]
    );
    assert_eq!(records.push("x", 0, " \t"), Err(RecordError::Empty { line: 5 }));
    assert_eq!((records.len(), records.id(0), records.line(3)), (4, None, 4));
}

#[test]
fn the_same_id_twice_is_found_on_both_lines() {
    let mut records = Records::new();
    for (id, line) in [("a", 3), ("", 4), ("b", 5), ("", 6), ("a", 9)] {
        records.push(id, line, "text").unwrap();
    }
    let error = records.check_ids().unwrap_err();
    assert_eq!(error, RecordError::DuplicateId { id: "a".into(), first_line: 3, line: 9 });
    assert_eq!(error.to_string(), "line 9: id a again, first on line 3");
}

#[test]
fn the_same_line_twice_is_found_wherever_its_records_stand() {
    let refused = |lines: &[u32]| {
        let mut records = Records::new();
        for &line in lines {
            records.push("", line, "text").unwrap();
        }
        records.check_lines().err()
    };
    assert_eq!(refused(&[]), None);
    assert_eq!(refused(&[0, 0, 0]), None);
    assert_eq!(refused(&[7, 8, 3, 0, 4_294_967_295]), None);
    let error = refused(&[5, 6, 7, 2, 6]).unwrap();
    assert_eq!(error, RecordError::DuplicateLine { line: 6, first: 1, again: 4 });
    assert_eq!(error.to_string(), "line 6 again: records 4 and 1, from 0, both have it");
    // A record without a line has the line of its place.
    let error = refused(&[2, 0]).unwrap();
    assert_eq!(error, RecordError::DuplicateLine { line: 2, first: 0, again: 1 });
}

proptest! {
    #[test]
    fn lines_are_refused_when_two_are_the_same(lines in vec(0_u32..12, 0..8)) {
        let mut records = Records::new();
        for &line in &lines {
            records.push("", line, "text").unwrap();
        }
        let line = |i: usize| if lines[i] == 0 { i as u32 + 1 } else { lines[i] };
        let all: HashSet<u32> = (0..lines.len()).map(line).collect();
        match records.check_lines() {
            Ok(()) => prop_assert_eq!(all.len(), lines.len()),
            Err(RecordError::DuplicateLine { line: twice, first, again }) => {
                prop_assert!(first < again);
                prop_assert_eq!((line(first), line(again)), (twice, twice));
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}

#[test]
fn a_million_records_cost_their_bytes_and_about_four_each() {
    let file: String = (0..1_000_000).map(|i| format!("{} Elm Row\n", 100 + i % 900)).collect();
    let bytes = file.len();
    let records = Records::parse_lines(file.into_bytes().into_boxed_slice().into_vec()).unwrap();
    assert_eq!(records.len(), 1_000_000);
    assert!(records.byte_size() <= bytes + 4_500_000, "{}", records.byte_size());
}

#[test]
fn csv_takes_the_text_and_the_id_and_passes_over_the_rest() {
    let file = "\u{feff}Id,lat, Address ,note\r\nS1,1.5,\"5 Elm Row, Unit \"\"B\"\"\",x\r\n\r\n\
                S2,2.5,\"6 Oak\r\nLane\",\r\nS3,,7 Ash Way,\r\n";
    let records = Records::parse_csv(file.as_bytes(), &["shipment", "address"]).unwrap();
    let seen: Vec<_> = records.iter().map(|r| (r.id, r.line, r.text)).collect();
    assert_eq!(
        seen,
        [
            (Some("S1"), 2, "5 Elm Row, Unit \"B\""),
            (Some("S2"), 4, "6 Oak\r\nLane"),
            (Some("S3"), 6, "7 Ash Way"),
        ]
    );
    let records = Records::parse_csv(b"name\nA\nB", &["driver", "name"]).unwrap();
    assert_eq!(records.iter().map(|r| (r.id, r.line)).collect::<Vec<_>>(), [(None, 2), (None, 3)]);
    assert!(Records::parse_csv(b"name\n", &["name"]).unwrap().is_empty());
}

/// As Excel writes them for a Macintosh. Lines that are the same would be refused: see `check_lines`.
#[test]
fn rows_of_csv_that_end_at_a_cr_are_on_lines_of_their_own() {
    let records =
        Records::parse_csv(b"id,name\r1,A\r\r2,\"B\rC\"\r\n3,D\n4,E\r", &["name"]).unwrap();
    assert_eq!(records.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 4, 6, 7]);
    assert_eq!(records.check_lines(), Ok(()));
    let refused = Records::parse_csv(b"id,name\r1,A\r2\r", &["name"]).unwrap_err();
    assert_eq!(refused, RecordError::FieldCount { line: 3, found: 1, expected: 2 });
    let open = Records::parse_csv(b"name\rA\r\"B\rC\r", &["name"]).unwrap_err();
    assert_eq!(open, RecordError::OpenQuote { line: 3 });
}

#[test]
fn csv_errors_name_the_line_and_the_field() {
    let refused = |file: &str| {
        Records::parse_csv(file.as_bytes(), &["driver", "name"]).unwrap_err().to_string()
    };
    assert_eq!(refused(""), "line 1: no column driver or name in the header");
    assert_eq!(refused("id,nom\n1,A\n"), "line 1: no column driver or name in the header");
    assert_eq!(refused("id,name\r\n1,A\r\n\r\n2\r\n"), "line 4: 1 fields, but the header has 2");
    assert_eq!(refused("id,name\n1,A\n2, \n"), "line 3: field name is empty");
    assert_eq!(refused("id,Name\n1,A\n,B\n"), "line 3: field id is empty");
    assert_eq!(refused("id,name\n1,\"A\nA\"\n2,B\n1,C\n"), "line 5: id 1 again, first on line 2");
    let long = format!("id,name\n1,A\n2,{}\n", "x".repeat(MAX_RECORD_BYTES + 1));
    assert_eq!(refused(&long), "line 3: 4097 bytes, more than the 4096 of a record");
    let bad = Records::parse_csv(b"id,name\n1,A\n2,\xff\n", &["name"]);
    assert_eq!(bad, Err(RecordError::InvalidUtf8 { line: 3, byte: 3 }));
}

#[test]
fn the_real_data_set_has_the_same_streets_in_lines_and_in_csv() {
    let file = |name: &str| std::fs::read(format!("{DATA}/us-3850/{name}")).unwrap();
    let (shipments, classes) = parse_shipments(file("shipments.txt"), StreetName::Address).unwrap();
    let csv = Records::parse_csv(&file("shipments.csv"), &["address"]).unwrap();
    assert_eq!((shipments.len(), csv.len()), (3850, 3850));
    // The CSV file has no unit numbers; R4 cuts them off the lines.
    let streets = |records: &Records| -> Vec<String> {
        records.iter().map(|r| street_name(r.text, StreetName::Address)).collect()
    };
    assert_eq!(streets(&shipments), streets(&csv));
    assert_eq!((csv.id(0), csv.line(0), csv.line(3849)), (Some("S0001"), 2, 3851));
    assert_eq!(classes, StreetClasses::of(&csv, StreetName::Address));
    let (drivers, classes) = parse_drivers(file("drivers.txt")).unwrap();
    assert_eq!(drivers.len(), 3500);
    assert_eq!(classes.counts.iter().sum::<u64>(), 3500);
}

/// Files of pieces that make trouble at the borders of lines and windows.
fn files() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\n",
        "\n",
        "\n",
        "\n",
        "\r\n",
        " ",
        " ",
        "  ",
        "\t",
        ",",
        "\u{feff}",
        "\u{a0}",
        "\u{2028}",
        "é",
        "e\u{301}",
        "#4",
        "Suite 9",
        "Apt. 12",
        "63187 Volkman Garden",
        "42nd",
        "7",
        "Everardo Welch",
        "Yv",
        "a name that is longer than thirty-two bytes",
        "\u{1f}",
        "\u{0}",
        "ø",
    ]);
    prop::collection::vec(pieces, 0..300).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_file_reads_as_its_lines_one_by_one(file in files(), full in any::<bool>()) {
        let rule = if full { StreetName::FullLine } else { StreetName::Address };
        let text = file.strip_prefix('\u{feff}').unwrap_or(&file);
        let expected: Vec<(u32, &str)> = (1..)
            .zip(text.split('\n').map(str::trim))
            .filter(|(_, record)| !record.is_empty())
            .collect();

        let records = Records::parse_lines(file.as_str()).unwrap();
        prop_assert_eq!(records.iter().map(|r| (r.line, r.text)).collect::<Vec<_>>(), expected.clone());

        let (shipments, streets) = parse_shipments(file.as_str(), rule).unwrap();
        let (drivers, names) = parse_drivers(file.as_str()).unwrap();
        prop_assert!(shipments == records && drivers == records);
        prop_assert_eq!(streets.class.len(), expected.len());
        for (i, (_, record)) in expected.iter().enumerate() {
            prop_assert_eq!(streets.lengths[streets.class[i] as usize], street_length(record, rule));
            prop_assert_eq!(names.traits[names.class[i] as usize], driver_traits(record));
        }
    }

    #[test]
    fn parts_make_the_same_classes_as_the_whole(file in files(), size in 1..9usize) {
        let whole = Records::parse_lines(file.as_str()).unwrap();
        let mut streets = StreetColumn::new(StreetName::Address);
        let mut names = DriverColumn::new();
        let all: Vec<_> = whole.iter().collect();
        for part in all.chunks(size) {
            let mut records = Records::new();
            for record in part {
                records.push(record.id.unwrap_or_default(), record.line, record.text).unwrap();
            }
            prop_assert!(records.iter().eq(part.iter().copied()));
            streets.extend(&records);
            names.extend(&records);
        }
        prop_assert_eq!(streets.len(), whole.len());
        prop_assert_eq!(streets.finish(), StreetClasses::of(&whole, StreetName::Address));
        prop_assert_eq!(names.finish(), DriverClasses::of(&whole));
    }
}

#[test]
fn a_quote_that_is_left_open_is_an_error_and_swallows_nothing() {
    let open = b"address\n1 Main St\n\"2 Oak Ave\n3 Elm St\n4 Pine St\n";
    let error = Records::parse_csv(open, &["address"]).unwrap_err();
    assert_eq!(error, RecordError::OpenQuote { line: 3 });
    let closed = b"address\n1 Main St\n\"2 Oak Ave\n3 Elm St\"\n";
    assert_eq!(Records::parse_csv(closed, &["address"]).unwrap().len(), 2);
}

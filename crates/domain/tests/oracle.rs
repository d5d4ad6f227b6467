//! The rules against `suitability_oracle.py`, which shares no code with this crate.
//!
//! The oracle is looked for at `WAYBILL_ORACLE`, else at `../shared/oracle/` beside the workspace, and
//! run by `WAYBILL_ORACLE_PYTHON`, else `python3`. Where there is none these tests say so and pass.
//!
//! Two differences are kept out. Python's `str.split` also splits at U+001C to U+001F, which are not
//! White_Space. And a code point that the oracle's Unicode does not know is left to newer tables.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use domain::{StreetName, driver_traits, normal_form, score, street_length, street_name};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// One pair a line in hex; one answer a line: street name in hex, L with R4 off, traits, quarters, and
/// whether all code points are known; `-` for a lone surrogate never comes.
const DRIVER: &str = r"
import importlib.util, sys, unicodedata
spec = importlib.util.spec_from_file_location('oracle', sys.argv[1])
o = importlib.util.module_from_spec(spec); spec.loader.exec_module(o)
out = []
for line in sys.stdin:
    a, d = (bytes.fromhex(x).decode() for x in line.rstrip('\n').split('\t'))
    known = all(unicodedata.category(c) != 'Cn' for c in a + d)
    s, f = o.street(a), o.feat_driver(d)
    out.append('\t'.join(map(str, (s.encode().hex(), len(o.norm(a)), *f, o.ss4(len(s), f), int(known)))))
print('\n'.join(out))
";

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    street: String,
    full_length: u32,
    traits: (u32, u32, u32),
    quarters: i64,
}

fn ours(address: &str, driver: &str) -> Answer {
    let street = street_name(address, StreetName::Address);
    let length = street_length(address, StreetName::Address);
    assert_eq!(length.0 as usize, street.chars().count(), "{address:?}");
    let full_length = street_length(address, StreetName::FullLine).0;
    assert_eq!(full_length as usize, normal_form(address).chars().count(), "{address:?}");
    let of = driver_traits(driver);
    Answer {
        street,
        full_length,
        traits: (of.length, of.vowels, of.consonants),
        quarters: score(length, of).quarters(),
    }
}

/// The oracle's answers, `None` for a pair with code points that it does not know. `None` at all where
/// there is no oracle.
fn oracle(pairs: &[(String, String)]) -> Option<Vec<Option<Answer>>> {
    let named = std::env::var_os("WAYBILL_ORACLE").map(PathBuf::from);
    let beside =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/oracle/suitability_oracle.py");
    let path = named.unwrap_or_else(|| beside.into());
    let python = std::env::var("WAYBILL_ORACLE_PYTHON").unwrap_or_else(|_| "python3".into());
    if !path.is_file() {
        eprintln!("skipped: no oracle at {} (set WAYBILL_ORACLE)", path.display());
        return None;
    }
    let child = Command::new(&python)
        .args(["-c", DRIVER])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            eprintln!("skipped: {python} does not run: {error} (set WAYBILL_ORACLE_PYTHON)");
            return None;
        }
    };
    let hex = |text: &str| text.bytes().map(|b| format!("{b:02x}")).collect::<String>();
    let input: String = pairs.iter().map(|(a, d)| format!("{}\t{}\n", hex(a), hex(d))).collect();
    // The oracle reads everything before it answers, so this cannot block on its output.
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the oracle failed: {}", output.status);
    let answers: Vec<_> = String::from_utf8(output.stdout).unwrap().lines().map(answer).collect();
    assert_eq!(answers.len(), pairs.len());
    Some(answers)
}

fn answer(line: &str) -> Option<Answer> {
    let mut fields = line.split('\t');
    let hex = fields.next()?.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).unwrap());
    let street = hex.map(|two| u8::from_str_radix(two, 16).unwrap()).collect();
    let numbers: Vec<u32> = fields.map(|field| field.parse().unwrap()).collect();
    let [full_length, length, vowels, consonants, quarters, known] = numbers[..] else {
        panic!("the oracle answered {line}")
    };
    (known == 1).then(|| Answer {
        street: String::from_utf8(street).unwrap(),
        full_length,
        traits: (length, vowels, consonants),
        quarters: quarters.into(),
    })
}

/// Compares all pairs; at least `expected` of them must be known to the oracle.
fn agree(pairs: &[(String, String)], expected: usize) {
    let Some(answers) = oracle(pairs) else { return };
    let mut compared = 0;
    for ((address, driver), answer) in pairs.iter().zip(answers) {
        if let Some(answer) = answer {
            assert_eq!(ours(address, driver), answer, "{address:?} for {driver:?}");
            compared += 1;
        }
    }
    assert!(compared >= expected, "only {compared} of {} pairs compared", pairs.len());
}

fn sample<T>(strategy: impl Strategy<Value = T>, n: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..n).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn of_pieces(pieces: Vec<&'static str>) -> impl Strategy<Value = String> {
    let space = prop::sample::select(vec![
        " ", " ", " ", " ", " ", "", "", "  ", "\t", "\u{a0}", "\u{3000}",
    ]);
    let piece =
        (prop::sample::select(pieces), space).prop_map(|(piece, space)| format!("{piece}{space}"));
    prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

/// What names and addresses are made of when they are made to break things.
const NASTY: [&str; 48] = [
    "e\u{301}",
    "E\u{300}\u{323}",
    "a\u{328}\u{301}",
    "\u{301}",
    "\u{345}",
    "é",
    "Ñ",
    "ǖ",
    "ø",
    "Æ",
    "ß",
    "ł",
    "ı",
    "İ",
    "I\u{307}",
    "ſ",
    "K",
    "Å",
    "Ω",
    "ǅ",
    "ﬁ",
    "ﬃ",
    "ª",
    "ʰ",
    "ａ",
    "Ｅ",
    "Александр",
    "Ёжик",
    "й",
    "Ελένη",
    "ά",
    "אִ",
    "ش",
    "田中",
    "한글",
    "\u{1112}\u{1161}\u{11ab}",
    "\u{958}",
    "\u{915}\u{93c}",
    "\u{344}",
    "\u{1d160}",
    "\u{f900}",
    "\u{200d}",
    "\u{feff}",
    "\u{ad}",
    "🚚",
    "👩\u{200d}✈\u{fe0f}",
    "\u{1e9b}\u{323}",
    "\u{212b}\u{301}",
];

#[test]
fn nasty_addresses_and_names_agree() {
    let mut address = vec![
        "7",
        "63187",
        "12B",
        "42nd",
        "1ST",
        "3rD",
        "11th.",
        "1\u{17f}t",
        "5\u{fb05}",
        "٣",
        "１２",
        "²",
        "-1",
        "Elm",
        "Volkman",
        "Garden",
        "Rue",
        "de",
        "l’Église",
        "NW",
        ",",
        " ,",
        ", ",
        "#",
        "#4",
        "#.",
        "##",
        ".",
        "Apt",
        "apt.",
        "APARTMENT",
        "Suite",
        "SU\u{130}TE",
        "suıte",
        "Ste..",
        "unit",
        "UNIT.",
        "Room",
        "rm",
        "Floor",
        "FL",
        "fl...",
        "Unit-",
        "(Apt",
        "\u{85}",
        "\u{2028}",
        "\u{b}",
        "\r",
        "\n",
        "\u{1680}",
        "\u{180e}",
        "\u{200b}",
        "\u{7f}",
        "\u{0}",
    ];
    address.extend(&NASTY[..]);
    let mut driver = vec![
        "Anna",
        "Yvy",
        "O'Brien",
        "O’Brien",
        "Mary-Ann",
        "Jr.",
        "X",
        "aeiou",
        "AEIOUY",
        "rhythm",
        "12",
        "\u{2029}",
        "\r",
        "\u{0}",
        "@",
        "[",
        "`",
        "{",
        "van der",
        "Wolfeschlegelsteinhausenbergerdorff",
    ];
    driver.extend(&NASTY[..]);
    agree(&sample((of_pieces(address), of_pieces(driver)), 20_000), 20_000);
}

#[test]
fn random_text_agrees() {
    let any =
        any::<char>().prop_filter("split by Python only", |c| !('\u{1c}'..='\u{1f}').contains(c));
    let latin = prop::char::range(' ', '\u{24f}').prop_filter("unassigned", |c| *c != '\u{1c}');
    let vietnamese = prop::char::range('\u{1e00}', '\u{1eff}');
    let marks = prop::char::range('\u{300}', '\u{36f}');
    let hangul = prop::char::range('\u{1100}', '\u{11ff}');
    let c = prop_oneof![1 => any, 6 => latin, 2 => vietnamese, 3 => marks, 1 => hangul];
    let text =
        prop::collection::vec(c, 0..12).prop_map(|chars| chars.into_iter().collect::<String>());
    agree(&sample((text.clone(), text), 20_000), 10_000);
}

#[test]
fn every_code_point_is_the_same_letter_or_none() {
    let pairs: Vec<_> = ('\0'..=char::MAX)
        .filter(|c| !('\u{1c}'..='\u{1f}').contains(c) && !('\u{f0000}'..).contains(c))
        .map(|c| (format!("{c}x"), format!("x{c}x")))
        .collect();
    agree(&pairs, 140_000);
}

#[test]
fn the_real_data_sets_agree() {
    let read = |name: &str| {
        let path = format!("{}/../../data/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    for set in ["published-10x10", "us-3850"] {
        let (shipments, drivers) =
            (read(&format!("{set}/shipments.txt")), read(&format!("{set}/drivers.txt")));
        let drivers = drivers.iter().cycle().cloned();
        let pairs: Vec<_> = shipments.into_iter().zip(drivers).collect();
        agree(&pairs, pairs.len());
    }
}

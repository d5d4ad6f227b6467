//! A line with a key has what the exact way says of it, whichever vectors read it.

use super::*;
use crate::StreetName;
use crate::classes::Measure;
use crate::letters::{Names, any_traits};
use crate::look::{AHEAD, Bytes};
use crate::street::{Addresses, FullLines, Streets, any_length};
use proptest::prelude::*;
use std::convert::Infallible;

/// Each line that the sweep read, with its key.
fn read<const N: usize, K: Kind<N>>(
    kind: K,
    text: &str,
    by: impl Fn(&mut Sweep<N, K>, Chunk<'_>),
) -> Vec<(&str, u16)> {
    let mut lines = Vec::new();
    let Ok(rest) = Sweep::run_by::<Infallible>(kind, text.as_bytes(), 0, by, |ended| {
        let mut start = ended.start;
        for (&feed, &key) in ended.feeds.iter().zip(ended.keys) {
            lines.push((&text[start..feed as usize], key));
            start = feed as usize + 1;
        }
        let keys = &lines[lines.len() - ended.keys.len()..];
        assert_eq!(ended.has_all_keys, keys.iter().all(|&(_, key)| key != NO_KEY));
        Ok(())
    });
    assert!(text[..rest].split_terminator('\n').eq(lines.iter().map(|&(line, _)| line)));
    let left = BLOCK + AHEAD - 1;
    assert!(!text.as_bytes()[rest..].iter().rev().skip(left).any(|&b| b == b'\n'));
    lines
}

/// The same by each kind of vectors that there is, which must see what the twin byte by byte sees.
fn keys<const N: usize, K: Kind<N>>(kind: K, text: &str) -> Vec<(&str, u16)> {
    let by_bytes = |sweep: &mut Sweep<N, K>, chunk: Chunk<'_>| {
        sweep.read_by(chunk, |window| Bytes(*window));
    };
    let lines = read(kind, text, by_bytes);
    #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
    for able in Able::all().into_iter().flatten() {
        let by_vectors = |sweep: &mut Sweep<N, K>, chunk: Chunk<'_>| able.read(sweep, chunk);
        assert_eq!(read(kind, text, by_vectors), lines);
    }
    lines
}

/// Lines of what the rules look at and of any other byte of ASCII, with some of Unicode.
fn texts() -> impl Strategy<Value = String> {
    let common = prop::sample::select(b"\n\n\n    ,,##..09aAeEyYzZ".to_vec()).prop_map(char::from);
    let any = prop_oneof![any::<u8>().prop_map(|b| char::from(b & 0x7f)), any::<char>()];
    let words = prop::sample::select(vec![
        "\n",
        "\n",
        " ",
        " ",
        " ",
        "Suite 447",
        " Apt. 3",
        " Fl.. 1",
        "Apartment",
        "# 9",
        "12 ",
        "1st ",
        "Elm",
        "Everardo",
        ", ",
        " ,",
        "  ",
        "\r\n",
        "\n\n",
        "aeiouaeiouaeiouaeiou",
        "--------",
        " Apt... 4",
    ]);
    let character =
        prop_oneof![12 => common.prop_map(String::from), 1 => any.prop_map(String::from)];
    let piece = prop_oneof![3 => character, 4 => words.prop_map(String::from)];
    let plain =
        prop::sample::select(vec!["63187 Volkman Garden Suite 447\n", "Everardo Welch\n", "x\n"]);
    let plain = (plain, 0..140usize).prop_map(|(line, count)| line.repeat(count));
    (prop::collection::vec(piece.clone(), 0..400), plain, prop::collection::vec(piece, 0..100))
        .prop_map(|(before, plain, after)| before.concat() + &plain + &after.concat())
}

fn is_normal(line: &str) -> bool {
    !line.is_empty() && line == crate::normal_form(line)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn a_name_with_a_key_has_the_traits_of_the_general_way(text in texts()) {
        for (line, key) in keys(Names, &text).into_iter().filter(|&(_, key)| key != NO_KEY) {
            prop_assert!(is_normal(line) && (key as usize) < Names::KEYS, "{:?}", line);
            prop_assert_eq!(Names::of_key(key), any_traits(line), "{:?}", line);
        }
    }

    #[test]
    fn an_address_with_a_key_has_the_length_of_the_general_way(text in texts(), full in any::<bool>()) {
        let rule = if full { StreetName::FullLine } else { StreetName::Address };
        let lines = if full { keys(FullLines, &text) } else { keys(Addresses, &text) };
        for (line, key) in lines.into_iter().filter(|&(_, key)| key != NO_KEY) {
            prop_assert!(is_normal(line) && (key as usize) < Streets::KEYS, "{:?}", line);
            prop_assert_eq!(u32::from(key), any_length(line, rule).0, "{:?}", line);
        }
    }
}

#[test]
fn every_line_up_to_the_longest_has_a_key_wherever_it_stands() {
    for length in (1..=BLOCK + 1).chain(LONGEST - BLOCK..=LONGEST + BLOCK).chain([511, 512]) {
        for before in 0..BLOCK + 2 {
            let line = "x".repeat(length);
            let text = format!("{}{line}\n{}", "y\n".repeat(before), "z".repeat(2 * BLOCK));
            let lines = keys(Addresses, &text);
            let key = if length <= LONGEST { length as u16 } else { NO_KEY };
            assert_eq!(lines.last(), Some(&(line.as_str(), key)));
        }
    }
}

#[test]
fn a_line_over_several_chunks_has_no_key_and_those_behind_have() {
    for length in [CHUNK * BLOCK - 1, CHUNK * BLOCK, 3 * CHUNK * BLOCK + 7] {
        let text = format!("Elm\n{}\n7 Elm\nAnn\n{}", "x".repeat(length), "z".repeat(2 * BLOCK));
        let found: Vec<u16> = keys(Addresses, &text).iter().map(|line| line.1).collect();
        assert_eq!(found, [3, NO_KEY, 3, 3]);
    }
}

#[test]
fn real_lines_have_keys() {
    let addresses = [
        ("63187 Volkman Garden Suite 447", "Volkman Garden"),
        ("4113 Holiday Drive, Panama City, FL 32408", "Holiday Drive"),
        ("Runolfsdottir Manors Apt. 3", "Runolfsdottir Manors"),
        ("7 Elm Row FLOOR 2", "Elm Row"),
        ("7 Elm #4", "Elm"),
        ("Aptos Way", "Aptos Way"),
        ("9 Suite 3", "Suite 3"),
        ("Elm Suite", "Elm Suite"),
    ];
    let behind = "x".repeat(2 * BLOCK);
    let text: String = addresses.iter().map(|(line, _)| format!("{line}\n")).collect();
    let text = text + &behind;
    for ((line, key), (_, name)) in keys(Addresses, &text).into_iter().zip(addresses) {
        assert_eq!(usize::from(key), name.len(), "{line}");
    }
    let names = ["Everardo Welch", "Mary-Ann O'Brien Jr.", "Bo", "X"];
    let text = names.join("\n") + "\n" + &behind;
    assert!(keys(Names, &text).into_iter().all(|(_, key)| key != NO_KEY));
}

#[test]
fn what_one_look_cannot_tell_goes_the_exact_way() {
    for line in [
        "12B Elm",
        "42nd Street",
        "500",
        ", Elm",
        "Elm , 3",
        "Elm Apt.. 4",
        "Elm Apt.4 5",
        "Elm Suite 4 b",
        "Elm Apt #4",
        "Elm # 4",
        "Elm Apartment 4",
        "Elm Rm 4",
        "Elm Apt.",
        "é",
        "Elm  Row",
        " Elm",
        "Elm ",
        "",
        "\t",
    ] {
        let text = format!("Elm\n{line}\nElm\n{}", "x".repeat(2 * BLOCK));
        let found: Vec<u16> = keys(Addresses, &text).iter().map(|line| line.1).collect();
        assert_eq!(found, [3, NO_KEY, 3], "{line:?}");
    }
}

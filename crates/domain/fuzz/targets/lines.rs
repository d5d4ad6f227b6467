//! Any file of lines: read at once, in vectors, it is what it is line by line, by the general way.

#![no_main]

use domain::{
    MAX_RECORD_BYTES, RecordError, Records, StreetName, driver_traits, normal_form, parse_drivers,
    parse_shipments, street_length, street_name,
};

/// What the fast way takes at once, whichever side it is: nearly a block, so that each that is put before a line
/// puts it at another place of one, and some 66 put it behind a chunk.
const PLAIN: &str = "Bartholomew Christopherson-Fitzgerald Montgomery Wrightsby Ng\n";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((&[before, kind], file)) = bytes.split_first_chunk() else { return };
    let before = PLAIN.repeat(if kind & 4 == 0 { 0 } else { usize::from(before) });
    let behind = PLAIN.repeat(if kind & 1 == 0 { 0 } else { 3 });
    let rule = if kind & 2 == 0 { StreetName::Address } else { StreetName::FullLine };
    check(&[before.as_bytes(), file, behind.as_bytes()].concat(), rule);
});

fn check(file: &[u8], rule: StreetName) {
    let expected = records(file);
    let read = Records::parse_lines(file);
    let shipments = parse_shipments(file, rule);
    let drivers = parse_drivers(file);
    let expected = match expected {
        Ok(expected) => expected,
        Err(error) => {
            assert_eq!(read, Err(error.clone()));
            assert_eq!(shipments.err(), Some(error.clone()));
            assert_eq!(drivers.err(), Some(error));
            return;
        }
    };
    let read = read.expect("UTF-8, and no line too long");
    assert!(read.iter().map(|record| (record.line, record.text)).eq(expected.iter().copied()));
    let (shipments, streets) = shipments.expect("the same file");
    let (drivers, names) = drivers.expect("the same file");
    assert!(shipments == read && drivers == read);
    assert_eq!((streets.class.len(), names.class.len()), (expected.len(), expected.len()));
    for (i, (_, text)) in expected.into_iter().enumerate() {
        let length = street_length(text, rule);
        assert_eq!(length.0 as usize, street_name(text, rule).chars().count(), "{text:?}");
        assert_eq!(streets.lengths[streets.class[i] as usize], length, "{text:?}");

        let (traits, normal) = (driver_traits(text), normal_form(text));
        assert_eq!(traits.length as usize, normal.chars().count(), "{text:?}");
        if normal.is_ascii() {
            let letters = normal.bytes().filter(u8::is_ascii_alphabetic);
            let vowels = letters.clone().filter(|letter| b"aeiouAEIOU".contains(letter)).count();
            assert_eq!(traits.vowels as usize, vowels, "{text:?}");
            assert_eq!((traits.vowels + traits.consonants) as usize, letters.count(), "{text:?}");
        }
        assert_eq!(names.traits[names.class[i] as usize], traits, "{text:?}");
    }
}

/// R1 as it is written: the records of a file with their lines.
fn records(file: &[u8]) -> Result<Vec<(u32, &str)>, RecordError> {
    let text = str::from_utf8(file).map_err(|error| {
        let good = &file[..error.valid_up_to()];
        let last = good.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
        let line = good.iter().filter(|&&byte| byte == b'\n').count() as u32 + 1;
        RecordError::InvalidUtf8 { line, byte: last.len() + 1 }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = (1..).zip(text.split('\n').map(str::trim)).filter(|(_, text)| !text.is_empty());
    lines
        .map(|(line, text)| match text.len() {
            bytes if bytes > MAX_RECORD_BYTES => {
                Err(RecordError::TooLong { line, bytes, limit: MAX_RECORD_BYTES })
            }
            _ => Ok((line, text)),
        })
        .collect()
}

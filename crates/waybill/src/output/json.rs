//! JSON, a token at a time: a million rows need no tree.

use std::io::{self, Write};

use domain::Score;

/// Writes a text in quotes.
pub(crate) fn string(out: &mut impl Write, text: &str) -> io::Result<()> {
    let bytes = text.as_bytes();
    out.write_all(b"\"")?;
    let mut written = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.write_all(&bytes[written..i])?;
        written = i + 1;
        match byte {
            b'"' | b'\\' => out.write_all(&[b'\\', byte])?,
            _ => write!(out, "\\u{byte:04x}")?,
        }
    }
    out.write_all(&bytes[written..])?;
    out.write_all(b"\"")
}

/// Writes points as a number that reads back as a double in every language: `12.5`, `97.0`.
pub(crate) fn score(out: &mut impl Write, score: Score) -> io::Result<()> {
    let quarters = score.quarters();
    let mut digits = itoa::Buffer::new();
    if quarters < 0 {
        out.write_all(b"-")?;
    }
    out.write_all(digits.format(quarters.unsigned_abs() / 4).as_bytes())?;
    out.write_all([".0", ".25", ".5", ".75"][(quarters.unsigned_abs() % 4) as usize].as_bytes())
}

/// Writes a whole number.
pub(crate) fn number(out: &mut impl Write, number: impl itoa::Integer) -> io::Result<()> {
    out.write_all(itoa::Buffer::new().format(number).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_string_escapes_quotes_backslashes_and_control_characters_alone() {
        let text = "\"Zoë\" \\ \t\u{1b}\u{7f} 東京";
        assert_eq!(
            written(|out| string(out, text)),
            "\"\\\"Zoë\\\" \\\\ \\u0009\\u001b\u{7f} 東京\""
        );
    }

    #[test]
    fn a_score_always_has_a_fraction() {
        for (quarters, text) in [(0, "0.0"), (388, "97.0"), (395, "98.75"), (-3, "-0.75")] {
            assert_eq!(written(|out| score(out, Score::from_quarters(quarters))), text);
        }
    }
}

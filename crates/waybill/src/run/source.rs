//! What `--shipments` and `--drivers` name.

use std::{ops::RangeInclusive, path::PathBuf};

use runtime::settings::parse;

/// Records of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// So many made-up ones.
    Made(u32),
    /// Those of a file.
    File(PathBuf),
    /// Those of a roster that the producer keeps.
    Roster(String),
}

const COUNT: RangeInclusive<u64> = 0..=10_000_000;

/// `N` or `FILE`.
pub(super) fn shipments(text: &str) -> Result<Source, String> {
    if text.is_empty() {
        return Err("expected a number or the path of a file".to_owned());
    }
    let unsigned = text.strip_prefix('-').filter(|rest| !rest.is_empty()).unwrap_or(text);
    if !unsigned.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return Ok(Source::File(text.into()));
    }
    // The range is within a u32.
    parse::number(COUNT)(text).map(|count| Source::Made(count as u32))
}

/// `N`, `FILE`, `roster NAME` or `roster:NAME`.
pub(super) fn drivers(text: &str) -> Result<Source, String> {
    let name = text.strip_prefix("roster").and_then(|rest| rest.strip_prefix([' ', ':']));
    match name.map(str::trim) {
        Some("") => Err("expected the name of a roster behind it".to_owned()),
        Some(name) => Ok(Source::Roster(name.to_owned())),
        None => shipments(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Result<Source, String> {
        Ok(Source::File(path.into()))
    }

    #[test]
    fn a_number_a_file_and_a_roster_are_told_apart() {
        assert_eq!(drivers("32"), Ok(Source::Made(32)));
        assert_eq!(drivers("10_000_000"), Ok(Source::Made(10_000_000)));
        assert_eq!(drivers("32.txt"), Ok(Source::File("32.txt".into())));
        assert_eq!(drivers("./32"), Ok(Source::File("./32".into())));
        assert_eq!(drivers("roster night"), Ok(Source::Roster("night".to_owned())));
        assert_eq!(drivers("roster:night"), Ok(Source::Roster("night".to_owned())));
        assert_eq!(drivers("roster.txt"), Ok(Source::File("roster.txt".into())));
        assert_eq!(shipments("roster:night"), Ok(Source::File("roster:night".into())));
        assert!(
            drivers("10000001").is_err() && drivers("").is_err() && drivers("roster:").is_err()
        );
        let no_number = Err("expected a whole number from 0 to 10000000".to_owned());
        assert_eq!((drivers("-5"), shipments("-5")), (no_number.clone(), no_number));
        assert_eq!((shipments("-"), shipments("-5.txt")), (file("-"), file("-5.txt")));
    }
}

//! What the values of settings mean, beyond what `runtime::settings::parse` knows.

use std::{str::FromStr, time::Duration};

use domain::StreetName;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Aligned columns for people, cut to the width of the terminal.
    Table,
    /// RFC 4180, with a header.
    Csv,
    /// One JSON document.
    Json,
}

/// All formats.
pub(crate) const FORMATS: &[&str] = &["table", "csv", "json"];
/// The formats of answers that are no plan.
pub(crate) const TABLE_OR_JSON: &[&str] = &["table", "json"];
/// Ways to read a shipment's line.
pub(crate) const STREET_NAMES: &[&str] = &["address", "full-line"];

/// `table`, `csv` or `json`.
pub(crate) fn format(text: &str) -> Result<Format, String> {
    match text {
        "table" => Ok(Format::Table),
        "csv" => Ok(Format::Csv),
        "json" => Ok(Format::Json),
        _ => Err("expected table, csv or json".to_owned()),
    }
}

/// `table` or `json`.
pub(crate) fn table_or_json(text: &str) -> Result<Format, String> {
    let format = format(text).ok().filter(|format| *format != Format::Csv);
    format.ok_or_else(|| "expected table or json".to_owned())
}

/// `address` or `full-line`.
pub(crate) fn street_name(text: &str) -> Result<StreetName, String> {
    match text {
        "address" => Ok(StreetName::Address),
        "full-line" => Ok(StreetName::FullLine),
        _ => Err("expected address or full-line".to_owned()),
    }
}

/// As `--street-name` spells it.
pub(crate) fn street_name_text(rule: StreetName) -> &'static str {
    match rule {
        StreetName::Address => "address",
        StreetName::FullLine => "full-line",
    }
}

/// An id in its text form.
pub(crate) fn id<T: FromStr<Err = proto::InvalidId>>(text: &str) -> Result<T, proto::InvalidId> {
    text.parse()
}

/// A duration as people write it: `250ms`, `1m30s`.
pub(crate) fn duration_text(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    match (seconds, millis) {
        (0, _) => format!("{millis}ms"),
        (1..120, 0) => format!("{seconds}s"),
        (1..120, _) => format!("{:.1}s", duration.as_secs_f64()),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{}m{}s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (millis, text) in [
            (0, "0ms"),
            (250, "250ms"),
            (2_000, "2s"),
            (2_500, "2.5s"),
            (90_000, "90s"),
            (150_000, "2m30s"),
            (7_200_000, "120m"),
        ] {
            assert_eq!(duration_text(Duration::from_millis(millis)), text);
        }
    }
}

//! What the values of settings mean, beyond what `runtime::settings::parse` knows.

use std::str::FromStr;

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

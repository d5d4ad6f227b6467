//! Shipments and drivers: rows on the wire, columns in the domain.

use domain::{RecordError, Records, Score, StreetName};

use crate::{columns::RecordRow, logistics::v1 as wire};

/// Adds a row of a message behind the records that are there.
///
/// # Errors
/// It can't be taken.
pub fn push_row(records: &mut Records, row: RecordRow<'_>) -> Result<(), RecordError> {
    records.push(row.id, row.line, row.text)
}

/// Record `index` as a shipment.
pub fn shipment(records: &Records, index: usize) -> wire::Shipment {
    wire::Shipment {
        id: records.id(index).unwrap_or_default().to_owned(),
        address: records.text(index).to_owned(),
        line: line(records, index),
    }
}

/// Record `index` as a driver.
pub fn driver(records: &Records, index: usize) -> wire::Driver {
    wire::Driver {
        id: records.id(index).unwrap_or_default().to_owned(),
        name: records.text(index).to_owned(),
        line: line(records, index),
    }
}

/// The line of a record, 0 where it is its place in the batch.
pub fn line(records: &Records, index: usize) -> u32 {
    let line = records.line(index);
    if line as usize == index + 1 { 0 } else { line }
}

/// The rule of a message; `None`: a value that this version does not know.
pub fn street_name(value: i32) -> Option<StreetName> {
    match wire::StreetName::try_from(value).ok()? {
        wire::StreetName::Unspecified | wire::StreetName::Address => Some(StreetName::Address),
        wire::StreetName::FullLine => Some(StreetName::FullLine),
    }
}

/// The rule as a message says it.
pub fn street_name_value(rule: StreetName) -> wire::StreetName {
    match rule {
        StreetName::Address => wire::StreetName::Address,
        StreetName::FullLine => wire::StreetName::FullLine,
    }
}

/// A price as a message says it.
pub fn price_value(price: Score) -> u64 {
    u64::try_from(price.quarters()).unwrap_or_default()
}

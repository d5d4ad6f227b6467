//! Shipments and drivers: rows on the wire, columns in the domain.

use domain::{RecordError, Records, Score, StreetName};

use crate::logistics::v1 as wire;

/// A record of a message that can't be taken: its place in the message, from 0, and why.
pub type BadRecord = (usize, RecordError);

/// Adds the shipments of a message behind those that are there.
///
/// # Errors
/// The first one that can't be taken; those before it were added.
pub fn push_shipments(
    records: &mut Records,
    shipments: &[wire::Shipment],
) -> Result<(), BadRecord> {
    for (place, shipment) in shipments.iter().enumerate() {
        records
            .push(&shipment.id, shipment.line, &shipment.address)
            .map_err(|error| (place, error))?;
    }
    Ok(())
}

/// Adds the drivers of a message behind those that are there.
///
/// # Errors
/// The first one that can't be taken; those before it were added.
pub fn push_drivers(records: &mut Records, drivers: &[wire::Driver]) -> Result<(), BadRecord> {
    for (place, driver) in drivers.iter().enumerate() {
        records.push(&driver.id, driver.line, &driver.name).map_err(|error| (place, error))?;
    }
    Ok(())
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

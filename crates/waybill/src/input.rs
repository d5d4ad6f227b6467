//! Files to records.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use domain::{DriverClasses, MAX_ARENA_BYTES, Records, StreetClasses, StreetName};

use crate::error::{Error, FileProblem};

/// The path that stands for standard input.
pub(crate) const STDIN: &str = "-";

/// Columns of a CSV file that may hold the address of a shipment; the first that is there counts.
const ADDRESS_COLUMNS: [&str; 2] = ["address", "shipment"];
/// Columns of a CSV file that may hold the name of a driver.
const NAME_COLUMNS: [&str; 2] = ["name", "driver"];

/// Shipments with the classes that their scores depend on.
#[derive(Debug)]
pub(crate) struct Shipments {
    pub(crate) records: Records,
    pub(crate) classes: StreetClasses,
}

/// Drivers with the classes that their scores depend on.
#[derive(Debug)]
pub(crate) struct Drivers {
    pub(crate) records: Records,
    pub(crate) classes: DriverClasses,
}

/// The shipments of a file: CSV with an address column if its name ends so, one a line otherwise.
pub(crate) fn shipments(path: &Path, rule: StreetName) -> Result<Shipments, Error> {
    at(path, || {
        let bytes = bytes(path)?;
        let (records, classes) = if is_csv(path) {
            let records = Records::parse_csv(&bytes, &ADDRESS_COLUMNS)?;
            let classes = StreetClasses::of(&records, rule);
            (records, classes)
        } else {
            domain::parse_shipments(bytes, rule)?
        };
        some(&records)?;
        Ok(Shipments { records, classes })
    })
}

/// The drivers of a file: CSV with a name column if its name ends so, one a line otherwise.
pub(crate) fn drivers(path: &Path) -> Result<Drivers, Error> {
    at(path, || {
        let bytes = bytes(path)?;
        let (records, classes) = if is_csv(path) {
            let records = Records::parse_csv(&bytes, &NAME_COLUMNS)?;
            let classes = DriverClasses::of(&records);
            (records, classes)
        } else {
            domain::parse_drivers(bytes)?
        };
        some(&records)?;
        Ok(Drivers { records, classes })
    })
}

/// The bytes of a file, or of standard input.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    at(path, || bytes(path))
}

fn at<T>(path: &Path, read: impl FnOnce() -> Result<T, FileProblem>) -> Result<T, Error> {
    read().map_err(|problem| Error::File { path: path.to_owned(), problem })
}

/// The same, of a path that the caller names.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, FileProblem> {
    if path.as_os_str() == STDIN {
        return all(io::stdin().lock());
    }
    let file = fs::File::open(path)?;
    let known = file.metadata()?;
    if known.is_dir() {
        return Err(FileProblem::Folder);
    }
    if known.len() > MAX_ARENA_BYTES as u64 {
        return Err(FileProblem::TooLarge { bytes: known.len(), limit: MAX_ARENA_BYTES });
    }
    let mut bytes = Vec::new();
    bytes.reserve_exact(known.len() as usize + 1);
    all_behind(bytes, file)
}

/// All that comes, as much as a file may have.
pub(crate) fn all(source: impl Read) -> Result<Vec<u8>, FileProblem> {
    all_behind(Vec::new(), source)
}

fn all_behind(mut bytes: Vec<u8>, source: impl Read) -> Result<Vec<u8>, FileProblem> {
    // One byte more than there may be, so that a stream without an end is refused, not collected.
    source.take(MAX_ARENA_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_ARENA_BYTES {
        return Err(FileProblem::TooLarge { bytes: bytes.len() as u64, limit: MAX_ARENA_BYTES });
    }
    Ok(bytes)
}

fn is_csv(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

fn some(records: &Records) -> Result<(), FileProblem> {
    if records.is_empty() { Err(FileProblem::NoRecords) } else { Ok(()) }
}

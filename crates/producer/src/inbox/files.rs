//! The folder on the disk: listing, reading, moving. Blocks.

use std::{
    collections::BTreeSet,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use domain::{RecordError, Records};

use super::scan::Seen;
use crate::request::MAX_SIDE;

/// Bytes of one file, at most: what the store takes in one piece, with room to spare.
const MAX_FILE_BYTES: u64 = 512 << 20;

/// Why a pair is not planned. Every variant names the file.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    /// It cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// By the system's word.
        source: io::Error,
    },
    /// It is a folder, or no file otherwise.
    #[error("{file}: is no file")]
    NoFile {
        /// The file.
        file: String,
    },
    /// It is too large.
    #[error("{file}: has {bytes} bytes, more than {MAX_FILE_BYTES}")]
    TooLarge {
        /// The file.
        file: String,
        /// Its bytes.
        bytes: u64,
    },
    /// It has no records.
    #[error("{file}: has no records")]
    Empty {
        /// The file.
        file: String,
    },
    /// It has too many records.
    #[error("{file}: has {records} records, more than {MAX_SIDE}")]
    TooMany {
        /// The file.
        file: String,
        /// Its records.
        records: usize,
    },
    /// A record is bad.
    #[error("{file}: {source}")]
    Record {
        /// The file.
        file: String,
        /// What is wrong with which line.
        source: RecordError,
    },
}

/// Locks the folder until the file is dropped, so that no other producer takes its pairs too; `None` where
/// the file system has no locks on folders. An error of the kind `WouldBlock`: another one has it.
pub(super) fn lock(folder: &Path) -> io::Result<Option<File>> {
    let file = File::open(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) => {
            tracing::warn!(folder = %folder.display(), %error, "the inbox cannot be locked");
            Ok(None)
        }
    }
}

/// What is in a folder.
pub(super) struct Listing {
    /// The files, folders among them.
    pub files: Vec<Seen>,
    /// Names that are not UTF-8, as far as they can be shown. Such a file is not taken: its batch could
    /// not be named.
    pub unnameable: BTreeSet<String>,
}

/// The files in a folder.
pub(super) fn list(folder: &Path) -> io::Result<Listing> {
    let (mut files, mut unnameable) = (Vec::new(), BTreeSet::new());
    for entry in fs::read_dir(folder)? {
        match entry?.file_name().into_string() {
            // One that is gone again is none.
            Ok(name) => files.extend(look_at(folder, &name)),
            Err(name) => {
                unnameable.insert(name.to_string_lossy().into_owned());
            }
        }
    }
    Ok(Listing { files, unnameable })
}

/// A file as it is now, if it is there.
pub(super) fn look_at(folder: &Path, name: &str) -> Option<Seen> {
    let metadata = fs::metadata(folder.join(name)).ok()?;
    // A time before the epoch is one time.
    let written = metadata.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH);
    let written = u64::try_from(written.unwrap_or_default().as_nanos()).ok()?;
    Some(Seen { name: name.to_owned(), size: metadata.len(), written })
}

/// The records of a file; text from one of `columns` where it is CSV.
pub(super) fn read(folder: &Path, seen: &Seen, columns: &[&str]) -> Result<Records, Unfit> {
    let file = seen.name.clone();
    let path = folder.join(&file);
    let unreadable = |source| Unfit::Unreadable { file: file.clone(), source };
    let metadata = fs::metadata(&path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Unfit::NoFile { file });
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(Unfit::TooLarge { file, bytes: metadata.len() });
    }
    let bytes = fs::read(&path).map_err(unreadable)?;
    let parsed = match file.ends_with(".csv") {
        true if bytes.iter().all(u8::is_ascii_whitespace) => return Err(Unfit::Empty { file }),
        true => Records::parse_csv(&bytes, columns),
        false => Records::parse_lines(bytes),
    };
    let records = parsed.map_err(|source| Unfit::Record { file: file.clone(), source })?;
    match records.len() {
        0 => Err(Unfit::Empty { file }),
        count if count > MAX_SIDE as usize => Err(Unfit::TooMany { file, records: count }),
        _ => Ok(records),
    }
}

/// Moves those of the files that are still as they were into a folder beside them.
pub(super) fn move_to(folder: &Path, to: &str, files: &[Seen]) -> io::Result<()> {
    let target = folder.join(to);
    fs::create_dir_all(&target)?;
    for seen in files {
        if look_at(folder, &seen.name).as_ref() == Some(seen) {
            fs::rename(folder.join(&seen.name), free_name(&target, &seen.name))?;
        }
    }
    Ok(())
}

/// Says in `rejected/NAME.error.txt` why a pair was not planned, and moves its files there. What was said of an
/// earlier pair of that name stays.
pub(super) fn reject(folder: &Path, name: &str, files: &[Seen], why: &str) -> io::Result<()> {
    let rejected = folder.join("rejected");
    fs::create_dir_all(&rejected)?;
    fs::write(free_name(&rejected, &format!("{name}.error.txt")), format!("{why}\n"))?;
    move_to(folder, "rejected", files)
}

/// The path of `name` in a folder, with a number before it if there is one of that name.
fn free_name(folder: &Path, name: &str) -> PathBuf {
    let numbered = (2_u64..).map(|number| folder.join(format!("{number}-{name}")));
    let mut names = std::iter::once(folder.join(name)).chain(numbered);
    // Endless, so there is a free one.
    names.find(|path| !path.exists()).unwrap_or_else(|| folder.join(name))
}

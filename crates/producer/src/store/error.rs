//! What can go wrong with the store, as a closed list.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::ErrorCode;

/// Why the store cannot do something. Every variant names the data folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be made or written.
    #[error("data folder {}: cannot be written: {reason}", folder.display())]
    NotWritable {
        /// The data folder.
        folder: PathBuf,
        /// Why, by the system's word.
        reason: String,
    },
    /// Another producer has it.
    #[error("data folder {}: is in use by another producer", folder.display())]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// It was closed: the process is coming to an end.
    #[error("data folder {}: is closed, the producer is draining", folder.display())]
    Closed {
        /// The data folder.
        folder: PathBuf,
    },
    /// A newer version wrote it.
    #[error(
        "data folder {}: its store has format {found}, this version knows up to {known}; use a newer version",
        folder.display()
    )]
    Newer {
        /// The data folder.
        folder: PathBuf,
        /// The store's format.
        found: i64,
        /// The newest format that is known.
        known: i64,
    },
    /// The file is not a store of a producer.
    #[error("data folder {}: its file producer.db is not a producer's store", folder.display())]
    Foreign {
        /// The data folder.
        folder: PathBuf,
    },
    /// There is no room on the disk.
    #[error("data folder {}: the disk is full", folder.display())]
    Full {
        /// The data folder.
        folder: PathBuf,
    },
    /// What was read back is not what was written.
    #[error("data folder {}: its store is damaged: {what}", folder.display())]
    Damaged {
        /// The data folder.
        folder: PathBuf,
        /// What makes no sense.
        what: String,
    },
    /// The disk or SQLite failed otherwise.
    #[error("data folder {}: {reason}", folder.display())]
    Failed {
        /// The data folder.
        folder: PathBuf,
        /// Why, by SQLite's word.
        reason: String,
    },
}

impl StoreError {
    pub(super) fn of(folder: &Path, error: &rusqlite::Error) -> Self {
        let folder = folder.to_owned();
        let reason = error.to_string();
        match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..) => Self::Damaged { folder, what: reason },
            _ => match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => Self::Full { folder },
                Some(ErrorCode::NotADatabase) => Self::Foreign { folder },
                Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { folder, what: reason },
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                    Self::NotWritable { folder, reason }
                }
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { folder },
                _ => Self::Failed { folder, reason },
            },
        }
    }

    pub(super) fn of_io(folder: &Path, error: &io::Error) -> Self {
        let folder = folder.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { folder },
            _ => Self::NotWritable { folder, reason: error.to_string() },
        }
    }
}

/// A stored value that makes no sense, as rusqlite reports one.
pub(super) fn damaged(column: &'static str) -> rusqlite::Error {
    let what = format!("column {column}");
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, what.into())
}

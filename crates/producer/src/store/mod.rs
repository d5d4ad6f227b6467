//! What survives a crash: runs with their progress, the records of calls and files, and rosters.
//!
//! One SQLite file in the data folder, written by one process at a time. Every method blocks on the
//! disk; call them from a worker.

mod error;
mod open;
mod pairs;
mod rosters;
mod runs;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;

pub use error::StoreError;
pub(crate) use pairs::{KeptPair, NewPair, PairOutcome};
pub(crate) use rosters::{KeptRoster, Origin};
pub(crate) use runs::{Content, Inserted, KeptRun, NewRun};

/// The store in a data folder.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    connection: Mutex<Connection>,
    /// Held as long as the store is, so that no other process has it.
    _lock: File,
}

impl Store {
    /// The folder it stands in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// An error about what was read back.
    pub(crate) fn damaged(&self, what: String) -> StoreError {
        StoreError::Damaged { folder: self.folder.clone(), what }
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic in between rolled its transaction back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        work(&mut self.connection()).map_err(|error| StoreError::of(&self.folder, &error))
    }
}

#[cfg(test)]
mod tests;

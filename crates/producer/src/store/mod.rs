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
    /// None once it is closed.
    state: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    /// Held as long as the connection is, so that nobody else has one.
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

    /// Lets go of the folder, whoever still has this store: all else fails from here on.
    pub fn close(&self) {
        self.state().take();
    }

    fn state(&self) -> MutexGuard<'_, Option<Open>> {
        // A panic in between rolled its transaction back.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        match self.state().as_mut() {
            Some(open) => {
                work(&mut open.connection).map_err(|error| StoreError::of(&self.folder, &error))
            }
            None => Err(StoreError::Closed { folder: self.folder.clone() }),
        }
    }
}

#[cfg(test)]
mod tests;

//! Plans in one SQLite file: WAL, synchronous=FULL, one connection that writes and a few that read.

mod drivers;
mod open;
mod read;
mod schema;
mod write;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use proto::{BatchId, RunId};
use runtime::workers::Workers;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::watch;

use super::{
    Doing, DriverQuery, DriverTotals, NewPlan, Outcome, PlanQuery, Steps, Store, StoredPart,
    StoredPlan, Totals,
};
use crate::Error;

pub use schema::SCHEMA_VERSION;

/// Plans in one SQLite file.
pub struct Sqlite {
    shared: Arc<Shared>,
    writing: Workers,
    reading: Workers,
}

struct Shared {
    path: PathBuf,
    /// The connection that writes. `None` after a failure: the next group opens a new one, because
    /// what a failed commit leaves behind in a connection is nothing to build on.
    writer: Mutex<Option<Connection>>,
    /// Connections that read and are idle. As many as ever read at once, so at most the workers.
    readers: Mutex<Vec<Connection>>,
    committed: watch::Sender<u64>,
    /// How long the newest commit took: its last sequence and the time. On disk with the next one.
    newest_commit: Mutex<Option<NewestCommit>>,
    /// Held while the store is open, so that no other process writes.
    _lock: File,
}

#[derive(Clone, Copy, Debug)]
struct NewestCommit {
    first_sequence: u64,
    last_sequence: u64,
    took: Duration,
}

impl Sqlite {
    /// Opens the file, or makes it and its folder, and brings its tables to this version. Blocks.
    /// Writes run on `writing`, one at a time; reads on `reading`, as many at once as it has threads.
    ///
    /// # Errors
    /// What is wrong with the place or the file: `Folder`, `NotAFile`, `NotAStore`, `NewerStore`,
    /// `InUse`, `NotDurable`, `Unavailable`, `Damaged`.
    pub fn open(path: &Path, writing: Workers, reading: Workers) -> Result<Sqlite, Error> {
        let lock = open::place(path)?;
        let mut writer = open::writer(path)?;
        schema::migrate(&mut writer, path)?;
        let last = read::last_sequence(&writer).map_err(|error| failed(path, error))?;
        let reader = open::reader(path)?;
        let shared = Shared {
            path: path.into(),
            writer: Mutex::new(Some(writer)),
            readers: Mutex::new(vec![reader]),
            committed: watch::Sender::new(last),
            newest_commit: Mutex::new(None),
            _lock: lock,
        };
        Ok(Sqlite { shared: Arc::new(shared), writing, reading })
    }

    fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared, &Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Doing<'_, T> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { self.reading.run(move || shared.read(read)).await? })
    }
}

impl Shared {
    fn read<T>(
        &self,
        read: impl FnOnce(&Shared, &Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let idle = lock(&self.readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open::reader(&self.path)?,
        };
        let answer = read(self, &connection).map_err(|error| failed(&self.path, error))?;
        // Only after success: a connection that failed is closed.
        lock(&self.readers).push(connection);
        Ok(answer)
    }

    fn record(&self, now: Timestamp, group: Vec<NewPlan>) -> Result<Vec<Outcome>, Error> {
        let mut writer = lock(&self.writer);
        let mut connection = match writer.take() {
            Some(connection) => connection,
            None => open::writer(&self.path)?,
        };
        let newest = *lock(&self.newest_commit);
        let done = write::record(&mut connection, now, group, newest)
            .map_err(|error| failed(&self.path, error))?;
        *writer = Some(connection);
        if let Some(commit) = done.commit {
            *lock(&self.newest_commit) = Some(commit);
            self.committed.send_replace(commit.last_sequence);
        }
        Ok(done.outcomes)
    }

    fn close(&self) -> Result<(), Error> {
        lock(&self.readers).clear();
        let Some(connection) = lock(&self.writer).take() else { return Ok(()) };
        let newest = lock(&self.newest_commit).take();
        write::keep_commit_time(&connection, newest).map_err(|error| failed(&self.path, error))?;
        // The last connection moves the log into the file and removes it.
        connection.close().map_err(|(_, error)| failed(&self.path, error))
    }
}

impl Store for Sqlite {
    fn record(&self, now: Timestamp, group: Vec<NewPlan>) -> Doing<'_, Vec<Outcome>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { self.writing.run(move || shared.record(now, group)).await? })
    }

    fn committed(&self) -> watch::Receiver<u64> {
        self.shared.committed.subscribe()
    }

    fn plans(&self, query: PlanQuery) -> Doing<'_, Vec<StoredPlan>> {
        self.read(move |shared, connection| read::plans(connection, &query, shared.newest()))
    }

    fn plan(&self, batch_id: BatchId) -> Doing<'_, Option<StoredPlan>> {
        self.read(move |shared, connection| read::plan(connection, batch_id, shared.newest()))
    }

    fn parts(
        &self,
        sequences: Vec<u64>,
        from_part: u32,
        max_bytes: usize,
    ) -> Doing<'_, Vec<StoredPart>> {
        self.read(move |_, connection| read::parts(connection, &sequences, from_part, max_bytes))
    }

    fn drivers(&self, query: DriverQuery) -> Doing<'_, Vec<DriverTotals>> {
        self.read(move |_, connection| drivers::drivers(connection, &query))
    }

    fn totals(&self, run: Option<RunId>, since: Option<Timestamp>) -> Doing<'_, Totals> {
        self.read(move |_, connection| read::totals(connection, run, since))
    }

    fn steps(
        &self,
        run: Option<RunId>,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Doing<'_, Vec<Steps>> {
        self.read(move |shared, connection| {
            read::steps(connection, run, since, limit, shared.newest())
        })
    }

    fn close(&self) -> Doing<'_, ()> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { self.writing.run(move || shared.close()).await? })
    }
}

impl Shared {
    fn newest(&self) -> Option<NewestCommit> {
        *lock(&self.newest_commit)
    }
}

/// What is guarded is replaced whole, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error of SQLite as one of ours: whether it is the place, the file, or us.
fn failed(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.to_path_buf();
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::PermissionDenied
            | ErrorCode::OutOfMemory,
        ) => Error::Unavailable { path, reason: error.to_string() },
        Some(ErrorCode::NotADatabase) => Error::NotAStore { path },
        Some(ErrorCode::DatabaseCorrupt) => Error::Damaged { path, reason: error.to_string() },
        _ => Error::Sqlite { path, source: error },
    }
}

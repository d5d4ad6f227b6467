//! Connections, and the place they open.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::failed;
use crate::Error;

/// How long a connection waits for a lock that another holds. Only the moment of opening can meet one.
const BUSY: Duration = Duration::from_secs(5);

/// Bytes of one page of the file, fixed when it is made. The rows of a plan of 32 shipments are about 3 KB:
/// beside pages of 4 KiB these held a fifth more in the same space and took half as many plans a second
/// again; twice as large, single plans became slower and little was gained.
const PAGE_BYTES: u32 = 16 * 1024;

/// Pages that the log may have before they are moved into the file: 64 MiB. A move costs two fsyncs and
/// holds up the group that meets it.
const LOG_PAGES: u32 = 64 * 1024 * 1024 / PAGE_BYTES;

/// Kibibytes of pages that the writer keeps, so that drivers' tallies are found in memory.
const WRITER_CACHE_KIB: u32 = 64 * 1024;

/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 32;

/// Makes the folder, checks that a file can be there, and locks the store for this process.
pub(super) fn place(path: &Path) -> Result<File, Error> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder_failed = |source| Error::Folder { path: folder.into(), source };
    fs::create_dir_all(folder).map_err(folder_failed)?;
    if path.is_dir() {
        return Err(Error::NotAFile { path: path.into() });
    }
    if !sqlite_file(path).map_err(|source| Error::Folder { path: path.into(), source })? {
        return Err(Error::NotAStore { path: path.into() });
    }
    // A file of its own: SQLite's locks on the store itself come and go.
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock_path(&resolved(path).map_err(folder_failed)?))
        .map_err(folder_failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: path.into() }),
        Err(TryLockError::Error(source)) => Err(folder_failed(source)),
    }
}

/// The path without symbolic links, so that a store has one lock by whatever name it is opened. A store
/// that is not there yet is made, empty, since a link may lead to it already.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            OpenOptions::new().create(true).append(true).open(path)?;
            fs::canonicalize(path)
        }
        resolved => resolved,
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Whether the file is absent, empty, or begins as SQLite files do.
fn sqlite_file(path: &Path) -> io::Result<bool> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let mut begin = Vec::new();
    match File::open(path) {
        Ok(file) => io::Read::read_to_end(&mut io::Read::take(file, 16), &mut begin)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    Ok(begin.is_empty() || begin == MAGIC)
}

/// The connection that writes. Checks that a commit is on disk when it returns.
pub(super) fn writer(path: &Path) -> Result<Connection, Error> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    let failed = |error| failed(path, error);
    let set = |name: &str, value: u32| connection.pragma_update(None, name, value).map_err(failed);
    set("page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
    connection.pragma_update(None, "synchronous", "full").map_err(failed)?;
    connection.pragma_update(None, "cache_size", -i64::from(WRITER_CACHE_KIB)).map_err(failed)?;
    set("wal_autocheckpoint", LOG_PAGES)?;
    set("journal_size_limit", LOG_PAGES * PAGE_BYTES)?;
    // Asked back: a build or a file system that cannot do it answers with something else, not an error.
    let mode: String =
        connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(failed)?;
    let synchronous: i64 =
        connection.pragma_query_value(None, "synchronous", |row| row.get(0)).map_err(failed)?;
    if mode != "wal" || synchronous != 2 {
        return Err(Error::NotDurable { path: path.into(), mode, synchronous });
    }
    Ok(connection)
}

/// A connection that reads.
pub(super) fn reader(path: &Path) -> Result<Connection, Error> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    super::drivers::add_functions(&connection).map_err(|error| failed(path, error))?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    // One thread at a time uses a connection, so SQLite needs no lock of its own.
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| failed(path, error))?;
    connection.busy_timeout(BUSY).map_err(|error| failed(path, error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

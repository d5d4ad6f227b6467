//! Opening the store: the lock, the format, the migrations.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::Mutex,
};

use rusqlite::{Connection, Transaction};

use super::{Open, Store, StoreError};

/// "WBPD": marks the file as a producer's store.
const APPLICATION_ID: i64 = 0x5742_5044;

/// What brings a store from format `i` to format `i + 1`. Append only.
const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];

/// The file in the data folder.
const FILE: &str = "producer.db";
const LOCK: &str = "producer.lock";

impl Store {
    /// Opens the store in `folder`, and makes both where they are missing.
    ///
    /// # Errors
    /// `NotWritable`, `InUse`, `Newer`, `Foreign`, `Full`, `Damaged`, `Failed`.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let folder = folder.into();
        let lock = lock(&folder)?;
        let connection = connect(&folder)?;
        Ok(Self { folder, state: Mutex::new(Some(Open { connection, _lock: lock })) })
    }
}

fn lock(folder: &Path) -> Result<File, StoreError> {
    let io = |error| StoreError::of_io(folder, &error);
    fs::create_dir_all(folder).map_err(io)?;
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.join(LOCK))
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

fn connect(folder: &Path) -> Result<Connection, StoreError> {
    let sql = |error: rusqlite::Error| StoreError::of(folder, &error);
    let mut connection = Connection::open(folder.join(FILE)).map_err(sql)?;
    // Exclusive: no shared memory file, for which a full disk has no room. Said before the first read,
    // which makes one where a log was left behind.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(sql)?;
    let format = check(folder, &connection)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(sql)?;
    // A reservation must be on the disk before its batches are sent.
    connection.pragma_update(None, "synchronous", "FULL").map_err(sql)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20).map_err(sql)?;
    migrate(&mut connection, format).map_err(sql)?;
    Ok(connection)
}

/// The format that the file has, 0 for a new one.
fn check(folder: &Path, connection: &Connection) -> Result<usize, StoreError> {
    let sql = |error: rusqlite::Error| StoreError::of(folder, &error);
    let pragma = |name: &str| -> Result<i64, StoreError> {
        connection.pragma_query_value(None, name, |row| row.get(0)).map_err(sql)
    };
    let (application, format) = (pragma("application_id")?, pragma("user_version")?);
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(sql)?;
    let known = MIGRATIONS.len() as i64;
    match (application, format) {
        (0, 0) if tables == 0 => Ok(0),
        (APPLICATION_ID, found) if found > known => {
            Err(StoreError::Newer { folder: folder.to_owned(), found, known })
        }
        (APPLICATION_ID, 0..) => Ok(format as usize),
        _ => Err(StoreError::Foreign { folder: folder.to_owned() }),
    }
}

fn migrate(connection: &mut Connection, from: usize) -> rusqlite::Result<()> {
    if from == MIGRATIONS.len() {
        // Nothing is written, so that runs go on after a start on a full disk.
        return Ok(());
    }
    let transaction: Transaction<'_> = connection.transaction()?;
    for migration in &MIGRATIONS[from..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    transaction.commit()
}

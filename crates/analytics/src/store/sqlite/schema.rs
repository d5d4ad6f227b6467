//! The tables, as an ordered list of steps from an empty file to this version.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::Error;

/// Marks a file as ours in the header of every SQLite database: "Wayb".
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"Wayb");

/// Each step is applied once. A released one is never edited.
const MIGRATIONS: &[&str] = &[include_str!("schema_1.sql")];

/// The version of the tables that this program writes.
pub const SCHEMA_VERSION: usize = MIGRATIONS.len();

/// Brings the file to this version, or says why it cannot be.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let failed = |error| super::failed(path, error);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let number = |sql: &str| transaction.query_row(sql, [], |row| row.get::<_, i64>(0));
    let owner = number("PRAGMA application_id").map_err(failed)?;
    let version = number("PRAGMA user_version").map_err(failed)?;
    let empty = number("SELECT count(*) FROM sqlite_schema").map_err(failed)? == 0;
    if owner != i64::from(APPLICATION_ID) && !(empty && owner == 0 && version == 0) {
        return Err(Error::NotAStore { path: path.into() });
    }
    let done = match usize::try_from(version) {
        Ok(done) if done <= SCHEMA_VERSION => done,
        _ => {
            return Err(Error::NewerStore {
                path: path.into(),
                found: version,
                known: SCHEMA_VERSION,
            });
        }
    };
    // All of them in one transaction: a crash leaves the version before, whole.
    for step in &MIGRATIONS[done..] {
        transaction.execute_batch(step).map_err(failed)?;
    }
    if done < SCHEMA_VERSION {
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION as i64).map_err(failed)?;
        if done > 0 {
            tracing::info!(path = %path.display(), from = done, to = SCHEMA_VERSION, "store migrated");
        }
    }
    transaction.commit().map_err(failed)
}

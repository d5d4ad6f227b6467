//! Pairs of files of the watched folder in the store.
//!
//! A pair counts as taken once it stands here with its records. It goes once its files were moved
//! away, so that a crash in between neither plans it twice nor loses it.

use proto::RunId;
use rusqlite::{Transaction, params};

use super::{Content, Store, StoreError, runs::insert_content};

/// A pair that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPair {
    /// The number of its batch.
    pub number: u64,
    /// The name that its files share.
    pub name: String,
    /// What tells its files from others of the same names, as the folder's watcher encodes it.
    pub files: Vec<u8>,
    /// Its records.
    pub content: Content,
}

/// A pair that was taken and whose files may still lie in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPair {
    /// The run that took it.
    pub run_id: RunId,
    /// The number of its batch.
    pub number: u64,
    /// The name that its files share.
    pub name: String,
    /// What tells its files from others of the same names.
    pub files: Vec<u8>,
    /// What became of it: nothing yet, settled (empty), or rejected with this `google.rpc.Status`.
    pub outcome: Option<Vec<u8>>,
}

/// The answer to the batch of a pair: settled (empty), or rejected with this `google.rpc.Status`.
pub(crate) type PairOutcome = (u64, Vec<u8>);

pub(super) fn answer_pairs(
    transaction: &Transaction<'_>,
    run: RunId,
    outcomes: &[PairOutcome],
) -> rusqlite::Result<()> {
    for (number, outcome) in outcomes {
        transaction.execute(
            "UPDATE pairs SET outcome = ?3 WHERE run_id = ?1 AND number = ?2",
            params![run.as_bytes(), *number as i64, outcome],
        )?;
    }
    Ok(())
}

impl Store {
    /// Takes a pair for a run, with its records.
    ///
    /// # Errors
    /// As all of the store.
    pub fn insert_pair(&self, run: RunId, pair: &NewPair) -> Result<(), StoreError> {
        self.run(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT INTO pairs VALUES (?1, ?2, ?3, ?4, NULL)",
                params![run.as_bytes(), pair.number as i64, pair.name, pair.files],
            )?;
            insert_content(&transaction, run, pair.number as i64, &pair.content)?;
            transaction.commit()
        })
    }

    /// All pairs that were taken and not yet moved, in the order in which they were taken.
    ///
    /// # Errors
    /// As all of the store.
    pub fn pairs(&self) -> Result<Vec<KeptPair>, StoreError> {
        self.run(|connection| {
            connection
                .prepare("SELECT run_id, number, name, files, outcome FROM pairs ORDER BY rowid")?
                .query_map([], |row| {
                    Ok(KeptPair {
                        run_id: RunId::from_bytes(row.get(0)?),
                        number: row.get::<_, i64>(1)? as u64,
                        name: row.get(2)?,
                        files: row.get(3)?,
                        outcome: row.get(4)?,
                    })
                })?
                .collect()
        })
    }

    /// Forgets a pair and its records: its files are moved, or are to be taken anew.
    ///
    /// # Errors
    /// As all of the store.
    pub fn remove_pair(&self, run: RunId, number: u64) -> Result<(), StoreError> {
        self.run(|connection| {
            let transaction = connection.transaction()?;
            let key = params![run.as_bytes(), number as i64];
            transaction.execute("DELETE FROM pairs WHERE run_id = ?1 AND number = ?2", key)?;
            transaction.execute("DELETE FROM contents WHERE run_id = ?1 AND number = ?2", key)?;
            transaction.commit()
        })
    }

    /// The highest number among a run's pairs that are still here.
    ///
    /// # Errors
    /// As all of the store.
    pub fn last_pair(&self, run: RunId) -> Result<Option<u64>, StoreError> {
        self.run(|connection| {
            connection
                .query_row(
                    "SELECT max(number) FROM pairs WHERE run_id = ?1",
                    [run.as_bytes()],
                    |row| row.get::<_, Option<i64>>(0),
                )
                .map(|last| last.map(|number| number as u64))
        })
    }
}

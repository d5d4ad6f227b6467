//! Runs in the store.

use proto::RunId;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};

use super::{
    Store, StoreError,
    error::damaged,
    pairs::{PairOutcome, answer_pairs},
};
use crate::{
    moment::Moment,
    run::{
        machine::{Ending, Phase, Saved},
        progress::{Answered, Progress, Totals},
    },
};

/// Ended runs that are kept; the oldest go when another ends.
const ENDED_RUNS_KEPT: i64 = 10_000;

/// The number under which records stand that every batch of a run has.
const EVERY_BATCH: i64 = -1;

/// Records as the store keeps them, encoded by `source::columns`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The shipments.
    pub shipments: Vec<u8>,
    /// The drivers.
    pub drivers: Vec<u8>,
}

/// A run that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Its identity.
    pub run_id: RunId,
    /// When it starts, in whole milliseconds.
    pub start: Moment,
    /// The encoded `StartRunRequest`, without its records.
    pub request: Vec<u8>,
    /// BLAKE3 of the whole request.
    pub digest: [u8; 32],
    /// The records that every batch has, where they came with the call.
    pub content: Option<Content>,
}

/// A run as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptRun {
    /// Its identity.
    pub run_id: RunId,
    /// When it was started.
    pub start: Moment,
    /// The encoded `StartRunRequest`, without its records.
    pub request: Vec<u8>,
    /// BLAKE3 of the whole request.
    pub digest: [u8; 32],
    /// How far it got.
    pub saved: Saved,
}

/// What became of a run that was to be kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Inserted {
    /// It is durable.
    New,
    /// There is one with that id already.
    Existing(Box<KeptRun>),
}

impl Store {
    /// Keeps a new run.
    ///
    /// # Errors
    /// As all of the store.
    pub fn insert_run(&self, run: &NewRun) -> Result<Inserted, StoreError> {
        self.run(|connection| {
            let transaction = connection.transaction()?;
            if let Some(existing) = find(&transaction, run.run_id)? {
                return Ok(Inserted::Existing(Box::new(existing)));
            }
            transaction.execute(
                "INSERT INTO runs VALUES (?1, ?2, ?3, ?4, 0, 0, NULL, NULL, 0, ?5, 0, 0, 0, 0, 0, 0, 0, x'', NULL)",
                params![
                    run.run_id.as_bytes(),
                    run.start.unix_ms() as i64,
                    run.request,
                    run.digest,
                    Saved::new().reserved as i64,
                ],
            )?;
            if let Some(content) = &run.content {
                insert_content(&transaction, run.run_id, EVERY_BATCH, content)?;
            }
            transaction.commit()?;
            Ok(Inserted::New)
        })
    }

    /// Writes how far a run got, and with it the answers to pairs of files. An ended one gives its
    /// records up.
    ///
    /// # Errors
    /// As all of the store.
    pub fn save_run(
        &self,
        run: RunId,
        saved: &Saved,
        pairs: &[PairOutcome],
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            let transaction = connection.transaction()?;
            update(&transaction, run, saved)?;
            answer_pairs(&transaction, run, pairs)?;
            if matches!(saved.phase, Phase::Ended(..)) {
                transaction.execute("DELETE FROM contents WHERE run_id = ?1", [run.as_bytes()])?;
                transaction.execute(
                    "DELETE FROM runs WHERE run_id IN (SELECT run_id FROM runs WHERE phase = 2 \
                     ORDER BY start_ms DESC, run_id DESC LIMIT -1 OFFSET ?1)",
                    [ENDED_RUNS_KEPT],
                )?;
            }
            transaction.commit()
        })
    }

    /// A run by its id.
    ///
    /// # Errors
    /// As all of the store.
    pub fn find_run(&self, run: RunId) -> Result<Option<KeptRun>, StoreError> {
        self.run(|connection| find(connection, run))
    }

    /// Runs that have not ended, the oldest first.
    ///
    /// # Errors
    /// As all of the store.
    pub fn unfinished_runs(&self) -> Result<Vec<KeptRun>, StoreError> {
        self.run(|connection| {
            connection
                .prepare("SELECT * FROM runs WHERE phase < 2 ORDER BY start_ms, run_id")?
                .query_map([], read)?
                .collect()
        })
    }

    /// At most `count` runs, the newest first, from behind `after` on.
    ///
    /// # Errors
    /// As all of the store.
    pub fn list_runs(
        &self,
        after: Option<(Moment, RunId)>,
        count: usize,
    ) -> Result<Vec<KeptRun>, StoreError> {
        let (ms, id) = match &after {
            Some((start, id)) => (start.unix_ms() as i64, id.as_bytes().to_vec()),
            None => (i64::MAX, vec![0xff; 16]),
        };
        self.run(|connection| {
            connection
                .prepare(
                    "SELECT * FROM runs WHERE (start_ms, run_id) < (?1, ?2) \
                     ORDER BY start_ms DESC, run_id DESC LIMIT ?3",
                )?
                .query_map(params![ms, id, count as i64], read)?
                .collect()
        })
    }

    /// The records that every batch of a run has.
    ///
    /// # Errors
    /// As all of the store.
    pub fn run_content(&self, run: RunId) -> Result<Option<Content>, StoreError> {
        self.run(|connection| content(connection, run, EVERY_BATCH))
    }

    /// The records of one batch.
    ///
    /// # Errors
    /// As all of the store.
    pub fn batch_content(&self, run: RunId, number: u64) -> Result<Option<Content>, StoreError> {
        self.run(|connection| content(connection, run, number as i64))
    }
}

pub(super) fn insert_content(
    transaction: &Transaction<'_>,
    run: RunId,
    number: i64,
    content: &Content,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO contents VALUES (?1, ?2, ?3, ?4)",
        params![run.as_bytes(), number, content.shipments, content.drivers],
    )?;
    Ok(())
}

fn content(connection: &Connection, run: RunId, number: i64) -> rusqlite::Result<Option<Content>> {
    connection
        .query_row(
            "SELECT shipments, drivers FROM contents WHERE run_id = ?1 AND number = ?2",
            params![run.as_bytes(), number],
            |row| Ok(Content { shipments: row.get(0)?, drivers: row.get(1)? }),
        )
        .optional()
}

fn find(connection: &Connection, run: RunId) -> rusqlite::Result<Option<KeptRun>> {
    connection.query_row("SELECT * FROM runs WHERE run_id = ?1", [run.as_bytes()], read).optional()
}

fn update(transaction: &Transaction<'_>, run: RunId, saved: &Saved) -> rusqlite::Result<()> {
    let (phase, ending, end) = match &saved.phase {
        Phase::Running => (0, None, None),
        Phase::Draining(ending) => (1, Some(ending), None),
        Phase::Ended(ending, at) => (2, Some(ending), Some(at.unix_ms() as i64)),
    };
    let (ending, failure) = match ending {
        None | Some(Ending::Finished) => (0, None),
        Some(Ending::Stopped) => (1, None),
        Some(Ending::Failed(status)) => (2, Some(status)),
    };
    let Progress { answered, settled, rejected, totals, last_error } = &saved.progress;
    transaction
        .prepare_cached(
            "UPDATE runs SET phase = :phase, ending = :ending, failure = :failure, end_ms = :end, \
             sent = :sent, reserved = :reserved, missed = :missed, settled = :settled, \
             rejected = :rejected, shipments = :shipments, assigned = :assigned, \
             quarters = :quarters, greedy_quarters = :greedy, answered = :answered, \
             last_error = :last_error WHERE run_id = :run",
        )?
        .execute(named_params! {
            ":run": run.as_bytes(),
            ":phase": phase,
            ":ending": ending,
            ":failure": failure,
            ":end": end,
            ":sent": saved.sent as i64,
            ":reserved": saved.reserved as i64,
            ":missed": saved.missed as i64,
            ":settled": *settled as i64,
            ":rejected": *rejected as i64,
            ":shipments": totals.shipments as i64,
            ":assigned": totals.assigned as i64,
            ":quarters": totals.quarters as i64,
            ":greedy": totals.greedy_quarters as i64,
            ":answered": answered.to_bytes(),
            ":last_error": last_error,
        })?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptRun> {
    let number = |column: &str| row.get::<_, i64>(column).map(|bits| bits as u64);
    let ending = match number("ending")? {
        0 => Ending::Finished,
        1 => Ending::Stopped,
        2 => Ending::Failed(row.get::<_, Option<Vec<u8>>>("failure")?.unwrap_or_default()),
        _ => return Err(damaged("ending")),
    };
    let phase = match number("phase")? {
        0 => Phase::Running,
        1 => Phase::Draining(ending),
        2 => Phase::Ended(ending, Moment::from_unix_ms(number("end_ms")?)),
        _ => return Err(damaged("phase")),
    };
    let progress = Progress {
        answered: Answered::from_bytes(&row.get::<_, Vec<u8>>("answered")?)
            .ok_or_else(|| damaged("answered"))?,
        settled: number("settled")?,
        rejected: number("rejected")?,
        totals: Totals {
            shipments: number("shipments")?,
            assigned: number("assigned")?,
            quarters: number("quarters")?,
            greedy_quarters: number("greedy_quarters")?,
        },
        last_error: row.get("last_error")?,
    };
    Ok(KeptRun {
        run_id: RunId::from_bytes(row.get("run_id")?),
        start: Moment::from_unix_ms(number("start_ms")?),
        request: row.get("request")?,
        digest: row.get("digest")?,
        saved: Saved {
            phase,
            sent: number("sent")?,
            reserved: number("reserved")?,
            missed: number("missed")?,
            progress,
        },
    })
}

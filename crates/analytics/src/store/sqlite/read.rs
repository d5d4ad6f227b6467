//! Plans, their parts, totals.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use proto::{BatchId, RunId};
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};

use super::NewestCommit;
use crate::store::{PlanFacts, PlanQuery, Steps, StoredPart, StoredPlan, Totals};

/// Bits of a part's number in its place.
const PART_BITS: u32 = 20;

/// The columns of a plan, in the order of [`stored`], with the time of its commit where it is on disk.
const PLAN: &str = "sequence, batch_id, run_id, record_time_us, shipments, drivers, assigned, \
    total_quarters, greedy_quarters, queue_ns, score_ns, solve_ns, certify_ns, trace_id, digest, \
    street_name, attempt, (SELECT commit_ns FROM commits \
    WHERE last_sequence >= plans.sequence ORDER BY last_sequence LIMIT 1)";

pub(super) fn last_sequence(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT coalesce(max(sequence), 0) FROM plans")?
        .query_row([], |row| row.get(0).and_then(unsigned))
}

pub(super) fn plans(
    connection: &Connection,
    query: &PlanQuery,
    newest: Option<NewestCommit>,
) -> rusqlite::Result<Vec<StoredPlan>> {
    let mut range = query.sequences.clone();
    if let Some(recorded) = &query.recorded {
        let days = sequences(connection, recorded)?;
        range = range.start.max(days.start)..range.end.min(days.end);
    }
    if range.is_empty() {
        return Ok(Vec::new());
    }
    let run = if query.run.is_some() { "AND run_id = ?4" } else { "" };
    let order = if query.newest_first { "DESC" } else { "" };
    let mut values: Vec<Value> =
        vec![clamped(range.start).into(), clamped(range.end).into(), i64::from(query.limit).into()];
    values.extend(query.run.map(|run| Value::from(run.as_bytes().to_vec())));
    connection
        .prepare_cached(&format!(
            "SELECT {PLAN} FROM plans WHERE sequence >= ?1 AND sequence < ?2 {run} \
             ORDER BY sequence {order} LIMIT ?3"
        ))?
        .query_map(params_from_iter(values), |row| stored(row, newest))?
        .collect()
}

pub(super) fn plan(
    connection: &Connection,
    batch_id: BatchId,
    newest: Option<NewestCommit>,
) -> rusqlite::Result<Option<StoredPlan>> {
    connection
        .prepare_cached(&format!("SELECT {PLAN} FROM plans WHERE batch_id = ?1"))?
        .query_row([batch_id.as_bytes()], |row| stored(row, newest))
        .optional()
}

pub(super) fn parts(
    connection: &Connection,
    sequences: &[u64],
    from_part: u32,
    max_bytes: usize,
) -> rusqlite::Result<Vec<StoredPart>> {
    let mut read = connection.prepare_cached(
        "SELECT place, body FROM parts WHERE place >= ?1 AND place < ?2 ORDER BY place",
    )?;
    let mut parts = Vec::new();
    let mut bytes = 0;
    for (i, &sequence) in sequences.iter().enumerate() {
        let from = if i == 0 { from_part as usize } else { 0 };
        let mut rows = read.query(params![place(sequence, from)?, place(sequence + 1, 0)?])?;
        while let Some(row) = rows.next()? {
            let place = row.get(0).and_then(unsigned)?;
            let body: Vec<u8> = row.get(1)?;
            bytes += body.len();
            parts.push(StoredPart {
                sequence: place >> PART_BITS,
                part: (place & ((1 << PART_BITS) - 1)) as u32,
                body: Bytes::from(body),
            });
            if bytes >= max_bytes {
                return Ok(parts);
            }
        }
    }
    Ok(parts)
}

pub(super) fn totals(
    connection: &Connection,
    run: Option<RunId>,
    since: Option<Timestamp>,
) -> rusqlite::Result<Totals> {
    // One snapshot: a commit in between must not show in one number and not in the other.
    let snapshot = connection.unchecked_transaction()?;
    let connection = &snapshot;
    let last = last_sequence(connection)?;
    let upto = running(connection, run, last)?;
    let before = match since {
        Some(since) => running(connection, run, sequences(connection, &(since..since))?.start - 1)?,
        None => Totals::default(),
    };
    Ok(Totals {
        plans: upto.plans - before.plans,
        shipments: upto.shipments - before.shipments,
        drivers: upto.drivers - before.drivers,
        assigned: upto.assigned - before.assigned,
        total_quarters: upto.total_quarters - before.total_quarters,
        greedy_quarters: upto.greedy_quarters - before.greedy_quarters,
        first_time: upto.first_time,
        last_sequence: last,
    })
}

/// Totals of all plans up to a sequence that ends a group.
fn running(connection: &Connection, run: Option<RunId>, sequence: u64) -> rusqlite::Result<Totals> {
    let row = |row: &Row<'_>| {
        let number = |i| row.get(i).and_then(unsigned);
        Ok(Totals {
            first_time: Some(row.get(0).and_then(instant)?),
            plans: number(1)?,
            shipments: number(2)?,
            drivers: number(3)?,
            assigned: number(4)?,
            total_quarters: number(5)?,
            greedy_quarters: number(6)?,
            last_sequence: sequence,
        })
    };
    let found = match run {
        Some(run) => connection
            .prepare_cached(
                "SELECT first_time_us, plans, shipments, drivers, assigned, total_quarters,
                        greedy_quarters
                 FROM run_commits WHERE run_id = ?1 AND last_sequence <= ?2
                 ORDER BY last_sequence DESC LIMIT 1",
            )?
            .query_row(params![run.as_bytes(), signed(sequence)?], row),
        None => connection
            .prepare_cached(
                "SELECT (SELECT record_time_us FROM commits ORDER BY last_sequence LIMIT 1),
                        plans, shipments, drivers, assigned, total_quarters, greedy_quarters
                 FROM commits WHERE last_sequence <= ?1 ORDER BY last_sequence DESC LIMIT 1",
            )?
            .query_row([signed(sequence)?], row),
    };
    Ok(found.optional()?.unwrap_or_default())
}

pub(super) fn steps(
    connection: &Connection,
    run: Option<RunId>,
    since: Option<Timestamp>,
    limit: u32,
    newest: Option<NewestCommit>,
) -> rusqlite::Result<Vec<Steps>> {
    let query = PlanQuery {
        sequences: 1..u64::MAX,
        run,
        recorded: since.map(|since| since..Timestamp::MAX),
        newest_first: true,
        limit,
    };
    Ok(plans(connection, &query, newest)?.into_iter().map(|plan| plan.facts.steps).collect())
}

/// Sequences recorded from the first moment and before the last.
fn sequences(connection: &Connection, times: &Range<Timestamp>) -> rusqlite::Result<Range<u64>> {
    let first_from = |moment: Timestamp| {
        connection
            .prepare_cached(
                "SELECT coalesce(
                    (SELECT first_sequence FROM commits WHERE record_time_us >= ?1
                     ORDER BY record_time_us, last_sequence LIMIT 1),
                    (SELECT max(last_sequence) + 1 FROM commits), 1)",
            )?
            .query_row([moment.as_microsecond()], |row| row.get(0).and_then(unsigned))
    };
    Ok(first_from(times.start)?..first_from(times.end)?)
}

/// A row of the columns of [`PLAN`].
fn stored(row: &Row<'_>, newest: Option<NewestCommit>) -> rusqlite::Result<StoredPlan> {
    let span = |i: usize| row.get(i).and_then(unsigned).map(Duration::from_nanos);
    let sequence = row.get(0).and_then(unsigned)?;
    let on_disk: Option<i64> = row.get(17)?;
    let in_memory = newest
        .filter(|commit| (commit.first_sequence..=commit.last_sequence).contains(&sequence))
        .map(|commit| commit.took);
    let facts = PlanFacts {
        batch_id: BatchId::from_bytes(row.get(1)?),
        run_id: row.get::<_, Option<[u8; 16]>>(2)?.map(RunId::from_bytes),
        shipments: row.get(4)?,
        drivers: row.get(5)?,
        assigned: row.get(6)?,
        total_quarters: row.get(7).and_then(unsigned)?,
        greedy_quarters: row.get(8).and_then(unsigned)?,
        steps: Steps {
            queue: span(9)?,
            score: span(10)?,
            solve: span(11)?,
            certify: span(12)?,
            commit: on_disk.map(unsigned).transpose()?.map(Duration::from_nanos).or(in_memory),
        },
        trace_id: row.get(13)?,
        digest: row.get(14)?,
        street_name: row.get(15)?,
        attempt: row.get(16)?,
    };
    Ok(StoredPlan { sequence, record_time: row.get(3).and_then(instant)?, facts })
}

/// Where a part stands.
pub(super) fn place(sequence: u64, part: usize) -> rusqlite::Result<i64> {
    if part >> PART_BITS != 0 || sequence >> (63 - PART_BITS) != 0 {
        return Err(too_large());
    }
    signed(sequence << PART_BITS | part as u64)
}

/// A number as SQLite keeps it.
pub(super) fn signed(number: u64) -> rusqlite::Result<i64> {
    i64::try_from(number).map_err(|_| too_large())
}

/// A number as it was given to SQLite.
pub(super) fn unsigned(number: i64) -> rusqlite::Result<u64> {
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, number))
}

/// A moment as it was given to SQLite.
pub(super) fn instant(microseconds: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(microseconds)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Integer, error.into()))
}

/// A duration as SQLite keeps it; 292 years are for ever.
pub(super) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn clamped(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

fn too_large() -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure("a number is larger than the store can hold".into())
}

/// So that lists of values of different types can be bound.
pub(super) fn bound(values: &[Value]) -> Vec<&dyn ToSql> {
    values.iter().map(|value| value as &dyn ToSql).collect()
}

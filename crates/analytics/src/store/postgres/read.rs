//! Plans, their parts, totals. Plans are read a day at a time, so that each statement is about one
//! partition and costs the same however many there are.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use proto::{BatchId, RunId};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::TOTALS;
use super::days::{self, Day};
use super::trouble::{Trouble, instant, unsigned};
use super::write::NewestCommit;
use crate::store::{PlanFacts, PlanQuery, Steps, StoredPart, StoredPlan, Totals, day_of};

/// The columns of a plan `p` in a commit `c`, in the order of [`stored`].
const PLAN: &str = "c.first_sequence + p.nth, p.batch_id, p.run_id, c.record_time_us, p.shipments, \
    p.drivers, p.assigned, p.total_quarters, p.greedy_quarters, p.queue_ns, p.score_ns, p.solve_ns, \
    p.certify_ns, p.trace_id, p.digest, p.street_name, p.attempt, c.commit_ns";

/// A value with its type.
type Bound<'a> = (&'a (dyn ToSql + Sync), Type);

pub(super) async fn last_sequence(client: &Client) -> Result<u64, Trouble> {
    let row = client.query_typed_one("SELECT last_sequence FROM head", &[]).await?;
    unsigned(row.try_get(0)?)
}

pub(super) async fn plans(
    client: &Client,
    query: &PlanQuery,
    newest: Option<NewestCommit>,
) -> Result<Vec<StoredPlan>, Trouble> {
    let mut range = query.sequences.clone();
    let mut within = i32::MIN..i32::MAX;
    if let Some(recorded) = &query.recorded {
        let first = days::first_from(client, recorded.start).await?;
        let end = days::first_from(client, recorded.end).await?;
        range = range.start.max(first)..range.end.min(end);
    }
    if let Some(run) = query.run {
        let Some(days) = days_of(client, run).await? else { return Ok(Vec::new()) };
        within = days;
    }
    if range.is_empty() {
        return Ok(Vec::new());
    }
    let mut days = days::with(client, &range, &within).await?;
    if query.newest_first {
        days.reverse();
    }
    let mut plans = Vec::new();
    for day in days {
        let left = i64::from(query.limit) - plans.len() as i64;
        if left <= 0 {
            break;
        }
        for row in of_day(client, query, &range, day, left).await? {
            plans.push(stored(&row, newest)?);
        }
    }
    Ok(plans)
}

/// The plans of one day.
async fn of_day(
    client: &Client,
    query: &PlanQuery,
    range: &Range<u64>,
    day: Day,
    limit: i64,
) -> Result<Vec<Row>, Trouble> {
    let (from, to) = (clamped(range.start), clamped(range.end));
    let run = query.run.map(|run| Uuid::from_bytes(*run.as_bytes()));
    let order = if query.newest_first { "DESC" } else { "ASC" };
    let (groups, of_run) = match query.run {
        Some(_) => (
            "run_commits r JOIN commits c ON c.day = $1 AND c.last_sequence = r.last_sequence",
            "AND r.day = $1 AND r.run_id = $5 AND r.last_sequence >= $2 AND p.run_id = $5",
        ),
        None => ("commits c", ""),
    };
    let sql = format!(
        "SELECT {PLAN} FROM {groups} JOIN plans p ON p.day = $1 AND p.group_id = c.group_id
         WHERE c.day = $1 AND c.last_sequence >= $2 AND c.first_sequence < $3
            AND c.first_sequence + p.nth >= $2 AND c.first_sequence + p.nth < $3 {of_run}
         ORDER BY c.last_sequence {order}, p.nth {order} LIMIT $4"
    );
    let mut values: Vec<Bound<'_>> = vec![
        (&day.number, Type::INT4),
        (&from, Type::INT8),
        (&to, Type::INT8),
        (&limit, Type::INT8),
    ];
    if let Some(run) = &run {
        values.push((run, Type::UUID));
    }
    Ok(client.query_typed(&sql, &values).await?)
}

/// The days in which a run has plans.
async fn days_of(client: &Client, run: RunId) -> Result<Option<Range<i32>>, Trouble> {
    let run = Uuid::from_bytes(*run.as_bytes());
    let row = client
        .query_typed_opt(
            "SELECT first_day, last_day + 1 FROM runs WHERE run_id = $1",
            &[(&run, Type::UUID)],
        )
        .await?;
    row.map(|row| Ok(row.try_get(0)?..row.try_get(1)?)).transpose()
}

pub(super) async fn plan(
    client: &Client,
    batch_id: BatchId,
    newest: Option<NewestCommit>,
) -> Result<Option<StoredPlan>, Trouble> {
    let batch = Uuid::from_bytes(*batch_id.as_bytes());
    let placed = client
        .query_typed_opt(
            "SELECT b.day, b.group_id, b.nth, g.first_sequence FROM batches b JOIN groups g
             ON g.group_id = b.group_id WHERE b.batch_id = $1",
            &[(&batch, Type::UUID)],
        )
        .await?;
    let Some(placed) = placed else { return Ok(None) };
    let (day, group_id): (i32, i64) = (placed.try_get(0)?, placed.try_get(1)?);
    let (nth, first): (i32, i64) = (placed.try_get(2)?, placed.try_get(3)?);
    let row = client
        .query_typed_opt(
            &format!(
                "SELECT {PLAN} FROM plans p, LATERAL (SELECT * FROM commits
                    WHERE day = $1 AND last_sequence >= $4 ORDER BY last_sequence LIMIT 1) c
                 WHERE p.day = $1 AND p.group_id = $2 AND p.nth = $3"
            ),
            &[
                (&day, Type::INT4),
                (&group_id, Type::INT8),
                (&nth, Type::INT4),
                (&first, Type::INT8),
            ],
        )
        .await?;
    row.map(|row| stored(&row, newest)).transpose()
}

pub(super) async fn parts(
    client: &Client,
    sequences: &[u64],
    from_part: u32,
    max_bytes: usize,
) -> Result<Vec<StoredPart>, Trouble> {
    let (Some(first), Some(last)) = (sequences.iter().min(), sequences.iter().max()) else {
        return Ok(Vec::new());
    };
    let days = days::with(client, &(*first..last.saturating_add(1)), &(i32::MIN..i32::MAX)).await?;
    let day_of =
        |sequence: &u64| days.iter().rev().find(|day| day.first <= *sequence).map(|day| day.number);
    let mut parts: Vec<StoredPart> = Vec::new();
    let mut bytes = 0;
    let mut from_part = i32::try_from(from_part).unwrap_or(i32::MAX);
    for sequences in sequences.chunk_by(|one, next| day_of(one) == day_of(next)) {
        let left = i64::try_from(max_bytes).unwrap_or(i64::MAX).saturating_sub(bytes);
        if !parts.is_empty() && left <= 0 {
            break;
        }
        if let Some(day) = day_of(&sequences[0]) {
            for part in parts_of_day(client, day, sequences, from_part, left).await? {
                bytes += part.body.len() as i64;
                parts.push(part);
            }
        }
        // Only of the very first plan.
        from_part = 0;
    }
    Ok(parts)
}

/// Parts of plans of one day, in the order asked for, as long as those before them are fewer bytes; the
/// first in any case.
async fn parts_of_day(
    client: &Client,
    day: i32,
    sequences: &[u64],
    from_part: i32,
    max_bytes: i64,
) -> Result<Vec<StoredPart>, Trouble> {
    let sequences: Vec<i64> = sequences.iter().copied().map(clamped).collect();
    let rows = client
        .query_typed(
            "SELECT sequence, part, body FROM (
                SELECT s.place, s.sequence, p.part, p.body, sum(octet_length(p.body))
                    OVER (ORDER BY s.place, p.part) - octet_length(p.body) AS bytes_before
                FROM unnest($2) WITH ORDINALITY AS s (sequence, place)
                CROSS JOIN LATERAL (SELECT group_id, first_sequence FROM commits
                    WHERE day = $1 AND last_sequence >= s.sequence ORDER BY last_sequence LIMIT 1) c
                JOIN parts p ON p.day = $1 AND p.group_id = c.group_id
                    AND p.nth = s.sequence - c.first_sequence
                WHERE s.place > 1 OR p.part >= $3) x
             WHERE bytes_before < greatest($4, 1) ORDER BY place, part",
            &[
                (&day, Type::INT4),
                (&sequences, Type::INT8_ARRAY),
                (&from_part, Type::INT4),
                (&max_bytes, Type::INT8),
            ],
        )
        .await?;
    let part = |row: &Row| {
        let body: Vec<u8> = row.try_get(2)?;
        Ok(StoredPart {
            sequence: unsigned(row.try_get(0)?)?,
            part: u32::try_from(row.try_get::<_, i32>(1)?).map_err(|_| Trouble::Number)?,
            body: Bytes::from(body),
        })
    };
    rows.iter().map(part).collect()
}

pub(super) async fn totals(
    client: &Client,
    run: Option<RunId>,
    since: Option<Timestamp>,
) -> Result<Totals, Trouble> {
    // One snapshot: a commit in between must not show in one number and not in the other. After an error
    // the connection is dropped, and the transaction with it.
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let last_sequence = last_sequence(client).await?;
    let totals = match run {
        Some(run) => totals_of_run(client, run, since).await?,
        None => totals_of_all(client, since).await?,
    };
    client.batch_execute("COMMIT").await?;
    Ok(Totals { last_sequence, ..totals })
}

async fn totals_of_all(client: &Client, since: Option<Timestamp>) -> Result<Totals, Trouble> {
    let head = client
        .query_typed_one(
            &format!(
                "SELECT (SELECT first_time_us FROM days ORDER BY day LIMIT 1), {} FROM head",
                upto_and_dropped()
            ),
            &[],
        )
        .await?;
    let before = match since {
        Some(since) => {
            let day = client
                .query_typed_opt(
                    "SELECT day FROM days WHERE first_time_us < $1 ORDER BY day DESC LIMIT 1",
                    &[(&since.as_microsecond(), Type::INT8)],
                )
                .await?;
            let day: i32 = day.map_or(Ok(i32::MIN), |row| row.try_get(0))?;
            client
                .query_typed_opt(
                    &format!(
                        "SELECT {} FROM commits WHERE day = $1 AND record_time_us < $2
                         ORDER BY record_time_us DESC, last_sequence DESC LIMIT 1",
                        TOTALS.join(", ")
                    ),
                    &[(&day, Type::INT4), (&since.as_microsecond(), Type::INT8)],
                )
                .await?
        }
        None => None,
    };
    difference(&head, before.as_ref())
}

async fn totals_of_run(
    client: &Client,
    run: RunId,
    since: Option<Timestamp>,
) -> Result<Totals, Trouble> {
    let run = Uuid::from_bytes(*run.as_bytes());
    let upto = client
        .query_typed_opt(
            &format!(
                "SELECT first_time_us, {}, first_day FROM runs WHERE run_id = $1",
                upto_and_dropped()
            ),
            &[(&run, Type::UUID)],
        )
        .await?;
    let Some(upto) = upto else { return Ok(Totals::default()) };
    let before = match since {
        Some(since) => {
            let first = clamped(days::first_from(client, since).await?);
            let (from, to): (i32, i32) = (upto.try_get(13)?, day_of(since));
            client
                .query_typed_opt(
                    &format!(
                        "SELECT {} FROM run_commits WHERE run_id = $1 AND last_sequence < $2
                            AND day >= $3 AND day <= $4 ORDER BY last_sequence DESC LIMIT 1",
                        TOTALS.join(", ")
                    ),
                    &[
                        (&run, Type::UUID),
                        (&first, Type::INT8),
                        (&from, Type::INT4),
                        (&to, Type::INT4),
                    ],
                )
                .await?
        }
        None => None,
    };
    difference(&upto, before.as_ref())
}

/// The columns of totals, then those of what was dropped of them.
fn upto_and_dropped() -> String {
    let dropped = TOTALS.map(|name| format!("dropped_{name}"));
    format!("{}, {}", TOTALS.join(", "), dropped.join(", "))
}

/// `upto`: a time, then totals, then what was dropped of them; `before`: totals that come off instead.
fn difference(upto: &Row, before: Option<&Row>) -> Result<Totals, Trouble> {
    let number = |i: usize| {
        let total: i64 = upto.try_get(1 + i)?;
        let before: i64 = match before {
            Some(before) => before.try_get(i)?,
            None => upto.try_get(1 + TOTALS.len() + i)?,
        };
        unsigned(total - before)
    };
    Ok(Totals {
        plans: number(0)?,
        shipments: number(1)?,
        drivers: number(2)?,
        assigned: number(3)?,
        total_quarters: number(4)?,
        greedy_quarters: number(5)?,
        first_time: upto.try_get::<_, Option<i64>>(0)?.map(instant).transpose()?,
        last_sequence: 0,
    })
}

/// A row of the columns of [`PLAN`].
fn stored(row: &Row, newest: Option<NewestCommit>) -> Result<StoredPlan, Trouble> {
    let number = |i: usize| unsigned(row.try_get(i)?);
    let count = |i: usize| u32::try_from(number(i)?).map_err(|_| Trouble::Number);
    let span = |i: usize| number(i).map(Duration::from_nanos);
    let bytes = |i: usize| row.try_get::<_, Option<&[u8]>>(i);
    let sequence = number(0)?;
    let in_memory = newest
        .filter(|commit| (commit.first_sequence..=commit.last_sequence).contains(&sequence))
        .map(|commit| commit.took);
    let on_disk = row.try_get::<_, Option<i64>>(17)?.map(unsigned).transpose()?;
    let facts = PlanFacts {
        batch_id: BatchId::from_bytes(row.try_get::<_, Uuid>(1)?.into_bytes()),
        run_id: row.try_get::<_, Option<Uuid>>(2)?.map(|run| RunId::from_bytes(run.into_bytes())),
        shipments: count(4)?,
        drivers: count(5)?,
        assigned: count(6)?,
        total_quarters: number(7)?,
        greedy_quarters: number(8)?,
        steps: Steps {
            queue: span(9)?,
            score: span(10)?,
            solve: span(11)?,
            certify: span(12)?,
            commit: on_disk.map(Duration::from_nanos).or(in_memory),
        },
        trace_id: bytes(13)?.and_then(|id| id.try_into().ok()),
        digest: bytes(14)?.and_then(|digest| digest.try_into().ok()).ok_or(Trouble::Number)?,
        street_name: row.try_get(15)?,
        attempt: count(16)?,
    };
    Ok(StoredPlan { sequence, record_time: instant(row.try_get(3)?)?, facts })
}

fn clamped(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

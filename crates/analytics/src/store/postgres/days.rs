//! Days: the partitions in which plans are kept, made before they are needed and dropped whole.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use tokio::time::sleep;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::schema::{DDL, begin_ddl, has_table};
use super::trouble::{Trouble, instant, unsigned};
use super::{ADVISORY, Shared};
use crate::store::day_of;

/// The tables with a partition a day, in the order in which a group writes to them. Whoever locks several
/// does it in this order.
const TABLES: [&str; 5] = ["plans", "parts", "tallies", "commits", "run_commits"];

/// Days for which partitions are made ahead, beside the day itself: what a weekend without a start, and a
/// right to make tables that is taken away, may last.
const AHEAD: i32 = 3;

/// How long the drop of a day may hold up readers and writers while it waits for the last of them.
/// Shorter than deadlock_timeout (1 s): where both wait for each other, the drop gives way.
const DROP_WAIT: &str = "500ms";

/// Time between two looks at the days, and after one that failed.
const LOOK: Duration = Duration::from_secs(60 * 60);
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// What days are dropped under: one replica at a time, for as long as it takes, while others make days.
const RETENTION: i32 = -2;

/// A day that has plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// Counted from 1970-01-01 in UTC.
    pub(super) number: i32,
    /// Its first sequence.
    pub(super) first: u64,
}

/// Keeps the days, for as long as it is polled.
pub(super) async fn keep_on(shared: Arc<Shared>, retention: Option<Duration>) {
    loop {
        let next = match shared.keep_days(Timestamp::now(), retention).await {
            Ok(()) => LOOK,
            Err(error) => {
                tracing::warn!(%error, "days were not kept, trying again in a minute");
                LOOK_AGAIN
            }
        };
        sleep(next).await;
    }
}

/// Makes the partitions of a day, if they are not there.
pub(super) async fn make(client: &Client, day: i32) -> Result<(), Trouble> {
    let name = suffix(day);
    let table = format!("{}_{name}", TABLES[TABLES.len() - 1]);
    if has_table(client, &table).await? {
        return Ok(());
    }
    begin_ddl(client).await?;
    // Another replica may have made them while this one waited.
    if !has_table(client, &table).await? {
        for table in TABLES {
            // Made beside the table and attached: that holds up neither readers nor writers.
            client
                .batch_execute(&format!("CREATE TABLE {table}_{name} (LIKE {table} INCLUDING ALL)"))
                .await?;
            if table == "parts" {
                // The rows of a plan of up to some 80 pairs stay in the page.
                client
                    .batch_execute(&format!(
                        "ALTER TABLE parts_{name} SET (toast_tuple_target = 8160)"
                    ))
                    .await?;
            }
            client
                .batch_execute(&format!(
                    "ALTER TABLE {table} ATTACH PARTITION {table}_{name} FOR VALUES FROM ({day}) TO ({})",
                    day + 1
                ))
                .await?;
        }
    }
    client.batch_execute("COMMIT").await?;
    Ok(())
}

/// Makes the partitions of today and the days to come.
pub(super) async fn make_ahead(client: &Client, now: Timestamp) -> Result<(), Trouble> {
    for day in day_of(now)..=day_of(now) + AHEAD {
        make(client, day).await?;
    }
    Ok(())
}

/// Drops the days that are older than `kept` by both clocks, this machine's and the server's: one that is
/// wrong must not drop what is young. The connection is not to be used again: it keeps other replicas from
/// doing the same.
pub(super) async fn drop_old(
    client: &Client,
    now: Timestamp,
    kept: Duration,
) -> Result<(), Trouble> {
    let row = client
        .query_typed_one(
            "SELECT pg_advisory_lock($1, $2), floor(extract(epoch FROM now()) * 1000000)::bigint",
            &[(&ADVISORY, Type::INT4), (&RETENTION, Type::INT4)],
        )
        .await?;
    let Ok(oldest) = now.min(instant(row.try_get(1)?)?).checked_sub(kept) else { return Ok(()) };
    let oldest = day_of(oldest);
    let sql = "SELECT day FROM days WHERE day < $1 ORDER BY day";
    for row in client.query_typed(sql, &[(&oldest, Type::INT4)]).await? {
        drop_day(client, row.try_get(0)?).await?;
    }
    // Days that never had a plan.
    let rows = client
        .query_typed(
            "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = 'plans'::regclass AND c.relname < 'plans_' || $1",
            &[(&suffix(oldest), Type::TEXT)],
        )
        .await?;
    for row in rows {
        let name: String = row.try_get(0)?;
        let drops = drops(name.trim_start_matches("plans_"));
        begin_ddl(client).await?;
        let sql = format!("SET LOCAL lock_timeout = '{DROP_WAIT}'; {drops}; COMMIT");
        client.batch_execute(&sql).await?;
    }
    Ok(())
}

/// Drops a day and all that is derived from it, in one transaction: its batches are not known any more,
/// and totals go on without it.
async fn drop_day(client: &Client, day: i32) -> Result<(), Trouble> {
    let name = suffix(day);
    client.batch_execute("BEGIN").await?;
    // The long part, before anything is locked that others want.
    let plans = client
        .execute_typed(
            &format!("DELETE FROM batches b USING plans_{name} p WHERE b.batch_id = p.batch_id"),
            &[],
        )
        .await?;
    client
        .batch_execute(&format!(
            "DELETE FROM groups g USING commits_{name} c WHERE g.group_id = c.group_id;
             SELECT pg_advisory_xact_lock({ADVISORY}, {DDL});
             SET LOCAL lock_timeout = '{DROP_WAIT}';
             LOCK TABLE {} IN ACCESS EXCLUSIVE MODE;
             DELETE FROM runs WHERE last_day <= {day};
             UPDATE runs r SET {}, first_day = f.day, first_time_us = f.record_time_us
             FROM (SELECT DISTINCT ON (run_id) * FROM run_commits WHERE day = {day}
                   ORDER BY run_id, last_sequence DESC) t,
                LATERAL (SELECT c.day, c.record_time_us FROM run_commits n JOIN commits c
                         ON c.day = n.day AND c.last_sequence = n.last_sequence
                         WHERE n.run_id = t.run_id AND n.day > {day}
                         ORDER BY n.last_sequence LIMIT 1) f
             WHERE r.run_id = t.run_id;
             UPDATE head h SET {}
             FROM (SELECT * FROM commits WHERE day = {day} ORDER BY last_sequence DESC LIMIT 1) t;
             DELETE FROM days WHERE day = {day};
             {};
             COMMIT",
            TABLES.map(|table| format!("ONLY {table}")).join(", "),
            dropped(),
            dropped(),
            drops(&name),
        ))
        .await?;
    tracing::info!(day = %date(day), plans, "a day is beyond the retention, dropped");
    Ok(())
}

fn drops(name: &str) -> String {
    TABLES.map(|table| format!("DROP TABLE {table}_{name}")).join("; ")
}

/// The assignments that make totals of a row `t` those of what was dropped.
fn dropped() -> String {
    super::TOTALS.map(|name| format!("dropped_{name} = t.{name}")).join(", ")
}

/// The days with plans of these sequences and in these days, the first one first.
pub(super) async fn with(
    client: &Client,
    sequences: &Range<u64>,
    days: &Range<i32>,
) -> Result<Vec<Day>, Trouble> {
    let clamped = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let rows = client
        .query_typed(
            "SELECT day, first_sequence FROM (
                SELECT day, first_sequence, lead(first_sequence) OVER (ORDER BY day) AS next FROM days) d
             WHERE first_sequence < $2 AND (next IS NULL OR next > $1) AND day >= $3 AND day < $4
             ORDER BY day",
            &[
                (&clamped(sequences.start), Type::INT8),
                (&clamped(sequences.end), Type::INT8),
                (&days.start, Type::INT4),
                (&days.end, Type::INT4),
            ],
        )
        .await?;
    let day = |row: &tokio_postgres::Row| {
        Ok(Day { number: row.try_get(0)?, first: unsigned(row.try_get(1)?)? })
    };
    rows.iter().map(day).collect()
}

/// The first sequence recorded from this moment on; `u64::MAX` where there is none yet.
pub(super) async fn first_from(client: &Client, moment: Timestamp) -> Result<u64, Trouble> {
    let day = day_of(moment);
    let within = client
        .query_typed_opt(
            "SELECT first_sequence FROM commits WHERE day = $1 AND record_time_us >= $2
             ORDER BY record_time_us, last_sequence LIMIT 1",
            &[(&day, Type::INT4), (&moment.as_microsecond(), Type::INT8)],
        )
        .await?;
    let found = match within {
        Some(row) => Some(row),
        None => {
            client
                .query_typed_opt(
                    "SELECT first_sequence FROM days WHERE day > $1 ORDER BY day LIMIT 1",
                    &[(&day, Type::INT4)],
                )
                .await?
        }
    };
    found.map_or(Ok(u64::MAX), |row| unsigned(row.try_get(0)?))
}

/// What the partitions of a day are named after: `20261120`.
fn suffix(day: i32) -> String {
    date(day).strftime("%Y%m%d").to_string()
}

fn date(day: i32) -> Date {
    let epoch = Date::constant(1970, 1, 1);
    epoch.checked_add(day.days()).unwrap_or(if day < 0 { Date::MIN } else { Date::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_have_the_name_of_their_date() {
        let noon: Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
        assert_eq!(suffix(day_of(noon)), "20261120");
        assert_eq!(suffix(0), "19700101");
    }
}

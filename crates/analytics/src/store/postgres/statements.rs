//! What a group is written by.

use super::{CHANNEL, TOTALS};

/// The first lane that no other connection has; the number of the last where all are taken, which is
/// slow and still right.
pub(super) const LANE: &str = "
    SELECT coalesce((SELECT lane::smallint FROM generate_series(0, 1023) lane
        WHERE pg_try_advisory_lock($1, lane) LIMIT 1), 1024::smallint)";

pub(super) const PROBE: &str = "UPDATE probes SET count = count + 1";

pub(super) const HEAD: &str = "SELECT record_time_us, nextval('group_ids') FROM head";

/// Which of these batches there are, and where.
pub(super) const KNOWN: &str =
    "SELECT day, group_id, nth FROM batches WHERE batch_id = ANY ($1::uuid[])";

/// What is there, of one day.
pub(super) const PLACED: &str = "
    SELECT p.batch_id, p.digest, p.group_id, c.sequence, c.record_time_us
    FROM unnest($2, $3) AS wanted (group_id, nth)
    JOIN plans p ON p.day = $1 AND p.group_id = wanted.group_id AND p.nth = wanted.nth
    JOIN groups g ON g.group_id = p.group_id
    CROSS JOIN LATERAL (SELECT g.first_sequence + p.nth AS sequence, record_time_us FROM commits
        WHERE day = $1 AND last_sequence >= g.first_sequence ORDER BY last_sequence LIMIT 1) c";

pub(super) const COMMIT_TIME: &str =
    "UPDATE commits SET commit_ns = $3 WHERE day = $1 AND last_sequence = $2";

pub(super) const BATCHES: &str = "
    INSERT INTO batches (day, group_id, nth, batch_id)
    SELECT $1::integer, $2::bigint, nth, batch_id FROM unnest($3::integer[], $4::uuid[]) AS new (nth, batch_id)";

pub(super) const PLANS: &str = "
    INSERT INTO plans (day, group_id, nth, batch_id, run_id, shipments, drivers, assigned,
        total_quarters, greedy_quarters, queue_ns, score_ns, solve_ns, certify_ns, trace_id, digest,
        street_name, attempt)
    SELECT $1::integer, $2::bigint, number - 1, batch_id, run_id, shipments, drivers, assigned, total_quarters,
        greedy_quarters, queue_ns, score_ns, solve_ns, certify_ns, trace_id, digest, street_name, attempt
    FROM unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
        $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bytea[],
        $15::bytea[], $16::integer[], $17::bigint[])
        WITH ORDINALITY AS new (batch_id, run_id, shipments, drivers, assigned, total_quarters,
            greedy_quarters, queue_ns, score_ns, solve_ns, certify_ns, trace_id, digest, street_name,
            attempt, number)";

pub(super) const PARTS: &str = "
    INSERT INTO parts (day, group_id, nth, part, body)
    SELECT $1::integer, $2::bigint, nth, part, body
    FROM unnest($3::integer[], $4::integer[], $5::bytea[]) AS new (nth, part, body)";

pub(super) const TALLIES: &str = "
    INSERT INTO tallies AS t (day, last_group_id, lane, run_id, by_id, key, long_key, name, key_lower,
        name_lower, assigned, unassigned, total_quarters, last_nth)
    SELECT $1::integer, $2::bigint, $3::smallint, new.*
    FROM unnest($4::uuid[], $5::boolean[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
        $11::bigint[], $12::bigint[], $13::bigint[], $14::integer[]) AS new
    ON CONFLICT (day, run_id, by_id, key, lane) DO UPDATE SET
        name = excluded.name,
        name_lower = excluded.name_lower,
        assigned = t.assigned + excluded.assigned,
        unassigned = t.unassigned + excluded.unassigned,
        total_quarters = t.total_quarters + excluded.total_quarters,
        last_group_id = excluded.last_group_id,
        last_nth = excluded.last_nth";

/// The last statement of a group: it waits for the end of the order of commits, and everything else in it
/// goes by that row as it is then. Rows of other tables are only added to or inserted, never read: what
/// this statement would read of them is from before it waited. Everyone who watches hears of it with the
/// commit.
pub(super) fn finish() -> String {
    let totals = TOTALS.join(", ");
    let of = |row: &str| TOTALS.map(|name| format!("{row}.{name}")).join(", ");
    let add = |to: &str, more: [&str; 6]| {
        let added =
            TOTALS.iter().zip(more).map(|(name, more)| format!("{name} = {to}.{name} + {more}"));
        added.collect::<Vec<_>>().join(", ")
    };
    let excluded = TOTALS.map(|name| format!("excluded.{name}"));
    format!(
        "WITH h AS (
            UPDATE head SET last_sequence = head.last_sequence + $4::bigint,
                record_time_us = greatest(head.record_time_us, $3::bigint), {}
            RETURNING *, last_sequence - $4::bigint + 1 AS first_sequence),
        g AS (INSERT INTO groups (group_id, first_sequence) SELECT $2::bigint, first_sequence FROM h),
        d AS (INSERT INTO days (day, first_sequence, first_time_us)
            SELECT $1::integer, first_sequence, record_time_us FROM h ON CONFLICT (day) DO NOTHING),
        c AS (INSERT INTO commits (day, last_sequence, first_sequence, group_id, record_time_us, {totals})
            SELECT $1::integer, last_sequence, first_sequence, $2::bigint, record_time_us, {totals} FROM h),
        r AS (INSERT INTO runs (run_id, first_time_us, first_day, last_day, {totals})
            SELECT new.run_id, h.record_time_us, $1::integer, $1::integer, {} FROM h,
                unnest($10::uuid[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
                    $15::bigint[], $16::bigint[]) AS new (run_id, {totals})
            ON CONFLICT (run_id) DO UPDATE SET last_day = excluded.last_day, {}
            RETURNING *),
        rc AS (INSERT INTO run_commits (day, run_id, last_sequence, {totals})
            SELECT $1::integer, r.run_id, h.last_sequence, {} FROM h, r)
        SELECT last_sequence, record_time_us, pg_notify('{CHANNEL}', last_sequence::text) FROM h",
        add("head", ["$4::bigint", "$5::bigint", "$6::bigint", "$7::bigint", "$8::bigint", "$9::bigint"]),
        of("new"),
        add("runs", excluded.each_ref().map(String::as_str)),
        of("r"),
    )
}

//! One transaction for a group of plans and everything derived from them.
//!
//! The rows of the group go in first, next to those of other replicas; last of all it locks the end of
//! the order of commits, takes its sequences, and commits. So sequences have no gaps and no order but that
//! of commits, and the lock is held for one statement and the commit. A group costs two round trips: one
//! to ask what is known, and one for all that is written, which is on its way before the first answer.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::future::{join, join3, join4};
use jiff::Timestamp;
use proto::BatchId;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::database::Database;
use super::group::{Place, PlanColumns, RunColumns, Statements, Sums, Tallies, places, sums};
use super::statements::{
    BATCHES, COMMIT_TIME, HEAD, KNOWN, LANE, PARTS, PLACED, PLANS, PROBE, TALLIES, finish,
};
use super::trouble::{Trouble, instant, nanos, unsigned};
use super::{ADVISORY, days};
use crate::store::{NewPlan, Outcome, day_of};

/// A connection that writes, with its statements and its lane.
pub(super) struct Writer {
    client: Client,
    known: Statement,
    commit_time: Statement,
    batches: Statement,
    plans: Statement,
    parts: Statement,
    tallies: Statement,
    finish: Statement,
    /// Of the tallies: this replica's alone, by an advisory lock that goes with the connection.
    lane: i16,
    /// The day whose partitions are known to be there.
    made: Option<i32>,
}

/// A group that was committed.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewestCommit {
    pub(super) day: i32,
    pub(super) first_sequence: u64,
    pub(super) last_sequence: u64,
    pub(super) took: Duration,
}

pub(super) struct Done {
    pub(super) outcomes: Vec<Outcome>,
    /// The group that is new on disk; `None` when it had nothing new.
    pub(super) commit: Option<NewestCommit>,
}

/// A batch that the store has.
struct Known {
    digest: Vec<u8>,
    group_id: i64,
    sequence: u64,
    record_time: Timestamp,
}

impl Known {
    fn outcome(&self, plan: &NewPlan, ours: &[i64]) -> Outcome {
        let (sequence, record_time) = (self.sequence, self.record_time);
        if self.digest != plan.facts.digest {
            Outcome::Conflict { sequence }
        } else if ours.contains(&self.group_id) {
            Outcome::Recorded { sequence, record_time }
        } else {
            Outcome::Duplicate { sequence, record_time }
        }
    }
}

impl Writer {
    pub(super) async fn connect(database: &Database) -> Result<Writer, Trouble> {
        let client = database.connect().await?;
        let lane = client.query_typed_one(LANE, &[(&ADVISORY, Type::INT4)]).await?.try_get(0)?;
        Ok(Writer {
            known: client.prepare(KNOWN).await?,
            commit_time: client.prepare(COMMIT_TIME).await?,
            batches: client.prepare(BATCHES).await?,
            plans: client.prepare(PLANS).await?,
            parts: client.prepare(PARTS).await?,
            tallies: client.prepare(TALLIES).await?,
            finish: client.prepare(&finish()).await?,
            client,
            lane,
            made: None,
        })
    }

    /// Finds out whether the store can be written.
    pub(super) async fn probe(&self) -> Result<(), Trouble> {
        self.client.batch_execute(PROBE).await?;
        Ok(())
    }

    /// Writes how long the commit of a group took, which is known only after it.
    pub(super) async fn keep_commit_time(
        &self,
        newest: Option<NewestCommit>,
    ) -> Result<(), Trouble> {
        let Some(newest) = newest else { return Ok(()) };
        let (last, took) = (newest.last_sequence as i64, nanos(newest.took));
        self.client.execute(&self.commit_time, &[&newest.day, &last, &took]).await?;
        Ok(())
    }

    /// The day may be gone, or another than it was thought to be.
    pub(super) fn forget_day(&mut self) {
        self.made = None;
    }

    /// Commits the group. `ours` are the ids under which it was tried before, to which this try is added:
    /// a plan that one of them recorded is not a duplicate, though its commit was not heard of.
    ///
    /// The connection is not to be used again after an error, but after one that [`Trouble::violated`]
    /// knows: then nothing is left of the transaction.
    pub(super) async fn record(
        &mut self,
        now: Timestamp,
        group: &[NewPlan],
        before: Option<NewestCommit>,
        ours: &mut Vec<i64>,
    ) -> Result<Done, Trouble> {
        let ids: Vec<Uuid> = group.iter().map(|plan| uuid(plan.facts.batch_id)).collect();
        let (begun, head, known) = join3(
            // Waited for before anything is written: what follows must not be a transaction each.
            self.client.batch_execute("BEGIN"),
            self.client.query_typed_one(HEAD, &[]),
            self.client.query(&self.known, &[&ids as &(dyn ToSql + Sync)]),
        )
        .await;
        begun?;
        let head = head?;
        let (newest, group_id) = (instant(head.try_get(0)?)?, head.try_get(1)?);
        let known = self.known(&known?).await?;
        let index = known.iter().enumerate().map(|(i, (id, _))| (*id, i)).collect();
        let (places, new) = places(group, &index);
        let new: Vec<&NewPlan> = new.into_iter().map(|i| &group[i]).collect();
        let (mut first, mut record_time, mut commit) = (0, now, None);
        if new.is_empty() {
            self.client.batch_execute("COMMIT").await?;
        } else {
            // The store's order of time holds even where this machine's clock is behind another's.
            let day = day_of(now.max(newest));
            self.make(day).await?;
            ours.push(group_id);
            let columns = Columns::of(&new, day, group_id, now)?;
            let done;
            (done, record_time) = self.commit(&columns, before).await?;
            first = done.first_sequence;
            commit = Some(done);
        }
        let outcome = |(plan, place): (&NewPlan, Place)| match place {
            Place::Known(i) => known[i].1.outcome(plan, ours),
            Place::New { nth } => Outcome::Recorded { sequence: first + nth, record_time },
            Place::Again { nth, same: true } => {
                Outcome::Duplicate { sequence: first + nth, record_time }
            }
            Place::Again { nth, same: false } => Outcome::Conflict { sequence: first + nth },
        };
        let outcomes = group.iter().zip(places).map(outcome).collect();
        Ok(Done { outcomes, commit })
    }

    /// What the store has of these batches, by the places of their rows.
    async fn known(&self, rows: &[Row]) -> Result<Vec<(BatchId, Known)>, Trouble> {
        let mut of_day: HashMap<i32, (Vec<i64>, Vec<i32>)> = HashMap::new();
        for row in rows {
            let (groups, nths) = of_day.entry(row.try_get(0)?).or_default();
            groups.push(row.try_get(1)?);
            nths.push(row.try_get(2)?);
        }
        let mut known = Vec::with_capacity(rows.len());
        for (day, (groups, nths)) in of_day {
            let places: &[(&(dyn ToSql + Sync), Type)] =
                &[(&day, Type::INT4), (&groups, Type::INT8_ARRAY), (&nths, Type::INT4_ARRAY)];
            for row in self.client.query_typed(PLACED, places).await? {
                let id = BatchId::from_bytes(row.try_get::<_, Uuid>(0)?.into_bytes());
                let stored = Known {
                    digest: row.try_get(1)?,
                    group_id: row.try_get(2)?,
                    sequence: unsigned(row.try_get(3)?)?,
                    record_time: instant(row.try_get(4)?)?,
                };
                known.push((id, stored));
            }
        }
        Ok(known)
    }

    /// Makes the partitions of a day, unless it is known that they are there: in a transaction of its
    /// own, between the one that has only read and the one that writes.
    async fn make(&mut self, day: i32) -> Result<(), Trouble> {
        if self.made != Some(day) {
            self.client.batch_execute("COMMIT").await?;
            days::make(&self.client, day).await?;
            self.client.batch_execute("BEGIN").await?;
            self.made = Some(day);
        }
        Ok(())
    }

    async fn commit(
        &self,
        columns: &Columns<'_>,
        before: Option<NewestCommit>,
    ) -> Result<(NewestCommit, Timestamp), Trouble> {
        let started = Instant::now();
        // Tables are locked in the order in which a day is dropped.
        let rows = async {
            let (batches, plans, parts, tallies) = join4(
                self.insert_batches(columns),
                self.insert_plans(columns),
                self.insert_parts(columns),
                self.insert_tallies(columns),
            )
            .await;
            batches.and(plans).and(parts).and(tallies)
        };
        let end = async {
            let (commit_time, finished, committed) = join3(
                self.keep_commit_time(before),
                self.finish(columns),
                self.client.batch_execute("COMMIT"),
            )
            .await;
            commit_time?;
            let row = finished?;
            committed?;
            Ok::<_, Trouble>((unsigned(row.try_get(0)?)?, instant(row.try_get(1)?)?))
        };
        let (last_sequence, record_time) = if columns.parts.one_statement() {
            // A statement that fails makes a rollback of the commit behind it.
            let (rows, end) = join(rows, end).await;
            rows?;
            end?
        } else {
            if let Err(trouble) = rows.await {
                self.client.batch_execute("ROLLBACK").await?;
                return Err(trouble);
            }
            end.await?
        };
        let commit = NewestCommit {
            day: columns.day,
            first_sequence: last_sequence + 1 - columns.plans.len() as u64,
            last_sequence,
            took: started.elapsed(),
        };
        Ok((commit, record_time))
    }

    async fn insert_batches(&self, columns: &Columns<'_>) -> Result<(), Trouble> {
        let Columns { day, group_id, batches, .. } = columns;
        self.client.execute(&self.batches, &[day, group_id, &batches.0, &batches.1]).await?;
        Ok(())
    }

    async fn insert_plans(&self, columns: &Columns<'_>) -> Result<(), Trouble> {
        let PlanColumns { batch_id, run_id, counts, times, trace_id, digest, street_name, attempt } =
            &columns.plans;
        let [shipments, drivers, assigned, total, greedy] = counts;
        let [queue, score, solve, certify] = times;
        self.client
            .execute(
                &self.plans,
                &[
                    &columns.day,
                    &columns.group_id,
                    batch_id,
                    run_id,
                    shipments,
                    drivers,
                    assigned,
                    total,
                    greedy,
                    queue,
                    score,
                    solve,
                    certify,
                    trace_id,
                    digest,
                    street_name,
                    attempt,
                ],
            )
            .await?;
        Ok(())
    }

    async fn insert_tallies(&self, columns: &Columns<'_>) -> Result<(), Trouble> {
        let of = &columns.tallies;
        self.client
            .execute(
                &self.tallies,
                &[
                    &columns.day,
                    &columns.group_id,
                    &self.lane,
                    &of.run_id,
                    &of.by_id,
                    &of.key,
                    &of.long_key,
                    &of.name,
                    &of.key_lower,
                    &of.name_lower,
                    &of.assigned,
                    &of.unassigned,
                    &of.total_quarters,
                    &of.last_nth,
                ],
            )
            .await?;
        Ok(())
    }

    async fn insert_parts(&self, columns: &Columns<'_>) -> Result<(), Trouble> {
        for rows in columns.parts.statements() {
            let (nth, part, body) = (&rows.nth, &rows.part, &rows.body);
            self.client
                .execute(&self.parts, &[&columns.day, &columns.group_id, nth, part, body])
                .await?;
        }
        Ok(())
    }

    /// Takes the sequences of the group, and writes what goes by them. Here it waits for its turn.
    async fn finish(&self, columns: &Columns<'_>) -> Result<Row, Trouble> {
        let now = columns.now.as_microsecond();
        let [plans, shipments, drivers, assigned, total, greedy] = &columns.sums.0;
        let RunColumns { run_id, sums: of_run } = &columns.runs;
        let [run_plans, run_shipments, run_drivers, run_assigned, run_total, run_greedy] = of_run;
        let row = self
            .client
            .query_one(
                &self.finish,
                &[
                    &columns.day,
                    &columns.group_id,
                    &now,
                    plans,
                    shipments,
                    drivers,
                    assigned,
                    total,
                    greedy,
                    run_id,
                    run_plans,
                    run_shipments,
                    run_drivers,
                    run_assigned,
                    run_total,
                    run_greedy,
                ],
            )
            .await?;
        Ok(row)
    }
}

/// All that a group writes.
struct Columns<'a> {
    day: i32,
    group_id: i64,
    now: Timestamp,
    /// Numbers and ids in the order of the ids: replicas that have batches in common then wait for each
    /// other in one direction only.
    batches: (Vec<i32>, Vec<Uuid>),
    plans: PlanColumns<'a>,
    parts: Statements<'a>,
    tallies: Tallies,
    sums: Sums,
    runs: RunColumns,
}

impl<'a> Columns<'a> {
    fn of(
        new: &'a [&'a NewPlan],
        day: i32,
        group_id: i64,
        now: Timestamp,
    ) -> Result<Columns<'a>, Trouble> {
        let mut batches: Vec<(Uuid, i32)> = new
            .iter()
            .enumerate()
            .map(|(nth, plan)| (uuid(plan.facts.batch_id), nth as i32))
            .collect();
        batches.sort_unstable();
        let (ids, nths) = batches.into_iter().unzip();
        let (sums, runs) = sums(new)?;
        Ok(Columns {
            day,
            group_id,
            now,
            batches: (nths, ids),
            plans: PlanColumns::of(new)?,
            parts: Statements::of(new),
            tallies: Tallies::of(new)?,
            sums,
            runs: runs.into(),
        })
    }
}

fn uuid(id: BatchId) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}

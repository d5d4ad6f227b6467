//! One transaction for a group of plans and everything derived from them.

use std::collections::BTreeMap;
use std::collections::hash_map::{Entry, HashMap};
use std::time::Instant;

use jiff::Timestamp;
use proto::RunId;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::NewestCommit;
use super::read::{instant, nanos, place, signed, unsigned};
use crate::store::{DriverKey, DriverShare, NewPlan, Outcome, PlanFacts, day_of};

pub(super) struct Done {
    pub(super) outcomes: Vec<Outcome>,
    /// The group that is new on disk; `None` when it had nothing new.
    pub(super) commit: Option<NewestCommit>,
}

/// Commits the group. On an error the transaction is rolled back when it is dropped, and the caller
/// drops the connection.
pub(super) fn record(
    connection: &mut Connection,
    now: Timestamp,
    group: Vec<NewPlan>,
    before: Option<NewestCommit>,
) -> rusqlite::Result<Done> {
    let started = Instant::now();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if group.is_empty() {
        transaction.execute("UPDATE probes SET count = count + 1", [])?;
        transaction.commit()?;
        return Ok(Done { outcomes: Vec::new(), commit: None });
    }
    keep_commit_time(&transaction, before)?;
    let mut writing = Writing::begin(&transaction, now)?;
    let outcomes =
        group.into_iter().map(|plan| writing.plan(plan)).collect::<rusqlite::Result<Vec<_>>>()?;
    let commit = writing.finish()?;
    transaction.commit()?;
    let commit = commit.map(|(first_sequence, last_sequence)| NewestCommit {
        first_sequence,
        last_sequence,
        took: started.elapsed(),
    });
    Ok(Done { outcomes, commit })
}

/// Writes how long the commit of a group took, which is known only after it.
pub(super) fn keep_commit_time(
    connection: &Connection,
    newest: Option<NewestCommit>,
) -> rusqlite::Result<()> {
    let Some(newest) = newest else { return Ok(()) };
    connection
        .prepare_cached("UPDATE commits SET commit_ns = ?2 WHERE last_sequence = ?1")?
        .execute(params![signed(newest.last_sequence)?, nanos(newest.took)])?;
    Ok(())
}

/// Running totals, as `commits` and `run_commits` hold them.
#[derive(Clone, Copy, Default)]
struct Running {
    plans: u64,
    shipments: u64,
    drivers: u64,
    assigned: u64,
    total_quarters: u64,
    greedy_quarters: u64,
}

impl Running {
    fn add(&mut self, facts: &PlanFacts) {
        self.plans += 1;
        self.shipments += u64::from(facts.shipments);
        self.drivers += u64::from(facts.drivers);
        self.assigned += u64::from(facts.assigned);
        self.total_quarters += facts.total_quarters;
        self.greedy_quarters += facts.greedy_quarters;
    }

    /// Reads the six columns that begin at `at`.
    fn of(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Running> {
        let number = |i| row.get(at + i).and_then(unsigned);
        Ok(Running {
            plans: number(0)?,
            shipments: number(1)?,
            drivers: number(2)?,
            assigned: number(3)?,
            total_quarters: number(4)?,
            greedy_quarters: number(5)?,
        })
    }
}

/// What the plans of a group add to one driver's tally.
struct Tally {
    name: Option<String>,
    assigned: u64,
    unassigned: u64,
    quarters: u64,
    last_sequence: u64,
}

struct Writing<'a> {
    transaction: &'a Transaction<'a>,
    record_time: Timestamp,
    first: u64,
    next: u64,
    all: Running,
    /// Running totals of the runs in this group, and the time of each run's first plan.
    runs: BTreeMap<RunId, (Timestamp, Running)>,
    tallies: HashMap<Option<RunId>, Tallies>,
}

/// Drivers of a group, 32 times as often asked for as there are plans: so not by the hash that withstands
/// keys made to collide, but by one that is seeded and quick.
type Tallies = HashMap<DriverKey, Tally, foldhash::fast::RandomState>;

impl<'a> Writing<'a> {
    fn begin(transaction: &'a Transaction<'a>, now: Timestamp) -> rusqlite::Result<Self> {
        let last = transaction
            .prepare_cached(
                "SELECT last_sequence, record_time_us, plans, shipments, drivers, assigned,
                        total_quarters, greedy_quarters
                 FROM commits ORDER BY last_sequence DESC LIMIT 1",
            )?
            .query_row([], |row| {
                let last = row.get(0).and_then(unsigned)?;
                Ok((last, row.get(1).and_then(instant)?, Running::of(row, 2)?))
            })
            .optional()?;
        let (last, time, all) = last.unwrap_or((0, Timestamp::MIN, Running::default()));
        Ok(Writing {
            transaction,
            // The store's order of time holds even where the machine's clock is set back.
            record_time: now.max(time),
            first: last + 1,
            next: last + 1,
            all,
            runs: BTreeMap::new(),
            tallies: HashMap::new(),
        })
    }

    fn plan(&mut self, plan: NewPlan) -> rusqlite::Result<Outcome> {
        let sequence = self.next;
        if !self.insert(sequence, &plan.facts)? {
            return self.earlier(&plan.facts);
        }
        self.next += 1;
        let mut insert =
            self.transaction.prepare_cached("INSERT INTO parts (place, body) VALUES (?1, ?2)")?;
        for (part, body) in plan.parts.iter().enumerate() {
            insert.execute(params![place(sequence, part)?, &body[..]])?;
        }
        self.all.add(&plan.facts);
        if let Some(run) = plan.facts.run_id {
            self.run(run)?.add(&plan.facts);
        }
        let tallies = self.tallies.entry(plan.facts.run_id).or_default();
        for share in plan.shares {
            add(tallies, share, sequence);
        }
        Ok(Outcome::Recorded { sequence, record_time: self.record_time })
    }

    /// Whether the plan is new.
    fn insert(&self, sequence: u64, facts: &PlanFacts) -> rusqlite::Result<bool> {
        let new = self
            .transaction
            .prepare_cached(
                "INSERT INTO plans (sequence, batch_id, run_id, record_time_us, shipments, drivers,
                    assigned, total_quarters, greedy_quarters, queue_ns, score_ns, solve_ns,
                    certify_ns, trace_id, digest, street_name, attempt)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
                 ON CONFLICT (batch_id) DO NOTHING",
            )?
            .execute(params![
                signed(sequence)?,
                facts.batch_id.as_bytes(),
                facts.run_id.as_ref().map(RunId::as_bytes),
                self.record_time.as_microsecond(),
                facts.shipments,
                facts.drivers,
                facts.assigned,
                signed(facts.total_quarters)?,
                signed(facts.greedy_quarters)?,
                nanos(facts.steps.queue),
                nanos(facts.steps.score),
                nanos(facts.steps.solve),
                nanos(facts.steps.certify),
                facts.trace_id,
                facts.digest,
                facts.street_name,
                facts.attempt,
            ])?;
        Ok(new == 1)
    }

    /// What the store has under this batch id already; perhaps from earlier in the same group.
    fn earlier(&self, facts: &PlanFacts) -> rusqlite::Result<Outcome> {
        self.transaction
            .prepare_cached(
                "SELECT sequence, record_time_us, digest FROM plans WHERE batch_id = ?1",
            )?
            .query_row([facts.batch_id.as_bytes()], |row| {
                let sequence = row.get(0).and_then(unsigned)?;
                let record_time = row.get(1).and_then(instant)?;
                let digest: [u8; 32] = row.get(2)?;
                Ok(if digest == facts.digest {
                    Outcome::Duplicate { sequence, record_time }
                } else {
                    Outcome::Conflict { sequence }
                })
            })
    }

    /// Running totals of a run up to here.
    fn run(&mut self, run: RunId) -> rusqlite::Result<&mut Running> {
        use std::collections::btree_map::Entry;
        let (_, running) = match self.runs.entry(run) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let before = self
                    .transaction
                    .prepare_cached(
                        "SELECT first_time_us, plans, shipments, drivers, assigned, total_quarters,
                                greedy_quarters
                         FROM run_commits WHERE run_id = ?1 ORDER BY last_sequence DESC LIMIT 1",
                    )?
                    .query_row([run.as_bytes()], |row| {
                        Ok((row.get(0).and_then(instant)?, Running::of(row, 1)?))
                    })
                    .optional()?;
                unknown.insert(before.unwrap_or((self.record_time, Running::default())))
            }
        };
        Ok(running)
    }

    /// Writes what was folded over the group. First and last sequence, if it had anything new.
    fn finish(self) -> rusqlite::Result<Option<(u64, u64)>> {
        if self.next == self.first {
            return Ok(None);
        }
        let last = self.next - 1;
        self.transaction
            .prepare_cached(
                "INSERT INTO commits (last_sequence, first_sequence, record_time_us, plans,
                    shipments, drivers, assigned, total_quarters, greedy_quarters)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                signed(last)?,
                signed(self.first)?,
                self.record_time.as_microsecond(),
                signed(self.all.plans)?,
                signed(self.all.shipments)?,
                signed(self.all.drivers)?,
                signed(self.all.assigned)?,
                signed(self.all.total_quarters)?,
                signed(self.all.greedy_quarters)?,
            ])?;
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO run_commits (run_id, last_sequence, first_time_us, plans, shipments,
                drivers, assigned, total_quarters, greedy_quarters)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for (run, (first_time, running)) in &self.runs {
            insert.execute(params![
                run.as_bytes(),
                signed(last)?,
                first_time.as_microsecond(),
                signed(running.plans)?,
                signed(running.shipments)?,
                signed(running.drivers)?,
                signed(running.assigned)?,
                signed(running.total_quarters)?,
                signed(running.greedy_quarters)?,
            ])?;
        }
        self.tallies()?;
        Ok(Some((self.first, last)))
    }

    fn tallies(&self) -> rusqlite::Result<()> {
        let mut upsert = self.transaction.prepare_cached(
            "INSERT INTO tallies (day, run_id, by_id, driver, name, assigned, unassigned,
                total_quarters, last_sequence)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (day, run_id, by_id, driver) DO UPDATE SET
                name = excluded.name,
                assigned = assigned + excluded.assigned,
                unassigned = unassigned + excluded.unassigned,
                total_quarters = total_quarters + excluded.total_quarters,
                last_sequence = excluded.last_sequence",
        )?;
        let day = day_of(self.record_time);
        // In the order of the key: neighbours share a page, and replicas on one store would lock in
        // the same order.
        let mut runs: Vec<_> = self.tallies.iter().collect();
        runs.sort_unstable_by_key(|(run, _)| **run);
        for (run, tallies) in runs {
            let run: &[u8] = run.as_ref().map_or(&[], |run| run.as_bytes());
            let mut drivers: Vec<_> = tallies.iter().collect();
            drivers.sort_unstable_by_key(|(key, _)| *key);
            for (key, tally) in drivers {
                upsert.execute(params![
                    day,
                    run,
                    key.by_id,
                    key.text,
                    tally.name,
                    signed(tally.assigned)?,
                    signed(tally.unassigned)?,
                    signed(tally.quarters)?,
                    signed(tally.last_sequence)?,
                ])?;
            }
        }
        Ok(())
    }
}

fn add(tallies: &mut Tallies, share: DriverShare, sequence: u64) {
    let DriverShare { key, name, quarters } = share;
    let tally = match tallies.entry(key) {
        Entry::Occupied(known) => {
            let tally = known.into_mut();
            tally.name = name;
            tally
        }
        Entry::Vacant(new) => new.insert(Tally {
            name,
            assigned: 0,
            unassigned: 0,
            quarters: 0,
            last_sequence: sequence,
        }),
    };
    tally.last_sequence = sequence;
    match quarters {
        Some(quarters) => {
            tally.assigned += 1;
            tally.quarters += quarters;
        }
        None => tally.unassigned += 1,
    }
}

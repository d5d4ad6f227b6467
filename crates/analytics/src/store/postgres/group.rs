//! A group of plans as the columns that are written, computed without the database.

use std::collections::BTreeMap;
use std::collections::hash_map::{self, HashMap};
use std::time::Duration;

use proto::{BatchId, RunId};
use uuid::Uuid;

use super::trouble::{Trouble, nanos, signed};
use crate::store::{DriverKey, DriverShare, NewPlan, PlanFacts, Steps};

/// Bytes of a key that an index takes as it is: an entry of PostgreSQL's holds at most 2,704.
const KEY_BYTES: usize = 1024;

/// What becomes of a plan of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is new, and has this number among the new ones.
    New { nth: u64 },
    /// The batch came earlier in the same group; whether with the same content.
    Again { nth: u64, same: bool },
    /// The store has the batch already: the number of the answer.
    Known(usize),
}

/// The places of all plans of a group, and the new ones among them by their index, in order.
pub(super) fn places(
    group: &[NewPlan],
    known: &HashMap<BatchId, usize>,
) -> (Vec<Place>, Vec<usize>) {
    let mut new: Vec<usize> = Vec::new();
    let mut first: HashMap<BatchId, usize> = HashMap::new();
    let places = group.iter().enumerate().map(|(i, plan)| {
        let facts = &plan.facts;
        if let Some(answer) = known.get(&facts.batch_id) {
            return Place::Known(*answer);
        }
        match first.entry(facts.batch_id) {
            hash_map::Entry::Occupied(nth) => {
                let same = group[new[*nth.get()]].facts.digest == facts.digest;
                Place::Again { nth: *nth.get() as u64, same }
            }
            hash_map::Entry::Vacant(vacant) => {
                let nth = new.len();
                vacant.insert(nth);
                new.push(i);
                Place::New { nth: nth as u64 }
            }
        }
    });
    (places.collect(), new)
}

/// Sums over plans, in the order of [`TOTALS`](super::TOTALS).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums(pub(super) [i64; 6]);

impl Sums {
    fn add(&mut self, facts: &PlanFacts) -> Result<(), Trouble> {
        let more = [
            1,
            facts.shipments.into(),
            facts.drivers.into(),
            facts.assigned.into(),
            signed(facts.total_quarters)?,
            signed(facts.greedy_quarters)?,
        ];
        for (sum, more) in self.0.iter_mut().zip(more) {
            *sum = sum.checked_add(more).ok_or(Trouble::Number)?;
        }
        Ok(())
    }
}

/// The sums of a group and of each of its runs.
pub(super) fn sums(plans: &[&NewPlan]) -> Result<(Sums, BTreeMap<RunId, Sums>), Trouble> {
    let mut all = Sums::default();
    let mut runs: BTreeMap<RunId, Sums> = BTreeMap::new();
    for plan in plans {
        all.add(&plan.facts)?;
        if let Some(run) = plan.facts.run_id {
            runs.entry(run).or_default().add(&plan.facts)?;
        }
    }
    Ok((all, runs))
}

/// Plans without their rows, as columns of `plans`.
pub(super) struct PlanColumns<'a> {
    pub(super) batch_id: Vec<Uuid>,
    pub(super) run_id: Vec<Option<Uuid>>,
    /// Shipments, drivers, assigned, and both totals.
    pub(super) counts: [Vec<i64>; 5],
    /// Queue, score, solve, certify, in nanoseconds.
    pub(super) times: [Vec<i64>; 4],
    pub(super) trace_id: Vec<Option<&'a [u8]>>,
    pub(super) digest: Vec<&'a [u8]>,
    pub(super) street_name: Vec<i32>,
    pub(super) attempt: Vec<i64>,
}

impl<'a> PlanColumns<'a> {
    pub(super) fn of(plans: &[&'a NewPlan]) -> Result<PlanColumns<'a>, Trouble> {
        let facts = || plans.iter().map(|plan| &plan.facts);
        let count = |of: fn(&PlanFacts) -> u32| facts().map(|facts| of(facts).into()).collect();
        let quarters = |of: fn(&PlanFacts) -> u64| {
            facts().map(|facts| signed(of(facts))).collect::<Result<_, Trouble>>()
        };
        let time =
            |of: fn(&Steps) -> Duration| facts().map(|facts| nanos(of(&facts.steps))).collect();
        let uuid = |bytes: &[u8; 16]| Uuid::from_bytes(*bytes);
        Ok(PlanColumns {
            batch_id: facts().map(|facts| uuid(facts.batch_id.as_bytes())).collect(),
            run_id: facts().map(|facts| facts.run_id.map(|run| uuid(run.as_bytes()))).collect(),
            counts: [
                count(|facts| facts.shipments),
                count(|facts| facts.drivers),
                count(|facts| facts.assigned),
                quarters(|facts| facts.total_quarters)?,
                quarters(|facts| facts.greedy_quarters)?,
            ],
            times: [
                time(|steps| steps.queue),
                time(|steps| steps.score),
                time(|steps| steps.solve),
                time(|steps| steps.certify),
            ],
            trace_id: facts().map(|facts| facts.trace_id.as_ref().map(|id| &id[..])).collect(),
            digest: facts().map(|facts| &facts.digest[..]).collect(),
            street_name: facts().map(|facts| facts.street_name).collect(),
            attempt: facts().map(|facts| facts.attempt.into()).collect(),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.batch_id.len()
    }
}

/// Bytes of rows in one statement at most; a message of PostgreSQL's holds 1 GiB.
const STATEMENT_BYTES: usize = 16 * 1024 * 1024;

/// The rows of plans, cut into statements.
pub(super) struct Statements<'a> {
    plans: &'a [&'a NewPlan],
    /// The first parts of the statements, by plan and number.
    begin: Vec<(usize, usize)>,
}

/// Columns of `parts`.
#[derive(Default)]
pub(super) struct PartColumns<'a> {
    pub(super) nth: Vec<i32>,
    pub(super) part: Vec<i32>,
    pub(super) body: Vec<&'a [u8]>,
}

impl<'a> Statements<'a> {
    pub(super) fn of(plans: &'a [&'a NewPlan]) -> Statements<'a> {
        let mut begin = Vec::new();
        let mut bytes = usize::MAX;
        for (nth, plan) in plans.iter().enumerate() {
            for (part, body) in plan.parts.iter().enumerate() {
                bytes = bytes.saturating_add(body.len());
                if bytes > STATEMENT_BYTES {
                    begin.push((nth, part));
                    bytes = body.len();
                }
            }
        }
        Statements { plans, begin }
    }

    /// Whether all rows go into one.
    pub(super) fn one_statement(&self) -> bool {
        self.begin.len() <= 1
    }

    pub(super) fn statements(&self) -> impl Iterator<Item = PartColumns<'a>> {
        let ends = self.begin.iter().skip(1).copied().chain([(self.plans.len(), 0)]);
        let plans = self.plans;
        self.begin.iter().copied().zip(ends).map(move |(from, to)| {
            let mut columns = PartColumns::default();
            for (nth, plan) in plans.iter().enumerate().take(to.0 + 1).skip(from.0) {
                let first = if nth == from.0 { from.1 } else { 0 };
                let end = if nth == to.0 { to.1 } else { plan.parts.len() };
                for (part, body) in plan.parts.iter().enumerate().take(end).skip(first) {
                    columns.nth.push(nth as i32);
                    columns.part.push(part as i32);
                    columns.body.push(body);
                }
            }
            columns
        })
    }
}

/// What the group adds to drivers' tallies: columns of `tallies`, in the order of its key, so that
/// neighbours share a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tallies {
    pub(super) run_id: Vec<Option<Uuid>>,
    pub(super) by_id: Vec<bool>,
    pub(super) key: Vec<String>,
    pub(super) long_key: Vec<Option<String>>,
    pub(super) name: Vec<Option<String>>,
    pub(super) key_lower: Vec<Option<String>>,
    pub(super) name_lower: Vec<Option<String>>,
    pub(super) assigned: Vec<i64>,
    pub(super) unassigned: Vec<i64>,
    pub(super) total_quarters: Vec<i64>,
    pub(super) last_nth: Vec<i32>,
}

/// What a group says of one driver.
struct Tally<'a> {
    name: Option<&'a str>,
    assigned: i64,
    unassigned: i64,
    quarters: u64,
    last_nth: i32,
}

impl Tallies {
    pub(super) fn of(plans: &[&NewPlan]) -> Result<Tallies, Trouble> {
        let mut runs: BTreeMap<Option<RunId>, HashMap<&DriverKey, Tally<'_>>> = BTreeMap::new();
        for (nth, plan) in plans.iter().enumerate() {
            let tallies = runs.entry(plan.facts.run_id).or_default();
            for share in &plan.shares {
                add(tallies, share, nth as i32);
            }
        }
        let mut columns = Tallies::default();
        for (run, tallies) in runs {
            let mut tallies: Vec<_> = tallies.into_iter().collect();
            tallies.sort_unstable_by_key(|(key, _)| *key);
            for (key, tally) in tallies {
                columns.push(run, key, &tally)?;
            }
        }
        Ok(columns)
    }

    fn push(
        &mut self,
        run: Option<RunId>,
        key: &DriverKey,
        tally: &Tally<'_>,
    ) -> Result<(), Trouble> {
        let text = storable(&key.text);
        let name = tally.name.map(storable);
        self.run_id.push(run.map(|run| Uuid::from_bytes(*run.as_bytes())));
        self.by_id.push(key.by_id);
        self.key_lower.push(lower(&text));
        self.name_lower.push(name.as_deref().and_then(lower));
        let long = text.len() > KEY_BYTES;
        self.key.push(if long { blake3::hash(text.as_bytes()).to_string() } else { text.clone() });
        self.long_key.push(long.then_some(text));
        self.name.push(name);
        self.assigned.push(tally.assigned);
        self.unassigned.push(tally.unassigned);
        self.total_quarters.push(signed(tally.quarters)?);
        self.last_nth.push(tally.last_nth);
        Ok(())
    }
}

fn add<'a>(tallies: &mut HashMap<&'a DriverKey, Tally<'a>>, share: &'a DriverShare, nth: i32) {
    let tally = tallies.entry(&share.key).or_insert(Tally {
        name: None,
        assigned: 0,
        unassigned: 0,
        quarters: 0,
        last_nth: nth,
    });
    tally.name = share.name.as_deref();
    tally.last_nth = nth;
    match share.quarters {
        Some(quarters) => {
            tally.assigned += 1;
            tally.quarters += quarters;
        }
        None => tally.unassigned += 1,
    }
}

/// A text as PostgreSQL can hold it: all but U+0000, which is shown as its symbol. The rows of the plan
/// have it as it was.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

/// Small letters, where the database cannot be trusted to make them.
fn lower(text: &str) -> Option<String> {
    (!text.is_ascii()).then(|| text.to_lowercase())
}

/// Sums of runs, as columns.
pub(super) struct RunColumns {
    pub(super) run_id: Vec<Uuid>,
    pub(super) sums: [Vec<i64>; 6],
}

impl From<BTreeMap<RunId, Sums>> for RunColumns {
    fn from(runs: BTreeMap<RunId, Sums>) -> RunColumns {
        let mut columns = RunColumns { run_id: Vec::new(), sums: Default::default() };
        for (run, sums) in runs {
            columns.run_id.push(Uuid::from_bytes(*run.as_bytes()));
            for (column, sum) in columns.sums.iter_mut().zip(sums.0) {
                column.push(sum);
            }
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn plan(number: u8, digest: u8, parts: &[usize]) -> NewPlan {
        NewPlan {
            facts: PlanFacts {
                batch_id: BatchId::from_bytes([number; 16]),
                run_id: None,
                shipments: 1,
                drivers: 1,
                assigned: 1,
                total_quarters: 10,
                greedy_quarters: 8,
                steps: Steps::default(),
                trace_id: None,
                digest: [digest; 32],
                street_name: 1,
                attempt: 1,
            },
            parts: parts.iter().map(|bytes| Bytes::from(vec![number; *bytes])).collect(),
            shares: Vec::new(),
        }
    }

    fn share(text: &str, name: Option<&str>, quarters: Option<u64>) -> DriverShare {
        let key = DriverKey { by_id: name.is_some(), text: text.into() };
        DriverShare { key, name: name.map(str::to_owned), quarters }
    }

    #[test]
    fn new_plans_are_numbered_without_those_that_are_known_or_come_again() {
        let group =
            [plan(1, 7, &[]), plan(2, 7, &[]), plan(2, 7, &[]), plan(3, 7, &[]), plan(2, 8, &[])];
        let known = HashMap::from([(BatchId::from_bytes([1; 16]), 5)]);
        let (places, new) = places(&group, &known);
        let expected = [
            Place::Known(5),
            Place::New { nth: 0 },
            Place::Again { nth: 0, same: true },
            Place::New { nth: 1 },
            Place::Again { nth: 0, same: false },
        ];
        assert_eq!(places, expected);
        assert_eq!(new, [1, 3]);
    }

    #[test]
    fn rows_are_cut_into_statements_and_none_is_left_out() {
        let half = STATEMENT_BYTES / 2;
        for (parts, expected) in [
            (vec![vec![1], vec![2, 3]], vec![3]),
            (vec![vec![half, half], vec![1, 0]], vec![2, 2]),
            (vec![vec![half + 1, half, half]], vec![1, 2]),
            (vec![vec![3 * half], vec![1], vec![2 * half]], vec![1, 1, 1]),
        ] {
            let plans: Vec<NewPlan> = parts.iter().map(|parts| plan(1, 1, parts)).collect();
            let plans: Vec<&NewPlan> = plans.iter().collect();
            let statements = Statements::of(&plans);
            let cut: Vec<PartColumns<'_>> = statements.statements().collect();
            assert_eq!(cut.iter().map(|rows| rows.body.len()).collect::<Vec<_>>(), expected);
            assert_eq!(statements.one_statement(), expected.len() == 1);
            let bytes = cut.iter().flat_map(|rows| &rows.body).map(|body| body.len());
            assert!(bytes.eq(parts.concat()), "{expected:?}");
            let places = cut.iter().flat_map(|rows| rows.nth.iter().zip(&rows.part));
            assert!(places.is_sorted_by(|one, next| one < next));
        }
    }

    #[test]
    fn a_driver_is_one_tally_whose_name_is_the_newest() {
        let mut first = plan(1, 1, &[]);
        first.shares = vec![share("Ann", None, Some(4)), share("7", Some("Old"), None)];
        let mut second = plan(2, 1, &[]);
        second.shares = vec![share("7", Some("New"), Some(3)), share("Ann", None, Some(5))];
        let tallies = Tallies::of(&[&first, &second]).expect("small numbers");
        assert_eq!(tallies.key, ["Ann", "7"]);
        assert_eq!(tallies.name, [None, Some("New".to_owned())]);
        assert_eq!((tallies.assigned, tallies.unassigned), (vec![2, 1], vec![0, 1]));
        assert_eq!((tallies.total_quarters, tallies.last_nth), (vec![9, 3], vec![1, 1]));
    }

    #[test]
    fn a_key_is_one_that_postgresql_can_hold() {
        let mut of = plan(1, 1, &[]);
        let long = "É".repeat(KEY_BYTES);
        of.shares = vec![share("A\0B", None, None), share(&long, None, None)];
        let tallies = Tallies::of(&[&of]).expect("small numbers");
        assert_eq!(tallies.key[0], "A\u{2400}B");
        assert_eq!(tallies.key[1].len(), 64);
        assert_eq!(tallies.long_key, [None, Some(long)]);
        assert_eq!(tallies.key_lower[0].as_deref(), Some("a\u{2400}b"));
    }

    #[test]
    fn a_sum_that_is_too_large_is_refused() {
        let mut large = plan(1, 1, &[]);
        large.facts.total_quarters = i64::MAX as u64;
        assert!(sums(&[&large]).is_ok());
        assert!(matches!(sums(&[&large, &large]), Err(Trouble::Number)));
    }
}

//! Where plans are kept: what the service asks of a store, whichever it is.
//!
//! A store is asynchronous and shared. SQLite does its blocking work on threads of its own,
//! PostgreSQL waits on the network; neither shows here.

mod postgres;
mod sqlite;
mod through;
mod url;

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use proto::{BatchId, RunId};
use tokio::sync::watch;

use crate::Error;

pub use postgres::{POSTGRES_SCHEMA_VERSION, Postgres, PostgresOptions, PostgresUrl};
pub use sqlite::{SCHEMA_VERSION, Sqlite};
pub use through::{Before, Through};
pub use url::StoreUrl;

/// What a store is doing on the caller's behalf.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Keeps plans and everything derived from them.
///
/// Invariants, the same for every store:
/// - [`record`](Store::record) answers after the whole group is on disk, or not at all.
/// - Sequences count from 1 without gaps, in the order of commits; a reader that saw a sequence sees
///   every one below it.
/// - Times of recording never fall as sequences rise, and all plans of a group have the same.
pub trait Store: Send + Sync + 'static {
    /// Commits a group of plans in one transaction, at this moment. The outcomes are in the order of
    /// the plans. An error means that none of the group was recorded, or that nobody knows: where the
    /// word of a commit is lost on the way, a plan of it is a duplicate when it comes again.
    ///
    /// An empty group writes and commits all the same: it finds out whether the store can be written.
    fn record(&self, now: Timestamp, group: Vec<NewPlan>) -> Doing<'_, Vec<Outcome>>;

    /// Whether it may go away while nothing is written, over a network. Then an empty group is recorded now
    /// and then.
    fn is_remote(&self) -> bool {
        false
    }

    /// The last sequence that is committed, and a wake-up whenever it rises.
    fn committed(&self) -> watch::Receiver<u64>;

    /// Plans without their rows.
    fn plans(&self, query: PlanQuery) -> Doing<'_, Vec<StoredPlan>>;

    /// The plan of one batch, without its rows.
    fn plan(&self, batch_id: BatchId) -> Doing<'_, Option<StoredPlan>>;

    /// Parts of plans in the order asked for, beginning with part `from_part` of the first plan, until
    /// all are read or `max_bytes` is reached; at least one part if there is any.
    fn parts(
        &self,
        sequences: Vec<u64>,
        from_part: u32,
        max_bytes: usize,
    ) -> Doing<'_, Vec<StoredPart>>;

    /// What drivers carried, added up over the tallies that fit.
    fn drivers(&self, query: DriverQuery) -> Doing<'_, Vec<DriverTotals>>;

    /// Totals over the plans recorded since a moment (`None`: over all), of one run or of all.
    fn totals(&self, run: Option<RunId>, since: Option<Timestamp>) -> Doing<'_, Totals>;

    /// Where the time went, for the newest plans of [`totals`](Store::totals), at most `limit`.
    fn steps(
        &self,
        run: Option<RunId>,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Doing<'_, Vec<Steps>>;

    /// Writes what is still in memory and lets go of the files. Nothing works after it.
    fn close(&self) -> Doing<'_, ()>;
}

/// How long each step of a plan took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Waiting for a solver.
    pub queue: Duration,
    /// Reading and scoring.
    pub score: Duration,
    /// Solving.
    pub solve: Duration,
    /// Proving.
    pub certify: Duration,
    /// Committing the group: from the start of its transaction until it was on disk. The store's own
    /// measure; not known for a group whose process died before the next one.
    pub commit: Option<Duration>,
}

/// Everything the store keeps of a plan beside its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFacts {
    /// The batch that is planned.
    pub batch_id: BatchId,
    /// The run that made it; `None` for a batch sent by hand.
    pub run_id: Option<RunId>,
    /// Shipments in the batch.
    pub shipments: u32,
    /// Drivers in the batch.
    pub drivers: u32,
    /// Pairs in the plan.
    pub assigned: u32,
    /// The total in quarter points.
    pub total_quarters: u64,
    /// First come, first served's total in quarter points.
    pub greedy_quarters: u64,
    /// Where the time went.
    pub steps: Steps,
    /// The trace of the batch.
    pub trace_id: Option<[u8; 16]>,
    /// BLAKE3 of the batch's content.
    pub digest: [u8; 32],
    /// How shipment lines were read: the number of `waybill.logistics.v1.StreetName`.
    pub street_name: i32,
    /// How many times the producer had sent the batch.
    pub attempt: u32,
}

/// A plan on its way into the store.
#[derive(Clone, Debug)]
pub struct NewPlan {
    /// The plan without its rows.
    pub facts: PlanFacts,
    /// Its rows: `waybill.logistics.v1.PlanPart` messages, encoded, in order. 1 or more.
    pub parts: Vec<Bytes>,
    /// What each driver of the batch carried; a driver may come more than once.
    pub shares: Vec<DriverShare>,
}

impl NewPlan {
    /// Bytes of its rows.
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(Bytes::len).sum()
    }
}

/// How a driver is told from another: by the caller's id where there is one, else by the name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DriverKey {
    /// Whether `text` is the id.
    pub by_id: bool,
    /// The id or the name.
    pub text: String,
}

/// One driver's part in one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverShare {
    /// Who.
    pub key: DriverKey,
    /// The name, where the key is the id.
    pub name: Option<String>,
    /// The score of the driver's pair in quarter points; `None` for one who stayed behind.
    pub quarters: Option<u64>,
}

/// What became of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is on disk, and was not before.
    Recorded {
        /// Its place in the order of commits.
        sequence: u64,
        /// When it was recorded.
        record_time: Timestamp,
    },
    /// It was on disk already, with the same content. The first plan is kept.
    Duplicate {
        /// The place of the first.
        sequence: u64,
        /// When the first was recorded.
        record_time: Timestamp,
    },
    /// The batch id is taken by other content.
    Conflict {
        /// The place of the other.
        sequence: u64,
    },
}

impl Outcome {
    /// The names of all of them.
    pub const NAMES: [&'static str; 3] = ["recorded", "duplicate", "other_content"];

    /// As spans and metrics say it.
    pub fn name(&self) -> &'static str {
        Self::NAMES[self.place()]
    }

    /// The place of its name.
    pub(crate) fn place(&self) -> usize {
        match self {
            Outcome::Recorded { .. } => 0,
            Outcome::Duplicate { .. } => 1,
            Outcome::Conflict { .. } => 2,
        }
    }
}

/// A plan as it is kept, without its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPlan {
    /// Its place in the order of commits, from 1.
    pub sequence: u64,
    /// When it was recorded.
    pub record_time: Timestamp,
    /// The rest.
    pub facts: PlanFacts,
}

/// A part of a plan as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPart {
    /// The plan's place in the order of commits.
    pub sequence: u64,
    /// The part's number, from 0.
    pub part: u32,
    /// The `waybill.logistics.v1.PlanPart`, encoded.
    pub body: Bytes,
}

/// Which plans, in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanQuery {
    /// Sequences, from the first and before the last.
    pub sequences: Range<u64>,
    /// Only of this run.
    pub run: Option<RunId>,
    /// Only recorded from the first moment and before the last.
    pub recorded: Option<Range<Timestamp>>,
    /// The highest sequence first.
    pub newest_first: bool,
    /// This many at most.
    pub limit: u32,
}

/// What drivers are put in order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriverOrder {
    /// Total suitability.
    Total,
    /// Batches in which the driver got a shipment.
    Assigned,
    /// The name.
    Name,
}

/// The place of a driver in an order; the next page begins behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriverPlace {
    /// In order of a number.
    Number(u64, DriverKey),
    /// In order of names.
    Name(String, DriverKey),
}

/// Which tallies are added up, and which of the sums are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverQuery {
    /// Only of this run.
    pub run: Option<RunId>,
    /// Only of this day, counted from 1970-01-01 in UTC.
    pub day: Option<i32>,
    /// Only drivers whose name or id contains this text, whatever the case of its letters.
    pub contains: Option<String>,
    /// The order; ties go by the key, ascending.
    pub order: DriverOrder,
    /// Whether the order descends.
    pub descending: bool,
    /// Only behind this place.
    pub after: Option<DriverPlace>,
    /// This many at most.
    pub limit: u32,
}

/// What one driver carried, over all tallies that were added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverTotals {
    /// Who.
    pub key: DriverKey,
    /// The name; the newest, where drivers are known by id.
    pub name: String,
    /// Batches in which the driver got a shipment.
    pub assigned: u64,
    /// Batches in which the driver stayed behind.
    pub unassigned: u64,
    /// Total suitability of the pairs in quarter points.
    pub total_quarters: u64,
    /// The newest plan that has the driver.
    pub last_sequence: u64,
}

/// Totals over many plans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Plans.
    pub plans: u64,
    /// Shipments in them.
    pub shipments: u64,
    /// Drivers in them, counted once a plan.
    pub drivers: u64,
    /// Pairs.
    pub assigned: u64,
    /// Total suitability in quarter points.
    pub total_quarters: u64,
    /// First come, first served's total in quarter points.
    pub greedy_quarters: u64,
    /// When the first plan of the run (or of all) was recorded, window or not.
    pub first_time: Option<Timestamp>,
    /// The last sequence recorded, of whichever run.
    pub last_sequence: u64,
}

/// The day of a moment, counted from 1970-01-01 in UTC.
pub fn day_of(moment: Timestamp) -> i32 {
    let days = moment.as_second().div_euclid(24 * 60 * 60);
    i32::try_from(days).expect("the calendar of jiff ends in the year 9999")
}

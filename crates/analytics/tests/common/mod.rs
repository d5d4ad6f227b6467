//! Builders: a test sets only what it is about.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a builder of tests may fail as a test does")]
#![allow(clippy::print_stderr, reason = "and says what it skips")]

pub mod planned;
#[cfg(unix)]
pub mod postgres;
pub mod running;
pub mod suite;

use std::time::Duration;

use analytics::store::{DriverKey, DriverShare, NewPlan, Outcome, PlanFacts, PlanQuery, Steps};
use bytes::Bytes;
use jiff::Timestamp;
use proto::{BatchId, RunId};

/// A moment in a day that tests use.
pub fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// The run of this number.
pub fn run(number: u8) -> RunId {
    RunId::from_bytes([number; 16])
}

/// The batch of this number.
pub fn batch(number: u64) -> BatchId {
    BatchId::of_run(run(0), number, 1_790_000_000_000)
}

/// A plan of the batch of this number: one shipment for Ann, and Bob stays behind.
pub fn plan(number: u64) -> NewPlan {
    NewPlan {
        facts: PlanFacts {
            batch_id: batch(number),
            run_id: None,
            shipments: 1,
            drivers: 2,
            assigned: 1,
            total_quarters: 10,
            greedy_quarters: 8,
            steps: Steps {
                queue: Duration::from_nanos(1),
                score: Duration::from_nanos(2),
                solve: Duration::from_nanos(3),
                certify: Duration::from_nanos(4),
                commit: None,
            },
            trace_id: None,
            digest: [7; 32],
            street_name: 1,
            attempt: 1,
        },
        parts: vec![Bytes::from(format!("rows of {number}"))],
        shares: vec![share("Ann", Some(10)), share("Bob", None)],
    }
}

/// A driver known by name.
pub fn share(name: &str, quarters: Option<u64>) -> DriverShare {
    let key = DriverKey { by_id: false, text: name.into() };
    DriverShare { key, name: None, quarters }
}

/// A driver known by id.
pub fn share_by_id(id: &str, name: &str, quarters: Option<u64>) -> DriverShare {
    let key = DriverKey { by_id: true, text: id.into() };
    DriverShare { key, name: Some(name.into()), quarters }
}

/// All plans, the oldest first.
pub fn all() -> PlanQuery {
    PlanQuery {
        sequences: 1..u64::MAX,
        run: None,
        recorded: None,
        newest_first: false,
        limit: 1000,
    }
}

/// The sequence of a plan that was new.
pub fn recorded(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Recorded { sequence, .. } => sequence,
        other => panic!("not recorded: {other:?}"),
    }
}

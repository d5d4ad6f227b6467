//! What the store keeps, as messages say it.

use std::time::Duration;

use jiff::Timestamp;
use proto::analytics::v1::{DriverTally, Plan};
use proto::logistics::v1::Timings;

use crate::store::{DriverTotals, StoredPlan};

pub(crate) fn plan(stored: &StoredPlan) -> Plan {
    let facts = &stored.facts;
    let steps = &facts.steps;
    Plan {
        batch_id: facts.batch_id.to_string(),
        run_id: facts.run_id.map(|run| run.to_string()).unwrap_or_default(),
        sequence: stored.sequence,
        shipments: facts.shipments,
        drivers: facts.drivers,
        assigned: facts.assigned,
        total: points(facts.total_quarters),
        greedy_total: points(facts.greedy_quarters),
        record_time: Some(timestamp(stored.record_time)),
        trace_id: facts.trace_id.map(hex).unwrap_or_default(),
        timings: Some(Timings {
            queue: Some(to_duration(steps.queue)),
            score: Some(to_duration(steps.score)),
            solve: Some(to_duration(steps.solve)),
            certify: Some(to_duration(steps.certify)),
        }),
        commit: steps.commit.map(to_duration),
        // Nothing else is ever recorded.
        certified: true,
        street_name: facts.street_name,
        attempt: facts.attempt,
    }
}

pub(crate) fn driver(totals: DriverTotals) -> DriverTally {
    DriverTally {
        id: if totals.key.by_id { totals.key.text } else { String::new() },
        name: totals.name,
        assigned: totals.assigned,
        unassigned: totals.unassigned,
        total: points(totals.total_quarters),
        last_sequence: totals.last_sequence,
    }
}

/// Quarter points as points; exact up to 2^51.
pub(crate) fn points(quarters: u64) -> f64 {
    quarters as f64 / 4.0
}

pub(crate) fn timestamp(moment: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = (moment.as_second(), moment.subsec_nanosecond());
    // A protobuf timestamp counts its nanoseconds forward, also before 1970.
    let before = i64::from(nanos < 0);
    prost_types::Timestamp {
        seconds: seconds - before,
        nanos: nanos + 1_000_000_000 * before as i32,
    }
}

/// A duration as messages say it; more than they can hold is cut.
pub(crate) fn to_duration(duration: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: duration.subsec_nanos() as i32,
    }
}

fn hex(id: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(id))
}

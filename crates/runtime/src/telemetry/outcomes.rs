//! What became of what this process had for a collector.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts by outcome, of one kind of telemetry.
#[derive(Debug)]
pub(crate) struct Outcomes {
    exported: AtomicU64,
    failed: AtomicU64,
    left_out: AtomicU64,
    /// How what was left out is called.
    left_out_as: &'static str,
}

/// Spans that ended. A process has one telemetry.
pub(crate) static SPANS: Outcomes = Outcomes::new("dropped");
/// Exports of metrics.
pub(crate) static METRIC_EXPORTS: Outcomes = Outcomes::new("skipped");

impl Outcomes {
    pub(super) const fn new(left_out_as: &'static str) -> Self {
        Self {
            exported: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
            left_out_as,
        }
    }

    /// How many there were of each.
    pub(crate) fn read(&self) -> [(&'static str, u64); 3] {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        [
            ("exported", of(&self.exported)),
            ("failed", of(&self.failed)),
            (self.left_out_as, of(&self.left_out)),
        ]
    }

    /// So many were handed to a collector, which took them or did not.
    pub(super) fn handed(&self, count: usize, taken: bool) {
        let outcome = if taken { &self.exported } else { &self.failed };
        outcome.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// So many were not even handed to one.
    pub(super) fn leave_out(&self, count: usize) {
        self.left_out.fetch_add(count as u64, Ordering::Relaxed);
    }
}

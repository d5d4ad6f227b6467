//! What analytics counts, for `/metrics`.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use runtime::metrics::{self, Durations, Label, Rows, code_name, sizes_up_to};
use runtime::trace::TraceContext;
use tonic::Code;

use crate::Analytics;
use crate::store::Outcome;

/// Bytes of a group: one that holds a single large plan is above it.
const MOST_BYTES: f64 = 16_777_216.0;
/// Plans of a group.
const MOST_PLANS: f64 = 1024.0;

/// What is counted as plans come. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    plans: Family<[Label; 1], Counter>,
    /// Those of `plans`, each at the place of its outcome.
    outcomes: [Counter; Outcome::NAMES.len()],
    rejections: Family<[Label; 1], Counter>,
    /// From whole until its group is written.
    wait: Durations,
    /// One transaction.
    commit: Durations,
    failures: Counter,
    group_plans: Histogram,
    group_bytes: Histogram,
    watchers: Arc<AtomicI64>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let plans = Family::<[Label; 1], Counter>::default();
        let of = |outcome| plans.get_or_create(&[("outcome", outcome)]).clone();
        Metrics {
            outcomes: Outcome::NAMES.map(of),
            plans,
            rejections: Family::default(),
            wait: Durations::default(),
            commit: Durations::default(),
            failures: Counter::default(),
            group_plans: sizes_up_to(MOST_PLANS),
            group_bytes: sizes_up_to(MOST_BYTES),
            watchers: Arc::default(),
        }
    }
}

/// Someone watches plans, until this is dropped.
pub(crate) struct Watching(Arc<AtomicI64>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    pub(crate) fn watching(&self) -> Watching {
        self.watchers.fetch_add(1, Ordering::Relaxed);
        Watching(Arc::clone(&self.watchers))
    }

    /// What became of a plan that came to the store.
    pub(crate) fn came_to(&self, outcome: &Outcome) {
        self.outcomes[outcome.place()].inc();
    }

    /// A plan was answered with an error.
    pub(crate) fn rejected(&self, code: Code) {
        self.rejections.get_or_create(&[("code", code_name(code))]).inc();
    }

    pub(crate) fn waited(&self, time: Duration, trace: &TraceContext) {
        self.wait.observe(time, trace);
    }

    /// A group was written, or could not be. `trace` is that of one of its plans.
    pub(crate) fn committed(
        &self,
        time: Duration,
        plans: usize,
        bytes: usize,
        written: bool,
        trace: &TraceContext,
    ) {
        self.commit.observe(time, trace);
        self.group_plans.observe(plans as f64);
        self.group_bytes.observe(bytes as f64);
        if !written {
            self.failures.inc();
        }
    }

    fn register(&self, registry: &mut Registry) {
        registry.register(
            "analytics_plans",
            "Plans that came to the store, by what became of them",
            self.plans.clone(),
        );
        registry.register(
            "analytics_rejections",
            "Plans that were answered with an error, by its status code",
            self.rejections.clone(),
        );
        registry.register_with_unit(
            "analytics_wait_duration",
            "Time that a whole plan waited for its group to be written",
            Unit::Seconds,
            self.wait.clone(),
        );
        registry.register_with_unit(
            "analytics_commit_duration",
            "Time of one transaction, with what is on disk at its end",
            Unit::Seconds,
            self.commit.clone(),
        );
        registry.register(
            "analytics_commit_failures",
            "Transactions that could not be written",
            self.failures.clone(),
        );
        registry.register(
            "analytics_group_plans",
            "Plans in one transaction",
            self.group_plans.clone(),
        );
        registry.register(
            "analytics_group_bytes",
            "Bytes of the rows in one transaction",
            self.group_bytes.clone(),
        );
    }
}

/// What is read when it is asked for.
struct Standing {
    analytics: Weak<Analytics>,
    watchers: Arc<AtomicI64>,
}

impl std::fmt::Debug for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Standing").finish_non_exhaustive()
    }
}

impl Analytics {
    /// Adds what analytics counts to a registry.
    pub fn register(self: &Arc<Self>, registry: &mut Registry) {
        self.metrics.register(registry);
        self.calls.register(registry);
        metrics::of_served(registry, "record_plans", Arc::clone(&self.served));
        let watchers = Arc::clone(&self.metrics.watchers);
        let analytics = Arc::downgrade(self);
        registry.register_collector(Box::new(Standing { analytics, watchers }));
    }
}

impl Collector for Standing {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut rows = Rows::new(encoder);
        let watchers = self.watchers.load(Ordering::Relaxed);
        rows.gauge("analytics_watchers", "Streams on which someone watches plans", watchers)?;
        let Some(analytics) = self.analytics.upgrade() else { return Ok(()) };
        let last = *analytics.store.committed().borrow();
        rows.gauge(
            "analytics_last_sequence",
            "The newest plan's place in the order of commits",
            last,
        )?;
        let writable = u64::from(analytics.is_writable());
        rows.gauge("analytics_store_writable", "Whether the last write succeeded", writable)?;
        let waiting = analytics.ingest.waiting() as u64;
        rows.gauge("analytics_waiting_plans", "Whole plans that wait for the writer", waiting)?;
        let held = analytics.ingest.held_bytes();
        rows.gauge("analytics_held_bytes", "Bytes of plans that are not committed yet", held)
    }
}

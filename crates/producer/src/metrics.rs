//! What the producer counts, for `/metrics`.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use prometheus_client::{
    collector::Collector,
    encoding::DescriptorEncoder,
    metrics::{counter::Counter, family::Family},
    registry::{Registry, Unit},
};
use runtime::{
    acked::{LinkStatus, Traffic},
    metrics::{self, Durations, Label, Rows, code_name},
    trace::TraceContext,
};
use tokio::sync::watch;
use tonic::Code;

use crate::runs::Runs;

/// What is counted as answers come. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics {
    answers: Family<[Label; 1], Counter>,
    settled: Counter,
    rejected: Counter,
    again: Counter,
    refusals: Family<[Label; 1], Counter>,
    settling: Durations,
}

impl Default for Metrics {
    fn default() -> Self {
        let answers = Family::<[Label; 1], Counter>::default();
        // All of them from the beginning: the first of a series that was not there is no increase.
        let of = |outcome| answers.get_or_create(&[("outcome", outcome)]).clone();
        let (settled, rejected, again) = (of("settled"), of("rejected"), of("refused_for_now"));
        let (refusals, settling) = (Family::default(), Durations::default());
        Self { answers, settled, rejected, again, refusals, settling }
    }
}

impl Metrics {
    /// A batch is settled, so long after it was made.
    pub fn settled(&self, after: Duration, trace: &TraceContext) {
        self.settled.inc();
        self.settling.observe(after, trace);
    }

    /// A batch was refused: to be sent again, or for good.
    pub fn refused(&self, code: Code, again: bool) {
        if again { &self.again } else { &self.rejected }.inc();
        self.refusals.get_or_create(&[("code", code_name(code))]).inc();
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("producer_batches", "Batches that were answered", self.answers.clone());
        registry.register(
            "producer_refusals",
            "Batches that were not settled, by the status code",
            self.refusals.clone(),
        );
        registry.register_with_unit(
            "producer_settle_duration",
            "Time of a batch from when it was last made until it is settled",
            Unit::Seconds,
            self.settling.clone(),
        );
    }
}

/// What is read when it is asked for.
#[derive(Debug)]
struct Standing {
    runs: Weak<Runs>,
    fleet: watch::Receiver<LinkStatus>,
}

/// Adds the producer's numbers to a registry.
pub(crate) fn register(
    registry: &mut Registry,
    counted: &Metrics,
    runs: &Arc<Runs>,
    fleet: watch::Receiver<LinkStatus>,
    traffic: Arc<Traffic>,
) {
    counted.register(registry);
    metrics::of_outbox(registry, "dispatch", fleet.clone(), traffic);
    registry.register_collector(Box::new(Standing { runs: Arc::downgrade(runs), fleet }));
}

impl Collector for Standing {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (mut runs, mut behind) = (0_u64, 0_u64);
        for run in self.runs.upgrade().map(|runs| runs.alive()).unwrap_or_default() {
            runs += 1;
            behind += run.standing().behind.batches;
        }
        let mut rows = Rows::new(encoder);
        rows.gauge("producer_runs", "Runs that have not ended", runs)?;
        rows.gauge("producer_batches_behind", "Batches that fell due and are not sent", behind)?;
        let open = u64::from(self.fleet.borrow().open);
        rows.gauge("producer_fleet_connected", "Whether the fleet service takes batches", open)
    }
}

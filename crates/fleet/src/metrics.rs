//! What the fleet service counts, for `/metrics`.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use prometheus_client::{
    collector::Collector,
    encoding::DescriptorEncoder,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use runtime::{
    acked::{LinkStatus, Served},
    metrics::{self, Durations, Label, Rows, code_name, sizes_up_to},
};
use tokio::sync::watch;
use tonic::Code;

use crate::{dispatch::Dispatch, rows::Planned};

/// Records of a side in the largest batch that is thought of.
const MOST_RECORDS: f64 = 16_777_216.0;
/// Classes of a side: a few dozen of real records.
const MOST_CLASSES: f64 = 16_384.0;
/// What optimality gives over first come, as a share of the latter.
const UPLIFTS: [f64; 12] = [0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5];

/// What is counted as batches come and go. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    answers: Family<[Label; 1], Counter>,
    settled: Counter,
    rejected: Counter,
    rejections: Family<[Label; 1], Counter>,
    steps: Family<[Label; 1], Durations>,
    queue: Durations,
    score: Durations,
    solve: Durations,
    certify: Durations,
    record: Durations,
    whole: Durations,
    records: Sides,
    classes: Sides,
    uplift: Histogram,
}

/// A histogram for each side of a batch.
#[derive(Debug, Clone)]
struct Sides {
    all: Family<[Label; 1], Histogram, fn() -> Histogram>,
    shipments: Histogram,
    drivers: Histogram,
}

impl Sides {
    fn new(sizes: fn() -> Histogram) -> Self {
        let all = Family::<[Label; 1], Histogram, fn() -> Histogram>::new_with_constructor(sizes);
        let of = |side| all.get_or_create(&[("side", side)]).clone();
        let (shipments, drivers) = (of("shipments"), of("drivers"));
        Self { all, shipments, drivers }
    }

    fn observe(&self, shipments: usize, drivers: usize) {
        self.shipments.observe(shipments as f64);
        self.drivers.observe(drivers as f64);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let answers = Family::<[Label; 1], Counter>::default();
        let of = |outcome| answers.get_or_create(&[("outcome", outcome)]).clone();
        let (settled, rejected) = (of("settled"), of("rejected"));
        let steps = Family::<[Label; 1], Durations>::default();
        let step = |step| steps.get_or_create(&[("step", step)]).clone();
        Self {
            settled,
            rejected,
            answers,
            rejections: Family::default(),
            queue: step("queue"),
            score: step("score"),
            solve: step("solve"),
            certify: step("certify"),
            record: step("record"),
            whole: step("whole"),
            steps,
            records: Sides::new(|| sizes_up_to(MOST_RECORDS)),
            classes: Sides::new(|| sizes_up_to(MOST_CLASSES)),
            uplift: Histogram::new(UPLIFTS),
        }
    }
}

impl Metrics {
    /// A batch was settled to one who waited for it.
    pub(crate) fn settled(&self) {
        self.settled.inc();
    }

    /// A batch was rejected.
    pub(crate) fn rejected(&self, code: Code) {
        self.rejected.inc();
        self.rejections.get_or_create(&[("code", code_name(code))]).inc();
    }

    /// A plan is recorded. `record`: from its first part to analytics until the answer.
    pub(crate) fn recorded(&self, planned: &Planned, record: Duration) {
        let (times, trace) = (&planned.times, &planned.trace);
        self.queue.observe(times.queue, trace);
        self.score.observe(times.score, trace);
        self.solve.observe(times.solve, trace);
        self.certify.observe(times.certify, trace);
        self.record.observe(record, trace);
        self.whole.observe(planned.envelope.received.elapsed(), trace);
        self.records.observe(planned.shipments.len(), planned.drivers.len());
        let (streets, drivers) = planned.plan.classes();
        self.classes.observe(streets, drivers);
        let (total, greedy) =
            (planned.plan.total().quarters() as f64, planned.plan.greedy_total().quarters() as f64);
        if greedy > 0.0 {
            self.uplift.observe(total / greedy - 1.0);
        }
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("fleet_batches", "Batches that were answered", self.answers.clone());
        registry.register(
            "fleet_rejections",
            "Batches that were rejected, by the status code",
            self.rejections.clone(),
        );
        registry.register_with_unit(
            "fleet_step_duration",
            "Time of a recorded batch in each step; whole: from its first part to its answer",
            Unit::Seconds,
            self.steps.clone(),
        );
        registry.register(
            "fleet_batch_records",
            "Records of a batch on each side",
            self.records.all.clone(),
        );
        registry.register(
            "fleet_batch_classes",
            "Classes of equal records that the solver saw on each side",
            self.classes.all.clone(),
        );
        registry.register(
            "fleet_uplift_ratio",
            "What the optimum gives over first come, as a share of the latter",
            self.uplift.clone(),
        );
    }
}

/// What is read when it is asked for.
struct Standing {
    dispatch: Weak<Dispatch>,
    analytics: watch::Receiver<LinkStatus>,
}

impl std::fmt::Debug for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Standing").finish_non_exhaustive()
    }
}

/// Adds the fleet service's numbers to a registry.
pub(crate) fn register(
    registry: &mut Registry,
    dispatch: &Arc<Dispatch>,
    analytics: watch::Receiver<LinkStatus>,
    served: Arc<Served>,
) {
    dispatch.metrics.register(registry);
    metrics::of_served(registry, "dispatch", served);
    metrics::of_outbox(registry, "record_plans", analytics.clone(), dispatch.outbox.traffic());
    let dispatch = Arc::downgrade(dispatch);
    registry.register_collector(Box::new(Standing { dispatch, analytics }));
}

impl Collector for Standing {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut rows = Rows::new(encoder);
        let open = u64::from(self.analytics.borrow().open);
        rows.gauge("fleet_analytics_connected", "Whether analytics takes plans", open)?;
        let Some(dispatch) = self.dispatch.upgrade() else { return Ok(()) };
        let in_flight = dispatch.in_flight.count() as u64;
        rows.gauge("fleet_batches_in_flight", "Batches that came and are not answered", in_flight)?;
        let held = dispatch.admission.held_bytes();
        rows.gauge("fleet_admitted_bytes", "Bytes of the batches that are held", held)?;
        let queued = dispatch.solvers.queued() as u64;
        rows.gauge("fleet_queued_batches", "Batches that wait for a solver thread", queued)
    }
}

//! What the fleet service counts, for `/metrics`.

use std::sync::{Arc, Weak};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::Counter, family::Family, gauge::ConstGauge},
    registry::Registry,
};
use runtime::acked::{LinkStatus, Traffic};
use tokio::sync::watch;

use crate::dispatch::Dispatch;

/// Answers that were given, by what they say.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    all: Family<[(&'static str, &'static str); 1], Counter>,
    /// Its two members, at hand for each batch.
    settled: Counter,
    rejected: Counter,
}

impl Default for Answers {
    fn default() -> Self {
        let all = Family::<[(&'static str, &'static str); 1], Counter>::default();
        let of = |outcome| all.get_or_create(&[("outcome", outcome)]).clone();
        let (settled, rejected) = (of("settled"), of("rejected"));
        Self { all, settled, rejected }
    }
}

impl Answers {
    /// A batch was settled to one who waited for it.
    pub(crate) fn settled(&self) {
        self.settled.inc();
    }

    /// A batch was rejected.
    pub(crate) fn rejected(&self) {
        self.rejected.inc();
    }
}

/// What is read when it is asked for.
struct Standing {
    dispatch: Weak<Dispatch>,
    analytics: watch::Receiver<LinkStatus>,
    recording: Arc<Traffic>,
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
) {
    registry.register("fleet_batches", "Batches that were answered", dispatch.answers.all.clone());
    let recording = dispatch.outbox.traffic();
    let dispatch = Arc::downgrade(dispatch);
    registry.register_collector(Box::new(Standing { dispatch, analytics, recording }));
}

impl Collector for Standing {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let open = i64::from(self.analytics.borrow().open);
        let recording = count(self.recording.unacked.read().items);
        let dispatch = self.dispatch.upgrade();
        let in_flight = dispatch.as_ref().map_or(0, |dispatch| dispatch.in_flight.count());
        let admitted = dispatch.as_ref().map_or(0, |dispatch| dispatch.admission.held_bytes());
        let table = [
            ("fleet_batches_in_flight", "Batches that came and are not answered", count(in_flight)),
            ("fleet_admitted_bytes", "Bytes of the batches that are held", admitted as i64),
            ("fleet_plans_unrecorded", "Plans that analytics has not answered", recording),
            ("fleet_analytics_connected", "Whether analytics takes plans", open),
        ];
        for (name, help, value) in table {
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

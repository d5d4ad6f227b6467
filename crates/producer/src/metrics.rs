//! What the producer counts, for `/metrics`: read from the runs when it is asked for.

use std::sync::{Arc, Weak};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::gauge::ConstGauge,
    registry::Registry,
};
use runtime::acked::{LinkStatus, Traffic};
use tokio::sync::watch;

use crate::runs::Runs;

#[derive(Debug)]
struct Numbers {
    runs: Weak<Runs>,
    fleet: watch::Receiver<LinkStatus>,
    traffic: Arc<Traffic>,
}

/// Adds the producer's numbers to a registry.
pub(crate) fn register(
    registry: &mut Registry,
    runs: &Arc<Runs>,
    fleet: watch::Receiver<LinkStatus>,
    traffic: Arc<Traffic>,
) {
    let runs = Arc::downgrade(runs);
    registry.register_collector(Box::new(Numbers { runs, fleet, traffic }));
}

impl Collector for Numbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (mut runs, mut behind) = (0_i64, 0_i64);
        for run in self.runs.upgrade().map(|runs| runs.alive()).unwrap_or_default() {
            runs += 1;
            behind += i64::try_from(run.standing().behind.batches).unwrap_or(i64::MAX);
        }
        let open = i64::from(self.fleet.borrow().open);
        let unacked = self.traffic.unacked.read();
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let bytes = i64::try_from(unacked.bytes).unwrap_or(i64::MAX);
        let table = [
            ("producer_runs", "Runs that have not ended", runs),
            ("producer_batches_behind", "Batches that fell due and are not sent", behind),
            ("producer_fleet_connected", "Whether the fleet service takes batches", open),
            ("producer_unacked_batches", "Batches not answered yet", count(unacked.items)),
            ("producer_unacked_bytes", "Their bytes", bytes),
        ];
        for (name, help, value) in table {
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

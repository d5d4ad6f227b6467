//! What the producer counts, for `/metrics`: read from the runs when it is asked for.

use std::sync::{Arc, Weak};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet},
    metrics::{MetricType, gauge::ConstGauge},
    registry::Registry,
};
use runtime::acked::{LinkStatus, PeerStatus, Traffic};
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
        let peers = self.fleet.borrow().peers.clone();
        let in_flight = |peer: &PeerStatus| count(peer.traffic.in_flight.read().items);
        gauge_of_peers(
            &mut encoder,
            "producer_peer_in_flight_batches",
            "Batches sent to a replica of the fleet service and not answered",
            &peers,
            in_flight,
        )?;
        gauge_of_peers(
            &mut encoder,
            "producer_peer_connected",
            "Whether a replica of the fleet service takes batches",
            &peers,
            |peer| i64::from(peer.open),
        )?;
        let mut family = encoder.encode_descriptor(
            "producer_peer_sent_batches",
            "Batches sent to a replica of the fleet service, repeats included",
            None,
            MetricType::Counter,
        )?;
        for peer in &peers {
            let labels = [("peer", peer.address.to_string())];
            let mut metric = family.encode_family(&labels)?;
            metric.encode_counter::<NoLabelSet, u64, u64>(&peer.traffic.sent(), None)?;
        }
        Ok(())
    }
}

fn gauge_of_peers(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    peers: &[PeerStatus],
    value: impl Fn(&PeerStatus) -> i64,
) -> Result<(), std::fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for peer in peers {
        let labels = [("peer", peer.address.to_string())];
        family.encode_family(&labels)?.encode_gauge(&value(peer))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use prometheus_client::encoding::text::encode;

    use super::*;

    #[test]
    fn every_replica_has_its_numbers() {
        let peer = |n, open| PeerStatus {
            address: SocketAddr::from(([10, 0, 0, n], 8082)),
            open,
            trouble: None,
            traffic: Arc::default(),
        };
        let peers = vec![peer(1, true), peer(2, false)];
        let (_status, fleet) = watch::channel(LinkStatus { peers, ..LinkStatus::default() });
        let mut registry = Registry::default();
        let numbers = Numbers { runs: Weak::new(), fleet, traffic: Arc::default() };
        registry.register_collector(Box::new(numbers));
        let mut text = String::new();
        encode(&mut text, &registry).expect("a text");
        for line in [
            r#"producer_peer_connected{peer="10.0.0.1:8082"} 1"#,
            r#"producer_peer_connected{peer="10.0.0.2:8082"} 0"#,
            r#"producer_peer_in_flight_batches{peer="10.0.0.2:8082"} 0"#,
            r#"producer_peer_sent_batches_total{peer="10.0.0.1:8082"} 0"#,
        ] {
            assert!(text.lines().any(|other| other == line), "{line} in {text}");
        }
    }
}

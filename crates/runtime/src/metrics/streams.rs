//! The acked streams, from both of their ends.

use std::{fmt, sync::Arc};

use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, registry::Registry};
use tokio::sync::watch;

use super::Rows;
use crate::acked::{Ended, LinkStatus, PeerStatus, Served, ServedStream, Traffic};

/// Adds the streams of an outbox; `stream` is what the hop is called.
pub fn of_outbox(
    registry: &mut Registry,
    stream: &'static str,
    status: watch::Receiver<LinkStatus>,
    traffic: Arc<Traffic>,
) {
    registry.register_collector(Box::new(Sending { stream, status, traffic }));
}

/// Adds the streams that a server has; `stream` is what the hop is called.
pub fn of_served(registry: &mut Registry, stream: &'static str, served: Arc<Served>) {
    registry.register_collector(Box::new(Receiving { stream, served }));
}

#[derive(Debug)]
struct Sending {
    stream: &'static str,
    status: watch::Receiver<LinkStatus>,
    traffic: Arc<Traffic>,
}

#[derive(Debug)]
struct Receiving {
    stream: &'static str,
    served: Arc<Served>,
}

impl Collector for Sending {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut rows = Rows::new(encoder);
        let LinkStatus { peers, streams, .. } = self.status.borrow().clone();
        let stream = || [("stream", self.stream.to_owned())];
        let of_peer = |peer: &PeerStatus| {
            [("stream", self.stream.to_owned()), ("peer", peer.address.to_string())]
        };
        let unacked = self.traffic.unacked.read();
        rows.gauges(
            "stream_unanswered_batches",
            "Batches that wait for credit or an answer",
            [(stream(), unacked.items as u64)],
        )?;
        rows.gauges("stream_unanswered_bytes", "Their bytes", [(stream(), unacked.bytes)])?;
        rows.counters("stream_opens", "Streams that were opened", [(stream(), streams)])?;
        let ends = Ended::all().map(|cause| {
            let labels = [("stream", self.stream.to_owned()), ("cause", cause.name().to_owned())];
            (labels, self.traffic.ends(cause))
        });
        // A cause that never was need not be told.
        let ends = ends.filter(|(_, count)| *count > 0);
        rows.counters(
            "stream_ends",
            "Streams that ended, by their status; wished: by our own will",
            ends,
        )?;
        let drains = self.traffic.drains();
        rows.counters(
            "stream_drains",
            "Times that a peer said it will stop",
            [(stream(), drains)],
        )?;
        let replays = self.traffic.replays();
        rows.counters("stream_replays", "Batches that were sent once more", [(stream(), replays)])?;
        rows.gauges(
            "stream_open",
            "Whether a peer takes batches",
            peers.iter().map(|peer| (of_peer(peer), u64::from(peer.open))),
        )?;
        rows.counters(
            "stream_sent_batches",
            "Batches that were sent to a peer, repeats included",
            peers.iter().map(|peer| (of_peer(peer), peer.traffic.sent())),
        )?;
        let in_flight = |peer: &PeerStatus| peer.traffic.in_flight.read();
        rows.gauges(
            "stream_in_flight_batches",
            "Batches that were sent to a peer and are not answered",
            peers.iter().map(|peer| (of_peer(peer), in_flight(peer).items as u64)),
        )?;
        rows.gauges(
            "stream_in_flight_bytes",
            "Their bytes",
            peers.iter().map(|peer| (of_peer(peer), in_flight(peer).bytes)),
        )?;
        let credits = || peers.iter().filter_map(|peer| Some((of_peer(peer), peer.credit?)));
        rows.gauges(
            "stream_credit_batches",
            "Batches that a peer lets be in flight",
            credits().map(|(labels, credit)| (labels, credit.items as u64)),
        )?;
        rows.gauges(
            "stream_credit_bytes",
            "Bytes that a peer lets be in flight",
            credits().map(|(labels, credit)| (labels, credit.bytes)),
        )
    }
}

impl Collector for Receiving {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut rows = Rows::new(encoder);
        let streams = self.served.look();
        let sum = |of: fn(&ServedStream) -> u64| {
            [([("stream", self.stream.to_owned())], streams.iter().map(of).sum::<u64>())]
        };
        rows.gauges("served_streams", "Streams that are open", sum(|_| 1))?;
        let opened = self.served.opened();
        let labels = || [("stream", self.stream.to_owned())];
        rows.counters("served_opens", "Streams that clients opened", [(labels(), opened)])?;
        rows.gauges(
            "served_in_flight_batches",
            "Batches that came and are not answered",
            sum(|stream| stream.in_flight.items as u64),
        )?;
        rows.gauges("served_in_flight_bytes", "Their bytes", sum(|stream| stream.in_flight.bytes))?;
        rows.gauges(
            "served_credit_batches",
            "Batches that clients may have in flight",
            sum(|stream| stream.credit.items as u64),
        )?;
        rows.gauges(
            "served_credit_bytes",
            "Bytes that clients may have in flight",
            sum(|stream| stream.credit.bytes),
        )
    }
}

//! What an outbox shows of itself.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use crate::acked::Load;

/// How the streams of an outbox are. It changes when one opens or ends; what changes with each item is in
/// [`Traffic`] and [`PeerStatus::traffic`].
#[derive(Debug, Clone, Default)]
pub struct LinkStatus {
    /// Whether any peer takes items.
    pub open: bool,
    /// Why none does, when that is known.
    pub trouble: Option<String>,
    /// The peers, by address: those that there are, and those that went and still have a stream.
    pub peers: Vec<PeerStatus>,
    /// Streams that were opened so far.
    pub streams: u64,
}

/// How the stream to one peer is.
#[derive(Debug, Clone)]
pub struct PeerStatus {
    /// Where it is.
    pub address: SocketAddr,
    /// Whether it takes items.
    pub open: bool,
    /// Why the last stream to it ended, until the next is open.
    pub trouble: Option<String>,
    /// What passes to it, to be read at any time.
    pub traffic: Arc<PeerTraffic>,
}

/// What passes to one peer, over all its streams.
#[derive(Debug, Default)]
pub struct PeerTraffic {
    /// Items that are sent to it and not answered.
    pub in_flight: Gauge,
    sent: AtomicU64,
}

impl PeerTraffic {
    /// Items that were given to it so far, repeats included.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn count_sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }
}

/// An amount of work that is read while it changes.
#[derive(Debug, Default)]
pub struct Gauge {
    items: AtomicUsize,
    bytes: AtomicU64,
}

impl Gauge {
    /// As it is. Items and bytes may be of different moments.
    pub fn read(&self) -> Load {
        Load {
            items: self.items.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    pub(super) fn set(&self, load: Load) {
        self.items.store(load.items, Ordering::Relaxed);
        self.bytes.store(load.bytes, Ordering::Relaxed);
    }
}

/// What passes through an outbox.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Items that are not answered, waiting or in flight.
    pub unacked: Gauge,
    replays: AtomicU64,
}

impl Traffic {
    /// Items that were sent once more, so far.
    pub fn replays(&self) -> u64 {
        self.replays.load(Ordering::Relaxed)
    }

    pub(super) fn count_replay(&self) {
        self.replays.fetch_add(1, Ordering::Relaxed);
    }
}

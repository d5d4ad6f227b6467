//! What an outbox shows of itself.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use tonic::Code;

use crate::{
    acked::{Credit, Gauge},
    metrics::code_name,
    process::Process,
};

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
    /// When the last stream to it that was open ended, until the next is open.
    pub ended: Option<SystemTime>,
    /// Who it said that it is, the last time.
    pub process: Option<Process>,
    /// How much it takes, by its last word.
    pub credit: Option<Credit>,
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

/// What passes through an outbox.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Items that are not answered, waiting or in flight.
    pub unacked: Gauge,
    replays: AtomicU64,
    drains: AtomicU64,
    ends: [AtomicU64; Ended::COUNT],
}

impl Traffic {
    /// Items that were sent once more, so far.
    pub fn replays(&self) -> u64 {
        self.replays.load(Ordering::Relaxed)
    }

    /// Times that a peer said it will stop, so far.
    pub fn drains(&self) -> u64 {
        self.drains.load(Ordering::Relaxed)
    }

    /// Streams that ended for this reason, so far.
    pub fn ends(&self, cause: Ended) -> u64 {
        self.ends[cause.0].load(Ordering::Relaxed)
    }

    pub(super) fn count_replay(&self) {
        self.replays.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_drain(&self) {
        self.drains.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_end(&self, cause: Ended) {
        self.ends[cause.0].fetch_add(1, Ordering::Relaxed);
    }
}

/// Why a stream ended: by its status, or because it was wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended(usize);

impl Ended {
    /// There are 17 status codes.
    const COUNT: usize = 18;
    /// Our own will: nothing is left to send, or the peer is not to be used any more.
    pub(super) const WISHED: Self = Self(17);

    pub(super) fn with(code: Code) -> Self {
        Self(code as usize)
    }

    /// Every reason that there can be.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// As a label says it.
    pub fn name(self) -> &'static str {
        match i32::try_from(self.0) {
            Ok(code) if self != Self::WISHED => code_name(Code::from_i32(code)),
            _ => "wished",
        }
    }
}

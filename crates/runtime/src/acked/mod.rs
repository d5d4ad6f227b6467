//! The acked stream, written once for both hops: producer → fleet and fleet → analytics.
//!
//! The client keeps a stream to each replica of the server, and each item until a replica has answered
//! it; after a broken stream it sends it again. The server answers each item exactly once and may see
//! one twice. Credits, not HTTP/2
//! windows, hold the client back, so that the server can always read.
//!
//! | here | what it is |
//! |---|---|
//! | [`sender`] | the client's protocol: a state machine without I/O |
//! | [`receiver`] | the server's protocol: a state machine without I/O |
//! | [`backoff`] | full-jitter delays, reset by progress only |
//! | [`outbox`] | the client's async shell: moves messages between a sender and its tonic streams |
//! | [`intake`] | the server's async shell, likewise |
//! | [`Served`] | the server's streams, to be looked at |

pub mod backoff;
mod gauge;
pub mod intake;
pub mod outbox;
pub mod receiver;
pub mod sender;
mod served;

pub use gauge::Gauge;
pub use intake::{Intake, Reply, Spoken, serve};
pub use outbox::{
    Closed, Dialect, Ended, Heard, LinkStatus, NotTaken, Outbox, OutboxConfig, PeerStatus,
    PeerTraffic, Traffic,
};
pub use receiver::{Limits, PART_TIMEOUT, Part};
pub use served::{LostStream, Served, ServedStream};

/// How much may be in flight: sent and not yet answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit {
    /// Items, 1 or more.
    pub items: usize,
    /// Bytes of items, 1 or more. A single item may exceed it when nothing else is in flight.
    pub bytes: u64,
}

impl Credit {
    /// Whether an item of `bytes` fits beside what is in flight.
    fn admits(self, in_flight: Load, bytes: u64) -> bool {
        in_flight.items == 0
            || (in_flight.items < self.items && in_flight.bytes.saturating_add(bytes) <= self.bytes)
    }
}

/// An amount of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Items.
    pub items: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Load {
    fn add(&mut self, bytes: u64) {
        self.items += 1;
        self.bytes += bytes;
    }

    fn remove(&mut self, bytes: u64) {
        self.items -= 1;
        self.bytes -= bytes;
    }
}

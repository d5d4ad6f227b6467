//! The client's async shell of acked streams: moves messages between a
//! [`Sender`](super::sender::Sender) and the tonic streams to its peers, and decides nothing.
//!
//! | here | what it is |
//! |---|---|
//! | `mod.rs` | the handle: takes items, with back-pressure |
//! | `dialect.rs` | what one hop says |
//! | `capacity.rs` | the room for items |
//! | `shell.rs` | the task: events to the sender, its steps to the streams |
//! | `links.rs` | the peers, and the stream to each |
//! | `stream.rs` | one stream |
//! | `status.rs` | what is shown of them |

mod capacity;
mod dialect;
mod links;
mod shell;
mod status;
mod stream;

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        watch,
    },
    time::Instant,
};

use self::{
    capacity::Capacity,
    links::Links,
    shell::{Offer, Shell},
};
use super::{
    Credit,
    sender::{SenderConfig, later},
};
use crate::peers::Peers;

pub use self::{
    dialect::{Dialect, Heard, Parts},
    status::{Ended, LinkStatus, PeerStatus, PeerTraffic, Traffic},
};

/// How an [`Outbox`] behaves.
#[derive(Debug, Clone)]
pub struct OutboxConfig {
    /// The hop, for logs.
    pub name: &'static str,
    /// How much may be unacked, waiting included, before [`Outbox::send`] waits.
    pub capacity: Credit,
    /// Times of the protocol.
    pub sender: SenderConfig,
}

/// The outbox ended: it was finished, or its task was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stream's outbox has ended")]
pub struct Closed;

/// An item was not taken, and is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// There is no room for it now.
    #[error("the stream's outbox is full")]
    Full,
    /// The outbox ended.
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// Takes items and keeps them until they are answered. Clones share its streams.
pub struct Outbox<D: Dialect> {
    capacity: Capacity,
    offers: mpsc::Sender<Offer<D>>,
    status: watch::Receiver<LinkStatus>,
    traffic: Arc<Traffic>,
    finish: Arc<watch::Sender<Option<std::time::Instant>>>,
}

impl<D: Dialect> Clone for Outbox<D> {
    fn clone(&self) -> Self {
        Self {
            capacity: self.capacity.clone(),
            offers: self.offers.clone(),
            status: self.status.clone(),
            traffic: Arc::clone(&self.traffic),
            finish: Arc::clone(&self.finish),
        }
    }
}

impl<D: Dialect> Outbox<D> {
    /// The outbox and its task, which the caller owns. The task ends after [`Self::finish`].
    pub fn start(
        dialect: Arc<D>,
        peers: Peers,
        config: OutboxConfig,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let capacity = Capacity::new(config.capacity);
        // Each offer holds room, so the channel never has more, and an offer never waits there.
        let (offers, offered) = mpsc::channel(Capacity::items(config.capacity));
        let (status, status_seen) = watch::channel(LinkStatus::default());
        let (finish, finish_asked) = watch::channel(None);
        let traffic = Arc::new(Traffic::default());
        let links = Links::new(config.name, peers, status, Arc::clone(&traffic));
        let shell = Shell::new(dialect, config, capacity.clone(), links);
        let outbox =
            Self { capacity, offers, status: status_seen, traffic, finish: Arc::new(finish) };
        (outbox, shell.run(offered, finish_asked))
    }

    /// Hands an item over, to be kept until it is answered. Waits while the outbox is full: that is
    /// the back-pressure. An id that is unacked already is dropped with its item.
    ///
    /// `bytes` as the server counts them against its credit, for every attempt: at least what the
    /// parts declare. A client that counts less breaks its credit, and with it the stream.
    ///
    /// # Errors
    /// The outbox has ended; the item is lost to it.
    pub async fn send(&self, id: D::Id, item: D::Item, bytes: u64) -> Result<(), Closed> {
        let room = self.capacity.room(bytes).await?;
        self.offers.send(Offer { id, item, bytes, room }).await.map_err(|_| Closed)
    }

    /// The same without waiting, from any thread: for an outbox whose room something else bounds.
    ///
    /// # Errors
    /// There is no room, or the outbox has ended; the item is lost to it.
    pub fn offer(&self, id: D::Id, item: D::Item, bytes: u64) -> Result<(), NotTaken> {
        let room = self.capacity.room_now(bytes)?;
        self.offers.try_send(Offer { id, item, bytes, room }).map_err(|refused| match refused {
            TrySendError::Full(_) => NotTaken::Full,
            TrySendError::Closed(_) => NotTaken::Closed(Closed),
        })
    }

    /// How the streams are, now and at each change.
    pub fn status(&self) -> watch::Receiver<LinkStatus> {
        self.status.clone()
    }

    /// What passes through, to be read at any time.
    pub fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }

    /// Takes no more items: the task ends when everything is answered, or after `within`. Asked
    /// again, the earlier end holds.
    pub fn finish(&self, within: Duration) {
        self.finish.send_replace(Some(later(now(), within)));
    }
}

/// The time, as the sender knows it.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}

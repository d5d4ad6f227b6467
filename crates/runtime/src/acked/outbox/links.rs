//! The links of an outbox: its peers, and the stream to each.

use std::{
    collections::BTreeSet,
    future::poll_fn,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use tokio::sync::watch;
use tonic::{Status, transport::Channel};

use super::{
    dialect::{Dialect, Parts},
    now,
    status::{Ended, LinkStatus, PeerStatus, PeerTraffic, Traffic},
    stream::{Event, Stream},
};
use crate::{
    acked::{
        Credit,
        sender::{LinkId, Sender},
    },
    peers::{Found, Peers},
    process::Process,
};

struct Link<D: Dialect> {
    id: LinkId,
    address: SocketAddr,
    channel: Channel,
    stream: Option<Stream<D>>,
    /// Not among the peers any more.
    left: bool,
    trouble: Option<String>,
    /// When the last stream that was open ended, until the next is.
    ended: Option<SystemTime>,
    process: Option<Process>,
    credit: Option<Credit>,
    traffic: Arc<PeerTraffic>,
}

pub(super) struct Links<D: Dialect> {
    /// The hop, for logs.
    name: &'static str,
    peers: Peers,
    links: Vec<Link<D>>,
    /// Where to look first for what has happened, so that a busy stream does not hide the others.
    turn: usize,
    /// Why the peers are unknown.
    unknown: Option<String>,
    streams: u64,
    /// Something of the status has changed that is not told yet.
    changed: bool,
    status: watch::Sender<LinkStatus>,
    traffic: Arc<Traffic>,
}

/// Something that happened on a link, or to the set of them.
pub(super) enum News<D: Dialect> {
    Stream(LinkId, Event<D::In>),
    Peers(Found),
}

impl<D: Dialect> Links<D> {
    pub(super) fn new(
        name: &'static str,
        peers: Peers,
        status: watch::Sender<LinkStatus>,
        traffic: Arc<Traffic>,
    ) -> Self {
        Self {
            name,
            peers,
            links: Vec::new(),
            turn: 0,
            unknown: None,
            streams: 0,
            changed: false,
            status,
            traffic,
        }
    }

    /// The next that happens. Nothing is lost when it is dropped.
    pub(super) async fn news(&mut self) -> News<D> {
        poll_fn(|cx| self.poll_news(cx)).await
    }

    fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<News<D>> {
        if let Poll::Ready(found) = self.peers.poll_found(cx) {
            return Poll::Ready(News::Peers(found));
        }
        let count = self.links.len();
        for step in 0..count {
            let index = (self.turn + step) % count;
            let link = &mut self.links[index];
            if let Some(stream) = &mut link.stream
                && let Poll::Ready(event) = stream.poll(cx)
            {
                self.turn = index + 1;
                return Poll::Ready(News::Stream(link.id, event));
            }
        }
        Poll::Pending
    }

    fn get(&mut self, link: LinkId) -> Option<&mut Link<D>> {
        self.links.iter_mut().find(|other| other.id == link)
    }

    pub(super) fn stream(&mut self, link: LinkId) -> Option<&mut Stream<D>> {
        self.get(link)?.stream.as_mut()
    }

    /// Gives a peer the messages of an item. `attempt` counts from 1, over all peers.
    pub(super) fn send(&mut self, link: LinkId, parts: Parts<D::Out>, attempt: u32) {
        if attempt > 1 {
            self.traffic.count_replay();
        }
        let Some(link) = self.get(link) else { return };
        link.traffic.count_sent();
        if let Some(stream) = &mut link.stream {
            stream.start(parts);
        }
    }

    /// Opens a stream.
    pub(super) fn open(&mut self, link: LinkId, dialect: &Arc<D>) {
        if let Some(link) = self.get(link) {
            link.stream = Some(Stream::open(dialect, link.channel.clone()));
        }
    }

    /// A peer takes items.
    pub(super) fn on_open(
        &mut self,
        link: LinkId,
        credit: Credit,
        process: Process,
        unacked: usize,
    ) {
        self.changed = true;
        self.streams += 1;
        let name = self.name;
        let Some(link) = self.get(link) else { return };
        (link.trouble, link.ended) = (None, None);
        let (peer, Credit { items, bytes }) = (link.address, credit);
        tracing::info!(stream = name, %peer, name = process.name, items, bytes, unacked, "stream is open");
        (link.process, link.credit) = (Some(process), Some(credit));
    }

    /// A peer will stop.
    pub(super) fn on_drain(&mut self, link: LinkId, deadline: Duration) {
        self.changed = true;
        let name = self.name;
        let Some(link) = self.get(link) else { return };
        tracing::info!(stream = name, peer = %link.address, ?deadline, "peer drains");
        self.traffic.count_drain();
    }

    /// Nothing more is sent on a stream.
    pub(super) fn on_half_closed(&mut self) {
        self.changed = true;
    }

    /// A stream has ended. `wished`: nobody needs to know.
    pub(super) fn on_closed(
        &mut self,
        link: LinkId,
        status: &Status,
        unacked: usize,
        wished: bool,
    ) {
        self.changed = true;
        let name = self.name;
        let Some(link) = self.get(link) else { return };
        link.stream = None;
        let trouble = format!("{:?}: {}", status.code(), status.message());
        let peer = link.address;
        let wished = wished || link.left;
        // Said once for each different trouble, not at every attempt, and not at all when it was wished.
        if wished {
            tracing::debug!(stream = name, %peer, trouble, "stream has ended");
        } else if link.trouble.as_ref() != Some(&trouble) {
            tracing::warn!(stream = name, %peer, unacked, trouble, "stream is down, trying again");
        }
        link.trouble = Some(trouble);
        if link.process.is_some() {
            link.ended.get_or_insert_with(SystemTime::now);
        }
        self.traffic.count_end(if wished { Ended::WISHED } else { Ended::with(status.code()) });
        self.peers.hurry();
    }

    /// A peer that left has no stream any more.
    pub(super) fn forget(&mut self, link: LinkId) {
        self.changed = true;
        self.links.retain(|other| other.id != link);
    }

    /// Keeps to what is known of the peers.
    pub(super) fn on_found(&mut self, found: Found, sender: &mut Sender<D::Id>) {
        self.changed = true;
        match found {
            Found::Unknown(why) => {
                let known = self.links.iter().filter(|link| !link.left).count();
                tracing::warn!(stream = self.name, why, known, "peers are unknown, asking again");
                self.unknown = Some(why);
            }
            Found::Addresses(addresses) => {
                if self.peers.change() {
                    tracing::info!(stream = self.name, ?addresses, "peers are known");
                }
                self.unknown = None;
                self.keep_to(&addresses, sender);
            }
        }
    }

    fn keep_to(&mut self, addresses: &BTreeSet<SocketAddr>, sender: &mut Sender<D::Id>) {
        let mut new = addresses.clone();
        for link in &mut self.links {
            let there = new.remove(&link.address);
            match (link.left, there) {
                (false, false) => sender.remove_peer(link.id),
                (true, true) => sender.keep_peer(link.id),
                _ => {}
            }
            link.left = !there;
        }
        for address in new {
            self.links.push(Link {
                id: sender.add_peer(now()),
                address,
                channel: self.peers.channel(address),
                stream: None,
                left: false,
                trouble: None,
                ended: None,
                process: None,
                credit: None,
                traffic: Arc::default(),
            });
        }
    }

    /// Shows how everything is: the loads always, the rest and a wake-up of those who watch when it changed.
    pub(super) fn report(&mut self, sender: &Sender<D::Id>) {
        self.traffic.unacked.set(sender.unacked());
        for link in &self.links {
            link.traffic.in_flight.set(sender.in_flight(link.id));
        }
        if !std::mem::take(&mut self.changed) {
            return;
        }
        let peer = |link: &Link<D>| PeerStatus {
            address: link.address,
            open: sender.is_open(link.id),
            trouble: link.trouble.clone(),
            ended: link.ended,
            process: link.process.clone(),
            credit: link.credit,
            traffic: Arc::clone(&link.traffic),
        };
        let mut peers: Vec<PeerStatus> = self.links.iter().map(peer).collect();
        peers.sort_by_key(|peer| peer.address);
        let open = peers.iter().any(|peer| peer.open);
        let trouble = peers.iter().find_map(|peer| peer.trouble.clone()).or(self.unknown.clone());
        let trouble = trouble.filter(|_| !open);
        self.status.send_replace(LinkStatus { open, trouble, peers, streams: self.streams });
    }
}

//! A plain model of what must hold of a sender, whatever its peers and the network do.

use std::{
    cmp::Ordering,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use runtime::acked::{
    Credit, Load,
    sender::{Answered, LinkId, Sender, SenderConfig, Step},
};

pub(crate) const BASE: Duration = Duration::from_millis(100);
pub(crate) const CAP: Duration = Duration::from_secs(5);
const WELCOME: Duration = Duration::from_secs(10);
/// The model's name for "for ever".
const FOREVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// What the world does. Numbers pick among what is there.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Offer {
        bytes: u64,
    },
    OfferAgain {
        pick: usize,
    },
    Wait(Duration),
    /// To the very moment that the sender asked to be woken at.
    WaitUntilWake,
    AddPeer,
    RemovePeer {
        peer: usize,
    },
    /// One that was removed and is not forgotten.
    KeepPeer {
        peer: usize,
    },
    Welcome {
        peer: usize,
        credit: Credit,
    },
    Sent {
        peer: usize,
    },
    RefusedMore {
        peer: usize,
    },
    Answer {
        pick: usize,
    },
    AnswerAnything {
        peer: usize,
        pick: usize,
    },
    AnswerUnknown {
        peer: usize,
    },
    Drain {
        peer: usize,
        within: Duration,
    },
    Close {
        peer: usize,
    },
    /// All streams break at once.
    Partition,
    Finish(Duration),
}

pub(crate) fn credit() -> impl Strategy<Value = Credit> {
    (0..6usize, 0..100u64).prop_map(|(items, bytes)| Credit { items, bytes })
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let any = any::<usize>;
    let ms = Duration::from_millis;
    let welcome = (any(), credit()).prop_map(|(peer, credit)| Event::Welcome { peer, credit });
    let drain = (any(), 0..20_000u64)
        .prop_map(move |(peer, within)| Event::Drain { peer, within: ms(within) });
    prop_oneof![
        16 => (0..60u64).prop_map(|bytes| Event::Offer { bytes }),
        1 => any().prop_map(|pick| Event::OfferAgain { pick }),
        3 => (0..3_000u64).prop_map(move |millis| Event::Wait(ms(millis))),
        6 => Just(Event::WaitUntilWake),
        1 => Just(Event::AddPeer),
        1 => any().prop_map(|peer| Event::RemovePeer { peer }),
        1 => any().prop_map(|peer| Event::KeepPeer { peer }),
        12 => welcome,
        24 => any().prop_map(|peer| Event::Sent { peer }),
        1 => any().prop_map(|peer| Event::RefusedMore { peer }),
        12 => any().prop_map(|pick| Event::Answer { pick }),
        1 => (any(), any()).prop_map(|(peer, pick)| Event::AnswerAnything { peer, pick }),
        1 => any().prop_map(|peer| Event::AnswerUnknown { peer }),
        1 => drain,
        1 => any().prop_map(|peer| Event::Drain { peer, within: Duration::MAX }),
        2 => any().prop_map(|peer| Event::Close { peer }),
        1 => Just(Event::Partition),
    ]
}

#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) id: u32,
    bytes: u64,
    attempts: u32,
    pub(crate) on: Option<LinkId>,
}

/// A peer and its stream, as the peer and the network see them.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) link: LinkId,
    pub(crate) stream: Option<Stream>,
    removed: bool,
    closed_at: Instant,
    /// Closings since the last answer; none before the first stream.
    closings: Option<u32>,
    /// How many items anyone had been given when it was last given one.
    served: u64,
}

#[derive(Debug)]
pub(crate) struct Stream {
    opened: Instant,
    credit: Option<Credit>,
    drain_by: Option<Instant>,
    /// Nothing more is taken, and since when.
    half_closed: Option<Instant>,
    sending: Option<u32>,
}

impl Stream {
    fn takes_items(&self) -> Option<Credit> {
        self.credit.filter(|_| self.drain_by.is_none() && self.half_closed.is_none())
    }
}

impl Peer {
    /// The latest time at which another stream may be opened.
    fn open_by(&self) -> Instant {
        let bound = |closings: u32| BASE.saturating_mul(1 << (closings - 1).min(20)).min(CAP);
        self.closed_at + self.closings.map_or(Duration::ZERO, bound)
    }

    /// The credit of its stream, if it may be given items.
    fn usable(&self) -> Option<Credit> {
        let credit = self.stream.as_ref().and_then(Stream::takes_items);
        credit.filter(|_| !self.removed)
    }
}

/// So much of so much.
#[derive(Debug, Clone, Copy)]
struct Share(u64, u64);

impl Share {
    fn cmp(self, other: Self) -> Ordering {
        (self.0 * other.1).cmp(&(other.0 * self.1))
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) sender: Sender<u32>,
    next_id: u32,
    /// Unanswered, in the order of offers.
    pub(crate) items: Vec<Item>,
    pub(crate) peers: Vec<Peer>,
    /// Items given to peers so far.
    given: u64,
    pub(crate) finish_by: Option<Instant>,
    pub(crate) finished: bool,
}

impl World {
    pub(crate) fn new(peers: usize, seed: u64) -> Self {
        let now = Instant::now();
        let config =
            SenderConfig { backoff_base: BASE, backoff_cap: CAP, welcome_timeout: WELCOME, seed };
        let mut world = Self {
            now,
            sender: Sender::new(config),
            next_id: 0,
            items: Vec::new(),
            peers: Vec::new(),
            given: 0,
            finish_by: None,
            finished: false,
        };
        for _ in 0..peers {
            world.happen(&Event::AddPeer);
        }
        world
    }

    pub(crate) fn in_flight(&self, link: LinkId) -> Load {
        let there = self.items.iter().filter(|item| item.on == Some(link));
        there.fold(Load::default(), |load, item| Load {
            items: load.items + 1,
            bytes: load.bytes + item.bytes,
        })
    }

    fn is_overdue(&self) -> bool {
        self.finish_by.is_some_and(|by| self.now >= by)
    }

    fn is_done(&self) -> bool {
        self.finish_by.is_some() && self.items.is_empty()
    }

    pub(crate) fn happen(&mut self, event: &Event) {
        match *event {
            Event::Offer { bytes } => {
                let id = self.next_id;
                self.next_id += 1;
                assert!(self.sender.offer(id, bytes));
                self.items.push(Item { id, bytes, attempts: 0, on: None });
            }
            Event::OfferAgain { pick } => {
                if let Some(item) = self.pick(pick, |_| true) {
                    let id = self.items[item].id;
                    assert!(!self.sender.offer(id, 1_000), "item {id} is there already");
                }
            }
            Event::Wait(time) => self.now += time,
            Event::WaitUntilWake => {
                if let Some(at) = self.sender.wake_at() {
                    self.now = self.now.max(at.min(self.now + Duration::from_secs(60)));
                }
            }
            Event::AddPeer => {
                let link = self.sender.add_peer(self.now);
                assert!(self.peers.iter().all(|peer| peer.link < link), "its name is used");
                let closed_at = self.now;
                let (stream, removed, closings, served) = (None, false, None, 0);
                self.peers.push(Peer { link, stream, removed, closed_at, closings, served });
            }
            Event::RemovePeer { peer } => {
                if let Some(peer) = self.peer(peer) {
                    self.sender.remove_peer(self.peers[peer].link);
                    self.peers[peer].removed = true;
                }
            }
            Event::KeepPeer { peer } => {
                if let Some(peer) = self.peer(peer) {
                    self.sender.keep_peer(self.peers[peer].link);
                    self.peers[peer].removed = false;
                }
            }
            Event::Welcome { peer, credit } => {
                let Some(peer) = self.peer(peer) else { return };
                self.sender.on_welcome(self.peers[peer].link, credit);
                if let Some(stream) = &mut self.peers[peer].stream
                    && stream.drain_by.is_none()
                    && stream.half_closed.is_none()
                {
                    stream.credit = Some(credit);
                }
            }
            Event::Sent { peer } => {
                let Some(peer) = self.peer(peer) else { return };
                let link = self.peers[peer].link;
                if let Some(stream) = &mut self.peers[peer].stream
                    && stream.sending.take().is_some()
                {
                    self.sender.on_sent(link);
                }
            }
            Event::RefusedMore { peer } => {
                let Some(peer) = self.peer(peer) else { return };
                let link = self.peers[peer].link;
                if let Some(stream) = &mut self.peers[peer].stream {
                    self.sender.on_refused_more(link, self.now);
                    stream.sending = None;
                    if stream.credit.is_some() && stream.drain_by.is_none() {
                        stream.half_closed.get_or_insert(self.now);
                    }
                }
            }
            Event::Answer { pick } => {
                if let Some(item) = self.pick(pick, |item| item.on.is_some()) {
                    let link = self.items[item].on.expect("it is on a stream");
                    self.answer(link, item);
                }
            }
            Event::AnswerAnything { peer, pick } => {
                if let (Some(peer), Some(item)) = (self.peer(peer), self.pick(pick, |_| true)) {
                    self.answer(self.peers[peer].link, item);
                }
            }
            Event::AnswerUnknown { peer } => {
                if let Some(peer) = self.peer(peer) {
                    assert_eq!(self.sender.on_answer(self.peers[peer].link, u32::MAX), None);
                }
            }
            Event::Drain { peer, within } => {
                let Some(peer) = self.peer(peer) else { return };
                self.sender.on_drain(self.peers[peer].link, self.now, within);
                if let Some(stream) = &mut self.peers[peer].stream
                    && stream.half_closed.is_none()
                {
                    stream.drain_by.get_or_insert(self.now + within.min(FOREVER));
                }
            }
            Event::Close { peer } => {
                if let Some(peer) = self.peer(peer) {
                    self.close(self.peers[peer].link);
                }
            }
            Event::Partition => {
                let links: Vec<LinkId> = self.peers.iter().map(|peer| peer.link).collect();
                links.into_iter().for_each(|link| self.close(link));
            }
            Event::Finish(within) => {
                let by = self.now + within;
                self.sender.finish(by);
                self.finish_by = Some(self.finish_by.map_or(by, |earlier| earlier.min(by)));
            }
        }
    }

    fn pick(&self, pick: usize, wanted: impl Fn(&Item) -> bool) -> Option<usize> {
        let there: Vec<usize> =
            (0..self.items.len()).filter(|&index| wanted(&self.items[index])).collect();
        (!there.is_empty()).then(|| there[pick % there.len()])
    }

    fn peer(&self, pick: usize) -> Option<usize> {
        (!self.peers.is_empty()).then(|| pick % self.peers.len())
    }

    fn of(&mut self, link: LinkId) -> &mut Peer {
        self.peers.iter_mut().find(|peer| peer.link == link).expect("no such peer")
    }

    fn answer(&mut self, link: LinkId, index: usize) {
        if self.of(link).stream.is_none() {
            return;
        }
        let Item { id, attempts, on, .. } = self.items[index];
        if attempts == 0 {
            assert_eq!(self.sender.on_answer(link, id), None, "item {id} was never sent");
            return;
        }
        if on.is_some_and(|on| on != link) {
            assert_eq!(self.sender.on_answer(link, id), None, "item {id} is on another stream");
            return;
        }
        assert_eq!(self.sender.on_answer(link, id), Some(Answered { attempts }));
        assert_eq!(self.sender.on_answer(link, id), None, "item {id} is answered once");
        self.items.remove(index);
        if on.is_none() {
            // Late, and no progress of this stream.
            return;
        }
        let peer = self.of(link);
        peer.closings = peer.closings.map(|_| 0);
        if let Some(stream) = &mut peer.stream
            && stream.sending == Some(id)
        {
            stream.sending = None;
        }
    }

    pub(crate) fn close(&mut self, link: LinkId) {
        let now = self.now;
        let peer = self.of(link);
        if peer.stream.take().is_none() {
            return;
        }
        peer.closed_at = now;
        peer.closings = Some(peer.closings.unwrap_or(0) + 1);
        self.sender.on_closed(link, now);
        for item in self.items.iter_mut().filter(|item| item.on == Some(link)) {
            item.on = None;
        }
    }

    /// Does what the sender says until it says no more, and checks each step.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            match self.sender.next(self.now) {
                Some(step) => self.check_step(&step),
                None => return self.check_rest(),
            }
        }
        panic!("next() does not come to an end");
    }

    fn check_step(&mut self, step: &Step<u32>) {
        assert!(!self.finished, "{step:?} after the end");
        match *step {
            Step::Open(link) => self.check_open(link),
            Step::Send { link, id, attempt } => self.check_send(link, id, attempt),
            Step::HalfClose(link) => {
                let idle = self.in_flight(link) == Load::default();
                let (now, done) = (self.now, self.is_done());
                let peer = self.of(link);
                let removed = peer.removed;
                let stream = peer.stream.as_mut().expect("half-close needs a stream");
                let drained = stream.drain_by.is_some() && idle;
                let over = stream.credit.is_some() && (done || (removed && idle));
                assert!(drained || over, "half-close too early");
                assert!(stream.half_closed.is_none(), "half-close twice");
                stream.half_closed = Some(now);
            }
            Step::Cut(link) => {
                assert!(self.cut_is_due(link), "no reason to cut {:?}", self.of(link));
                self.close(link);
            }
            Step::Forget(link) => {
                let peer = self.of(link);
                assert!(peer.removed, "it is to be kept");
                assert!(peer.stream.is_none(), "forgotten with an open stream");
                self.peers.retain(|peer| peer.link != link);
            }
            Step::Finish => {
                let open = self.peers.iter().any(|peer| peer.stream.is_some());
                assert!(!open, "finished with an open stream");
                assert!(self.is_done() || self.is_overdue(), "finished too early");
                self.finished = true;
            }
        }
    }

    fn check_open(&mut self, link: LinkId) {
        assert!(!self.is_done() && !self.is_overdue(), "opened for nothing");
        let opened = self.now;
        let peer = self.of(link);
        assert!(!peer.removed, "opened to a peer that is not to be used");
        assert!(peer.stream.is_none(), "a second stream");
        let (credit, drain_by, half_closed, sending) = (None, None, None, None);
        peer.stream = Some(Stream { opened, credit, drain_by, half_closed, sending });
    }

    fn check_send(&mut self, link: LinkId, id: u32, attempt: u32) {
        let (item, links) = self.next_to_send().expect("nothing could be sent");
        assert_eq!(self.items[item].id, id, "not its turn");
        assert!(links.contains(&link), "{id} to {link:?} where {links:?} could take it");
        let (load, served) = (self.load(link), self.of(link).served);
        for &other in links.iter().filter(|&&other| other != link && links.len() == 2) {
            let other_served = self.of(other).served;
            let less = load.cmp(self.load(other)).then(served.cmp(&other_served));
            assert_ne!(less, Ordering::Greater, "of two, the more loaded: {self:?}");
        }
        let least = links.iter().all(|&other| load.cmp(self.load(other)) != Ordering::Less);
        let even = links.iter().all(|&other| load.cmp(self.load(other)) == Ordering::Equal);
        assert!(
            links.len() == 1 || even || !least || {
                let as_loaded = |&&other: &&LinkId| load.cmp(self.load(other)) == Ordering::Equal;
                links.iter().filter(as_loaded).count() > 1
            },
            "the most loaded of all"
        );
        self.given += 1;
        let given = self.given;
        let peer = self.of(link);
        peer.served = given;
        let stream = peer.stream.as_mut().expect("it could be sent");
        stream.sending = Some(id);
        let item = &mut self.items[item];
        item.attempts += 1;
        item.on = Some(link);
        assert_eq!(item.attempts, attempt);
    }

    /// By the rule: the first item in the order for which there is a link, if none is held for those
    /// before it, and the links that could take it.
    fn next_to_send(&self) -> Option<(usize, Vec<LinkId>)> {
        let mut open: Vec<&Peer> =
            self.peers.iter().filter(|peer| peer.usable().is_some()).collect();
        for (index, item) in self.items.iter().enumerate().filter(|(_, item)| item.on.is_none()) {
            let could = open.iter().filter(|peer| self.could_take(peer, item.bytes));
            let links: Vec<LinkId> = could.map(|peer| peer.link).collect();
            if !links.is_empty() {
                return Some((index, links));
            }
            let least = (0..open.len()).min_by(|&one, &other| {
                self.load(open[one].link).cmp(self.load(open[other].link)).then(one.cmp(&other))
            })?;
            open.remove(least);
        }
        None
    }

    fn could_take(&self, peer: &Peer, bytes: u64) -> bool {
        let free = peer.stream.as_ref().is_some_and(|stream| stream.sending.is_none());
        let load = self.in_flight(peer.link);
        free && peer.usable().is_some_and(|credit| {
            load.items == 0 || (load.items < credit.items && load.bytes + bytes <= credit.bytes)
        })
    }

    /// How much of the credit is in use: of items or of bytes, whichever is more.
    fn load(&self, link: LinkId) -> Share {
        let peer = self.peers.iter().find(|peer| peer.link == link).expect("there");
        let (credit, load) = (peer.usable().expect("usable"), self.in_flight(link));
        let items = Share(load.items as u64, credit.items.max(1) as u64);
        let bytes = Share(load.bytes, credit.bytes.max(1));
        if items.cmp(bytes) == Ordering::Greater { items } else { bytes }
    }

    fn cut_is_due(&mut self, link: LinkId) -> bool {
        let (now, done, overdue) = (self.now, self.is_done(), self.is_overdue());
        let peer = self.of(link);
        let Some(stream) = &peer.stream else { return false };
        let late = stream.drain_by.is_some_and(|by| now >= by)
            || stream.half_closed.is_some_and(|since| now >= since + WELCOME);
        let unwelcome = stream.credit.is_none()
            && stream.drain_by.is_none()
            && (done || peer.removed || now >= stream.opened + WELCOME);
        overdue || late || unwelcome
    }

    /// The sender has nothing to do: there is nothing to do, and it will wake when there is.
    fn check_rest(&self) {
        let bytes = self.items.iter().map(|item| item.bytes).sum();
        assert_eq!(self.sender.unacked(), Load { items: self.items.len(), bytes });
        let wake_at = self.sender.wake_at();
        if self.finished {
            return assert_eq!(wake_at, None);
        }
        assert!(!self.is_overdue(), "the end is due");
        assert!(wake_at.is_none_or(|at| at > self.now), "a wake-up in the past is a busy loop");
        let wakes_by = |by: Instant| wake_at.is_some_and(|at| at <= by);
        assert!(self.finish_by.is_none_or(wakes_by), "the end would be missed");
        let open = self.peers.iter().any(|peer| peer.stream.is_some());
        assert!(open || !self.is_done(), "all is answered and nothing is open");
        for peer in &self.peers {
            self.check_peer_rests(peer, &wakes_by);
        }
        assert_eq!(self.next_to_send(), None, "holds back an item");
    }

    fn check_peer_rests(&self, peer: &Peer, wakes_by: &impl Fn(Instant) -> bool) {
        let link = peer.link;
        let in_flight = self.in_flight(link);
        assert_eq!(self.sender.in_flight(link), in_flight);
        assert_eq!(self.sender.is_open(link), peer.usable().is_some());
        let sending = peer.stream.as_ref().and_then(|stream| stream.sending);
        assert_eq!(self.sender.sending(link), sending);
        let Some(stream) = &peer.stream else {
            assert!(!peer.removed, "not forgotten");
            let opens = self.is_done() || wakes_by(peer.open_by());
            return assert!(opens, "opens too late: {:?}", peer.closings);
        };
        if let Some(since) = stream.half_closed {
            let by = stream.drain_by.unwrap_or(since + WELCOME);
            assert!(wakes_by(by), "an end that does not come would be missed");
        } else if let Some(by) = stream.drain_by {
            assert!(wakes_by(by), "the end of the drain would be missed");
            assert_ne!(in_flight, Load::default(), "drained and not half-closed");
        } else if stream.credit.is_some() {
            assert!(!self.is_done(), "all is answered and the stream stays");
            assert!(!peer.removed || in_flight != Load::default(), "left and not half-closed");
        } else {
            assert!(wakes_by(stream.opened + WELCOME), "a missing welcome would be missed");
        }
    }

    /// From here on every peer is there, welcomes, and answers everything.
    pub(crate) fn make_peace(&mut self) {
        let peace = Credit { items: 3, bytes: 80 };
        if self.peers.iter().all(|peer| peer.removed) {
            self.happen(&Event::AddPeer);
        }
        for _ in 0..2_000 {
            self.settle();
            if self.items.is_empty() || self.finished {
                return;
            }
            let before = self.now;
            let events: Vec<Event> = (0..self.peers.len())
                .map(|peer| match &self.peers[peer].stream {
                    Some(stream) if stream.half_closed.is_some() => Event::Close { peer },
                    Some(stream) if stream.sending.is_some() => Event::Sent { peer },
                    Some(_) if self.in_flight(self.peers[peer].link) != Load::default() => {
                        let link = self.peers[peer].link;
                        let there = self.items.iter().filter(|item| item.on.is_some());
                        let pick = there.take_while(|item| item.on != Some(link)).count();
                        Event::Answer { pick }
                    }
                    Some(stream) if stream.drain_by.is_none() => {
                        Event::Welcome { peer, credit: peace }
                    }
                    Some(_) | None => Event::WaitUntilWake,
                })
                .collect();
            // One at a time, since each changes what the others pick among.
            let busy =
                |event: &&Event| !matches!(event, Event::WaitUntilWake | Event::Welcome { .. });
            match events.iter().find(busy) {
                Some(event) => self.happen(event),
                None => events.iter().for_each(|event| self.happen(event)),
            }
            debug_assert!(self.now >= before);
        }
        panic!("not everything was answered: {self:?}");
    }
}

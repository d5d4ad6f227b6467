//! The client's side of an acked stream, as a state machine without I/O.
//!
//! Events and the time go in; [`Sender::next`] says what to do. The owner of a sender does just that
//! and nothing else, so everything that can go wrong on a stream is decided, and tested, here.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map},
    fmt,
    hash::{BuildHasher, Hash, Hasher, RandomState},
    time::{Duration, Instant},
};

use super::{Credit, Load, backoff::Backoff};

/// Times of a [`Sender`].
#[derive(Debug, Clone)]
pub struct SenderConfig {
    /// The first bound of the delay before another stream is opened.
    pub backoff_base: Duration,
    /// The greatest bound of that delay.
    pub backoff_cap: Duration,
    /// How long a stream may take to open and be welcomed.
    pub welcome_timeout: Duration,
    /// Seed of the delays.
    pub seed: u64,
}

impl Default for SenderConfig {
    fn default() -> Self {
        Self {
            backoff_base: Duration::from_millis(100),
            backoff_cap: Duration::from_secs(5),
            welcome_timeout: Duration::from_secs(10),
            // The standard library's own source of a different number for each process.
            seed: RandomState::new().build_hasher().finish(),
        }
    }
}

/// What the owner does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<I> {
    /// Open a stream, then report [`Sender::on_welcome`] or [`Sender::on_closed`].
    Open,
    /// Send this item on the open stream, then report [`Sender::on_sent`]: until then no other is
    /// sent, and time goes on. `attempt` counts from 1.
    Send {
        /// Which.
        id: I,
        /// How many times it was sent, this one included.
        attempt: u32,
    },
    /// Send nothing more on this stream; go on reading answers until it ends.
    HalfClose,
    /// Drop the stream, then report [`Sender::on_closed`].
    Cut,
    /// Nothing is left to do: stop.
    Finish,
}

/// An item that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// How many times it had been sent.
    pub attempts: u32,
}

#[derive(Debug)]
struct Entry<I> {
    id: I,
    bytes: u64,
    attempts: u32,
    in_flight: bool,
}

/// The one stream that there is at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// None; the next may be opened at this time.
    Down { until: Instant },
    /// Asked for, or open and not yet welcomed, until this time at the latest.
    Opening { until: Instant },
    /// Welcomed.
    Open { credit: Credit },
    /// The peer drains: answers still come, until this time at the latest.
    Draining { until: Instant },
    /// Nothing more is sent: answers still come, until this time at the latest.
    HalfClosed { until: Instant },
    /// The owner was told to drop it and has not said yet that it did.
    Cut,
}

/// Keeps unacked items in their one order and decides what happens to them.
///
/// Each item has a place: waiting, or in flight on the one open stream. Items wait in the order in
/// which they were offered; those that were in flight when a stream ended go to the front again.
#[derive(Debug)]
pub struct Sender<I> {
    config: SenderConfig,
    backoff: Backoff,
    link: Link,
    /// Every unacked item by its ticket: the order of offers.
    entries: BTreeMap<u64, Entry<I>>,
    tickets: HashMap<I, u64>,
    next_ticket: u64,
    /// The item of which messages are still to be passed on.
    sending: Option<u64>,
    /// Tickets of waiting items, ascending.
    waiting: VecDeque<u64>,
    in_flight: Load,
    total: Load,
    /// The time by which everything must be over, once that was asked for.
    finish_by: Option<Instant>,
    finished: bool,
}

impl<I: Copy + Eq + Hash + fmt::Debug> Sender<I> {
    /// Nothing to send yet; the first stream opens at once.
    pub fn new(config: SenderConfig, now: Instant) -> Self {
        let backoff = Backoff::new(config.backoff_base, config.backoff_cap, config.seed);
        Self {
            config,
            backoff,
            link: Link::Down { until: now },
            entries: BTreeMap::new(),
            tickets: HashMap::new(),
            next_ticket: 0,
            sending: None,
            waiting: VecDeque::new(),
            in_flight: Load::default(),
            total: Load::default(),
            finish_by: None,
            finished: false,
        }
    }

    /// Takes an item behind all others. False: it has this id already, and nothing changes.
    pub fn offer(&mut self, id: I, bytes: u64) -> bool {
        let ticket = self.next_ticket;
        match self.tickets.entry(id) {
            hash_map::Entry::Occupied(_) => return false,
            hash_map::Entry::Vacant(place) => place.insert(ticket),
        };
        self.next_ticket += 1;
        self.entries.insert(ticket, Entry { id, bytes, attempts: 0, in_flight: false });
        self.waiting.push_back(ticket);
        self.total.add(bytes);
        true
    }

    /// The peer said how much may be in flight. Said again, the new credit holds from now on.
    pub fn on_welcome(&mut self, credit: Credit) {
        if matches!(self.link, Link::Opening { .. } | Link::Open { .. }) {
            self.link = Link::Open { credit };
        }
    }

    /// All messages of the item from [`Step::Send`] are on their way.
    pub fn on_sent(&mut self) {
        self.sending = None;
    }

    /// The stream takes no more messages. Why is told, and answers may come, until it ends.
    pub fn on_refused_more(&mut self, now: Instant) {
        self.sending = None;
        if let Link::Open { .. } = self.link {
            self.link = Link::HalfClosed { until: later(now, self.config.welcome_timeout) };
        }
    }

    /// The item that is being sent: the one of the last [`Step::Send`], until all of it is on its
    /// way or it is answered. An answer in the middle is a refusal; the rest of it is of no use.
    pub fn sending(&self) -> Option<I> {
        self.sending.and_then(|ticket| self.entries.get(&ticket)).map(|entry| entry.id)
    }

    /// The peer answered an item. None: no such item is kept (it was answered before), or it was
    /// never sent, so that this is no answer to it.
    pub fn on_answer(&mut self, id: I) -> Option<Answered> {
        let ticket = *self.tickets.get(&id)?;
        if self.entries.get(&ticket)?.attempts == 0 {
            return None;
        }
        self.tickets.remove(&id);
        let entry = self.entries.remove(&ticket)?;
        if self.sending == Some(ticket) {
            self.sending = None;
        }
        self.total.remove(entry.bytes);
        if entry.in_flight {
            self.in_flight.remove(entry.bytes);
        } else if let Ok(place) = self.waiting.binary_search(&ticket) {
            // An answer to an earlier attempt, on a peer that answers late.
            self.waiting.remove(place);
        }
        self.backoff.reset();
        Some(Answered { attempts: entry.attempts })
    }

    /// The peer will stop: no more is sent on this stream.
    pub fn on_drain(&mut self, now: Instant, deadline: Duration) {
        if matches!(self.link, Link::Opening { .. } | Link::Open { .. }) {
            self.link = Link::Draining { until: later(now, deadline) };
        }
    }

    /// The stream ended or could not be opened, for whatever reason.
    pub fn on_closed(&mut self, now: Instant) {
        if matches!(self.link, Link::Down { .. }) {
            return;
        }
        // What was in flight may lie anywhere among what waits: everything waits now, in its order.
        for entry in self.entries.values_mut() {
            entry.in_flight = false;
        }
        self.waiting = self.entries.keys().copied().collect();
        self.in_flight = Load::default();
        self.sending = None;
        self.link = Link::Down { until: now + self.backoff.next_delay() };
    }

    /// Takes no more offers into account: ends when everything is answered, at `by` at the latest.
    pub fn finish(&mut self, by: Instant) {
        self.finish_by = Some(self.finish_by.map_or(by, |earlier| earlier.min(by)));
    }

    /// What to do now, one step at a time, until nothing is left to do before [`Self::wake_at`] or
    /// the next event.
    pub fn next(&mut self, now: Instant) -> Option<Step<I>> {
        if self.finished {
            return None;
        }
        let overdue = self.finish_by.is_some_and(|by| now >= by);
        let done = self.finish_by.is_some() && self.entries.is_empty();
        match self.link {
            Link::Cut => None,
            Link::Down { .. } if overdue || done => {
                self.finished = true;
                Some(Step::Finish)
            }
            _ if overdue => self.cut(),
            Link::Down { until } => (now >= until).then(|| {
                self.link = Link::Opening { until: later(now, self.config.welcome_timeout) };
                Step::Open
            }),
            Link::Opening { until } => (done || now >= until).then(|| self.cut()).flatten(),
            Link::Open { .. } if done => self.half_close(later(now, self.config.welcome_timeout)),
            Link::Open { credit } => self.send(credit),
            Link::Draining { until } if now >= until => self.cut(),
            Link::Draining { until } if self.in_flight.items == 0 => self.half_close(until),
            Link::HalfClosed { until } if now >= until => self.cut(),
            Link::Draining { .. } | Link::HalfClosed { .. } => None,
        }
    }

    /// When [`Self::next`] should be asked again even if nothing happens.
    pub fn wake_at(&self) -> Option<Instant> {
        let link = match self.link {
            Link::Down { until }
            | Link::Opening { until }
            | Link::Draining { until }
            | Link::HalfClosed { until } => Some(until),
            Link::Open { .. } => None,
            // The owner acts at once; there is nothing to wait for.
            Link::Cut => return None,
        };
        if self.finished {
            return None;
        }
        [link, self.finish_by].into_iter().flatten().min()
    }

    /// Everything unacked: waiting and in flight.
    pub fn unacked(&self) -> Load {
        self.total
    }

    /// What is sent and not yet answered.
    pub fn in_flight(&self) -> Load {
        self.in_flight
    }

    /// Whether items are being taken by the peer.
    pub fn is_open(&self) -> bool {
        matches!(self.link, Link::Open { .. })
    }

    /// Whether the end was asked for.
    pub fn is_finishing(&self) -> bool {
        self.finish_by.is_some()
    }

    /// Unacked items, in order.
    pub fn unacked_ids(&self) -> impl Iterator<Item = I> + '_ {
        self.entries.values().map(|entry| entry.id)
    }

    fn send(&mut self, credit: Credit) -> Option<Step<I>> {
        if self.sending.is_some() {
            return None;
        }
        // Only ever the first: an item that does not fit is not overtaken, or it might never go.
        let ticket = *self.waiting.front()?;
        let entry = self.entries.get_mut(&ticket)?;
        if !credit.admits(self.in_flight, entry.bytes) {
            return None;
        }
        self.waiting.pop_front();
        entry.in_flight = true;
        entry.attempts += 1;
        self.sending = Some(ticket);
        self.in_flight.add(entry.bytes);
        Some(Step::Send { id: entry.id, attempt: entry.attempts })
    }

    fn half_close(&mut self, until: Instant) -> Option<Step<I>> {
        self.link = Link::HalfClosed { until };
        Some(Step::HalfClose)
    }

    fn cut(&mut self) -> Option<Step<I>> {
        self.link = Link::Cut;
        Some(Step::Cut)
    }
}

/// Longer than any process lives. Times that a peer or a caller names end here instead of overflowing.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// `now` and so much later.
pub(super) fn later(now: Instant, by: Duration) -> Instant {
    now + by.min(FOREVER)
}

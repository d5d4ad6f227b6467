//! The client's side of acked streams, as a state machine without I/O: any number of peers that do the
//! same work, a stream to each, and one order of items for all of them.
//!
//! Events and the time go in; [`Sender::next`] says what to do. The owner of a sender does just that
//! and nothing else, so everything that can go wrong on a stream is decided, and tested, here.

mod choice;
mod link;

use std::{
    collections::{HashMap, VecDeque, hash_map},
    fmt,
    hash::{BuildHasher, Hash, Hasher, RandomState},
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::StdRng};

use self::{
    choice::choose,
    link::{Ending, Link},
};
use super::{Credit, Load};

/// Times of a [`Sender`].
#[derive(Debug, Clone)]
pub struct SenderConfig {
    /// The first bound of the delay before another stream is opened.
    pub backoff_base: Duration,
    /// The greatest bound of that delay.
    pub backoff_cap: Duration,
    /// How long a stream may take to open and be welcomed.
    pub welcome_timeout: Duration,
    /// Seed of the delays and of the choice between peers.
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

/// A peer of a [`Sender`], and the one stream to it that there is at most. Never used for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(u64);

/// What the owner does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<I> {
    /// Open a stream to the peer, then report [`Sender::on_welcome`] or [`Sender::on_closed`].
    Open(LinkId),
    /// Send this item on the open stream, then report [`Sender::on_sent`]: until then no other is
    /// sent there, and time goes on. `attempt` counts from 1.
    Send {
        /// Where.
        link: LinkId,
        /// Which.
        id: I,
        /// How many times it was sent, this one included.
        attempt: u32,
    },
    /// Send nothing more on this stream; go on reading answers until it ends.
    HalfClose(LinkId),
    /// Drop the stream, then report [`Sender::on_closed`].
    Cut(LinkId),
    /// The peer was removed and has no stream any more: nothing will be said of this link again.
    Forget(LinkId),
    /// Nothing is left to do: stop.
    Finish,
}

/// An item that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// How many times it had been sent.
    pub attempts: u32,
}

/// Where an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Waiting,
    InFlight(LinkId),
}

#[derive(Debug)]
struct Entry {
    /// Its number in the order of offers.
    ticket: u64,
    bytes: u64,
    attempts: u32,
    place: Place,
}

#[derive(Debug)]
struct Waiting<I> {
    ticket: u64,
    id: I,
    bytes: u64,
}

/// Keeps unacked items in their one order and decides what happens to them.
///
/// Each item has a place: waiting, or in flight on one stream. Items wait in the order in which they
/// were offered; those that were in flight when a stream ended go to the front again. Which link takes
/// the next one is said in `choice`.
#[derive(Debug)]
pub struct Sender<I> {
    config: SenderConfig,
    random: StdRng,
    /// By id, ascending.
    links: Vec<Link<I>>,
    next_link: u64,
    /// Every unacked item.
    entries: HashMap<I, Entry>,
    next_ticket: u64,
    /// Those that wait, by ticket, ascending.
    waiting: VecDeque<Waiting<I>>,
    /// Items given to links so far, repeats included.
    given: u64,
    total: Load,
    /// The time by which everything must be over, once that was asked for.
    finish_by: Option<Instant>,
    finished: bool,
}

impl<I: Copy + Eq + Hash + fmt::Debug> Sender<I> {
    /// No peer yet, and nothing to send.
    pub fn new(config: SenderConfig) -> Self {
        Self {
            random: StdRng::seed_from_u64(config.seed),
            config,
            links: Vec::new(),
            next_link: 0,
            entries: HashMap::new(),
            next_ticket: 0,
            waiting: VecDeque::new(),
            given: 0,
            total: Load::default(),
            finish_by: None,
            finished: false,
        }
    }

    /// Another peer: its first stream opens at once.
    pub fn add_peer(&mut self, now: Instant) -> LinkId {
        let id = LinkId(self.next_link);
        self.next_link += 1;
        self.links.push(Link::new(id, &self.config, now));
        id
    }

    /// The peer is not to be used any more: no new item goes there, what is in flight is answered or goes
    /// elsewhere when the stream ends, and then comes [`Step::Forget`].
    pub fn remove_peer(&mut self, link: LinkId) {
        if let Some(link) = self.link(link) {
            link.leaving = true;
        }
    }

    /// A removed peer is there again, before it was forgotten: it goes on with the stream that it has.
    pub fn keep_peer(&mut self, link: LinkId) {
        if let Some(link) = self.link(link) {
            link.leaving = false;
        }
    }

    /// Takes an item behind all others. False: it has this id already, and nothing changes.
    pub fn offer(&mut self, id: I, bytes: u64) -> bool {
        let ticket = self.next_ticket;
        match self.entries.entry(id) {
            hash_map::Entry::Occupied(_) => return false,
            hash_map::Entry::Vacant(free) => {
                free.insert(Entry { ticket, bytes, attempts: 0, place: Place::Waiting })
            }
        };
        self.next_ticket += 1;
        self.waiting.push_back(Waiting { ticket, id, bytes });
        self.total.add(bytes);
        true
    }

    /// The peer said how much may be in flight. Said again, the new credit holds from now on.
    pub fn on_welcome(&mut self, link: LinkId, credit: Credit) {
        if let Some(link) = self.link(link) {
            link.on_welcome(credit);
        }
    }

    /// All messages of the item from [`Step::Send`] are on their way.
    pub fn on_sent(&mut self, link: LinkId) {
        if let Some(link) = self.link(link) {
            link.sending = None;
        }
    }

    /// The stream takes no more messages. Why is told, and answers may come, until it ends.
    pub fn on_refused_more(&mut self, link: LinkId, now: Instant) {
        if let Some(link) = self.link(link) {
            link.on_refused_more(now);
        }
    }

    /// The item that is being sent: the one of the last [`Step::Send`] there, until all of it is on its
    /// way or it is answered. An answer in the middle is a refusal; the rest of it is of no use.
    pub fn sending(&self, link: LinkId) -> Option<I> {
        self.position(link).and_then(|index| self.links[index].sending)
    }

    /// The peer answered an item. None: this is no answer to it, because no such item is kept (it was
    /// answered before), it was never sent, or it is in flight on another stream, which will answer too.
    pub fn on_answer(&mut self, link: LinkId, id: I) -> Option<Answered> {
        let entry = self.entries.get(&id)?;
        match entry.place {
            Place::InFlight(there) if there == link => {
                let bytes = entry.bytes;
                let link = self.link(link)?;
                link.sending.take_if(|sending| *sending == id);
                link.on_answer(bytes);
            }
            Place::Waiting if entry.attempts > 0 => {
                // An answer to an earlier attempt, on a peer that answers late.
                let ticket = entry.ticket;
                if let Ok(place) = self.waiting.binary_search_by_key(&ticket, |item| item.ticket) {
                    self.waiting.remove(place);
                }
            }
            Place::InFlight(_) | Place::Waiting => return None,
        }
        let entry = self.entries.remove(&id)?;
        self.total.remove(entry.bytes);
        Some(Answered { attempts: entry.attempts })
    }

    /// The peer will stop: no more is sent on this stream.
    pub fn on_drain(&mut self, link: LinkId, now: Instant, deadline: Duration) {
        if let Some(link) = self.link(link) {
            link.on_drain(now, deadline);
        }
    }

    /// The stream ended or could not be opened, for whatever reason.
    pub fn on_closed(&mut self, link: LinkId, now: Instant) {
        if !self.link(link).is_some_and(|link| link.on_closed(now)) {
            return;
        }
        for (id, entry) in &mut self.entries {
            if entry.place == Place::InFlight(link) {
                entry.place = Place::Waiting;
                let Entry { ticket, bytes, .. } = *entry;
                self.waiting.push_back(Waiting { ticket, id: *id, bytes });
            }
        }
        // What was in flight may lie anywhere among what waits: all of it is in its order again.
        self.waiting.make_contiguous().sort_by_key(|item| item.ticket);
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
        let ending = self.ending(now);
        for index in 0..self.links.len() {
            let Some(step) = self.links[index].next(now, ending) else { continue };
            if let Step::Forget(_) = step {
                self.links.remove(index);
            }
            return Some(step);
        }
        if ending != Ending::No && self.links.iter().all(Link::is_down) {
            self.finished = true;
            return Some(Step::Finish);
        }
        self.send()
    }

    /// When [`Self::next`] should be asked again even if nothing happens.
    pub fn wake_at(&self) -> Option<Instant> {
        if self.finished {
            return None;
        }
        let done = self.is_done();
        self.links.iter().filter_map(|link| link.wake_at(done)).chain(self.finish_by).min()
    }

    /// Everything unacked: waiting and in flight.
    pub fn unacked(&self) -> Load {
        self.total
    }

    /// What is sent to a peer and not yet answered.
    pub fn in_flight(&self, link: LinkId) -> Load {
        self.position(link).map_or(Load::default(), |index| self.links[index].in_flight)
    }

    /// Whether items are being taken by the peer.
    pub fn is_open(&self, link: LinkId) -> bool {
        self.position(link).is_some_and(|index| self.links[index].is_open())
    }

    /// Whether the end was asked for.
    pub fn is_finishing(&self) -> bool {
        self.finish_by.is_some()
    }

    fn ending(&self, now: Instant) -> Ending {
        match self.finish_by {
            Some(by) if now >= by => Ending::Overdue,
            _ if self.is_done() => Ending::Done,
            _ => Ending::No,
        }
    }

    fn is_done(&self) -> bool {
        self.finish_by.is_some() && self.entries.is_empty()
    }

    fn send(&mut self) -> Option<Step<I>> {
        let (place, index) = choose(&self.waiting, &mut self.links, &mut self.random)?;
        let Waiting { id, bytes, .. } = self.waiting.remove(place)?;
        let link = &mut self.links[index];
        let entry = self.entries.get_mut(&id)?;
        entry.place = Place::InFlight(link.id);
        entry.attempts += 1;
        self.given += 1;
        link.served = self.given;
        link.sending = Some(id);
        link.in_flight.add(bytes);
        Some(Step::Send { link: link.id, id, attempt: entry.attempts })
    }

    fn link(&mut self, link: LinkId) -> Option<&mut Link<I>> {
        self.position(link).map(|index| &mut self.links[index])
    }

    fn position(&self, link: LinkId) -> Option<usize> {
        self.links.binary_search_by_key(&link, |link| link.id).ok()
    }
}

/// Longer than any process lives. Times that a peer or a caller names end here instead of overflowing.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// `now` and so much later.
pub(super) fn later(now: Instant, by: Duration) -> Instant {
    now + by.min(FOREVER)
}

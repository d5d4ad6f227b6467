//! The server's side of an acked stream, as a state machine without I/O.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    hash::Hash,
    time::{Duration, Instant},
};

use super::{Credit, Load};

/// What a receiver accepts. All of it is told to the client in its welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// What may be in flight.
    pub credit: Credit,
    /// Bytes of one message at most.
    pub max_message_bytes: u64,
    /// Bytes of one item at most, over all its parts.
    pub max_item_bytes: u64,
    /// Time from a part until the next one, at most: an item in the middle holds its credit and memory.
    pub part_timeout: Duration,
}

/// What services give a client between two parts; it pings all the while, so it is there.
pub const PART_TIMEOUT: Duration = Duration::from_secs(30);

/// What a message says about itself, if it is work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<I> {
    /// The item it belongs to.
    pub id: I,
    /// Its number in the item, from 0.
    pub index: u32,
    /// Whether more parts follow.
    pub more: bool,
    /// Its own bytes.
    pub bytes: u64,
    /// Bytes of the whole item as declared; counts in part 0 when more parts follow.
    pub item_bytes: u64,
}

/// What to do with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Use it.
    Use {
        /// It is the first: start an item with it.
        first: bool,
        /// It is the last: the item is whole.
        last: bool,
    },
    /// Refuse its item, and forget what came of it.
    Refuse(Refusal),
    /// Its item was refused before.
    Skip,
}

/// Why an item is refused. The stream and its other items go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A part came twice, or one is missing before it.
    #[error("part {got} came where part {expected} was due")]
    PartOutOfOrder {
        /// The number that was due.
        expected: u32,
        /// The number that came.
        got: u32,
    },
    /// The item is larger than any may be.
    #[error("{bytes} bytes where {limit} are allowed")]
    ItemTooLarge {
        /// Bytes of the item, as declared or as they came.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// One message is larger than any may be.
    #[error("a message of {bytes} bytes where {limit} are allowed; send the batch in parts")]
    MessageTooLarge {
        /// Bytes of the message.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// An item in parts did not say how large it is.
    #[error("the first of several parts must declare the bytes of all of them")]
    SizeNotDeclared,
    /// Parts hold more than was declared.
    #[error("{bytes} bytes came where {declared} were declared")]
    LargerThanDeclared {
        /// Bytes that came.
        bytes: u64,
        /// Bytes that were declared.
        declared: u64,
    },
    /// The next part did not come in time.
    #[error("the next part did not come in time, send it again")]
    Stalled,
    /// The client ended the stream in the middle of the item.
    #[error("the stream ended before the last part")]
    Incomplete,
}

/// Why a whole stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The client sent beyond its credit.
    #[error(
        "more is in flight than the credit allows: {batches} batches and {bytes} bytes at most",
        batches = .0.items, bytes = .0.bytes
    )]
    OverCredit(Credit),
}

/// What the owner does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<I> {
    /// Tell the client to drain within this time.
    Drain(Duration),
    /// Answer the item with this refusal and forget what came of it.
    Refuse(I, Refusal),
    /// Everything is answered and the client sends no more: end the stream.
    End,
    /// The drain's time is over: end the stream with an error.
    Cut,
}

/// Refused items that are remembered, the latest ones. Of older ones a late part is refused once more.
const SKIPPED_ITEMS: usize = 1024;

#[derive(Debug)]
struct Assembly {
    next_part: u32,
    received: u64,
    charged: u64,
    /// Whether a part came since the time was last known.
    touched: bool,
    /// When the next part must be there; none: whenever it comes.
    until: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Until this time at the latest; whether the client has been told.
    Draining {
        until: Instant,
        told: bool,
    },
}

/// Counts what is in flight, puts parts in their order and knows when a stream is over.
#[derive(Debug)]
pub struct Receiver<I> {
    limits: Limits,
    phase: Phase,
    assembling: HashMap<I, Assembly>,
    /// Items that were refused while parts of them may still come, the latest last. A client need
    /// not send the rest of a refused item, so what is remembered has a bound.
    skipping: VecDeque<I>,
    /// Charges of whole items that are not answered yet. An item that came twice has two.
    unanswered: HashMap<I, Vec<u64>>,
    in_flight: Load,
    half_closed: bool,
    ended: bool,
}

impl<I: Copy + Ord + Hash + fmt::Debug> Receiver<I> {
    /// Nothing in flight.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            phase: Phase::Open,
            assembling: HashMap::new(),
            skipping: VecDeque::new(),
            unanswered: HashMap::new(),
            in_flight: Load::default(),
            half_closed: false,
            ended: false,
        }
    }

    /// A part came.
    ///
    /// # Errors
    /// The client breaks the protocol; the stream ends.
    pub fn on_part(&mut self, part: &Part<I>) -> Result<Take, Violation> {
        if self.skipping.contains(&part.id) {
            if part.index == 0 || !part.more {
                self.unskip(part.id);
            }
            if part.index > 0 {
                return Ok(Take::Skip);
            }
        }
        if part.bytes > self.limits.max_message_bytes {
            let limit = self.limits.max_message_bytes;
            return Ok(self.refuse(part, Refusal::MessageTooLarge { bytes: part.bytes, limit }));
        }
        if part.index == 0 && !self.assembling.contains_key(&part.id) {
            self.on_first(part)
        } else {
            Ok(self.on_next(part))
        }
    }

    /// A whole item was answered; its credit is free again.
    pub fn on_answered(&mut self, id: I) {
        let Some(charges) = self.unanswered.get_mut(&id) else { return };
        if let Some(bytes) = charges.pop() {
            self.in_flight.remove(bytes);
        }
        if charges.is_empty() {
            self.unanswered.remove(&id);
        }
    }

    /// The owner could not use a part: its item is refused for a reason of the owner's.
    pub fn on_refused(&mut self, part: &Part<I>) {
        if part.more {
            self.forget(part.id);
            self.skip(part.id);
        } else {
            self.on_answered(part.id);
        }
    }

    /// The client will send no more.
    pub fn on_half_close(&mut self) {
        self.half_closed = true;
    }

    /// Asks the client to stop; what is in flight is answered until `until`.
    pub fn drain(&mut self, until: Instant) {
        if self.phase == Phase::Open {
            self.phase = Phase::Draining { until, told: false };
        }
    }

    /// What to do now, one step at a time.
    pub fn next(&mut self, now: Instant) -> Option<Step<I>> {
        if self.ended {
            return None;
        }
        if self.half_closed {
            if let Some(id) = self.assembling.keys().min().copied() {
                self.forget(id);
                return Some(Step::Refuse(id, Refusal::Incomplete));
            }
            if self.in_flight.items == 0 {
                self.ended = true;
                return Some(Step::End);
            }
        }
        if let Some(id) = self.stalled(now) {
            self.forget(id);
            self.skip(id);
            return Some(Step::Refuse(id, Refusal::Stalled));
        }
        match &mut self.phase {
            Phase::Draining { until, .. } if now >= *until => {
                self.ended = true;
                Some(Step::Cut)
            }
            Phase::Draining { until, told } if !*told && !self.half_closed => {
                *told = true;
                Some(Step::Drain(*until - now))
            }
            Phase::Draining { .. } | Phase::Open => None,
        }
    }

    /// When [`Self::next`] should be asked again even if nothing happens.
    pub fn wake_at(&self) -> Option<Instant> {
        if self.ended {
            return None;
        }
        let drained = match self.phase {
            Phase::Draining { until, .. } => Some(until),
            Phase::Open => None,
        };
        let stalled = self.assembling.values().filter_map(|assembly| assembly.until);
        stalled.chain(drained).min()
    }

    /// Items that are not answered, and their bytes as charged.
    pub fn in_flight(&self) -> Load {
        self.in_flight
    }

    /// The first item whose next part is overdue.
    fn stalled(&mut self, now: Instant) -> Option<I> {
        for assembly in self.assembling.values_mut() {
            if std::mem::take(&mut assembly.touched) {
                assembly.until = now.checked_add(self.limits.part_timeout);
            }
        }
        let overdue = |assembly: &Assembly| assembly.until.is_some_and(|until| now >= until);
        let stalled = self.assembling.iter().filter(|(_, assembly)| overdue(assembly));
        stalled.map(|(id, _)| *id).min()
    }

    fn on_first(&mut self, part: &Part<I>) -> Result<Take, Violation> {
        let charged = if part.more { part.item_bytes } else { part.bytes };
        if part.more && part.item_bytes == 0 {
            return Ok(self.refuse(part, Refusal::SizeNotDeclared));
        }
        let limit = self.limits.max_item_bytes;
        if charged > limit {
            return Ok(self.refuse(part, Refusal::ItemTooLarge { bytes: charged, limit }));
        }
        if part.bytes > charged {
            let (bytes, declared) = (part.bytes, charged);
            return Ok(self.refuse(part, Refusal::LargerThanDeclared { bytes, declared }));
        }
        if !self.limits.credit.admits(self.in_flight, charged) {
            return Err(Violation::OverCredit(self.limits.credit));
        }
        self.in_flight.add(charged);
        if part.more {
            let (received, touched, until) = (part.bytes, true, None);
            let assembly = Assembly { next_part: 1, received, charged, touched, until };
            self.assembling.insert(part.id, assembly);
        } else {
            self.unanswered.entry(part.id).or_default().push(charged);
        }
        Ok(Take::Use { first: true, last: !part.more })
    }

    fn on_next(&mut self, part: &Part<I>) -> Take {
        let Some(assembly) = self.assembling.get_mut(&part.id) else {
            let (expected, got) = (0, part.index);
            return self.refuse(part, Refusal::PartOutOfOrder { expected, got });
        };
        if part.index != assembly.next_part {
            let (expected, got) = (assembly.next_part, part.index);
            return self.refuse(part, Refusal::PartOutOfOrder { expected, got });
        }
        assembly.next_part = assembly.next_part.saturating_add(1);
        assembly.touched = true;
        assembly.received = assembly.received.saturating_add(part.bytes);
        if assembly.received > assembly.charged {
            let (bytes, declared) = (assembly.received, assembly.charged);
            return self.refuse(part, Refusal::LargerThanDeclared { bytes, declared });
        }
        if !part.more {
            let charged = assembly.charged;
            self.assembling.remove(&part.id);
            self.unanswered.entry(part.id).or_default().push(charged);
        }
        Take::Use { first: false, last: !part.more }
    }

    fn refuse(&mut self, part: &Part<I>, refusal: Refusal) -> Take {
        self.forget(part.id);
        if part.more {
            self.skip(part.id);
        }
        Take::Refuse(refusal)
    }

    fn skip(&mut self, id: I) {
        self.unskip(id);
        if self.skipping.len() == SKIPPED_ITEMS {
            self.skipping.pop_front();
        }
        self.skipping.push_back(id);
    }

    fn unskip(&mut self, id: I) {
        self.skipping.retain(|skipped| *skipped != id);
    }

    fn forget(&mut self, id: I) {
        if let Some(assembly) = self.assembling.remove(&id) {
            self.in_flight.remove(assembly.charged);
        }
    }
}

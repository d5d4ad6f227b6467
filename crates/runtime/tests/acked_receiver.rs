//! The server's state machine against a plain model, over random parts, valid and not.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use runtime::acked::{
    Credit, Limits, Load, Part,
    receiver::{Receiver, Refusal, Step, Take, Violation},
};

const LIMITS: Limits = Limits {
    credit: Credit { items: 4, bytes: 100 },
    max_message_bytes: 40,
    max_item_bytes: 120,
    part_timeout: Duration::MAX,
};
/// Few, so that they meet.
const IDS: u32 = 6;

#[derive(Debug, Clone)]
enum Event {
    /// The next part of an item as it should be, or its first one.
    Next {
        id: u32,
        bytes: u64,
        more: bool,
    },
    /// Any part at all.
    Any(Part<u32>),
    /// The owner answers a whole item.
    Answer {
        pick: usize,
    },
    AnswerUnknown,
    /// The owner has no use for the part that came last.
    RefuseLast,
    HalfClose,
    Drain(Duration),
    Wait(Duration),
}

fn part() -> impl Strategy<Value = Part<u32>> {
    (0..IDS, 0..4u32, any::<bool>(), 0..50u64, prop_oneof![Just(0u64), 0..150u64]).prop_map(
        |(id, index, more, bytes, item_bytes)| Part { id, index, more, bytes, item_bytes },
    )
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => (0..IDS, 0..30u64, any::<bool>())
            .prop_map(|(id, bytes, more)| Event::Next { id, bytes, more }),
        4 => part().prop_map(Event::Any),
        8 => any::<usize>().prop_map(|pick| Event::Answer { pick }),
        1 => Just(Event::AnswerUnknown),
        1 => Just(Event::RefuseLast),
        1 => (0..20_000u64).prop_map(|millis| Event::Drain(Duration::from_millis(millis))),
        2 => (0..3_000u64).prop_map(|millis| Event::Wait(Duration::from_millis(millis))),
    ]
}

/// What a client may know of an item on this stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Arriving { parts: u32, bytes: u64, declared: u64 },
    Refused,
}

#[derive(Debug)]
struct World {
    now: Instant,
    receiver: Receiver<u32>,
    progress: BTreeMap<u32, Progress>,
    /// Whole items that are not answered: id and bytes. One that came twice is here twice.
    whole: Vec<(u32, u64)>,
    last: Option<Part<u32>>,
    half_closed: bool,
    drain_by: Option<Instant>,
    drain_told: bool,
    /// How it ended.
    ended: Option<Step<u32>>,
    violated: bool,
}

impl World {
    fn new() -> Self {
        Self {
            now: Instant::now(),
            receiver: Receiver::new(LIMITS),
            progress: BTreeMap::new(),
            whole: Vec::new(),
            last: None,
            half_closed: false,
            drain_by: None,
            drain_told: false,
            ended: None,
            violated: false,
        }
    }

    fn is_over(&self) -> bool {
        self.ended.is_some() || self.violated
    }

    fn in_flight(&self) -> Load {
        let arriving = self.progress.values().filter_map(|progress| match progress {
            Progress::Arriving { declared, .. } => Some(*declared),
            Progress::Refused => None,
        });
        arriving.chain(self.whole.iter().map(|(_, bytes)| *bytes)).fold(
            Load::default(),
            |load, bytes| Load { items: load.items + 1, bytes: load.bytes + bytes },
        )
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Next { id, bytes, more } => self.part(self.next_part(*id, *bytes, *more)),
            Event::Any(part) => self.part(*part),
            Event::Answer { pick } => {
                // The latest of an id is answered first; which of two equal ones is the owner's affair.
                if let Some(&(id, _)) = self.whole.get(pick % self.whole.len().max(1)) {
                    self.receiver.on_answered(id);
                    self.remove_whole(id);
                }
            }
            Event::AnswerUnknown => self.receiver.on_answered(u32::MAX),
            Event::RefuseLast => self.refuse_last(),
            Event::HalfClose => {
                self.receiver.on_half_close();
                self.half_closed = true;
            }
            Event::Drain(within) => {
                self.receiver.drain(self.now + *within);
                self.drain_by.get_or_insert(self.now + *within);
            }
            Event::Wait(time) => self.now += *time,
        }
        if !matches!(event, Event::Next { .. } | Event::Any(_)) {
            self.last = None;
        }
    }

    fn next_part(&self, id: u32, bytes: u64, more: bool) -> Part<u32> {
        match self.progress.get(&id) {
            Some(Progress::Arriving { parts, bytes: so_far, declared }) => {
                let bytes = bytes.min(declared - so_far);
                Part { id, index: *parts, more, bytes, item_bytes: 0 }
            }
            _ => Part { id, index: 0, more, bytes, item_bytes: bytes * 3 + 1 },
        }
    }

    fn remove_whole(&mut self, id: u32) {
        let place = self.whole.iter().rposition(|(other, _)| *other == id);
        self.whole.remove(place.expect("it is whole"));
    }

    fn part(&mut self, part: Part<u32>) {
        if self.half_closed || self.is_over() {
            return;
        }
        let expected = self.expect(&part);
        let got = self.receiver.on_part(&part);
        assert_eq!(got, expected, "{part:?} in {:?} and {:?}", self.progress, self.whole);
        self.last = None;
        match got {
            Ok(Take::Use { first, last }) => {
                self.last = Some(part);
                self.used(&part, first, last);
            }
            Ok(Take::Refuse(_)) => {
                self.progress.remove(&part.id);
                if part.more {
                    self.progress.insert(part.id, Progress::Refused);
                }
            }
            Ok(Take::Skip) => {
                if !part.more {
                    self.progress.remove(&part.id);
                }
            }
            Err(_) => self.violated = true,
        }
    }

    fn used(&mut self, part: &Part<u32>, first: bool, last: bool) {
        let (parts, bytes, declared) = match self.progress.remove(&part.id) {
            Some(Progress::Arriving { parts, bytes, declared }) if !first => {
                (parts, bytes, declared)
            }
            _ if part.more => (0, 0, part.item_bytes),
            _ => (0, 0, part.bytes),
        };
        if last {
            self.whole.push((part.id, declared));
        } else {
            let (parts, bytes) = (parts + 1, bytes + part.bytes);
            self.progress.insert(part.id, Progress::Arriving { parts, bytes, declared });
        }
    }

    /// What the contract says about a part.
    fn expect(&self, part: &Part<u32>) -> Result<Take, Violation> {
        let refuse = |refusal| Ok(Take::Refuse(refusal));
        let progress = self.progress.get(&part.id).copied();
        if progress == Some(Progress::Refused) && part.index != 0 {
            return Ok(Take::Skip);
        }
        if part.bytes > 40 {
            return refuse(Refusal::MessageTooLarge { bytes: part.bytes, limit: 40 });
        }
        let got = part.index;
        if let Some(Progress::Arriving { parts: expected, bytes, declared }) = progress {
            if got != expected {
                return refuse(Refusal::PartOutOfOrder { expected, got });
            }
            let bytes = bytes + part.bytes;
            if bytes > declared {
                return refuse(Refusal::LargerThanDeclared { bytes, declared });
            }
            return Ok(Take::Use { first: false, last: !part.more });
        }
        if got != 0 {
            return refuse(Refusal::PartOutOfOrder { expected: 0, got });
        }
        let declared = match (part.more, part.item_bytes) {
            (true, 0) => return refuse(Refusal::SizeNotDeclared),
            (true, declared) => declared,
            (false, _) => part.bytes,
        };
        if declared > 120 {
            return refuse(Refusal::ItemTooLarge { bytes: declared, limit: 120 });
        }
        if part.bytes > declared {
            return refuse(Refusal::LargerThanDeclared { bytes: part.bytes, declared });
        }
        let load = self.in_flight();
        if load.items > 0 && (load.items == 4 || load.bytes + declared > 100) {
            return Err(Violation::OverCredit(LIMITS.credit));
        }
        Ok(Take::Use { first: true, last: !part.more })
    }

    fn refuse_last(&mut self) {
        let Some(part) = self.last.take() else { return };
        self.receiver.on_refused(&part);
        if part.more {
            self.progress.insert(part.id, Progress::Refused);
        } else {
            self.remove_whole(part.id);
        }
    }

    fn settle(&mut self) {
        for _ in 0..100 {
            let Some(step) = self.receiver.next(self.now) else { return self.check_rest() };
            assert!(self.ended.is_none(), "{step:?} after the end");
            match step {
                Step::Drain(within) => {
                    assert!(!self.drain_told && !self.half_closed, "nobody to tell");
                    assert_eq!(Some(self.now + within), self.drain_by);
                    self.drain_told = true;
                }
                Step::Refuse(id, refusal) => {
                    assert!(self.half_closed);
                    assert_eq!(refusal, Refusal::Incomplete);
                    let progress = self.progress.remove(&id);
                    assert!(matches!(progress, Some(Progress::Arriving { .. })), "{progress:?}");
                }
                Step::End => {
                    assert!(self.half_closed, "the client may send more");
                    assert_eq!(self.in_flight(), Load::default(), "unanswered at the end");
                    self.ended = Some(step);
                }
                Step::Cut => {
                    assert!(self.drain_by.is_some_and(|by| self.now >= by), "cut too early");
                    self.ended = Some(step);
                }
            }
        }
        panic!("next() does not come to an end");
    }

    fn check_rest(&self) {
        assert_eq!(self.receiver.in_flight(), self.in_flight());
        let wake_at = self.receiver.wake_at();
        if self.ended.is_some() {
            return assert_eq!(wake_at, None, "nothing is left to wake for");
        }
        assert!(wake_at.is_none_or(|at| at > self.now), "a wake-up in the past is a busy loop");
        assert_eq!(wake_at, self.drain_by, "the end of a drain would be missed");
        assert!(self.drain_by.is_none() || self.drain_told || self.half_closed);
        assert!(
            !self.half_closed || !self.whole.is_empty(),
            "all is answered: it should have ended"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn verdicts_are_the_models_and_credit_comes_back(
        events in prop::collection::vec(event(), 0..120),
    ) {
        let mut world = World::new();
        for event in &events {
            world.happen(event);
            world.settle();
            if world.is_over() {
                return Ok(());
            }
        }
        world.happen(&Event::HalfClose);
        world.settle();
        while !world.whole.is_empty() && !world.is_over() {
            world.happen(&Event::Answer { pick: 0 });
            world.settle();
        }
        prop_assert!(world.ended.is_some());
        prop_assert_eq!(world.receiver.in_flight(), world.in_flight());
        if world.ended == Some(Step::End) {
            prop_assert_eq!(world.receiver.in_flight(), Load::default());
        }
    }

    #[test]
    fn a_drain_ends_in_time_whatever_the_client_does(
        before in prop::collection::vec(event(), 0..40),
        within in (0..5_000u64).prop_map(Duration::from_millis),
        half_close in any::<bool>(),
    ) {
        let mut world = World::new();
        for event in &before {
            world.happen(event);
            world.settle();
        }
        if world.is_over() {
            return Ok(());
        }
        world.happen(&Event::Drain(within));
        world.settle();
        if half_close {
            world.happen(&Event::HalfClose);
            world.settle();
        }
        if let Some(at) = world.receiver.wake_at() {
            world.now = at;
            world.settle();
        }
        prop_assert!(world.ended.is_some());
    }
}

fn first(id: u32) -> Part<u32> {
    Part { id, index: 0, more: true, bytes: 1, item_bytes: 20 }
}

#[test]
fn refused_items_of_which_the_rest_never_comes_end_nothing() {
    let mut receiver = Receiver::new(LIMITS);
    for id in 0..100_000 {
        let part = first(id);
        assert_eq!(receiver.on_part(&part), Ok(Take::Use { first: true, last: false }));
        receiver.on_refused(&part);
        // Also by the receiver's own verdict.
        let gap = Part { index: 7, ..first(id + 1_000_000) };
        assert!(matches!(receiver.on_part(&gap), Ok(Take::Refuse(_))));
    }
    assert_eq!(receiver.in_flight(), Load::default());
    let late = Part { index: 1, ..first(99_999) };
    assert_eq!(receiver.on_part(&late), Ok(Take::Skip));
    // Of an item refused long ago nothing is known: its part is refused once more, not kept.
    let later = Part { index: 1, ..first(5) };
    assert!(matches!(receiver.on_part(&later), Ok(Take::Refuse(_))));
}

#[test]
fn an_item_larger_than_the_credit_travels_alone() {
    let mut receiver = Receiver::new(LIMITS);
    let large = Part { item_bytes: 120, ..first(1) };
    assert!(receiver.on_part(&large).is_ok());
    assert_eq!(receiver.on_part(&first(2)), Err(Violation::OverCredit(LIMITS.credit)));
}

#[test]
fn items_of_no_bytes_count_as_items() {
    let mut receiver = Receiver::new(LIMITS);
    let empty = |id| Part { id, index: 0, more: false, bytes: 0, item_bytes: 0 };
    for id in 0..4 {
        assert!(receiver.on_part(&empty(id)).is_ok());
    }
    assert!(receiver.on_part(&empty(4)).is_err());
}

#[test]
fn an_item_whose_next_part_does_not_come_gives_its_credit_back() {
    let wait = Duration::from_secs(30);
    let mut receiver = Receiver::new(Limits { part_timeout: wait, ..LIMITS });
    let begun = Instant::now();
    let part = |index, more| Part { index, more, ..first(1) };
    assert!(receiver.on_part(&part(0, true)).is_ok());
    assert_eq!(receiver.next(begun), None);
    assert_eq!(receiver.wake_at(), Some(begun + wait));

    // Each part gives it time anew.
    let later = begun + wait - Duration::from_millis(1);
    assert!(receiver.on_part(&part(1, true)).is_ok());
    assert_eq!(receiver.next(later), None);
    assert_eq!(receiver.next(begun + wait), None);

    assert_eq!(receiver.next(later + wait), Some(Step::Refuse(1, Refusal::Stalled)));
    assert_eq!((receiver.in_flight(), receiver.wake_at()), (Load::default(), None));
    assert_eq!(receiver.on_part(&part(2, false)), Ok(Take::Skip), "the rest is not wanted");
}

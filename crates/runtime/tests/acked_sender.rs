//! The client's state machine against a plain model of what must hold, over random events.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use runtime::acked::{
    Credit, Load,
    sender::{Answered, Sender, SenderConfig, Step},
};

const BASE: Duration = Duration::from_millis(100);
const CAP: Duration = Duration::from_secs(5);
const WELCOME: Duration = Duration::from_secs(10);

fn config(seed: u64) -> SenderConfig {
    SenderConfig { backoff_base: BASE, backoff_cap: CAP, welcome_timeout: WELCOME, seed }
}

/// What the world does. Numbers pick among what is there.
#[derive(Debug, Clone)]
enum Event {
    Offer {
        bytes: u64,
    },
    OfferAgain {
        pick: usize,
    },
    Wait(Duration),
    /// To the very moment that the sender asked to be woken at.
    WaitUntilWake,
    Welcome(Credit),
    Sent,
    RefusedMore,
    Answer {
        pick: usize,
    },
    AnswerAnything {
        pick: usize,
    },
    AnswerUnknown,
    Drain(Duration),
    Close,
    Finish(Duration),
}

fn credit() -> impl Strategy<Value = Credit> {
    (0..6usize, 0..100u64).prop_map(|(items, bytes)| Credit { items, bytes })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0..60u64).prop_map(|bytes| Event::Offer { bytes }),
        1 => any::<usize>().prop_map(|pick| Event::OfferAgain { pick }),
        3 => (0..3_000u64).prop_map(|millis| Event::Wait(Duration::from_millis(millis))),
        6 => Just(Event::WaitUntilWake),
        6 => credit().prop_map(Event::Welcome),
        12 => Just(Event::Sent),
        1 => Just(Event::RefusedMore),
        8 => any::<usize>().prop_map(|pick| Event::Answer { pick }),
        1 => any::<usize>().prop_map(|pick| Event::AnswerAnything { pick }),
        1 => Just(Event::AnswerUnknown),
        1 => (0..20_000u64).prop_map(|millis| Event::Drain(Duration::from_millis(millis))),
        1 => Just(Event::Drain(Duration::MAX)),
        2 => Just(Event::Close),
    ]
}

#[derive(Debug)]
struct Item {
    id: u32,
    bytes: u64,
    attempts: u32,
    on_this_stream: bool,
}

/// The stream as the peer and the network see it.
#[derive(Debug)]
struct Stream {
    opened: Instant,
    credit: Option<Credit>,
    drain_by: Option<Instant>,
    /// Nothing more is taken, and since when.
    half_closed: Option<Instant>,
    sending: Option<u32>,
}

#[derive(Debug)]
struct World {
    now: Instant,
    sender: Sender<u32>,
    next_id: u32,
    /// Unanswered, in the order of offers.
    items: Vec<Item>,
    stream: Option<Stream>,
    closed_at: Instant,
    /// Closings since the last answer; none before the first stream.
    closings: Option<u32>,
    finish_by: Option<Instant>,
    finished: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let now = Instant::now();
        Self {
            now,
            sender: Sender::new(config(seed), now),
            next_id: 0,
            items: Vec::new(),
            stream: None,
            closed_at: now,
            closings: None,
            finish_by: None,
            finished: false,
        }
    }

    fn in_flight(&self) -> Load {
        let sent = self.items.iter().filter(|item| item.on_this_stream);
        sent.fold(Load::default(), |load, item| Load {
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

    /// The latest time at which another stream may be opened.
    fn open_by(&self) -> Instant {
        let bound = |closings: u32| BASE.saturating_mul(1 << (closings - 1).min(20)).min(CAP);
        self.closed_at + self.closings.map_or(Duration::ZERO, bound)
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Offer { bytes } => {
                let id = self.next_id;
                self.next_id += 1;
                assert!(self.sender.offer(id, *bytes));
                self.items.push(Item { id, bytes: *bytes, attempts: 0, on_this_stream: false });
            }
            Event::OfferAgain { pick } => {
                if let Some(item) = self.pick(*pick, |_| true) {
                    let id = self.items[item].id;
                    assert!(!self.sender.offer(id, 1_000), "item {id} is there already");
                }
            }
            Event::Wait(time) => self.now += *time,
            Event::WaitUntilWake => {
                if let Some(at) = self.sender.wake_at() {
                    self.now = self.now.max(at.min(self.now + Duration::from_secs(60)));
                }
            }
            Event::Welcome(credit) => {
                self.sender.on_welcome(*credit);
                if let Some(stream) = &mut self.stream
                    && stream.drain_by.is_none()
                    && stream.half_closed.is_none()
                {
                    stream.credit = Some(*credit);
                }
            }
            Event::Sent => {
                if let Some(stream) = &mut self.stream
                    && stream.sending.take().is_some()
                {
                    self.sender.on_sent();
                }
            }
            Event::RefusedMore => {
                if let Some(stream) = &mut self.stream {
                    self.sender.on_refused_more(self.now);
                    stream.sending = None;
                    if stream.credit.is_some() && stream.drain_by.is_none() {
                        stream.half_closed.get_or_insert(self.now);
                    }
                }
            }
            Event::Answer { pick } => {
                if let Some(item) = self.pick(*pick, |item| item.on_this_stream) {
                    self.answer(item);
                }
            }
            Event::AnswerAnything { pick } => {
                if let Some(item) = self.pick(*pick, |_| true) {
                    self.answer(item);
                }
            }
            Event::AnswerUnknown => assert_eq!(self.sender.on_answer(u32::MAX), None),
            Event::Drain(within) => {
                self.sender.on_drain(self.now, *within);
                if let Some(stream) = &mut self.stream
                    && stream.half_closed.is_none()
                {
                    let within = (*within).min(Duration::from_secs(10 * 365 * 86_400));
                    stream.drain_by.get_or_insert(self.now + within);
                }
            }
            Event::Close => self.close(),
            Event::Finish(within) => {
                let by = self.now + *within;
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

    fn answer(&mut self, index: usize) {
        if self.stream.is_none() {
            return;
        }
        let (id, attempts) = (self.items[index].id, self.items[index].attempts);
        if attempts == 0 {
            assert_eq!(self.sender.on_answer(id), None, "item {id} was never sent");
            return;
        }
        assert_eq!(self.sender.on_answer(id), Some(Answered { attempts }));
        assert_eq!(self.sender.on_answer(id), None, "item {id} is answered once");
        self.items.remove(index);
        if let Some(stream) = &mut self.stream
            && stream.sending == Some(id)
        {
            stream.sending = None;
        }
        self.closings = self.closings.map(|_| 0);
    }

    fn close(&mut self) {
        if self.stream.take().is_none() {
            return;
        }
        self.sender.on_closed(self.now);
        self.closed_at = self.now;
        self.closings = Some(self.closings.unwrap_or(0) + 1);
        for item in &mut self.items {
            item.on_this_stream = false;
        }
    }

    /// Does what the sender says until it says no more, and checks each step.
    fn settle(&mut self) {
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
        match step {
            Step::Open => self.check_open(),
            Step::Send { id, attempt } => self.check_send(*id, *attempt),
            Step::HalfClose => {
                let in_flight = self.in_flight();
                let done = self.is_done();
                let now = self.now;
                let stream = self.stream.as_mut().expect("half-close needs a stream");
                let drained = stream.drain_by.is_some() && in_flight == Load::default();
                assert!(drained || (stream.credit.is_some() && done), "half-close too early");
                assert!(stream.half_closed.is_none(), "half-close twice");
                stream.half_closed = Some(now);
            }
            Step::Cut => {
                assert!(self.cut_is_due(), "no reason to cut {:?}", self.stream);
                self.close();
            }
            Step::Finish => {
                assert!(self.stream.is_none(), "finished with an open stream");
                assert!(self.is_done() || self.is_overdue(), "finished too early");
                self.finished = true;
            }
        }
    }

    fn check_open(&mut self) {
        assert!(self.stream.is_none(), "a second stream");
        assert!(!self.is_done() && !self.is_overdue(), "opened for nothing");
        self.stream = Some(Stream {
            opened: self.now,
            credit: None,
            drain_by: None,
            half_closed: None,
            sending: None,
        });
    }

    fn check_send(&mut self, id: u32, attempt: u32) {
        let in_flight = self.in_flight();
        let stream = self.stream.as_mut().expect("sending needs a stream");
        let credit = stream.credit.expect("nothing is sent before the welcome");
        assert!(stream.drain_by.is_none(), "sent {id} after drain");
        assert!(stream.half_closed.is_none(), "sent {id} after half-close");
        assert_eq!(stream.sending, None, "sent {id} in the middle of another");
        stream.sending = Some(id);
        let first = self.items.iter_mut().find(|item| !item.on_this_stream);
        let item = first.expect("something waits");
        assert_eq!(item.id, id, "not the first that waits");
        item.attempts += 1;
        item.on_this_stream = true;
        assert_eq!(item.attempts, attempt);
        let alone = in_flight.items == 0;
        let fits = in_flight.items < credit.items && in_flight.bytes + item.bytes <= credit.bytes;
        assert!(alone || fits, "beyond the credit: {in_flight:?} and {} of {credit:?}", item.bytes);
    }

    fn cut_is_due(&self) -> bool {
        let Some(stream) = &self.stream else { return false };
        let late = stream.drain_by.is_some_and(|by| self.now >= by)
            || stream.half_closed.is_some_and(|since| self.now >= since + WELCOME);
        let unwelcome = stream.credit.is_none()
            && stream.drain_by.is_none()
            && (self.is_done() || self.now >= stream.opened + WELCOME);
        self.is_overdue() || late || unwelcome
    }

    /// The sender has nothing to do: there is nothing to do, and it will wake when there is.
    fn check_rest(&self) {
        assert_eq!(self.sender.in_flight(), self.in_flight());
        let bytes = self.items.iter().map(|item| item.bytes).sum();
        assert_eq!(self.sender.unacked(), Load { items: self.items.len(), bytes });
        assert!(self.sender.unacked_ids().eq(self.items.iter().map(|item| item.id)));
        assert_eq!(self.sender.sending(), self.stream.as_ref().and_then(|stream| stream.sending));
        let wake_at = self.sender.wake_at();
        if self.finished {
            return assert_eq!(wake_at, None);
        }
        assert!(!self.is_overdue(), "the end is due");
        assert!(wake_at.is_none_or(|at| at > self.now), "a wake-up in the past is a busy loop");
        let wakes_by = |by: Instant| wake_at.is_some_and(|at| at <= by);
        assert!(self.finish_by.is_none_or(wakes_by), "the end would be missed");
        let Some(stream) = &self.stream else {
            assert!(!self.is_done(), "all is answered and nothing is open");
            return assert!(wakes_by(self.open_by()), "opens too late: {:?}", self.closings);
        };
        if let Some(since) = stream.half_closed {
            let by = stream.drain_by.unwrap_or(since + WELCOME);
            assert!(wakes_by(by), "an end that does not come would be missed");
        } else if let Some(by) = stream.drain_by {
            assert!(wakes_by(by), "the end of the drain would be missed");
            assert_ne!(self.in_flight(), Load::default(), "drained and not half-closed");
        } else if let Some(credit) = stream.credit {
            assert!(!self.is_done(), "all is answered and the stream stays");
            assert!(stream.sending.is_some() || !self.could_send(credit), "holds back an item");
        } else {
            assert!(wakes_by(stream.opened + WELCOME), "a missing welcome would be missed");
        }
    }

    fn could_send(&self, credit: Credit) -> bool {
        let in_flight = self.in_flight();
        self.items.iter().find(|item| !item.on_this_stream).is_some_and(|item| {
            in_flight.items == 0
                || (in_flight.items < credit.items && in_flight.bytes + item.bytes <= credit.bytes)
        })
    }

    /// From here on the peer is there, welcomes, and answers everything.
    fn make_peace(&mut self) {
        let peace = Credit { items: 3, bytes: 80 };
        for _ in 0..1_000 {
            self.settle();
            if self.items.is_empty() || self.finished {
                return;
            }
            let event = match &self.stream {
                Some(stream) if stream.half_closed.is_some() => Event::Close,
                Some(stream) if stream.sending.is_some() => Event::Sent,
                Some(_) if self.in_flight() != Load::default() => Event::Answer { pick: 0 },
                Some(stream) if stream.drain_by.is_none() => Event::Welcome(peace),
                Some(_) | None => Event::WaitUntilWake,
            };
            self.happen(&event);
        }
        panic!("not everything was answered: {self:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_model_holds_and_all_is_answered_in_the_end(
        events in prop::collection::vec(event(), 0..160),
        seed in any::<u64>(),
    ) {
        let mut world = World::new(seed);
        world.settle();
        for event in &events {
            world.happen(event);
            world.settle();
        }
        world.make_peace();
        world.happen(&Event::Finish(Duration::from_secs(30)));
        for _ in 0..4 {
            world.settle();
            world.close();
            world.happen(&Event::WaitUntilWake);
        }
        world.settle();
        prop_assert!(world.finished && world.items.is_empty());
    }

    #[test]
    fn asked_to_finish_it_ends_in_time_whatever_happens(
        before in prop::collection::vec(event(), 0..80),
        after in prop::collection::vec(event(), 0..40),
        within in (0..8_000u64).prop_map(Duration::from_millis),
        seed in any::<u64>(),
    ) {
        let mut world = World::new(seed);
        for event in &before {
            world.settle();
            world.happen(event);
        }
        world.happen(&Event::Finish(within));
        let by = world.finish_by.expect("just asked for");
        world.settle();
        for event in &after {
            world.happen(event);
            world.settle();
        }
        for _ in 0..100 {
            // Nobody helps any more: time alone.
            world.happen(&Event::WaitUntilWake);
            world.settle();
        }
        prop_assert!(world.finished);
        prop_assert!(world.now < by + Duration::from_secs(200));
    }
}

fn welcomed(credit: Credit) -> World {
    let mut world = World::new(1);
    world.settle();
    world.happen(&Event::Welcome(credit));
    world
}

const WIDE: Credit = Credit { items: 10, bytes: 1_000 };

#[test]
fn time_goes_on_while_an_item_is_being_sent() {
    let mut world = welcomed(WIDE);
    world.happen(&Event::Offer { bytes: 9 });
    world.settle();
    assert_eq!(world.sender.sending(), Some(0));
    world.happen(&Event::Finish(Duration::from_secs(1)));
    world.settle();
    world.happen(&Event::Wait(Duration::from_secs(1)));
    world.settle();
    assert!(world.finished, "a connection that takes nothing does not hold up the end");
}

#[test]
fn an_answer_in_the_middle_of_sending_makes_way_for_the_next() {
    let mut world = welcomed(WIDE);
    world.happen(&Event::Offer { bytes: 9 });
    world.happen(&Event::Offer { bytes: 9 });
    world.settle();
    world.happen(&Event::Answer { pick: 0 });
    world.settle();
    assert_eq!(world.sender.sending(), Some(1));
}

#[test]
fn only_an_answer_resets_the_backoff() {
    let mut world = World::new(3);
    let mut longest = Duration::ZERO;
    for _ in 0..60 {
        world.settle();
        world.happen(&Event::Welcome(WIDE));
        world.settle();
        world.happen(&Event::Close);
        world.settle();
        longest = longest.max(world.sender.wake_at().expect("the next attempt") - world.now);
        world.happen(&Event::WaitUntilWake);
    }
    assert!(longest > CAP / 2, "a welcome is no progress: {longest:?}");
    world.happen(&Event::Offer { bytes: 1 });
    world.settle();
    world.happen(&Event::Welcome(WIDE));
    world.settle();
    world.happen(&Event::Answer { pick: 0 });
    world.happen(&Event::Close);
    world.settle();
    assert!(world.sender.wake_at().expect("the next attempt") <= world.now + BASE);
}

#[test]
fn what_was_in_flight_goes_first_and_in_order_on_the_next_stream() {
    let mut world = welcomed(Credit { items: 3, bytes: 1_000 });
    for _ in 0..5 {
        world.happen(&Event::Offer { bytes: 1 });
    }
    for _ in 0..3 {
        world.settle();
        world.happen(&Event::Sent);
    }
    world.happen(&Event::Answer { pick: 1 });
    world.happen(&Event::Close);
    world.settle();
    assert!(world.sender.unacked_ids().eq([0, 2, 3, 4]));
}

//! A sender and receivers joined by links that delay and break, of servers that come and go and forget
//! everything but their one store: at the end each item is settled once and recorded once.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use runtime::acked::{
    Credit, Limits, Part,
    receiver::{self, Receiver, Refusal, Take},
    sender::{self, LinkId, Sender, SenderConfig},
};

/// Bytes of a part at most.
const PART: u64 = 16;
/// Ids from here on are refused by the owner of the receiver at their second part, or their only one.
const BAD: u32 = 1_000_000;

#[derive(Debug, Clone, Copy)]
enum Up {
    Part(Part<u32>),
    HalfClose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Recorded,
    Refused(Option<Refusal>),
}

#[derive(Debug, Clone, Copy)]
enum Down {
    Welcome(Credit),
    Answer(u32, Answer),
    Drain(Duration),
    End,
}

/// One direction of one stream: in order, each message at its time.
#[derive(Debug)]
struct Pipe<M> {
    messages: VecDeque<(Instant, M)>,
    latest: Instant,
}

impl<M> Pipe<M> {
    fn new(now: Instant) -> Self {
        Self { messages: VecDeque::new(), latest: now }
    }

    fn push(&mut self, at: Instant, message: M) {
        self.latest = self.latest.max(at);
        self.messages.push_back((self.latest, message));
    }

    fn pop(&mut self, now: Instant) -> Option<M> {
        self.messages.pop_front_if(|(at, _)| *at <= now).map(|(_, message)| message)
    }

    fn next_at(&self) -> Option<Instant> {
        self.messages.front().map(|(at, _)| *at)
    }
}

/// One stream: its two directions, and the server's end of it.
#[derive(Debug)]
struct Stream {
    up: Pipe<Up>,
    down: Pipe<Down>,
    server: Receiver<u32>,
    /// The item being sent: the parts that are left.
    parts: VecDeque<Part<u32>>,
    /// Items being worked on, and when each is recorded and answered.
    working: Vec<(Instant, u32)>,
    /// When the server begins to drain, and how long it gives.
    drain_at: Option<(Instant, Duration)>,
    /// When the network loses it, unnoticed by the client until then.
    lost_at: Option<Instant>,
}

#[derive(Debug, Clone)]
struct Story {
    seed: u64,
    items: u32,
    /// Servers at first, and of a hundred moments how many bring another or take one away.
    servers: usize,
    moved: u8,
    credit: Credit,
    /// Of a hundred streams, how many are lost, how many drained.
    lost: u8,
    drained: u8,
    /// Of a hundred items, how many are bad.
    bad: u8,
    finish_while_busy: bool,
}

fn story() -> impl Strategy<Value = Story> {
    let credit = (1..6usize, 1..120u64).prop_map(|(items, bytes)| Credit { items, bytes });
    let servers = (1..5usize, prop_oneof![Just(0), 0..30u8]);
    (any::<u64>(), 1..60u32, servers, credit, 0..70u8, 0..70u8, 0..30u8, any::<bool>()).prop_map(
        |(seed, items, (servers, moved), credit, lost, drained, bad, finish_while_busy)| Story {
            seed,
            items,
            servers,
            moved,
            credit,
            lost,
            drained,
            bad,
            finish_while_busy,
        },
    )
}

#[derive(Debug)]
struct World {
    story: Story,
    random: StdRng,
    now: Instant,
    client: Sender<u32>,
    bytes: BTreeMap<u32, u64>,
    to_offer: VecDeque<u32>,
    /// The peers that the client knows, and whether each is to be used.
    peers: BTreeMap<LinkId, bool>,
    streams: BTreeMap<LinkId, Stream>,
    /// Durable; outlives every server.
    store: BTreeSet<u32>,
    records: usize,
    settled: BTreeMap<u32, Answer>,
    finished: bool,
}

impl World {
    fn new(story: Story) -> Self {
        let now = Instant::now();
        let mut random = StdRng::seed_from_u64(story.seed);
        let mut bytes = BTreeMap::new();
        for n in 0..story.items {
            let id = if random.random_range(0..100) < story.bad { BAD + n } else { n };
            bytes.insert(id, random.random_range(0..70));
        }
        let config = SenderConfig { seed: story.seed, ..SenderConfig::default() };
        let mut client = Sender::new(config);
        let peers = (0..story.servers).map(|_| (client.add_peer(now), true)).collect();
        Self {
            random,
            now,
            client,
            to_offer: bytes.keys().copied().collect(),
            bytes,
            peers,
            streams: BTreeMap::new(),
            store: BTreeSet::new(),
            records: 0,
            settled: BTreeMap::new(),
            finished: false,
            story,
        }
    }

    fn delay(&mut self) -> Instant {
        self.now + Duration::from_millis(self.random.random_range(0..40))
    }

    fn run(&mut self) {
        for _ in 0..200_000 {
            for link in self.streams.keys().copied().collect::<Vec<_>>() {
                self.server_steps(link);
                self.client_hears(link);
            }
            self.move_servers();
            self.offer();
            self.client_steps();
            if self.finished {
                return;
            }
            self.pass_time();
        }
        panic!("it does not come to an end");
    }

    /// Another server, or one that is not to be used any more, or is again; never none.
    fn move_servers(&mut self) {
        if self.random.random_range(0..100) >= self.story.moved {
            return;
        }
        let used = self.peers.values().filter(|used| **used).count();
        let known = self.peers.len();
        let one = self.random.random_range(0..known + 1);
        match self.peers.iter_mut().nth(one) {
            None if known < 8 => {
                self.peers.insert(self.client.add_peer(self.now), true);
            }
            Some((link, used)) if !*used => {
                self.client.keep_peer(*link);
                *used = true;
            }
            Some((link, there)) if used > 1 => {
                self.client.remove_peer(*link);
                *there = false;
            }
            _ => {}
        }
    }

    fn offer(&mut self) {
        if self.client.unacked().items < 8
            && let Some(id) = self.to_offer.pop_front()
        {
            assert!(self.client.offer(id, self.bytes[&id]));
        }
        let busy = self.story.finish_while_busy;
        if self.to_offer.is_empty() && (busy || self.client.unacked().items == 0) {
            self.client.finish(self.now + Duration::from_secs(100_000));
        }
    }

    fn client_steps(&mut self) {
        for _ in 0..1_000 {
            self.pass_parts_on();
            match self.client.next(self.now) {
                None => return,
                Some(sender::Step::Open(link)) => self.open(link),
                Some(sender::Step::Send { link, id, .. }) => {
                    let parts = parts(id, self.bytes[&id]);
                    let stream = self.stream(link);
                    assert!(stream.parts.is_empty(), "in the middle of another");
                    stream.parts = parts;
                }
                Some(sender::Step::HalfClose(link)) => {
                    let at = self.delay();
                    let stream = self.stream(link);
                    stream.parts.clear();
                    stream.up.push(at, Up::HalfClose);
                }
                Some(sender::Step::Cut(link)) => self.break_stream(link),
                Some(sender::Step::Forget(link)) => {
                    assert_eq!(self.peers.remove(&link), Some(false), "forgotten while used");
                }
                Some(sender::Step::Finish) => self.finished = true,
            }
        }
        panic!("the client does not come to rest");
    }

    /// As many as the connections take at the moment.
    fn pass_parts_on(&mut self) {
        for link in self.streams.keys().copied().collect::<Vec<_>>() {
            for _ in 0..self.random.random_range(0..4) {
                let at = self.delay();
                let stream = self.stream(link);
                let Some(part) = stream.parts.pop_front() else { break };
                stream.up.push(at, Up::Part(part));
            }
            if self.stream(link).parts.is_empty() {
                self.client.on_sent(link);
            }
        }
    }

    fn stream(&mut self, link: LinkId) -> &mut Stream {
        self.streams.get_mut(&link).expect("a stream")
    }

    fn open(&mut self, link: LinkId) {
        assert_eq!(self.peers.get(&link), Some(&true), "opened to one that is not to be used");
        let limits = Limits {
            credit: self.story.credit,
            max_message_bytes: PART,
            max_item_bytes: 1_000_000,
            part_timeout: Duration::MAX,
        };
        let drained = self.random.random_range(0..100) < self.story.drained;
        let begins = Duration::from_millis(self.random.random_range(0..300));
        let budget = Duration::from_millis(self.random.random_range(0..400));
        let lost = self.random.random_range(0..100) < self.story.lost;
        let life = Duration::from_millis(self.random.random_range(0..1_500));
        let mut stream = Stream {
            up: Pipe::new(self.now),
            down: Pipe::new(self.now),
            server: Receiver::new(limits),
            parts: VecDeque::new(),
            working: Vec::new(),
            drain_at: drained.then(|| (self.now + begins, budget)),
            lost_at: lost.then(|| self.now + life),
        };
        stream.down.push(self.delay(), Down::Welcome(self.story.credit));
        assert!(self.streams.insert(link, stream).is_none(), "a second stream");
    }

    /// The link breaks or the server crashes: nothing of the stream remains on either side. Some of
    /// what the server worked on is recorded all the same, and never answered.
    fn break_stream(&mut self, link: LinkId) {
        for (_, id) in self.streams.remove(&link).into_iter().flat_map(|stream| stream.working) {
            if self.random.random() {
                self.records += usize::from(self.store.insert(id));
            }
        }
        self.client.on_closed(link, self.now);
    }

    fn server_steps(&mut self, link: LinkId) {
        let Some(mut stream) = self.streams.remove(&link) else { return };
        while let Some(message) = stream.up.pop(self.now) {
            match message {
                Up::HalfClose => stream.server.on_half_close(),
                Up::Part(part) => self.server_takes(&mut stream, &part),
            }
        }
        if let Some((_, budget)) = stream.drain_at.take_if(|(at, _)| *at <= self.now) {
            stream.server.drain(self.now + budget);
        }
        let (done, working) = stream.working.iter().partition(|(at, _)| *at <= self.now);
        stream.working = working;
        let done: Vec<(Instant, u32)> = done;
        for (_, id) in done {
            // The store's key is unique: an item that came before is not recorded again.
            self.records += usize::from(self.store.insert(id));
            stream.server.on_answered(id);
            stream.down.push(self.delay(), Down::Answer(id, Answer::Recorded));
        }
        while let Some(step) = stream.server.next(self.now) {
            let message = match step {
                receiver::Step::Drain(within) => Down::Drain(within),
                receiver::Step::Refuse(id, why) => Down::Answer(id, Answer::Refused(Some(why))),
                receiver::Step::End | receiver::Step::Cut => Down::End,
            };
            stream.down.push(self.delay(), message);
        }
        self.streams.insert(link, stream);
    }

    fn server_takes(&mut self, stream: &mut Stream, part: &Part<u32>) {
        let refusal = match stream.server.on_part(part).expect("the client keeps to its credit") {
            Take::Skip => return,
            Take::Refuse(refusal) => Some(refusal),
            Take::Use { last, .. } if part.id >= BAD && (last || part.index == 1) => {
                stream.server.on_refused(part);
                None
            }
            Take::Use { last, .. } => {
                if last {
                    let takes = Duration::from_millis(self.random.random_range(0..200));
                    stream.working.push((self.now + takes, part.id));
                }
                return;
            }
        };
        stream.down.push(self.delay(), Down::Answer(part.id, Answer::Refused(refusal)));
    }

    fn client_hears(&mut self, link: LinkId) {
        let now = self.now;
        while let Some(message) =
            self.streams.get_mut(&link).and_then(|stream| stream.down.pop(now))
        {
            match message {
                Down::Welcome(credit) => self.client.on_welcome(link, credit),
                Down::Drain(within) => self.client.on_drain(link, now, within),
                Down::End => self.break_stream(link),
                Down::Answer(id, answer) => {
                    if self.client.sending(link) == Some(id) {
                        self.stream(link).parts.clear();
                    }
                    if self.client.on_answer(link, id).is_some() {
                        let before = self.settled.insert(id, answer);
                        assert_eq!(before, None, "item {id} is settled twice");
                    }
                }
            }
        }
        if self.streams.get(&link).and_then(|stream| stream.lost_at).is_some_and(|at| at <= now) {
            self.break_stream(link);
        }
    }

    /// To the next moment at which anything can happen.
    fn pass_time(&mut self) {
        let streams = self.streams.values().flat_map(|stream| {
            let working = stream.working.iter().map(|(at, _)| *at).min();
            let wake_at = stream.server.wake_at();
            let drain_at = stream.drain_at.map(|(at, _)| at);
            let (up, down) = (stream.up.next_at(), stream.down.next_at());
            [up, down, working, wake_at, drain_at, stream.lost_at]
        });
        let sending = self.streams.values().any(|stream| !stream.parts.is_empty());
        let busy = sending || !self.to_offer.is_empty() || self.story.moved > 0;
        let soon = busy.then(|| self.now + Duration::from_millis(5));
        let next = streams.chain([self.client.wake_at(), soon]).flatten().min();
        let next = next.unwrap_or_else(|| panic!("nothing will ever happen: {self:?}"));
        self.now = self.now.max(next);
    }
}

fn parts(id: u32, bytes: u64) -> VecDeque<Part<u32>> {
    let count = bytes.div_ceil(PART).max(1);
    let part = |index: u64| Part {
        id,
        index: u32::try_from(index).expect("few parts"),
        more: index + 1 < count,
        bytes: (bytes - index * PART).min(PART),
        item_bytes: bytes,
    };
    (0..count).map(part).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_item_is_settled_once_and_recorded_once(story in story()) {
        let mut world = World::new(story);
        world.run();
        prop_assert_eq!(world.client.unacked().items, 0);
        prop_assert!(world.settled.keys().eq(world.bytes.keys()), "each item is settled");
        for (id, answer) in &world.settled {
            let expected = if *id >= BAD { Answer::Refused(None) } else { Answer::Recorded };
            prop_assert_eq!(*answer, expected, "item {}", id);
        }
        let good: BTreeSet<u32> = world.bytes.keys().copied().filter(|id| *id < BAD).collect();
        prop_assert_eq!(&world.store, &good);
        prop_assert_eq!(world.records, good.len(), "each item is recorded once");
    }
}

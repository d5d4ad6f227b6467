//! Where Waybill breaks first when there is more of everything: a queueing model of the whole path, batch by batch.
//!
//! `cargo run --release -p simulation --example scale` prints the tables of docs/scale.md. Service times are
//! those that `waybill bench` and `cargo bench -p analytics` measure; chance has a fixed seed, so that the
//! same program prints the same tables.

#![allow(clippy::print_stdout, reason = "it prints its tables")]

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Nanoseconds.
type Time = u64;

const MICRO: Time = 1_000;
const MILLI: Time = 1_000_000;
const SECOND: Time = 1_000_000_000;

/// What one batch of 32 by 32 costs each part, and what there is of each part.
#[derive(Clone, Copy)]
struct Plant {
    /// Batches that fall due a second, over all producers.
    rate: u64,
    producers: usize,
    fleets: usize,
    /// Solver threads of a fleet replica.
    threads: usize,
    writers: usize,
    /// Whether all writers share one database, whose sequence one group at a time can take.
    shared: bool,
    /// CPU of a batch in a fleet replica, streams included.
    plan: Time,
    /// What a plan adds to a group's transaction.
    row: Time,
    /// A transaction with nothing in it: begin, commit, the disk's answer.
    commit: Time,
    /// One way between two parts.
    wire: Time,
    /// How a client chooses among its links.
    choice: Choice,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// The less loaded of two, by what the client itself has in flight there.
    OfTwo,
    /// Any, whatever its load.
    Random,
    /// The link that was made first: what a plain HTTP/2 connection behind a Service does.
    Pinned,
}

const PLANT: Plant = Plant {
    rate: 1_000,
    producers: 1,
    fleets: 2,
    threads: 2,
    writers: 1,
    shared: false,
    plan: 50 * MICRO,
    row: 16 * MICRO,
    commit: 300 * MICRO,
    wire: 100 * MICRO,
    choice: Choice::OfTwo,
};

/// A group takes this many plans at most.
const GROUP: usize = 1_024;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A batch falls due at a producer.
    Due(usize),
    /// A batch reaches its fleet replica.
    Reached(usize),
    /// A solver thread is done with a batch.
    Planned(usize),
    /// A plan reaches its writer.
    Queued(usize),
    /// A writer has the rows of its group in the transaction, and wants to commit.
    Written(usize),
    /// A writer's group is on disk.
    Committed(usize),
}

#[derive(Clone, Copy, Default)]
struct Batch {
    due: Time,
    producer: usize,
    fleet: usize,
    writer: usize,
}

#[derive(Default, Clone)]
struct Fleet {
    busy: usize,
    queue: VecDeque<usize>,
    planned: u64,
    /// What it has in flight at each writer.
    in_flight: Vec<u32>,
}

#[derive(Default, Clone)]
struct Writer {
    queue: VecDeque<usize>,
    group: Vec<usize>,
    worked: Time,
}

/// What a run of the model shows.
struct Seen {
    settled: u64,
    latencies: Vec<Time>,
    /// Batches of the busiest fleet replica over the mean.
    skew: f64,
    /// Share of the time that solver threads, the busiest writer, and the shared sequence were at work.
    solving: f64,
    writing: f64,
    sequence: f64,
}

struct Model {
    plant: Plant,
    random: StdRng,
    now: Time,
    events: BinaryHeap<Reverse<(Time, Event)>>,
    batches: Vec<Batch>,
    /// What each producer has in flight at each fleet replica.
    in_flight: Vec<Vec<u32>>,
    fleets: Vec<Fleet>,
    writers: Vec<Writer>,
    /// Writers that wait for the shared sequence; the first has it.
    sequence: VecDeque<usize>,
    sequence_worked: Time,
    latencies: Vec<Time>,
}

impl Model {
    fn new(plant: Plant) -> Self {
        let fleet = Fleet { in_flight: vec![0; plant.writers], ..Fleet::default() };
        Self {
            plant,
            random: StdRng::seed_from_u64(1),
            now: 0,
            events: BinaryHeap::new(),
            batches: Vec::new(),
            in_flight: vec![vec![0; plant.fleets]; plant.producers],
            fleets: vec![fleet; plant.fleets],
            writers: vec![Writer::default(); plant.writers],
            sequence: VecDeque::new(),
            sequence_worked: 0,
            latencies: Vec::new(),
        }
    }

    /// Lets batches fall due for so long, and everything come to its end.
    fn run(mut self, seconds: u64) -> Seen {
        let end = seconds * SECOND;
        for producer in 0..self.plant.producers {
            self.next_due(producer);
        }
        while let Some(Reverse((time, event))) = self.events.pop() {
            self.now = time;
            if time <= end || !matches!(event, Event::Due(_)) {
                self.on(event);
            }
            // What is overloaded never ends; a tenth more shows it.
            if time > end + end / 10 {
                break;
            }
        }
        self.latencies.sort_unstable();
        let span = self.now.max(1) as f64;
        let planned = self.fleets.iter().map(|fleet| fleet.planned);
        let (sum, most) = (planned.clone().sum::<u64>() as f64, planned.max().unwrap_or(0) as f64);
        let threads = (self.plant.fleets * self.plant.threads) as f64;
        let busiest = self.writers.iter().map(|writer| writer.worked).max().unwrap_or(0);
        Seen {
            settled: self.latencies.len() as u64,
            skew: most * self.plant.fleets as f64 / sum.max(1.0),
            solving: sum * self.plant.plan as f64 / (span * threads),
            writing: busiest as f64 / span,
            sequence: self.sequence_worked as f64 / span,
            latencies: self.latencies,
        }
    }

    fn at(&mut self, after: Time, event: Event) {
        self.events.push(Reverse((self.now + after, event)));
    }

    fn on(&mut self, event: Event) {
        match event {
            Event::Due(producer) => self.due(producer),
            Event::Reached(batch) => {
                let fleet = self.batches[batch].fleet;
                self.fleets[fleet].queue.push_back(batch);
                self.solve(fleet);
            }
            Event::Planned(batch) => self.planned(batch),
            Event::Queued(batch) => {
                let writer = self.batches[batch].writer;
                self.writers[writer].queue.push_back(batch);
                self.write(writer);
            }
            Event::Written(writer) => self.written(writer),
            Event::Committed(writer) => self.committed(writer),
        }
    }

    /// Arrivals of a producer are independent of each other.
    fn next_due(&mut self, producer: usize) {
        let mean = SECOND as f64 * self.plant.producers as f64 / self.plant.rate as f64;
        let gap = -mean * (1.0 - self.random.random::<f64>()).ln();
        self.at(gap as Time, Event::Due(producer));
    }

    fn due(&mut self, producer: usize) {
        let fleet = choose(&mut self.random, &self.in_flight[producer], self.plant.choice);
        self.in_flight[producer][fleet] += 1;
        self.batches.push(Batch { due: self.now, producer, fleet, writer: 0 });
        let batch = self.batches.len() - 1;
        self.at(self.plant.wire, Event::Reached(batch));
        self.next_due(producer);
    }

    fn solve(&mut self, fleet: usize) {
        while self.fleets[fleet].busy < self.plant.threads {
            let Some(batch) = self.fleets[fleet].queue.pop_front() else { return };
            self.fleets[fleet].busy += 1;
            self.at(self.plant.plan, Event::Planned(batch));
        }
    }

    fn planned(&mut self, batch: usize) {
        let at = self.batches[batch].fleet;
        let fleet = &mut self.fleets[at];
        fleet.busy -= 1;
        fleet.planned += 1;
        let writer = choose(&mut self.random, &fleet.in_flight, self.plant.choice);
        fleet.in_flight[writer] += 1;
        self.batches[batch].writer = writer;
        self.at(self.plant.wire, Event::Queued(batch));
        self.solve(at);
    }

    /// A writer that is free takes all that waits, up to a group.
    fn write(&mut self, at: usize) {
        let writer = &mut self.writers[at];
        if !writer.group.is_empty() || writer.queue.is_empty() {
            return;
        }
        let size = writer.queue.len().min(GROUP);
        writer.group = writer.queue.drain(..size).collect();
        let rows = self.plant.row * size as Time;
        writer.worked += rows + self.plant.commit;
        self.at(rows, Event::Written(at));
    }

    fn written(&mut self, writer: usize) {
        if !self.plant.shared {
            return self.at(self.plant.commit, Event::Committed(writer));
        }
        self.sequence.push_back(writer);
        if self.sequence.len() == 1 {
            self.take_sequence(writer);
        }
    }

    fn take_sequence(&mut self, writer: usize) {
        self.sequence_worked += self.plant.commit;
        self.at(self.plant.commit, Event::Committed(writer));
    }

    fn committed(&mut self, at: usize) {
        if self.plant.shared {
            self.sequence.pop_front();
            if let Some(&next) = self.sequence.front() {
                self.take_sequence(next);
            }
        }
        for batch in std::mem::take(&mut self.writers[at].group) {
            let Batch { due, producer, fleet, writer } = self.batches[batch];
            self.fleets[fleet].in_flight[writer] -= 1;
            self.in_flight[producer][fleet] -= 1;
            self.latencies.push(self.now + 2 * self.plant.wire - due);
        }
        self.write(at);
    }
}

fn choose(random: &mut StdRng, load: &[u32], choice: Choice) -> usize {
    let any = |random: &mut StdRng| random.random_range(0..load.len());
    match choice {
        Choice::Pinned => 0,
        Choice::Random => any(random),
        Choice::OfTwo => {
            let (one, other) = (any(random), any(random));
            if load[other] < load[one] { other } else { one }
        }
    }
}

fn main() {
    println!("How a client chooses, at 8 replicas of the fleet service and 100,000 batches/s\n");
    println!("| producers | choice | busiest / mean | p50 ms | p99 ms |");
    println!("|---|---|---|---|---|");
    for producers in [1, 16, 256] {
        for (name, choice) in [
            ("less loaded of two", Choice::OfTwo),
            ("random", Choice::Random),
            ("one connection", Choice::Pinned),
        ] {
            let writers = 8;
            let plant = Plant { rate: 100_000, producers, fleets: 8, writers, choice, ..PLANT };
            let seen = Model::new(plant).run(2);
            println!(
                "| {producers} | {name} | {:.2} | {} | {} |",
                seen.skew,
                ms(&seen, 50),
                ms(&seen, 99)
            );
        }
    }

    println!("\nWhere it breaks first\n");
    println!(
        "| batches/s | producers | fleet replicas | stores | settled/s | p50 ms | p99 ms | solvers | writer | sequence |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (rate, producers, fleets, writers, shared) in [
        (1_000, 1, 2, 1, false),
        (10_000, 1, 2, 1, false),
        (40_000, 4, 3, 1, false),
        (80_000, 8, 5, 1, false),
        (80_000, 8, 5, 3, true),
        (200_000, 16, 10, 6, true),
        (1_000_000, 64, 40, 24, true),
        (1_000_000, 64, 40, 24, false),
    ] {
        let seconds = if rate > 100_000 { 1 } else { 3 };
        let plant = Plant { rate, producers, fleets, writers, shared, ..PLANT };
        let seen = Model::new(plant).run(seconds);
        let stores =
            if shared { format!("{writers} on one database") } else { format!("{writers}") };
        println!(
            "| {rate} | {producers} | {fleets} | {stores} | {} | {} | {} | {:.0} % | {:.0} % | {:.0} % |",
            seen.settled / seconds,
            ms(&seen, 50),
            ms(&seen, 99),
            100.0 * seen.solving,
            100.0 * seen.writing,
            100.0 * seen.sequence,
        );
    }
}

fn ms(seen: &Seen, percent: usize) -> String {
    let place = (seen.latencies.len() * percent / 100).min(seen.latencies.len().saturating_sub(1));
    seen.latencies
        .get(place)
        .map_or_else(|| "–".into(), |time| format!("{:.1}", *time as f64 / MILLI as f64))
}

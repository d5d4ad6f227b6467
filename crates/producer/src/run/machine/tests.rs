use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::run::progress::Totals;

const START: Moment = Moment::from_unix_ms(1_790_000_000_000);

fn at(ms: u64) -> Moment {
    START.after(Duration::from_millis(ms))
}

fn schedule(interval_ms: u64, limit: Option<u64>, run_for_ms: Option<u64>) -> Schedule {
    Schedule {
        start: START,
        interval: Duration::from_millis(interval_ms),
        limit,
        run_for: run_for_ms.map(Duration::from_millis),
    }
}

fn begin(schedule: Schedule) -> Machine {
    Machine::resume(schedule, Saved::new(), None, START)
}

fn settled(number: u64) -> Outcome {
    Outcome::Settled(Totals { shipments: 1, assigned: 1, quarters: number, greedy_quarters: 1 })
}

/// Sends what may be sent now and says which numbers those were.
fn send_all(machine: &mut Machine, now: Moment) -> Vec<u64> {
    let mut sent = Vec::new();
    loop {
        match machine.step(now) {
            Step::Send(number) => {
                machine.handed(number);
                sent.push(number);
            }
            Step::Reserve => machine.saved(machine.to_save().reserved),
            Step::Wait(_) | Step::End => return sent,
        }
    }
}

#[test]
fn every_due_batch_is_sent_late_rather_than_never() {
    let mut run = begin(schedule(1_000, Some(5), None));
    assert_eq!(send_all(&mut run, at(0)), [0]);
    assert_eq!(run.step(at(0)), Step::Wait(Some(at(1_000))));
    assert_eq!(run.standing(at(3_500)).behind.batches, 3);
    assert_eq!(send_all(&mut run, at(3_500)), [1, 2, 3]);
    assert_eq!(send_all(&mut run, at(60_000)), [4]);
    assert_eq!(run.standing(at(60_000)).saved.phase, Phase::Draining(Ending::Finished));
}

#[test]
fn a_run_ends_when_the_last_batch_is_answered() {
    let mut run = begin(schedule(0, Some(2), None));
    assert_eq!(send_all(&mut run, at(0)), [0, 1]);
    run.answered(1, &settled(1));
    assert_eq!(run.step(at(5)), Step::Wait(None));
    run.answered(0, &settled(0));
    assert_eq!(run.step(at(6)), Step::End);
    assert_eq!(run.standing(at(7)).saved.phase, Phase::Ended(Ending::Finished, at(6)));
}

#[test]
fn what_fell_due_and_was_not_sent_in_time_is_missed() {
    let mut run = begin(schedule(1_000, None, Some(10_000)));
    assert_eq!(send_all(&mut run, at(2_000)), [0, 1, 2]);
    assert!(send_all(&mut run, at(30_000)).is_empty());
    assert_eq!(run.standing(at(30_000)).saved.missed, 7);
}

#[test]
fn a_stopped_run_sends_no_more_and_drains() {
    let mut run = begin(schedule(1_000, None, None));
    assert_eq!(send_all(&mut run, at(0)), [0]);
    run.stop(at(2_500));
    assert!(send_all(&mut run, at(2_500)).is_empty());
    run.answered(0, &settled(0));
    assert_eq!(run.step(at(2_600)), Step::End);
    let saved = run.standing(at(2_600)).saved;
    assert_eq!((saved.phase, saved.missed), (Phase::Ended(Ending::Stopped, at(2_600)), 2));
}

#[test]
fn a_batch_that_is_refused_for_now_is_sent_again_in_its_time() {
    let mut run = begin(schedule(0, Some(1), None));
    assert_eq!(send_all(&mut run, at(0)), [0]);
    run.refused(0, at(500));
    assert_eq!(run.step(at(100)), Step::Wait(Some(at(500))));
    assert_eq!(send_all(&mut run, at(500)), [0]);
    assert_eq!(run.standing(at(500)).saved.sent, 1);
}

#[test]
fn a_refusal_that_comes_after_the_answer_changes_nothing() {
    let mut run = begin(schedule(0, Some(2), None));
    assert_eq!(send_all(&mut run, at(0)), [0, 1]);
    assert!(run.refused(0, at(500)));
    run.answered(1, &settled(1));
    assert!(!run.refused(1, at(500)), "it is not made again");
    assert_eq!(send_all(&mut run, at(500)), [0]);
}

#[test]
fn refusals_hold_new_batches_back() {
    let mut run = begin(schedule(0, None, None));
    for number in 0..MAX_WAITING_AGAIN as u64 {
        run.saved(number + 1);
        assert_eq!(run.step(at(0)), Step::Send(number));
        run.handed(number);
        run.refused(number, at(1_000));
    }
    assert_eq!(run.step(at(1)), Step::Wait(Some(at(1_000))));
}

#[test]
fn what_was_perhaps_sent_before_a_crash_is_sent_although_the_time_is_over() {
    let mut run = begin(schedule(10, None, Some(1_000)));
    let durable = run.to_save();
    assert_eq!(send_all(&mut run, at(100)).len(), 11);
    // Killed; everything that was sent may have settled.
    let mut run = Machine::resume(schedule(10, None, Some(1_000)), durable, None, at(5_000));
    let sent = send_all(&mut run, at(5_000));
    assert!(sent.starts_with(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    assert_eq!(sent.len() as u64 + run.standing(at(5_000)).saved.missed, 100);
}

#[test]
fn a_run_of_files_sends_what_there_is() {
    let mut run = Machine::resume(schedule(0, None, None), Saved::new(), Some(0), START);
    assert_eq!(run.step(at(0)), Step::Wait(None));
    run.stocked(2);
    assert_eq!(send_all(&mut run, at(1)), [0, 1]);
    run.stop(at(2));
    run.stocked(3);
    assert!(send_all(&mut run, at(3)).is_empty());
}

/// What the world around a run does.
#[derive(Debug, Clone)]
enum Event {
    Send(usize),
    Settle(usize),
    Reject(usize),
    Refuse(usize),
    Save,
    Crash,
    Stop,
    Pass(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => (1_usize..20).prop_map(Event::Send),
        6 => any::<usize>().prop_map(Event::Settle),
        1 => any::<usize>().prop_map(Event::Reject),
        1 => any::<usize>().prop_map(Event::Refuse),
        3 => Just(Event::Save),
        1 => Just(Event::Crash),
        1 => Just(Event::Stop),
        4 => (1_u64..400).prop_map(Event::Pass),
    ];
    prop::collection::vec(event, 0..120)
}

/// A run with the store's last copy of it and the far side, which answers a batch as it did before.
struct World {
    schedule: Schedule,
    run: Machine,
    durable: Saved,
    in_flight: Vec<u64>,
    ever_sent: std::collections::BTreeSet<u64>,
    answers: BTreeMap<u64, Outcome>,
    now: Moment,
}

impl World {
    fn new(schedule: Schedule) -> Self {
        Self {
            run: begin(schedule.clone()),
            schedule,
            durable: Saved::new(),
            in_flight: Vec::new(),
            ever_sent: Default::default(),
            answers: BTreeMap::new(),
            now: START,
        }
    }

    fn save(&mut self) {
        self.durable = self.run.to_save();
        self.run.saved(self.durable.reserved);
    }

    /// False: there is nothing to send now.
    fn send(&mut self) -> bool {
        match self.run.step(self.now) {
            Step::Send(number) => {
                assert!(!self.in_flight.contains(&number), "batch {number} is in flight already");
                self.run.handed(number);
                self.in_flight.push(number);
                self.ever_sent.insert(number);
                true
            }
            Step::Reserve => {
                self.save();
                true
            }
            Step::Wait(_) | Step::End => false,
        }
    }

    fn answer(&mut self, pick: usize, outcome: impl Fn(u64) -> Outcome) {
        if self.in_flight.is_empty() {
            return;
        }
        let number = self.in_flight.swap_remove(pick % self.in_flight.len());
        let outcome = self.answers.entry(number).or_insert_with(|| outcome(number)).clone();
        self.run.answered(number, &outcome);
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Send(count) => {
                for _ in 0..count {
                    self.send();
                }
            }
            Event::Settle(pick) => self.answer(pick, settled),
            Event::Reject(pick) => {
                self.answer(pick, |number| Outcome::Rejected(vec![number as u8]));
            }
            Event::Refuse(pick) if !self.in_flight.is_empty() => {
                let number = self.in_flight.swap_remove(pick % self.in_flight.len());
                self.run.refused(number, self.now.after(Duration::from_millis(50)));
            }
            Event::Refuse(_) => {}
            Event::Save => self.save(),
            Event::Crash => {
                self.in_flight.clear();
                let (schedule, saved) = (self.schedule.clone(), self.durable.clone());
                self.run = Machine::resume(schedule, saved, None, self.now);
            }
            Event::Stop => {
                self.run.stop(self.now);
                self.save();
            }
            Event::Pass(ms) => self.now = self.now.after(Duration::from_millis(ms)),
        }
    }

    fn settle_everything(&mut self) {
        for _ in 0..200_000 {
            if self.run.has_ended() {
                return;
            }
            if !self.send() {
                if self.in_flight.is_empty() {
                    self.now = self.now.after(Duration::from_millis(25));
                }
                while !self.in_flight.is_empty() {
                    self.answer(0, settled);
                }
            }
        }
        panic!("the run does not end: {:?}", self.run);
    }
}

proptest! {
    /// Whatever happens, each batch that was ever sent is counted exactly once in the end.
    #[test]
    fn counters_end_exact(
        interval in prop_oneof![Just(0_u64), 1_u64..100], limit in prop::option::of(0_u64..300),
        run_for in prop::option::of(0_u64..3_000), story in events(),
    ) {
        let limit = limit.or(run_for.is_none().then_some(100));
        let limit = if interval == 0 { limit.or(Some(200)) } else { limit };
        let mut world = World::new(schedule(interval, limit, run_for));
        for event in &story {
            world.happen(event);
            let saved = world.run.to_save();
            prop_assert!(saved.progress.settled + saved.progress.rejected <= saved.sent);
            prop_assert!(saved.sent <= world.durable.reserved, "sent what was not reserved");
        }
        world.settle_everything();
        let end = world.run.to_save();
        prop_assert_eq!(end.sent, world.ever_sent.len() as u64);
        prop_assert_eq!(end.sent, world.answers.len() as u64);
        let settled: Vec<u64> = world.answers.iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Settled(_))).map(|(n, _)| *n).collect();
        prop_assert_eq!(end.progress.settled, settled.len() as u64);
        prop_assert_eq!(end.progress.rejected, end.sent - end.progress.settled);
        prop_assert_eq!(end.progress.totals.quarters, settled.iter().sum::<u64>());
        if let Some(limit) = limit {
            prop_assert!(end.sent + end.missed <= limit);
        }
        if end.phase == Phase::Ended(Ending::Finished, world.now) && interval > 0 {
            prop_assert_eq!(end.sent + end.missed, world.schedule.due(world.now));
        }
    }
}

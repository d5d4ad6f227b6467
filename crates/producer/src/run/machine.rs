//! A run, as a state machine without I/O: the time and what happened go in, what to do comes out.
//!
//! ```text
//! RUNNING ── limit, time over, stop, failure ──▶ DRAINING ── all answered ──▶ FINISHED
//!                                                                            STOPPED
//!                                                                            FAILED
//! ```
//!
//! A batch is a function of its run and number, so a crash loses nothing: every number that may have
//! been sent and is not known to be answered is sent again. Which those are is known because numbers
//! are reserved in the store before they are sent.

use std::collections::BTreeSet;

use crate::{
    moment::Moment,
    run::{
        progress::{Outcome, Progress},
        schedule::{Behind, Schedule},
    },
};

/// Batches that wait to be sent again, at most, before no new ones are made.
pub(crate) const MAX_WAITING_AGAIN: usize = 256;
/// Numbers that are reserved ahead at least, so that a fast run waits for no write.
const RESERVE_MIN: u64 = 64;
/// And at most: after a crash so many may be sent that were not, which is harmless but late.
const RESERVE_MAX: u64 = 65_536;

/// How a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Its limit was reached.
    Finished,
    /// It was stopped.
    Stopped,
    /// It could not go on: an encoded `google.rpc.Status`.
    Failed(Vec<u8>),
}

/// What a run is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Batches are made.
    Running,
    /// No more are made; some are not answered.
    Draining(Ending),
    /// Every batch that was sent is answered, since then.
    Ended(Ending, Moment),
}

/// What is durable of a run's course, written in one piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// What it was doing.
    pub phase: Phase,
    /// Numbers below were sent.
    pub sent: u64,
    /// Numbers below may have been sent.
    pub reserved: u64,
    /// Batches that fell due and were never sent.
    pub missed: u64,
    /// The answers.
    pub progress: Progress,
}

impl Saved {
    /// Of a run that has done nothing.
    pub fn new() -> Self {
        Self {
            phase: Phase::Running,
            sent: 0,
            reserved: RESERVE_MIN,
            missed: 0,
            progress: Progress::default(),
        }
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Make this batch and hand it to the stream, then say [`Machine::handed`].
    Send(u64),
    /// Nothing until something happens, or until this time.
    Wait(Option<Moment>),
    /// Nothing until [`Machine::saved`]: more numbers must be reserved first.
    Reserve,
    /// The run has ended.
    End,
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// What is durable, or will be soon.
    pub saved: Saved,
    /// How late it is.
    pub behind: Behind,
}

/// The course of one run.
#[derive(Debug)]
pub struct Machine {
    schedule: Schedule,
    phase: Phase,
    progress: Progress,
    /// Numbers below were sent in this life or one before.
    sent: u64,
    /// Numbers below may be sent: the store knows.
    reserved: u64,
    /// Numbers below may have been sent by a life before this one.
    perhaps_sent: u64,
    /// The next number to send that was not sent in this life.
    next: u64,
    missed: u64,
    /// Batches that exist, where they come from outside; none: as many as there are numbers.
    stock: Option<u64>,
    /// Refused for now: when to send which again.
    again: BTreeSet<(Moment, u64)>,
    sent_when_saved: u64,
}

impl Machine {
    /// A run that goes on from what is durable. `stock`: how many batches exist, where they come from
    /// outside.
    pub fn resume(schedule: Schedule, saved: Saved, stock: Option<u64>, now: Moment) -> Self {
        let possible = stock.unwrap_or_else(|| schedule.due(now));
        Self {
            perhaps_sent: saved.sent.max(saved.reserved.min(possible)),
            schedule,
            phase: saved.phase,
            progress: saved.progress,
            sent: saved.sent,
            reserved: saved.reserved,
            next: 0,
            missed: saved.missed,
            stock,
            again: BTreeSet::new(),
            sent_when_saved: saved.sent,
        }
    }

    /// What to do now. A number that is to be sent is given out once.
    pub fn step(&mut self, now: Moment) -> Step {
        if matches!(self.phase, Phase::Ended(..)) {
            return Step::End;
        }
        if let Some(number) = self.take_due_again(now) {
            return Step::Send(number);
        }
        self.next = self.progress.answered.next_missing(self.next);
        if self.next < self.perhaps_sent {
            return self.send_next();
        }
        if self.phase == Phase::Running {
            if self.schedule.is_over(now) || self.schedule.limit.is_some_and(|l| self.next >= l) {
                self.drain(Ending::Finished, now);
            } else {
                return self.step_running(now);
            }
        }
        self.step_draining(now)
    }

    fn take_due_again(&mut self, now: Moment) -> Option<u64> {
        let &(due, number) = self.again.first().filter(|(due, _)| *due <= now)?;
        self.again.remove(&(due, number));
        Some(number)
    }

    fn send_next(&mut self) -> Step {
        self.next += 1;
        Step::Send(self.next - 1)
    }

    fn step_running(&mut self, now: Moment) -> Step {
        let again = self.again.first().map(|(due, _)| *due);
        let soonest = |a: Option<Moment>, b: Option<Moment>| a.into_iter().chain(b).min();
        if self.again.len() >= MAX_WAITING_AGAIN {
            return Step::Wait(soonest(again, self.schedule.end()));
        }
        if let Some(stock) = self.stock {
            return if self.next < stock { self.send_next() } else { Step::Wait(again) };
        }
        let due = self.schedule.due_at(self.next);
        if due > now {
            return Step::Wait(soonest(soonest(again, self.schedule.end()), Some(due)));
        }
        if self.next >= self.reserved { Step::Reserve } else { self.send_next() }
    }

    fn step_draining(&mut self, now: Moment) -> Step {
        if self.progress.answered.watermark() < self.sent {
            return Step::Wait(self.again.first().map(|(due, _)| *due));
        }
        if let Phase::Draining(ending) = &self.phase {
            self.phase = Phase::Ended(ending.clone(), now.whole_ms());
        }
        Step::End
    }

    fn drain(&mut self, ending: Ending, now: Moment) {
        if self.phase == Phase::Running {
            let sent = self.sent.max(self.perhaps_sent);
            self.missed = self.schedule.behind(sent, now).batches;
            self.phase = Phase::Draining(ending);
        }
    }

    /// The stream took the batch and keeps it until it is answered.
    pub fn handed(&mut self, number: u64) {
        self.sent = self.sent.max(number + 1);
    }

    /// A batch was answered for good. False: it was counted before.
    pub fn answered(&mut self, number: u64, outcome: &Outcome) -> bool {
        // The answer may come before the word that the stream took it.
        self.handed(number);
        self.progress.answer(number, outcome)
    }

    /// A batch was refused for now: it is sent again at `at`. False: it was answered before, and is not.
    pub fn refused(&mut self, number: u64, at: Moment) -> bool {
        let open = !self.progress.answered.contains(number);
        if open {
            self.again.insert((at, number));
        }
        open
    }

    /// No more batches are made.
    pub fn stop(&mut self, now: Moment) {
        self.drain(Ending::Stopped, now);
    }

    /// The run cannot go on: an encoded `google.rpc.Status`. `given_up` was to be sent and cannot be.
    pub fn fail(&mut self, status: Vec<u8>, given_up: Option<u64>, now: Moment) {
        self.drain(Ending::Failed(status.clone()), now);
        if let Some(number) = given_up {
            self.answered(number, &Outcome::Rejected(status));
        }
    }

    /// Batches from outside that exist now.
    pub fn stocked(&mut self, stock: u64) {
        self.stock = Some(stock);
    }

    /// What should be durable. Give its `reserved` to [`Self::saved`] once it is.
    pub fn to_save(&self) -> Saved {
        Saved {
            phase: self.phase.clone(),
            sent: self.sent,
            reserved: self.reservation(),
            missed: self.missed,
            progress: self.progress.clone(),
        }
    }

    fn reservation(&self) -> u64 {
        let sent = self.sent.max(self.perhaps_sent).max(self.next);
        match (&self.phase, self.stock) {
            (Phase::Running, Some(stock)) => stock,
            (Phase::Running, None) => {
                let ahead = 2 * self.sent.saturating_sub(self.sent_when_saved);
                let reserved = sent.saturating_add(ahead.clamp(RESERVE_MIN, RESERVE_MAX));
                reserved.max(self.reserved).min(self.schedule.limit.unwrap_or(u64::MAX))
            }
            _ => sent,
        }
    }

    /// So much is durable, or had to be gone on without.
    pub fn saved(&mut self, reserved: u64) {
        self.reserved = self.reserved.max(reserved);
        self.sent_when_saved = self.sent;
    }

    /// How the run stands.
    pub fn standing(&self, now: Moment) -> Standing {
        let behind = match self.phase {
            Phase::Running => self.schedule.behind(self.sent, now),
            _ => Behind::default(),
        };
        Standing { saved: self.to_save(), behind }
    }

    /// Its ticks.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Whether batches are made.
    pub fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Whether the next answer may change what to do.
    pub fn waits_for_answers(&self) -> bool {
        matches!(self.phase, Phase::Draining(_))
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended(..))
    }
}

#[cfg(test)]
mod tests;

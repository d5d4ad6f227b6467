//! A run that is alive in this process: its machine, and who waits for it to change.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use proto::{BatchId, RunId, producer::v1::StartRunRequest};
use runtime::workers::Workers;
use tokio::sync::{Notify, watch};

use crate::{
    dispatch::trace::{Told, Tries},
    moment::{Clock, Moment},
    run::{
        machine::{Machine, Phase, Saved, Standing, Step},
        progress::Outcome,
    },
    store::{PairOutcome, Store, StoreError},
};

/// A run with an owner for each of its two tasks: `drive` sends, `keep` writes.
#[derive(Debug)]
pub struct LiveRun {
    id: RunId,
    start: Moment,
    interval: Duration,
    request: StartRunRequest,
    /// Whether its batches are pairs of files, whose answers are kept one by one.
    of_pairs: bool,
    clock: Clock,
    state: Mutex<State>,
    writing: tokio::sync::Mutex<()>,
    /// Counts changes; for watchers.
    changes: watch::Sender<u64>,
    /// Something happened that may let it go on.
    wake: Notify,
    /// Something happened that is not written.
    unwritten: Notify,
    /// And that somebody waits for.
    urgent: Notify,
}

#[derive(Debug)]
struct State {
    machine: Machine,
    /// Answers to pairs that are not written.
    pairs: Vec<PairOutcome>,
    /// Batches that were refused for now, and what was tried for them.
    refused: HashMap<u64, Tries>,
    /// Traces of answers that are not written: a crash may make their batches be sent again.
    untold: Vec<Told>,
    /// Its end is written, or could not be and is told all the same.
    end_told: bool,
}

/// Traces that wait for a write, at most: for when there is no room on the disk for long.
const MAX_UNTOLD: usize = 16_384;

impl LiveRun {
    /// A run that goes on from where its machine is.
    pub fn new(
        id: RunId,
        request: StartRunRequest,
        machine: Machine,
        of_pairs: bool,
        clock: Clock,
    ) -> Arc<Self> {
        let (start, interval) = (machine.schedule().start, machine.schedule().interval);
        let (refused, untold) = (HashMap::new(), Vec::new());
        let state = State { machine, pairs: Vec::new(), refused, untold, end_told: false };
        Arc::new(Self {
            id,
            start,
            interval,
            request,
            of_pairs,
            clock,
            state: Mutex::new(state),
            writing: tokio::sync::Mutex::new(()),
            changes: watch::channel(0).0,
            wake: Notify::new(),
            unwritten: Notify::new(),
            urgent: Notify::new(),
        })
    }

    /// Its identity.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// When it was started.
    pub fn start(&self) -> Moment {
        self.start
    }

    /// How it was started, without records.
    pub fn request(&self) -> &StartRunRequest {
        &self.request
    }

    /// The identity of a batch.
    pub fn batch_id(&self, number: u64) -> BatchId {
        let nanos = self.interval.as_nanos().saturating_mul(number.into());
        let due = u64::try_from(nanos / 1_000_000).unwrap_or(u64::MAX >> 16);
        BatchId::of_run(
            self.id,
            number,
            self.start.unix_ms().saturating_add(due) & (u64::MAX >> 16),
        )
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Its methods do not panic half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
        self.unwritten.notify_one();
    }

    /// How it stands. An end counts once it is written.
    pub fn standing(&self) -> Standing {
        let state = self.state();
        let mut standing = state.machine.standing(self.clock.now());
        if let Phase::Ended(ending, _) = &standing.saved.phase
            && !state.end_told
        {
            standing.saved.phase = Phase::Draining(ending.clone());
        }
        standing
    }

    /// Hears of each change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// A batch was answered for good. Its trace is told when that is written.
    pub fn answered(&self, number: u64, outcome: Outcome, trace: Option<Told>) {
        let mut state = self.state();
        state.refused.remove(&number);
        if state.machine.answered(number, &outcome) {
            match trace {
                Some(trace) if state.untold.len() < MAX_UNTOLD => state.untold.push(trace),
                // As if it were written.
                Some(trace) => trace.tell(),
                None => {}
            }
            if self.of_pairs {
                let status = match outcome {
                    Outcome::Settled(_) => Vec::new(),
                    Outcome::Rejected(status) => status,
                };
                state.pairs.push((number, status));
            }
        }
        let waits_for_answers = state.machine.waits_for_answers();
        drop(state);
        self.changed();
        if waits_for_answers {
            self.wake.notify_one();
        }
    }

    /// A batch was refused for now, and so much was tried for it.
    pub fn refused(&self, number: u64, delay: Duration, tries: Tries) {
        let at = self.clock.now().after(delay);
        let mut state = self.state();
        if state.machine.refused(number, at) {
            state.refused.insert(number, tries);
        }
        drop(state);
        self.wake.notify_one();
    }

    /// What was tried for a batch that is made now.
    pub fn tries(&self, number: u64) -> Tries {
        self.state().refused.remove(&number).unwrap_or_default()
    }

    /// Makes no more batches.
    pub fn stop(&self) {
        self.state().machine.stop(self.clock.now());
        self.changed();
        self.urgent.notify_one();
        self.wake.notify_one();
    }

    /// There are so many batches from outside now.
    pub fn stocked(&self, stock: u64) {
        self.state().machine.stocked(stock);
        self.wake.notify_one();
    }

    /// It cannot go on: an encoded `google.rpc.Status`. `number` was to be sent and cannot be.
    pub fn fail(&self, status: Vec<u8>, number: Option<u64>) {
        self.state().machine.fail(status, number, self.clock.now());
        self.changed();
        self.wake.notify_one();
    }

    pub(super) fn step(&self) -> Step {
        let mut state = self.state();
        let before = state.machine.is_running();
        let step = state.machine.step(self.clock.now());
        let changed = before != state.machine.is_running() || step == Step::End;
        drop(state);
        if changed {
            self.changed();
        }
        step
    }

    pub(super) fn handed(&self, number: u64) {
        self.state().machine.handed(number);
        self.changed();
    }

    /// Until something may let it go on.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Until `moment`; for ever without one.
    pub(super) async fn until(&self, moment: Option<Moment>) {
        match moment {
            Some(moment) => tokio::time::sleep_until(self.clock.instant_of(moment)).await,
            None => std::future::pending().await,
        }
    }

    /// Asks for what is not written to be written now.
    pub(super) fn write_now(&self) {
        self.unwritten.notify_one();
        self.urgent.notify_one();
    }

    /// Until something is not written.
    pub(super) async fn is_unwritten(&self) {
        self.unwritten.notified().await;
    }

    /// Until somebody waits for something to be written.
    pub(super) async fn is_urgent(&self) {
        self.urgent.notified().await;
    }

    /// Writes how far it got. Without room on the disk it goes on all the same, and what is written
    /// later is then enough. True: the end is written.
    ///
    /// # Errors
    /// It could not be written.
    pub async fn write(&self, store: &Arc<Store>, workers: &Workers) -> Result<bool, StoreError> {
        // One at a time, so that the last written is the newest.
        let _writing = self.writing.lock().await;
        let (saved, pairs, untold) = {
            let state = self.state();
            (state.machine.to_save(), state.pairs.clone(), state.untold.len())
        };
        let written = save(self.id, saved.clone(), pairs.clone(), store, workers).await;
        let mut state = self.state();
        state.machine.saved(saved.reserved);
        let mut told = Vec::new();
        if written.is_ok() {
            state.pairs.drain(..pairs.len());
            told.extend(state.untold.drain(..untold));
        }
        let ended = matches!(saved.phase, Phase::Ended(..));
        let tell = ended && !std::mem::replace(&mut state.end_told, ended);
        drop(state);
        told.iter().for_each(Told::tell);
        if tell {
            self.changes.send_modify(|changes| *changes += 1);
        }
        self.wake.notify_one();
        written.map(|()| ended)
    }
}

async fn save(
    id: RunId,
    saved: Saved,
    pairs: Vec<PairOutcome>,
    store: &Arc<Store>,
    workers: &Workers,
) -> Result<(), StoreError> {
    let folder = store.folder().to_owned();
    let store = Arc::clone(store);
    let done = workers.run(move || store.save_run(id, &saved, &pairs)).await;
    done.unwrap_or_else(|gone| Err(StoreError::Failed { folder, reason: gone.to_string() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{progress::Totals, schedule::Schedule};

    #[test]
    fn what_was_tried_is_kept_until_the_batch_is_made_and_not_where_it_never_is() {
        let clock = Clock::system();
        let schedule = Schedule {
            start: clock.now(),
            interval: Duration::ZERO,
            limit: Some(2),
            run_for: None,
        };
        let machine = Machine::resume(schedule, Saved::new(), None, clock.now());
        let run = LiveRun::new(RunId::now(), StartRunRequest::default(), machine, false, clock);
        run.refused(0, Duration::ZERO, Tries::default());
        assert!(run.state().refused.contains_key(&0));
        run.tries(0);
        let totals = Totals { shipments: 1, assigned: 1, quarters: 1, greedy_quarters: 1 };
        run.answered(1, Outcome::Settled(totals), None);
        run.refused(1, Duration::ZERO, Tries::default());
        assert!(run.state().refused.is_empty(), "one is made and tells itself, one is answered");
    }
}

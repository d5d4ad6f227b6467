//! Who waits for which plan. A batch that comes again while its plan is on the way joins the wait.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
};

use proto::{BatchId, logistics::v1::PlanDetail};
use runtime::acked::Reply;
use tonic::Status;

use crate::dispatch::Dispatch;

/// Someone who waits for a plan.
pub(crate) struct Waiter {
    pub(crate) reply: Reply<Dispatch>,
    pub(crate) detail: PlanDetail,
}

struct Waiting {
    digest: [u8; 32],
    waiters: Vec<Waiter>,
}

/// What became of a batch that came.
pub(crate) enum Joined {
    /// It is the first: make its plan.
    First,
    /// Its plan is on the way.
    Again,
    /// Its id is in use for other content.
    OtherContent(Waiter),
}

/// All batches between their last part and their answer.
#[derive(Default)]
pub(crate) struct InFlight {
    waiting: Mutex<HashMap<BatchId, Waiting>>,
}

impl InFlight {
    pub(crate) fn join(&self, id: BatchId, digest: [u8; 32], waiter: Waiter) -> Joined {
        match self.lock().entry(id) {
            Entry::Vacant(place) => {
                place.insert(Waiting { digest, waiters: vec![waiter] });
                Joined::First
            }
            Entry::Occupied(mut place) if place.get().digest == digest => {
                place.get_mut().waiters.push(waiter);
                Joined::Again
            }
            Entry::Occupied(_) => Joined::OtherContent(waiter),
        }
    }

    /// Everyone who waits for a plan; nobody does any more.
    pub(crate) fn take(&self, id: BatchId) -> Vec<Waiter> {
        self.lock().remove(&id).map(|waiting| waiting.waiters).unwrap_or_default()
    }

    /// Refuses a batch to everyone who waits for it.
    pub(crate) fn refuse(&self, id: BatchId, status: &Status) {
        for waiter in self.take(id) {
            waiter.reply.rejected(status.clone());
        }
    }

    /// How many batches are waited for.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<BatchId, Waiting>> {
        // A map is never left half changed.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

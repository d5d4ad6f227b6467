//! A store with something before its writes, such as a disk that is slow or full: for tests.

use std::sync::Arc;

use jiff::Timestamp;
use proto::{BatchId, RunId};
use tokio::sync::watch;

use super::{
    Doing, DriverQuery, DriverTotals, NewPlan, Outcome, PlanQuery, Steps, Store, StoredPart,
    StoredPlan, Totals,
};

/// What stands before the writes of a store.
pub trait Before: Send + Sync + 'static {
    /// Records a group in `store`, or fails to, as [`Store::record`] has it.
    fn record<'a>(
        &'a self,
        store: &'a dyn Store,
        now: Timestamp,
        group: Vec<NewPlan>,
    ) -> Doing<'a, Vec<Outcome>>;
}

/// A store whose groups go through a [`Before`], and all else does not.
pub struct Through<B> {
    store: Arc<dyn Store>,
    before: B,
}

impl<B> Through<B> {
    /// To this store.
    pub fn new(before: B, store: Arc<dyn Store>) -> Through<B> {
        Through { store, before }
    }
}

impl<B: Before> Store for Through<B> {
    fn record(&self, now: Timestamp, group: Vec<NewPlan>) -> Doing<'_, Vec<Outcome>> {
        self.before.record(&*self.store, now, group)
    }

    fn is_remote(&self) -> bool {
        self.store.is_remote()
    }

    fn committed(&self) -> watch::Receiver<u64> {
        self.store.committed()
    }

    fn plans(&self, query: PlanQuery) -> Doing<'_, Vec<StoredPlan>> {
        self.store.plans(query)
    }

    fn plan(&self, batch_id: BatchId) -> Doing<'_, Option<StoredPlan>> {
        self.store.plan(batch_id)
    }

    fn parts(
        &self,
        sequences: Vec<u64>,
        from_part: u32,
        max_bytes: usize,
    ) -> Doing<'_, Vec<StoredPart>> {
        self.store.parts(sequences, from_part, max_bytes)
    }

    fn drivers(&self, query: DriverQuery) -> Doing<'_, Vec<DriverTotals>> {
        self.store.drivers(query)
    }

    fn totals(&self, run: Option<RunId>, since: Option<Timestamp>) -> Doing<'_, Totals> {
        self.store.totals(run, since)
    }

    fn steps(
        &self,
        run: Option<RunId>,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Doing<'_, Vec<Steps>> {
        self.store.steps(run, since, limit)
    }

    fn close(&self) -> Doing<'_, ()> {
        self.store.close()
    }
}

//! A store that takes its time, and at times has no room.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use analytics::{
    Error,
    store::{
        Doing, DriverQuery, DriverTotals, NewPlan, Outcome, PlanQuery, Sqlite, Steps, Store,
        StoredPart, StoredPlan, Totals,
    },
};
use jiff::Timestamp;
use proto::{BatchId, RunId};
use tokio::{sync::watch, time::sleep};

/// What a transaction takes until it is on disk, and then until its word is out. A crash may come between.
const HALF_A_COMMIT: Duration = Duration::from_millis(15);

/// Hosts whose disk has no room. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Full(Arc<Mutex<BTreeSet<String>>>);

impl Full {
    /// Whether this host's disk has no room from now on.
    pub fn set(&self, host: &str, full: bool) {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if full {
            hosts.insert(host.to_owned());
        } else {
            hosts.remove(host);
        }
    }

    fn is(&self, host: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(host)
    }
}

/// A SQLite store on the disk of a simulated host.
pub(crate) struct Disk {
    pub(crate) host: String,
    pub(crate) full: Full,
    pub(crate) store: Arc<Sqlite>,
}

impl Store for Disk {
    fn record(&self, now: Timestamp, group: Vec<NewPlan>) -> Doing<'_, Vec<Outcome>> {
        Box::pin(async move {
            sleep(HALF_A_COMMIT).await;
            if self.full.is(&self.host) {
                let (path, reason) = (self.host.clone().into(), "no room".to_owned());
                return Err(Error::Unavailable { path, reason });
            }
            let outcomes = self.store.record(now, group).await;
            sleep(HALF_A_COMMIT).await;
            outcomes
        })
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

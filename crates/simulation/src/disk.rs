//! Disks that take their time, and at times have no room.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use analytics::{
    Error,
    store::{Before, Doing, NewPlan, Outcome, Store},
};
use jiff::Timestamp;
use tokio::time::sleep;

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

/// The disk of a simulated host.
pub(crate) struct Disk {
    pub(crate) host: String,
    pub(crate) full: Full,
}

impl Before for Disk {
    fn record<'a>(
        &'a self,
        store: &'a dyn Store,
        now: Timestamp,
        group: Vec<NewPlan>,
    ) -> Doing<'a, Vec<Outcome>> {
        Box::pin(async move {
            sleep(HALF_A_COMMIT).await;
            if self.full.is(&self.host) {
                let (path, reason) = (self.host.clone().into(), "no room".to_owned());
                return Err(Error::Unavailable { path, reason });
            }
            let outcomes = store.record(now, group).await;
            sleep(HALF_A_COMMIT).await;
            outcomes
        })
    }
}

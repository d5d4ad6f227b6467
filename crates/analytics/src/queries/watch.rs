//! WatchPlans: every plan after a cursor, in order, then each new one.
//!
//! A watcher reads rows from the store, from its own cursor, and is only woken by the writer: it can
//! be as slow as it likes, and neither misses nor repeats a plan.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, stream};
use proto::analytics::v1::{
    Heartbeat, WatchPlansRequest, WatchPlansResponse, watch_plans_response::Item,
};
use runtime::lifecycle::Shutdown;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tonic::Status;

use crate::metrics::Watching;
use crate::store::{PlanQuery, Store, StoredPlan};
use crate::wire::{timestamp, to_duration};
use crate::{Analytics, Clock, Error, wire};

/// Time between heartbeats when nothing else is set: the page says that it is stale after two of them.
pub(crate) const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(2);

/// Plans that are read from the store at once.
const READ_AHEAD: u32 = 256;

struct Watch {
    store: Arc<dyn Store>,
    clock: Clock,
    shutdown: Shutdown,
    committed: watch::Receiver<u64>,
    /// The last sequence that was read.
    cursor: u64,
    read: VecDeque<StoredPlan>,
    heartbeat: Duration,
    next_heartbeat: Instant,
    ended: bool,
    _watching: Watching,
}

/// The stream of one watcher. It ends only with an error.
pub(crate) fn watch_plans(
    analytics: &Analytics,
    request: WatchPlansRequest,
) -> impl Stream<Item = Result<WatchPlansResponse, Status>> + Send + use<> {
    let committed = analytics.store.committed();
    let newest = *committed.borrow();
    let cursor = match request.last {
        0 => request.after_sequence,
        last => request.after_sequence.max(newest.saturating_sub(last.into())),
    };
    let watch = Watch {
        store: Arc::clone(&analytics.store),
        clock: analytics.clock,
        shutdown: analytics.shutdown.clone(),
        committed,
        cursor,
        read: VecDeque::new(),
        heartbeat: analytics.heartbeat,
        // The first comes as soon as the watcher has everything, and says when the next is due.
        next_heartbeat: Instant::now(),
        ended: false,
        _watching: analytics.metrics.watching(),
    };
    stream::unfold(watch, |mut watch| async {
        let item = watch.next().await?;
        Some((item, watch))
    })
}

impl Watch {
    async fn next(&mut self) -> Option<Result<WatchPlansResponse, Status>> {
        if self.ended {
            return None;
        }
        match self.item().await {
            Ok(item) => {
                self.next_heartbeat = Instant::now() + self.heartbeat;
                Some(Ok(WatchPlansResponse { item: Some(item) }))
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error.status()))
            }
        }
    }

    async fn item(&mut self) -> Result<Item, Error> {
        loop {
            if self.shutdown.is_draining() {
                return Err(Error::Stopping);
            }
            if let Some(plan) = self.read.pop_front() {
                return Ok(Item::Plan(wire::plan(&plan)));
            }
            let newest = *self.committed.borrow_and_update();
            if self.cursor < newest {
                self.read_on(newest).await?;
                continue;
            }
            tokio::select! {
                biased;
                () = self.shutdown.draining() => return Err(Error::Stopping),
                changed = self.committed.changed() => changed.map_err(|_| Error::Stopping)?,
                () = sleep_until(self.next_heartbeat) => return Ok(self.beat(newest)),
            }
        }
    }

    async fn read_on(&mut self, newest: u64) -> Result<(), Error> {
        let query = PlanQuery {
            sequences: self.cursor + 1..newest + 1,
            run: None,
            recorded: None,
            newest_first: false,
            limit: READ_AHEAD,
        };
        self.read = self.store.plans(query).await?.into();
        // Sequences have no gaps; a store that had some would be passed over and not waited for.
        self.cursor = self.read.back().map_or(newest, |plan| plan.sequence);
        Ok(())
    }

    fn beat(&self, sequence: u64) -> Item {
        Item::Heartbeat(Heartbeat {
            sequence,
            time: Some(timestamp((self.clock)())),
            interval: Some(to_duration(self.heartbeat)),
        })
    }
}

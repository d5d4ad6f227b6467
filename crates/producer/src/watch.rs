//! A run as it changes, for those who watch.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use proto::{RunId, producer::v1::Run};
use tokio::time::{Instant, sleep_until, timeout};

use crate::{
    error::Error,
    run::live::LiveRun,
    runs::{Runs, shown},
    wire,
};

/// Time between two sights of a run, at least.
const EVERY: Duration = Duration::from_millis(100);
/// A run that falls behind changes although nothing happens to it: it is looked at so often.
const LOOK: Duration = Duration::from_secs(1);

struct Watch {
    runs: Arc<Runs>,
    live: Option<Arc<LiveRun>>,
    last: Run,
    next: Instant,
    begun: bool,
}

/// The run now, and again at each change; ends after a final state. When the producer drains it ends
/// with UNAVAILABLE, so that the watcher comes back.
///
/// # Errors
/// `NoRun`, `Store`, `Worker`.
pub(crate) async fn watch(
    runs: Arc<Runs>,
    id: RunId,
) -> Result<impl Stream<Item = Result<Run, Error>> + Send + use<>, Error> {
    let live = runs.live(id);
    let last = match &live {
        Some(live) => shown(live),
        None => runs.get(id).await?,
    };
    let watch = Watch { runs, live, last, next: Instant::now(), begun: false };
    Ok(stream::unfold(Some(watch), next))
}

async fn next(watch: Option<Watch>) -> Option<(Result<Run, Error>, Option<Watch>)> {
    let mut watch = watch?;
    if !std::mem::replace(&mut watch.begun, true) {
        let last = watch.last.clone();
        return Some((Ok(last), Some(watch)));
    }
    let live = watch.live.clone().filter(|_| !wire::is_final(&watch.last))?;
    let draining = watch.runs.draining().clone();
    let changed = async {
        sleep_until(watch.next).await;
        let mut changes = live.changes();
        loop {
            changes.mark_unchanged();
            let run = shown(&live);
            if run != watch.last {
                return run;
            }
            // A change that is missed is seen at the next look.
            let _ = timeout(LOOK, changes.changed()).await;
        }
    };
    match draining.run_until_cancelled(changed).await {
        Some(run) => {
            watch.last = run.clone();
            watch.next = Instant::now() + EVERY;
            Some((Ok(run), Some(watch)))
        }
        None => Some((Err(Error::Draining), None)),
    }
}

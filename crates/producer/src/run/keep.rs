//! The task that writes how far a run got.

use std::{sync::Arc, time::Duration};

use runtime::workers::Workers;
use tokio::time::sleep;

use super::live::LiveRun;
use crate::store::Store;

/// Time between writes, at least, unless somebody waits for one.
pub(crate) const WRITE_EVERY: Duration = Duration::from_millis(200);
/// Time until a write that failed is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Writes the run's progress until its end is written.
pub(crate) async fn keep(run: Arc<LiveRun>, store: Arc<Store>, workers: Workers) {
    let mut trouble = false;
    loop {
        run.is_unwritten().await;
        match run.write(&store, &workers).await {
            Ok(true) => return,
            Ok(false) if trouble => {
                trouble = false;
                tracing::info!(run = %run.id(), "progress is written again");
            }
            Ok(false) => {}
            Err(error) => {
                if !std::mem::replace(&mut trouble, true) {
                    let run = run.id();
                    tracing::warn!(%run, %error, "progress is kept in memory until it can be written");
                }
                sleep(TRY_AGAIN).await;
                run.write_now();
                continue;
            }
        }
        tokio::select! {
            () = sleep(WRITE_EVERY) => {}
            () = run.is_urgent() => {}
        }
    }
}

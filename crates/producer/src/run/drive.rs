//! The task that makes a run's batches and hands them to the stream.

use std::sync::Arc;

use runtime::{acked::Outbox, trace::Sampler};
use tokio_util::sync::CancellationToken;

use super::{live::LiveRun, machine::Step};
use crate::{
    dispatch::{Dispatch, Item},
    request::Spec,
    room::Room,
    source::Source,
};

/// What a run needs to be driven.
#[derive(Clone)]
pub struct Road {
    /// The stream to the fleet service.
    pub outbox: Outbox<Dispatch>,
    /// Room for batches that the stream has not taken.
    pub room: Room,
    /// Which batches are traced.
    pub sampler: Sampler,
    /// No more is sent: the process is coming to an end.
    pub draining: CancellationToken,
}

/// Drives a run to its end, or until the process drains.
pub(crate) async fn drive(run: Arc<LiveRun>, spec: Spec, source: Source, road: Road) {
    let driving = async {
        loop {
            match run.step() {
                Step::Send(number) => {
                    if !send(&run, &spec, &source, &road, number).await {
                        return;
                    }
                }
                Step::Wait(until) => {
                    tokio::select! {
                        () = run.woken() => {}
                        () = run.until(until) => {}
                    }
                }
                Step::Reserve => {
                    run.write_now();
                    run.woken().await;
                }
                Step::End => {
                    run.write_now();
                    return;
                }
            }
        }
    };
    road.draining.run_until_cancelled(driving).await;
}

/// False: the stream takes no more.
async fn send(run: &Arc<LiveRun>, spec: &Spec, source: &Source, road: &Road, number: u64) -> bool {
    let room = road.room.take(source.bytes()).await;
    let batch = match source.make(number).await {
        Ok(batch) => batch,
        Err(error) => {
            tracing::error!(run = %run.id(), number, %error, "a batch cannot be made, the run ends");
            run.fail(error.to_stored(), Some(number));
            return true;
        }
    };
    let item = Item::new(Arc::clone(run), spec, number, batch, &road.sampler);
    let bytes = item.bytes();
    let taken = road.outbox.send(run.batch_id(number), item, bytes).await.is_ok();
    drop(room);
    if taken {
        run.handed(number);
    }
    taken
}

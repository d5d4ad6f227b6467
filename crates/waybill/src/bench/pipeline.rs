//! Batches through three processes, each settled when its plan is on disk.

use std::time::{Duration, Instant};

use proto::{
    RunId,
    producer::v1::{Run, StartRunRequest, Synthetic, start_run_request::Source},
};

use super::{children::System, cpu::CpuTimes};
use crate::{
    error::Error,
    run::{client, follow, shortcoming},
};

/// Shipments, and drivers, of a batch.
pub(super) const RECORDS: u32 = 32;
/// The first batches warm up: connections, caches, the store's file.
const WARM_UP: Duration = Duration::from_millis(500);

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pipeline {
    pub(super) batches: u64,
    /// Before them.
    pub(super) warm_up: u64,
    pub(super) batches_per_second: f64,
    /// What the processes took for all of them.
    pub(super) cpu: CpuTimes,
}

/// As many batches as settle in this time.
pub(super) async fn measure(system: &System, time: Duration) -> Result<Pipeline, Error> {
    let source = Synthetic { shipments: RECORDS, drivers: RECORDS, seed: 1 };
    let for_time = |time: Duration| StartRunRequest {
        source: Some(Source::Synthetic(source)),
        run_for: prost_types::Duration::try_from(time).ok(),
        run_id: RunId::now().to_string(),
        ..StartRunRequest::default()
    };
    let (warm_up, _) = run(system, for_time(WARM_UP)).await?;
    let before = system.cpu_times()?;
    let (run, taken) = run(system, for_time(time)).await?;
    let cpu = system.cpu_times()? - before;
    let batches = run.batches_settled;
    Ok(Pipeline {
        batches,
        warm_up: warm_up.batches_settled,
        batches_per_second: batches as f64 / taken.as_secs_f64(),
        cpu,
    })
}

/// How long one batch of so many shipments and drivers takes.
pub(super) async fn large_batch(system: &System, records: u32) -> Result<(u32, Duration), Error> {
    let source = Synthetic { shipments: records, drivers: records, seed: 2 };
    let request = StartRunRequest {
        source: Some(Source::Synthetic(source)),
        batch_limit: 1,
        run_id: RunId::now().to_string(),
        ..StartRunRequest::default()
    };
    let (_, taken) = run(system, request).await?;
    Ok((records, taken))
}

/// Starts a run and follows it to its end.
async fn run(system: &System, request: StartRunRequest) -> Result<(Run, Duration), Error> {
    let peer = system.producer();
    let begun = Instant::now();
    let call = |_| async { client(&peer).start_run(request.clone()).await };
    let run = peer.call(call).await?;
    let run = follow(&peer, &run.run_id, |_| Ok(())).await?;
    let taken = begun.elapsed();
    // A run without an interval has no moment at which a batch falls due, so it misses none.
    match shortcoming(&run) {
        None => Ok((run, taken)),
        Some(text) => Err(Error::Bench(text)),
    }
}

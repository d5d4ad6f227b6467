//! The life of a process that serves: telemetry, settings, service, signals, drain, end.

use std::{thread, time::Duration};

use runtime::{
    lifecycle::Shutdown,
    settings::{Settings, parse},
    telemetry,
    trace::Sampler,
};

use crate::{
    error::Error,
    settings::{Declared, Flags},
};

/// Time for what is in flight when the process is told to end.
const DRAIN: Duration = Duration::from_secs(25);
/// Time for the last traces and metrics, after the drain.
const LAST_TELEMETRY: Duration = Duration::from_secs(2);
/// Time for blocking work that nobody waits for any more.
const LAST_WORK: Duration = Duration::from_secs(1);

/// What a process gives to what it runs.
#[derive(Debug)]
pub(crate) struct Life {
    /// Begins with a signal.
    pub(crate) shutdown: Shutdown,
    /// How long the drain may take.
    pub(crate) drain: Duration,
    /// Which new batches are traced.
    pub(crate) sampler: Sampler,
}

/// Threads for what waits, on a machine or in a container with so many cores: one is left to what
/// computes or blocks. On two cores a second thread took a tenth more CPU time for each batch, as the two
/// of each process wake one another.
fn async_threads(cores: usize) -> usize {
    cores.saturating_sub(1).max(1)
}

/// Runs a part of the system until it is drained.
pub(crate) fn run<D: Declared, C>(
    part: &'static str,
    flags: Flags<D>,
    read: impl FnOnce(&mut Settings) -> C,
    serve: impl AsyncFnOnce(C, Life) -> Result<(), Error>,
) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(async_threads(thread::available_parallelism().map_or(1, usize::from)))
        .enable_all()
        .build();
    let runtime = runtime.map_err(Error::Runtime)?;
    let served = runtime.block_on(async {
        // Before the settings: what is odd about them is logged.
        let telemetry = telemetry::init(part);
        let mut settings = flags.settings()?;
        let config = read(&mut settings);
        let drain = settings.get("drain-timeout", DRAIN, parse::duration);
        settings.finish()?;
        let shutdown = Shutdown::on_signals(drain);
        let served = serve(config, Life { shutdown, drain, sampler: telemetry.sampler() }).await;
        telemetry.shutdown(LAST_TELEMETRY).await;
        served
    });
    runtime.shutdown_timeout(LAST_WORK);
    served
}

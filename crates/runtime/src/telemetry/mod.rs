//! Logs, traces and pushed metrics of a process. Logs go to stderr: text on a terminal, JSON elsewhere, filtered by
//! `WAYBILL_LOG`, or by what the ops port was told since. Traces go to an OTLP collector over gRPC when one of the standard `OTEL_` variables
//! names it, and are not made otherwise. Metrics are on the ops port, and go there too where a variable asks for it.

mod bounded;
mod export;
mod filter;
mod json;
mod outcomes;
mod push;
mod repeats;
mod variables;

use std::{
    collections::BTreeSet,
    env,
    io::{self, IsTerminal},
    thread,
    time::Duration,
};

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, SpanProcessor};
use tokio::{runtime::Handle, sync::oneshot, time::timeout};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::FilterExt,
    filter::LevelFilter,
    filter::filter_fn,
    fmt::format::{self, JsonFields},
    layer::SubscriberExt,
    registry::LookupSpan,
    reload,
    util::SubscriberInitExt,
};

use crate::trace::{Sampler, TARGET, Teller, propagate};
pub use filter::{log_filter, set_log_filter};
pub(crate) use outcomes::{METRIC_EXPORTS, SPANS};
use push::Push;
pub(crate) use push::push;
use repeats::Repeats;
use variables::{Variables, check_text};

/// What [`init`] started, until [`Telemetry::shutdown`].
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
    sampler: Sampler,
    push: Option<Push>,
}

/// Starts the telemetry of this process; call it once, inside the tokio runtime. `part` is what the
/// process runs, `waybill-<part>` the service name of its traces. A process that runs several parts has
/// the service name of each on the spans of that part, as [`Spans`](crate::trace::Spans) tells them
/// apart; `OTEL_SERVICE_NAME` goes over all of them.
pub fn init(part: &'static str) -> Telemetry {
    let mut warnings = Vec::new();
    check_text(env::vars_os(), &mut warnings);
    let variables = Variables::of_process();
    let exporting = variables.export(&mut warnings);
    let pushing = variables.metrics(&mut warnings);
    let runtime = Handle::try_current().ok();
    if runtime.is_none() && (exporting || pushing.is_some()) {
        warnings.push("nothing is exported: telemetry began outside of the runtime".to_owned());
    }
    if exporting {
        variables.check(&mut warnings);
    }
    let queue = variables.queue(&mut warnings);
    propagate(variables.propagators(&mut warnings));
    let provider = runtime
        .clone()
        .filter(|_| exporting)
        .map(|runtime| export::in_batches(part, queue, &SPANS, export::otlp(runtime)));
    let push = runtime
        .zip(pushing)
        .map(|(runtime, export)| Push::new(export, runtime, &METRIC_EXPORTS).for_process());
    let sampler =
        if provider.is_some() { variables.sampler(&mut warnings) } else { Sampler::Never };

    let filter = variables.log_filter(&mut warnings);
    // A list, not a layer that may be none: beside one of those, tracing asks about what no filter wants
    // each time anew, and HTTP/2 has much to say of every frame.
    let (log, handle) = logs(filter);
    let mut layers = vec![log.boxed()];
    layers.extend(
        provider
            .as_ref()
            .map(|provider| traces(provider.tracer("waybill"), sampler.samples()).boxed()),
    );
    let started = tracing_subscriber::registry().with(layers).try_init();
    match started {
        Ok(()) => filter::is(handle),
        Err(_) => tracing::warn!("telemetry was started before, this start changes nothing"),
    }
    // A variable of all signals is looked at for each.
    let mut said = BTreeSet::new();
    for warning in warnings.iter().filter(|warning| said.insert(*warning)) {
        tracing::warn!("{warning}");
    }
    Telemetry { provider, sampler, push }
}

impl Telemetry {
    /// The sampler of new traces; [`Sampler::Never`] where nothing exports them.
    pub fn sampler(&self) -> Sampler {
        self.sampler
    }

    /// Sends what is left to the collector, for at most so long. A collector that does not answer costs
    /// that time and no more.
    pub async fn shutdown(self, within: Duration) {
        let Self { provider, push, .. } = self;
        let metrics = async {
            if let Some(push) = push
                && !push.end(within).await
            {
                tracing::warn!(?within, "the last metrics were not exported");
            }
        };
        tokio::join!(end_traces(provider, within), metrics);
    }
}

async fn end_traces(provider: Option<SdkTracerProvider>, within: Duration) {
    let Some(provider) = provider else { return };
    let (done, is_done) = oneshot::channel();
    // A thread of its own: the call blocks, and the end of the runtime waits for its own threads.
    let flush = thread::Builder::new().name("telemetry-end".to_owned()).spawn(move || {
        let _ = done.send(provider.shutdown_with_timeout(within));
    });
    if flush.is_ok() && !matches!(timeout(within, is_done).await, Ok(Ok(Ok(())))) {
        tracing::warn!(?within, "the last traces were not exported");
    }
}

/// The log, and what changes its filter.
pub(crate) fn logs<S>(filter: EnvFilter) -> (impl Layer<S>, reload::Handle<EnvFilter, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let layer = if io::stderr().is_terminal() {
        layer.event_format(Repeats::of(format::format())).boxed()
    } else {
        let lines = Repeats::of(json::JsonWithTrace::default());
        layer.fmt_fields(JsonFields::new()).event_format(lines).boxed()
    };
    // Spans of batches are for the exporter: as log context each would cost as much again.
    // With a level, or there would be none for both: then every event would come this far to be refused.
    let no_batch = filter_fn(|metadata| metadata.target() != TARGET);
    let (filter, handle) = reload::Layer::new(filter);
    let filter = filter.and(no_batch.with_max_level_hint(LevelFilter::TRACE));
    (layer.with_filter(filter), handle)
}

/// A subscriber that hands what is traced to `spans`, and logs nothing: for tests in which several services
/// run, as the default of their thread.
pub fn traced_by(spans: impl SpanProcessor + 'static) -> impl Subscriber + Send + Sync {
    let provider = export::provider(spans);
    tracing_subscriber::registry().with(traces(provider.tracer("waybill"), true))
}

/// What is traced. `streams`: their spans too.
pub(crate) fn traces<S>(tracer: SdkTracer, streams: bool) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracer.clone())
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false);
    let filter = filter_fn(is_traced).with_max_level_hint(LevelFilter::INFO);
    Teller { tracer, streams }.and_then(spans).with_filter(filter)
}

/// Spans of batches, and what is logged inside of them but by the exporter's own machinery, whose
/// export would be logged and exported again.
fn is_traced(metadata: &Metadata<'_>) -> bool {
    const MACHINERY: [&str; 5] = ["h2", "hyper", "tonic", "tower", "opentelemetry"];
    if metadata.is_span() {
        return metadata.target() == TARGET;
    }
    let target = metadata.target();
    *metadata.level() <= Level::INFO && !MACHINERY.iter().any(|name| target.starts_with(name))
}

#[cfg(test)]
mod tests;

//! Spans to the collector, each under the service name of its part.

use std::{
    collections::BTreeMap,
    env, fmt,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use opentelemetry::KeyValue;
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData, SpanExporter,
        SpanProcessor,
    },
};
use tokio::runtime::Handle;
use uuid::Uuid;

use super::{bounded::bounded, outcomes::Outcomes};
use crate::{
    VERSION,
    trace::{ChosenIds, PART, names},
};

/// A provider that hands its spans to `spans`. What is not sampled never reaches it, so it samples everything.
pub(super) fn provider(spans: impl SpanProcessor + 'static) -> SdkTracerProvider {
    SdkTracerProvider::builder()
        .with_id_generator(ChosenIds::default())
        .with_sampler(Sampler::AlwaysOn)
        .with_span_processor(spans)
        .build()
}

/// A provider that exports in batches, from a thread of its own; so many spans wait for it at most.
pub(super) fn in_batches<E, M>(
    part: &'static str,
    queue: usize,
    counts: &'static Outcomes,
    make: M,
) -> SdkTracerProvider
where
    E: SpanExporter + 'static,
    M: Fn() -> Result<E, String> + Send + Sync + 'static,
{
    let exporter = ByPart::new(part, counts, make);
    let config = BatchConfigBuilder::default().with_max_queue_size(queue);
    provider(bounded(exporter, queue, counts, |exporter| {
        BatchSpanProcessor::builder(exporter).with_batch_config(config.build()).build()
    }))
}

/// Makes exporters to the collector of the `OTEL_` variables.
pub(super) fn otlp(
    runtime: Handle,
) -> impl Fn() -> Result<opentelemetry_otlp::SpanExporter, String> + Send + Sync {
    move || {
        // The connection's task lives on the runtime; this runs on the exporter's thread.
        let _on_runtime = runtime.enter();
        let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().build();
        exporter.map_err(|error| error.to_string())
    }
}

/// An exporter for each part that has spans, as a service's name belongs to the exporter and not to the
/// span. One process runs one part or, with `up`, all.
pub(super) struct ByPart<E, M> {
    part: &'static str,
    counts: &'static Outcomes,
    make: M,
    exporters: Mutex<BTreeMap<String, Arc<E>>>,
    failing: AtomicBool,
}

impl<E: SpanExporter, M: Fn() -> Result<E, String>> ByPart<E, M> {
    pub(super) fn new(part: &'static str, counts: &'static Outcomes, make: M) -> Self {
        let exporters = Mutex::new(BTreeMap::new());
        Self { part, counts, make, exporters, failing: AtomicBool::new(false) }
    }

    fn exporter(&self, part: &str) -> Result<Arc<E>, OTelSdkError> {
        let mut exporters = self.exporters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(exporter) = exporters.get(part) {
            return Ok(Arc::clone(exporter));
        }
        let mut exporter = (self.make)().map_err(OTelSdkError::InternalFailure)?;
        exporter.set_resource(&resource(part));
        let exporter = Arc::new(exporter);
        exporters.insert(part.to_owned(), Arc::clone(&exporter));
        Ok(exporter)
    }

    /// One line when exports begin to fail and one when they work again.
    fn report(&self, result: &OTelSdkResult) {
        let failing = result.is_err();
        if self.failing.swap(failing, Ordering::Relaxed) == failing {
            return;
        }
        match result {
            Ok(()) => tracing::info!("traces are exported again"),
            Err(error) => tracing::warn!(%error, "traces are not exported"),
        }
    }
}

impl<E, M> fmt::Debug for ByPart<E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByPart").field("part", &self.part).finish_non_exhaustive()
    }
}

impl<E, M> SpanExporter for ByPart<E, M>
where
    E: SpanExporter,
    M: Fn() -> Result<E, String> + Send + Sync,
{
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut parts: BTreeMap<String, Vec<SpanData>> = BTreeMap::new();
        for span in batch {
            let part = span.attributes.iter().find(|attribute| attribute.key.as_str() == PART);
            let part = part.map_or(self.part.into(), |part| part.value.as_str());
            match parts.get_mut(&*part) {
                Some(spans) => spans.push(span),
                None => _ = parts.insert(part.into_owned(), vec![span]),
            }
        }
        let mut result = Ok(());
        for (part, spans) in parts {
            let count = spans.len();
            let exported = match self.exporter(&part) {
                Ok(exporter) => exporter.export(spans).await,
                Err(error) => Err(error),
            };
            self.counts.handed(count, exported.is_ok());
            result = result.and(exported);
        }
        self.report(&result);
        result
    }
}

/// What a part is: `service.name` `waybill-<part>` and a `service.instance.id` of its own unless the
/// variables name them, `service.version`, and the attributes of `OTEL_RESOURCE_ATTRIBUTES`.
pub(super) fn resource(part: &str) -> Resource {
    // Replicas are told apart by it, and parts of one process where they were given one name.
    static INSTANCE: LazyLock<String> = LazyLock::new(|| Uuid::now_v7().to_string());
    let said = |name| env::var(name).unwrap_or_default();
    let attributes = said("OTEL_RESOURCE_ATTRIBUTES");
    let says = |name: &str| {
        let mut pairs = attributes.split(',').filter_map(|pair| pair.split_once('='));
        pairs.any(|(key, _)| key.trim() == name)
    };
    let mut resource =
        Resource::builder().with_attribute(KeyValue::new(names::SERVICE_VERSION, VERSION));
    if !says(names::SERVICE_INSTANCE_ID) {
        let instance = format!("{}-{part}", *INSTANCE);
        resource = resource.with_attribute(KeyValue::new(names::SERVICE_INSTANCE_ID, instance));
    }
    if said("OTEL_SERVICE_NAME").is_empty() && !says(names::SERVICE_NAME) {
        resource = resource.with_service_name(format!("waybill-{part}"));
    }
    resource.build()
}

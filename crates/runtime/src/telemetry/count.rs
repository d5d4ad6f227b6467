//! What became of the spans of this process.
//!
//! The SDK says of spans that find its queue full that there were some, and no more. So the queue's bound is
//! kept here as well, before theirs: what is over it is dropped here, and counted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanExporter, SpanProcessor},
};

/// Spans that ended in this process, by what became of them.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    exported: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
}

/// Of this process; a process has one telemetry.
static SPANS: Spans = Spans::new();

impl Spans {
    const fn new() -> Self {
        Self { exported: AtomicU64::new(0), failed: AtomicU64::new(0), dropped: AtomicU64::new(0) }
    }

    /// Those of this process.
    pub(crate) fn of_process() -> &'static Spans {
        &SPANS
    }

    /// How many there were of each outcome.
    pub(crate) fn read(&self) -> [(&'static str, u64); 3] {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        [
            ("exported", of(&self.exported)),
            ("failed", of(&self.failed)),
            ("dropped", of(&self.dropped)),
        ]
    }
}

/// A queue that keeps to its bound, and its exporter: `make` is given the exporter that counts.
pub(super) fn counted<E: SpanExporter, P: SpanProcessor>(
    exporter: E,
    most: usize,
    spans: &'static Spans,
    make: impl FnOnce(CountedExporter<E>) -> P,
) -> CountedQueue<P> {
    let waiting = Arc::new(AtomicUsize::new(0));
    let queue = make(CountedExporter { exporter, waiting: Arc::clone(&waiting), spans });
    CountedQueue { queue, waiting, most, spans }
}

/// Drops what finds the queue full.
#[derive(Debug)]
pub(super) struct CountedQueue<P> {
    queue: P,
    /// At least as many as wait in the queue.
    waiting: Arc<AtomicUsize>,
    most: usize,
    spans: &'static Spans,
}

/// Counts what it hands on to `exporter`.
#[derive(Debug)]
pub(super) struct CountedExporter<E> {
    exporter: E,
    waiting: Arc<AtomicUsize>,
    spans: &'static Spans,
}

impl<P: SpanProcessor> SpanProcessor for CountedQueue<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.queue.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.most {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.spans.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.queue.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.queue.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.queue.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.queue.set_resource(resource);
    }
}

impl<E: SpanExporter> SpanExporter for CountedExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        self.waiting.fetch_sub(count, Ordering::Relaxed);
        let result = self.exporter.export(batch).await;
        let outcome = if result.is_ok() { &self.spans.exported } else { &self.spans.failed };
        outcome.fetch_add(count as u64, Ordering::Relaxed);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::{error::OTelSdkError, trace::SdkTracerProvider};

    use super::*;

    /// A queue that is emptied when it is asked to be.
    #[derive(Debug)]
    struct Queue {
        spans: Mutex<Vec<SpanData>>,
        exporter: CountedExporter<Exporter>,
    }

    #[derive(Debug)]
    struct Exporter(bool);

    impl SpanExporter for Exporter {
        async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
            if self.0 { Ok(()) } else { Err(OTelSdkError::InternalFailure("away".to_owned())) }
        }
    }

    impl SpanProcessor for Queue {
        fn on_start(&self, _: &mut Span, _: &Context) {}

        fn on_end(&self, span: SpanData) {
            self.spans.lock().unwrap().push(span);
        }

        fn force_flush(&self) -> OTelSdkResult {
            let spans = std::mem::take(&mut *self.spans.lock().unwrap());
            let export = std::pin::pin!(self.exporter.export(spans));
            futures_util::FutureExt::now_or_never(export).unwrap()
        }

        fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
            Ok(())
        }
    }

    fn spans_of(works: bool) -> [(&'static str, u64); 3] {
        let spans: &'static Spans = Box::leak(Box::default());
        let queue = counted(Exporter(works), 4, spans, |exporter| Queue {
            spans: Mutex::default(),
            exporter,
        });
        let provider = SdkTracerProvider::builder().with_span_processor(queue).build();
        let tracer = provider.tracer("test");
        for round in [3, 6] {
            (0..round).for_each(|_| drop(tracer.start("a step")));
            let _ = provider.force_flush();
        }
        spans.read()
    }

    #[test]
    fn what_finds_the_queue_full_is_dropped_and_the_rest_is_exported_or_failed() {
        assert_eq!(spans_of(true), [("exported", 7), ("failed", 0), ("dropped", 2)]);
        assert_eq!(spans_of(false), [("exported", 0), ("failed", 7), ("dropped", 2)]);
    }
}

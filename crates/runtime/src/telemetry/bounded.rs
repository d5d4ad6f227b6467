//! A bound of the queue of spans that counts what it drops.
//!
//! The SDK says of spans that find its queue full that there were some, and no more. So the queue's bound is
//! kept here as well, before theirs: what is over it is dropped here, and counted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanExporter, SpanProcessor},
};

use super::outcomes::Outcomes;

/// A queue that keeps to its bound, and its exporter: `make` is given one that says what has left the queue.
pub(super) fn bounded<E: SpanExporter, P: SpanProcessor>(
    exporter: E,
    most: usize,
    counts: &'static Outcomes,
    make: impl FnOnce(Emptying<E>) -> P,
) -> Bounded<P> {
    let waiting = Arc::new(AtomicUsize::new(0));
    let queue = make(Emptying { exporter, waiting: Arc::clone(&waiting) });
    Bounded { queue, waiting, most, counts }
}

/// Drops what finds the queue full, and counts it.
#[derive(Debug)]
pub(super) struct Bounded<P> {
    queue: P,
    /// At least as many as wait in the queue.
    waiting: Arc<AtomicUsize>,
    most: usize,
    counts: &'static Outcomes,
}

/// What comes here has left the queue.
#[derive(Debug)]
pub(super) struct Emptying<E> {
    exporter: E,
    waiting: Arc<AtomicUsize>,
}

impl<P: SpanProcessor> SpanProcessor for Bounded<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.queue.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.most {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.counts.leave_out(1);
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

impl<E: SpanExporter> SpanExporter for Emptying<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
        self.exporter.export(batch).await
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
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;

    /// A queue that is emptied when it is asked to be.
    #[derive(Debug)]
    struct Queue {
        spans: Mutex<Vec<SpanData>>,
        exporter: Emptying<Exporter>,
    }

    #[derive(Debug)]
    struct Exporter;

    impl SpanExporter for Exporter {
        async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
            Ok(())
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

    #[test]
    fn what_finds_the_queue_full_is_dropped_and_what_has_left_it_makes_room() {
        let counts: &'static Outcomes = Box::leak(Box::new(Outcomes::new("dropped")));
        let queue =
            bounded(Exporter, 4, counts, |exporter| Queue { spans: Mutex::default(), exporter });
        let provider = SdkTracerProvider::builder().with_span_processor(queue).build();
        let tracer = provider.tracer("test");
        for (spans, dropped) in [(3, 0), (6, 2), (4, 2)] {
            (0..spans).for_each(|_| drop(tracer.start("a step")));
            provider.force_flush().unwrap();
            assert_eq!(counts.read()[2], ("dropped", dropped), "after {spans}");
        }
    }
}

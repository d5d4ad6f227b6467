use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use opentelemetry::{Key, trace::TracerProvider};
use opentelemetry_otlp::{SpanExporter as Otlp, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tokio::{
    net::TcpListener,
    runtime::Handle,
    time::{Instant, timeout},
};
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt;

use super::{Telemetry, export, outcomes::Outcomes, traces};
use crate::{
    server::Limits,
    testing::{self, LIMIT, Running},
    trace::{Sampler, Spans, TraceContext},
};

/// What was exported: under which service, and the span.
type Exported = Arc<Mutex<Vec<(String, String)>>>;

/// The service whose spans are refused where a test says so.
const REFUSED: &str = "waybill-fleet";

#[derive(Debug, Default)]
struct Noted {
    service: String,
    exported: Exported,
    refuses: bool,
}

impl SpanExporter for Noted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        if self.refuses && self.service == REFUSED {
            return Err(OTelSdkError::InternalFailure("not that one".to_owned()));
        }
        let spans = batch.into_iter().map(|span| (self.service.clone(), span.name.into_owned()));
        self.exported.lock().unwrap().extend(spans);
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        let name = resource.get(&Key::new("service.name")).unwrap();
        self.service = name.to_string();
        assert_eq!(resource.get(&Key::new("service.version")), Some(crate::VERSION.into()));
    }
}

fn in_batches<E, M>(make: M) -> SdkTracerProvider
where
    E: SpanExporter + 'static,
    M: Fn() -> Result<E, String> + Send + Sync + 'static,
{
    export::in_batches("up", 2_048, Box::leak(Box::new(Outcomes::new("dropped"))), make)
}

#[tokio::test]
async fn a_part_whose_spans_are_not_taken_does_not_count_those_of_others_as_failed() {
    let counts: &'static Outcomes = Box::leak(Box::new(Outcomes::new("dropped")));
    let refusing = || Ok(Noted { refuses: true, ..Noted::default() });
    let provider = export::in_batches("up", 2_048, counts, refusing);
    two_parts(&provider);
    two_parts(&provider);
    assert!(provider.force_flush().is_err());
    assert_eq!(counts.read(), [("exported", 2), ("failed", 2), ("dropped", 0)]);
}

/// One span of each of two parts in one process.
fn two_parts(provider: &SdkTracerProvider) {
    let subscriber = tracing_subscriber::registry().with(traces(provider.tracer("test"), true));
    with_default(subscriber, || {
        let context = TraceContext::new_root([7; 16], true);
        Spans::of("producer").tell("send batch", &context, &testing::over());
        drop(Spans::of("fleet").batch("plan batch", &context));
    });
}

#[tokio::test]
async fn each_part_of_one_process_has_its_own_service_name() {
    let exported = Exported::default();
    let noted = Arc::clone(&exported);
    let provider =
        in_batches(move || Ok(Noted { exported: Arc::clone(&noted), ..Noted::default() }));
    two_parts(&provider);
    let telemetry = Telemetry { provider: Some(provider), sampler: Sampler::Always, push: None };
    telemetry.shutdown(LIMIT).await;

    let mut exported = exported.lock().unwrap().clone();
    exported.sort();
    let expected = [("waybill-fleet", "plan batch"), ("waybill-producer", "send batch")];
    assert_eq!(exported, expected.map(|(service, span)| (service.to_owned(), span.to_owned())));
}

#[tokio::test]
async fn an_exporter_that_cannot_be_made_is_an_error_of_the_export_only() {
    let exporter = export::ByPart::<Noted, _>::new(
        "up",
        Box::leak(Box::new(Outcomes::new("dropped"))),
        || Err("no such host".to_owned()),
    );
    assert!(exporter.export(Vec::new()).await.is_ok());
    let provider = in_batches::<Noted, _>(|| Err("no such host".to_owned()));
    two_parts(&provider);
    assert!(matches!(provider.force_flush(), Err(OTelSdkError::InternalFailure(_))));
}

fn exporting_to(collector: SocketAddr) -> Telemetry {
    let runtime = Handle::current();
    let provider = in_batches(move || {
        let _on_runtime = runtime.enter();
        let builder = Otlp::builder().with_tonic().with_endpoint(format!("http://{collector}"));
        builder.build().map_err(|error| error.to_string())
    });
    Telemetry { provider: Some(provider), sampler: Sampler::Always, push: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traces_reach_a_collector_before_the_end() {
    const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    async fn export(State(received): State<Arc<Mutex<Vec<u8>>>>, body: Bytes) -> Response {
        received.lock().unwrap().extend_from_slice(&body);
        // An empty message, and the status in a header, since there is nothing to stream.
        ([("content-type", "application/grpc"), ("grpc-status", "0")], vec![0; 5]).into_response()
    }
    let received = Arc::default();
    let routes = Router::new().route(EXPORT, post(export)).with_state(Arc::clone(&received));
    let collector = Running::start(routes, Limits::default(), LIMIT).await;

    let telemetry = exporting_to(collector.address);
    two_parts(telemetry.provider.as_ref().unwrap());
    telemetry.shutdown(LIMIT).await;

    let received = received.lock().unwrap();
    for text in ["waybill-producer", "send batch", "waybill-fleet", "plan batch"] {
        let found = received.windows(text.len()).any(|bytes| bytes == text.as_bytes());
        assert!(found, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_never_answers_delays_the_end_by_its_deadline_and_no_more() {
    let silent = TcpListener::bind(testing::any_port()).await.unwrap();
    let telemetry = exporting_to(silent.local_addr().unwrap());
    two_parts(telemetry.provider.as_ref().unwrap());
    let (began, within) = (Instant::now(), Duration::from_millis(100));
    timeout(LIMIT, telemetry.shutdown(within)).await.unwrap();
    let took = began.elapsed();
    assert!((within..Duration::from_secs(5)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn without_an_exporter_the_end_costs_nothing() {
    let telemetry = Telemetry { provider: None, sampler: Sampler::Never, push: None };
    let began = Instant::now();
    telemetry.shutdown(LIMIT).await;
    assert!(began.elapsed() < LIMIT);
}

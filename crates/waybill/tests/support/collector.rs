//! A collector that keeps what it is sent.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::any_value::Value,
    trace::v1::status::StatusCode,
};
use tokio::{net::TcpListener, time::sleep};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

/// Nothing here takes longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);

/// A span as it was told.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) service: String,
    pub(crate) trace: String,
    pub(crate) id: Vec<u8>,
    pub(crate) parent: Option<Vec<u8>>,
    pub(crate) name: String,
    pub(crate) links: Vec<Vec<u8>>,
    pub(crate) failed: bool,
}

#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<Told>>>);

pub(crate) struct Collector {
    endpoint: String,
    kept: Kept,
}

#[tonic::async_trait]
impl TraceService for Kept {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut kept = self.0.lock().expect("no panic");
        for of_resource in request.into_inner().resource_spans {
            let attributes = of_resource.resource.unwrap_or_default().attributes;
            let named = attributes.into_iter().find(|attribute| attribute.key == "service.name");
            let service = match named.and_then(|named| named.value).and_then(|value| value.value) {
                Some(Value::StringValue(service)) => service,
                other => panic!("a service without a name: {other:?}"),
            };
            for span in of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                assert!(span.end_time_unix_nano >= span.start_time_unix_nano, "{span:?}");
                kept.push(Told {
                    service: service.clone(),
                    trace: span.trace_id.iter().map(|byte| format!("{byte:02x}")).collect(),
                    id: span.span_id,
                    parent: Some(span.parent_span_id).filter(|id| !id.is_empty()),
                    name: span.name,
                    links: span.links.into_iter().map(|link| link.span_id).collect(),
                    failed: span.status.is_some_and(|status| status.code() == StatusCode::Error),
                });
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let kept = Kept::default();
        let service = TraceServiceServer::new(kept.clone());
        let incoming = TcpListenerStream::new(listener);
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        Self { endpoint, kept }
    }

    /// What a process must be told to export here, soon, with this sampler.
    pub(crate) fn variables(&self, sampler: &str, argument: &str) -> [(&'static str, String); 4] {
        [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", self.endpoint.clone()),
            ("OTEL_BSP_SCHEDULE_DELAY", "50".to_owned()),
            ("OTEL_TRACES_SAMPLER", sampler.to_owned()),
            ("OTEL_TRACES_SAMPLER_ARG", argument.to_owned()),
        ]
    }

    /// What was told of a trace so far.
    pub(crate) fn spans_of(&self, trace: &str) -> Vec<Told> {
        let kept = self.kept.0.lock().expect("no panic");
        kept.iter().filter(|span| span.trace == trace).cloned().collect()
    }

    /// The spans of a trace, as soon as it is whole.
    pub(crate) async fn trace(&self, trace: &str, whole: impl Fn(&[Told]) -> bool) -> Vec<Told> {
        let begun = tokio::time::Instant::now();
        loop {
            let spans = self.spans_of(trace);
            if whole(&spans) {
                return spans;
            }
            assert!(begun.elapsed() < PATIENCE, "{trace} is {spans:?}");
            sleep(LOOK).await;
        }
    }

    /// The first span like this.
    pub(crate) async fn first(&self, like: impl Fn(&Told) -> bool) -> Told {
        let begun = tokio::time::Instant::now();
        loop {
            let found =
                self.kept.0.lock().expect("no panic").iter().find(|span| like(span)).cloned();
            if let Some(span) = found {
                return span;
            }
            assert!(begun.elapsed() < PATIENCE, "no such span came");
            sleep(LOOK).await;
        }
    }

    /// All spans of this name, once no more of them come.
    pub(crate) async fn named(&self, name: &str) -> Vec<Told> {
        let named = || -> Vec<Told> {
            let kept = self.kept.0.lock().expect("no panic");
            kept.iter().filter(|span| span.name == name).cloned().collect()
        };
        let mut before = named();
        loop {
            // Several times what an exporter waits.
            sleep(Duration::from_millis(300)).await;
            let now = named();
            if now.len() == before.len() {
                return now;
            }
            before = now;
        }
    }
}

//! How long calls take until their answer, or the first of them on a stream; and a span of each whose caller
//! is in a trace.

use std::{
    collections::BTreeSet,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Frame, SizeHint};
use prometheus_client::{
    metrics::family::Family,
    registry::{Registry, Unit},
};
use prost::{Message, bytes::Bytes};
use prost_types::FileDescriptorSet;
use tokio::time::Instant;
use tonic::{Code, service::Routes};
use tower::{Layer, Service};
use tracing::Span;

use super::{Durations, code_name};
use crate::{
    server::DESCRIPTORS,
    trace::{Spans, TraceContext, ended, failed},
};

/// A method that nobody knows: a label that callers can make up would have no bound.
const OTHER: &str = "other";

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Labels of a call.
type Call = [(&'static str, String); 2];

/// Times of the calls of one port. Cheap to clone.
#[derive(Clone, Default)]
pub struct CallTimes {
    times: Family<Call, Durations>,
}

impl fmt::Debug for CallTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallTimes")
    }
}

impl CallTimes {
    /// Adds them to a registry.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Time from a call until its answer, or the first of them on a stream";
        registry.register_with_unit("rpc_duration", help, Unit::Seconds, self.times.clone());
    }

    /// The same calls, timed, and each with one of `spans` where `traceparent` says that its caller is in a trace
    /// that is sampled. Their methods are those of `descriptors`, an encoded file descriptor set, and of what
    /// every port has.
    pub fn timed(&self, routes: Routes, descriptors: &[u8], spans: Spans) -> Routes {
        let methods = [descriptors, DESCRIPTORS].into_iter().flat_map(methods).collect();
        let methods = Arc::new(methods);
        let timing = Timing { calls: self.clone(), methods, spans };
        Routes::from(routes.into_axum_router().layer(timing))
    }

    fn observe(&self, method: &str, code: Code, begun: Instant) {
        let labels = [("method", method.to_owned()), ("code", code_name(code).to_owned())];
        self.times.get_or_create(&labels).observe(begun.elapsed(), &TraceContext::none());
    }
}

/// All methods that a descriptor set knows, as `package.Service/Method`.
fn methods(descriptors: &[u8]) -> Vec<String> {
    // They are compiled in, so a test finds one that can't be read.
    let files = FileDescriptorSet::decode(descriptors).unwrap_or_default().file;
    let mut methods = Vec::new();
    for file in &files {
        for service in &file.service {
            let of = |method: &prost_types::MethodDescriptorProto| {
                format!("{}.{}/{}", file.package(), service.name(), method.name())
            };
            methods.extend(service.method.iter().map(of));
        }
    }
    methods
}

#[derive(Clone)]
struct Timing {
    calls: CallTimes,
    methods: Arc<BTreeSet<String>>,
    spans: Spans,
}

impl<S> Layer<S> for Timing {
    type Service = Timed<S>;

    fn layer(&self, service: S) -> Timed<S> {
        Timed { timing: self.clone(), service }
    }
}

#[derive(Clone)]
struct Timed<S> {
    timing: Timing,
    service: S,
}

impl<S, B> Service<Request<B>> for Timed<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Timing { calls, methods, spans } = self.timing.clone();
        let path = request.uri().path().trim_start_matches('/');
        let method = methods.get(path).map_or(OTHER, String::as_str).to_owned();
        let span = spans.call(&method, &caller(request.headers()));
        // From here on somebody waits, and tells if nothing comes.
        let waiting = Waiting { calls, method, span, begun: Instant::now(), over: false };
        let answer = self.service.call(request);
        Box::pin(async move {
            let mut waiting = waiting;
            let response = answer.await?;
            if let Some(code) = status(response.headers()) {
                waiting.answered(code);
            }
            Ok(response.map(|body| Body::new(FirstFrame { body, waiting })))
        })
    }
}

/// The trace that the caller is in, as it says.
fn caller(headers: &HeaderMap) -> TraceContext {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let Some(parent) = text(TRACEPARENT) else { return TraceContext::none() };
    TraceContext::parse(parent, text(TRACESTATE).unwrap_or_default())
}

/// Whether the fault is of the service, so that the span of the call has failed, as the OpenTelemetry
/// conventions say.
fn is_fault(code: Code) -> bool {
    use Code::{DataLoss, DeadlineExceeded, Internal, Unavailable, Unimplemented, Unknown};
    matches!(code, Unknown | DeadlineExceeded | Unimplemented | Internal | Unavailable | DataLoss)
}

/// The status that headers or trailers tell.
fn status(headers: &HeaderMap) -> Option<Code> {
    Some(Code::from_bytes(headers.get("grpc-status")?.as_bytes()))
}

/// A call that has no answer yet; dropped without one, its caller is gone.
struct Waiting {
    calls: CallTimes,
    method: String,
    span: Span,
    begun: Instant,
    over: bool,
}

impl Waiting {
    fn answered(&mut self, code: Code) {
        if !std::mem::replace(&mut self.over, true) {
            self.calls.observe(&self.method, code, self.begun);
            ended(&self.span, code);
            if is_fault(code) {
                failed(&self.span, code, code.description());
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.answered(Code::Cancelled);
    }
}

/// A body whose first frame is the answer.
struct FirstFrame {
    body: Body,
    waiting: Waiting,
}

impl http_body::Body for FirstFrame {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                let code = frame.trailers_ref().map_or(Some(Code::Ok), status);
                self.waiting.answered(code.unwrap_or(Code::Unknown));
            }
            Some(Err(_)) => self.waiting.answered(Code::Unknown),
            None => self.waiting.answered(Code::Ok),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, response::IntoResponse, routing::post};
    use http_body_util::{BodyExt, StreamBody};
    use prometheus_client::encoding::text::encode;
    use tonic::Status;
    use tower::ServiceExt;

    use super::*;

    const SERVICE: &str = "waybill.profile.v1.ProfileService";

    /// What is counted of calls to these paths, by method and code.
    async fn counted(paths: &[&str]) -> Vec<String> {
        async fn answers() -> Response<Body> {
            let trailers =
                HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
            let frames = [Frame::data(Bytes::from_static(&[0; 5])), Frame::trailers(trailers)];
            let frames = frames.map(Ok::<_, std::convert::Infallible>);
            Response::new(Body::new(StreamBody::new(tokio_stream::iter(frames))))
        }
        async fn refuses() -> Response<Body> {
            Status::not_found("no such thing").into_http::<Body>().into_response()
        }
        let router = Router::new()
            .route(&format!("/{SERVICE}/GetProfile"), post(answers))
            .route("/made.up/Method", post(refuses));
        let calls = CallTimes::default();
        let routes =
            calls.timed(Routes::from(router), &[], Spans::of("analytics")).into_axum_router();
        for path in paths {
            let request = Request::post(*path).body(Body::empty()).unwrap();
            let response = routes.clone().oneshot(request).await.unwrap();
            response.into_body().collect().await.unwrap();
        }
        let mut registry = Registry::default();
        calls.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let counts =
            text.lines().filter_map(|line| line.strip_prefix("rpc_duration_seconds_count"));
        counts.map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn a_call_is_timed_under_its_method_and_its_code() {
        let path = format!("/{SERVICE}/GetProfile");
        let counted = counted(&[&path, &path]).await;
        let labels = format!("method=\"{SERVICE}/GetProfile\",code=\"ok\"");
        assert_eq!(counted, [format!("{{{labels}}} 2")]);
    }

    #[tokio::test]
    async fn a_method_that_nobody_knows_makes_no_series_of_its_own() {
        let counted = counted(&["/made.up/Method", "/made.up/Method"]).await;
        assert_eq!(counted, ["{method=\"other\",code=\"not_found\"} 2"]);
    }
}

//! Which calls are in flight on a connection: counted by a layer around all routes, read by the
//! connection, which closes when there are none for long.

use std::{
    convert::Infallible,
    future::ready,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    response::{IntoResponse, Response},
};
use http::{Request, StatusCode, Version};
use http_body::{Frame, SizeHint};
use tokio::time::Instant;
use tower::Service;

use super::{Connection, Limits};

/// The calls in flight on one connection.
#[derive(Debug)]
pub(super) struct Activity {
    in_flight: AtomicUsize,
    idle_since: Mutex<Instant>,
}

impl Activity {
    pub(super) fn new(now: Instant) -> Arc<Self> {
        Arc::new(Self { in_flight: AtomicUsize::new(0), idle_since: Mutex::new(now) })
    }

    /// Whether a call is in flight.
    pub(super) fn has_calls(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) > 0
    }

    /// When the connection has been idle for `timeout`, as things are; a call in flight puts that off
    /// to `timeout` from now at the earliest.
    pub(super) fn idle_at(&self, now: Instant, timeout: Duration) -> Instant {
        if self.has_calls() {
            now + timeout
        } else {
            *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner) + timeout
        }
    }

    pub(super) fn call(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        InFlight { activity: Arc::clone(self) }
    }
}

/// One call, until its answer was sent or given up.
#[derive(Debug)]
pub(super) struct InFlight {
    activity: Arc<Activity>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        // The time first: whoever sees no call in flight must also see since when.
        *self.activity.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.activity.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

/// All routes, with each call counted on its connection.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    routes: Router,
    max_header_list_bytes: usize,
}

impl Counted {
    pub(super) fn new(routes: Router, limits: &Limits) -> Self {
        Self { routes, max_header_list_bytes: limits.max_header_list_bytes as usize }
    }

    /// HTTP/2 has refused it before; HTTP/1 headers are counted here, in the same way.
    fn is_too_large<B>(&self, request: &Request<B>) -> bool {
        request.version() < Version::HTTP_2
            && request
                .headers()
                .iter()
                .map(|(name, value)| name.as_str().len() + value.len() + 32)
                .sum::<usize>()
                > self.max_header_list_bytes
    }
}

impl Service<Request<tonic::body::Body>> for Counted {
    type Response = Response<CountedBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<tonic::body::Body>>::poll_ready(&mut self.routes, cx)
    }

    fn call(&mut self, mut request: Request<tonic::body::Body>) -> Self::Future {
        if self.is_too_large(&request) {
            let answer = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response();
            let answer = answer.map(|body| CountedBody { body, _in_flight: None });
            return Box::pin(ready(Ok(answer)));
        }
        let connection = request.extensions().get::<Connection>().cloned();
        let in_flight = connection.map(|connection| {
            // Where tonic's `Request::remote_addr` looks.
            request.extensions_mut().insert(connection.tcp.clone());
            connection.activity.call()
        });
        let answer = self.routes.call(request);
        Box::pin(async move {
            Ok(answer.await?.map(|body| CountedBody { body, _in_flight: in_flight }))
        })
    }
}

/// The body of an answer; the call is in flight until it ends.
#[derive(Debug)]
pub(super) struct CountedBody {
    body: Body,
    _in_flight: Option<InFlight>,
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

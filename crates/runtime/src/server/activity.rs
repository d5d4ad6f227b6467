//! Which calls are in flight on a connection: counted by a layer around all routes, read by the
//! connection, which closes when there are none for long.

use std::{
    convert::Infallible,
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
    response::Response,
};
use http::Request;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;
use tower::Service;

use super::Connection;

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

    /// When the connection has been idle for `timeout`, as things are; a call in flight puts that off
    /// to `timeout` from now at the earliest.
    pub(super) fn idle_at(&self, now: Instant, timeout: Duration) -> Instant {
        if self.in_flight.load(Ordering::Acquire) > 0 {
            now + timeout
        } else {
            *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner) + timeout
        }
    }

    fn call(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        InFlight { activity: Arc::clone(self) }
    }
}

/// One call, until its answer was sent or given up.
#[derive(Debug)]
struct InFlight {
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
    pub(super) routes: Router,
}

impl Service<Request<tonic::body::Body>> for Counted {
    type Response = Response<CountedBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<tonic::body::Body>>::poll_ready(&mut self.routes, cx)
    }

    fn call(&mut self, mut request: Request<tonic::body::Body>) -> Self::Future {
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

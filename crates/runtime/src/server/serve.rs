//! From a listener to answered calls, and to the end of them.

use std::time::Duration;

use axum::Router;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

use super::{Limits, Listener, ServeError, activity::Counted, incoming::connections};
use crate::lifecycle::Shutdown;

/// A stopped connection ends when its task is next polled; nobody waits for that longer than this.
const AFTER_STOP: Duration = Duration::from_millis(200);

/// Serves `routes` on the listener until the drain is over: when it begins no connection is accepted
/// any more and clients are told to go away, calls in flight go on, and at the end of the shutdown's
/// budget every connection is closed. Dropping the future closes them too.
///
/// `routes` are tonic's `Routes::into_axum_router()`, or [`with_pages`](super::with_pages).
pub async fn serve(
    listener: Listener,
    routes: Router,
    limits: Limits,
    shutdown: Shutdown,
) -> Result<(), ServeError> {
    let _working = shutdown.working();
    run(listener, routes, &limits, shutdown.draining(), shutdown.expired()).await
}

/// Serves until `drain`, then until all calls are answered or `expired`.
pub(crate) async fn run(
    listener: Listener,
    routes: Router,
    limits: &Limits,
    drain: impl Future<Output = ()>,
    expired: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let address = listener.address();
    let stop = CancellationToken::new();
    let _stops_when_dropped = stop.clone().drop_guard();
    let incoming = connections(listener, limits, stop.clone());
    let serves =
        server(limits).serve_with_incoming_shutdown(Counted::new(routes, limits), incoming, drain);
    let mut serves = std::pin::pin!(serves);
    tokio::select! {
        served = &mut serves => Ok(served?),
        () = expired => {
            tracing::warn!(%address, "calls were still open at the end of the drain");
            stop.cancel();
            timeout(AFTER_STOP, serves).await.unwrap_or(Ok(()))?;
            Ok(())
        }
    }
}

fn server(limits: &Limits) -> Server {
    Server::builder()
        // For gRPC-web and pages.
        .accept_http1(true)
        .max_concurrent_streams(limits.max_streams_per_connection)
        // h2 refuses what reaches its limit, ours is the most that is accepted.
        .http2_max_header_list_size(limits.max_header_list_bytes.saturating_add(1))
        .initial_stream_window_size(limits.stream_window_bytes)
        .initial_connection_window_size(limits.connection_window_bytes)
        .http2_keepalive_interval(Some(limits.keepalive_interval))
        .http2_keepalive_timeout(Some(limits.keepalive_timeout))
}

//! The ops port: plaintext, for the platform and not for users.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::registry::Registry;
use tokio::time::sleep;

use crate::{
    health::Health,
    lifecycle::Shutdown,
    metrics::{Exposition, expose},
    server::{Limits, Listener, ServeError, grpc_routes, run, with_pages},
    telemetry,
};

/// When the work is done, nobody waits longer for the ops port than this.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Serves `/healthz` (alive), `/readyz` (200 or 503 by `health`), `/metrics`, `/log-filter` (GET what is
/// logged, PUT what is to be) and `grpc.health.v1` with reflection, while there is work: through the whole drain, until nobody holds a
/// [`Working`](crate::lifecycle::Working) of `shutdown` any more. When the drain begins, `health`
/// says so and its watches end. What `/metrics` says of `part` goes to a collector too, where telemetry was told so.
pub async fn serve_ops(
    part: &'static str,
    listener: Listener,
    health: Health,
    registry: Arc<Registry>,
    shutdown: Shutdown,
) -> Result<(), ServeError> {
    telemetry::push(part, &registry);
    let closes = async {
        shutdown.draining().await;
        health.close();
        std::future::pending::<()>().await;
    };
    let overdue = async {
        shutdown.finished().await;
        sleep(shutdown.remaining().min(LAST_ANSWERS)).await;
    };
    let limits = Limits { max_connections: 128, ..Limits::default() };
    let serves = run(listener, routes(&health, registry), &limits, shutdown.finished(), overdue);
    tokio::select! {
        served = serves => served,
        () = closes => Ok(()),
    }
}

fn routes(health: &Health, registry: Arc<Registry>) -> Router {
    let ready = health.clone();
    let pages = Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(async move || readyz(&ready)))
        .route("/log-filter", get(log_filter).put(set_log_filter))
        .route("/metrics", get(metrics).with_state(registry));
    with_pages(grpc_routes(health, &[], &[]), pages)
}

fn readyz(health: &Health) -> Response {
    if health.is_ready() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
    }
}

async fn log_filter() -> Response {
    match telemetry::log_filter() {
        Some(filter) => format!("{filter}\n").into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn set_log_filter(filter: String) -> Response {
    match telemetry::set_log_filter(&filter) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
    }
}

async fn metrics(State(registry): State<Arc<Registry>>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let format = Exposition::accepted(accept.unwrap_or_default());
    match expose(&registry, format) {
        Ok(text) => ([(header::CONTENT_TYPE, format.content_type())], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        VERSION,
        metrics::registry,
        testing::{self, LIMIT},
    };
    use tokio::time::Instant;

    const BUDGET: Duration = Duration::from_secs(25);

    struct Ops {
        health: Health,
        shutdown: Shutdown,
        address: std::net::SocketAddr,
        serves: tokio::task::JoinHandle<Result<(), ServeError>>,
    }

    async fn ops() -> Ops {
        let health = Health::new(&["waybill.test.v1.TestService"]);
        let shutdown = Shutdown::new(BUDGET);
        let listener = Listener::bind(testing::any_port()).await.unwrap();
        let address = listener.address();
        let registry = Arc::new(registry("test"));
        let serves =
            tokio::spawn(serve_ops("test", listener, health.clone(), registry, shutdown.clone()));
        Ops { health, shutdown, address, serves }
    }

    #[tokio::test]
    async fn the_pages_say_alive_ready_and_the_build() {
        let ops = ops().await;
        let get = async |path| testing::get(ops.address, path).await;
        assert_eq!(get("/healthz").await.status, 200);
        assert_eq!(get("/readyz").await.status, 503);
        let ready = ops.health.serving();
        assert_eq!(get("/readyz").await.status, 200);
        drop(ready);
        assert_eq!(get("/readyz").await.status, 503);

        let metrics = get("/metrics").await;
        assert_eq!(metrics.status, 200);
        // Of one who asks for no format; who asks for OpenMetrics gets that.
        assert_eq!(metrics.content_type, Exposition::Prometheus.content_type());
        let info = format!("waybill_build_info{{part=\"test\",version=\"{VERSION}\"}} 1");
        assert!(metrics.body.contains(&info), "{}", metrics.body);
    }

    #[tokio::test]
    async fn they_answer_until_the_last_work_is_done() {
        let ops = ops().await;
        let _ready = ops.health.serving();
        let work = ops.shutdown.working();
        ops.shutdown.begin();
        while testing::get(ops.address, "/readyz").await.status == 200 {}
        assert_eq!(testing::get(ops.address, "/healthz").await.status, 200);
        let began = Instant::now();
        drop(work);
        tokio::time::timeout(LIMIT, ops.serves).await.unwrap().unwrap().unwrap();
        assert!(began.elapsed() < BUDGET);
    }
}

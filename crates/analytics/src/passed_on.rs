//! ProducerService on this port: each call goes on to the producer as it came, so that the page, which may
//! talk to its own origin only, can start, watch and stop runs. The producer decides all of it; nothing
//! is decoded here.

use std::convert::Infallible;

use axum::{Router, body::Body, extract::Request, response::Response};
use http::Version;
use tonic::{Status, transport::Channel};
use tower::{Service, ServiceExt, service_fn};

/// The full name of the service.
pub(crate) const PRODUCER: &str = "waybill.producer.v1.ProducerService";

/// Calls of ProducerService, to be answered over this channel.
pub(crate) fn routes(producer: Channel) -> Router {
    let pass_on = service_fn(move |call: Request| {
        let producer = producer.clone();
        async move { Ok::<_, Infallible>(pass_on(producer, call).await) }
    });
    Router::new().route_service(&format!("/{PRODUCER}/{{method}}"), pass_on)
}

async fn pass_on(mut producer: Channel, call: Request) -> Response {
    let mut call = call.map(tonic::body::Body::new);
    // A browser's call came by HTTP/1.1.
    *call.version_mut() = Version::HTTP_2;
    let answer = match producer.ready().await {
        Ok(ready) => ready.call(call).await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) => answer.map(Body::new),
        Err(error) => {
            tracing::debug!(%error, "a call could not be passed on");
            Status::unavailable("the producer cannot be reached, try again").into_http()
        }
    }
}

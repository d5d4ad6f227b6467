//! Channels to other services.

use std::{net::SocketAddr, time::Duration};

use http::Uri;
use tonic::transport::{Channel, Endpoint};

use crate::{VERSION, server::Limits};

/// A connection that is not there within this time is tried again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A peer from which nothing came for this time is pinged.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// A peer that does not answer a ping in this time is lost: with the interval 10 s, where Kubernetes takes
/// up to half a minute to find that a node is gone, and what is in flight there waits as long.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// A channel to `uri`. It connects with the first call, and again whenever the connection is lost. A
/// peer that is silent for 10 s, pings included, is lost. Windows are those of [`Limits::default`].
pub fn channel(uri: &Uri) -> Channel {
    endpoint(uri).connect_lazy()
}

/// The same to one address of the service at `uri`; its calls go to the service's name all the same.
pub fn channel_to(address: SocketAddr, uri: &Uri) -> Channel {
    endpoint_to(address, uri).connect_lazy()
}

/// As [`channel`], for a connector of one's own, such as a simulated network.
pub fn endpoint(uri: &Uri) -> Endpoint {
    let limits = Limits::default();
    let endpoint = Endpoint::from(uri.clone())
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(limits.stream_window_bytes)
        .initial_connection_window_size(limits.connection_window_bytes);
    // A version of digits and dots is always a header value; without one tonic names itself.
    endpoint.clone().user_agent(format!("waybill/{VERSION}")).unwrap_or(endpoint)
}

/// As [`channel_to`], for a connector of one's own.
pub fn endpoint_to(address: SocketAddr, uri: &Uri) -> Endpoint {
    let scheme = uri.scheme_str().unwrap_or("http");
    // An address is always an authority; were it none, the name would be resolved once more.
    let there = format!("{scheme}://{address}").parse().unwrap_or_else(|_| uri.clone());
    endpoint(&there).origin(uri.clone())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{Router, extract::Request};
    use tonic::Code;

    use super::*;
    use crate::{
        health::pb::{HealthCheckRequest, health_client::HealthClient},
        testing::{LIMIT, Running},
    };

    #[tokio::test]
    async fn calls_to_an_address_of_a_service_are_for_its_name() {
        let seen = Arc::new(Mutex::new(None));
        let sees = Arc::clone(&seen);
        let routes = Router::new().fallback(async move |request: Request| {
            *sees.lock().unwrap() = request.uri().authority().map(ToString::to_string);
        });
        let server = Running::start(routes, Limits::default(), LIMIT).await;
        let name = Uri::from_static("http://r-fleet-headless:8082");
        let mut client = HealthClient::new(channel_to(server.address, &name));
        let status = client.check(HealthCheckRequest::default()).await.unwrap_err();
        assert_ne!(status.code(), Code::Unavailable, "{status}");
        assert_eq!(seen.lock().unwrap().as_deref(), Some("r-fleet-headless:8082"));
    }
}

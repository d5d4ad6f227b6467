//! Channels to other services.

use std::time::Duration;

use http::Uri;
use tonic::transport::{Channel, Endpoint};

use crate::{VERSION, server::Limits};

/// A connection that is not there within this time is tried again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A channel to `uri`. It connects with the first call, and again whenever the connection is lost. A
/// peer that answers no ping for 15 s is lost. Windows are those of [`Limits::default`].
pub fn channel(uri: &Uri) -> Channel {
    endpoint(uri).connect_lazy()
}

/// The same settings for a connector of one's own, such as a simulated network.
pub fn endpoint(uri: &Uri) -> Endpoint {
    let limits = Limits::default();
    let endpoint = Endpoint::from(uri.clone())
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(limits.keepalive_interval)
        .keep_alive_timeout(limits.keepalive_timeout)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(limits.stream_window_bytes)
        .initial_connection_window_size(limits.connection_window_bytes);
    // A version of digits and dots is always a header value; without one tonic names itself.
    endpoint.clone().user_agent(format!("waybill/{VERSION}")).unwrap_or(endpoint)
}

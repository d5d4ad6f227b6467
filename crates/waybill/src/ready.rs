//! Whether a service is ready, as its ops port says.

use std::{io, net::SocketAddr, time::Duration};

use tokio::time::{sleep, timeout};

use crate::plain_http;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// One look takes this long at most.
const LOOK: Duration = Duration::from_secs(1);

/// Resolves when the service with this ops port is ready.
pub(crate) async fn ready(ops: SocketAddr) {
    while !matches!(timeout(LOOK, look(ops)).await, Ok(Ok(true))) {
        sleep(LOOK_EVERY).await;
    }
}

async fn look(ops: SocketAddr) -> io::Result<bool> {
    Ok(plain_http::get(reachable(ops), "/readyz").await?.status == 200)
}

/// The address at which this machine reaches what listens there.
pub(crate) fn reachable(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        let loopback = match listen {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        listen.set_ip(loopback);
    }
    listen
}

/// Its URL.
pub(crate) fn url(listen: SocketAddr) -> String {
    format!("http://{}", reachable(listen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_reached_at_home() {
        for (listen, at) in [
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("[::]:8080", "http://[::1]:8080"),
            ("10.0.0.7:8080", "http://10.0.0.7:8080"),
        ] {
            assert_eq!(url(listen.parse().unwrap()), at);
        }
    }
}

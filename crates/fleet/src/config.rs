//! Settings of the fleet service.

use std::{net::SocketAddr, thread};

use http::Uri;
use runtime::{
    lifecycle::Shutdown,
    settings::{Settings, parse},
};

use crate::{Capacity, Error, Service};

/// What the fleet service is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it takes calls.
    pub listen: SocketAddr,
    /// Where it shows health and metrics.
    pub ops_listen: SocketAddr,
    /// Where plans are recorded.
    pub analytics: Uri,
    /// Threads that solve.
    pub solver_threads: usize,
    /// How much it takes on.
    pub capacity: Capacity,
}

impl Config {
    /// Reads all settings; problems stay with `settings`.
    pub fn read(settings: &mut Settings) -> Self {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let defaults = Capacity::default();
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut capacity = defaults.clone();
        capacity.credit.items = settings.get(
            "max-batches-in-flight",
            defaults.credit.items,
            parse::size(1..=1_000_000),
        );
        capacity.credit.bytes =
            settings.get("max-bytes-in-flight", defaults.credit.bytes, parse::byte_size);
        capacity.max_batch_bytes =
            settings.get("max-batch-bytes", defaults.max_batch_bytes, parse::byte_size);
        capacity.admitted_bytes =
            settings.get("admitted-bytes", defaults.admitted_bytes, parse::byte_size);
        Self {
            listen: settings.get("listen", loopback(8082), parse::socket_addr),
            ops_listen: settings.get("ops-listen", loopback(9082), parse::socket_addr),
            analytics: settings.get(
                "analytics",
                Uri::from_static("http://127.0.0.1:8080"),
                parse::uri,
            ),
            solver_threads: settings.get("solver-threads", threads, parse::size(1..=1024)),
            capacity,
        }
    }

    /// Binds the ports and starts what works behind them.
    ///
    /// # Errors
    /// A port can't be had.
    pub async fn build(self, shutdown: Shutdown) -> Result<Service, Error> {
        Service::build(self, shutdown).await
    }
}

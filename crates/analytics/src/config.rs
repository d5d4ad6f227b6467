//! Settings of the analytics service.

use std::net::SocketAddr;
use std::time::Duration;

use http::Uri;
use runtime::acked::Credit;
use runtime::lifecycle::Shutdown;
use runtime::settings::{Settings, parse};

use crate::store::StoreUrl;
use crate::{Error, Options, Service};

/// Settings of the analytics service.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it takes calls and shows the page.
    pub listen: SocketAddr,
    /// Where it shows health and metrics.
    pub ops_listen: SocketAddr,
    /// Where plans are kept.
    pub store: StoreUrl,
    /// The producer that runs are started at from here; none: they are not.
    pub producer: Option<Uri>,
    /// What one RecordPlans stream may have in flight.
    pub credit: Credit,
    /// Time between heartbeats to a watcher.
    pub heartbeat: Duration,
    /// Threads that read the store.
    pub reader_threads: usize,
}

impl Default for Config {
    fn default() -> Config {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let options = Options::default();
        Config {
            listen: loopback(8080),
            ops_listen: loopback(9080),
            store: StoreUrl::Sqlite("./waybill-data/analytics.db".into()),
            producer: None,
            credit: options.credit,
            heartbeat: options.heartbeat,
            reader_threads: 4,
        }
    }
}

impl Config {
    /// Reads all settings; problems stay with `settings`.
    pub fn read(settings: &mut Settings) -> Config {
        let default = Config::default();
        Config {
            listen: settings.get("listen", default.listen, parse::socket_addr),
            ops_listen: settings.get("ops-listen", default.ops_listen, parse::socket_addr),
            store: settings.get("store", default.store, StoreUrl::parse),
            producer: settings.optional("producer", parse::uri),
            credit: Credit {
                items: settings.get(
                    "max-plans-in-flight",
                    default.credit.items,
                    parse::size(1..=1_000_000),
                ),
                bytes: settings.get("max-bytes-in-flight", default.credit.bytes, parse::byte_size),
            },
            heartbeat: settings.get("heartbeat", default.heartbeat, parse::duration),
            reader_threads: settings.get(
                "reader-threads",
                default.reader_threads,
                parse::size(1..=64),
            ),
        }
    }

    /// Opens the store and binds the ports.
    ///
    /// # Errors
    /// The store cannot be opened, or a port cannot be had.
    pub async fn build(self, shutdown: Shutdown) -> Result<Service, Error> {
        Service::build(self, shutdown).await
    }
}

//! Settings of the analytics service.

use std::net::SocketAddr;
use std::time::Duration;

use http::Uri;
use runtime::acked::Credit;
use runtime::lifecycle::Shutdown;
use runtime::settings::{Settings, parse};

use crate::store::StoreUrl;
use crate::{Error, Options, Service, TraceViewer};

/// The least time that plans are kept.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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
    /// Where people look at traces.
    pub trace_viewer: Option<TraceViewer>,
    /// What one RecordPlans stream may have in flight.
    pub credit: Credit,
    /// Time between heartbeats to a watcher.
    pub heartbeat: Duration,
    /// Threads, or connections to PostgreSQL, that read the store.
    pub reader_threads: usize,
    /// How long plans are kept; none: for ever. PostgreSQL only.
    pub retention: Option<Duration>,
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
            trace_viewer: None,
            credit: options.credit,
            heartbeat: options.heartbeat,
            reader_threads: 4,
            retention: None,
        }
    }
}

impl Config {
    /// Reads all settings; problems stay with `settings`.
    pub fn read(settings: &mut Settings) -> Config {
        let default = Config::default();
        let store = store(settings, default.store);
        Config {
            listen: settings.get("listen", default.listen, parse::socket_addr),
            ops_listen: settings.get("ops-listen", default.ops_listen, parse::socket_addr),
            retention: retention(settings, &store),
            store,
            producer: settings.optional("producer", parse::uri),
            trace_viewer: settings.optional("trace-viewer", TraceViewer::parse),
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

/// Where plans are kept, and the password that belongs to it.
fn store(settings: &mut Settings, default: StoreUrl) -> StoreUrl {
    let store = settings.optional_secret("store", StoreUrl::parse).unwrap_or(default);
    let Some(file) = settings.optional("store-password-file", parse::text) else { return store };
    let placed = match store {
        StoreUrl::Postgres(url) => {
            url.with_password_file(file.into()).map(Box::new).map(StoreUrl::Postgres)
        }
        StoreUrl::Sqlite(_) => Err("only PostgreSQL has a password".to_owned()),
    };
    placed.unwrap_or_else(|problem| {
        settings.problem("store-password-file", problem);
        Config::default().store
    })
}

/// How long plans are kept.
fn retention(settings: &mut Settings, store: &StoreUrl) -> Option<Duration> {
    let kept = settings.optional("retention", |text| match text.trim() {
        "forever" => Ok(None),
        text => match parse::duration(text)? {
            kept if kept < DAY => Err("expected forever, or a day or more".to_owned()),
            kept => Ok(Some(kept)),
        },
    })??;
    if let StoreUrl::Sqlite(_) = store {
        settings.problem("retention", "only a store on PostgreSQL drops plans, SQLite keeps all");
    }
    Some(kept)
}

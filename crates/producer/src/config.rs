//! Settings of the producer.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use http::Uri;
use runtime::{
    acked::Credit,
    lifecycle::Shutdown,
    settings::{Settings, parse},
    trace::Sampler,
};

use crate::{Error, Service, core::SLOW, http::Defaults, inbox::Inbox, request::MAX_SIDE};

/// What the producer is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it takes calls.
    pub listen: SocketAddr,
    /// Where it shows health and metrics.
    pub ops_listen: SocketAddr,
    /// The folder of its store.
    pub data: PathBuf,
    /// Where batches are planned.
    pub fleet: Uri,
    /// The watched folder.
    pub inbox: Option<Inbox>,
    /// Runs at once.
    pub max_runs: usize,
    /// Batches that are sent or wait to be, and not answered, over all runs.
    pub unacked: Credit,
    /// Threads for the store and for large batches.
    pub threads: usize,
    /// What runs of the HTTP route have whose caller does not say.
    pub defaults: Defaults,
    /// Which batches are traced. No setting: telemetry knows it.
    pub sampler: Sampler,
    /// A batch that takes longer is traced in any case.
    pub trace_slower_than: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            listen: loopback(8081),
            ops_listen: loopback(9081),
            data: PathBuf::from("waybill-data/producer"),
            fleet: Uri::from_static("http://127.0.0.1:8082"),
            inbox: None,
            max_runs: 64,
            unacked: Credit { items: 4_096, bytes: 128 << 20 },
            threads: 2,
            defaults: Defaults::default(),
            sampler: Sampler::Never,
            trace_slower_than: SLOW,
        }
    }
}

impl Config {
    /// Reads all settings; problems stay with `settings`.
    pub fn read(settings: &mut Settings) -> Self {
        let defaults = Self::default();
        let side = |text: &str| {
            let side = parse::number(1..=u64::from(MAX_SIDE))(text)?;
            u32::try_from(side).map_err(|error| error.to_string())
        };
        let every = settings.get("inbox-poll", Duration::from_secs(1), parse::duration);
        let inbox = settings.optional("inbox", parse::dir);
        Self {
            listen: settings.get("listen", defaults.listen, parse::socket_addr),
            ops_listen: settings.get("ops-listen", defaults.ops_listen, parse::socket_addr),
            data: settings.get("data", defaults.data, parse::dir),
            fleet: settings.get("fleet", defaults.fleet, parse::uri),
            inbox: inbox.map(|folder| Inbox { folder, every }),
            max_runs: settings.get("max-runs", defaults.max_runs, parse::size(1..=10_000)),
            unacked: Credit {
                items: settings.get(
                    "max-unacked-batches",
                    defaults.unacked.items,
                    parse::size(1..=1_000_000),
                ),
                bytes: settings.get("max-unacked-bytes", defaults.unacked.bytes, parse::byte_size),
            },
            threads: settings.get("threads", defaults.threads, parse::size(1..=1024)),
            defaults: Defaults {
                shipments: settings.get("default-shipments", 32, side),
                drivers: settings.get("default-drivers", 32, side),
                seed: settings.get("default-seed", 0, parse::number(0..=u64::MAX)),
                batches: settings.get("default-batches", 0, parse::number(0..=u64::MAX)),
            },
            sampler: defaults.sampler,
            trace_slower_than: settings.get(
                "trace-slower-than",
                defaults.trace_slower_than,
                parse::duration,
            ),
        }
    }

    /// Opens the store, binds the ports and starts what works behind them: runs that have not ended go
    /// on.
    ///
    /// # Errors
    /// The data folder or a port can't be had.
    pub async fn build(self, shutdown: Shutdown) -> Result<Service, Error> {
        Service::build(self, shutdown).await
    }
}

//! `waybill analytics`.

use analytics::Config;
use clap::{Args, ValueHint};

use super::{
    Asked, DRAIN_TIMEOUT, ServiceError, listen, ops_listen,
    process::{self, Life},
};
use crate::{
    error::Error,
    settings::{Declared, Flags, Setting},
};

/// Run the analytics service, which keeps plans, answers questions about them and serves the page
#[derive(Debug, Args)]
pub(crate) struct Analytics {
    #[command(flatten)]
    flags: Flags<Analytics>,
}

impl Declared for Analytics {
    const SECTION: &'static str = "analytics";
    const SETTINGS: &'static [Setting] = &[
        listen("127.0.0.1:8080"),
        ops_listen("127.0.0.1:9080"),
        Setting::new("store", "URL", "Where plans are kept: sqlite:DIR/analytics.db")
            .default("sqlite:./waybill-data/analytics.db")
            .more("The folder is made if it is not there. One process at a time may have an SQLite store open."),
        Setting::new("producer", "URL", "Address of the producer, so that runs can be started from the page")
            .default("none")
            .more("Calls of ProducerService are passed on to it, and /profile shows its health.")
            .hint(ValueHint::Url),
        Setting::new("max-plans-in-flight", "N", "Plans that a stream may have sent and not have answered")
            .default("4096"),
        Setting::new("max-bytes-in-flight", "SIZE", "Bytes of those plans together").default("64MiB"),
        Setting::new("heartbeat", "TIME", "Time between signs of life to those who watch plans")
            .default("5s"),
        Setting::new("reader-threads", "N", "Threads that read the store").default("4"),
        DRAIN_TIMEOUT,
    ];
}

impl Analytics {
    pub(crate) fn run(self) -> Result<(), Error> {
        process::run("analytics", self.flags, Config::read, serve)
    }
}

async fn serve(config: Config, life: Life) -> Result<(), Error> {
    let asked = Asked::alone("analytics", config.ops_listen);
    let service = config.build(life.shutdown).await.map_err(|error| named(&asked, error))?;
    Ok(Box::pin(service.run()).await.map_err(|error| named(&asked, error))?)
}

/// The error, with the setting that a port comes from.
pub(crate) fn named(asked: &Asked, error: analytics::Error) -> ServiceError {
    match error {
        analytics::Error::Bind(error) => asked.bind(error),
        other => asked.failed(other),
    }
}

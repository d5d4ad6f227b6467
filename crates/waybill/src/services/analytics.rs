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
        Setting::new(
            "store",
            "URL",
            "Where plans are kept: sqlite:DIR/analytics.db or postgres://USER@HOST:5432/DATABASE",
        )
        .default("sqlite:./waybill-data/analytics.db")
        .more(STORE),
        Setting::new("store-password-file", "FILE", "File with the password of the PostgreSQL store")
            .default("none")
            .hint(ValueHint::FilePath)
            .more("Read at every connection, so that a new password needs no restart."),
        Setting::new("retention", "TIME", "How long plans are kept, to the day; PostgreSQL only")
            .default("forever")
            .more("Days that are older are dropped with all that is derived from them, and their batch ids are forgotten: keep plans for longer than batches may be sent again."),
        Setting::new("producer", "URL", "Address of the producer, so that runs can be started from the page")
            .default("none")
            .more("Calls of ProducerService are passed on to it, and /profile shows its health.")
            .hint(ValueHint::Url),
        Setting::new("trace-viewer", "URL", "Address of a Jaeger, so that the page links the trace of each plan")
            .default("none")
            .more("For another viewer: the address of a trace, with {trace_id} where its id goes.")
            .hint(ValueHint::Url),
        Setting::new("max-plans-in-flight", "N", "Plans that a stream may have sent and not have answered")
            .default("4096"),
        Setting::new("max-bytes-in-flight", "SIZE", "Bytes of those plans together").default("64MiB"),
        Setting::new("heartbeat", "TIME", "Time between signs of life to those who watch plans")
            .default("2s"),
        Setting::new("reader-threads", "N", "Threads, or connections to PostgreSQL, that read the store")
            .default("4"),
        DRAIN_TIMEOUT,
    ];
}

const STORE: &str = "\
SQLite: the folder is made if it is not there; one process at a time may have the store open.

PostgreSQL (15 or later): any number of replicas share the database, which must be there; the tables are \
made in its schema waybill. TLS by ?sslmode=disable, prefer (the default), require, verify-ca or \
verify-full, with sslrootcert=FILE for an authority that the system does not know. The password is the \
URL's, or that of --store-password-file, of PGPASSWORD, or of a line in PGPASSFILE (~/.pgpass). Several \
hosts may be named, HOST1:PORT,HOST2:PORT; the one that can be written is taken. A pooler in between must \
pool by session.";

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

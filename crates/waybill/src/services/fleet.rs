//! `waybill fleet`.

use clap::{Args, ValueHint};
use fleet::Config;

use super::{
    Asked, DRAIN_TIMEOUT, ServiceError, listen, ops_listen,
    process::{self, Life},
};
use crate::{
    error::Error,
    settings::{Declared, Flags, Setting},
};

/// Run the fleet service, which solves batches and proves each plan
///
/// It keeps nothing: run as many as there is work for, and kill any of them at any moment. A batch is
/// answered when analytics has its plan on disk.
#[derive(Debug, Args)]
pub(crate) struct Fleet {
    #[command(flatten)]
    flags: Flags<Fleet>,
}

impl Declared for Fleet {
    const SECTION: &'static str = "fleet";
    const SETTINGS: &'static [Setting] = &[
        listen("127.0.0.1:8082"),
        ops_listen("127.0.0.1:9082"),
        Setting::new("analytics", "URL", "Address of the analytics service, which is waited for")
            .default("http://127.0.0.1:8080")
            .hint(ValueHint::Url)
            .more(
                "A name is resolved again and again: its replicas share the work, a new one gets its part \
                 within 10 s. For this it must stand for all of them, as a headless Service does.",
            ),
        Setting::new("solver-threads", "N", "Threads that solve").default("one a core"),
        Setting::new(
            "max-batches-in-flight",
            "N",
            "Batches that a stream may have sent and not have answered",
        )
        .default("1024"),
        Setting::new("max-bytes-in-flight", "SIZE", "Bytes of those batches together")
            .default("64MiB"),
        Setting::new("max-batch-bytes", "SIZE", "Bytes of one batch, over all its parts")
            .default("1GiB"),
        Setting::new("admitted-bytes", "SIZE", "Bytes of batches held at once, over all streams")
            .default("512MiB")
            .more("A batch that is larger alone is taken when nothing else is held."),
        DRAIN_TIMEOUT,
    ];
}

impl Fleet {
    pub(crate) fn run(self) -> Result<(), Error> {
        process::run("fleet", self.flags, Config::read, serve)
    }
}

async fn serve(config: Config, life: Life) -> Result<(), Error> {
    let asked = Asked::alone("fleet", config.ops_listen);
    let service = config.build(life.shutdown).await.map_err(|error| named(&asked, error))?;
    Ok(Box::pin(service.run()).await.map_err(|error| named(&asked, error))?)
}

/// The error, with the setting that a port comes from.
pub(crate) fn named(asked: &Asked, error: fleet::Error) -> ServiceError {
    match error {
        fleet::Error::Bind(error) => asked.bind(error),
        other => asked.failed(other),
    }
}

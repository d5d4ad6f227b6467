//! `waybill producer`.

use clap::{Args, ValueHint};
use producer::Config;

use super::{
    Asked, DRAIN_TIMEOUT, ServiceError, listen, ops_listen,
    process::{self, Life},
};
use crate::{
    error::Error,
    settings::{Declared, Flags, Setting},
};

/// Run the producer, which makes batches on a schedule and streams them to the fleet service
///
/// Runs, rosters and what is not settled yet are kept in its data folder: killed and started again it
/// goes on where it was.
#[derive(Debug, Args)]
pub(crate) struct Producer {
    #[command(flatten)]
    flags: Flags<Producer>,
}

impl Declared for Producer {
    const SECTION: &'static str = "producer";
    const SETTINGS: &'static [Setting] = &[
        listen("127.0.0.1:8081"),
        ops_listen("127.0.0.1:9081"),
        Setting::new("data", "DIR", "Folder of runs and rosters, made if it is not there")
            .default("./waybill-data/producer")
            .hint(ValueHint::DirPath),
        Setting::new("fleet", "URL", "Address of the fleet service, which is waited for")
            .default("http://127.0.0.1:8082")
            .hint(ValueHint::Url)
            .more(
                "A name is resolved again and again: its replicas share the work, a new one gets its part \
                 within 10 s. For this it must stand for all of them, as a headless Service does.",
            ),
        Setting::new(
            "inbox",
            "DIR",
            "Folder that is watched: each new pair of files in it is a batch",
        )
        .default("none")
        .hint(ValueHint::DirPath),
        Setting::new("inbox-poll", "TIME", "Time between two looks into it").default("1s"),
        Setting::new("max-runs", "N", "Runs at once").default("64"),
        Setting::new(
            "max-unacked-batches",
            "N",
            "Batches that are made and not answered, over all runs",
        )
        .default("4096"),
        Setting::new("max-unacked-bytes", "SIZE", "Bytes of those batches together")
            .default("128MiB"),
        Setting::new("threads", "N", "Threads for the store and for large batches").default("2"),
        Setting::new(
            "default-shipments",
            "N",
            "Shipments of a batch of the HTTP route whose caller does not say",
        )
        .default("32"),
        Setting::new("default-drivers", "N", "Drivers of such a batch").default("32"),
        Setting::new("default-seed", "N", "Where the data of such a run begins").default("0"),
        Setting::new("default-batches", "N", "Batches after which such a run ends; 0 for no limit")
            .default("0"),
        Setting::new("trace-slower-than", "TIME", "A batch that takes longer is traced in any case")
            .default("1s")
            .more("So is one that is rejected. Where OTEL_TRACES_SAMPLER leaves such a batch out, its trace is told when it has ended, by the producer alone."),
        DRAIN_TIMEOUT,
    ];
}

impl Producer {
    pub(crate) fn run(self) -> Result<(), Error> {
        process::run("producer", self.flags, Config::read, serve)
    }
}

async fn serve(config: Config, life: Life) -> Result<(), Error> {
    let asked = Asked::alone("producer", config.ops_listen);
    let config = Config { sampler: life.sampler, ..config };
    let service = config.build(life.shutdown).await.map_err(|error| named(&asked, error))?;
    Ok(Box::pin(service.run()).await.map_err(|error| named(&asked, error))?)
}

/// The error, with the setting that a port comes from.
pub(crate) fn named(asked: &Asked, error: producer::Error) -> ServiceError {
    match error {
        producer::Error::Bind(error) => asked.bind(error),
        other => asked.failed(other),
    }
}

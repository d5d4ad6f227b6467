//! `waybill run stop`.

use clap::Args;
use proto::{RunId, producer::v1::StopRunRequest};

use super::{PRODUCER, client, producer, show};
use crate::{
    client::{Peer, block_on},
    error::Error,
    meaning::{self, Format},
    settings::{Declared, Flags, Setting},
};

/// Stop a run: no more batches are made, and those that were sent are still answered
#[derive(Debug, Args)]
pub(super) struct Stop {
    /// The run's id
    #[arg(value_parser = meaning::id::<RunId>)]
    run_id: RunId,

    #[command(flatten)]
    flags: Flags<Stop>,
}

impl Declared for Stop {
    const SECTION: &'static str = "run";
    const SIBLINGS: &'static [&'static [Setting]] = &[
        super::start::Start::SETTINGS,
        super::list::List::SETTINGS,
        super::watch::Watch::SETTINGS,
    ];
    const SETTINGS: &'static [Setting] = &[
        Setting::new("format", "FORMAT", "How the run is written")
            .default("table")
            .values(meaning::TABLE_OR_JSON),
        PRODUCER,
    ];
}

impl Stop {
    pub(super) fn run(self) -> Result<(), Error> {
        let mut settings = self.flags.settings()?;
        let format = settings.get("format", Format::Table, meaning::table_or_json);
        let producer = producer(&mut settings);
        settings.finish()?;
        let run = block_on(async {
            let peer = Peer::new(&producer);
            let request = || StopRunRequest { run_id: self.run_id.to_string() };
            peer.call(|_| {
                let (request, mut client) = (request(), client(&peer));
                async move { client.stop_run(request).await }
            })
            .await
        })?;
        match format {
            Format::Json => show::print(&proto::to_json(&run).to_string()),
            _ => show::print(&format!("run {} {}", run.run_id, show::counts(&run))),
        }
    }
}

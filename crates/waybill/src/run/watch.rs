//! `waybill run watch`.

use clap::Args;
use proto::RunId;

use super::{PRODUCER, follow::follow, outcome, producer, show::Show};
use crate::{
    client::{Peer, block_on},
    error::Error,
    meaning::{self, Format},
    settings::{Declared, Flags, Setting},
};

/// Follow a run to its end; exit code 0 only when every batch is settled
///
/// Goes on through a restart of the producer, for at most two minutes without an answer.
#[derive(Debug, Args)]
pub(super) struct Watch {
    /// The run's id
    #[arg(value_parser = meaning::id::<RunId>)]
    run_id: RunId,

    #[command(flatten)]
    flags: Flags<Watch>,
}

impl Declared for Watch {
    const SECTION: &'static str = "run";
    const SIBLINGS: &'static [&'static [Setting]] =
        &[super::start::Start::SETTINGS, super::list::List::SETTINGS, super::stop::Stop::SETTINGS];
    const SETTINGS: &'static [Setting] = &[
        Setting::new(
            "format",
            "FORMAT",
            "How the run is written; json gives a line for each change",
        )
        .default("table")
        .values(meaning::TABLE_OR_JSON),
        PRODUCER,
    ];
}

impl Watch {
    pub(super) fn run(self) -> Result<(), Error> {
        let mut settings = self.flags.settings()?;
        let format = settings.get("format", Format::Table, meaning::table_or_json);
        let producer = producer(&mut settings);
        settings.finish()?;
        block_on(async {
            let peer = Peer::new(&producer);
            let mut show = Show::changes(format);
            let run_id = self.run_id.to_string();
            let run = follow(&peer, &run_id, |run| show.seen(run)).await?;
            show.ended(&run)?;
            outcome::shortcoming(&run).map_or(Ok(()), |text| Err(Error::NotSettled(text)))
        })
    }
}

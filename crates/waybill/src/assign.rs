//! `waybill assign`: two files in, the best plan out.

use std::{num::NonZeroUsize, path::PathBuf, thread};

use clap::Args;

use crate::{
    cli::{Format, StreetName},
    error::Error,
    input::{self, Drivers, Shipments},
    output::Out,
    planning,
    progress::Progress,
};

/// Assign the shipments of one file to the drivers of another
///
/// A file holds one record a line, in UTF-8; or, when its name ends in .csv, a header with a column
/// `address` (for shipments) or `name` (for drivers), and perhaps `id`. Each driver carries at most
/// one shipment. The total is the highest that any assignment reaches, and the plan says what first
/// come, first served would have reached.
#[derive(Debug, Args)]
pub(crate) struct Assign {
    /// File of shipments: an address a line, or CSV; - reads lines from standard input
    shipments: PathBuf,

    /// File of drivers: a name a line, or CSV; - reads lines from standard input
    drivers: PathBuf,

    /// How the plan is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// Say of each record that stays behind by how many points its best score falls short of a place
    #[arg(long)]
    explain: bool,

    /// Which part of a shipment's line counts as the street name
    #[arg(long, value_enum, default_value_t)]
    street_name: StreetName,

    /// Threads that read and score [default: one a core]
    ///
    /// The plan is the same with any number.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

impl Assign {
    pub(crate) fn run(self) -> Result<(), Error> {
        if [&self.shipments, &self.drivers].iter().all(|path| path.as_os_str() == input::STDIN) {
            let text = "only one of the two files can be - (standard input)";
            return Err(Error::Usage(text.to_owned()));
        }
        let progress = Progress::spinner("reading");
        let (shipments, drivers) = self.read()?;
        progress.say("planning");
        let plan = planning::plan(shipments, drivers, self.street_name.into())?;
        drop(progress);
        let mut out = Out::stdout();
        plan.write(&mut out, self.format, self.explain)?;
        Ok(out.finish()?)
    }

    /// Both files, at the same time where there are threads for it. Of two errors the first is told.
    fn read(&self) -> Result<(Shipments, Drivers), Error> {
        let shipments = || input::shipments(&self.shipments, self.street_name.into());
        let drivers = || input::drivers(&self.drivers);
        let threads = self.threads.or_else(|| thread::available_parallelism().ok());
        if threads.is_none_or(|threads| threads.get() == 1) {
            return Ok((shipments()?, drivers()?));
        }
        thread::scope(|scope| {
            let drivers = scope.spawn(drivers);
            let shipments = shipments();
            let drivers = drivers.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok((shipments?, drivers?))
        })
    }
}

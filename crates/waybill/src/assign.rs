//! `waybill assign`: two files in, the best plan out.

use std::{path::PathBuf, thread};

use clap::{Args, ValueHint};
use domain::StreetName;
use runtime::settings::parse;

use crate::{
    error::Error,
    input::{self, Drivers, Shipments},
    meaning::{self, Format},
    output::Out,
    planning,
    progress::Progress,
    settings::{Declared, Flags, Setting},
};

/// Threads at most; there are two files to read.
const THREADS: usize = 1_024;

/// Assign the shipments of one file to the drivers of another
///
/// A file holds one record a line, in UTF-8; or, when its name ends in .csv, a header with a column
/// `address` (for shipments) or `name` (for drivers), and perhaps `id`. Each driver carries at most
/// one shipment. The total is the highest that any assignment reaches, and the plan says what first
/// come, first served would have reached.
#[derive(Debug, Args)]
pub(crate) struct Assign {
    /// File of shipments: an address a line, or CSV; - reads lines from standard input
    #[arg(value_hint = ValueHint::FilePath)]
    shipments: PathBuf,

    /// File of drivers: a name a line, or CSV; - reads lines from standard input
    #[arg(value_hint = ValueHint::FilePath)]
    drivers: PathBuf,

    #[command(flatten)]
    flags: Flags<Assign>,
}

impl Declared for Assign {
    const SECTION: &'static str = "assign";
    const SETTINGS: &'static [Setting] = &[
        Setting::new("format", "FORMAT", "How the plan is written")
            .default("table")
            .values(meaning::FORMATS)
            .more("table: aligned columns, cut to the width of the terminal; csv: RFC 4180 with a header; json: one document, with the certificate that `waybill verify` checks."),
        Setting::switch("explain", "Say of each record that stays behind how many points its best score lacks for a place"),
        Setting::new("street-name", "RULE", "Which part of a shipment's line counts: the street name of an address, or the full line")
            .default("address")
            .values(meaning::STREET_NAMES)
            .more("address: the house number, the unit and everything after the first comma go. full-line: for files whose lines are bare street names."),
        Setting::new("threads", "N", "Threads that read and score; the plan is the same with any number")
            .default("one a core"),
    ];
}

impl Assign {
    pub(crate) fn run(self) -> Result<(), Error> {
        let (shipments, drivers) = (self.shipments, self.drivers);
        if [&shipments, &drivers].iter().all(|path| path.as_os_str() == input::STDIN) {
            let text = "only one of the two files can be - (standard input)";
            return Err(Error::Usage(text.to_owned()));
        }
        let mut settings = self.flags.settings()?;
        let format = settings.get("format", Format::Table, meaning::format);
        let explain = settings.get("explain", false, parse::switch);
        let rule = settings.get("street-name", StreetName::Address, meaning::street_name);
        let cores = thread::available_parallelism().map_or(1, Into::into);
        let threads = settings.get("threads", cores, parse::size(1..=THREADS));
        settings.finish()?;

        let progress = Progress::spinner("reading");
        let read_shipments = || input::shipments(&shipments, rule);
        let (shipments, drivers) = both(threads, read_shipments, || input::drivers(&drivers))?;
        progress.say("planning");
        let plan = planning::plan(shipments, drivers, rule)?;
        drop(progress);
        let mut out = Out::stdout();
        plan.write(&mut out, format, explain)?;
        Ok(out.finish()?)
    }
}

/// Both files, at the same time where there are threads for it. Of two errors the first is told.
fn both(
    threads: usize,
    shipments: impl Fn() -> Result<Shipments, Error>,
    drivers: impl Fn() -> Result<Drivers, Error> + Send,
) -> Result<(Shipments, Drivers), Error> {
    if threads == 1 {
        return Ok((shipments()?, drivers()?));
    }
    thread::scope(|scope| {
        let drivers = scope.spawn(drivers);
        let shipments = shipments();
        let drivers = drivers.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((shipments?, drivers?))
    })
}

//! `waybill assign`: two files in, the best plan out; or a matrix.

use std::{path::PathBuf, thread};

use assignment::dense::Goal;
use clap::{Args, ValueHint};
use domain::StreetName;
use runtime::settings::parse;

use crate::{
    both::both,
    error::Error,
    input, matrix,
    meaning::{self, Format},
    output::Out,
    planning,
    progress::Progress,
    settings::{Declared, Flags, Setting},
};

/// Threads at most.
const THREADS: usize = 1_024;

/// Assign the shipments of one file to the drivers of another
///
/// A file holds one record a line, in UTF-8; or, when its name ends in .csv, a header with a column
/// `address` (for shipments) or `name` (for drivers), and perhaps `id`. Each driver carries at most
/// one shipment. The total is the highest that any assignment reaches, and the plan says what first
/// come, first served would have reached.
///
/// With --matrix the scores are given instead, and the rows of the matrix are assigned to its columns:
/// each to one, as many as there are of the fewer. It is a file as numpy.save writes it (i4, i8, f4 or
/// f8, C or Fortran order), or CSV without a header. An infinite element forbids its pair, NaN is
/// refused. Rows and columns count from 0.
#[derive(Debug, Args)]
#[command(override_usage = "waybill assign [OPTIONS] <SHIPMENTS> <DRIVERS>
       waybill assign [OPTIONS] --matrix <FILE> [--minimize]")]
pub(crate) struct Assign {
    /// File of shipments: an address a line, or CSV; - reads lines from standard input
    #[arg(value_hint = ValueHint::FilePath, required_unless_present = "matrix")]
    shipments: Option<PathBuf>,

    /// File of drivers: a name a line, or CSV; - reads lines from standard input
    #[arg(value_hint = ValueHint::FilePath, required_unless_present = "matrix")]
    drivers: Option<PathBuf>,

    /// Matrix of scores to assign instead: .npy or CSV; - reads standard input
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["shipments", "drivers"]
    )]
    matrix: Option<PathBuf>,

    /// The matrix holds costs: find the lowest total
    #[arg(long, visible_alias = "minimise", conflicts_with_all = ["shipments", "drivers"])]
    minimize: bool,

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
        Setting::new("threads", "N", "Threads that read; the plan is the same with any number")
            .default("one a core"),
    ];
}

/// Settings that say something of records, and nothing of a matrix.
const OF_RECORDS: [&str; 2] = ["explain", "street-name"];

impl Assign {
    pub(crate) fn run(self) -> Result<(), Error> {
        let of_records = OF_RECORDS.into_iter().find(|&name| self.flags.said.contains_key(name));
        let mut settings = self.flags.settings()?;
        let format = settings.get("format", Format::Table, meaning::format);
        let explain = settings.get("explain", false, parse::switch);
        let rule = settings.get("street-name", StreetName::Address, meaning::street_name);
        let cores = thread::available_parallelism().map_or(1, Into::into);
        let threads = settings.get("threads", cores, parse::size(1..=THREADS));
        settings.finish()?;

        let (shipments, drivers) = match (self.matrix, self.shipments, self.drivers) {
            (Some(path), ..) => {
                if let Some(name) = of_records {
                    let text = format!("--{name} is for shipments and drivers, not for a matrix");
                    return Err(Error::Usage(text));
                }
                let goal = if self.minimize { Goal::Minimise } else { Goal::Maximise };
                return matrix::assign(&path, matrix::Options { goal, threads, format });
            }
            (None, Some(shipments), Some(drivers)) => (shipments, drivers),
            // The parser has seen to it.
            _ => return Err(Error::Usage("two files, or --matrix FILE".to_owned())),
        };
        if [&shipments, &drivers].iter().all(|path| path.as_os_str() == input::STDIN) {
            let text = "only one of the two files can be - (standard input)";
            return Err(Error::Usage(text.to_owned()));
        }
        let progress = Progress::spinner("reading");
        let read_shipments = || input::shipments(&shipments, rule);
        let (shipments, drivers) = both(threads, read_shipments, || input::drivers(&drivers));
        // Of two errors the first is told.
        let (shipments, drivers) = (shipments?, drivers?);
        progress.say("planning");
        let plan = planning::plan(shipments, drivers, rule)?;
        drop(progress);
        let mut out = Out::stdout();
        plan.write(&mut out, format, explain)?;
        Ok(out.finish()?)
    }
}

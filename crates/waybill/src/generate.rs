//! `waybill generate`: made-up shipments and drivers as files.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::{Args, ValueHint};
use domain::Records;
use producer::synthetic;
use runtime::settings::parse;

use crate::{
    error::Error,
    output::Out,
    progress::Progress,
    settings::{Declared, Flags, Setting},
};

/// Write made-up shipments and drivers to files
///
/// Writes shipments.txt and drivers.txt. They are what the first batch of
/// `waybill run start --shipments N --drivers N --seed N` has: the same seed gives the same data on
/// every machine and in every version.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    #[command(flatten)]
    flags: Flags<Generate>,
}

impl Declared for Generate {
    const SECTION: &'static str = "generate";
    const SETTINGS: &'static [Setting] = &[
        Setting::new("shipments", "N", "Shipments, 0 to 10,000,000").default("1000"),
        Setting::new("drivers", "N", "Drivers, 0 to 10,000,000").default("1000"),
        Setting::new("seed", "N", "Where the data begins").default("0"),
        Setting::new("out", "DIR", "Folder of the two files, made if it is not there")
            .default(".")
            .hint(ValueHint::DirPath),
    ];
}

const MOST: u64 = 10_000_000;

impl Generate {
    pub(crate) fn run(self) -> Result<(), Error> {
        let mut settings = self.flags.settings()?;
        // The range is within a u32.
        let count = |text: &str| parse::number(0..=MOST)(text).map(|count| count as u32);
        let shipments = settings.get("shipments", 1_000, count);
        let drivers = settings.get("drivers", 1_000, count);
        let seed = settings.get("seed", 0, parse::count);
        let dir = settings.get("out", PathBuf::from("."), parse::dir);
        settings.finish()?;

        fs::create_dir_all(&dir).map_err(|error| file_error(&dir, error))?;
        let progress = Progress::spinner("making shipments");
        let shipments =
            write(&dir.join("shipments.txt"), &synthetic::shipments(seed, 0, shipments))?;
        progress.say("making drivers");
        let drivers = write(&dir.join("drivers.txt"), &synthetic::drivers(seed, 0, drivers))?;
        drop(progress);
        let mut out = Out::stdout();
        writeln!(out, "{}\n{}", shipments.display(), drivers.display())?;
        Ok(out.finish()?)
    }
}

fn write(path: &Path, records: &Records) -> Result<PathBuf, Error> {
    let written = File::create(path).and_then(|file| {
        let mut file = BufWriter::with_capacity(256 << 10, file);
        for record in records {
            file.write_all(record.text.as_bytes())?;
            file.write_all(b"\n")?;
        }
        file.flush()
    });
    written.map(|()| path.to_owned()).map_err(|error| file_error(path, error))
}

fn file_error(path: &Path, error: std::io::Error) -> Error {
    Error::File { path: path.to_owned(), problem: error.into() }
}

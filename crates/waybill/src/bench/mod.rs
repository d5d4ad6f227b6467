//! `waybill bench`: what this machine makes of it, as ratios to something simple beside it.
//!
//! | module | measures |
//! |---|---|
//! | `text` | text to pairs, against reading the same text |
//! | `replan` | a plan that is mended, against one from nothing |
//! | `echo` | tonic calls that echo, and a stream that does, for comparison |
//! | `pipeline` | batches through three processes with durable commits |
//! | `latency` | one batch through fleet and analytics at moderate load |
//! | `cpu`, `memory` | what each process took |
//! | `telemetry` | what traces cost, and collectors that do not answer |
//! | `children` | the processes, which end with the bench |

mod children;
mod cpu;
mod echo;
mod latency;
mod memory;
mod pipeline;
mod replan;
mod report;
mod statistics;
mod telemetry;
mod text;

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueHint};
use runtime::settings::parse;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) use self::echo::EchoServer;
use self::{
    children::System,
    report::{Report, System as SystemReport},
};
use crate::{
    error::Error,
    meaning::{self, Format},
    output::Out,
    progress::Progress,
    settings::{Declared, Flags, Setting},
};

/// Measure text to pairs, plans that are mended, batches through all three services, latency and memory
///
/// Everything is measured next to something simple in the same run, because machines differ: reading
/// text against `from_utf8` and `lines()` on the same bytes, the services against calls and a stream that
/// echo 1 KB. The services are three processes of this binary, with durable commits in a folder of their own.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(flatten)]
    flags: Flags<Bench>,
}

impl Declared for Bench {
    const SECTION: &'static str = "bench";
    const SETTINGS: &'static [Setting] = &[
        Setting::new("format", "FORMAT", "How the result is written")
            .default("table")
            .values(meaning::TABLE_OR_JSON),
        Setting::switch("quick", "Small and short: shows that everything works, measures little"),
        Setting::new(
            "dir",
            "DIR",
            "Folder on the disk to commit to; a folder in it is made and removed",
        )
        .default("the system's temporary folder")
        .hint(ValueHint::DirPath),
    ];
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    /// Shipments, and drivers, of the text.
    records: u32,
    /// Turns of the text.
    rounds: usize,
    /// Shipments, and drivers, of the plan that is mended, and how often.
    replan: (u32, usize),
    /// How long each of the streams runs.
    stream: Duration,
    /// Shipments, and drivers, of the one large batch.
    large_batch: u32,
    /// Turns of each way to trace, and how long each is.
    traced: (usize, Duration),
}

const FULL: Sizes = Sizes {
    records: 1_000_000,
    rounds: 15,
    replan: (100_000, 400_000),
    stream: Duration::from_secs(10),
    large_batch: 1_000_000,
    traced: (5, Duration::from_secs(1)),
};
const QUICK: Sizes = Sizes {
    records: 20_000,
    rounds: 3,
    replan: (2_000, 10_000),
    stream: Duration::from_secs(1),
    large_batch: 20_000,
    traced: (1, Duration::from_millis(300)),
};

impl Bench {
    pub(crate) fn run(self) -> Result<(), Error> {
        let mut settings = self.flags.settings()?;
        let format = settings.get("format", Format::Table, meaning::table_or_json);
        let quick = settings.get("quick", false, parse::switch);
        let dir = settings.get("dir", std::env::temp_dir(), parse::existing_dir);
        settings.finish()?;
        let sizes = if quick { QUICK } else { FULL };

        let progress = Progress::spinner("text to pairs");
        let text = text::measure(sizes.records, sizes.rounds)?;
        progress.say("plans that are mended");
        let (members, events) = sizes.replan;
        let replan = replan::measure(members, events)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let system = runtime.map_err(Error::Runtime)?.block_on(async {
            tokio::select! {
                measured = system(dir, sizes, &progress) => measured,
                // The processes end when what holds them is dropped.
                () = told_to_end() => Err(Error::Interrupted),
            }
        })?;
        drop(progress);
        let report = Report { text, replan, system };
        let mut out = Out::stdout();
        match format {
            Format::Json => report.json(&mut out)?,
            _ => report.table(&mut out)?,
        }
        Ok(out.finish()?)
    }
}

async fn system(dir: PathBuf, sizes: Sizes, progress: &Progress) -> Result<SystemReport, Error> {
    let system = System::start(&dir).await?;
    progress.say("echo");
    let before = echo::measure(sizes.stream / 2).await?;
    progress.say("batches through three processes");
    let pipeline = pipeline::measure(&system, sizes.stream).await?;
    progress.say("echo again");
    let after = echo::measure(sizes.stream / 2).await?;
    progress.say("latency at moderate load");
    let latency = latency::measure(&system, sizes.stream, pipeline.batches_per_second).await?;
    let peak_at_load = system.peaks()?;
    progress.say("one large batch");
    let large_batch = pipeline::large_batch(&system, sizes.large_batch).await?;
    let peak = system.peaks()?;
    let echo = before.midpoint(after);
    drop(system);
    progress.say("what traces cost");
    let (rounds, time) = sizes.traced;
    let telemetry = telemetry::measure(&dir, rounds, time).await?;
    Ok(SystemReport { echo, pipeline, latency, large_batch, peak_at_load, peak, telemetry })
}

/// Resolves with SIGINT or SIGTERM.
async fn told_to_end() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

//! `waybill up`: the whole system in one process.

mod first_run;
mod parts;
mod told;

use std::io::Write;

use clap::{Args, ValueHint};

use self::{parts::Parts, told::Told};
use crate::{
    error::Error,
    output::Out,
    services::process::{self, Life},
    settings::{Declared, Flags, Setting},
};

/// Run all three services in this process, and a first run of real addresses
///
/// The services stream to each other over real gRPC on this machine. Runs, rosters and plans stay in the
/// data folder: started again, what was not settled goes on. SIGINT (Ctrl-C) or SIGTERM drains; a second
/// one ends at once. Any setting of a single service can be given as its variable, or in its section of
/// the file.
#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    flags: Flags<Up>,
}

impl Declared for Up {
    const SECTION: &'static str = "up";
    const SETTINGS: &'static [Setting] = &[
        Setting::new("data", "DIR", "Folder of runs, rosters and plans, made if it is not there")
            .default("./waybill-data")
            .hint(ValueHint::DirPath),
        listen("producer-listen", "Where the producer takes calls and triggers", "127.0.0.1:8081"),
        listen("fleet-listen", "Where the fleet service takes calls", "127.0.0.1:8082"),
        listen("analytics-listen", "Where analytics takes calls and shows the page", "127.0.0.1:8080"),
        listen("producer-ops-listen", "Health and metrics of the producer", "127.0.0.1:9081"),
        listen("fleet-ops-listen", "Health and metrics of the fleet service", "127.0.0.1:9082"),
        listen("analytics-ops-listen", "Health and metrics of analytics", "127.0.0.1:9080"),
        Setting::switch("no-run", "Do not start a first run")
            .more("Without it, a first run sends 3,850 real addresses and 3,500 drivers every 2 s for ten minutes; only where the data folder has no run yet."),
        Setting::new("drain-timeout", "TIME", "Time for what is in flight after SIGTERM or SIGINT")
            .default("25s"),
    ];
}

const fn listen(name: &'static str, help: &'static str, default: &'static str) -> Setting {
    Setting::new(name, "HOST:PORT", help).default(default)
}

impl Up {
    pub(crate) fn run(self) -> Result<(), Error> {
        let file = self.flags.file()?;
        process::run("up", self.flags, Told::read, async |told, life| {
            up(&told.with_file(file), &life).await
        })
    }
}

async fn up(told: &Told, life: &Life) -> Result<(), Error> {
    let mut parts = Parts::build(told, life).await?;
    let (ops, producer) = (parts.ops(), parts.producer_url());
    let page = parts.analytics_url();
    let serving = async {
        parts::all_ready(ops).await;
        if !told.no_run {
            first_run::start(&producer).await?;
        }
        welcome(told, &page, &producer)?;
        std::future::pending().await
    };
    let ended = tokio::select! {
        failed = serving => failed,
        () = life.shutdown.draining() => Ok(()),
        ended = parts.one_ended() => ended,
    };
    // What ended first is what went wrong; the drain of the rest has no more to tell.
    let drained = parts.drain().await;
    ended.and(drained)
}

/// What to do next.
fn welcome(told: &Told, page: &str, producer: &str) -> Result<(), Error> {
    let target = producer.trim_start_matches("http://");
    let program = std::env::args().next().unwrap_or_else(|| "waybill".to_owned());
    let mut out = Out::stdout();
    writeln!(
        out,
        "\n  Waybill is up. Plans arrive at {page}/\n\n  \
         Start a run in another window:\n    \
         grpcurl -plaintext -d '{{\"synthetic\": {{\"shipments\": 32, \"drivers\": 32}}, \"interval\": \"0.5s\", \"batch_limit\": 20}}' \\\n      \
         {target} waybill.producer.v1.ProducerService/StartRun\n    \
         {program} run start --interval 500ms --batches 20 --wait --producer {producer}\n\n  \
         Everything is kept in {}; Ctrl-C drains and stops.\n",
        told.data.display()
    )?;
    Ok(out.finish()?)
}

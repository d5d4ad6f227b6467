//! `waybill check`: whether an installation does what it is there for.

mod batch;
mod part;
mod trace;

use std::{io::Write, time::Duration};

use clap::Args;
use http::Uri;
use runtime::settings::{Settings, parse};

use self::part::Part;
use crate::{
    client::{Peer, block_on},
    error::Error,
    output::Out,
    settings::{Declared, Flags, Setting},
};

/// Check that the three services are there, and with --batch that a batch goes through all of them
///
/// Of each service its health and its reflection are asked for. With --batch a run of one made-up batch is
/// started, its plan is looked for in analytics, and with --trace-query its trace where traces are kept.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    flags: Flags<Check>,
}

const fn address(name: &'static str, about: &'static str, default: &'static str) -> Setting {
    Setting::new(name, "URL", about).default(default).hint(clap::ValueHint::Url)
}

const PRODUCER: &str = "http://127.0.0.1:8081";
const FLEET: &str = "http://127.0.0.1:8082";
const ANALYTICS: &str = "http://127.0.0.1:8080";

impl Declared for Check {
    const SECTION: &'static str = "check";
    const SETTINGS: &'static [Setting] = &[
        address("producer", "Address of the producer", PRODUCER),
        address("fleet", "Address of the fleet service", FLEET),
        address("analytics", "Address of the analytics service", ANALYTICS),
        Setting::switch("batch", "Send one batch through all three"),
        Setting::new(
            "trace-query",
            "URL",
            "Address of Jaeger's query API, in which the batch's trace must be",
        )
        .default("none")
        .hint(clap::ValueHint::Url),
        Setting::new("trace-wait", "TIME", "Time until the trace must be there").default("15s"),
    ];
}

impl Check {
    pub(crate) fn run(self) -> Result<(), Error> {
        let mut settings = self.flags.settings()?;
        let mut peer =
            |name, default: &'static str| settings.get(name, Uri::from_static(default), parse::uri);
        let [producer, fleet, analytics] =
            [peer("producer", PRODUCER), peer("fleet", FLEET), peer("analytics", ANALYTICS)];
        let batch = settings.get("batch", false, parse::switch);
        let trace = trace_store(&mut settings, batch);
        settings.finish()?;

        block_on(async {
            let parts = [
                Part {
                    name: "producer",
                    service: "waybill.producer.v1.ProducerService",
                    at: producer,
                },
                Part { name: "fleet", service: "waybill.fleet.v1.FleetService", at: fleet },
                Part {
                    name: "analytics",
                    service: "waybill.analytics.v1.AnalyticsService",
                    at: analytics,
                },
            ];
            for part in &parts {
                part.check().await?;
                say(&format!("{:<9}  serving at {}", part.name, part.at))?;
            }
            if !batch {
                return Ok(());
            }
            let [producer, _, analytics] = parts.map(|part| Peer::new(&part.at));
            let plan = batch::through(&producer, &analytics).await?;
            say(&format!(
                "batch      {} is settled: {} of {} assigned, total {}",
                plan.batch_id, plan.assigned, plan.shipments, plan.total
            ))?;
            if let Some((store, wait)) = trace {
                let found = trace::of(&plan, &store, wait).await?;
                say(&format!(
                    "trace      {} has {} spans of {}",
                    plan.trace_id,
                    found.spans,
                    found.services()
                ))?;
            }
            Ok(())
        })
    }
}

/// Tells of each step as it is done: what comes next may take its time.
fn say(line: &str) -> Result<(), Error> {
    let mut out = Out::stdout();
    writeln!(out, "{line}")?;
    Ok(out.finish()?)
}

/// Where traces are kept, and how long one may take to get there.
fn trace_store(settings: &mut Settings, batch: bool) -> Option<(Uri, Duration)> {
    let store = settings.optional("trace-query", parse::uri);
    let wait = settings.get("trace-wait", Duration::from_secs(15), parse::duration);
    if store.is_some() && !batch {
        settings.problem("trace-query", "needs --batch, whose trace it looks for");
    }
    Some((store?, wait))
}

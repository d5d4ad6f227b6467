//! `waybill run start`.

use clap::Args;
use proto::{RunId, producer::v1::StartRunRequest};
use runtime::settings::parse;

use super::{PRODUCER, client, follow::follow, outcome, producer, records, show, source};
use crate::{
    client::{Peer, block_on},
    error::Error,
    meaning::{self, Format},
    settings::{Declared, Flags, Setting},
};

/// Start a run
///
/// Without --batches and --for the run goes on until `waybill run stop`. The call can be repeated by
/// itself without starting anything twice, because the run's id is made here.
#[derive(Debug, Args)]
pub(super) struct Start {
    #[command(flatten)]
    flags: Flags<Start>,
}

impl Declared for Start {
    const SECTION: &'static str = "run";
    const SIBLINGS: &'static [&'static [Setting]] =
        &[super::list::List::SETTINGS, super::watch::Watch::SETTINGS, super::stop::Stop::SETTINGS];
    const SETTINGS: &'static [Setting] = &[
        Setting::new("shipments", "N|FILE", "Shipments of each batch: a number of made-up ones, or a file")
            .default("32")
            .more("Made-up shipments are new in each batch; those of a file are in every batch. Files are as for `waybill assign`, and travel with the call: 64 MiB together at most.")
            .hint(clap::ValueHint::FilePath),
        Setting::new("drivers", "N|FILE|roster NAME", "Drivers of each batch: a number of made-up ones, a file, or a kept roster")
            .default("32")
            .more("Drivers are the same in every batch. roster:NAME is the same as roster NAME.")
            .hint(clap::ValueHint::FilePath),
        Setting::new("interval", "TIME", "Time between batches, such as 250ms or 2s")
            .default("0: as fast as they settle"),
        Setting::new("batches", "N", "Batches after which the run ends; 0 for no limit").default("0"),
        Setting::new("for", "TIME", "Time after which the run makes no more batches, such as 10s")
            .default("no limit"),
        Setting::new("seed", "N", "Where made-up data begins; the same seed gives the same data everywhere")
            .default("0"),
        Setting::new("street-name", "RULE", "Which part of a shipment's line counts: the street name of an address, or the full line")
            .default("address")
            .values(meaning::STREET_NAMES),
        Setting::new("batch-timeout", "TIME", "Time that a batch may take until it is solved")
            .default("no limit"),
        Setting::new("description", "TEXT", "What the run is, for those who look at it: one line of up to 200 characters"),
        Setting::switch("wait", "Wait for the run's end; exit code 0 only when every batch is settled"),
        Setting::new("format", "FORMAT", "How the run is written; json with --wait gives the ended run")
            .default("table")
            .values(meaning::TABLE_OR_JSON),
        PRODUCER,
    ];
    const TWO_WORDS: &'static [&'static str] = &["drivers"];
}

impl Start {
    pub(super) fn run(self) -> Result<(), Error> {
        let mut settings = self.flags.settings()?;
        let few = || source::Source::Made(32);
        let shipments = settings.optional("shipments", source::shipments).unwrap_or_else(few);
        let drivers = settings.optional("drivers", source::drivers).unwrap_or_else(few);
        let interval = settings.optional("interval", parse::duration_or_zero);
        let batch_limit = settings.get("batches", 0, parse::count);
        let run_for = settings.optional("for", parse::duration);
        let seed = settings.get("seed", 0, parse::count);
        let rule = settings.get("street-name", Default::default(), meaning::street_name);
        let batch_timeout = settings.optional("batch-timeout", parse::duration);
        let description = settings.get("description", String::new(), parse::text);
        let wait = settings.get("wait", false, parse::switch);
        let format = settings.get("format", Format::Table, meaning::table_or_json);
        let producer = producer(&mut settings);
        // A field of the message is shorter than what a duration here can be.
        let mut wire = |name, duration: Option<std::time::Duration>| {
            duration.and_then(|duration| {
                prost_types::Duration::try_from(duration)
                    .map_err(|_| settings.problem(name, "too long"))
                    .ok()
            })
        };
        let mut request = StartRunRequest {
            source: None,
            interval: wire("interval", interval),
            batch_limit,
            run_for: wire("for", run_for),
            street_name: proto::records::street_name_value(rule).into(),
            run_id: RunId::now().to_string(),
            batch_timeout: wire("batch-timeout", batch_timeout),
            description,
        };
        settings.finish()?;
        block_on(async {
            let peer = Peer::new(&producer);
            request.source = Some(records::wire(&peer, &shipments, &drivers, seed).await?);
            records::check_size(&request)?;
            start(&peer, &request, wait, format).await
        })
    }
}

async fn start(
    peer: &Peer,
    request: &StartRunRequest,
    wait: bool,
    format: Format,
) -> Result<(), Error> {
    let call = |_| {
        let request = request.clone();
        async move { client(peer).start_run(request).await }
    };
    let run = peer.call(call).await?;
    match format {
        Format::Json if !wait => show::print(&proto::to_json(&run).to_string())?,
        Format::Json => {}
        _ => show::print(&format!("run {} started", run.run_id))?,
    }
    if !wait {
        return Ok(());
    }
    let mut show = show::Show::end(format);
    let run = follow(peer, &run.run_id, |run| show.seen(run)).await?;
    show.ended(&run)?;
    outcome::shortcoming(&run).map_or(Ok(()), |text| Err(Error::NotSettled(text)))
}

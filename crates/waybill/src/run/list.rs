//! `waybill run list`.

use std::io::Write;

use clap::Args;
use proto::producer::v1::{ListRunsRequest, ListRunsResponse, Run};
use runtime::settings::parse;

use super::{PRODUCER, client, producer, show::state};
use crate::{
    client::{Peer, block_on},
    error::Error,
    meaning::{self, Format},
    output::{
        Out,
        table::{Kind, Table},
    },
    settings::{Declared, Flags, Setting},
};

/// Runs on a page at most.
const PAGE: usize = 1_000;

/// List runs, the newest first
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    flags: Flags<List>,
}

impl Declared for List {
    const SECTION: &'static str = "run";
    const SIBLINGS: &'static [&'static [Setting]] = &[
        super::start::Start::SETTINGS,
        super::watch::Watch::SETTINGS,
        super::stop::Stop::SETTINGS,
    ];
    const SETTINGS: &'static [Setting] = &[
        Setting::new("limit", "N", "Runs at most").default("50"),
        Setting::new("format", "FORMAT", "How the runs are written")
            .default("table")
            .values(meaning::TABLE_OR_JSON),
        PRODUCER,
    ];
}

impl List {
    pub(super) fn run(self) -> Result<(), Error> {
        let mut settings = self.flags.settings()?;
        let limit = settings.get("limit", 50, parse::size(1..=usize::MAX));
        let format = settings.get("format", Format::Table, meaning::table_or_json);
        let producer = producer(&mut settings);
        settings.finish()?;
        let runs = block_on(async { runs(&Peer::new(&producer), limit).await })?;
        let mut out = Out::stdout();
        if format == Format::Json {
            let runs = ListRunsResponse { runs, next_page_token: String::new() };
            writeln!(out, "{}", proto::to_json(&runs))?;
        } else {
            table(&runs, &mut out)?;
        }
        Ok(out.finish()?)
    }
}

async fn runs(peer: &Peer, limit: usize) -> Result<Vec<Run>, Error> {
    let mut runs = Vec::new();
    let mut page_token = String::new();
    while runs.len() < limit {
        let request = || ListRunsRequest {
            page_size: (limit - runs.len()).min(PAGE) as i32,
            page_token: page_token.clone(),
        };
        let page = peer
            .call(|_| {
                let (request, mut client) = (request(), client(peer));
                async move { client.list_runs(request).await }
            })
            .await?;
        runs.extend(page.runs);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    runs.truncate(limit);
    Ok(runs)
}

fn table(runs: &[Run], out: &mut Out) -> Result<(), Error> {
    const HEADERS: [&str; 8] =
        ["run", "state", "started", "sent", "settled", "rejected", "behind", "total"];
    let mut table = Table::new([
        (HEADERS[0], Kind::Number),
        (HEADERS[1], Kind::Text),
        (HEADERS[2], Kind::Number),
        (HEADERS[3], Kind::Number),
        (HEADERS[4], Kind::Number),
        (HEADERS[5], Kind::Number),
        (HEADERS[6], Kind::Number),
        (HEADERS[7], Kind::Number),
    ]);
    let rows: Vec<[String; 8]> = runs.iter().map(row).collect();
    for row in &rows {
        table.fit(row.each_ref().map(String::as_str));
    }
    table.fit_terminal(out.terminal_width());
    table.row(out, HEADERS)?;
    for row in &rows {
        table.row(out, row.each_ref().map(String::as_str))?;
    }
    Ok(())
}

fn row(run: &Run) -> [String; 8] {
    [
        run.run_id.clone(),
        state(run).to_owned(),
        run.start_time.map(|time| time.to_string()).unwrap_or_default(),
        run.batches_sent.to_string(),
        run.batches_settled.to_string(),
        run.batches_rejected.to_string(),
        run.batches_behind.to_string(),
        run.total.to_string(),
    ]
}

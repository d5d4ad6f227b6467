//! `waybill plans watch`.

use std::io::Write;

use clap::Args;
use proto::analytics::v1::{
    Plan, WatchPlansRequest, WatchPlansResponse, watch_plans_response::Item,
};
use runtime::settings::parse;
use tonic::Status;

use super::{ANALYTICS, analytics, client, row};
use crate::{
    client::{Peer, block_on},
    error::Error,
    meaning::{self, Format},
    output::{Out, table::Table},
    settings::{Declared, Flags, Setting},
};

/// Print plans as they are recorded, without a gap or a repeat
///
/// Goes on through a restart of the service, for at most two minutes without an answer.
#[derive(Debug, Args)]
pub(super) struct Watch {
    #[command(flatten)]
    flags: Flags<Watch>,
}

impl Declared for Watch {
    const SECTION: &'static str = "plans";
    const SIBLINGS: &'static [&'static [Setting]] =
        &[super::list::List::SETTINGS, super::show::Show::SETTINGS];
    const SETTINGS: &'static [Setting] = &[
        Setting::new(
            "after",
            "SEQUENCE",
            "Begin behind the plan with this sequence; 0 begins with the first",
        ),
        Setting::new("last", "N", "Begin with the newest plans, at most this many").default("10"),
        Setting::new("format", "FORMAT", "How plans are written; json gives a line for each")
            .default("table")
            .values(meaning::TABLE_OR_JSON),
        ANALYTICS,
    ];
}

impl Watch {
    pub(super) fn run(self) -> Result<(), Error> {
        let mut settings = self.flags.settings()?;
        let after = settings.optional("after", parse::count);
        // The range is within a u32.
        let last = settings.optional("last", |text| {
            parse::number(1..=u64::from(u32::MAX))(text).map(|last| last as u32)
        });
        if after.is_some() && last.is_some() {
            settings.problem("last", "cannot be given together with --after");
        }
        let format = settings.get("format", Format::Table, meaning::table_or_json);
        let analytics = analytics(&mut settings);
        settings.finish()?;
        let request = match after {
            Some(after_sequence) => WatchPlansRequest { after_sequence, last: 0 },
            None => WatchPlansRequest { after_sequence: 0, last: last.unwrap_or(10) },
        };
        block_on(async { watch(&Peer::new(&analytics), request, Lines::new(format)).await })
    }
}

async fn watch(peer: &Peer, mut request: WatchPlansRequest, mut lines: Lines) -> Result<(), Error> {
    let mut patience = peer.patience();
    loop {
        let mut stream = match client(peer).watch_plans(request).await {
            Ok(stream) => stream.into_inner(),
            Err(status) => {
                patience.after(peer, status).await?;
                continue;
            }
        };
        let status = loop {
            match stream.message().await {
                Ok(Some(WatchPlansResponse { item })) => {
                    patience.heard();
                    match item {
                        Some(Item::Plan(plan)) => {
                            lines.write(&plan)?;
                            // From here on it is the cursor that counts.
                            request = WatchPlansRequest { after_sequence: plan.sequence, last: 0 };
                        }
                        Some(Item::Heartbeat(_)) | None => {}
                    }
                }
                Ok(None) => break Status::unavailable("the stream ended"),
                Err(status) => break status,
            }
        };
        patience.after(peer, status).await?;
    }
}

/// Plans as lines, each written at once.
struct Lines {
    format: Format,
    table: Table<{ row::COLUMNS }>,
    written: bool,
}

impl Lines {
    fn new(format: Format) -> Self {
        Self { format, table: row::table(), written: false }
    }

    fn write(&mut self, plan: &Plan) -> Result<(), Error> {
        let mut out = Out::stdout();
        if self.format == Format::Json {
            writeln!(out, "{}", proto::to_json(plan))?;
        } else {
            let row = row::row(plan);
            let row = row.each_ref().map(String::as_str);
            self.table.fit(row);
            if !self.written {
                self.table.row(&mut out, row::HEADERS)?;
            }
            self.table.row(&mut out, row)?;
        }
        self.written = true;
        Ok(out.finish()?)
    }
}

//! `waybill plans`.

use std::io::Write;

use proto::analytics::v1::{ListPlansRequest, ListPlansResponse, Plan, PlanFilter};
use runtime::settings::parse;

use super::{ANALYTICS, analytics, client, row};
use crate::{
    client::{Peer, block_on},
    error::Error,
    meaning::{self, Format},
    output::Out,
    settings::{Declared, Flags, Setting},
};

/// Plans on a page at most.
const PAGE: usize = 1_000;

#[derive(Debug)]
pub(super) struct List;

impl Declared for List {
    const SECTION: &'static str = "plans";
    const SIBLINGS: &'static [&'static [Setting]] =
        &[super::show::Show::SETTINGS, super::watch::Watch::SETTINGS];
    const SETTINGS: &'static [Setting] = &[
        Setting::new("run", "RUN_ID", "Only plans of this run"),
        Setting::new(
            "driver",
            "TEXT",
            "Only plans that give a shipment to a driver whose name or id has this text",
        ),
        Setting::new(
            "text",
            "TEXT",
            "Only plans with a shipment whose address or id has this text",
        ),
        Setting::new(
            "plan",
            "N|ID",
            "Only the plan of this number or batch id, or those whose batch ids end so",
        ),
        Setting::new("day", "YYYY-MM-DD", "Only plans recorded on this day, in UTC"),
        Setting::new("limit", "N", "Plans at most").default("50"),
        Setting::new("format", "FORMAT", "How the plans are written")
            .default("table")
            .values(meaning::TABLE_OR_JSON),
        ANALYTICS,
    ];
}

pub(super) fn run(flags: Flags<List>) -> Result<(), Error> {
    let mut settings = flags.settings()?;
    let mut text = |name| settings.get(name, String::new(), parse::text);
    let filter = PlanFilter {
        run: text("run"),
        driver: text("driver"),
        text: text("text"),
        day: text("day"),
        plan: text("plan"),
    };
    let limit = settings.get("limit", 50, parse::size(1..=usize::MAX));
    let format = settings.get("format", Format::Table, meaning::table_or_json);
    let analytics = analytics(&mut settings);
    settings.finish()?;
    let plans = block_on(async { plans(&Peer::new(&analytics), &filter, limit).await })?;
    let mut out = Out::stdout();
    if format == Format::Json {
        let plans = ListPlansResponse { plans, next_page_token: String::new() };
        writeln!(out, "{}", proto::to_json(&plans))?;
    } else {
        table(&plans, &mut out)?;
    }
    Ok(out.finish()?)
}

async fn plans(peer: &Peer, filter: &PlanFilter, limit: usize) -> Result<Vec<Plan>, Error> {
    let mut plans = Vec::new();
    let mut page_token = String::new();
    while plans.len() < limit {
        let request = || ListPlansRequest {
            page_size: (limit - plans.len()).min(PAGE) as i32,
            page_token: page_token.clone(),
            filter: Some(filter.clone()),
            order_by: String::new(),
        };
        let page = peer
            .call(|_| {
                let (request, mut client) = (request(), client(peer));
                async move { client.list_plans(request).await }
            })
            .await?;
        plans.extend(page.plans);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    plans.truncate(limit);
    Ok(plans)
}

fn table(plans: &[Plan], out: &mut Out) -> Result<(), Error> {
    let mut table = row::table();
    let rows: Vec<_> = plans.iter().map(row::row).collect();
    for row in &rows {
        table.fit(row.each_ref().map(String::as_str));
    }
    table.row(out, row::HEADERS)?;
    for row in &rows {
        table.row(out, row.each_ref().map(String::as_str))?;
    }
    Ok(())
}

//! `waybill plans show`.

use clap::Args;
use proto::{
    BatchId,
    analytics::v1::{GetPlanRequest, get_plan_response::Item},
};
use runtime::settings::parse;
use tonic::Status;

use super::{
    ANALYTICS, analytics, client,
    parts::{Assembly, Broken},
};
use crate::{
    client::{Peer, block_on},
    error::Error,
    meaning::{self, Format},
    output::Out,
    plan::Plan,
    settings::{Declared, Flags, Setting},
};

/// Show one plan with all its rows, in the formats of `waybill assign`
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The batch that it plans
    #[arg(value_parser = meaning::id::<BatchId>)]
    batch_id: BatchId,

    #[command(flatten)]
    flags: Flags<Show>,
}

impl Declared for Show {
    const SECTION: &'static str = "plans";
    const SIBLINGS: &'static [&'static [Setting]] =
        &[super::list::List::SETTINGS, super::watch::Watch::SETTINGS];
    const SETTINGS: &'static [Setting] = &[
        Setting::new("format", "FORMAT", "How the plan is written")
            .default("table")
            .values(meaning::FORMATS),
        Setting::switch(
            "explain",
            "Say of each record that stayed behind how many points its best score lacked for a place",
        ),
        ANALYTICS,
    ];
}

impl Show {
    pub(super) fn run(self) -> Result<(), Error> {
        let mut settings = self.flags.settings()?;
        let format = settings.get("format", Format::Table, meaning::format);
        let explain = settings.get("explain", false, parse::switch);
        let analytics = analytics(&mut settings);
        settings.finish()?;
        let plan = block_on(async { fetch(&Peer::new(&analytics), self.batch_id).await })?;
        let plan =
            plan.map_err(|broken| Error::Answer { uri: analytics, text: broken.to_string() })?;
        let mut out = Out::stdout();
        plan.write(&mut out, format, explain)?;
        Ok(out.finish()?)
    }
}

/// The whole plan; from its beginning again when the stream breaks.
async fn fetch(peer: &Peer, batch_id: BatchId) -> Result<Result<Plan, Broken>, Error> {
    let read = |_| async move {
        let request = GetPlanRequest { batch_id: batch_id.to_string() };
        let mut stream = client(peer).get_plan(request).await?.into_inner();
        let mut assembly = Assembly::default();
        while let Some(message) = stream.message().await? {
            if let Some(Item::Part(part)) = message.item
                && let Err(broken) = assembly.push(part)
            {
                return Ok::<_, Status>(tonic::Response::new(Err(broken)));
            }
        }
        Ok(tonic::Response::new(assembly.finish()))
    };
    peer.call(read).await
}

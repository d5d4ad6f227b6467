//! One batch from the trigger to the store.

use proto::{
    RunId,
    analytics::v1::{ListPlansRequest, Plan, PlanFilter},
    producer::v1::{StartRunRequest, Synthetic, start_run_request::Source},
};

use crate::{
    client::Peer,
    error::Error,
    plans,
    run::{self, follow::follow, outcome},
};

/// Records of each side.
const RECORDS: u32 = 32;

/// Starts a run of one batch, waits for its end, and gives the plan that analytics has of it.
pub(super) async fn through(producer: &Peer, analytics: &Peer) -> Result<Plan, Error> {
    let request = StartRunRequest {
        source: Some(Source::Synthetic(Synthetic {
            shipments: RECORDS,
            drivers: RECORDS,
            seed: 0,
        })),
        batch_limit: 1,
        run_id: RunId::now().to_string(),
        ..StartRunRequest::default()
    };
    let started = producer
        .call(|_| {
            let (request, mut client) = (request.clone(), run::client(producer));
            async move { client.start_run(request).await }
        })
        .await?;
    let ended = follow(producer, &started.run_id, |_| Ok(())).await?;
    if let Some(text) = outcome::shortcoming(&ended) {
        return Err(Error::NotSettled(text));
    }
    let filter = PlanFilter { run: started.run_id.clone(), ..PlanFilter::default() };
    let plans = analytics
        .call(|_| {
            let request =
                ListPlansRequest { filter: Some(filter.clone()), ..ListPlansRequest::default() };
            let mut client = plans::client(analytics);
            async move { client.list_plans(request).await }
        })
        .await?
        .plans;
    match <[Plan; 1]>::try_from(plans) {
        Ok([plan]) => Ok(plan),
        Err(plans) => Err(Error::NotSettled(format!(
            "run {}: its one batch is settled, and analytics has {} plans of it",
            started.run_id,
            plans.len()
        ))),
    }
}

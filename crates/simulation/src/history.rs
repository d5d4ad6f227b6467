//! What clients saw of a run, and whether it is what they may see.

use std::{cell::RefCell, collections::HashSet, rc::Rc, time::Duration};

use proto::{
    analytics::v1::{
        ListPlansRequest, Plan, WatchPlansRequest,
        analytics_service_client::AnalyticsServiceClient, watch_plans_response::Item,
    },
    producer::v1::{
        GetRunRequest, Run, RunState, StartRunRequest,
        producer_service_client::ProducerServiceClient,
    },
};
use tokio::time::{sleep, timeout};
use tokio_stream::StreamExt;

use crate::{
    network::channel,
    world::{ANALYTICS, PORT, PRODUCER},
};

/// A call that is not answered in this time is made again.
const CALL: Duration = Duration::from_secs(2);
/// A watcher that hears nothing for this time, heartbeats included, watches again.
const SILENCE: Duration = Duration::from_secs(4);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// What was seen.
#[derive(Debug, Default)]
pub struct History {
    /// The run when it had ended.
    pub run: Option<Run>,
    /// Every plan in the store at the end, oldest first.
    pub stored: Vec<Plan>,
    /// Every plan that the watcher got, in order.
    pub watched: Vec<Plan>,
}

/// A history that clients of one simulation write.
pub type Shared = Rc<RefCell<History>>;

/// Starts a run, follows it to its end and then reads the store.
///
/// # Errors
/// A call was refused for good.
pub async fn caller(request: StartRunRequest, history: Shared) -> turmoil::Result {
    let mut producer = ProducerServiceClient::new(channel(PRODUCER, PORT));
    loop {
        match timeout(CALL, producer.start_run(request.clone())).await {
            Ok(Ok(_)) => break,
            // Made again under the same id, the call starts nothing twice.
            Ok(Err(status)) if is_final(&status) => return Err(status.into()),
            _ => sleep(PAUSE).await,
        }
    }
    let run = loop {
        sleep(PAUSE).await;
        let get = producer.get_run(GetRunRequest { run_id: request.run_id.clone() });
        match timeout(CALL, get).await {
            Ok(Ok(run)) if run.get_ref().state() == RunState::Finished => break run.into_inner(),
            Ok(Err(status)) if is_final(&status) => return Err(status.into()),
            _ => {}
        }
    };
    history.borrow_mut().run = Some(run);
    let stored = stored_plans().await;
    history.borrow_mut().stored = stored;
    Ok(())
}

/// Watches plans from a cursor until it has `count`, whatever happens to the stream.
///
/// # Errors
/// Never; the watch goes on.
pub async fn watcher(count: usize, history: Shared) -> turmoil::Result {
    let mut analytics = AnalyticsServiceClient::new(channel(ANALYTICS, PORT));
    while history.borrow().watched.len() < count {
        let after_sequence = history.borrow().watched.last().map_or(0, |plan| plan.sequence);
        let request = WatchPlansRequest { after_sequence, ..WatchPlansRequest::default() };
        if let Ok(Ok(stream)) = timeout(CALL, analytics.watch_plans(request)).await {
            let mut stream = stream.into_inner();
            while let Ok(Some(Ok(item))) = timeout(SILENCE, stream.next()).await {
                if let Some(Item::Plan(plan)) = item.item {
                    history.borrow_mut().watched.push(plan);
                }
                if history.borrow().watched.len() >= count {
                    return Ok(());
                }
            }
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

async fn stored_plans() -> Vec<Plan> {
    let mut analytics = AnalyticsServiceClient::new(channel(ANALYTICS, PORT));
    let request = ListPlansRequest {
        page_size: 1000,
        order_by: "sequence".to_owned(),
        ..ListPlansRequest::default()
    };
    loop {
        if let Ok(Ok(page)) = timeout(CALL, analytics.list_plans(request.clone())).await {
            return page.into_inner().plans;
        }
        sleep(PAUSE).await;
    }
}

/// Codes that no retry mends. A broken stream surfaces as any of the others in a simulated network.
fn is_final(status: &tonic::Status) -> bool {
    use tonic::Code::{AlreadyExists, FailedPrecondition, InvalidArgument, Unimplemented};
    matches!(status.code(), AlreadyExists | FailedPrecondition | InvalidArgument | Unimplemented)
}

impl History {
    /// Checks that every batch of the run is settled exactly once, at the producer, in the store and
    /// before the watcher's eyes.
    ///
    /// # Errors
    /// What was not so.
    pub fn check(&self, batches: u64) -> Result<(), String> {
        let run = self.run.as_ref().ok_or("the run did not end")?;
        let counts =
            (run.batches_sent, run.batches_settled, run.batches_rejected, run.batches_missed);
        if counts != (batches, batches, 0, 0) {
            return Err(format!("sent, settled, rejected, missed: {counts:?}"));
        }
        in_sequence("stored", &self.stored, batches)?;
        in_sequence("watched", &self.watched, batches)?;
        let ids: HashSet<&str> = self.stored.iter().map(|plan| plan.batch_id.as_str()).collect();
        if ids.len() as u64 != batches {
            return Err(format!("{} different batches are stored", ids.len()));
        }
        let total: f64 = self.stored.iter().map(|plan| plan.total).sum();
        if total != run.total {
            return Err(format!("the store's total is {total}, the run's {}", run.total));
        }
        Ok(())
    }
}

fn in_sequence(what: &str, plans: &[Plan], batches: u64) -> Result<(), String> {
    let sequences: Vec<u64> = plans.iter().map(|plan| plan.sequence).collect();
    if sequences == (1..=batches).collect::<Vec<_>>() {
        return Ok(());
    }
    Err(format!("{what}: {sequences:?} where 1 to {batches} are due"))
}

//! GetPlan: a plan's rows, a part at a time.

use std::sync::Arc;

use futures_util::{Stream, stream};
use proto::BatchId;
use proto::Violations;
use proto::analytics::v1::{GetPlanRequest, GetPlanResponse, get_plan_response::Item};
use proto::logistics::v1::PlanPart;
use tonic::Status;

use super::plans::decode;
use crate::store::{Store, StoredPlan};
use crate::{Analytics, Error, wire};

/// The parts of one plan, in order.
pub(crate) struct Rows {
    store: Arc<dyn Store>,
    batch_id: BatchId,
    sequence: u64,
    next: Option<u32>,
}

impl Rows {
    /// The rows of a plan, from the first.
    pub(crate) fn of(store: Arc<dyn Store>, plan: &StoredPlan) -> Rows {
        let (batch_id, sequence) = (plan.facts.batch_id, plan.sequence);
        Rows { store, batch_id, sequence, next: Some(0) }
    }

    /// The next part.
    pub(crate) async fn next(&mut self) -> Option<Result<PlanPart, Error>> {
        let number = self.next.take()?;
        // One byte is enough for one part.
        let part = match self.store.parts(vec![self.sequence], number, 1).await {
            Ok(parts) => parts.into_iter().next()?,
            Err(error) => return Some(Err(error)),
        };
        Some(decode(&part).map(|mut rows| {
            self.next = rows.more.then_some(number + 1);
            rows.batch_id = self.batch_id.to_string();
            rows
        }))
    }
}

/// The plan of a batch, with its rows as they are read.
pub(crate) async fn get_plan(
    analytics: &Analytics,
    request: GetPlanRequest,
) -> Result<impl Stream<Item = Result<GetPlanResponse, Status>> + Send + use<>, Status> {
    let batch_id: BatchId = request.batch_id.parse().map_err(|problem: proto::InvalidId| {
        let mut violations = Violations::new();
        violations.add("batch_id", problem.to_string());
        violations.into_status().unwrap_or_else(|| Status::invalid_argument("batch_id"))
    })?;
    let plan = analytics.plan(batch_id).await?;
    let summary = GetPlanResponse { item: Some(Item::Plan(wire::plan(&plan))) };
    let rows = Rows::of(Arc::clone(&analytics.store), &plan);
    let rows = stream::unfold(rows, |mut rows| async {
        let part = rows.next().await?;
        let part = part.map(|part| GetPlanResponse { item: Some(Item::Part(part)) });
        Some((part.map_err(|error| error.status()), rows))
    });
    Ok(stream::select_with_strategy(stream::iter([Ok(summary)]), rows, |_: &mut ()| {
        stream::PollNext::Left
    }))
}

//! Runs and rosters as the wire shows them.

use std::time::Duration;

use prost::Message;
use proto::{
    RunId,
    producer::v1::{Roster, Run, RunState, StartRunRequest},
};

use crate::{
    moment::Moment,
    run::{
        machine::{Ending, Phase, Standing},
        schedule::Behind,
    },
};

/// A batch that fell due this short a time ago is on its way, not late.
const ON_TIME: Duration = Duration::from_millis(100);

/// A run as it stands.
pub(crate) fn run(id: RunId, start: Moment, request: &StartRunRequest, standing: &Standing) -> Run {
    let saved = &standing.saved;
    let (state, end) = match &saved.phase {
        Phase::Running => (RunState::Running, None),
        Phase::Draining(_) => (RunState::Draining, None),
        Phase::Ended(Ending::Finished, at) => (RunState::Finished, Some(*at)),
        Phase::Ended(Ending::Stopped, at) => (RunState::Stopped, Some(*at)),
        Phase::Ended(Ending::Failed(_), at) => (RunState::Failed, Some(*at)),
    };
    let failure = match &saved.phase {
        Phase::Draining(Ending::Failed(status)) | Phase::Ended(Ending::Failed(status), _) => {
            Some(status)
        }
        _ => saved.progress.last_error.as_ref(),
    };
    let totals = &saved.progress.totals;
    let behind = if standing.behind.by < ON_TIME { Behind::default() } else { standing.behind };
    Run {
        run_id: id.to_string(),
        state: state.into(),
        batches_sent: saved.sent,
        batches_settled: saved.progress.settled,
        batches_rejected: saved.progress.rejected,
        start_time: Some(start.to_timestamp()),
        end_time: end.map(Moment::to_timestamp),
        batches_behind: behind.batches,
        behind: (behind.batches > 0).then(|| behind.by.try_into().ok()).flatten(),
        batches_missed: saved.missed,
        shipments: totals.shipments,
        assigned: totals.assigned,
        // Exact up to 2⁵¹ points.
        total: totals.quarters as f64 / 4.0,
        greedy_total: totals.greedy_quarters as f64 / 4.0,
        error: failure.and_then(|status| tonic_types::pb::Status::decode(status.as_slice()).ok()),
        request: Some(request.clone()),
    }
}

/// Whether a run does nothing more.
pub(crate) fn is_final(run: &Run) -> bool {
    matches!(run.state(), RunState::Finished | RunState::Stopped | RunState::Failed)
}

/// A roster without its drivers.
pub(crate) fn roster(name: String, drivers: u32, create: Moment) -> Roster {
    Roster { name, drivers, create_time: Some(create.to_timestamp()) }
}

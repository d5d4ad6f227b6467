//! Whether every batch of an ended run is settled.

use proto::producer::v1::{Run, RunState};

/// Nothing when every batch is settled, or what is missing.
pub(crate) fn shortcoming(run: &Run) -> Option<String> {
    let mut short = Vec::new();
    let why = run.error.as_ref().map(|error| error.message.as_str()).filter(|why| !why.is_empty());
    if run.state() == RunState::Failed {
        short.push("it failed".to_owned());
    }
    if run.batches_rejected > 0 {
        short.push(format!(
            "{} of {} batches were rejected",
            run.batches_rejected, run.batches_sent
        ));
    }
    let unanswered = run.batches_sent.saturating_sub(run.batches_settled + run.batches_rejected);
    if unanswered > 0 {
        short.push(format!("{unanswered} of {} batches are not settled", run.batches_sent));
    }
    if run.batches_missed > 0 {
        short.push(format!("{} batches fell due and were never sent", run.batches_missed));
    }
    let never_due = never_due(run);
    if never_due > 0 && short.is_empty() {
        short.push(format!("it ended {never_due} batches before its limit"));
    }
    if short.is_empty() {
        return None;
    }
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    Some(format!("run {}: {}{why}", run.run_id, short.join(", ")))
}

/// Batches that the limit asks for and nobody made. A run that also has a time may end before its limit.
fn never_due(run: &Run) -> u64 {
    let limit = run.request.as_ref().filter(|r| r.run_for.is_none()).map_or(0, |r| r.batch_limit);
    limit.saturating_sub(run.batches_sent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::producer::v1::StartRunRequest;

    fn run(sent: u64, settled: u64, rejected: u64, limit: u64) -> Run {
        Run {
            run_id: "r".to_owned(),
            state: RunState::Finished.into(),
            batches_sent: sent,
            batches_settled: settled,
            batches_rejected: rejected,
            request: Some(StartRunRequest { batch_limit: limit, ..StartRunRequest::default() }),
            ..Run::default()
        }
    }

    #[test]
    fn only_a_run_whose_every_batch_is_settled_is_well() {
        assert_eq!(shortcoming(&run(10, 10, 0, 10)), None);
        assert_eq!(shortcoming(&run(10, 10, 0, 0)), None);
        for (bad, text) in [
            (run(10, 9, 1, 10), "run r: 1 of 10 batches were rejected"),
            (run(10, 9, 0, 10), "run r: 1 of 10 batches are not settled"),
            (run(7, 7, 0, 10), "run r: it ended 3 batches before its limit"),
            (
                Run { batches_missed: 2, ..run(7, 7, 0, 0) },
                "run r: 2 batches fell due and were never sent",
            ),
            (Run { state: RunState::Failed.into(), ..run(0, 0, 0, 0) }, "run r: it failed"),
        ] {
            assert_eq!(shortcoming(&bad).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_refusal_says_why() {
        let error =
            Some(tonic_types::pb::Status { message: "too large".to_owned(), ..Default::default() });
        let text = shortcoming(&Run { error, ..run(2, 1, 1, 0) });
        assert_eq!(text.as_deref(), Some("run r: 1 of 2 batches were rejected (too large)"));
    }
}

//! Follows a run to its end, whatever happens to the producer on the way.

use proto::producer::v1::{Run, RunState, WatchRunRequest};
use tonic::Status;

use super::client;
use crate::{client::Peer, error::Error};

/// Shows each state of the run to `seen`, and gives the last. Connects again when the stream breaks:
/// the producer keeps runs over a restart.
pub(crate) async fn follow(
    peer: &Peer,
    run_id: &str,
    mut seen: impl FnMut(&Run) -> Result<(), Error>,
) -> Result<Run, Error> {
    let mut patience = peer.patience();
    loop {
        let request = WatchRunRequest { run_id: run_id.to_owned() };
        let mut stream = match client(peer).watch_run(request).await {
            Ok(stream) => stream.into_inner(),
            Err(status) => {
                patience.after(peer, status).await?;
                continue;
            }
        };
        let status = loop {
            match stream.message().await {
                Ok(Some(run)) => {
                    patience.heard();
                    seen(&run)?;
                    if is_final(run.state()) {
                        return Ok(run);
                    }
                }
                Ok(None) => break Status::unavailable("the stream ended before the run"),
                Err(status) => break status,
            }
        };
        patience.after(peer, status).await?;
    }
}

/// Whether the run has ended.
pub(super) fn is_final(state: RunState) -> bool {
    matches!(state, RunState::Finished | RunState::Stopped | RunState::Failed)
}

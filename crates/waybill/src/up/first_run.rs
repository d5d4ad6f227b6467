//! The first run: real addresses, so that there is something to see.

use domain::Records;
use proto::{
    RunId,
    producer::v1::{
        ListRunsRequest, Records as Given, Run, RunState, StartRunRequest,
        producer_service_client::ProducerServiceClient, start_run_request::Source,
    },
};

use crate::{client::Peer, error::Error};

/// Where they come from is in SOURCE.md beside them.
const SHIPMENTS: &str = include_str!("../../../../data/us-3850/shipments.txt");
const DRIVERS: &str = include_str!("../../../../data/us-3850/drivers.txt");

/// What it is, for those who look at it.
const DESCRIPTION: &str = "first run: real addresses of the data set data/us-3850";

/// Seconds between batches: slow enough to read along.
const INTERVAL_SECONDS: i64 = 2;
/// Batches: ten minutes and some 90 MB of plans, for whoever forgets that it runs.
const BATCHES: u64 = 300;

/// Starts it, unless a run is going on already: that one goes on by itself.
pub(super) async fn start(producer: &str) -> Result<(), Error> {
    let uri = producer.parse().expect("it is made of an address");
    let peer = Peer::new(&uri);
    let client = || ProducerServiceClient::new(peer.channel());
    let runs = peer
        .call(|_| async {
            let request = ListRunsRequest { page_size: 50, page_token: String::new() };
            client().list_runs(request).await
        })
        .await?;
    let goes_on = |run: &&Run| matches!(run.state(), RunState::Running | RunState::Draining);
    if let Some(run) = runs.runs.iter().find(goes_on) {
        tracing::info!(run_id = run.run_id, "a run goes on, no first run is started");
        return Ok(());
    }
    let request = StartRunRequest {
        source: Some(Source::Records(given())),
        interval: Some(prost_types::Duration { seconds: INTERVAL_SECONDS, nanos: 0 }),
        batch_limit: BATCHES,
        description: DESCRIPTION.to_owned(),
        run_id: RunId::now().to_string(),
        ..StartRunRequest::default()
    };
    let run = peer.call(|_| async { client().start_run(request.clone()).await }).await?;
    tracing::info!(run_id = run.run_id, interval_seconds = INTERVAL_SECONDS, "first run started");
    Ok(())
}

fn given() -> Given {
    let parse = |text: &str| Records::parse_lines(text).unwrap_or_default();
    let (shipments, drivers) = (parse(SHIPMENTS), parse(DRIVERS));
    Given {
        shipments: (0..shipments.len()).map(|i| proto::records::shipment(&shipments, i)).collect(),
        drivers: (0..drivers.len()).map(|i| proto::records::driver(&drivers, i)).collect(),
        roster: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    #[test]
    fn the_first_run_has_all_real_addresses_and_fits_a_message() {
        let given = given();
        assert_eq!((given.shipments.len(), given.drivers.len()), (3850, 3500));
        assert!(given.encoded_len() < proto::MAX_MESSAGE_BYTES);
    }
}

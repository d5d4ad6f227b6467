//! How long one batch takes from being sent to being settled, at moderate load.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use producer::synthetic;
use proto::{
    BatchId,
    fleet::v1::{
        BatchPart, DispatchRequest, dispatch_request::Event as Say,
        dispatch_response::Event as Heard, fleet_service_client::FleetServiceClient,
    },
    logistics::v1::{Hello, PlanDetail},
};
use tokio::{
    sync::mpsc,
    time::{Interval, MissedTickBehavior, interval},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::{children::System, pipeline::RECORDS, statistics::quantile};
use crate::{client, error::Error};

/// Share of the highest rate at which batches are sent.
const LOAD: f64 = 0.3;
/// Batches a second at most: a timer of milliseconds paces them.
const FASTEST: f64 = 1_000.0;
/// Batches on their way at most.
const IN_FLIGHT: usize = 256;

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Latency {
    pub(super) batches_per_second: f64,
    pub(super) p50: Duration,
    pub(super) p99: Duration,
}

/// Sends batches at a share of `highest` a second for this time, and waits for their answers.
pub(super) async fn measure(
    system: &System,
    time: Duration,
    highest: f64,
) -> Result<Latency, Error> {
    let rate = (highest * LOAD).clamp(1.0, FASTEST);
    let (outbound, requests) = mpsc::channel(IN_FLIGHT);
    let hello = Hello {
        peer: "bench".to_owned(),
        plan_detail: PlanDetail::Totals.into(),
        ..Hello::default()
    };
    let mut stream = Stream { outbound, sent: HashMap::new() };
    stream.say(Say::Hello(hello)).await?;
    let mut fleet = FleetServiceClient::new(system.fleet().channel());
    let opened = fleet.dispatch(ReceiverStream::new(requests)).await;
    let mut inbound = opened.map_err(|status| failed(&status))?.into_inner();

    let mut pace = interval(Duration::from_secs_f64(1.0 / rate));
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut times = stream.exchange(&mut inbound, &mut pace, time).await?;
    Ok(Latency {
        batches_per_second: rate,
        p50: quantile(&mut times, 0.5),
        p99: quantile(&mut times, 0.99),
    })
}

/// One Dispatch stream, and when each batch on it was due to be sent.
struct Stream {
    outbound: mpsc::Sender<DispatchRequest>,
    sent: HashMap<String, Instant>,
}

impl Stream {
    async fn say(&self, event: Say) -> Result<(), Error> {
        let said = self.outbound.send(DispatchRequest { event: Some(event) }).await;
        said.map_err(|_| Error::Bench("the fleet service closed the stream".to_owned()))
    }

    /// Sends at each tick until the time is over, and listens until everything is answered.
    async fn exchange(
        &mut self,
        inbound: &mut Streaming<proto::fleet::v1::DispatchResponse>,
        pace: &mut Interval,
        time: Duration,
    ) -> Result<Vec<Duration>, Error> {
        let (begun, mut number, mut times) = (Instant::now(), 0, Vec::new());
        loop {
            let sending = begun.elapsed() < time;
            if !sending && self.sent.is_empty() {
                return Ok(times);
            }
            tokio::select! {
                // From the tick on: a batch that has to wait its turn has waited.
                due = pace.tick(), if sending && self.sent.len() < IN_FLIGHT => {
                    let batch = batch(number);
                    number += 1;
                    self.sent.insert(batch.batch_id.clone(), due.into_std());
                    self.say(Say::Batch(batch.into())).await?;
                }
                heard = inbound.message() => {
                    let heard = heard.map_err(|status| failed(&status))?;
                    times.extend(self.hear(heard.and_then(|heard| heard.event))?);
                }
            }
        }
    }

    /// The time of the batch that is answered, if one is.
    fn hear(&mut self, event: Option<Heard>) -> Result<Option<Duration>, Error> {
        match event {
            Some(Heard::Settled(settled)) => {
                Ok(self.sent.remove(&settled.batch_id).map(|due| due.elapsed()))
            }
            Some(Heard::Rejected(rejected)) => {
                let status = rejected.status.unwrap_or_default();
                Err(Error::Bench(format!("a batch was rejected: {}", status.message)))
            }
            Some(Heard::Welcome(_) | Heard::Plan(_)) => Ok(None),
            Some(Heard::Drain(_)) | None => {
                Err(Error::Bench("the fleet service stopped".to_owned()))
            }
        }
    }
}

fn batch(number: u64) -> BatchPart {
    let shipments = synthetic::shipments(3, number, RECORDS);
    let drivers = synthetic::drivers(3, 0, RECORDS);
    BatchPart {
        batch_id: BatchId::now().to_string(),
        shipments: (0..shipments.len()).map(|i| proto::records::shipment(&shipments, i)).collect(),
        drivers: (0..drivers.len()).map(|i| proto::records::driver(&drivers, i)).collect(),
        ..BatchPart::default()
    }
}

fn failed(status: &Status) -> Error {
    Error::Bench(format!("dispatch: {}", client::cause(status)))
}

//! The client of the RecordPlans stream: what fleet and analytics say to each other.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use prost::Message;
use proto::{
    BatchId,
    analytics::v1::{
        RecordPlansRequest, RecordPlansResponse, Recorded,
        ingest_service_client::IngestServiceClient, record_plans_request, record_plans_response,
    },
    fleet::v1::{DispatchResponse, Settled, dispatch_response},
    from_rpc_status,
    logistics::v1::{Hello, PlanDetail, PlanPart},
};
use runtime::{
    Process,
    acked::{Credit, Dialect, Heard, outbox::Parts},
};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming, transport::Channel};

use crate::{
    error::BatchError,
    in_flight::{InFlight, Waiter},
    metrics::Metrics,
    rows::{self, Planned},
};

/// A plan on its way to the store.
pub(crate) struct Outgoing {
    pub(crate) planned: Arc<Planned>,
    /// When its first part was handed to the stream.
    sent: OnceLock<Instant>,
}

impl Outgoing {
    pub(crate) fn new(planned: Arc<Planned>) -> Self {
        Self { planned, sent: OnceLock::new() }
    }
}

/// What the store said of a plan.
pub(crate) type Answer = Result<Recorded, Status>;

/// RecordPlans, seen from its client.
pub(crate) struct Record {
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) process: Process,
    pub(crate) metrics: Metrics,
}

impl Dialect for Record {
    type Id = BatchId;
    type Item = Outgoing;
    type Out = RecordPlansRequest;
    type In = RecordPlansResponse;
    type Answer = Answer;

    async fn open(
        &self,
        channel: Channel,
        outbound: ReceiverStream<RecordPlansRequest>,
    ) -> Result<Streaming<RecordPlansResponse>, Status> {
        let mut client = IngestServiceClient::new(channel);
        Ok(client.record_plans(outbound).await?.into_inner())
    }

    fn hello(&self) -> RecordPlansRequest {
        let hello = Hello {
            peer: self.process.name.clone(),
            plan_detail: PlanDetail::Unspecified.into(),
            version: self.process.version.clone(),
            start_time: self.process.start_time(),
        };
        RecordPlansRequest { event: Some(record_plans_request::Event::Hello(hello)) }
    }

    fn parts(&self, item: &Outgoing, _attempt: u32) -> Parts<RecordPlansRequest> {
        item.sent.get_or_init(Instant::now);
        let encoded =
            |part| RecordPlansRequest { event: Some(record_plans_request::Event::Encoded(part)) };
        Box::new(rows::parts(Arc::clone(&item.planned)).map(encoded))
    }

    fn hear(&self, message: RecordPlansResponse) -> Heard<BatchId, Answer> {
        use record_plans_response::Event;
        let answer = |id: &str, answer| match id.parse() {
            Ok(id) => Heard::Answer(id, answer),
            Err(_) => Heard::Other,
        };
        match message.event {
            Some(Event::Welcome(welcome)) => Heard::Welcome(
                Credit {
                    items: welcome.max_batches.max(1) as usize,
                    bytes: welcome.max_bytes.max(1),
                },
                Process::said(&welcome.peer, &welcome.version, welcome.start_time.as_ref()),
            ),
            Some(Event::Recorded(recorded)) => answer(&recorded.batch_id.clone(), Ok(recorded)),
            Some(Event::Rejected(rejected)) => {
                let status = rejected
                    .status
                    .as_ref()
                    .map_or_else(|| Status::unknown("refused without a reason"), from_rpc_status);
                answer(&rejected.batch_id, Err(status))
            }
            Some(Event::Drain(drain)) => Heard::Drain(
                drain.deadline.and_then(|time| Duration::try_from(time).ok()).unwrap_or_default(),
            ),
            None => Heard::Other,
        }
    }

    fn answered(&self, item: Outgoing, answer: Answer, _attempts: u32) {
        let planned = item.planned;
        let commit = item.sent.get().map(Instant::elapsed).unwrap_or_default();
        match answer {
            Ok(recorded) => {
                self.metrics.recorded(&planned, commit);
                for waiter in self.in_flight.take(planned.batch_id) {
                    self.metrics.settled();
                    settle(waiter, &planned, &recorded, commit);
                }
            }
            Err(status) => {
                let status = BatchError::Store(status).into();
                self.in_flight.refuse(planned.batch_id, &status);
            }
        }
    }
}

/// Answers one who waits: with the rows before, if they were asked for.
fn settle(waiter: Waiter, planned: &Arc<Planned>, recorded: &Recorded, commit: Duration) {
    let settled = settled(planned, recorded, commit);
    let Waiter { mut reply, detail } = waiter;
    match detail {
        PlanDetail::Totals => reply.done(settled),
        PlanDetail::Full | PlanDetail::Unspecified => {
            let planned = Arc::clone(planned);
            // Ends with the rows, or with the stream that they are for.
            tokio::spawn(async move {
                for part in rows::parts(planned) {
                    // Written a moment ago, for another stream.
                    let Ok(part) = PlanPart::decode(part) else { return };
                    let event = dispatch_response::Event::Plan(part);
                    reply.part(DispatchResponse { event: Some(event) }).await;
                }
                reply.done(settled);
            });
        }
    }
}

fn settled(planned: &Planned, recorded: &Recorded, commit: Duration) -> DispatchResponse {
    let settled = Settled {
        batch_id: planned.batch_id.to_string(),
        sequence: recorded.sequence,
        record_time: recorded.record_time,
        shipments: planned.shipments.len() as u32,
        drivers: planned.drivers.len() as u32,
        assigned: planned.plan.assigned() as u32,
        total: planned.plan.total().as_f64(),
        greedy_total: planned.plan.greedy_total().as_f64(),
        timings: Some(planned.timings()),
        commit: prost_types::Duration::try_from(commit).ok(),
        duplicate: recorded.duplicate,
    };
    DispatchResponse { event: Some(dispatch_response::Event::Settled(settled)) }
}

//! The server of the Dispatch stream: what producer and fleet say to each other.

use std::{sync::Arc, time::Duration};

use prost::Message;
use proto::{
    BatchId, MAX_MESSAGE_BYTES,
    fleet::v1::{
        DispatchRequest, DispatchResponse, dispatch_request, dispatch_response,
        fleet_service_server::FleetService,
    },
    logistics::v1::{Drain, PlanDetail, Rejected, Welcome},
    to_rpc_status,
};
use runtime::{
    Process,
    acked::{self, Intake, Limits, Outbox, Part, Reply, Served, Spoken},
    lifecycle::Shutdown,
    trace::{self, Spans, TraceContext},
    workers::{self, WorkerGone, Workers},
};
use tokio::time::Instant;
use tonic::{Request, Response, Status, Streaming};
use tracing::Span;

use crate::{
    admission::Admission,
    arriving::{Arriving, Batch},
    error::BatchError,
    in_flight::{InFlight, Joined, Waiter},
    metrics::Metrics,
    planning::Scored,
    record::{Outgoing, Record},
    rows::{Planned, Times},
};

/// Pairs of a shipment and a driver up to which a batch is solved where it came in, in less time than it
/// took to come in. A thread that sleeps costs more to wake.
const SMALL_PAIRS: usize = 64 * 64;

/// Dispatch, seen from its server. Cheap to clone: everything in it is shared.
#[derive(Clone)]
pub(crate) struct Dispatch {
    pub(crate) outbox: Outbox<Record>,
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) solvers: Workers,
    pub(crate) admission: Admission,
    pub(crate) spans: Spans,
    pub(crate) process: Process,
    pub(crate) metrics: Metrics,
}

impl Intake for Dispatch {
    type Id = BatchId;
    type In = DispatchRequest;
    type Out = DispatchResponse;
    type Session = PlanDetail;
    type Assembly = Arriving;

    fn hear(&self, message: &DispatchRequest) -> Spoken<BatchId, PlanDetail> {
        match &message.event {
            Some(dispatch_request::Event::Hello(hello)) => {
                tracing::debug!(peer = hello.peer, "hello");
                let started = hello.start_time.as_ref();
                let process = Process::said(&hello.peer, &hello.version, started);
                Spoken::Hello(hello.plan_detail(), process)
            }
            Some(dispatch_request::Event::Batch(part)) => match part.head.batch_id.parse() {
                Ok(id) => Spoken::Part(Part {
                    id,
                    index: part.head.part,
                    more: part.head.more,
                    bytes: message.encoded_len() as u64,
                    item_bytes: part.head.batch_bytes,
                }),
                Err(invalid) => Spoken::Bad {
                    id: part.head.batch_id.clone(),
                    status: BatchError::invalid(
                        "batch_id",
                        format!("{:?} {invalid}", part.head.batch_id),
                    )
                    .into(),
                },
            },
            // What is encoded is sent and never read.
            Some(dispatch_request::Event::Encoded(_)) | None => Spoken::Violation(
                Status::invalid_argument("event: a message must be a hello or a batch"),
            ),
        }
    }

    fn begin(&self, detail: &PlanDetail, first: &DispatchRequest) -> Result<Arriving, Status> {
        let Some(dispatch_request::Event::Batch(part)) = &first.event else {
            return Err(Status::internal("not a part of a batch"));
        };
        let bytes = part.head.batch_bytes.max(part.body().len() as u64);
        Ok(Arriving::begin(&part.head, bytes, *detail, &self.admission)?)
    }

    fn extend(&self, arriving: &mut Arriving, message: DispatchRequest) -> Result<(), Status> {
        match message.event {
            Some(dispatch_request::Event::Batch(part)) => Ok(arriving.extend(&part)?),
            _ => Ok(()),
        }
    }

    fn complete(&self, id: BatchId, arriving: Arriving, reply: Reply<Self>) {
        let (batch, detail) = match arriving.finish() {
            Ok(whole) => whole,
            Err(error) => return reply.rejected(error.into()),
        };
        let stream = reply.stream_trace();
        match self.in_flight.join(id, batch.digest, Waiter { reply, detail }) {
            Joined::First => self.plan(id, batch, &stream),
            Joined::Again => {}
            Joined::OtherContent(waiter) => waiter.reply.rejected(BatchError::OtherContent.into()),
        }
    }

    fn stream_span(&self) -> Span {
        self.spans.stream("waybill.fleet.v1.FleetService/Dispatch")
    }

    fn welcome(&self, limits: &Limits) -> DispatchResponse {
        say(dispatch_response::Event::Welcome(Welcome {
            max_batches: u32::try_from(limits.credit.items).unwrap_or(u32::MAX),
            max_bytes: limits.credit.bytes,
            max_message_bytes: limits.max_message_bytes,
            max_batch_bytes: limits.max_item_bytes,
            peer: self.process.name.clone(),
            version: self.process.version.clone(),
            start_time: self.process.start_time(),
        }))
    }

    fn drain(&self, within: Duration) -> DispatchResponse {
        let deadline = prost_types::Duration::try_from(within).ok();
        say(dispatch_response::Event::Drain(Drain { deadline }))
    }

    fn rejected(&self, id: &str, status: Status) -> DispatchResponse {
        self.metrics.rejected(status.code());
        tracing::debug!(batch_id = id, code = ?status.code(), reason = status.message(), "batch rejected");
        say(dispatch_response::Event::Rejected(Rejected {
            batch_id: id.to_owned(),
            status: Some(to_rpc_status(&status)),
        }))
    }
}

impl Dispatch {
    /// Has a batch solved. The thread that does it hands its plan on: its answer goes to whoever waits.
    fn plan(&self, id: BatchId, batch: Batch, stream: &TraceContext) {
        let span = self.spans.batch("plan batch", &batch.envelope.trace);
        trace::link(&span, stream);
        trace::attribute(&span, "waybill.attempt", i64::from(batch.envelope.attempt));
        let spans = self.spans;
        if batch.shipments.len() * batch.drivers.len() <= SMALL_PAIRS {
            let solved = workers::caught(|| solve(id, batch, &spans, &span));
            return self.hand_on(id, &span, solved);
        }
        let solving = span.clone();
        let this = self.clone();
        let begun = self.solvers.start(
            move || solve(id, batch, &spans, &solving),
            move |solved| this.hand_on(id, &span, solved),
        );
        if let Err(job) = begun {
            let this = self.clone();
            // Waits for its turn; as many of these as batches are admitted.
            tokio::spawn(async move {
                if let Err(gone) = this.solvers.run(job).await {
                    this.refuse(id, &Span::none(), BatchError::SolverGone(gone.reason));
                }
            });
        }
    }

    /// Hands a plan to the store's stream, or refuses the batch.
    fn hand_on(
        &self,
        id: BatchId,
        span: &Span,
        solved: Result<Result<Planned, BatchError>, WorkerGone>,
    ) {
        let planned = match solved {
            Ok(Ok(planned)) => Arc::new(planned),
            Ok(Err(error)) => return self.refuse(id, span, error),
            Err(gone) => {
                tracing::error!(batch_id = %id, reason = gone.reason, "solver panicked");
                return self.refuse(id, span, BatchError::SolverGone(gone.reason));
            }
        };
        let bytes = planned.bytes();
        if self.outbox.offer(id, Outgoing::new(planned), bytes).is_err() {
            self.refuse(id, span, BatchError::Stopping);
        }
    }

    fn refuse(&self, id: BatchId, span: &Span, error: BatchError) {
        let status = error.into();
        trace::failed(span, Status::code(&status), status.message());
        self.in_flight.refuse(id, &status);
    }
}

/// Score, solve, certify. Runs on a solver thread.
fn solve(
    batch_id: BatchId,
    batch: Batch,
    spans: &Spans,
    span: &Span,
) -> Result<Planned, BatchError> {
    let Batch { envelope, shipments, drivers, streets, traits, digest, score_time } = batch;
    let begun = Instant::now();
    in_time(&envelope.deadline)?;
    let queue = begun.duration_since(envelope.received).saturating_sub(score_time);

    let step = spans.step("score", span);
    let scored =
        Scored::new(streets.finish(), traits.finish()).map_err(BatchError::TooManyRecords)?;
    drop(step);
    let scored_at = Instant::now();

    let step = spans.step("solve", span);
    let plan = scored.solve().map_err(BatchError::TooManyRecords)?;
    drop(step);
    let solved_at = Instant::now();

    let step = spans.step("certify", span);
    plan.certify().map_err(BatchError::NotCertified)?;
    drop(step);
    in_time(&envelope.deadline)?;

    let times = Times {
        queue,
        score: score_time + (scored_at - begun),
        solve: solved_at - scored_at,
        certify: solved_at.elapsed(),
    };
    let trace = trace::context_of(span, &envelope.trace);
    Ok(Planned { batch_id, envelope, shipments, drivers, digest, plan, times, trace })
}

fn in_time(deadline: &Option<Instant>) -> Result<(), BatchError> {
    match deadline {
        Some(deadline) if Instant::now() >= *deadline => Err(BatchError::TooLate),
        _ => Ok(()),
    }
}

fn say(event: dispatch_response::Event) -> DispatchResponse {
    DispatchResponse { event: Some(event) }
}

/// The gRPC service: one call, one stream.
pub(crate) struct Fleet {
    pub(crate) dispatch: Arc<Dispatch>,
    pub(crate) limits: Limits,
    pub(crate) served: Arc<Served>,
    pub(crate) shutdown: Shutdown,
}

/// A message that is over the limit, but not by much, is refused with its batch; beyond this the stream
/// ends.
pub(crate) const MAX_DECODED_BYTES: usize = 4 * MAX_MESSAGE_BYTES;

#[tonic::async_trait]
impl FleetService for Fleet {
    type DispatchStream = acked::intake::Outbound<DispatchResponse>;

    async fn dispatch(
        &self,
        request: Request<Streaming<DispatchRequest>>,
    ) -> Result<Response<Self::DispatchStream>, Status> {
        let inbound = request.into_inner();
        let dispatch = Arc::clone(&self.dispatch);
        let (limits, shutdown) = (self.limits, self.shutdown.clone());
        Ok(Response::new(acked::serve(dispatch, inbound, limits, &self.served, shutdown)))
    }
}

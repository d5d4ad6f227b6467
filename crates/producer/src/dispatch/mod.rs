//! What the producer says on `Dispatch`, the acked stream to the fleet service.

pub(crate) mod parts;
pub(crate) mod trace;

use std::{sync::Arc, time::Duration};

use proto::{
    BatchId, MAX_MESSAGE_BYTES,
    fleet::v1::{
        BatchPart, DispatchRequest, DispatchResponse, Settled, dispatch_request, dispatch_response,
        fleet_service_client::FleetServiceClient,
    },
    from_rpc_status,
    logistics::v1::{Drain, Hello, PlanDetail, Rejected},
};
use runtime::{
    Process,
    acked::{Credit, Dialect, Heard, outbox::Parts},
    trace::{Sampler, TraceContext},
};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming, transport::Channel};
use tonic_types::StatusExt;

use crate::{
    metrics::Metrics,
    request::Spec,
    run::{
        live::LiveRun,
        progress::{Outcome, Totals},
    },
    source::Batch,
};
use parts::Cuts;
pub use trace::Traces;
use trace::{Ended, Tries, trace_of};

/// When a batch is sent again whose refusal does not say.
const RETRY_DEFAULT: Duration = Duration::from_secs(1);
/// What a refusal may say at most and at least.
const RETRY_LEAST: Duration = Duration::from_millis(50);
const RETRY_MOST: Duration = Duration::from_secs(300);

/// A batch on its way, kept until it is answered.
#[derive(Debug)]
pub struct Item {
    run: Arc<LiveRun>,
    number: u64,
    batch: Batch,
    cuts: Arc<Cuts>,
    /// Part 0 without records.
    head: BatchPart,
    trace: TraceContext,
    /// When it was made.
    made: Instant,
    /// What was before.
    tries: Tries,
}

impl Item {
    /// A batch of a run, ready to be sent.
    pub fn new(
        run: Arc<LiveRun>,
        spec: &Spec,
        number: u64,
        batch: Batch,
        sampler: &Sampler,
    ) -> Self {
        let id = run.batch_id(number);
        let trace = trace_of(id, sampler);
        let head = BatchPart {
            batch_id: id.to_string(),
            run_id: run.id().to_string(),
            street_name: spec.street_name.into(),
            timeout: spec.batch_timeout.and_then(|timeout| timeout.try_into().ok()),
            traceparent: trace.traceparent(),
            tracestate: trace.tracestate().to_owned(),
            ..BatchPart::default()
        };
        let cuts = Arc::new(Cuts::of(&batch, &head));
        let tries = run.tries(number);
        Self { run, number, batch, cuts, head, trace, made: Instant::now(), tries }
    }

    /// Bytes of its messages, at most.
    pub fn bytes(&self) -> u64 {
        self.cuts.bytes()
    }
}

/// An answer to a batch.
#[derive(Debug)]
pub enum Answer {
    /// Its plan is durable.
    Settled(Settled),
    /// It was refused.
    Rejected(tonic_types::pb::Status),
}

/// The client's side of `Dispatch`.
#[derive(Debug)]
pub struct Dispatch {
    process: Process,
    metrics: Metrics,
    traces: Traces,
}

impl Dispatch {
    /// As this process.
    pub fn new(process: Process, metrics: Metrics, traces: Traces) -> Self {
        Self { process, metrics, traces }
    }
}

impl Dialect for Dispatch {
    type Id = BatchId;
    type Item = Item;
    type Out = DispatchRequest;
    type In = DispatchResponse;
    type Answer = Answer;

    async fn open(
        &self,
        channel: Channel,
        outbound: ReceiverStream<DispatchRequest>,
    ) -> Result<Streaming<DispatchResponse>, Status> {
        let mut client = FleetServiceClient::new(channel)
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        Ok(client.dispatch(outbound).await?.into_inner())
    }

    fn hello(&self) -> DispatchRequest {
        let hello = Hello {
            peer: self.process.name.clone(),
            plan_detail: PlanDetail::Totals.into(),
            version: self.process.version.clone(),
            start_time: self.process.start_time(),
        };
        DispatchRequest { event: Some(dispatch_request::Event::Hello(hello)) }
    }

    fn parts(&self, item: &Item, attempt: u32) -> Parts<DispatchRequest> {
        let attempt = attempt.saturating_add(item.tries.attempts);
        let head = BatchPart { attempt, ..item.head.clone() };
        Box::new(parts::messages(item.batch.clone(), Arc::clone(&item.cuts), head))
    }

    fn hear(&self, message: DispatchResponse) -> Heard<BatchId, Answer> {
        match message.event {
            Some(dispatch_response::Event::Welcome(welcome)) => Heard::Welcome(
                Credit {
                    items: welcome.max_batches.max(1) as usize,
                    bytes: welcome.max_bytes.max(1),
                },
                Process::said(&welcome.peer, &welcome.version, welcome.start_time.as_ref()),
            ),
            Some(dispatch_response::Event::Settled(settled)) => {
                answer(&settled.batch_id.clone(), Answer::Settled(settled))
            }
            Some(dispatch_response::Event::Rejected(Rejected { batch_id, status })) => {
                answer(&batch_id, Answer::Rejected(status.unwrap_or_default()))
            }
            Some(dispatch_response::Event::Drain(Drain { deadline })) => {
                Heard::Drain(deadline.and_then(|d| d.try_into().ok()).unwrap_or_default())
            }
            // Rows of plans were not asked for.
            Some(dispatch_response::Event::Plan(_)) | None => Heard::Other,
        }
    }

    fn answered(&self, item: Item, answer: Answer, attempts: u32) {
        match answer {
            Answer::Settled(settled) => {
                let took = item.made.elapsed();
                let told = self.traces.ended(&item, attempts, Ended::Settled(&settled));
                let trace = if told.is_some() { item.trace.as_sampled() } else { item.trace };
                self.metrics.settled(took, &trace);
                item.run.answered(item.number, Outcome::Settled(totals(&settled)), told);
            }
            Answer::Rejected(status) => {
                let said = from_rpc_status(&status);
                let retry = retry_after(&said);
                self.metrics.refused(said.code(), retry.is_some());
                match retry {
                    Some(delay) => {
                        let tries = item.tries.and(attempts, item.made, said.message());
                        item.run.refused(item.number, delay, tries);
                    }
                    None => {
                        let told = self.traces.ended(&item, attempts, Ended::Rejected(&said));
                        let (run, number) = (item.run.id(), item.number);
                        tracing::warn!(%run, number, message = status.message, "batch rejected");
                        let status = prost::Message::encode_to_vec(&status);
                        item.run.answered(item.number, Outcome::Rejected(status), told);
                    }
                }
            }
        }
    }
}

fn answer(batch_id: &str, answer: Answer) -> Heard<BatchId, Answer> {
    match batch_id.parse() {
        Ok(id) => Heard::Answer(id, answer),
        Err(error) => {
            tracing::warn!(batch_id, %error, "an answer to no batch of ours");
            Heard::Other
        }
    }
}

fn totals(settled: &Settled) -> Totals {
    // Scores are multiples of a quarter, so this is exact.
    let quarters = |score: f64| (score * 4.0).round() as u64;
    Totals {
        shipments: settled.shipments.into(),
        assigned: settled.assigned.into(),
        quarters: quarters(settled.total),
        greedy_quarters: quarters(settled.greedy_total),
    }
}

/// When a refused batch is to be sent again; none: it is refused for good.
fn retry_after(status: &Status) -> Option<Duration> {
    let said = status.get_details_retry_info().and_then(|info| info.retry_delay);
    let delay = match status.code() {
        Code::Unavailable => said.unwrap_or(RETRY_DEFAULT),
        // Without a time to come back it is about the batch itself, such as its size.
        Code::ResourceExhausted => said?,
        _ => return None,
    };
    Some(delay.clamp(RETRY_LEAST, RETRY_MOST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::ErrorDetails;

    fn status(code: Code, retry: Option<u64>) -> Status {
        let mut details = ErrorDetails::new();
        if let Some(ms) = retry {
            details.set_retry_info(Some(Duration::from_millis(ms)));
        }
        Status::with_error_details(code, "", details)
    }

    #[test]
    fn what_passes_is_sent_again_and_what_does_not_is_not() {
        let ms = |ms| Some(Duration::from_millis(ms));
        let table = [
            (Code::Unavailable, None, ms(1_000)),
            (Code::Unavailable, Some(200), ms(200)),
            (Code::Unavailable, Some(1), ms(50)),
            (Code::ResourceExhausted, Some(200), ms(200)),
            (Code::ResourceExhausted, None, None),
            (Code::InvalidArgument, Some(200), None),
            (Code::AlreadyExists, None, None),
            (Code::DeadlineExceeded, None, None),
            (Code::Internal, None, None),
        ];
        for (code, said, expected) in table {
            let there = proto::to_rpc_status(&status(code, said));
            assert_eq!(retry_after(&from_rpc_status(&there)), expected, "{code:?} {said:?}");
        }
    }
}

//! What the producer says on `Dispatch`, the acked stream to the fleet service.

pub(crate) mod parts;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use proto::{
    BatchId, MAX_MESSAGE_BYTES,
    fleet::v1::{
        BatchPart, DispatchRequest, DispatchResponse, Settled, dispatch_request, dispatch_response,
        fleet_service_client::FleetServiceClient,
    },
    from_rpc_status,
    logistics::v1::{Drain, Hello, PlanDetail, Rejected, Timings},
};
use runtime::{
    Process,
    acked::{Credit, Dialect, Heard, outbox::Parts},
    trace::{Over, Sampler, Spans, TraceContext, attribute, failed},
};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming, transport::Channel};
use tonic_types::StatusExt;
use tracing::Span;

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

const SPANS: Spans = Spans::of("producer");
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
    span: Span,
    /// When it was made.
    made: Instant,
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
        let span = SPANS.root("send batch", &trace);
        attribute(&span, "waybill.batch_id", id.to_string());
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
        Self { run, number, batch, cuts, head, trace, span, made: Instant::now() }
    }

    /// Bytes of its messages, at most.
    pub fn bytes(&self) -> u64 {
        self.cuts.bytes()
    }
}

/// The trace of a batch, the same for each time it is sent.
fn trace_of(id: BatchId, sampler: &Sampler) -> TraceContext {
    // The id of a batch is no random number, and samplers expect one of a trace.
    let hash = blake3::hash(id.as_bytes());
    let mut trace_id = [0; 16];
    trace_id.copy_from_slice(&hash.as_bytes()[..16]);
    TraceContext::new_root(trace_id, sampler.decide(&trace_id))
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

/// Which batches have a trace.
#[derive(Debug, Clone, Copy)]
pub struct Traces {
    /// Decides before there is a span.
    pub sampler: Sampler,
    /// A batch that takes longer, and one that is rejected, has one in any case.
    pub slower_than: Duration,
}

impl Traces {
    /// Whether a batch that took this time is told of although it was not sampled.
    fn tells_of(&self, item: &Item, took: Duration) -> bool {
        self.sampler != Sampler::Never && !item.trace.sampled() && took > self.slower_than
    }
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
        attribute(&item.span, "waybill.attempts", i64::from(attempts));
        match answer {
            Answer::Settled(settled) => {
                let took = item.made.elapsed();
                let trace = match self.traces.tells_of(&item, took) {
                    true => {
                        tell(&item, took, attempts, &steps(&settled), None);
                        item.trace.as_sampled()
                    }
                    false => item.trace,
                };
                self.metrics.settled(took, &trace);
                item.run.answered(item.number, Outcome::Settled(totals(&settled)));
            }
            Answer::Rejected(status) => {
                failed(&item.span, &status.message);
                let said = from_rpc_status(&status);
                let retry = retry_after(&said);
                self.metrics.refused(said.code(), retry.is_some());
                match retry {
                    Some(delay) => item.run.refused(item.number, delay),
                    None => {
                        if self.traces.tells_of(&item, Duration::MAX) {
                            tell(&item, item.made.elapsed(), attempts, &[], Some(&status.message));
                        }
                        let (run, number) = (item.run.id(), item.number);
                        tracing::warn!(%run, number, message = status.message, "batch rejected");
                        let status = prost::Message::encode_to_vec(&status);
                        item.run.answered(item.number, Outcome::Rejected(status));
                    }
                }
            }
        }
    }
}

/// Tells of a batch afterwards, with the steps that its answer told.
fn tell(
    item: &Item,
    took: Duration,
    attempts: u32,
    steps: &[(&'static str, Duration)],
    failed: Option<&str>,
) {
    let over = Over {
        end: SystemTime::now(),
        took,
        steps,
        failed,
        attributes: &[
            ("waybill.batch_id", item.head.batch_id.clone()),
            ("waybill.attempts", attempts.to_string()),
        ],
    };
    SPANS.afterwards("send batch", &item.trace, over);
}

/// Where the time of a batch went after it was sent.
fn steps(settled: &Settled) -> [(&'static str, Duration); 5] {
    let time = |time: Option<prost_types::Duration>| {
        time.and_then(|time| Duration::try_from(time).ok()).unwrap_or_default()
    };
    let Timings { queue, score, solve, certify } = settled.timings.unwrap_or_default();
    let commit = settled.commit;
    [
        ("queue", queue),
        ("score", score),
        ("solve", solve),
        ("certify", certify),
        ("record plan", commit),
    ]
    .map(|(step, took)| (step, time(took)))
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

    #[test]
    fn a_batch_that_is_sent_again_stays_in_its_trace() {
        let (a, b) = (BatchId::now(), BatchId::now());
        let trace = |id| trace_of(id, &Sampler::Always).trace_id();
        assert_eq!(trace(a), trace(a));
        assert_ne!(trace(a), trace(b));
    }
}

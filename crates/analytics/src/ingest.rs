//! IngestService: plans in, proven and committed, answers out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use proto::analytics::v1::{
    RecordPlansRequest, RecordPlansResponse, Recorded, record_plans_request,
    record_plans_response::Event,
};
use proto::columns::{PlanColumns, RecordRow};
use proto::logistics::v1::{Drain, PlanHeader, Rejected, Side, Timings, Welcome};
use proto::{BatchId, RunId, Violations, to_rpc_status};
use runtime::Process;
use runtime::acked::{Credit, Intake, Limits, PART_TIMEOUT, Part, Reply, Spoken};
use runtime::trace::{Spans, TraceContext, attribute, link};
use tokio::time::Instant;
use tonic::Status;
use tracing::Span;

use crate::error::{no_room, taken};
use crate::metrics::Metrics;
use crate::proof::{Proof, Said, quarters};
use crate::store::{DriverKey, DriverShare, NewPlan, Outcome, PlanFacts, Steps};
use crate::wire::{timestamp, to_duration};
use crate::writer::{Job, Queue};

/// Bytes of one plan at most, over all its parts.
pub const MAX_PLAN_BYTES: u64 = 1 << 30;

/// Parts of one plan at most: what a part's number in the store has bits for.
const MAX_PARTS: usize = 1 << 20;

/// Bytes of a message around a part: its tag and its length.
const FRAME_BYTES: u64 = 8;

/// What may be in flight on one stream when nothing else is set.
pub const DEFAULT_CREDIT: Credit = Credit { items: 4096, bytes: 64 * 1024 * 1024 };

/// Takes plans of all streams.
pub(crate) struct Ingest {
    queue: Queue,
    /// What a stream is told.
    credit: Credit,
    process: Process,
    metrics: Metrics,
    held: Arc<Held>,
}

/// Bytes of plans that are in memory, over all streams: those that are not committed yet.
struct Held {
    bytes: AtomicU64,
    limit: u64,
}

/// A plan's share of [`Held`], given back when it is dropped.
struct Holding {
    held: Arc<Held>,
    bytes: u64,
}

impl Holding {
    fn more(&mut self, bytes: u64) -> Result<(), Status> {
        let before = self.held.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        // A plan that is alone always has room, or it could never come in.
        if before + bytes > self.held.limit && before + bytes > self.bytes {
            return Err(no_room("too many plans wait for the store".into()));
        }
        Ok(())
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.held.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Ingest {
    pub(crate) fn new(queue: Queue, credit: Credit, process: Process, metrics: Metrics) -> Ingest {
        // Room for the credit of several fleet services, but not for a thousand.
        let limit = credit.bytes.saturating_mul(8);
        Ingest {
            queue,
            credit,
            process,
            metrics,
            held: Arc::new(Held { bytes: AtomicU64::new(0), limit }),
        }
    }

    /// Whole plans that wait for the writer.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// Bytes of plans that are not committed yet.
    pub(crate) fn held_bytes(&self) -> u64 {
        self.held.bytes.load(Ordering::Relaxed)
    }

    /// What one stream is held to; all of them together, see [`Held`].
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            credit: self.credit,
            max_message_bytes: proto::MAX_MESSAGE_BYTES as u64,
            max_item_bytes: MAX_PLAN_BYTES,
            part_timeout: PART_TIMEOUT,
        }
    }
}

/// A plan whose parts are arriving.
pub(crate) struct Assembly {
    said: Said,
    trace: TraceContext,
    facts: PlanFacts,
    proof: Proof,
    parts: Vec<Bytes>,
    shares: Vec<DriverShare>,
    holding: Holding,
}

impl Intake for Ingest {
    type Id = BatchId;
    type In = RecordPlansRequest;
    type Out = RecordPlansResponse;
    type Session = ();
    type Assembly = Assembly;

    fn hear(&self, message: &RecordPlansRequest) -> Spoken<BatchId, ()> {
        match &message.event {
            Some(record_plans_request::Event::Hello(hello)) => {
                let started = hello.start_time.as_ref();
                Spoken::Hello((), Process::said(&hello.peer, &hello.version, started))
            }
            Some(record_plans_request::Event::Plan(plan)) => match plan.head.batch_id.parse() {
                Ok(id) => Spoken::Part(Part {
                    id,
                    index: plan.head.part,
                    more: plan.head.more,
                    bytes: plan.body().len() as u64 + FRAME_BYTES,
                    item_bytes: plan.head.plan_bytes,
                }),
                Err(problem) => {
                    let mut violations = Violations::new();
                    violations.add("plan.batch_id", problem.to_string());
                    Spoken::Bad { id: plan.head.batch_id.clone(), status: refusal(violations) }
                }
            },
            // What is encoded is sent and never read.
            Some(record_plans_request::Event::Encoded(_)) | None => {
                Spoken::Violation(Status::invalid_argument("event: is neither hello nor plan"))
            }
        }
    }

    fn begin(&self, _: &(), first: &RecordPlansRequest) -> Result<Assembly, Status> {
        let mut violations = Violations::new();
        let part = match &first.event {
            Some(record_plans_request::Event::Plan(part)) => &part.head,
            _ => return Err(Status::internal("not a part of a plan")),
        };
        let Some(header) = &part.header else {
            violations.add("plan.header", "is missing in part 0");
            return Err(refusal(violations));
        };
        let facts = facts(&part.batch_id, header, &mut violations);
        let rule = proto::records::street_name(header.street_name).unwrap_or_else(|| {
            violations.add("plan.header.street_name", "is not known");
            domain::StreetName::Address
        });
        let proof = Proof::new(rule, header.certificate.as_ref(), &mut violations);
        match (violations.is_empty(), facts) {
            (true, Some(facts)) => Ok(Assembly {
                said: Said::of(header),
                trace: TraceContext::parse(&header.traceparent, &header.tracestate),
                facts,
                proof,
                parts: Vec::new(),
                shares: Vec::new(),
                holding: Holding { held: Arc::clone(&self.held), bytes: 0 },
            }),
            _ => Err(refusal(violations)),
        }
    }

    fn extend(&self, assembly: &mut Assembly, message: RecordPlansRequest) -> Result<(), Status> {
        let Some(record_plans_request::Event::Plan(part)) = message.event else {
            return Err(Status::internal("not a part of a plan"));
        };
        assembly.part(&part)
    }

    fn complete(&self, batch_id: BatchId, assembly: Assembly, reply: Reply<Ingest>) {
        let (plan, trace, holding) = match assembly.finish() {
            Ok(plan) => plan,
            Err(status) => return reply.rejected(status),
        };
        let span = Spans::of(crate::PART).batch("record plan", &trace);
        link(&span, &reply.stream_trace());
        attribute(&span, "waybill.batch_id", batch_id.to_string());
        let answer = Box::new(move |outcome: Result<Outcome, Status>| {
            drop(holding);
            match outcome {
                Ok(outcome) => answer(batch_id, outcome, reply),
                Err(status) => reply.rejected(status),
            }
        });
        let job = Job { plan, trace, span, whole: Instant::now(), answer };
        if let Err(job) = self.queue.offer(job) {
            // As many of these as credit.
            let queue = self.queue.clone();
            tokio::spawn(async move { queue.send(*job).await });
        }
    }

    fn stream_span(&self) -> Span {
        Spans::of(crate::PART).stream("waybill.analytics.v1.IngestService/RecordPlans")
    }

    fn welcome(&self, limits: &Limits) -> RecordPlansResponse {
        say(Event::Welcome(Welcome {
            max_batches: u32::try_from(self.credit.items).unwrap_or(u32::MAX),
            max_bytes: self.credit.bytes,
            max_message_bytes: limits.max_message_bytes,
            max_batch_bytes: limits.max_item_bytes,
            peer: self.process.name.clone(),
            version: self.process.version.clone(),
            start_time: self.process.start_time(),
        }))
    }

    fn drain(&self, within: Duration) -> RecordPlansResponse {
        say(Event::Drain(Drain { deadline: Some(to_duration(within)) }))
    }

    fn rejected(&self, id: &str, status: Status) -> RecordPlansResponse {
        self.metrics.rejected(status.code());
        let status = Some(to_rpc_status(&status));
        say(Event::Rejected(Rejected { batch_id: id.to_owned(), status }))
    }
}

impl Assembly {
    fn part(&mut self, part: &PlanColumns) -> Result<(), Status> {
        if self.parts.len() == MAX_PARTS {
            let mut violations = Violations::new();
            violations.add("plan.part", format!("is beyond {MAX_PARTS} parts"));
            return Err(refusal(violations));
        }
        self.rows(part)?;
        // The store knows the batch by the plan.
        let body = part.body_without_id();
        self.holding.more(body.len() as u64)?;
        self.parts.push(body);
        Ok(())
    }

    /// Checks the rows, and adds up what they say of each driver.
    fn rows(&mut self, part: &PlanColumns) -> Result<(), Status> {
        let mut violations = Violations::new();
        let in_part = part.head.part;
        self.shares.reserve(part.pairs.len());
        for (i, pair) in part.pairs.iter().enumerate() {
            match self.proof.pair(pair) {
                Ok(score) => self.shares.extend(pair.driver.map(|driver| carried(driver, score))),
                Err((field, problem)) => {
                    let field = format!("plan.assignments[{i}].{field}");
                    violations.add(field, of_part(problem, in_part));
                }
            }
        }
        for (i, left) in part.head.unassigned.iter().enumerate() {
            match self.proof.left(left) {
                Ok(Side::Driver) => self.shares.push(share(&left.id, &left.text, None)),
                Ok(_) => {}
                Err((field, problem)) => {
                    let field = format!("plan.unassigned[{i}].{field}");
                    violations.add(field, of_part(problem, in_part));
                }
            }
        }
        if violations.is_empty() { Ok(()) } else { Err(refusal(violations)) }
    }

    fn finish(self) -> Result<(NewPlan, TraceContext, Holding), Status> {
        let mut violations = Violations::new();
        self.proof.finish(&self.said, &mut violations);
        if !violations.is_empty() {
            return Err(refusal(violations));
        }
        let plan = NewPlan { facts: self.facts, parts: self.parts, shares: self.shares };
        Ok((plan, self.trace, self.holding))
    }
}

fn of_part(problem: String, part: u32) -> String {
    if part == 0 { problem } else { format!("{problem} (part {part})") }
}

/// What a header says, with all that is wrong with it.
fn facts(batch_id: &str, header: &PlanHeader, violations: &mut Violations) -> Option<PlanFacts> {
    let mut number = |field: &str, points: f64| {
        quarters(points).map_err(|problem| violations.add(field, problem)).unwrap_or_default()
            as u64
    };
    let total_quarters = number("plan.header.total", header.total);
    let greedy_quarters = number("plan.header.greedy_total", header.greedy_total);
    let run_id = match header.run_id.as_str() {
        "" => None,
        text => match text.parse::<RunId>() {
            Ok(run) => Some(run),
            Err(problem) => {
                violations.add("plan.header.run_id", problem.to_string());
                None
            }
        },
    };
    let digest = <[u8; 32]>::try_from(&header.digest[..]).ok();
    if digest.is_none() {
        violations.add("plan.header.digest", "is not 32 bytes");
    }
    let timings = header.timings.unwrap_or_default();
    let Timings { queue, score, solve, certify } = timings;
    // A span of time that cannot be is none: it is told to people and decides nothing.
    let span = |span: Option<prost_types::Duration>| {
        span.and_then(|span| Duration::try_from(span).ok()).unwrap_or_default()
    };
    Some(PlanFacts {
        batch_id: batch_id.parse().ok()?,
        run_id,
        shipments: header.shipments,
        drivers: header.drivers,
        assigned: header.assigned,
        total_quarters,
        greedy_quarters,
        steps: Steps {
            queue: span(queue),
            score: span(score),
            solve: span(solve),
            certify: span(certify),
            commit: None,
        },
        trace_id: proto::trace_id(&header.traceparent).and_then(trace_bytes),
        digest: digest?,
        street_name: header.street_name,
        attempt: header.attempt.max(1),
    })
}

fn trace_bytes(hex: &str) -> Option<[u8; 16]> {
    u128::from_str_radix(hex, 16).ok().map(u128::to_be_bytes)
}

fn carried(driver: RecordRow<'_>, score: i64) -> DriverShare {
    share(driver.id, driver.text, Some(score as u64))
}

fn share(id: &str, name: &str, quarters: Option<u64>) -> DriverShare {
    let (by_id, text, name) =
        if id.is_empty() { (false, name, None) } else { (true, id, Some(name.to_owned())) };
    DriverShare { key: DriverKey { by_id, text: text.to_owned() }, name, quarters }
}

fn answer(batch_id: BatchId, outcome: Outcome, reply: Reply<Ingest>) {
    let (sequence, record_time, duplicate) = match outcome {
        Outcome::Recorded { sequence, record_time } => (sequence, record_time, false),
        Outcome::Duplicate { sequence, record_time } => (sequence, record_time, true),
        Outcome::Conflict { .. } => return reply.rejected(taken(batch_id)),
    };
    let record_time = Some(timestamp(record_time));
    let batch_id = batch_id.to_string();
    reply.done(say(Event::Recorded(Recorded { batch_id, sequence, record_time, duplicate })));
}

fn say(event: Event) -> RecordPlansResponse {
    RecordPlansResponse { event: Some(event) }
}

/// INVALID_ARGUMENT with everything that is wrong.
fn refusal(violations: Violations) -> Status {
    violations.into_status().unwrap_or_else(|| Status::internal("refused without a reason"))
}

//! The trace of a batch, seen from its producer: begun with its envelope, told when its answer is durable.

use std::time::{Duration, SystemTime};

use proto::{BatchId, fleet::v1::Settled, logistics::v1::Timings};
use runtime::trace::{Over, Sampler, Spans, TraceContext};
use tokio::time::Instant;
use tonic::Status;

use super::Item;

const SPANS: Spans = Spans::of("producer");
/// Refusals of a batch that are told one by one.
const REFUSALS: usize = 16;

/// The trace of a batch, the same for each time it is made.
pub(super) fn trace_of(id: BatchId, sampler: &Sampler) -> TraceContext {
    // The id of a batch is no random number, and samplers expect one of a trace.
    let hash = blake3::hash(id.as_bytes());
    let mut trace_id = [0; 16];
    trace_id.copy_from_slice(&hash.as_bytes()[..16]);
    TraceContext::new_root(trace_id, sampler.decide(&trace_id))
}

/// Which batches have a trace.
#[derive(Debug, Clone, Copy)]
pub struct Traces {
    /// Decides before there is a span.
    pub sampler: Sampler,
    /// A batch that takes longer, and one that is rejected, has one in any case.
    pub slower_than: Duration,
}

/// What was tried for a batch before it was made the last time: it was refused for now.
#[derive(Debug, Clone, Default)]
pub struct Tries {
    /// When it was made first.
    since: Option<Instant>,
    /// How many times it was sent.
    pub(super) attempts: u32,
    refusals: Vec<(Instant, String)>,
}

impl Tries {
    /// And so many times more, from when it was `made`; then it was refused again.
    pub(super) fn and(mut self, attempts: u32, made: Instant, why: &str) -> Self {
        self.since.get_or_insert(made);
        self.attempts = self.attempts.saturating_add(attempts);
        if self.refusals.len() < REFUSALS {
            self.refusals.push((Instant::now(), why.to_owned()));
        }
        self
    }
}

/// How a batch ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ended<'a> {
    Settled(&'a Settled),
    Rejected(&'a Status),
}

/// The trace of a batch that has ended, to be told once nobody can send the batch again.
#[derive(Debug)]
pub struct Told {
    context: TraceContext,
    over: Over,
}

impl Told {
    /// Tells it.
    pub(crate) fn tell(&self) {
        SPANS.tell("send batch", &self.context, &self.over);
    }
}

impl Traces {
    /// What is to be told of a batch: nothing, if it was not sampled, nor slow, nor rejected.
    pub(super) fn ended(&self, item: &Item, attempts: u32, ended: Ended<'_>) -> Option<Told> {
        if self.sampler == Sampler::Never {
            return None;
        }
        let now = Instant::now();
        let took = now - item.tries.since.unwrap_or(item.made);
        let (steps, failed) = match ended {
            Ended::Rejected(status) => {
                (Vec::new(), Some((status.code(), status.message().to_owned())))
            }
            // Who did them told them.
            Ended::Settled(_) if item.trace.sampled() => (Vec::new(), None),
            Ended::Settled(settled) if took > self.slower_than => (steps(settled), None),
            Ended::Settled(_) => return None,
        };
        let attempts = attempts.saturating_add(item.tries.attempts);
        let refused = |(at, why): &(Instant, String)| (now - *at, "refused", why.clone());
        let over = Over {
            end: SystemTime::now(),
            took,
            steps,
            events: item.tries.refusals.iter().map(refused).collect(),
            failed,
            attributes: vec![
                ("waybill.batch_id", item.head.batch_id.clone().into()),
                ("waybill.run_id", item.head.run_id.clone().into()),
                ("waybill.attempts", i64::from(attempts).into()),
            ],
        };
        Some(Told { context: item.trace.clone(), over })
    }
}

/// Where the time of a batch went after it was sent.
fn steps(settled: &Settled) -> Vec<(&'static str, Duration)> {
    let time = |time: Option<prost_types::Duration>| {
        time.and_then(|time| Duration::try_from(time).ok()).unwrap_or_default()
    };
    let Timings { queue, score, solve, certify } = settled.timings.unwrap_or_default();
    let steps = [
        ("queue", queue),
        ("score", score),
        ("solve", solve),
        ("certify", certify),
        ("record plan", settled.commit),
    ];
    steps.map(|(step, took)| (step, time(took))).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_is_made_again_stays_in_its_trace() {
        let (a, b) = (BatchId::now(), BatchId::now());
        let trace = |id| trace_of(id, &Sampler::Always);
        assert_eq!(trace(a), trace(a));
        assert_ne!(trace(a).trace_id(), trace(b).trace_id());
    }

    #[test]
    fn of_many_refusals_the_first_are_told_and_every_attempt_is_counted() {
        let made = Instant::now();
        let tries = (0..20).fold(Tries::default(), |tries, _| tries.and(2, made, "no room"));
        assert_eq!((tries.since, tries.attempts), (Some(made), 40));
        assert_eq!(tries.refusals.len(), REFUSALS);
    }
}

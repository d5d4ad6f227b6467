//! Ids of spans: random, but for a root whose ids are already in an envelope.

use std::cell::Cell;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

thread_local! {
    static CHOSEN: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// Gives the next span of this thread the ids that were chosen for it, and all others random ones. The
/// SDK has no other way to start a trace under a given id.
#[derive(Debug, Default)]
pub(crate) struct ChosenIds {
    random: RandomIdGenerator,
}

/// Runs `start`, which starts one span, so that the span gets these ids.
pub(super) fn starting_as<T>(ids: (TraceId, SpanId), start: impl FnOnce() -> T) -> T {
    CHOSEN.set(Some(ids));
    let started = start();
    CHOSEN.set(None);
    started
}

impl IdGenerator for ChosenIds {
    fn new_trace_id(&self) -> TraceId {
        CHOSEN.get().map_or_else(|| self.random.new_trace_id(), |(trace, _)| trace)
    }

    fn new_span_id(&self) -> SpanId {
        CHOSEN.get().map_or_else(|| self.random.new_span_id(), |(_, span)| span)
    }
}

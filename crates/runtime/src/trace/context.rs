//! The W3C trace context of one batch.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

use super::propagators::spoken;

/// Bytes of baggage at most, as W3C has it.
const MAX_BAGGAGE: usize = 8192;

/// The trace of a batch and the span that it continues; `traceparent`, `tracestate` and `baggage` of W3C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: TraceId,
    span_id: SpanId,
    flags: TraceFlags,
    tracestate: String,
    baggage: String,
}

impl TraceContext {
    /// The beginning of a trace. Its span's id follows from the trace's, so whoever begins the same trace
    /// once more, after a crash too, continues it. An id of zeros, which nothing has, becomes another.
    pub fn new_root(trace_id: [u8; 16], sampled: bool) -> TraceContext {
        let trace_id = u128::from_be_bytes(trace_id).max(1);
        TraceContext {
            trace_id: TraceId::from(trace_id),
            span_id: SpanId::from((trace_id as u64).max(1)),
            flags: TraceFlags::default().with_sampled(sampled),
            tracestate: String::new(),
            baggage: String::new(),
        }
    }

    /// No trace: not sampled, and empty on the wire.
    pub fn none() -> TraceContext {
        TraceContext {
            trace_id: TraceId::INVALID,
            span_id: SpanId::INVALID,
            flags: TraceFlags::default(),
            tracestate: String::new(),
            baggage: String::new(),
        }
    }

    /// Reads what an envelope says. Nothing, or what is not well formed, is no trace: it must not stop a
    /// batch.
    pub fn parse(traceparent: &str, tracestate: &str) -> TraceContext {
        let parent = spoken().trace_context.then(|| Self::parse_parent(traceparent)).flatten();
        parent.map_or_else(Self::none, |context| TraceContext {
            tracestate: tracestate.to_owned(),
            ..context
        })
    }

    /// With the baggage that an envelope has, which is handed on as it came; none that is no text of a header
    /// or longer than 8 KiB.
    #[must_use]
    pub fn with_baggage(self, baggage: &str) -> TraceContext {
        let printable = |byte: u8| (b' '..=b'~').contains(&byte);
        let fits = baggage.len() <= MAX_BAGGAGE && baggage.bytes().all(printable);
        let kept = if fits && spoken().baggage { baggage } else { "" };
        TraceContext { baggage: kept.to_owned(), ..self }
    }

    fn parse_parent(text: &str) -> Option<TraceContext> {
        let mut fields = text.split('-');
        let mut hex = |digits: usize| {
            let field = fields.next()?;
            let lower = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
            (field.len() == digits && field.bytes().all(lower)).then_some(field)
        };
        let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        // A later version may say more, this one may not.
        let whole = version != "ff" && (version != "00" || fields.next().is_none());
        let trace_id = TraceId::from_hex(trace).ok()?;
        let span_id = SpanId::from_hex(span).ok()?;
        let valid = whole && trace_id != TraceId::INVALID && span_id != SpanId::INVALID;
        let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
        valid.then_some(TraceContext { trace_id, span_id, flags, ..Self::none() })
    }

    /// `traceparent` of an envelope; empty when there is no trace.
    pub fn traceparent(&self) -> String {
        if self.trace_id == TraceId::INVALID || !spoken().trace_context {
            return String::new();
        }
        format!("00-{}-{}-{:02x}", self.trace_id, self.span_id, self.flags.to_u8())
    }

    /// `tracestate` of an envelope, handed on as it came.
    pub fn tracestate(&self) -> &str {
        &self.tracestate
    }

    /// `baggage` of an envelope, handed on as it came.
    pub fn baggage(&self) -> &str {
        &self.baggage
    }

    /// The trace's id: 32 hex digits, empty when there is no trace.
    pub fn trace_id(&self) -> String {
        if self.trace_id == TraceId::INVALID { String::new() } else { self.trace_id.to_string() }
    }

    /// Whether spans are made for it.
    pub fn sampled(&self) -> bool {
        self.flags.is_sampled()
    }

    /// The same trace, with spans.
    #[must_use]
    pub fn as_sampled(&self) -> TraceContext {
        TraceContext { flags: self.flags.with_sampled(true), ..self.clone() }
    }

    pub(super) fn ids(&self) -> (TraceId, SpanId) {
        (self.trace_id, self.span_id)
    }

    pub(super) fn to_otel(&self) -> SpanContext {
        // A state that is not well formed is dropped, as W3C says, and the trace goes on.
        let state = self.tracestate.parse::<TraceState>().unwrap_or_default();
        SpanContext::new(self.trace_id, self.span_id, self.flags, true, state)
    }

    /// The context of a span, with what is not a span's from where it came.
    pub(super) fn of_span(context: &SpanContext, received: &TraceContext) -> TraceContext {
        TraceContext {
            trace_id: context.trace_id(),
            span_id: context.span_id(),
            flags: context.trace_flags(),
            tracestate: context.trace_state().header(),
            baggage: received.baggage.clone(),
        }
    }
}

impl Default for TraceContext {
    fn default() -> Self {
        Self::none()
    }
}

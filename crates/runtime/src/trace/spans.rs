//! The spans of a batch: one a step, and none where the batch is not sampled.

use opentelemetry::{
    Context, Value,
    trace::{Status, TraceContextExt},
};
use tonic::Code;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{TraceContext, names, tell};
use crate::metrics::code_name;

/// The target of all spans that are exported. Without an exporter no layer wants it, so no span is made.
pub(crate) const TARGET: &str = "waybill::trace";

/// The attribute that says which part a span is of, so that the exporter puts it under that part's
/// service name, also where several run in one process.
pub(crate) const PART: &str = "waybill.part";

/// Makes the spans of one part.
#[derive(Clone, Copy, Debug)]
pub struct Spans {
    pub(super) part: &'static str,
}

impl Spans {
    /// The spans of `part`, such as `"fleet"`; their service name is `waybill-fleet`.
    pub const fn of(part: &'static str) -> Spans {
        Spans { part }
    }

    /// The span of this part's work on a batch that came with `parent`.
    pub fn batch(&self, name: &'static str, parent: &TraceContext) -> Span {
        if !parent.sampled() {
            return Span::none();
        }
        let span = info_span!(
            target: TARGET, parent: None, "batch",
            otel.name = name, otel.kind = "consumer", waybill.part = self.part,
        );
        // It fails where there is no exporter: then there is no span either.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent.to_otel()));
        span
    }

    /// A step of the work that `parent` stands for; none where that is none.
    pub fn step(&self, name: &'static str, parent: &Span) -> Span {
        if parent.is_disabled() {
            return Span::none();
        }
        info_span!(
            target: TARGET, parent: parent, "step",
            otel.name = name, waybill.part = self.part,
        )
    }

    /// The span of a call that this part answers, such as `package.Service/Method`, for a caller who is in the
    /// trace of `parent`; none unless that is sampled, or when nothing is to be.
    pub fn call(&self, method: &str, parent: &TraceContext) -> Span {
        if !parent.sampled() || !tell::streams_are_traced() {
            return Span::none();
        }
        let span = info_span!(
            target: TARGET, parent: None, "call",
            otel.name = method, otel.kind = "server", waybill.part = self.part,
        );
        // It fails where there is no exporter: then there is no span either.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent.to_otel()));
        attribute(&span, names::RPC_SYSTEM_NAME, "grpc");
        attribute(&span, names::RPC_METHOD, method.to_owned());
        span
    }

    /// The span of a stream that this part serves, by its method such as `package.Service/Method`: a trace of
    /// its own, whatever is sampled of batches, unless nothing is. It is no batch's parent: it lasts for hours,
    /// and batches are linked to it.
    pub fn stream(&self, method: &'static str) -> Span {
        if !tell::streams_are_traced() {
            return Span::none();
        }
        let span = info_span!(
            target: TARGET, parent: None, "stream",
            otel.name = method, otel.kind = "server", waybill.part = self.part,
        );
        attribute(&span, names::RPC_SYSTEM_NAME, "grpc");
        attribute(&span, names::RPC_METHOD, method);
        span
    }
}

/// The context to hand on from `span`; where that is none, what came in: `received`.
pub fn context_of(span: &Span, received: &TraceContext) -> TraceContext {
    let context = span.context();
    let context = context.span().span_context().clone();
    match context.is_valid() {
        true => TraceContext::of_span(&context, received),
        false => received.clone(),
    }
}

/// Links `span` to the span that `to` names, if both are sampled.
pub fn link(span: &Span, to: &TraceContext) {
    if !span.is_disabled() && to.sampled() {
        span.add_link(to.to_otel());
    }
}

/// Adds an attribute, named as the OpenTelemetry conventions do.
pub fn attribute(span: &Span, name: &'static str, value: impl Into<Value>) {
    if !span.is_disabled() {
        span.set_attribute(name, value);
    }
}

/// Says that what `span` stands for has failed, with which status, and why.
pub fn failed(span: &Span, code: Code, why: &str) {
    if !span.is_disabled() {
        span.set_attribute(names::ERROR_TYPE, code_of(code));
        span.set_status(Status::error(why.to_owned()));
    }
}

/// Says with which status the call or the stream of `span` ended.
pub fn ended(span: &Span, code: Code) {
    attribute(span, names::RPC_RESPONSE_STATUS_CODE, code_of(code));
}

/// A status code as the conventions have it: `DEADLINE_EXCEEDED`.
pub(super) fn code_of(code: Code) -> String {
    code_name(code).to_uppercase()
}

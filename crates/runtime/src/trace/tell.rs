//! Spans that are told when what they stand for is over, with the times that it had.
//!
//! A batch's root span is told so: by its producer, who alone sees its end, and under the ids that its envelope
//! had all the while. So a crash leaves no half of it, a batch that is made again has no second one, and a
//! batch that was not sampled can still be told of when it turns out to be worth it: slow, or failed. Nobody
//! else made a span of that one, so its steps are told with it, from the times in its answer.

use std::time::{Duration, SystemTime};

use opentelemetry::{
    Context, KeyValue, Value,
    trace::{Span as _, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer},
};
use opentelemetry_sdk::trace::SdkTracer;
use tonic::Code;
use tracing::{Subscriber, dispatcher};
use tracing_subscriber::Layer;

use super::{PART, Spans, TraceContext, ids, names, spans::code_of};

/// Something that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Over {
    /// When it ended.
    pub end: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// What was done for it that nobody made a span of, one after the other until the end.
    pub steps: Vec<(&'static str, Duration)>,
    /// What happened to it: how long before the end, what, and why.
    pub events: Vec<(Duration, &'static str, String)>,
    /// With which status it failed and why, if it did.
    pub failed: Option<(Code, String)>,
    /// What else is to be said of it.
    pub attributes: Vec<(&'static str, Value)>,
}

/// Knows the tracer of the subscriber that it is in. It sees no span and no event.
pub(crate) struct Teller {
    pub(crate) tracer: SdkTracer,
    /// Whether streams have spans.
    pub(crate) streams: bool,
}

impl<S: Subscriber> Layer<S> for Teller {}

fn ask<T>(what: impl Fn(&Teller) -> T) -> Option<T> {
    dispatcher::get_default(|subscriber| subscriber.downcast_ref::<Teller>().map(&what))
}

pub(super) fn streams_are_traced() -> bool {
    ask(|teller| teller.streams).unwrap_or(false)
}

impl Spans {
    /// Tells of a batch that is over: its root span called `name`, under the ids of `context`, and its steps
    /// as children. Without an exporter nothing happens.
    pub fn tell(&self, name: &'static str, context: &TraceContext, over: &Over) {
        let Some(tracer) = ask(|teller| teller.tracer.clone()) else { return };
        let begun = |before: Duration| over.end.checked_sub(before).unwrap_or(over.end);
        let attribute = |(name, value): &(&'static str, Value)| KeyValue::new(*name, value.clone());
        let mut said: Vec<KeyValue> = over.attributes.iter().map(attribute).collect();
        said.push(KeyValue::new(PART, self.part));
        if !context.sampled() {
            said.push(KeyValue::new("waybill.told", "afterwards"));
        }
        let root = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Producer)
            .with_start_time(begun(over.took))
            .with_attributes(said);
        let mut root =
            ids::starting_as(context.ids(), || tracer.build_with_context(root, &Context::new()));
        for (before, what, why) in &over.events {
            let why = vec![KeyValue::new("reason", why.clone())];
            root.add_event_with_timestamp(*what, begun(*before), why);
        }
        if let Some((code, why)) = &over.failed {
            root.set_attribute(KeyValue::new(names::ERROR_TYPE, code_of(*code)));
            root.set_status(Status::error(why.clone()));
        }
        let parent = Context::new().with_span(root);
        let mut left: Duration = over.steps.iter().map(|(_, time)| *time).sum();
        for (step, time) in &over.steps {
            let from = begun(left.min(over.took));
            left = left.saturating_sub(*time);
            let span = SpanBuilder::from_name(*step)
                .with_start_time(from)
                .with_attributes([KeyValue::new(PART, self.part)]);
            tracer.build_with_context(span, &parent).end_with_timestamp(begun(left.min(over.took)));
        }
        parent.span().end_with_timestamp(over.end);
    }
}

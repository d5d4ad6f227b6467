//! Traces of batches that were not sampled and turn out to be worth one: slow ones, and failed ones.
//!
//! Whether a trace is sampled is decided before any span exists, and everybody decides alike. What a batch
//! will be like is not known then. So its producer, who alone sees its end, tells the whole of it when that
//! has come: the answer says where the time went. Nobody else makes a span of it, so it is one tree.

use std::time::{Duration, SystemTime};

use opentelemetry::{
    Context, KeyValue, global,
    trace::{Span as _, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer},
};

use super::{PART, Spans, TraceContext, ids};

/// A batch that is over.
#[derive(Debug, Clone, Copy)]
pub struct Over<'a> {
    /// When it ended.
    pub end: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// What was done for it, one after the other until the end: names of spans and their times.
    pub steps: &'a [(&'static str, Duration)],
    /// Why it failed, if it did.
    pub failed: Option<&'a str>,
    /// What else is to be said of it.
    pub attributes: &'a [(&'static str, String)],
}

impl Spans {
    /// Tells of a batch whose spans were not made: its root span called `name`, under the ids of `context`,
    /// and the steps as its children. Without an exporter nothing happens.
    pub fn afterwards(&self, name: &'static str, context: &TraceContext, over: Over<'_>) {
        self.told_by(&global::tracer("waybill"), name, context, over);
    }

    pub(super) fn told_by<T: Tracer>(
        &self,
        tracer: &T,
        name: &'static str,
        context: &TraceContext,
        over: Over<'_>,
    ) where
        T::Span: Send + Sync + 'static,
    {
        let Over { end, took, steps, failed, attributes } = over;
        let begun = |before: Duration| end.checked_sub(before).unwrap_or(end);
        let attribute =
            |(name, value): &(&'static str, String)| KeyValue::new(*name, value.clone());
        let mut said: Vec<KeyValue> = attributes.iter().map(attribute).collect();
        said.push(KeyValue::new(PART, self.part));
        said.push(KeyValue::new("waybill.told", "afterwards"));
        let root = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Producer)
            .with_start_time(begun(took))
            .with_attributes(said);
        let mut root =
            ids::starting_as(context.ids(), || tracer.build_with_context(root, &Context::new()));
        if let Some(why) = failed {
            root.set_status(Status::error(why.to_owned()));
        }
        let parent = Context::new().with_span(root);
        let mut left: Duration = steps.iter().map(|(_, time)| *time).sum();
        for (step, time) in steps {
            let from = begun(left.min(took));
            left = left.saturating_sub(*time);
            let span = SpanBuilder::from_name(*step)
                .with_start_time(from)
                .with_attributes([KeyValue::new(PART, self.part)]);
            tracer.build_with_context(span, &parent).end_with_timestamp(begun(left.min(took)));
        }
        parent.span().end_with_timestamp(end);
    }
}

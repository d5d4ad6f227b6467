use std::time::{Duration, SystemTime};

use opentelemetry::{
    KeyValue,
    trace::{SpanId, SpanKind, Status, TracerProvider},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tonic::Code;
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt;

use super::{
    ChosenIds, Over, Spans, TraceContext, attribute, context_of, ended, failed, link, names,
};
use crate::testing::over;

const PRODUCER: Spans = Spans::of("producer");
const FLEET: Spans = Spans::of("fleet");
const ANALYTICS: Spans = Spans::of("analytics");

const TRACE: [u8; 16] = [
    0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36,
];
const TRACE_TEXT: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Runs `work` with an exporter and returns what was exported, by name.
fn exported(work: impl FnOnce()) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_id_generator(ChosenIds::default())
        .with_simple_exporter(exporter.clone())
        .build();
    let traces = crate::telemetry::traces(provider.tracer("test"), true);
    with_default(tracing_subscriber::registry().with(traces), work);
    exporter.get_finished_spans().unwrap()
}

fn named<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
    let mut found = spans.iter().filter(|span| span.name == name);
    let span = found.next().unwrap_or_else(|| panic!("no {name} in {spans:?}"));
    assert!(found.next().is_none(), "one {name}");
    span
}

/// One batch through the three parts, as an envelope carries its context; returns what arrives last.
fn travels(root: &TraceContext) -> TraceContext {
    let (parent, state) = (root.traceparent(), root.tracestate().to_owned());

    let received = TraceContext::parse(&parent, &state);
    let plan = FLEET.batch("plan batch", &received);
    for step in ["score", "solve", "certify"] {
        FLEET.step(step, &plan).in_scope(|| ());
    }
    let onward = context_of(&plan, &received);

    let received = TraceContext::parse(&onward.traceparent(), onward.tracestate());
    let record = ANALYTICS.batch("record plan", &received);
    ANALYTICS.step("commit", &record).in_scope(|| ());
    drop((record, plan));
    if root.sampled() {
        PRODUCER.tell("send batch", root, &over());
    }
    onward
}

#[test]
fn a_batch_is_one_tree_across_three_parts() {
    let root = TraceContext::new_root(TRACE, true);
    let spans = exported(|| drop(travels(&root)));
    assert_eq!(spans.len(), 7);
    let id = |name| named(&spans, name).span_context.span_id();
    let parent = |name| named(&spans, name).parent_span_id;

    assert_eq!(parent("send batch"), SpanId::INVALID, "the root has no parent");
    assert_eq!(root.traceparent(), format!("00-{TRACE_TEXT}-{}-01", id("send batch")));
    assert_eq!(parent("plan batch"), id("send batch"));
    for step in ["score", "solve", "certify"] {
        assert_eq!(parent(step), id("plan batch"), "{step}");
        assert_eq!(named(&spans, step).span_kind, SpanKind::Internal);
    }
    assert_eq!(parent("record plan"), id("plan batch"));
    assert_eq!(parent("commit"), id("record plan"));

    for span in &spans {
        assert_eq!(span.span_context.trace_id().to_string(), TRACE_TEXT);
        let part = match &*span.name {
            "send batch" => "producer",
            "record plan" | "commit" => "analytics",
            _ => "fleet",
        };
        assert!(span.attributes.contains(&KeyValue::new(super::PART, part)), "{span:?}");
    }
    assert_eq!(named(&spans, "send batch").span_kind, SpanKind::Producer);
    assert_eq!(named(&spans, "plan batch").span_kind, SpanKind::Consumer);
    assert!(named(&spans, "plan batch").parent_span_is_remote);
}

#[test]
fn a_batch_that_is_not_sampled_has_no_span_and_keeps_its_context() {
    let root = TraceContext::new_root(TRACE, false);
    let spans = exported(|| {
        assert_eq!(travels(&root), root);
        assert!(FLEET.batch("plan batch", &root).is_none());
        assert!(FLEET.step("score", &tracing::Span::none()).is_none());
    });
    assert!(spans.is_empty());
    assert_eq!(root.trace_id(), TRACE_TEXT);
}

#[test]
fn without_an_exporter_no_span_is_made_and_the_context_goes_on() {
    let root = TraceContext::new_root(TRACE, true);
    with_default(
        tracing_subscriber::registry().with(crate::telemetry::logs("info".into()).0),
        || {
            assert_eq!(travels(&root), root);
        },
    );
}

#[test]
fn spans_have_links_attributes_and_failures() {
    let (one, two) = (TraceContext::new_root(TRACE, true), TraceContext::new_root([7; 16], true));
    let spans = exported(|| {
        let commit = ANALYTICS.batch("record plan", &one);
        link(&commit, &two);
        link(&commit, &TraceContext::new_root([8; 16], false));
        attribute(&commit, names::DB_OPERATION_BATCH_SIZE, 2);
        failed(&commit, Code::Unavailable, "the disk is full");
    });
    let span = named(&spans, "record plan");
    let links: Vec<_> =
        span.links.iter().map(|it| it.span_context.trace_id().to_string()).collect();
    assert_eq!(links, [two.trace_id()]);
    assert!(span.attributes.contains(&KeyValue::new("db.operation.batch.size", 2)));
    assert!(span.attributes.contains(&KeyValue::new("error.type", "UNAVAILABLE")));
    assert_eq!(span.status, Status::error("the disk is full"));
}

#[test]
fn a_stream_is_a_trace_of_its_own_to_which_batches_are_linked() {
    const METHOD: &str = "waybill.fleet.v1.FleetService/Dispatch";
    let root = TraceContext::new_root(TRACE, true);
    let spans = exported(|| {
        let stream = FLEET.stream(METHOD);
        let batch = FLEET.batch("plan batch", &root);
        link(&batch, &context_of(&stream, &TraceContext::none()));
        ended(&stream, Code::ResourceExhausted);
    });
    let (stream, batch) = (named(&spans, METHOD), named(&spans, "plan batch"));
    assert_eq!(
        (stream.span_kind.clone(), stream.parent_span_id),
        (SpanKind::Server, SpanId::INVALID)
    );
    for (name, value) in [
        ("rpc.system.name", "grpc"),
        ("rpc.method", METHOD),
        ("rpc.response.status_code", "RESOURCE_EXHAUSTED"),
    ] {
        assert!(stream.attributes.contains(&KeyValue::new(name, value)), "{stream:?}");
    }
    assert_eq!(batch.links.links[0].span_context.span_id(), stream.span_context.span_id());
    assert_ne!(stream.span_context.trace_id(), batch.span_context.trace_id());
}

#[test]
fn where_nothing_is_sampled_a_stream_has_no_span() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let traces = crate::telemetry::traces(provider.tracer("test"), false);
    with_default(tracing_subscriber::registry().with(traces), || {
        assert!(FLEET.stream("a.Service/Method").is_none());
    });
}

#[test]
fn a_context_reads_back_as_it_was_written() {
    for sampled in [true, false] {
        let root = TraceContext::new_root(TRACE, sampled);
        let read = TraceContext::parse(&root.traceparent(), "vendor=1");
        assert_eq!(read.traceparent(), root.traceparent());
        assert_eq!((read.tracestate(), read.sampled()), ("vendor=1", sampled));
    }
}

#[test]
fn the_state_of_other_vendors_is_handed_on() {
    let parent = format!("00-{TRACE_TEXT}-00f067aa0ba902b7-01");
    exported(|| {
        let received = TraceContext::parse(&parent, "rojo=00f0,congo=t61r");
        let span = FLEET.batch("plan batch", &received);
        assert_eq!(context_of(&span, &received).tracestate(), "rojo=00f0,congo=t61r");
    });
}

#[test]
fn baggage_goes_along_with_and_without_a_span() {
    let parent = format!("00-{TRACE_TEXT}-00f067aa0ba902b7-01");
    let said = "tenant=north,day=2026-11-27;kind=late";
    exported(|| {
        for parent in [&*parent, ""] {
            let received = TraceContext::parse(parent, "").with_baggage(said);
            let span = FLEET.batch("plan batch", &received);
            assert_eq!(context_of(&span, &received).baggage(), said, "{parent:?}");
        }
    });
    for bad in ["a=\n".to_owned(), format!("a={}", "b".repeat(8_192)), "a=ü".to_owned()] {
        assert_eq!(TraceContext::none().with_baggage(&bad), TraceContext::none());
    }
}

#[test]
fn what_is_not_well_formed_is_no_trace() {
    for bad in [
        String::new(),
        format!("ff-{TRACE_TEXT}-00f067aa0ba902b7-01"),
        format!("00-{TRACE_TEXT}-00f067aa0ba902b7-01-extra"),
        format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
        format!("00-{TRACE_TEXT}-0000000000000000-01"),
        format!("00-{}-00f067aa0ba902b7-01", TRACE_TEXT.to_uppercase()),
        format!("00-{TRACE_TEXT}-00f067aa0ba902b7-0x"),
    ] {
        let context = TraceContext::parse(&bad, "a=b");
        assert_eq!(context, TraceContext::none(), "{bad}");
        assert!(!context.sampled());
        assert_eq!(context.traceparent(), "");
    }
    let later = TraceContext::parse(&format!("01-{TRACE_TEXT}-00f067aa0ba902b7-01-more"), "");
    assert!(later.sampled(), "a later version may say more");
}

#[test]
fn a_trace_that_is_begun_once_more_is_the_same_tree() {
    let (once, again) = (TraceContext::new_root(TRACE, true), TraceContext::new_root(TRACE, true));
    assert_eq!(once, again);
    assert_ne!(TraceContext::new_root([0; 16], true).traceparent(), "");
}

#[test]
fn what_is_told_when_it_is_over_has_its_times_and_what_happened_to_it() {
    let context = TraceContext::new_root(TRACE, false);
    let (ms, end) = (Duration::from_millis, SystemTime::now());
    let over = Over {
        end,
        took: ms(100),
        steps: vec![("solve", ms(20)), ("commit", ms(30))],
        events: vec![(ms(70), "refused", "no room".to_owned())],
        failed: Some((Code::DeadlineExceeded, "too late".to_owned())),
        attributes: vec![("waybill.attempts", 2.into())],
    };
    let spans = exported(|| PRODUCER.tell("send batch", &context, &over));
    assert_eq!(spans.len(), 3);
    let root = named(&spans, "send batch");
    // Under the ids that its envelope had all the while.
    let ids = format!("00-{TRACE_TEXT}-{}-00", root.span_context.span_id());
    assert_eq!((context.traceparent(), root.parent_span_id), (ids, SpanId::INVALID));
    assert_eq!(root.status, Status::error("too late"));
    let said = [
        KeyValue::new("waybill.attempts", 2),
        KeyValue::new("waybill.told", "afterwards"),
        KeyValue::new("error.type", "DEADLINE_EXCEEDED"),
    ];
    assert!(said.iter().all(|said| root.attributes.contains(said)), "{root:?}");
    let [event] = &root.events.events[..] else { panic!("{root:?}") };
    assert_eq!((&*event.name, event.timestamp), ("refused", end - ms(70)));
    assert_eq!(event.attributes, [KeyValue::new("reason", "no room")]);
    let before = |span: &SpanData| {
        let of = |time| end.duration_since(time).unwrap();
        (of(span.start_time), of(span.end_time))
    };
    assert_eq!(before(root), (ms(100), ms(0)));
    for (step, from, to) in [("solve", 50, 30), ("commit", 30, 0)] {
        let span = named(&spans, step);
        assert_eq!(span.parent_span_id, root.span_context.span_id(), "{step}");
        assert_eq!(span.span_context.trace_id(), root.span_context.trace_id(), "{step}");
        assert_eq!(before(span), (ms(from), ms(to)), "{step}");
    }
}

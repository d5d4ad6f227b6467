//! A line of JSON for each event, with the trace that it belongs to.

use std::fmt;

use opentelemetry::{Context, trace::TraceContextExt};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{self, Format, Json, Writer},
    },
    registry::LookupSpan,
};

/// The fields of an event beside its time, level and target, and `trace_id` and `span_id` first when it
/// was logged in a sampled span.
pub(super) struct JsonWithTrace {
    json: Format<Json>,
}

impl Default for JsonWithTrace {
    fn default() -> Self {
        let json = format::format().json().flatten_event(true);
        Self { json: json.with_current_span(false).with_span_list(false) }
    }
}

impl<S, N> FormatEvent<S, N> for JsonWithTrace
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let span = Context::map_current(|current| current.span().span_context().clone());
        if !span.is_sampled() {
            return self.json.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.json.format_event(context, Writer::new(&mut line), event)?;
        let (trace_id, span_id) = (span.trace_id(), span.span_id());
        let fields = line.strip_prefix('{').ok_or(fmt::Error)?;
        write!(writer, "{{\"trace_id\":\"{trace_id}\",\"span_id\":\"{span_id}\",{fields}")
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing::subscriber::with_default;
    use tracing_subscriber::{fmt::format::JsonFields, layer::SubscriberExt};

    use super::*;
    use crate::trace::{ChosenIds, Spans, TraceContext};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_has_its_fields_and_in_a_sampled_span_its_trace() {
        let lines = Lines::default();
        let writer = lines.clone();
        let logs = tracing_subscriber::fmt::layer()
            .with_writer(move || writer.clone())
            .fmt_fields(JsonFields::new())
            .event_format(JsonWithTrace::default());
        let provider = SdkTracerProvider::builder().with_id_generator(ChosenIds::default()).build();
        let traces = crate::telemetry::traces(provider.tracer("test"), true);
        let context = TraceContext::new_root([7; 16], true);
        with_default(tracing_subscriber::registry().with(logs).with(traces), || {
            tracing::info!(port = 8081, "listening");
            let span = Spans::of("test").batch("plan batch", &context);
            span.in_scope(|| tracing::warn!(reason = "a \"quoted\" one", "rejected"));
            tracing::info!("after");
        });

        let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> = lines.lines().map(object).collect();
        let text = |line: usize, key| lines[line].get(key).and_then(serde_json::Value::as_str);
        assert_eq!(text(0, "message"), Some("listening"));
        assert_eq!(lines[0].get("port").and_then(serde_json::Value::as_i64), Some(8081));
        assert_eq!(text(0, "level"), Some("INFO"));
        assert_eq!(text(0, "trace_id"), None);
        assert_eq!(text(1, "trace_id"), Some(&*context.trace_id()));
        assert_eq!(text(1, "reason"), Some("a \"quoted\" one"));
        assert_ne!(text(1, "span_id"), None);
        assert_eq!(text(2, "trace_id"), None);
    }

    fn object(line: &str) -> serde_json::Value {
        serde_json::from_str(line).unwrap()
    }
}

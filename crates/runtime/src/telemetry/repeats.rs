//! A warning that says the same of a peer again and again is logged once in a while, with how many were left
//! out. Other lines are each of something else, such as a batch, and all of them are logged.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tracing::{
    Event, Level, Subscriber,
    callsite::Identifier,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// The same is logged once in this time.
const QUIET: Duration = Duration::from_secs(10);
/// Warnings that are known at once. Peers come and go.
const KNOWN: usize = 1_024;

/// Lines of `format`, without repeats.
pub(super) struct Repeats<F> {
    format: F,
    seen: Mutex<HashMap<Key, Seen>>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    callsite: Identifier,
    /// What it says in words: another trouble of the same peer is no repeat.
    fields: String,
}

struct Seen {
    logged: Instant,
    left_out: u64,
}

impl<F> Repeats<F> {
    pub(super) fn of(format: F) -> Self {
        Self { format, seen: Mutex::default() }
    }

    /// How many like it were left out since the last; none: this one is left out.
    fn left_out(&self, event: &Event<'_>) -> Option<u64> {
        if *event.metadata().level() > Level::WARN {
            return Some(0);
        }
        let mut fields = Fields { name_a_peer: false, text: String::new() };
        event.record(&mut fields);
        if !fields.name_a_peer {
            return Some(0);
        }
        let key = Key { callsite: event.metadata().callsite(), fields: fields.text };
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = seen.get_mut(&key) {
            if now - seen.logged < QUIET {
                seen.left_out += 1;
                return None;
            }
            seen.logged = now;
            return Some(std::mem::take(&mut seen.left_out));
        }
        if seen.len() >= KNOWN {
            seen.retain(|_, seen| now - seen.logged < QUIET || seen.left_out > 0);
        }
        // With so many in so short a time the new ones are logged each time: none is lost without a word.
        if seen.len() < KNOWN {
            seen.insert(key, Seen { logged: now, left_out: 0 });
        }
        Some(0)
    }
}

/// What a line says in words, and whether one of its fields is `peer`.
struct Fields {
    name_a_peer: bool,
    text: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name_a_peer |= field.name() == "peer";
        // Cannot fail: a text takes everything.
        let _ = write!(self.text, "{field}={value:?} ");
    }

    /// Numbers change from one time to the next; it is the same trouble.
    fn record_u64(&mut self, _: &Field, _: u64) {}
    fn record_i64(&mut self, _: &Field, _: i64) {}
}

impl<S, N, F> FormatEvent<S, N> for Repeats<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let left_out = match self.left_out(event) {
            None => return Ok(()),
            Some(0) => return self.format.format_event(context, writer, event),
            Some(left_out) => left_out,
        };
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        let line = line.trim_end();
        match line.strip_suffix('}').filter(|_| line.starts_with('{')) {
            Some(object) => writeln!(writer, "{object},\"left_out\":{left_out}}}"),
            None => writeln!(writer, "{line} left_out={left_out}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering},
        },
    };

    use tokio::time::advance;
    use tracing::subscriber::set_default;
    use tracing_subscriber::{
        fmt::format::{self, JsonFields},
        layer::SubscriberExt,
    };

    use super::*;
    use crate::telemetry::json::JsonWithTrace;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        fn take(&self) -> Vec<String> {
            let bytes = std::mem::take(&mut *self.0.lock().unwrap());
            String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
        }
    }

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn is_down(peer: &str) {
        is_down_by(peer, "refused");
    }

    fn is_down_by(peer: &str, trouble: &str) {
        static UNACKED: AtomicU64 = AtomicU64::new(0);
        let unacked = UNACKED.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(unacked, trouble, %peer, "stream is down");
    }

    #[tokio::test(start_paused = true)]
    async fn a_warning_that_comes_again_is_counted_and_said_once_in_a_while() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt::layer()
            .with_writer(move || writer.clone())
            .fmt_fields(JsonFields::new())
            .event_format(Repeats::of(JsonWithTrace::default()));
        let _logging = set_default(tracing_subscriber::registry().with(log));

        (0..5).for_each(|_| is_down("10.0.0.1:80"));
        is_down("10.0.0.2:80");
        assert_eq!(lines.take().len(), 2, "one of each peer");
        advance(QUIET).await;
        is_down("10.0.0.1:80");
        is_down("10.0.0.2:80");
        let said = lines.take();
        let left_out = |line: &String| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["left_out"].as_u64()
        };
        assert_eq!(said.iter().map(left_out).collect::<Vec<_>>(), [Some(4), None], "{said:?}");

        // Another trouble of the same peer is no repeat.
        is_down_by("10.0.0.1:80", "unauthenticated");
        assert_eq!(lines.take().len(), 1);

        // A batch is no peer, and what is no warning is wanted as it is.
        for number in 0..3 {
            tracing::warn!(number, "batch rejected");
            tracing::info!(peer = "10.0.0.1:80", "stream is open");
        }
        assert_eq!(lines.take().len(), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn on_a_terminal_too() {
        let lines = Lines::default();
        let writer = lines.clone();
        let format = format::format().without_time().with_ansi(false);
        let log = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .event_format(Repeats::of(format));
        let _logging = set_default(tracing_subscriber::registry().with(log));
        (0..3).for_each(|_| is_down("10.0.0.1:80"));
        advance(QUIET).await;
        is_down("10.0.0.1:80");
        let said = lines.take();
        assert_eq!(said.len(), 2);
        assert!(said[1].ends_with("peer=10.0.0.1:80 left_out=2"), "{said:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn of_more_peers_than_can_be_known_none_is_left_out() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt::layer()
            .with_writer(move || writer.clone())
            .event_format(Repeats::of(format::format()));
        let _logging = set_default(tracing_subscriber::registry().with(log));
        (0..KNOWN + 10).for_each(|peer| is_down(&peer.to_string()));
        (KNOWN..KNOWN + 10).for_each(|peer| is_down(&peer.to_string()));
        assert_eq!(lines.take().len(), KNOWN + 20);
        advance(QUIET).await;
        is_down("a new one");
        is_down("a new one");
        assert_eq!(lines.take().len(), 1);
    }
}

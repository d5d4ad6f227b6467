//! The spans of all hosts, and what became of them.
//!
//! A span is exported a while after it has ended. One that is open when its host crashes, or has ended just
//! before, is lost: the parent of spans on other hosts may be missing for this reason and no other.

mod tree;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use opentelemetry::{
    Context,
    trace::{SpanId, SpanKind, TraceId},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span as Started, SpanData, SpanProcessor},
};
use proto::analytics::v1::Plan;
use runtime::{telemetry, trace::Sampler};
use tokio::{
    runtime::{Handle, Id},
    time::sleep,
};
use tracing::Subscriber;

pub use tree::Seen;
use tree::{Span, Tree};

/// A batch that takes longer is told of although it is not sampled.
pub const SLOW: Duration = Duration::from_secs(1);
/// When a run has ended, what is still open ends within this time.
const LAST_SPANS: Duration = Duration::from_secs(20);
/// What waits to be exported is sent so often.
const EXPORT_EVERY: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(10);

/// Every other batch is sampled.
pub fn sampler() -> Sampler {
    Sampler::ratio(0.5)
}

/// What became of the spans of a simulation. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Traces(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// Lives of hosts: each has a runtime of its own.
    lives: HashMap<Id, String>,
    /// Hosts that have crashed.
    crashed: BTreeSet<String>,
    /// The host that crashes now.
    crashes: Option<String>,
    open: HashMap<(TraceId, SpanId), (String, String)>,
    /// Of each host, since the last export.
    ended: HashMap<String, Vec<Span>>,
    exported: Vec<Span>,
    lost: Vec<Span>,
    wrong: Vec<String>,
}

impl SpanProcessor for Traces {
    fn on_start(&self, span: &mut Started, _: &Context) {
        let Some(data) = span.exported_data() else { return };
        // A stream's, which lasts.
        if data.span_kind == SpanKind::Server {
            return;
        }
        let mut kept = self.kept();
        let host = Handle::try_current().ok().and_then(|it| kept.lives.get(&it.id()).cloned());
        let name = data.name.into_owned();
        let Some(host) = host else {
            kept.wrong.push(format!("{name} was started on no host"));
            return;
        };
        let id = (data.span_context.trace_id(), data.span_context.span_id());
        if kept.open.insert(id, (host, name)).is_some() {
            kept.wrong.push(format!("{id:?} is started twice"));
        }
    }

    fn on_end(&self, data: SpanData) {
        if data.span_kind == SpanKind::Server {
            return;
        }
        let mut kept = self.kept();
        let id = (data.span_context.trace_id(), data.span_context.span_id());
        let Some((host, _)) = kept.open.remove(&id) else {
            kept.wrong.push(format!("{data:?} ended twice"));
            return;
        };
        match kept.crashes.clone() {
            Some(crashes) if crashes == host => kept.lost.push(Span { host, data }),
            Some(crashes) => kept.wrong.push(format!("{crashes} crashed, {host} lost {data:?}")),
            None => kept.ended.entry(host.clone()).or_default().push(Span { host, data }),
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl Traces {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears of the spans of the thread whose default it is.
    pub fn subscriber(&self) -> impl Subscriber + Send + Sync + use<> {
        telemetry::traced_by(self.clone())
    }

    /// A life of this host begins, on whose runtime this is called.
    pub fn begin_on(&self, host: &str) {
        self.kept().lives.insert(Handle::current().id(), host.to_owned());
        let (traces, host) = (self.clone(), host.to_owned());
        tokio::spawn(async move {
            loop {
                sleep(EXPORT_EVERY).await;
                let mut kept = traces.kept();
                let ended = kept.ended.remove(&host).unwrap_or_default();
                kept.exported.extend(ended);
            }
        });
    }

    /// This host crashes in `crash`.
    pub fn lost_on(&self, host: &str, crash: impl FnOnce()) {
        let mut kept = self.kept();
        kept.crashed.insert(host.to_owned());
        let ended = kept.ended.remove(host).unwrap_or_default();
        kept.lost.extend(ended);
        kept.crashes = Some(host.to_owned());
        drop(kept);
        crash();
        self.kept().crashes = None;
    }

    /// Waits until every span has ended and is exported.
    ///
    /// # Errors
    /// Some did not.
    pub async fn settle(&self) -> turmoil::Result {
        let looks = LAST_SPANS.as_millis() / LOOK.as_millis();
        for _ in 0..looks {
            sleep(LOOK).await;
            let kept = self.kept();
            if kept.open.is_empty() && kept.ended.values().all(Vec::is_empty) {
                return Ok(());
            }
        }
        Err(format!("spans that never ended: {:?}", self.kept().open).into())
    }

    /// Checks that every sampled batch of these plans is one tree, and that no other has a span but one that is
    /// told of afterwards.
    ///
    /// # Errors
    /// What was not so.
    pub fn check(&self, plans: &[Plan]) -> Result<Seen, String> {
        let kept = self.kept();
        if let Some(wrong) = kept.wrong.first() {
            return Err(format!("{wrong}, and {} more", kept.wrong.len() - 1));
        }
        let mut seen = Seen::default();
        for plan in plans {
            let trace = TraceId::from_hex(&plan.trace_id).map_err(|error| error.to_string())?;
            let of = |spans: &[Span]| -> Vec<Span> {
                let of = |span: &&Span| span.data.span_context.trace_id() == trace;
                spans.iter().filter(of).cloned().collect()
            };
            let tree = Tree { exported: of(&kept.exported), lost: of(&kept.lost) };
            let checked = match sampler().decide(&trace.to_bytes()) {
                true => tree.check(&kept, &mut seen),
                false => tree.check_unsampled(&mut seen),
            };
            checked.map_err(|error| format!("batch {}: {error}\n{tree}", plan.batch_id))?;
        }
        let known: HashSet<&str> = plans.iter().map(|plan| plan.trace_id.as_str()).collect();
        let stray = |span: &&Span| {
            let trace = span.data.span_context.trace_id().to_string();
            !known.contains(trace.as_str())
        };
        match kept.exported.iter().chain(&kept.lost).find(stray) {
            Some(span) => Err(format!("a span of no batch: {:?}", span.data)),
            None => Ok(seen),
        }
    }
}

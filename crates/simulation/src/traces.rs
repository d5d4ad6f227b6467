//! The spans of all hosts, and whether they are one whole tree a batch.
//!
//! A span is exported a while after it has ended. One that is open when its host crashes, or has ended just
//! before, is lost: the parent of spans on other hosts may be missing for this reason and no other.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use opentelemetry::{
    Context, Value,
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

use crate::world::PRODUCER;

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

#[derive(Debug, Clone)]
struct Span {
    host: String,
    data: SpanData,
}

/// How much of it there was, over all batches of a simulation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Batches that were sampled.
    pub sampled: usize,
    /// Batches that were sampled and sent more than once.
    pub sent_again: usize,
    /// Times that one of them was refused for now.
    pub refusals: usize,
    /// Spans whose parent was lost in a crash.
    pub parent_lost: usize,
    /// Batches that were told of afterwards.
    pub told_afterwards: usize,
}

impl std::iter::Sum for Seen {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            sampled: sum.sampled + it.sampled,
            sent_again: sum.sent_again + it.sent_again,
            refusals: sum.refusals + it.refusals,
            parent_lost: sum.parent_lost + it.parent_lost,
            told_afterwards: sum.told_afterwards + it.told_afterwards,
        })
    }
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

/// The spans of one batch.
struct Tree {
    exported: Vec<Span>,
    lost: Vec<Span>,
}

impl Span {
    fn id(&self) -> SpanId {
        self.data.span_context.span_id()
    }

    fn number(&self, name: &str) -> Option<i64> {
        match self.value(name) {
            Some(Value::I64(number)) => Some(*number),
            _ => None,
        }
    }

    fn is(&self, name: &str, text: &str) -> bool {
        self.value(name).is_some_and(|value| value.as_str() == text)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let attribute = self.data.attributes.iter().find(|it| it.key.as_str() == name);
        attribute.map(|attribute| &attribute.value)
    }
}

impl Tree {
    fn roots(&self) -> Vec<&Span> {
        let root = |span: &&Span| span.data.parent_span_id == SpanId::INVALID;
        self.exported.iter().chain(&self.lost).filter(root).collect()
    }

    fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Span> {
        self.exported.iter().filter(move |span| span.data.name == name)
    }

    fn lost(&self, name: &str) -> bool {
        self.lost.iter().any(|span| span.data.name == name)
    }

    fn check(&self, kept: &Kept, seen: &mut Seen) -> Result<(), String> {
        let roots = self.roots();
        let [root] = roots[..] else { return Err(format!("{} roots", roots.len())) };
        if root.data.name != "send batch" || root.host != PRODUCER {
            return Err("the root is another".to_owned());
        }
        let exported: HashSet<SpanId> = self.exported.iter().map(Span::id).collect();
        let lost: HashSet<SpanId> = self.lost.iter().map(Span::id).collect();
        if exported.len() != self.exported.len() || !exported.is_disjoint(&lost) {
            return Err("two spans have one id".to_owned());
        }
        for span in self.exported.iter().chain(&self.lost).filter(|span| span.id() != root.id()) {
            let parent = span.data.parent_span_id;
            if lost.contains(&parent) {
                seen.parent_lost += 1;
            } else if !exported.contains(&parent) {
                return Err(format!("{} on {} is an orphan", span.data.name, span.host));
            }
        }
        self.check_attempts(root, kept.crashed.contains(PRODUCER))?;
        self.check_recorded(kept)?;
        seen.sampled += 1;
        seen.sent_again += usize::from(root.number("waybill.attempts") > Some(1));
        let refused = root.data.events.iter().filter(|event| event.name == "refused");
        seen.refusals += refused.count();
        Ok(())
    }

    /// Whatever was sent again is in this trace under the number of its attempt.
    fn check_attempts(&self, root: &Span, begun_again: bool) -> Result<(), String> {
        let last = root.number("waybill.attempts").ok_or("the root says no attempts")?;
        let mut count: BTreeMap<i64, usize> = BTreeMap::new();
        for plan in self.named("plan batch") {
            let attempt = plan.number("waybill.attempt").ok_or("a plan says no attempt")?;
            *count.entry(attempt).or_default() += 1;
        }
        // A producer that crashed counts anew.
        if !begun_again && count.iter().any(|(attempt, count)| *attempt > last || *count > 1) {
            return Err(format!("attempts of plans are {count:?}, of the root {last}"));
        }
        Ok(())
    }

    /// It was recorded once, in a commit that is in its trace or linked to it.
    fn check_recorded(&self, kept: &Kept) -> Result<(), String> {
        let recorded: Vec<&Span> = self
            .named("record plan")
            .filter(|span| span.is("waybill.outcome", "recorded"))
            .collect();
        match recorded[..] {
            [] if self.lost("record plan") => Ok(()),
            [plan] => {
                let commits = kept.exported.iter().chain(&kept.lost);
                let mut commits = commits.filter(|span| span.data.name == "commit");
                let of_plan = |commit: &Span| {
                    let linked = |to: SpanId| {
                        commit.data.links.iter().any(|link| link.span_context.span_id() == to)
                    };
                    commit.data.parent_span_id == plan.id() || linked(plan.data.parent_span_id)
                };
                commits.any(of_plan).then_some(()).ok_or_else(|| "it is in no commit".to_owned())
            }
            _ => Err(format!("it was recorded {} times", recorded.len())),
        }
    }

    fn check_unsampled(&self, seen: &mut Seen) -> Result<(), String> {
        if self.exported.is_empty() && self.lost.is_empty() {
            return Ok(());
        }
        seen.told_afterwards += 1;
        let roots = self.roots();
        let [root] = roots[..] else { return Err(format!("{} roots", roots.len())) };
        let others = self.exported.iter().chain(&self.lost).filter(|span| span.id() != root.id());
        let alone = |span: &Span| span.host == PRODUCER && span.data.parent_span_id == root.id();
        if !root.is("waybill.told", "afterwards") || !others.into_iter().all(alone) {
            return Err("it was not sampled, and others told of it".to_owned());
        }
        Ok(())
    }
}

impl std::fmt::Display for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (fate, spans) in [("exported", &self.exported), ("lost", &self.lost)] {
            for Span { host, data } in spans {
                let (id, parent) = (data.span_context.span_id(), data.parent_span_id);
                let said: Vec<String> =
                    data.attributes.iter().map(|it| format!("{}={}", it.key, it.value)).collect();
                writeln!(
                    f,
                    "  {fate} {id} of {parent} {} on {host}: {}",
                    data.name,
                    said.join(" ")
                )?;
            }
        }
        Ok(())
    }
}

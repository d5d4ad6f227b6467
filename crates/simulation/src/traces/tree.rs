//! Whether the spans of one batch are one whole tree.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    iter::Sum,
};

use opentelemetry::{Value, trace::SpanId};
use opentelemetry_sdk::trace::SpanData;

use super::Kept;
use crate::world::PRODUCER;

/// A span, and the host that it ended on.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) host: String,
    pub(super) data: SpanData,
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

impl Sum for Seen {
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

/// The spans of one batch.
pub(super) struct Tree {
    pub(super) exported: Vec<Span>,
    pub(super) lost: Vec<Span>,
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

    pub(super) fn check(&self, kept: &Kept, seen: &mut Seen) -> Result<(), String> {
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

    pub(super) fn check_unsampled(&self, seen: &mut Seen) -> Result<(), String> {
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

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

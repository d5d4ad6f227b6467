//! The one writer: plans that came meanwhile are committed together, and each is answered after it.

use std::sync::Arc;
use std::time::Duration;

use runtime::trace::{Spans, TraceContext, attribute, failed, link, names};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};
use tonic::{Code, Status};
use tracing::{Instrument, Span};

use crate::error::come_back;
use crate::metrics::Metrics;
use crate::store::{NewPlan, Outcome, Store};
use crate::{Clock, Error};

/// Plans in a group at most: enough to hide the time of an fsync.
const GROUP_PLANS: usize = 512;

/// A group of so many plans means that they come as fast as they can: a commit has its price whatever is
/// in it, and a moment's wait makes the next group larger. Those who send have far more on their way.
const MANY_PLANS: usize = 32;
/// How long that moment is.
const COLLECTING: Duration = Duration::from_millis(4);

/// Bytes of rows in a group at most. A single larger plan is a group of its own.
const GROUP_BYTES: usize = 8 * 1024 * 1024;

/// Plans that wait for the writer. More wait with their senders.
const WAITING_PLANS: usize = 2 * GROUP_PLANS;

/// Time between two tries to write to a store that failed.
const RETRY: Duration = Duration::from_secs(1);

/// How long a remote store may be idle until it is tried whether it is there still.
const DOUBT: Duration = Duration::from_secs(5);

/// A plan that waits to be recorded.
pub(crate) struct Job {
    pub(crate) plan: NewPlan,
    pub(crate) trace: TraceContext,
    /// The span of recording it; ends with the answer.
    pub(crate) span: Span,
    /// When all of it had come.
    pub(crate) whole: Instant,
    pub(crate) answer: Box<dyn FnOnce(Result<Outcome, Status>) + Send>,
}

/// Where plans are handed to the writer. The writer ends with the last of them.
#[derive(Clone)]
pub(crate) struct Queue(mpsc::Sender<Job>);

impl Queue {
    /// Hands a plan over without waiting; gives it back when the queue is full.
    pub(crate) fn offer(&self, job: Job) -> Result<(), Box<Job>> {
        self.0.try_send(job).map_err(|refused| Box::new(refused.into_inner()))
    }

    /// Plans that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.0.max_capacity() - self.0.capacity()
    }

    /// Hands a plan over. It is answered in any case.
    pub(crate) async fn send(&self, job: Job) {
        if let Err(refused) = self.0.send(job).await {
            (refused.0.answer)(Err(Error::Stopping.status()));
        }
    }
}

/// The writer's task; its owner runs it.
pub(crate) struct Writer {
    store: Arc<dyn Store>,
    clock: Clock,
    jobs: mpsc::Receiver<Job>,
    /// The first job of the group to come.
    next: Option<Job>,
    /// Plans in the group before.
    before: usize,
    metrics: Metrics,
    /// Whether the last write succeeded.
    writable: watch::Sender<bool>,
}

impl Writer {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Clock, metrics: Metrics) -> (Writer, Queue) {
        let (queue, jobs) = mpsc::channel(WAITING_PLANS);
        let writable = watch::Sender::new(true);
        (Writer { store, clock, jobs, next: None, before: 0, metrics, writable }, Queue(queue))
    }

    /// Whether the store could be written the last time.
    pub(crate) fn writable(&self) -> watch::Receiver<bool> {
        self.writable.subscribe()
    }

    /// Writes until no queue is left and everything is answered.
    pub(crate) async fn run(mut self) {
        loop {
            let failing = !*self.writable.borrow();
            let idle = if failing { RETRY } else { DOUBT };
            tokio::select! {
                biased;
                group = self.group() => match group {
                    Some(group) => self.record(group).await,
                    None => return,
                },
                () = sleep(idle), if failing || self.store.is_remote() => self.probe().await,
            }
        }
    }

    /// The next plan and those that wait with it.
    async fn group(&mut self) -> Option<Vec<Job>> {
        // Kept here, as a probe may end the wait.
        if self.next.is_none() {
            self.next = Some(self.jobs.recv().await?);
        }
        // One wait for all of them: a wake-up for each that comes would cost what it saves.
        if self.before >= MANY_PLANS && self.jobs.len() < GROUP_PLANS {
            sleep(COLLECTING).await;
        }
        let first = self.next.take()?;
        let mut bytes = first.plan.bytes();
        let mut group = vec![first];
        while group.len() < GROUP_PLANS {
            let Ok(job) = self.jobs.try_recv() else { break };
            bytes += job.plan.bytes();
            if bytes > GROUP_BYTES {
                self.next = Some(job);
                break;
            }
            group.push(job);
        }
        self.before = group.len();
        Some(group)
    }

    async fn record(&mut self, group: Vec<Job>) {
        let span = commit_span(&group);
        let (begun, mut bytes) = (Instant::now(), 0);
        // The slow group's example is any of its plans.
        let example = group.iter().map(|job| &job.trace).find(|trace| trace.sampled()).cloned();
        let mut answers = Vec::with_capacity(group.len());
        let plans: Vec<NewPlan> = group
            .into_iter()
            .map(|job| {
                bytes += job.plan.bytes();
                self.metrics.waited(begun - job.whole, &job.trace);
                answers.push((job.span, job.answer));
                job.plan
            })
            .collect();
        let count = plans.len();
        let outcomes = self.store.record((self.clock)(), plans).instrument(span.clone()).await;
        let (took, written) = (begun.elapsed(), outcomes.is_ok());
        self.metrics.committed(took, count, bytes, written, &example.unwrap_or_default());
        self.is_writable(outcomes.as_ref().err());
        match outcomes {
            Ok(outcomes) => {
                drop(span);
                for ((span, answer), outcome) in answers.into_iter().zip(outcomes) {
                    attribute(&span, "waybill.outcome", outcome.name());
                    self.metrics.came_to(&outcome);
                    answer(Ok(outcome));
                }
            }
            Err(error) => {
                failed(&span, Code::Unavailable, &error.to_string());
                // Whatever it is, the plans are good: whoever has them keeps them and comes back.
                for (span, answer) in answers {
                    failed(&span, Code::Unavailable, &error.to_string());
                    answer(Err(come_back("the plan could not be written".into())));
                }
            }
        }
    }

    async fn probe(&mut self) {
        let written = self.store.record((self.clock)(), Vec::new()).await;
        self.is_writable(written.err().as_ref());
    }

    /// Says so when it changes.
    fn is_writable(&self, error: Option<&Error>) {
        let now = error.is_none();
        self.writable.send_if_modified(|before| {
            let changed = *before != now;
            match error {
                Some(error) if changed => {
                    tracing::error!(%error, "store cannot be written, plans are sent back until it can");
                }
                None if changed => tracing::info!("store can be written again"),
                _ => {}
            }
            *before = now;
            changed
        });
    }
}

/// The span of a group's commit: a child of the first plan's that is sampled, linked to the others'.
fn commit_span(group: &[Job]) -> Span {
    let mut sampled = group.iter().filter(|job| !job.span.is_disabled());
    let Some(first) = sampled.next() else { return Span::none() };
    let span = Spans::of(crate::PART).step("commit", &first.span);
    attribute(&span, names::DB_OPERATION_BATCH_SIZE, group.len() as i64);
    for job in sampled {
        link(&span, &job.trace);
    }
    span
}

//! All runs: those that are alive, and the way to those that have ended.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::Records;
use futures_util::FutureExt;
use prost::Message;
use proto::{
    RunId, Violations,
    producer::v1::{Run, StartRunRequest},
};
use runtime::workers::Workers;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    error::Error,
    moment::{Clock, Moment},
    request::{Order, SourceSpec, Spec},
    run::{
        drive::{Road, drive},
        keep::keep,
        live::LiveRun,
        machine::{Machine, Standing},
        schedule::Schedule,
    },
    source::{Source, columns},
    store::{Content, Inserted, KeptRun, NewRun, Store},
    wire,
};

/// The runs of a producer.
pub struct Runs {
    store: Arc<Store>,
    workers: Workers,
    road: Road,
    clock: Clock,
    active: Mutex<BTreeMap<RunId, Arc<LiveRun>>>,
    slots: Arc<Semaphore>,
    limit: usize,
    tasks: TaskTracker,
    killed: CancellationToken,
}

impl Runs {
    /// No runs yet, at most `limit` at once.
    pub fn new(
        store: Arc<Store>,
        workers: Workers,
        road: Road,
        clock: Clock,
        limit: usize,
        tasks: TaskTracker,
        killed: CancellationToken,
    ) -> Self {
        let active = Mutex::default();
        let slots = Arc::new(Semaphore::new(limit));
        Self { store, workers, road, clock, active, slots, limit, tasks, killed }
    }

    fn active(&self) -> MutexGuard<'_, BTreeMap<RunId, Arc<LiveRun>>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runs that are alive.
    pub fn alive(&self) -> Vec<Arc<LiveRun>> {
        self.active().values().cloned().collect()
    }

    /// Whether the process is coming to an end.
    pub fn draining(&self) -> &CancellationToken {
        &self.road.draining
    }

    /// Does blocking work on the store.
    pub async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = Arc::clone(&self.store);
        self.workers.run(move || work(&store)).await?
    }

    /// Starts a run; the one that is there, if it was started so before.
    ///
    /// # Errors
    /// `NoRoster`, `OtherRun`, `TooManyRuns`, `Draining`, `Store`, `Worker`.
    pub async fn start(self: &Arc<Self>, order: Order) -> Result<Run, Error> {
        if self.road.draining.is_cancelled() {
            return Err(Error::Draining);
        }
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok();
        let full = slot.is_none();
        let Order { run_id, spec, records, mut request, digest } = order;
        let known = run_id.is_some();
        let run_id = run_id.unwrap_or_else(RunId::now);
        request.run_id = run_id.to_string();
        let kept = self.kept(run_id, &request, digest);
        let roster = spec.source.roster().map(str::to_owned);
        let insert = move |store: &Store| {
            if known && let Some(existing) = store.find_run(run_id)? {
                return Ok(Inserted::Existing(Box::new(existing)));
            }
            if let Some(name) = roster
                && store.find_roster(&name)?.is_none()
            {
                return Err(Error::NoRoster(name));
            }
            if full {
                return Ok(Inserted::New);
            }
            let content =
                records.as_ref().map(|(shipments, drivers)| to_content(shipments, drivers));
            Ok(store.insert_run(&NewRun { content, ..kept })?)
        };
        let inserted = self.with_store(insert).await?;
        let kept = match (inserted, slot) {
            (Inserted::Existing(existing), _) if existing.digest == digest => {
                return self.get(run_id).await;
            }
            (Inserted::Existing(_), _) => return Err(Error::OtherRun(run_id)),
            (Inserted::New, None) => return Err(Error::TooManyRuns { limit: self.limit }),
            (Inserted::New, Some(slot)) => (self.find(run_id).await?, slot),
        };
        let (kept, slot) = kept;
        tracing::info!(run = %run_id, "run started");
        let live = self.bring_to_life(kept, spec, None, Some(slot));
        Ok(shown(&live))
    }

    fn kept(&self, run_id: RunId, request: &StartRunRequest, digest: [u8; 32]) -> NewRun {
        let start = self.clock.now().whole_ms();
        NewRun { run_id, start, request: request.encode_to_vec(), digest, content: None }
    }

    /// Starts the run of a watched folder.
    ///
    /// # Errors
    /// `Store`, `Worker`.
    pub async fn start_folder(
        self: &Arc<Self>,
        request: StartRunRequest,
        spec: Spec,
    ) -> Result<Arc<LiveRun>, Error> {
        let run_id = RunId::now();
        let request = StartRunRequest { run_id: run_id.to_string(), ..request };
        let new = self.kept(run_id, &request, [0; 32]);
        self.with_store(move |store| Ok(store.insert_run(&new)?)).await?;
        let kept = self.find(run_id).await?;
        Ok(self.bring_to_life(kept, spec, Some(0), None))
    }

    /// Brings a run that is kept and not alive to life.
    ///
    /// # Errors
    /// `Store`, `Worker`.
    pub async fn resume(self: &Arc<Self>, kept: KeptRun) -> Result<Arc<LiveRun>, Error> {
        let request = decode(&kept.request);
        // What was started once is sound; of another version's it is the part that is known.
        let spec = Spec::read(&request, &mut Violations::new());
        let id = kept.run_id;
        let Some(spec) = spec else {
            return Err(self.store.damaged(format!("run {id}: its request")).into());
        };
        let stock = match spec.source {
            SourceSpec::Folder => {
                let last = self.with_store(move |store| Ok(store.last_pair(id)?)).await?;
                Some(last.map_or(0, |last| last + 1).max(kept.saved.sent))
            }
            _ => None,
        };
        // A slot if there is one: what was started goes on, whatever the limit is now.
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok();
        let standing = Standing { saved: kept.saved.clone(), behind: Default::default() };
        tracing::info!(
            run = %id, sent = standing.saved.sent, settled = standing.saved.progress.settled,
            "run goes on"
        );
        Ok(self.bring_to_life(kept, spec, stock, slot))
    }

    fn bring_to_life(
        self: &Arc<Self>,
        kept: KeptRun,
        spec: Spec,
        stock: Option<u64>,
        slot: Option<OwnedSemaphorePermit>,
    ) -> Arc<LiveRun> {
        let schedule = Schedule {
            start: kept.start,
            interval: spec.interval,
            limit: spec.limit,
            run_for: spec.run_for,
        };
        let now = self.clock.now();
        let machine = Machine::resume(schedule, kept.saved, stock, now);
        let of_pairs = spec.source == SourceSpec::Folder;
        let request = decode(&kept.request);
        let live = LiveRun::new(kept.run_id, request, machine, of_pairs, self.clock);
        self.active().insert(kept.run_id, Arc::clone(&live));
        self.spawn(self.drives(Arc::clone(&live), spec));
        self.spawn(self.keeps(Arc::clone(&live), slot));
        live
    }

    /// A task that ends with the producer.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let killed = self.killed.clone();
        self.tasks.spawn(async move {
            killed.run_until_cancelled(task).await;
        });
    }

    fn drives(&self, run: Arc<LiveRun>, spec: Spec) -> impl Future<Output = ()> + Send + 'static {
        let (store, workers) = (Arc::clone(&self.store), self.workers.clone());
        let road = self.road.clone();
        async move {
            let source = match Source::open(&spec.source, run.id(), &store, &workers).await {
                Ok(source) => source,
                Err(error) => {
                    tracing::error!(run = %run.id(), %error, "the run cannot go on");
                    run.fail(error.to_stored(), None);
                    Source::broken(run.id(), &workers)
                }
            };
            let driven = drive(Arc::clone(&run), spec.clone(), source, road.clone());
            if AssertUnwindSafe(driven).catch_unwind().await.is_err() {
                let broken = Source::broken(run.id(), &workers);
                let error = Error::Panicked(run.id());
                tracing::error!(%error, "the run cannot go on");
                run.fail(error.to_stored(), None);
                drive(run, spec, broken, road).await;
            }
        }
    }

    fn keeps(
        self: &Arc<Self>,
        run: Arc<LiveRun>,
        slot: Option<OwnedSemaphorePermit>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let runs = Arc::downgrade(self);
        let (store, workers) = (Arc::clone(&self.store), self.workers.clone());
        async move {
            keep(Arc::clone(&run), store, workers).await;
            if let Some(runs) = runs.upgrade() {
                runs.active().remove(&run.id());
            }
            drop(slot);
            tracing::info!(run = %run.id(), "run ended");
        }
    }

    async fn find(&self, id: RunId) -> Result<KeptRun, Error> {
        let kept = self.with_store(move |store| Ok(store.find_run(id)?)).await?;
        kept.ok_or(Error::NoRun(id))
    }

    /// A run that is alive.
    pub fn live(&self, id: RunId) -> Option<Arc<LiveRun>> {
        self.active().get(&id).cloned()
    }

    /// A run as it stands.
    ///
    /// # Errors
    /// `NoRun`, `Store`, `Worker`.
    pub async fn get(&self, id: RunId) -> Result<Run, Error> {
        match self.live(id) {
            Some(live) => Ok(shown(&live)),
            None => Ok(self.shown_kept(&self.find(id).await?)),
        }
    }

    /// At most `count` runs, the newest first, from behind `after` on, each with its place.
    ///
    /// # Errors
    /// `Store`, `Worker`.
    pub async fn list(
        &self,
        after: Option<(Moment, RunId)>,
        count: usize,
    ) -> Result<Vec<(Moment, RunId, Run)>, Error> {
        let kept = self.with_store(move |store| Ok(store.list_runs(after, count)?)).await?;
        let show = |kept: &KeptRun| match self.live(kept.run_id) {
            Some(live) => shown(&live),
            None => self.shown_kept(kept),
        };
        Ok(kept.iter().map(|kept| (kept.start, kept.run_id, show(kept))).collect())
    }

    /// Makes no more batches of a run. It is durable before this answers.
    ///
    /// # Errors
    /// `NoRun`, `Store`, `Worker`.
    pub async fn stop(&self, id: RunId) -> Result<Run, Error> {
        let Some(live) = self.live(id) else { return self.get(id).await };
        live.stop();
        live.write(&self.store, &self.workers).await?;
        tracing::info!(run = %id, "run stopped");
        Ok(shown(&live))
    }

    /// Writes how far every run got.
    pub async fn write_all(&self) {
        for live in self.alive() {
            if let Err(error) = live.write(&self.store, &self.workers).await {
                let run = live.id();
                tracing::error!(%run, %error, "the last progress is not written, it will be sent again");
            }
        }
    }

    fn shown_kept(&self, kept: &KeptRun) -> Run {
        let standing = Standing { saved: kept.saved.clone(), behind: Default::default() };
        wire::run(kept.run_id, kept.start, &decode(&kept.request), &standing)
    }
}

/// A live run as the wire shows it.
pub(crate) fn shown(live: &LiveRun) -> Run {
    wire::run(live.id(), live.start(), live.request(), &live.standing())
}

fn decode(request: &[u8]) -> StartRunRequest {
    // The store's own checks are before this; a request that cannot be read has no source.
    StartRunRequest::decode(request).unwrap_or_default()
}

fn to_content(shipments: &Records, drivers: &Records) -> Content {
    Content { shipments: columns::to_bytes(shipments), drivers: columns::to_bytes(drivers) }
}

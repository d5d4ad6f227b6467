//! The producer without sockets: what runs in a process, in a test, and in a simulated network.

use std::{fs::File, sync::Arc, time::Duration};

use proto::{DESCRIPTORS, producer::v1::producer_service_server::ProducerServiceServer};
use runtime::{
    Process,
    acked::{Credit, LinkStatus, Outbox, OutboxConfig, sender::SenderConfig},
    health::Health,
    metrics::CallTimes,
    peers::Peers,
    profile::{self, Profile},
    server::{grpc_routes, with_pages},
    trace::{Sampler, Spans},
    workers::Workers,
};
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{
    dispatch::{Dispatch, Traces},
    error::Error,
    grpc::Calls,
    http::{self, Defaults},
    inbox::{self, Inbox},
    metrics::{self, Metrics},
    moment::Clock,
    room::Room,
    run::drive::Road,
    runs::Runs,
    store::Store,
};

/// The service's full name, for health.
pub(crate) const SERVICE: &str = "waybill.producer.v1.ProducerService";

/// Bytes of one request, at most: real shipments and drivers come with StartRun and CreateRoster.
pub const MAX_REQUEST_BYTES: usize = 64 << 20;

/// A batch that takes longer is traced in any case, when nothing else is said.
pub(crate) const SLOW: Duration = Duration::from_secs(1);

/// How much the producer takes on, and what it knows of its surroundings.
#[derive(Debug, Clone)]
pub struct Options {
    /// Runs at once.
    pub max_runs: usize,
    /// Batches that are sent or wait to be, and not answered, over all runs.
    pub unacked: Credit,
    /// Bytes of batches that runs may hold before the stream takes them.
    pub room_bytes: u64,
    /// Times of the stream to the fleet service.
    pub sender: SenderConfig,
    /// What the HTTP route's runs have whose caller does not say.
    pub defaults: Defaults,
    /// The watched folder.
    pub inbox: Option<Inbox>,
    /// Which batches are traced.
    pub traces: Traces,
    /// The time.
    pub clock: Clock,
    /// Who speaks on the stream.
    pub process: Process,
}

impl Options {
    /// The defaults, by this clock.
    pub fn new(clock: Clock) -> Self {
        Self {
            max_runs: 64,
            unacked: Credit { items: 4_096, bytes: 128 << 20 },
            room_bytes: 128 << 20,
            sender: SenderConfig::default(),
            defaults: Defaults::default(),
            inbox: None,
            traces: Traces { sampler: Sampler::Never, slower_than: SLOW },
            clock,
            process: Process::named("producer"),
        }
    }
}

/// The producer. Dropping it is like killing it: nothing is sent or written any more.
pub struct Core {
    runs: Arc<Runs>,
    outbox: Outbox<Dispatch>,
    sending: JoinHandle<()>,
    tasks: TaskTracker,
    killed: CancellationToken,
    _kills: DropGuard,
    clock: Clock,
    defaults: Defaults,
    process: Process,
    metrics: Metrics,
    calls: CallTimes,
    /// Held while pairs may be taken, so that no other producer plans them too.
    _inbox: Option<File>,
}

impl Core {
    /// Starts a producer: runs that have not ended go on. `fleet` are the replicas of the fleet service;
    /// `workers` do what blocks.
    ///
    /// # Errors
    /// `Store`, `Worker`, `InboxInUse`, `Inbox`.
    pub async fn start(
        store: Store,
        fleet: Peers,
        workers: Workers,
        options: Options,
    ) -> Result<Self, Error> {
        let _inbox = options.inbox.as_ref().map(inbox::lock).transpose()?.flatten();
        let store = Arc::new(store);
        let config = OutboxConfig {
            name: "dispatch",
            capacity: options.unacked,
            sender: options.sender.clone(),
        };
        let metrics = Metrics::default();
        let dispatch = Dispatch::new(options.process.clone(), metrics.clone(), options.traces);
        let (outbox, sending) = Outbox::start(Arc::new(dispatch), fleet, config);
        let (tasks, killed) = (TaskTracker::new(), CancellationToken::new());
        let road = Road {
            outbox: outbox.clone(),
            room: Room::new(options.room_bytes),
            sampler: options.traces.sampler,
            draining: CancellationToken::new(),
        };
        let runs = Arc::new(Runs::new(
            Arc::clone(&store),
            workers.clone(),
            road,
            options.clock,
            options.max_runs,
            tasks.clone(),
            killed.clone(),
        ));
        let dies = killed.clone();
        let sending = tasks.spawn(async move {
            dies.run_until_cancelled(sending).await;
        });
        let _kills = killed.clone().drop_guard();
        let core = Self {
            runs,
            outbox,
            sending,
            tasks,
            killed,
            _kills,
            clock: options.clock,
            defaults: options.defaults,
            process: options.process,
            metrics,
            calls: CallTimes::default(),
            _inbox,
        };
        core.resume(&store, &workers, options.inbox).await?;
        Ok(core)
    }

    async fn resume(
        &self,
        store: &Arc<Store>,
        workers: &Workers,
        inbox: Option<Inbox>,
    ) -> Result<(), Error> {
        let unfinished = self.runs.with_store(|store| Ok(store.unfinished_runs()?)).await?;
        let mut of_folders = Vec::new();
        for kept in unfinished {
            let live = self.runs.resume(kept).await?;
            if inbox::path_of(live.request()).is_some() {
                of_folders.push(live);
            }
        }
        inbox::start(&self.runs, store, workers, inbox, of_folders).await
    }

    /// The runs.
    pub fn runs(&self) -> &Arc<Runs> {
        &self.runs
    }

    /// How the streams to the fleet service are.
    pub fn fleet(&self) -> watch::Receiver<LinkStatus> {
        self.outbox.status()
    }

    /// Adds what the producer counts to a registry.
    pub fn register(&self, registry: &mut prometheus_client::registry::Registry) {
        self.calls.register(registry);
        let (fleet, traffic) = (self.fleet(), self.outbox.traffic());
        metrics::register(registry, &self.metrics, &self.runs, fleet, traffic);
    }

    /// Health of this service, not serving yet.
    pub fn health() -> Health {
        Health::new(&[SERVICE])
    }

    /// The service's calls, with health and reflection, and its HTTP route.
    pub fn routes(&self, health: &Health) -> axum::Router {
        let calls = Calls { runs: Arc::clone(&self.runs), clock: self.clock };
        let service =
            ProducerServiceServer::new(calls).max_decoding_message_size(MAX_REQUEST_BYTES);
        let profile = Profile::new("producer", self.process.clone(), health.clone())
            .sending(self.fleet(), self.outbox.traffic());
        let grpc = grpc_routes(health, &[DESCRIPTORS], &[profile::SERVICE])
            .add_service(service)
            .add_service(profile.server());
        let http = http::routes(Arc::clone(&self.runs), self.defaults.clone());
        with_pages(self.calls.timed(grpc, DESCRIPTORS, Spans::of("producer")), http)
    }

    /// Makes no more batches, waits for at most `within` until those that were sent are answered, and
    /// writes how far every run got. Runs go on when the producer starts again.
    pub async fn drain(mut self, within: Duration) {
        self.runs.draining().cancel();
        self.outbox.finish(within);
        if timeout(within, &mut self.sending).await.is_err() {
            tracing::warn!(
                "batches were unanswered at the end of the drain, they will be sent again"
            );
        }
        self.runs.write_all().await;
        self.kill().await;
    }

    /// Ends all tasks at once, as a crash does, waits until they are gone and lets go of the store.
    pub async fn kill(self) {
        self.killed.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        // Calls and connections that are not gone yet still know the store.
        let close = |store: &Store| {
            store.close();
            Ok(())
        };
        if let Err(error) = self.runs.with_store(close).await {
            tracing::error!(%error, "the store is not closed");
        }
    }
}

//! The services on simulated hosts, each replica on its own, with their stores in a folder that outlives a
//! crash.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use analytics::{
    Analytics,
    store::{Sqlite, Through},
};
use producer::{Clock, Moment, Options, Store};
use runtime::{
    Process, acked::sender::SenderConfig, health::Status, lifecycle::Shutdown, workers::Workers,
};
use tokio::time::sleep;
use turmoil::Sim;

use crate::{
    disk::{Disk, Full},
    network::{Service, serve},
    traces::{self, Traces},
};

/// The port of every service, each on a host of its own.
pub const PORT: u16 = 80;

/// The host of the producer.
pub const PRODUCER: &str = "producer";

/// The host of the first analytics replica, which is always there: what clients read and watch.
pub const ANALYTICS: &str = "analytics-1";

/// How many replicas there are of each service; of the producer there is one.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Of fleet, 1 or more.
    pub fleets: usize,
    /// Of analytics, 1 or more. One opens its store again after a crash; several share one that is never
    /// down, as a database is to them.
    pub analytics: usize,
}

/// What the hosts share.
#[derive(Debug)]
pub struct World {
    /// All hosts, by name.
    pub hosts: Vec<String>,
    /// The fleet service.
    pub fleet: Service,
    /// The analytics service.
    pub analytics: Service,
    /// What the hosts' spans became.
    pub traces: Traces,
    /// Hosts whose disk has no room.
    pub full: Full,
    /// Hosts that were told to drain.
    draining: Arc<Mutex<BTreeSet<String>>>,
}

impl World {
    /// Adds all hosts to the simulation. A host that is crashed and bounced opens its store again.
    ///
    /// # Errors
    /// The shared store can't be opened.
    pub fn build(
        sim: &mut Sim<'_>,
        shape: Shape,
        folder: &Path,
        seed: u64,
    ) -> Result<Self, analytics::Error> {
        let names = |what: &str, count| (1..=count).map(|n| format!("{what}-{n}")).collect();
        let fleets: Vec<String> = names("fleet", shape.fleets);
        let analytics: Vec<String> = names("analytics", shape.analytics);
        let world = World {
            hosts: [&[PRODUCER.to_owned()][..], &fleets, &analytics].concat(),
            fleet: Service::of(fleets.clone()),
            analytics: Service::of(analytics.clone()),
            traces: Traces::default(),
            full: Full::default(),
            draining: Arc::default(),
        };

        let path = folder.join("analytics.db");
        let shared = match shape.analytics {
            1 => None,
            _ => Some(Arc::new(open(&path)?)),
        };
        for host in analytics {
            let (path, shared, draining) = (path.clone(), shared.clone(), world.draining_of(&host));
            let (traces, full) = (world.traces.clone(), world.full.clone());
            sim.host(host.clone(), move || {
                traces.begin_on(&host);
                let disk = (host.clone(), full.clone());
                run_analytics(path.clone(), shared.clone(), disk, draining.clone())
            });
        }
        for (seed, host) in (seed..).zip(fleets) {
            let (analytics, draining) = (world.analytics.clone(), world.draining_of(&host));
            let traces = world.traces.clone();
            sim.host(host.clone(), move || {
                traces.begin_on(&host);
                run_fleet(host.clone(), analytics.clone(), draining.clone(), seed)
            });
        }
        let (data, fleet) = (folder.join("producer"), world.fleet.clone());
        let traces = world.traces.clone();
        sim.host(PRODUCER, move || {
            traces.begin_on(PRODUCER);
            run_producer(data.clone(), fleet.clone(), seed)
        });
        Ok(world)
    }

    /// Tells a host to drain, if it knows how to, or that the next process on it need not.
    pub fn drain(&self, host: &str, drain: bool) {
        let mut draining = self.draining.lock().unwrap_or_else(PoisonError::into_inner);
        if drain {
            draining.insert(host.to_owned());
        } else {
            draining.remove(host);
        }
    }

    fn draining_of(&self, host: &str) -> Draining {
        Draining { host: host.to_owned(), all: Arc::clone(&self.draining) }
    }
}

/// Whether a host is told to drain.
#[derive(Debug, Clone)]
struct Draining {
    host: String,
    all: Arc<Mutex<BTreeSet<String>>>,
}

impl Draining {
    /// Begins the drain when it is told to; then it is the others' turn to notice.
    async fn follow(self, shutdown: Shutdown) -> turmoil::Result {
        while !self.all.lock().unwrap_or_else(PoisonError::into_inner).contains(&self.host) {
            sleep(Duration::from_millis(10)).await;
        }
        shutdown.begin();
        std::future::pending().await
    }
}

fn open(path: &Path) -> Result<Sqlite, analytics::Error> {
    Sqlite::open(path, Workers::in_place(), Workers::in_place())
}

async fn run_analytics(
    path: PathBuf,
    shared: Option<Arc<Sqlite>>,
    (host, full): (String, Full),
    draining: Draining,
) -> turmoil::Result {
    let store = match shared {
        Some(store) => store,
        None => Arc::new(open(&path)?),
    };
    let options = analytics::Options {
        heartbeat: Duration::from_secs(1),
        clock: || jiff::Timestamp::UNIX_EPOCH + turmoil::since_epoch().unwrap_or_default(),
        ..analytics::Options::default()
    };
    let shutdown = Shutdown::new(Duration::from_secs(1));
    let (analytics, writing) = Analytics::start(
        Arc::new(Through::new(Disk { host, full }, store)),
        Workers::in_place(),
        options,
        shutdown.clone(),
    );
    let health = Analytics::health();
    health.set_all(Status::Serving);
    let routes = analytics.routes(&health);
    tokio::select! {
        () = writing => Ok(()),
        served = serve(PORT, routes) => served,
        drained = draining.follow(shutdown) => drained,
    }
}

async fn run_fleet(
    peer: String,
    analytics: Service,
    draining: Draining,
    seed: u64,
) -> turmoil::Result {
    let shutdown = Shutdown::new(Duration::from_secs(1));
    let (core, forwarding) = fleet::Core::start(
        analytics.peers(PORT),
        Workers::in_place(),
        &fleet::Capacity::default(),
        impatient(seed),
        Process::named(&peer),
        shutdown.clone(),
    );
    let health = fleet::Core::health();
    health.set_all(Status::Serving);
    let routes = core.routes(&health).into_axum_router();
    tokio::select! {
        () = forwarding => Ok(()),
        served = serve(PORT, routes) => served,
        drained = draining.follow(shutdown) => drained,
    }
}

async fn run_producer(data: PathBuf, fleet: Service, seed: u64) -> turmoil::Result {
    let store = Store::open(data)?;
    let epoch = turmoil::since_epoch().unwrap_or_default();
    let clock = Clock::starting_at(Moment::from_unix_ms(epoch.as_millis() as u64));
    let traces = producer::Traces { sampler: traces::sampler(), slower_than: traces::SLOW };
    let options = Options { sender: impatient(!seed), traces, ..Options::new(clock) };
    let core =
        producer::Core::start(store, fleet.peers(PORT), Workers::in_place(), options).await?;
    let health = producer::Core::health();
    health.set_all(Status::Serving);
    serve(PORT, core.routes(&health)).await
}

/// Short times, so that a seed takes less simulated time.
fn impatient(seed: u64) -> SenderConfig {
    SenderConfig {
        backoff_base: Duration::from_millis(50),
        backoff_cap: Duration::from_secs(1),
        welcome_timeout: Duration::from_secs(2),
        seed,
    }
}

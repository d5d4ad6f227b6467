//! The three services on three simulated hosts, with their stores in a folder that outlives a crash.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use analytics::{Analytics, store::Sqlite};
use producer::{Clock, Moment, Options, Store};
use runtime::{acked::sender::SenderConfig, health::Status, lifecycle::Shutdown, workers::Workers};
use turmoil::Sim;

use crate::network::{channel, serve};

/// The hosts, by name.
pub const HOSTS: [&str; 3] = ["producer", "fleet", "analytics"];

/// The port of every service, each on a host of its own.
pub const PORT: u16 = 80;

/// Adds the three hosts. A host that is crashed and bounced opens its store again.
pub fn add_hosts(sim: &mut Sim<'_>, folder: &Path, seed: u64) {
    let store = folder.join("analytics.db");
    sim.host("analytics", move || run_analytics(store.clone()));
    sim.host("fleet", move || run_fleet(seed));
    let data = folder.join("producer");
    sim.host("producer", move || run_producer(data.clone(), seed));
}

async fn run_analytics(path: PathBuf) -> turmoil::Result {
    let store = Sqlite::open(&path, Workers::in_place(), Workers::in_place())?;
    let options = analytics::Options {
        heartbeat: Duration::from_secs(1),
        clock: || jiff::Timestamp::UNIX_EPOCH + turmoil::since_epoch().unwrap_or_default(),
        ..analytics::Options::default()
    };
    let shutdown = Shutdown::new(Duration::from_secs(1));
    let (analytics, writing) =
        Analytics::start(Arc::new(store), Workers::in_place(), options, shutdown);
    let health = Analytics::health();
    health.set_all(Status::Serving);
    let routes = analytics.routes(&health);
    tokio::select! {
        () = writing => Ok(()),
        served = serve(PORT, routes) => served,
    }
}

async fn run_fleet(seed: u64) -> turmoil::Result {
    let (core, forwarding) = fleet::Core::start(
        channel("analytics", PORT),
        Workers::in_place(),
        &fleet::Capacity::default(),
        impatient(seed),
        "fleet".to_owned(),
        Shutdown::new(Duration::from_secs(1)),
    );
    let health = fleet::Core::health();
    health.set_all(Status::Serving);
    let routes = core.routes(&health).into_axum_router();
    tokio::select! {
        () = forwarding => Ok(()),
        served = serve(PORT, routes) => served,
    }
}

async fn run_producer(data: PathBuf, seed: u64) -> turmoil::Result {
    let store = Store::open(data)?;
    let epoch = turmoil::since_epoch().unwrap_or_default();
    let clock = Clock::starting_at(Moment::from_unix_ms(epoch.as_millis() as u64));
    let options = Options { sender: impatient(!seed), ..Options::new(clock) };
    let core =
        producer::Core::start(store, channel("fleet", PORT), Workers::in_place(), options).await?;
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

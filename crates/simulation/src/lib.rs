//! All three services in a simulated network, for tests: partitions, crashes, drains, replicas that come
//! and go at random times, every one of them repeatable by its seed.

pub mod disk;
pub mod faults;
pub mod history;
pub mod network;
pub mod traces;
pub mod world;

use std::{rc::Rc, time::Duration};

use proto::{
    RunId,
    producer::v1::{StartRunRequest, Synthetic, start_run_request::Source},
};
use turmoil::{Builder, Sim};

use faults::Faults;
use history::{History, Shared, caller, watcher};
use traces::Seen;
use tracing::subscriber::with_default;
use world::{PRODUCER, Shape, World};

/// A run that has not ended by then never will.
const PATIENCE: Duration = Duration::from_secs(120);

/// A run of `batches` small batches, ten a second, over so many replicas, while the faults of the seed
/// happen; what was seen of their traces.
///
/// # Errors
/// What was seen that may not be, or that the run did not end.
pub fn simulate(shape: Shape, seed: u64, batches: u64) -> Result<Seen, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut sim = network(seed);
    let world =
        World::build(&mut sim, shape, folder.path(), seed).map_err(|error| error.to_string())?;

    let history = Shared::default();
    let (seen, traces) = (Rc::clone(&history), world.traces.clone());
    let request = request(seed, batches);
    sim.client("caller", async move {
        caller(request, seen).await?;
        traces.settle().await
    });
    sim.client("watcher", watcher(batches as usize, Rc::clone(&history)));

    let mut faults = Faults::of_seed(seed, &world.hosts);
    let told = format!("{faults:?}");
    let ended = with_default(world.traces.subscriber(), || {
        loop {
            faults.apply(&mut sim, &world);
            match sim.step() {
                Ok(false) => {}
                Ok(true) => return Ok(()),
                Err(error) => return Err(error.to_string()),
            }
        }
    });
    drop(sim);
    let history: &History = &history.borrow();
    let checked = ended.and_then(|()| history.check(batches));
    checked.and_then(|()| world.traces.check(&history.stored)).map_err(|error| {
        format!(
            "seed {seed}: {error}\nfaults: {told}\nrun: {:?}\nstored {}, watched {}",
            history.run,
            history.stored.len(),
            history.watched.len()
        )
    })
}

/// How long a run of `batches` small batches takes, ten a second over three fleet replicas, of which one
/// is cut off from the producer for good at `cut`, and stays listed.
///
/// # Errors
/// What was seen that may not be, or that the run did not end.
pub fn cut_off(seed: u64, batches: u64, cut: Duration) -> Result<Duration, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut sim = network(seed);
    let shape = Shape { fleets: 3, analytics: 1 };
    World::build(&mut sim, shape, folder.path(), seed).map_err(|error| error.to_string())?;
    let history = Shared::default();
    sim.client("caller", caller(request(seed, batches), Rc::clone(&history)));
    sim.client("watcher", watcher(batches as usize, Rc::clone(&history)));
    let mut whole = true;
    while !sim.step().map_err(|error| format!("seed {seed}: {error}"))? {
        if whole && sim.elapsed() >= cut {
            sim.partition(PRODUCER, "fleet-2");
            whole = false;
        }
    }
    let took = sim.elapsed();
    drop(sim);
    history.borrow().check(batches).map_err(|error| format!("seed {seed}: {error}"))?;
    Ok(took)
}

fn network(seed: u64) -> Sim<'static> {
    Builder::new()
        .rng_seed(seed)
        .simulation_duration(PATIENCE)
        .tick_duration(Duration::from_millis(2))
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(20))
        .tcp_capacity(4096)
        .enable_random_order()
        .build()
}

fn request(seed: u64, batches: u64) -> StartRunRequest {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&seed.to_be_bytes());
    StartRunRequest {
        source: Some(Source::Synthetic(Synthetic { shipments: 5, drivers: 4, seed })),
        interval: Some(prost_types::Duration { seconds: 0, nanos: 100_000_000 }),
        batch_limit: batches,
        run_id: RunId::from_bytes(id).to_string(),
        ..StartRunRequest::default()
    }
}

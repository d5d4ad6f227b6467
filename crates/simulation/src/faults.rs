//! What goes wrong, and when: a function of the seed.

use std::time::Duration;

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use turmoil::Sim;

use crate::world::World;

/// Everything works again from here on.
pub const PEACE: Duration = Duration::from_secs(12);

/// Something that goes wrong for a while.
#[derive(Debug, Clone)]
enum Fault {
    /// No message passes between the two, and those on their way are lost.
    Partition(String, String),
    /// Messages of the two wait.
    Hold(String, String),
    /// The host loses everything but its disk.
    Crash(String),
    /// The host drains, then crashes.
    Drain(String),
    /// The host is there, and its service's name does not say so.
    Leave(String),
    /// No name of a service can be resolved.
    Unresolved,
    /// The host's disk has no room, if a store is on it.
    Full(String),
}

#[derive(Debug)]
struct Episode {
    fault: Fault,
    from: Duration,
    to: Duration,
}

/// The faults of one seed, and which of them are on.
#[derive(Debug)]
pub struct Faults {
    upcoming: Vec<Episode>,
    current: Vec<Episode>,
}

impl Faults {
    /// Two to six faults before peace, and more where there are more hosts.
    pub fn of_seed(seed: u64, hosts: &[String]) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let count = random.random_range(2..=2 * hosts.len());
        let mut upcoming: Vec<Episode> = (0..count).map(|_| episode(&mut random, hosts)).collect();
        // The next one is at the end.
        upcoming.sort_by_key(|episode| std::cmp::Reverse(episode.from));
        Self { upcoming, current: Vec::new() }
    }

    /// Begins and ends what is due at this time of the simulation.
    pub fn apply(&mut self, sim: &mut Sim<'_>, world: &World) {
        let now = sim.elapsed();
        while let Some(episode) = self.upcoming.pop_if(|episode| episode.from <= now) {
            begin(sim, world, &episode.fault);
            self.current.push(episode);
        }
        for episode in self.current.extract_if(.., |episode| episode.to <= now) {
            end(sim, world, &episode.fault);
        }
    }
}

fn episode(random: &mut impl Rng, hosts: &[String]) -> Episode {
    let host = hosts.choose(random).expect("there are three").clone();
    let others: Vec<&String> = hosts.iter().filter(|other| **other != host).collect();
    let other = (*others.choose(random).expect("there are two")).clone();
    let fault = match random.random_range(0..9) {
        0 | 1 => Fault::Partition(host, other),
        2 => Fault::Hold(host, other),
        3 => Fault::Drain(host),
        4 => Fault::Leave(host),
        5 => Fault::Unresolved,
        6 => Fault::Full(host),
        _ => Fault::Crash(host),
    };
    let from = Duration::from_millis(random.random_range(200..9_000));
    let lasts = Duration::from_millis(random.random_range(20..3_000));
    Episode { fault, from, to: (from + lasts).min(PEACE) }
}

fn begin(sim: &mut Sim<'_>, world: &World, fault: &Fault) {
    match fault {
        Fault::Partition(a, b) => sim.partition(a.as_str(), b.as_str()),
        Fault::Hold(a, b) => sim.hold(a.as_str(), b.as_str()),
        Fault::Crash(host) => crash(sim, world, host),
        Fault::Drain(host) => world.drain(host, true),
        Fault::Leave(host) => list(world, host, false),
        Fault::Unresolved => resolve(world, false),
        Fault::Full(host) => world.full.set(host, true),
    }
}

fn end(sim: &mut Sim<'_>, world: &World, fault: &Fault) {
    match fault {
        Fault::Partition(a, b) => sim.repair(a.as_str(), b.as_str()),
        Fault::Hold(a, b) => sim.release(a.as_str(), b.as_str()),
        Fault::Crash(host) => bounce(sim, host),
        Fault::Drain(host) => {
            crash(sim, world, host);
            world.drain(host, false);
            bounce(sim, host);
        }
        Fault::Leave(host) => list(world, host, true),
        Fault::Unresolved => resolve(world, true),
        Fault::Full(host) => world.full.set(host, false),
    }
}

fn crash(sim: &mut Sim<'_>, world: &World, host: &str) {
    if sim.is_host_running(host) {
        world.traces.lost_on(host, || sim.crash(host));
    }
}

fn bounce(sim: &mut Sim<'_>, host: &str) {
    if !sim.is_host_running(host) {
        sim.bounce(host);
    }
}

fn list(world: &World, host: &str, listed: bool) {
    for service in [&world.fleet, &world.analytics] {
        service.list(host, listed);
    }
}

fn resolve(world: &World, resolves: bool) {
    for service in [&world.fleet, &world.analytics] {
        service.resolves(resolves);
    }
}

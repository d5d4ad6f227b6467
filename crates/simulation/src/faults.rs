//! What goes wrong, and when: a function of the seed.

use std::time::Duration;

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use turmoil::Sim;

use crate::world::HOSTS;

/// Everything works again from here on.
pub const PEACE: Duration = Duration::from_secs(12);

/// Something that goes wrong for a while.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// No message passes between the two, and those on their way are lost.
    Partition(&'static str, &'static str),
    /// Messages of the two wait.
    Hold(&'static str, &'static str),
    /// The host loses everything but its disk.
    Crash(&'static str),
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
    /// Two to six faults before peace.
    pub fn of_seed(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let count = random.random_range(2..=6);
        let mut upcoming: Vec<Episode> = (0..count).map(|_| episode(&mut random)).collect();
        // The next one is at the end.
        upcoming.sort_by_key(|episode| std::cmp::Reverse(episode.from));
        Self { upcoming, current: Vec::new() }
    }

    /// Begins and ends what is due at this time of the simulation.
    pub fn apply(&mut self, sim: &mut Sim<'_>) {
        let now = sim.elapsed();
        while let Some(episode) = self.upcoming.pop_if(|episode| episode.from <= now) {
            begin(sim, episode.fault);
            self.current.push(episode);
        }
        for episode in self.current.extract_if(.., |episode| episode.to <= now) {
            end(sim, episode.fault);
        }
    }
}

fn episode(random: &mut impl Rng) -> Episode {
    let mut hosts = HOSTS.to_vec();
    let host = *HOSTS.choose(random).expect("there are three");
    hosts.retain(|other| *other != host);
    let other = *hosts.choose(random).expect("there are two");
    let fault = match random.random_range(0..4) {
        0 => Fault::Partition(host, other),
        1 => Fault::Hold(host, other),
        _ => Fault::Crash(host),
    };
    let from = Duration::from_millis(random.random_range(200..9_000));
    let lasts = Duration::from_millis(random.random_range(20..3_000));
    Episode { fault, from, to: (from + lasts).min(PEACE) }
}

fn begin(sim: &mut Sim<'_>, fault: Fault) {
    match fault {
        Fault::Partition(a, b) => sim.partition(a, b),
        Fault::Hold(a, b) => sim.hold(a, b),
        Fault::Crash(host) if sim.is_host_running(host) => sim.crash(host),
        Fault::Crash(_) => {}
    }
}

fn end(sim: &mut Sim<'_>, fault: Fault) {
    match fault {
        Fault::Partition(a, b) => sim.repair(a, b),
        Fault::Hold(a, b) => sim.release(a, b),
        Fault::Crash(host) if !sim.is_host_running(host) => sim.bounce(host),
        Fault::Crash(_) => {}
    }
}

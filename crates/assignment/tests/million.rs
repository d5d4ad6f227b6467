//! Random instances through every entry, against two solvers that share nothing with the crate's.
//!
//! Each run of the tests takes 20,000 of them. As many as one likes:
//! `ASSIGNMENT_INSTANCES=1000000 cargo test -p assignment --test million -- --nocapture`.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

mod instances;
mod oracles;
mod problems;

use instances::Choices;
use problems::Numbers;

/// One in so many is not small.
const LARGE: u64 = 5_000;

impl Choices for Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        Numbers::below(self, bound)
    }
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Says which instance it was when a test fails.
struct Instance {
    seed: u64,
}

impl Drop for Instance {
    #[allow(clippy::print_stderr, reason = "says how the failure comes again")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("again: ASSIGNMENT_INSTANCES=1 ASSIGNMENT_SEED={}", self.seed);
        }
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "says what it has seen")]
fn random_instances_have_the_totals_of_two_other_solvers() {
    let (first, instances) =
        (from_environment("ASSIGNMENT_SEED", 1), from_environment("ASSIGNMENT_INSTANCES", 20_000));
    for seed in first..first + instances {
        let instance = Instance { seed };
        let mut numbers = Numbers(seed << 20);
        let instance_of = if seed % LARGE == 0 { instances::large } else { instances::any };
        instance_of(&mut numbers);
        drop(instance);
    }
    println!("{instances} instances from seed {first}: all totals agree");
}

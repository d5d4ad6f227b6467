//! How long it takes to make up records.
//!
//! `cargo bench -p producer`. Prints a table; a row is the best of several runs.
#![allow(clippy::print_stdout, reason = "a bench")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use producer::synthetic;

fn best(rounds: u32, mut work: impl FnMut(u64)) -> Duration {
    let mut best = Duration::MAX;
    for round in 0..rounds {
        let began = Instant::now();
        work(round.into());
        best = best.min(began.elapsed());
    }
    best
}

fn main() {
    let row = |name: &str, records: u32, took: Duration| {
        println!(
            "{name:<34} {took:>12.2?} {:>8.1} ns a record",
            took.as_nanos() as f64 / f64::from(records)
        );
    };
    let took = best(10_000, |number| {
        black_box(synthetic::shipments(1, number, 32));
    });
    row("shipments of a batch of 32", 32, took);
    let took = best(5, |number| {
        black_box(synthetic::shipments(1, number, 1_000_000));
    });
    row("shipments of a batch of 1,000,000", 1_000_000, took);
    let took = best(5, |seed| {
        black_box(synthetic::drivers(seed, 0, 1_000_000));
    });
    row("1,000,000 drivers", 1_000_000, took);
    let (shipments, drivers) =
        (synthetic::shipments(1, 0, 1_000_000), synthetic::drivers(1, 0, 1_000_000));
    println!("memory: {} MiB", (shipments.byte_size() + drivers.byte_size()) >> 20);
}

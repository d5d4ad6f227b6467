//! Random bytes through every entry. Each run of the tests takes two seconds of it; as long as one likes:
//! `ASSIGNMENT_SECONDS=600 cargo test -p assignment --test adversarial -- --nocapture`.

mod entries;
mod problems;

use std::time::{Duration, Instant};

use problems::Numbers;

/// One input in so many is a matrix that is not small.
const LARGE: u64 = 500;

/// Says which bytes they were when a test fails.
struct Input {
    seed: u64,
}

impl Drop for Input {
    #[allow(clippy::print_stderr, reason = "says how the failure comes again")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("again: ASSIGNMENT_SECONDS=0 ASSIGNMENT_SEED={}", self.seed);
        }
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "says what it has seen")]
fn no_number_makes_an_entry_panic_or_prove_what_is_wrong() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("ASSIGNMENT_SEED").unwrap_or(1);
    let seconds = Duration::from_secs(number("ASSIGNMENT_SECONDS").unwrap_or(2));
    let (begun, mut seed) = (Instant::now(), first);
    loop {
        let input = Input { seed };
        let mut numbers = Numbers(seed << 20);
        let length = 8 + numbers.below(160);
        let bytes: Vec<u8> = (0..length).map(|_| numbers.below(256) as u8).collect();
        let through = if seed % LARGE == 0 { entries::large } else { entries::any };
        through(&bytes);
        drop(input);
        seed += 1;
        if begun.elapsed() >= seconds {
            break;
        }
    }
    println!("{} inputs from seed {first}", seed - first);
}

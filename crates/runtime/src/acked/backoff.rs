//! How long to wait before the next attempt.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Full-jitter backoff: a random time between nothing and a bound that doubles with each attempt
/// (Brooker, "Exponential Backoff And Jitter", 2015).
#[derive(Debug)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    attempts: u32,
    random: StdRng,
}

impl Backoff {
    /// The bound starts at `base` and never exceeds `cap`. The same seed gives the same delays.
    pub fn new(base: Duration, cap: Duration, seed: u64) -> Self {
        Self { base, cap, attempts: 0, random: StdRng::seed_from_u64(seed) }
    }

    /// The next delay.
    pub fn next_delay(&mut self) -> Duration {
        let bound = self.base.saturating_mul(1 << self.attempts.min(20)).min(self.cap);
        self.attempts = self.attempts.saturating_add(1);
        bound.mul_f64(self.random.random::<f64>())
    }

    /// Progress was made: the bound starts over.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_below_a_doubling_bound_until_progress() {
        let (base, cap) = (Duration::from_millis(100), Duration::from_secs(5));
        let mut backoff = Backoff::new(base, cap, 7);
        for attempt in 0..40 {
            let bound = base.saturating_mul(1 << attempt.min(20)).min(cap);
            assert!(backoff.next_delay() <= bound, "attempt {attempt}");
        }
        let late: Vec<_> = (0..50).map(|_| backoff.next_delay()).collect();
        assert!(late.iter().any(|delay| *delay > cap / 2), "the bound has grown");
        backoff.reset();
        assert!(backoff.next_delay() <= base);
    }
}

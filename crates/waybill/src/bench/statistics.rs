//! Middle and tail of what was measured.

use std::time::Duration;

/// The time below which this share of all times is; zero when there are none.
pub(super) fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    // A share of 0 to 1 of a length is within the length.
    let at = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or_default()
}

/// The time in the middle.
pub(super) fn median(mut times: Vec<Duration>) -> Duration {
    quantile(&mut times, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let mut times: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(quantile(&mut times, 0.5), Duration::from_millis(51));
        assert_eq!(quantile(&mut times, 0.99), Duration::from_millis(100));
        assert_eq!(quantile(&mut [], 0.99), Duration::ZERO);
        assert_eq!(median(vec![Duration::from_millis(7)]), Duration::from_millis(7));
    }
}

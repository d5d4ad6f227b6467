//! GetSummary.

use std::time::Duration;

use jiff::SignedDuration;
use proto::Violations;
use proto::analytics::v1::{GetSummaryRequest, Quantiles, Summary};
use tonic::Status;

use super::fields;
use crate::Analytics;
use crate::store::Steps;
use crate::wire::{points, timestamp, to_duration};

/// Plans over which quantiles are taken at most: the newest of the window.
const SAMPLE: u32 = 10_000;

/// Totals over a window that ends now.
pub(crate) async fn summary(
    analytics: &Analytics,
    request: GetSummaryRequest,
) -> Result<Summary, Status> {
    let mut violations = Violations::new();
    let run = fields::run("run", &request.run, &mut violations);
    let now = analytics.now();
    let since = request.window.and_then(|window| {
        let window = Duration::try_from(window).ok().filter(|window| !window.is_zero());
        let window = window.and_then(|window| SignedDuration::try_from(window).ok());
        let since = window.and_then(|window| now.checked_sub(window).ok());
        if since.is_none() {
            violations.add("window", "is not a time that can have passed");
        }
        since
    });
    if let Some(status) = violations.into_status() {
        return Err(status);
    }
    let (totals, steps) = tokio::try_join!(
        analytics.store.totals(run, since),
        analytics.store.steps(run, since, SAMPLE),
    )?;
    let over = |step: fn(&Steps) -> Option<Duration>| quantiles(steps.iter().filter_map(step));
    Ok(Summary {
        plans: totals.plans,
        shipments: totals.shipments,
        drivers: totals.drivers,
        assigned: totals.assigned,
        total: points(totals.total_quarters),
        greedy_total: points(totals.greedy_quarters),
        start_time: totals.first_time.map(|first| timestamp(since.unwrap_or(first))),
        end_time: Some(timestamp(now)),
        last_sequence: totals.last_sequence,
        queue: over(|steps| Some(steps.queue)),
        score: over(|steps| Some(steps.score)),
        solve: over(|steps| Some(steps.solve)),
        certify: over(|steps| Some(steps.certify)),
        commit: over(|steps| steps.commit),
    })
}

/// By the nearest rank; none of nothing.
fn quantiles(times: impl Iterator<Item = Duration>) -> Option<Quantiles> {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    let rank = |percent: usize| {
        let place = (times.len() * percent).div_ceil(100).checked_sub(1)?;
        times.get(place).copied().map(to_duration)
    };
    Some(Quantiles { p50: Some(rank(50)?), p99: rank(99) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_time_that_was_measured() {
        let ms = |numbers: std::ops::RangeInclusive<u64>| numbers.map(Duration::from_millis);
        let told = |quantiles: Option<Quantiles>| {
            quantiles.map(|q| (q.p50.unwrap().nanos / 1_000_000, q.p99.unwrap().nanos / 1_000_000))
        };
        assert_eq!(told(quantiles(ms(1..=200))), Some((100, 198)));
        assert_eq!(told(quantiles(ms(7..=7))), Some((7, 7)));
        assert_eq!(told(quantiles(ms(1..=2))), Some((1, 2)));
        assert_eq!(quantiles(std::iter::empty()), None);
    }
}

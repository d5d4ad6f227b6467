//! When batches fall due. Pure: the time is an argument.

use std::time::Duration;

use crate::moment::Moment;

/// The ticks of a run: batch `k` falls due at `start + k · interval`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// When the run was started, in whole milliseconds so that it is stored exactly.
    pub start: Moment,
    /// Time between batches; zero: all are due at once.
    pub interval: Duration,
    /// Batches there are at most.
    pub limit: Option<u64>,
    /// Time after which no more are made.
    pub run_for: Option<Duration>,
}

/// How late a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Behind {
    /// Batches that fell due and are not sent.
    pub batches: u64,
    /// How long the oldest of them has been due.
    pub by: Duration,
}

impl Schedule {
    /// When batch `number` falls due.
    pub fn due_at(&self, number: u64) -> Moment {
        let nanos = self.interval.as_nanos().saturating_mul(u128::from(number));
        let seconds = u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX);
        self.start.after(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
    }

    /// When the last batch may be made, if that is limited.
    pub fn end(&self) -> Option<Moment> {
        self.run_for.map(|run_for| self.start.after(run_for))
    }

    /// Whether the time for making batches is over.
    pub fn is_over(&self, now: Moment) -> bool {
        self.end().is_some_and(|end| now >= end)
    }

    /// How many batches have fallen due: all numbers below. What would fall due at the end of the
    /// run or later never does.
    pub fn due(&self, now: Moment) -> u64 {
        let limit = self.limit.unwrap_or(u64::MAX);
        if now < self.start {
            return 0;
        }
        if self.interval.is_zero() {
            return limit;
        }
        let ticks = |span: u128| u64::try_from(span).unwrap_or(u64::MAX);
        let interval = self.interval.as_nanos();
        let fallen = ticks(now.since(self.start).as_nanos() / interval).saturating_add(1);
        let ever = self.run_for.map_or(u64::MAX, |span| ticks(span.as_nanos().div_ceil(interval)));
        fallen.min(ever).min(limit)
    }

    /// How late the run is when every batch below `sent` is sent. A run without an interval is never
    /// late.
    pub fn behind(&self, sent: u64, now: Moment) -> Behind {
        if self.interval.is_zero() {
            return Behind::default();
        }
        match self.due(now).saturating_sub(sent) {
            0 => Behind::default(),
            batches => Behind { batches, by: now.since(self.due_at(sent)) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Moment = Moment::from_unix_ms(1_790_000_000_000);

    fn every(interval: Duration) -> Schedule {
        Schedule { start: START, interval, limit: None, run_for: None }
    }

    fn at(ms: u64) -> Moment {
        START.after(Duration::from_millis(ms))
    }

    #[test]
    fn the_first_batch_is_due_at_once_and_then_one_each_interval() {
        let schedule = every(Duration::from_millis(250));
        let due: Vec<u64> = [0, 249, 250, 1000].map(|ms| schedule.due(at(ms))).to_vec();
        assert_eq!(due, [1, 1, 2, 5]);
    }

    #[test]
    fn ten_seconds_of_one_a_second_are_ten_batches() {
        let schedule =
            Schedule { run_for: Some(Duration::from_secs(10)), ..every(Duration::from_secs(1)) };
        assert_eq!(schedule.due(at(3_600_000)), 10);
        assert!(!schedule.is_over(at(9_999)) && schedule.is_over(at(10_000)));
    }

    #[test]
    fn a_run_that_stood_still_says_how_late_it_is() {
        let schedule = every(Duration::from_secs(1));
        let behind = schedule.behind(3, at(10_500));
        assert_eq!(behind, Behind { batches: 8, by: Duration::from_millis(7_500) });
        assert_eq!(schedule.behind(11, at(10_500)), Behind::default());
    }

    #[test]
    fn without_an_interval_all_are_due_and_none_is_late() {
        let schedule = Schedule { limit: Some(7), ..every(Duration::ZERO) };
        assert_eq!(schedule.due(START), 7);
        assert_eq!(schedule.behind(0, at(9_000)), Behind::default());
        assert_eq!(schedule.due_at(6), START);
    }

    #[test]
    fn the_end_of_time_is_not_passed() {
        let schedule = every(Duration::from_secs(366 * 86_400));
        assert!(schedule.due_at(u64::MAX) > at(u64::MAX >> 1));
    }

    proptest! {
        #[test]
        fn a_batch_is_due_exactly_from_its_tick_on(
            interval in 1_u64..5_000_000_000, number in 0_u64..1_000_000, early in 1_u64..1_000_000,
        ) {
            let schedule = every(Duration::from_nanos(interval));
            let tick = schedule.due_at(number);
            prop_assert!(schedule.due(tick) > number);
            let before = Moment::default().after(
                tick.since(Moment::default()).saturating_sub(Duration::from_nanos(early.min(interval))),
            );
            prop_assert!(schedule.due(before) <= number);
        }

        #[test]
        fn due_never_falls_and_stays_within_the_limits(
            interval in 1_u64..2_000, limit in prop::option::of(0_u64..100),
            run_for in prop::option::of(0_u64..100_000), a in 0_u64..200_000, b in 0_u64..200_000,
        ) {
            let run_for = run_for.map(Duration::from_millis);
            let schedule = Schedule { limit, run_for, ..every(Duration::from_millis(interval)) };
            let (first, second) = (schedule.due(at(a.min(b))), schedule.due(at(a.max(b))));
            prop_assert!(first <= second);
            prop_assert!(limit.is_none_or(|limit| second <= limit));
            if let Some(end) = schedule.end() && second > 0 {
                prop_assert!(schedule.due_at(second - 1) < end);
            }
        }
    }
}

//! Time as the producer knows it: since the Unix epoch, and never going back.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// A point in time, since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment(Duration);

impl Moment {
    /// The moment so many milliseconds after the epoch.
    pub const fn from_unix_ms(ms: u64) -> Self {
        Self(Duration::from_millis(ms))
    }

    /// Whole milliseconds since the epoch.
    pub fn unix_ms(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }

    /// The whole millisecond that it is in, as the store keeps it.
    pub fn whole_ms(self) -> Self {
        Self::from_unix_ms(self.unix_ms())
    }

    /// The moment `later`, or the end of time.
    pub fn after(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later))
    }

    /// Time since `earlier`, or none if that is still to come.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// As the wire says it.
    pub fn to_timestamp(self) -> prost_types::Timestamp {
        prost_types::Timestamp {
            seconds: i64::try_from(self.0.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(self.0.subsec_nanos()).unwrap_or(0),
        }
    }
}

/// Tells the time: the system's clock when it was made, and tokio's steady one from there, so that
/// a paused or simulated clock rules here too.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    base: Moment,
    made: Instant,
}

impl Clock {
    /// The system's clock, from now on.
    pub fn system() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self::starting_at(Moment(since.unwrap_or_default()))
    }

    /// A clock that shows `base` now.
    pub fn starting_at(base: Moment) -> Self {
        Self { base, made: Instant::now() }
    }

    /// The time.
    pub fn now(&self) -> Moment {
        self.base.after(self.made.elapsed())
    }

    /// When tokio's clock will show `moment`; far ahead at most.
    pub fn instant_of(&self, moment: Moment) -> Instant {
        const FAR: Duration = Duration::from_secs(86_400 * 365);
        self.made + moment.since(self.base).min(self.made.elapsed() + FAR)
    }
}

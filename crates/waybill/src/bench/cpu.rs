//! The CPU time that a process took, in user and in system mode, as Linux tells it.

use std::{fs, ops::Sub, path::PathBuf, time::Duration};

use crate::error::Error;

/// What `/proc` counts CPU time in: `USER_HZ`, a constant of Linux's interface on every machine that has
/// a Rust with a standard library.
const TICK: Duration = Duration::from_millis(10);

/// Of each process.
#[derive(Debug, Clone, Copy)]
pub(super) struct CpuTimes {
    pub(super) producer: Duration,
    pub(super) fleet: Duration,
    pub(super) analytics: Duration,
}

impl CpuTimes {
    /// Of all together.
    pub(super) fn whole(&self) -> Duration {
        self.producer + self.fleet + self.analytics
    }
}

impl Sub for CpuTimes {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            producer: self.producer.saturating_sub(before.producer),
            fleet: self.fleet.saturating_sub(before.fleet),
            analytics: self.analytics.saturating_sub(before.analytics),
        }
    }
}

/// CPU time of all threads of a process, ended ones too.
pub(super) fn time(process: u32) -> Result<Duration, Error> {
    let path = PathBuf::from(format!("/proc/{process}/stat"));
    let stat = fs::read_to_string(&path)
        .map_err(|error| Error::File { path: path.clone(), problem: error.into() })?;
    let ticks = parse(&stat)
        .ok_or_else(|| Error::Bench(format!("{} does not say CPU times", path.display())))?;
    Ok(TICK * ticks)
}

/// The 14th and the 15th field. The second, a name in parentheses, may hold anything.
fn parse(stat: &str) -> Option<u32> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    ticks()?.checked_add(ticks()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn user_and_system_time_are_found_behind_any_name() {
        let stat = "7 (way) bill) S 1 7 7 0 -1 4194304 12 0 0 0 120 34 0 0 20 0 9 0 88 1 2";
        assert_eq!(super::parse(stat), Some(154));
        assert_eq!(super::parse("7 (waybill) S 1 7"), None);
    }
}

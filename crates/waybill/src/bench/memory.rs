//! The most memory that a process had at once, as Linux tells it.

use std::{fs, path::PathBuf};

use crate::error::Error;

/// Of each process, in MiB.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peaks {
    pub(super) producer: f64,
    pub(super) fleet: f64,
    pub(super) analytics: f64,
}

/// Peak of the resident memory of a process.
pub(super) fn peak_mib(process: u32) -> Result<f64, Error> {
    let path = PathBuf::from(format!("/proc/{process}/status"));
    let status = fs::read_to_string(&path)
        .map_err(|error| Error::File { path: path.clone(), problem: error.into() })?;
    let kib = parse(&status)
        .ok_or_else(|| Error::Bench(format!("{} does not say VmHWM", path.display())))?;
    Ok(kib as f64 / 1024.0)
}

/// From here on only what this process has from here on counts. Where that is not permitted the peak is of
/// all that went before too, so it tells too much and never too little.
pub(super) fn forget_peak() {
    // 5 is for the peak: proc_pid_clear_refs(5).
    let _ = fs::write("/proc/self/clear_refs", "5");
}

fn parse(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_peak_is_found_among_the_rest() {
        let status = "Name:\twaybill\nVmPeak:\t  9000 kB\nVmHWM:\t   5120 kB\nVmRSS:\t 100 kB\n";
        assert_eq!(super::parse(status), Some(5120));
        assert_eq!(super::parse("Name:\tkthread\n"), None);
    }
}

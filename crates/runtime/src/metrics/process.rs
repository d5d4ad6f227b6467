//! This process, and its tokio runtime.

use std::{fmt, fs};

use procfs::process::{LimitValue, Process};
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, registry::Registry};
use tokio::runtime::Handle;

use super::Rows;
use crate::telemetry::{METRIC_EXPORTS, SPANS};

/// Adds both to a registry; the runtime's is the one that this is called on.
pub(super) fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(Numbers { runtime: Handle::try_current().ok() }));
}

#[derive(Debug)]
struct Numbers {
    runtime: Option<Handle>,
}

impl Collector for Numbers {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut rows = Rows::new(encoder);
        if let Some(runtime) = &self.runtime {
            of_runtime(&mut rows, runtime)?;
        }
        let by_outcome = |counts: [(&str, u64); 3]| {
            counts.map(|(outcome, count)| ([("outcome", outcome.to_owned())], count))
        };
        rows.counters(
            "trace_spans",
            "Spans that ended, by what became of them",
            by_outcome(SPANS.read()),
        )?;
        rows.counters(
            "metric_exports",
            "Exports of metrics to a collector, by what became of them",
            by_outcome(METRIC_EXPORTS.read()),
        )?;
        // Only where there is a /proc.
        match Process::myself() {
            Ok(process) => of_process(&mut rows, &process),
            Err(_) => Ok(()),
        }
    }
}

fn of_runtime(rows: &mut Rows<'_>, runtime: &Handle) -> fmt::Result {
    let metrics = runtime.metrics();
    let workers = metrics.num_workers();
    let busy: f64 =
        (0..workers).map(|worker| metrics.worker_total_busy_duration(worker).as_secs_f64()).sum();
    rows.gauge("runtime_workers", "Threads that run async tasks", workers as u64)?;
    rows.gauge("runtime_tasks", "Async tasks that are alive", metrics.num_alive_tasks() as u64)?;
    rows.gauge(
        "runtime_queued_tasks",
        "Async tasks that wait for a thread in the common queue",
        metrics.global_queue_depth() as u64,
    )?;
    rows.counter("runtime_busy_seconds", "Time that those threads were busy", busy)
}

fn of_process(rows: &mut Rows<'_>, process: &Process) -> fmt::Result {
    if let Ok(stat) = process.stat() {
        let ticks = procfs::ticks_per_second() as f64;
        let cpu = (stat.utime + stat.stime) as f64 / ticks;
        rows.counter("process_cpu_seconds", "CPU time, of user and system", cpu)?;
        let resident = stat.rss * procfs::page_size();
        rows.gauge("process_resident_memory_bytes", "Resident memory", resident)?;
        rows.gauge("process_threads", "Threads", stat.num_threads)?;
        if let Ok(booted) = procfs::boot_time_secs() {
            let started = booted as f64 + stat.starttime as f64 / ticks;
            rows.gauge("process_start_time_seconds", "When it started, in Unix time", started)?;
        }
    }
    // Counted, not opened: one that closes meanwhile is no error.
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        rows.gauge("process_open_fds", "Open file descriptors", open.count() as u64)?;
    }
    if let Ok(limits) = process.limits() {
        let most = match limits.max_open_files.soft_limit {
            LimitValue::Value(most) => most as f64,
            LimitValue::Unlimited => f64::INFINITY,
        };
        rows.gauge("process_max_fds", "File descriptors that may be open", most)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use prometheus_client::encoding::text::encode;

    use super::*;

    #[tokio::test]
    async fn a_process_tells_what_it_takes() {
        let mut registry = Registry::default();
        register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let value = |name: &str| -> f64 {
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
            line.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
        };
        assert_eq!(value("runtime_workers"), 1.0);
        assert!(value("process_resident_memory_bytes") > 1e6, "{text}");
        assert!(value("process_open_fds") >= 3.0 && value("process_threads") >= 1.0, "{text}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let age = now - value("process_start_time_seconds");
        // Whole ticks of the clock at boot.
        assert!((-1.0..3600.0).contains(&age), "{age}");
    }
}

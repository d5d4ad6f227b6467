//! What was measured, for people and for programs.

use std::{
    io::{self, Write},
    time::Duration,
};

use serde_json::json;

use super::{
    cpu::CpuTimes, echo::Echo, latency::Latency, memory::Peaks, pipeline::Pipeline, replan::Replan,
    telemetry::Cost, text::Text,
};

pub(super) struct Report {
    pub(super) text: Text,
    pub(super) replan: Replan,
    pub(super) system: System,
}

/// What was measured of the three processes.
pub(super) struct System {
    pub(super) echo: Echo,
    pub(super) pipeline: Pipeline,
    pub(super) latency: Latency,
    /// Records of a side of the large batch, and its time.
    pub(super) large_batch: (u32, Duration),
    pub(super) peak_at_load: Peaks,
    pub(super) peak: Peaks,
    /// What traces cost, beside none.
    pub(super) telemetry: Vec<Cost>,
}

impl System {
    /// Batches to echoes by calls, and to echoes on a stream.
    fn ratios(&self) -> (f64, f64) {
        let batches = self.pipeline.batches_per_second;
        (batches / self.echo.calls, batches / self.echo.stream)
    }
}

impl Report {
    /// The keys that checks rely on, and no others.
    pub(super) fn json(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { text, replan, system } = self;
        let (to_calls, to_stream) = system.ratios();
        let cost = |cost: &Cost| {
            let ratios = json!({
                "cpu_ratio": rounded(cost.cpu),
                "rate_ratio": rounded(cost.rate),
                "spans_per_batch": rounded(cost.spans),
            });
            (cost.way.to_owned(), ratios)
        };
        let telemetry: serde_json::Map<_, _> = system.telemetry.iter().map(cost).collect();
        let report = json!({
            "text_ratio": rounded(text.ratio()),
            "text_ratio_2": rounded(text.ratio_by_two()),
            "text_memory_ratio": rounded(text.memory_ratio),
            "replan_median_us": rounded(microseconds(replan.median)),
            "replan_p99_us": rounded(microseconds(replan.p99)),
            "pipeline_ratio": rounded(to_calls),
            "pipeline_ratio_stream": rounded(to_stream),
            "p50_ms": rounded(milliseconds(system.latency.p50)),
            "p99_ms": rounded(milliseconds(system.latency.p99)),
            "peak_mib": {
                "producer": rounded(system.peak.producer),
                "fleet": rounded(system.peak.fleet),
                "analytics": rounded(system.peak.analytics),
            },
            "telemetry": telemetry,
        });
        writeln!(out, "{report}")
    }

    pub(super) fn table(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { text, replan, system } = self;
        let (ours, lines) = (milliseconds(text.ours), milliseconds(text.lines));
        let by_two = milliseconds(text.ours_by_two);
        writeln!(
            out,
            "text to pairs      {} shipments and drivers, {:.1} MB, one thread, proven",
            text.records, text.megabytes
        )?;
        writeln!(out, "  ours             {ours:.1} ms")?;
        writeln!(out, "  from_utf8, lines {lines:.1} ms")?;
        writeln!(out, "  ratio            {:.3}", text.ratio())?;
        writeln!(out, "  two threads      {by_two:.1} ms, ratio {:.3}", text.ratio_by_two())?;
        writeln!(out, "  peak memory      {:.2} of the text", text.memory_ratio)?;
        writeln!(
            out,
            "  lines kept       {:.1} ms, ratio {:.3}",
            milliseconds(text.kept_lines),
            text.ratio_to_kept()
        )?;
        let (once, median) = (microseconds(replan.from_nothing), microseconds(replan.median));
        writeln!(
            out,
            "mending a plan     of {} shipments and drivers, when one comes or goes",
            replan.members
        )?;
        writeln!(out, "  median           {median:.2} µs, p99 {:.2} µs", microseconds(replan.p99))?;
        writeln!(out, "  from nothing     {once:.0} µs, {:.0} times as long", once / median)?;
        let (pipeline, latency) = (&system.pipeline, &system.latency);
        writeln!(
            out,
            "three processes    {} batches of 32 shipments and drivers, each on disk",
            pipeline.batches
        )?;
        writeln!(out, "  batches          {:.0} a second", pipeline.batches_per_second)?;
        let (to_calls, to_stream) = system.ratios();
        let Echo { calls, stream } = system.echo;
        writeln!(out, "  echo of 1 KB     {calls:.0} calls a second, ratio {to_calls:.3}")?;
        writeln!(out, "  on a stream      {stream:.0} messages a second, ratio {to_stream:.3}")?;
        let CpuTimes { producer, fleet, analytics } = pipeline.cpu;
        let of_a_batch = |time: Duration| time.as_secs_f64() * 1e6 / pipeline.batches.max(1) as f64;
        writeln!(
            out,
            "  CPU of a batch   {:.1} µs producer, {:.1} µs fleet, {:.1} µs analytics",
            of_a_batch(producer),
            of_a_batch(fleet),
            of_a_batch(analytics)
        )?;
        writeln!(
            out,
            "latency            {:.0} batches a second, from sent to settled",
            latency.batches_per_second
        )?;
        writeln!(out, "  p50              {:.2} ms", milliseconds(latency.p50))?;
        writeln!(out, "  p99              {:.2} ms", milliseconds(latency.p99))?;
        let (records, time) = system.large_batch;
        writeln!(
            out,
            "one large batch    {records} shipments and drivers in {:.2} s",
            time.as_secs_f64()
        )?;
        let (load, peak) = (&system.peak_at_load, &system.peak);
        writeln!(out, "peak memory        MiB before the large batch, and after")?;
        for (name, load, peak) in [
            ("producer", load.producer, peak.producer),
            ("fleet", load.fleet, peak.fleet),
            ("analytics", load.analytics, peak.analytics),
        ] {
            writeln!(out, "  {name:<16} {load:>7.1} {peak:>7.1}")?;
        }
        writeln!(out, "traces             CPU of a batch and batches a second, as ratios to none")?;
        for Cost { way, cpu, rate, spans } in &system.telemetry {
            let way = way.replace('_', " ");
            writeln!(out, "  {way:<28} {cpu:>6.3} {rate:>6.3}, {spans:.2} spans of a batch came")?;
        }
        Ok(())
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Three places behind the point: more is noise.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

//! The text of a registry, in the format that is asked for.

use std::fmt::{self, Write};

use prometheus_client::{encoding::text, registry::Registry};

/// A format of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposition {
    /// OpenMetrics 1.0: with exemplars.
    OpenMetrics,
    /// The text format of Prometheus, which everything reads: without.
    Prometheus,
}

impl Exposition {
    /// What an `Accept` header asks for: OpenMetrics where it names it.
    pub(crate) fn accepted(accept: &str) -> Self {
        match accept.contains("application/openmetrics-text") {
            true => Self::OpenMetrics,
            false => Self::Prometheus,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// Everything in the registry.
pub(crate) fn expose(registry: &Registry, format: Exposition) -> Result<String, fmt::Error> {
    let mut text = String::new();
    text::encode(&mut text, registry)?;
    match format {
        Exposition::OpenMetrics => Ok(text),
        Exposition::Prometheus => to_prometheus(&text),
    }
}

/// Says the same without exemplars and units; counters have the name that their samples have.
fn to_prometheus(open: &str) -> Result<String, fmt::Error> {
    let mut out = String::with_capacity(open.len());
    // What a metric is comes after what it is for, and decides what it is called.
    let mut help = None;
    for line in open.lines() {
        if let Some(said) = line.strip_prefix("# HELP ") {
            help = said.split_once(' ');
        } else if let Some(said) = line.strip_prefix("# TYPE ") {
            let (name, kind) = said.split_once(' ').unwrap_or((said, "unknown"));
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                kind => ("", kind),
            };
            if let Some((_, help)) = help.take().filter(|(of, _)| *of == name) {
                writeln!(out, "# HELP {name}{suffix} {help}")?;
            }
            writeln!(out, "# TYPE {name}{suffix} {kind}")?;
        } else if !line.starts_with('#') {
            out.push_str(without_exemplar(line).trim_end());
            out.push('\n');
        }
    }
    Ok(out)
}

/// A sample up to its exemplar, which a `#` outside of labels begins.
fn without_exemplar(line: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'#' if !quoted => return &line[..at],
            _ => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openmetrics_comes_only_to_those_who_name_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(Exposition::accepted(prometheus), Exposition::OpenMetrics);
        assert_eq!(Exposition::accepted("*/*"), Exposition::Prometheus);
        assert_eq!(Exposition::accepted(""), Exposition::Prometheus);
    }

    #[test]
    fn the_same_is_said_in_the_older_format() {
        let open = "\
# HELP w_build What is running.
# TYPE w_build info
w_build_info{part=\"a # \\\" b\"} 1
# HELP w_batches Batches.
# TYPE w_batches counter
w_batches_total 3 # {trace_id=\"ab\"} 1.0
# HELP w_time_seconds Times.
# TYPE w_time_seconds histogram
# UNIT w_time_seconds seconds
w_time_seconds_sum 0.5
w_time_seconds_bucket{le=\"1.0\"} 2 # {trace_id=\"ab\"} 0.25
# EOF
";
        let prometheus = "\
# HELP w_build_info What is running.
# TYPE w_build_info gauge
w_build_info{part=\"a # \\\" b\"} 1
# HELP w_batches_total Batches.
# TYPE w_batches_total counter
w_batches_total 3
# HELP w_time_seconds Times.
# TYPE w_time_seconds histogram
w_time_seconds_sum 0.5
w_time_seconds_bucket{le=\"1.0\"} 2
";
        assert_eq!(to_prometheus(open).unwrap(), prometheus);
    }
}

//! Histograms, with the trace of one observation in each bucket.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder},
    metrics::{MetricType, TypedMetric, exemplar::HistogramWithExemplars, histogram::Histogram},
};

use super::TRACE_ID;
use crate::trace::TraceContext;

/// Seconds: from the ten microseconds of a small solve to the minutes of a store that hangs, each some two
/// and a half times the one before.
const SECONDS: [f64; 22] = [
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025,
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0,
];

/// Names the trace of an exemplar.
type Trace = [(&'static str, String); 1];

/// A histogram of times, in seconds.
#[derive(Clone)]
pub struct Durations(HistogramWithExemplars<Trace>);

impl Default for Durations {
    fn default() -> Self {
        Self(HistogramWithExemplars::new(SECONDS.into_iter()))
    }
}

impl Durations {
    /// Counts a time; the trace, where it is sampled, becomes the example of its bucket.
    pub fn observe(&self, time: Duration, trace: &TraceContext) {
        let exemplar = trace.sampled().then(|| [(TRACE_ID, trace.trace_id())]);
        let now = exemplar.is_some().then(SystemTime::now);
        self.0.observe(time.as_secs_f64(), exemplar, now);
    }
}

impl fmt::Debug for Durations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Durations")
    }
}

impl TypedMetric for Durations {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Durations {
    fn encode(&self, encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        self.0.encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

/// A histogram of counts or bytes: from 1 to at least `most`, each bucket four times the one before.
pub fn sizes_up_to(most: f64) -> Histogram {
    let mut buckets = vec![1.0];
    while let Some(last) = buckets.last().filter(|last| **last < most) {
        buckets.push(last * 4.0);
    }
    Histogram::new(buckets)
}

#[cfg(test)]
mod tests {
    use prometheus_client::{encoding::text::encode, registry::Registry};

    use super::*;

    fn text(metric: impl prometheus_client::registry::Metric) -> String {
        let mut registry = Registry::default();
        registry.register("it", "It", metric);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn a_sampled_trace_is_the_example_of_its_bucket_and_others_are_none() {
        let times = Durations::default();
        let (seen, unseen) =
            (TraceContext::new_root([7; 16], true), TraceContext::new_root([8; 16], false));
        times.observe(Duration::from_micros(20), &unseen);
        times.observe(Duration::from_millis(3), &seen);
        let text = text(times);
        let bucket = |le: &str| {
            let line = text.lines().find(|line| line.contains(&format!("le=\"{le}\"")));
            line.unwrap_or_default().to_owned()
        };
        assert!(bucket("0.000025").ends_with(" 1"), "{text}");
        let example = format!("# {{trace_id=\"{}\"}} 0.003", seen.trace_id());
        assert!(bucket("0.005").contains(&example), "{text}");
    }

    #[test]
    fn buckets_reach_as_far_as_is_asked() {
        let text = text(sizes_up_to(1_000.0));
        let buckets = text.lines().filter(|line| line.contains("_bucket"));
        let bounds: Vec<&str> = buckets.filter_map(|line| line.split('"').nth(1)).collect();
        assert_eq!(bounds, ["1.0", "4.0", "16.0", "64.0", "256.0", "1024.0", "+Inf"]);
    }
}

//! What a scrape says, as OTLP has it: the same names, labels and values.
//!
//! Nothing is counted a second time for it: the registry is read, as for a scrape. So all of it is cumulative.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use opentelemetry::trace::TraceId;
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value},
    metrics::v1::{
        AggregationTemporality, Exemplar, Gauge, Histogram, HistogramDataPoint, Metric,
        NumberDataPoint, Sum, exemplar, metric::Data, number_data_point,
    },
};
use prometheus_client::{
    encoding::prometheus_protobuf::{self, prometheus_data_model as scraped},
    registry::Registry,
};
use prost_types::Timestamp;

use super::TRACE_ID;

const CUMULATIVE: i32 = AggregationTemporality::Cumulative as i32;

/// Everything in the registry as it is at `now`, counted since `begun`.
pub(crate) fn to_otlp(
    registry: &Registry,
    begun: SystemTime,
    now: SystemTime,
) -> Result<Vec<Metric>, fmt::Error> {
    let reading = Reading { begun: nanos(begun), now: nanos(now) };
    let families = prometheus_protobuf::encode(registry)?;
    Ok(families.into_iter().filter_map(|family| reading.metric(family)).collect())
}

/// Nanoseconds of Unix time, as OTLP has times.
fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[derive(Clone, Copy)]
struct Reading {
    begun: u64,
    now: u64,
}

impl Reading {
    /// None of a family that has no series yet.
    fn metric(self, family: scraped::MetricFamily) -> Option<Metric> {
        let (mut counters, mut gauges, mut histograms) = (Vec::new(), Vec::new(), Vec::new());
        for series in family.metric {
            let labels = series.label.into_iter().map(attribute).collect();
            if let Some(counter) = series.counter {
                counters.push(self.number(self.begun, labels, counter.value));
            } else if let Some(gauge) = series.gauge {
                // What is measured has no beginning.
                gauges.push(self.number(0, labels, gauge.value));
            } else if let Some(histogram) = series.histogram {
                histograms.push(self.histogram(labels, histogram));
            }
        }
        // A family is of one kind.
        let data = if !counters.is_empty() {
            Data::Sum(Sum {
                data_points: counters,
                aggregation_temporality: CUMULATIVE,
                is_monotonic: true,
            })
        } else if !histograms.is_empty() {
            let aggregation_temporality = CUMULATIVE;
            Data::Histogram(Histogram { data_points: histograms, aggregation_temporality })
        } else if !gauges.is_empty() {
            Data::Gauge(Gauge { data_points: gauges })
        } else {
            return None;
        };
        Some(Metric {
            name: family.name,
            description: family.help,
            unit: unit(family.unit),
            data: Some(data),
            ..Metric::default()
        })
    }

    fn number(self, start: u64, attributes: Vec<KeyValue>, value: f64) -> NumberDataPoint {
        NumberDataPoint {
            attributes,
            start_time_unix_nano: start,
            time_unix_nano: self.now,
            value: Some(number_data_point::Value::AsDouble(value)),
            ..NumberDataPoint::default()
        }
    }

    fn histogram(
        self,
        attributes: Vec<KeyValue>,
        scraped: scraped::Histogram,
    ) -> HistogramDataPoint {
        let mut point = HistogramDataPoint {
            attributes,
            start_time_unix_nano: self.begun,
            time_unix_nano: self.now,
            count: scraped.sample_count,
            sum: Some(scraped.sample_sum),
            ..HistogramDataPoint::default()
        };
        let mut below = 0;
        for bucket in scraped.bucket {
            // A scrape counts all that is below a bound, OTLP what is between two; the last bound is infinite, and
            // OTLP does not say it.
            point.bucket_counts.push(bucket.cumulative_count.saturating_sub(below));
            below = bucket.cumulative_count;
            if bucket.upper_bound.is_finite() {
                point.explicit_bounds.push(bucket.upper_bound);
            }
            point.exemplars.extend(bucket.exemplar.as_ref().and_then(example));
        }
        point
    }
}

fn attribute(label: scraped::LabelPair) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(label.value)) };
    KeyValue { key: label.name, value: Some(value), ..KeyValue::default() }
}

/// As UCUM writes it.
fn unit(unit: String) -> String {
    match &*unit {
        "seconds" => "s".to_owned(),
        "bytes" => "By".to_owned(),
        _ => unit,
    }
}

/// None where it names no trace.
fn example(scraped: &scraped::Exemplar) -> Option<Exemplar> {
    let trace = scraped.label.iter().find(|label| label.name == TRACE_ID)?;
    let trace = TraceId::from_hex(&trace.value).ok()?;
    let Timestamp { seconds, nanos: part } = scraped.timestamp.unwrap_or_default();
    let (seconds, part) = (u64::try_from(seconds).ok()?, u64::try_from(part).ok()?);
    Some(Exemplar {
        time_unix_nano: seconds.saturating_mul(1_000_000_000).saturating_add(part),
        trace_id: trace.to_bytes().to_vec(),
        value: Some(exemplar::Value::AsDouble(scraped.value)),
        ..Exemplar::default()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::{
        metrics::{counter::Counter, family::Family, gauge::Gauge as Measured},
        registry::Unit,
    };

    use super::*;
    use crate::{
        metrics::{Durations, Label},
        trace::TraceContext,
    };

    const BEGUN: Duration = Duration::from_secs(1_000);
    const NOW: Duration = Duration::from_secs(2_000);

    fn read(registry: &Registry) -> Vec<Metric> {
        to_otlp(registry, UNIX_EPOCH + BEGUN, UNIX_EPOCH + NOW).unwrap()
    }

    #[test]
    fn a_counter_and_a_gauge_keep_names_labels_and_values() {
        let mut registry = Registry::with_prefix("waybill");
        let batches = Family::<[Label; 1], Counter>::default();
        batches.get_or_create(&[("outcome", "settled")]).inc_by(7);
        registry.register("batches", "Batches that were answered", batches);
        let runs = Measured::<i64>::default();
        runs.set(3);
        registry.register("runs", "Runs that have not ended", runs);
        registry.register("nothing", "It has no series", Family::<[Label; 1], Counter>::default());

        let [batches, runs] = &read(&registry)[..] else { panic!("{:?}", read(&registry)) };
        assert_eq!(batches.name, "waybill_batches_total");
        assert_eq!(batches.description, "Batches that were answered.");
        let Some(Data::Sum(sum)) = &batches.data else { panic!("{batches:?}") };
        assert!(sum.is_monotonic && sum.aggregation_temporality == CUMULATIVE);
        let [point] = &sum.data_points[..] else { panic!("{sum:?}") };
        assert_eq!(point.value, Some(number_data_point::Value::AsDouble(7.0)));
        assert_eq!(point.start_time_unix_nano, BEGUN.as_nanos() as u64);
        assert_eq!(point.time_unix_nano, NOW.as_nanos() as u64);
        let outcome = scraped::LabelPair { name: "outcome".into(), value: "settled".into() };
        assert_eq!(point.attributes, [attribute(outcome)]);

        assert_eq!(runs.name, "waybill_runs");
        let Some(Data::Gauge(gauge)) = &runs.data else { panic!("{runs:?}") };
        assert_eq!(gauge.data_points[0].value, Some(number_data_point::Value::AsDouble(3.0)));
    }

    #[test]
    fn a_histogram_keeps_its_bounds_counts_between_them_and_names_a_trace_for_each() {
        let mut registry = Registry::default();
        let times = Durations::default();
        let trace = TraceContext::new_root([7; 16], true);
        for micros in [20, 20, 3_000, 200_000_000] {
            times.observe(Duration::from_micros(micros), &TraceContext::none());
        }
        times.observe(Duration::from_millis(4), &trace);
        registry.register_with_unit("times", "Times", Unit::Seconds, times);

        let [metric] = &read(&registry)[..] else { panic!("{:?}", read(&registry)) };
        assert_eq!((&*metric.name, &*metric.unit), ("times_seconds", "s"));
        let Some(Data::Histogram(histogram)) = &metric.data else { panic!("{metric:?}") };
        let [point] = &histogram.data_points[..] else { panic!("{histogram:?}") };
        assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
        let at = |bound: f64| point.explicit_bounds.iter().position(|it| *it == bound).unwrap();
        assert_eq!(point.bucket_counts[at(0.000_025)], 2);
        assert_eq!(point.bucket_counts[at(0.005)], 2);
        assert_eq!(point.bucket_counts.last(), Some(&1), "what is above all bounds");
        assert_eq!((point.bucket_counts.iter().sum::<u64>(), point.count), (5, 5));
        assert!((point.sum.unwrap() - 200.007_04).abs() < 1e-9, "{point:?}");
        let [example] = &point.exemplars[..] else { panic!("{point:?}") };
        assert_eq!((&*example.trace_id, example.span_id.len()), (&[7; 16][..], 0));
        assert_eq!(example.value, Some(exemplar::Value::AsDouble(0.004)));
        let age = Duration::from_nanos(nanos(SystemTime::now()) - example.time_unix_nano);
        assert!(age < Duration::from_secs(3_600), "it says when it was");
    }
}

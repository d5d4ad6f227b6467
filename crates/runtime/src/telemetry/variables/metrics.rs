//! Whether, where, and how often metrics are sent.

use std::time::Duration;

use http::Uri;
use percent_encoding::percent_decode_str;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};

use super::{Variables, is_http};

const ENDPOINT: &str = "http://localhost:4317";
/// `OTEL_METRIC_EXPORT_INTERVAL`.
const INTERVAL: Duration = Duration::from_secs(60);
/// Of the interval at most, so that a clock can tell when it is over.
const LONGEST_INTERVAL: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// `OTEL_METRIC_EXPORT_TIMEOUT`.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(30);
/// `OTEL_EXPORTER_OTLP_TIMEOUT`.
const OTLP_TIMEOUT: Duration = Duration::from_secs(10);

/// How metrics go to a collector.
#[derive(Debug, Clone)]
pub(in crate::telemetry) struct MetricsExport {
    pub(in crate::telemetry) endpoint: Uri,
    /// Sent with each export. Their values may be secrets, and are not shown.
    pub(in crate::telemetry) headers: MetadataMap,
    pub(in crate::telemetry) gzip: bool,
    /// From one export to the next.
    pub(in crate::telemetry) every: Duration,
    /// What one export may take.
    pub(in crate::telemetry) within: Duration,
}

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    /// How metrics are sent; none unless `OTEL_METRICS_EXPORTER` asks for it.
    pub(in crate::telemetry) fn metrics(
        &self,
        warnings: &mut Vec<String>,
    ) -> Option<MetricsExport> {
        if !self.asked_for_metrics(warnings) || self.disabled(warnings) {
            return None;
        }
        self.protocol("METRICS", warnings);
        for (name, spoken) in [
            ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative"),
            (
                "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
                "explicit_bucket_histogram",
            ),
        ] {
            let said = self.get(name).unwrap_or_else(|| spoken.to_owned());
            if !said.eq_ignore_ascii_case(spoken) {
                warnings.push(format!("{name} {said:?} is not spoken here, only {spoken}"));
            }
        }
        self.list("OTEL_RESOURCE_ATTRIBUTES", warnings);
        let (name, endpoint) = self
            .of_signal("METRICS", "ENDPOINT")
            .unwrap_or_else(|| (String::new(), ENDPOINT.to_owned()));
        let Some(uri) = endpoint.parse().ok().filter(|_| is_http(&endpoint)) else {
            warnings.push(format!(
                "{name} {endpoint:?} is not http://HOST:PORT, no metrics are exported"
            ));
            return None;
        };
        let every = self.time("OTEL_METRIC_EXPORT_INTERVAL", warnings).unwrap_or(INTERVAL);
        if every.is_zero() {
            warnings.push("OTEL_METRIC_EXPORT_INTERVAL is 0, the default is used".to_owned());
        }
        Some(MetricsExport {
            endpoint: uri,
            headers: self.headers(warnings),
            gzip: self.gzip("METRICS", warnings),
            every: if every.is_zero() { INTERVAL } else { every.min(LONGEST_INTERVAL) },
            within: self.timeout(warnings),
        })
    }

    fn asked_for_metrics(&self, warnings: &mut Vec<String>) -> bool {
        let asked = self.get("OTEL_METRICS_EXPORTER").unwrap_or_default();
        let words: Vec<&str> =
            asked.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        let unknown: Vec<&&str> =
            words.iter().filter(|word| !["otlp", "prometheus", "none"].contains(word)).collect();
        if !unknown.is_empty() {
            warnings.push(format!(
                "OTEL_METRICS_EXPORTER {unknown:?} is not known here, only otlp, prometheus and none"
            ));
        }
        words.contains(&"otlp")
    }

    /// The shorter one of what the exporter and what the transport may take.
    fn timeout(&self, warnings: &mut Vec<String>) -> Duration {
        let export = self.time("OTEL_METRIC_EXPORT_TIMEOUT", warnings);
        let transport = self.of_signal("METRICS", "TIMEOUT");
        let transport = transport.and_then(|(name, _)| self.time(&name, warnings));
        // 0 is no limit, as the specification has it.
        let limit = |time: Option<Duration>, default| match time.unwrap_or(default) {
            Duration::ZERO => Duration::MAX,
            time => time,
        };
        limit(export, EXPORT_TIMEOUT).min(limit(transport, OTLP_TIMEOUT))
    }

    fn time(&self, name: &str, warnings: &mut Vec<String>) -> Option<Duration> {
        self.number(name, warnings).map(Duration::from_millis)
    }

    fn headers(&self, warnings: &mut Vec<String>) -> MetadataMap {
        let mut headers = MetadataMap::new();
        let Some((name, _)) = self.of_signal("METRICS", "HEADERS") else { return headers };
        for (key, value) in self.list(&name, warnings) {
            // Escaped as in baggage, of which the list has its form.
            let value = percent_decode_str(&value).decode_utf8_lossy();
            let key = AsciiMetadataKey::from_bytes(key.as_bytes());
            match (key, AsciiMetadataValue::try_from(&*value)) {
                (Ok(key), Ok(mut value)) => {
                    value.set_sensitive(true);
                    headers.insert(key, value);
                }
                _ => warnings.push(format!("{name} has what is no header, which is left out")),
            }
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::with;
    use super::*;

    const OTLP: (&str, &str) = ("OTEL_METRICS_EXPORTER", "otlp");

    /// What is exported when these are said, and what is warned of.
    fn read(said: &[(&str, &str)]) -> (Option<MetricsExport>, Vec<String>) {
        let mut warnings = Vec::new();
        (with(said).metrics(&mut warnings), warnings)
    }

    fn export(said: &[(&str, &str)]) -> MetricsExport {
        let (export, warnings) = read(&[&[OTLP], said].concat());
        assert_eq!(warnings, [""; 0]);
        export.unwrap()
    }

    #[test]
    fn they_are_sent_only_where_it_is_asked_for() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");
        let sent = |exporter: &str| {
            let (export, warnings) = read(&[("OTEL_METRICS_EXPORTER", exporter), endpoint]);
            (export.is_some(), warnings.len())
        };
        assert!(read(&[endpoint]).0.is_none());
        assert_eq!(sent(""), (false, 0));
        assert_eq!(sent("none"), (false, 0));
        assert_eq!(sent("prometheus"), (false, 0));
        assert_eq!(sent("otlp"), (true, 0));
        assert_eq!(sent("prometheus, otlp"), (true, 0));
        assert_eq!(sent("otlp,console"), (true, 1));
        assert_eq!(sent("console"), (false, 1));
        assert!(read(&[OTLP, ("OTEL_SDK_DISABLED", "true")]).0.is_none());
    }

    #[test]
    fn the_variables_of_metrics_go_before_those_of_all_signals_and_both_have_defaults() {
        let plain = export(&[]);
        assert_eq!(plain.endpoint.to_string(), "http://localhost:4317/");
        assert_eq!((plain.every, plain.within), (INTERVAL, OTLP_TIMEOUT));
        assert!(plain.headers.is_empty() && !plain.gzip);

        let common = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4317"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "API-Key=a%20b,tenant=seven"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "7000"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "5000"),
        ];
        let of_all = export(&common);
        assert_eq!(of_all.endpoint.host(), Some("all"));
        assert_eq!(of_all.headers.get("api-key").unwrap(), "a b");
        assert!(of_all.gzip && !format!("{of_all:?}").contains("a b"));
        assert_eq!((of_all.every.as_millis(), of_all.within.as_millis()), (5_000, 7_000));

        let own = [
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://own:4317"),
            ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "tenant=eight"),
            ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "none"),
            ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "0"),
            ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Cumulative"),
        ];
        let own = export(&[&common[..], &own].concat());
        assert_eq!(own.endpoint.host(), Some("own"));
        assert_eq!(own.headers.get("tenant").unwrap(), "eight");
        assert!(!own.headers.contains_key("api-key"));
        assert!(!own.gzip);
        assert_eq!(own.within, EXPORT_TIMEOUT, "0 is no limit, and the export has its own");
    }

    #[test]
    fn what_is_not_understood_is_named_and_no_secret_is_told() {
        for (name, odd) in [
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://secret:4317"),
            ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "zstd"),
            ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "a=b,secret"),
            ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "a b=secret"),
            ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "7s"),
            ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
            (
                "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
                "base2_exponential_bucket_histogram",
            ),
            ("OTEL_METRIC_EXPORT_INTERVAL", "often"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
            ("OTEL_METRIC_EXPORT_TIMEOUT", "-1"),
            ("OTEL_RESOURCE_ATTRIBUTES", "secret"),
        ] {
            let (export, warnings) = read(&[OTLP, (name, odd)]);
            assert!(warnings.len() == 1 && warnings[0].contains(name), "{name}: {warnings:?}");
            let no_endpoint = name.ends_with("ENDPOINT");
            assert_eq!(export.is_none(), no_endpoint, "{name}");
            assert!(no_endpoint || !warnings[0].contains("secret"), "{warnings:?}");
            if let Some(export) = export {
                assert_eq!((export.every, export.within), (INTERVAL, OTLP_TIMEOUT), "{name}");
            }
        }
    }
}

//! The variables that steer telemetry. The SDK does not read all of the standard ones.

use std::env;

use http::{Uri, uri::Scheme};
use opentelemetry_sdk::trace::OTEL_BSP_MAX_QUEUE_SIZE_DEFAULT;
use tracing_subscriber::EnvFilter;

use super::filter;
use crate::trace::{Propagators, Sampler};

/// A look at variables; an empty one is one that is not set.
pub(super) struct Variables<F> {
    read: F,
}

impl Variables<fn(&str) -> Option<String>> {
    pub(super) fn of_process() -> Self {
        Self { read: |name| env::var(name).ok() }
    }
}

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    fn get(&self, name: &str) -> Option<String> {
        (self.read)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Whether traces are exported: an endpoint is named, and nothing forbids it.
    pub(super) fn export(&self, warnings: &mut Vec<String>) -> bool {
        let endpoint = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"]
            .into_iter()
            .find_map(|name| Some((name, self.get(name)?)));
        let disabled = self.get("OTEL_SDK_DISABLED").unwrap_or_default().to_lowercase();
        if !["", "true", "false"].contains(&&*disabled) {
            warnings.push(format!("OTEL_SDK_DISABLED {disabled:?} is neither true nor false"));
        }
        let disabled = disabled == "true";
        let Some((name, endpoint)) = endpoint.filter(|_| !disabled) else { return false };
        let is_http = |uri: Uri| uri.scheme() == Some(&Scheme::HTTP) && uri.host().is_some();
        if !endpoint.parse().is_ok_and(is_http) {
            warnings
                .push(format!("{name} {endpoint:?} is not http://HOST:PORT, traces may be lost"));
        }
        match self.get("OTEL_TRACES_EXPORTER").as_deref() {
            None | Some("otlp") => {}
            Some("none") => return false,
            Some(other) => {
                warnings
                    .push(format!("OTEL_TRACES_EXPORTER {other:?} is not known here, only otlp"));
                return false;
            }
        }
        let protocol = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"]
            .into_iter()
            .find_map(|name| Some((name, self.get(name)?)));
        if let Some((name, protocol)) = protocol.filter(|(_, protocol)| protocol != "grpc") {
            warnings.push(format!("{name} {protocol:?} is not spoken here, traces go over grpc"));
        }
        true
    }

    /// Spans that may wait to be exported.
    pub(super) fn queue(&self, warnings: &mut Vec<String>) -> usize {
        let queue = self.number("OTEL_BSP_MAX_QUEUE_SIZE", warnings);
        queue.map_or(OTEL_BSP_MAX_QUEUE_SIZE_DEFAULT, |queue| queue.max(1) as usize)
    }

    /// Warns of what the SDK passes over without a word.
    pub(super) fn check(&self, warnings: &mut Vec<String>) {
        for name in [
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
            "OTEL_BSP_SCHEDULE_DELAY",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
            "OTEL_SPAN_EVENT_COUNT_LIMIT",
            "OTEL_SPAN_LINK_COUNT_LIMIT",
        ] {
            self.number(name, warnings);
        }
        for name in [
            "OTEL_EXPORTER_OTLP_HEADERS",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "OTEL_RESOURCE_ATTRIBUTES",
        ] {
            let list = self.get(name).unwrap_or_default();
            let is_pair =
                |pair: &str| pair.split_once('=').is_some_and(|(key, _)| !key.trim().is_empty());
            // A header may be a secret, so it is not repeated.
            if list.split(',').any(|pair| !pair.trim().is_empty() && !is_pair(pair)) {
                warnings
                    .push(format!("{name} is not a list of key=value, what is none is left out"));
            }
        }
    }

    fn number(&self, name: &str, warnings: &mut Vec<String>) -> Option<u64> {
        let text = self.get(name)?;
        let number = text.parse().ok();
        if number.is_none() {
            warnings.push(format!("{name} {text:?} is not a whole number, the default is used"));
        }
        number
    }

    pub(super) fn propagators(&self, warnings: &mut Vec<String>) -> Propagators {
        let names = self.get("OTEL_PROPAGATORS");
        let (propagators, warning) = Propagators::from_variable(names.as_deref());
        warnings.extend(warning);
        propagators
    }

    pub(super) fn sampler(&self, warnings: &mut Vec<String>) -> Sampler {
        let name = self.get("OTEL_TRACES_SAMPLER");
        let argument = self.get("OTEL_TRACES_SAMPLER_ARG");
        let (sampler, warning) = Sampler::from_variables(name.as_deref(), argument.as_deref());
        warnings.extend(warning);
        sampler
    }

    pub(super) fn log_filter(&self, warnings: &mut Vec<String>) -> EnvFilter {
        let text = self.get("WAYBILL_LOG").unwrap_or_else(|| "info".to_owned());
        filter::parse(&text).unwrap_or_else(|error| {
            warnings.push(format!("WAYBILL_LOG is not a filter, info is used: {error}"));
            EnvFilter::new("info")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Variables<impl Fn(&str) -> Option<String>> {
        Variables {
            read: |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            },
        }
    }

    fn exports(variables: &[(&str, &str)]) -> (bool, usize) {
        let mut warnings = Vec::new();
        (with(variables).export(&mut warnings), warnings.len())
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let numbers = [
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
            "OTEL_BSP_SCHEDULE_DELAY",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
            "OTEL_BSP_MAX_QUEUE_SIZE",
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
            "OTEL_SPAN_EVENT_COUNT_LIMIT",
            "OTEL_SPAN_LINK_COUNT_LIMIT",
        ];
        let lists = [
            "OTEL_EXPORTER_OTLP_HEADERS",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "OTEL_RESOURCE_ATTRIBUTES",
        ];
        let read = |name: &str, value: &str| {
            let (variables, mut warnings) = ([(name, value)], Vec::new());
            let variables = with(&variables);
            variables.check(&mut warnings);
            (variables.queue(&mut warnings), warnings)
        };
        for (names, good, bad) in [(&numbers[..], "7", "7s"), (&lists[..], "a=b,c=d", "a=b,secret")]
        {
            for name in names {
                assert_eq!(read(name, good).1, [""; 0], "{name}");
                let warnings = read(name, bad).1;
                assert!(warnings.len() == 1 && warnings[0].contains(name), "{warnings:?}");
                assert!(!warnings[0].contains("secret"), "{warnings:?}");
            }
        }
        assert_eq!(read("OTEL_BSP_MAX_QUEUE_SIZE", "7").0, 7);
        assert_eq!(read("OTEL_BSP_MAX_QUEUE_SIZE", "7s").0, OTEL_BSP_MAX_QUEUE_SIZE_DEFAULT);
    }

    #[test]
    fn traces_are_exported_only_to_an_endpoint_and_only_if_nothing_forbids_it() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");
        assert_eq!(exports(&[]), (false, 0));
        assert_eq!(exports(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]), (false, 0));
        assert_eq!(exports(&[endpoint]), (true, 0));
        assert_eq!(exports(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4317")]), (true, 0));
        for odd in ["collector:4317", "https://collector:4317", "http://"] {
            assert_eq!(exports(&[("OTEL_EXPORTER_OTLP_ENDPOINT", odd)]), (true, 1), "{odd}");
        }
        assert_eq!(exports(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")]), (false, 0));
        assert_eq!(exports(&[endpoint, ("OTEL_SDK_DISABLED", "false")]), (true, 0));
        assert_eq!(exports(&[endpoint, ("OTEL_SDK_DISABLED", "yes")]), (true, 1));
        assert_eq!(exports(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]), (false, 0));
        assert_eq!(exports(&[endpoint, ("OTEL_TRACES_EXPORTER", "zipkin")]), (false, 1));
        assert_eq!(exports(&[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]), (true, 1));
    }
}

//! The variables that steer telemetry. The SDK does not read all of the standard ones.

mod metrics;

use std::env;
use std::ffi::OsString;

use http::{Uri, uri::Scheme};
use opentelemetry_sdk::trace::OTEL_BSP_MAX_QUEUE_SIZE_DEFAULT;
use tracing_subscriber::EnvFilter;

use super::filter;
use crate::trace::{Propagators, Sampler};
pub(super) use metrics::MetricsExport;

/// A look at variables; an empty one is one that is not set.
pub(super) struct Variables<F> {
    read: F,
}

impl Variables<fn(&str) -> Option<String>> {
    pub(super) fn of_process() -> Self {
        Self { read: |name| env::var(name).ok() }
    }
}

/// Warns of those of our variables that are no text, which count as not set.
pub(super) fn check_text(
    all: impl Iterator<Item = (OsString, OsString)>,
    warnings: &mut Vec<String>,
) {
    for (name, value) in all {
        let name = name.to_string_lossy();
        if (name.starts_with("OTEL_") || name == "WAYBILL_LOG") && value.to_str().is_none() {
            warnings.push(format!("{name} is not UTF-8, so it counts as not set"));
        }
    }
}

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    fn get(&self, name: &str) -> Option<String> {
        (self.read)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// What is said of a signal, such as `"TRACES"`, or else of all of them, and by which variable.
    fn of_signal(&self, signal: &str, what: &str) -> Option<(String, String)> {
        let names =
            [format!("OTEL_EXPORTER_OTLP_{signal}_{what}"), format!("OTEL_EXPORTER_OTLP_{what}")];
        names.into_iter().find_map(|name| self.get(&name).map(|said| (name, said)))
    }

    /// Whether nothing is exported at all.
    fn disabled(&self, warnings: &mut Vec<String>) -> bool {
        let disabled = self.get("OTEL_SDK_DISABLED").unwrap_or_default().to_lowercase();
        if !["", "true", "false"].contains(&&*disabled) {
            warnings.push(format!("OTEL_SDK_DISABLED {disabled:?} is neither true nor false"));
        }
        disabled == "true"
    }

    /// Warns of another protocol than the one that is spoken.
    fn protocol(&self, signal: &str, warnings: &mut Vec<String>) {
        let said = self.of_signal(signal, "PROTOCOL");
        if let Some((name, protocol)) = said.filter(|(_, protocol)| protocol != "grpc") {
            let signal = signal.to_lowercase();
            warnings.push(format!("{name} {protocol:?} is not spoken here, {signal} go over grpc"));
        }
    }

    /// Whether what is exported is to be compressed.
    fn gzip(&self, signal: &str, warnings: &mut Vec<String>) -> bool {
        let Some((name, said)) = self.of_signal(signal, "COMPRESSION") else { return false };
        if !["gzip", "none"].contains(&&*said) {
            warnings.push(format!("{name} {said:?} is not known here, only gzip and none"));
        }
        said == "gzip"
    }

    /// Whether traces are exported: an endpoint is named, and nothing forbids it.
    pub(super) fn export(&self, warnings: &mut Vec<String>) -> bool {
        let disabled = self.disabled(warnings);
        let endpoint = self.of_signal("TRACES", "ENDPOINT").filter(|_| !disabled);
        let Some((name, endpoint)) = endpoint else { return false };
        if !is_http(&endpoint) {
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
        self.protocol("TRACES", warnings);
        true
    }

    /// Spans that may wait to be exported.
    pub(super) fn queue(&self, warnings: &mut Vec<String>) -> usize {
        let queue = self.number("OTEL_BSP_MAX_QUEUE_SIZE", warnings);
        queue.map_or(OTEL_BSP_MAX_QUEUE_SIZE_DEFAULT, |queue| queue.max(1) as usize)
    }

    /// Warns of what the SDK passes over without a word.
    pub(super) fn check(&self, warnings: &mut Vec<String>) {
        self.gzip("TRACES", warnings);
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
        for name in ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"] {
            self.list(name, warnings);
        }
        self.list("OTEL_RESOURCE_ATTRIBUTES", warnings);
    }

    /// A list of keys and values; what is none of these is left out.
    fn list(&self, name: &str, warnings: &mut Vec<String>) -> Vec<(String, String)> {
        let list = self.get(name).unwrap_or_default();
        let pairs = list.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let read = |pair: &str| {
            let (key, value) = pair.split_once('=')?;
            let (key, value) = (key.trim(), value.trim());
            (!key.is_empty()).then(|| (key.to_owned(), value.to_owned()))
        };
        let read: Vec<_> = pairs.map(read).collect();
        // A header may be a secret, so it is not repeated.
        if read.contains(&None) {
            warnings.push(format!("{name} is not a list of key=value, what is none is left out"));
        }
        read.into_iter().flatten().collect()
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

/// Whether there can be a collector: a path goes with the export, a port that is none goes nowhere.
fn is_http(endpoint: &str) -> bool {
    let is_http = |uri: Uri| uri.scheme() == Some(&Scheme::HTTP) && uri.host().is_some();
    let has_port = |uri: &Uri| {
        let named = uri.authority().and_then(|authority| authority.as_str().rsplit_once(':'));
        uri.port_u16().is_some() || named.is_none_or(|(_, port)| port.ends_with(']'))
    };
    endpoint.parse().is_ok_and(|uri| has_port(&uri) && is_http(uri))
}

#[cfg(test)]
mod tests;

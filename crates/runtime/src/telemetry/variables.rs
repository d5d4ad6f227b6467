//! The variables that steer telemetry. The SDK does not read all of the standard ones.

use std::env;

use tracing_subscriber::EnvFilter;

use crate::trace::Sampler;

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
        let endpoint = self
            .get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
            .or_else(|| self.get("OTEL_EXPORTER_OTLP_ENDPOINT"));
        let disabled =
            self.get("OTEL_SDK_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"));
        if endpoint.is_none() || disabled {
            return false;
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
        let protocol = self
            .get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
            .or_else(|| self.get("OTEL_EXPORTER_OTLP_PROTOCOL"));
        if let Some(protocol) = protocol.filter(|protocol| protocol != "grpc") {
            warnings
                .push(format!("OTLP over {protocol:?} is not spoken here, traces go over grpc"));
        }
        true
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
        EnvFilter::try_new(&text).unwrap_or_else(|error| {
            warnings.push(format!("WAYBILL_LOG {text:?} is not a filter, info is used: {error}"));
            EnvFilter::new("info")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exports(variables: &[(&str, &str)]) -> (bool, usize) {
        let read = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let mut warnings = Vec::new();
        (Variables { read }.export(&mut warnings), warnings.len())
    }

    #[test]
    fn traces_are_exported_only_to_an_endpoint_and_only_if_nothing_forbids_it() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");
        assert_eq!(exports(&[]), (false, 0));
        assert_eq!(exports(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]), (false, 0));
        assert_eq!(exports(&[endpoint]), (true, 0));
        assert_eq!(exports(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4317")]), (true, 0));
        assert_eq!(exports(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")]), (false, 0));
        assert_eq!(exports(&[endpoint, ("OTEL_SDK_DISABLED", "false")]), (true, 0));
        assert_eq!(exports(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]), (false, 0));
        assert_eq!(exports(&[endpoint, ("OTEL_TRACES_EXPORTER", "zipkin")]), (false, 1));
        assert_eq!(exports(&[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]), (true, 1));
    }
}

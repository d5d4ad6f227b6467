//! What of a trace's context is read from envelopes, and written into them.

use std::sync::OnceLock;

/// Which formats of W3C are spoken. By default both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Propagators {
    /// `traceparent` and `tracestate`.
    pub(crate) trace_context: bool,
    /// `baggage`.
    pub(crate) baggage: bool,
}

impl Propagators {
    pub(crate) const ALL: Propagators = Propagators { trace_context: true, baggage: true };
    const NONE: Propagators = Propagators { trace_context: false, baggage: false };

    /// Those of `OTEL_PROPAGATORS`, and a warning where one is not known.
    pub(crate) fn from_variable(names: Option<&str>) -> (Propagators, Option<String>) {
        let Some(names) = names else { return (Self::ALL, None) };
        let (mut found, mut unknown) = (Self::NONE, Vec::new());
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "tracecontext" => found.trace_context = true,
                "baggage" => found.baggage = true,
                "none" => {}
                other => unknown.push(other),
            }
        }
        let warning = (!unknown.is_empty()).then(|| {
            format!("OTEL_PROPAGATORS {unknown:?} is not known here, only tracecontext and baggage")
        });
        (found, warning)
    }
}

/// Of this process; a process has one telemetry.
static SPOKEN: OnceLock<Propagators> = OnceLock::new();

/// This process speaks these from now on. A second word changes nothing.
pub(crate) fn propagate(propagators: Propagators) {
    let _ = SPOKEN.set(propagators);
}

pub(super) fn spoken() -> Propagators {
    SPOKEN.get().copied().unwrap_or(Propagators::ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_variable_is_read() {
        let read = |names| Propagators::from_variable(Some(names));
        assert_eq!(Propagators::from_variable(None), (Propagators::ALL, None));
        assert_eq!(read("tracecontext, baggage"), (Propagators::ALL, None));
        assert_eq!(read("none"), (Propagators::NONE, None));
        assert_eq!(read("baggage").0, Propagators { baggage: true, ..Propagators::NONE });
        let (found, warning) = read("tracecontext,b3");
        assert_eq!(found, Propagators { trace_context: true, ..Propagators::NONE });
        assert!(warning.is_some_and(|text| text.contains("OTEL_PROPAGATORS")));
    }
}

//! Where people look at traces.

use std::fmt;

use runtime::settings::parse;

/// Bytes of an address, more than browsers and proxies agree on.
const LONGEST: usize = 2_048;

/// Stands where a trace's id goes.
const TRACE_ID: &str = "{trace_id}";

/// The address of a trace, with `{trace_id}` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceViewer(String);

impl TraceViewer {
    /// From the address of a trace with `{trace_id}` in it, or from that of a Jaeger.
    ///
    /// # Errors
    /// It is not an http or https URL.
    pub fn parse(text: &str) -> Result<TraceViewer, String> {
        let expected = || {
            "expected the URL of a Jaeger such as http://127.0.0.1:16686, or that of a trace with {trace_id} in it"
                .to_owned()
        };
        let text = text.trim();
        let whole = if text.contains(TRACE_ID) {
            text.to_owned()
        } else {
            format!("{}/trace/{TRACE_ID}", text.trim_end_matches('/'))
        };
        let uri: http::Uri = whole.replace(TRACE_ID, "0").parse().map_err(|_| expected())?;
        // Where it leads must be in its host, so no trace's id may be a part of that.
        let base = format!(
            "{}://{}",
            uri.scheme_str().unwrap_or_default(),
            uri.authority().map(http::uri::Authority::as_str).unwrap_or_default()
        );
        parse::web_uri(&base).ok_or_else(expected)?;
        if !whole.starts_with(&base) {
            return Err(expected());
        }
        if whole.len() > LONGEST {
            return Err(format!("is longer than {LONGEST} bytes"));
        }
        Ok(TraceViewer(whole))
    }
}

impl fmt::Display for TraceViewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jaeger_or_the_address_of_a_trace() {
        let said = |text: &str| TraceViewer::parse(text).map(|viewer| viewer.to_string());
        let jaeger = Ok("http://127.0.0.1:16686/trace/{trace_id}".to_owned());
        assert_eq!(said("http://127.0.0.1:16686"), jaeger);
        assert_eq!(said(" http://127.0.0.1:16686/ "), jaeger);
        assert_eq!(
            said("https://jaeger.example.com/ui"),
            Ok("https://jaeger.example.com/ui/trace/{trace_id}".to_owned())
        );
        let grafana = "https://grafana.example.com/explore?q=%7B{trace_id}%7D";
        assert_eq!(said(grafana), Ok(grafana.to_owned()));
        assert!(said(&format!("http://jaeger/{}", "x".repeat(3_000))).is_err());
        for refused in [
            "",
            "jaeger",
            "javascript:alert(1)//{trace_id}",
            "file:///{trace_id}",
            "http://",
            "http:///{trace_id}",
            "http://{trace_id}/",
            "http://host:{trace_id}/",
        ] {
            assert!(said(refused).is_err(), "{refused}");
        }
    }
}

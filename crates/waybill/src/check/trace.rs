//! The trace of a batch, as Jaeger's query API has it.

use std::{collections::BTreeSet, time::Duration};

use http::Uri;
use proto::analytics::v1::Plan;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::{error::Error, plain_http};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Who takes part in a batch.
const PARTS: [&str; 3] = ["producer", "fleet", "analytics"];

/// What there is of a trace.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) spans: usize,
    services: BTreeSet<String>,
}

impl Found {
    pub(super) fn services(&self) -> String {
        self.services.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Whether each part has a span in it. A service's name may say more than the part's.
    fn is_whole(&self) -> bool {
        PARTS.iter().all(|part| self.services.iter().any(|service| service.contains(part)))
    }
}

/// Waits until the trace of the plan's batch has spans of all three services.
pub(super) async fn of(plan: &Plan, store: &Uri, wait: Duration) -> Result<Found, Error> {
    let wrong = |text: String| Error::Answer { uri: store.clone(), text };
    if plan.trace_id.is_empty() {
        return Err(wrong(
            "the batch has no trace: it was not sampled, or no traces are sent".into(),
        ));
    }
    let path = format!("/api/traces/{}", plan.trace_id);
    let authority = store.authority().map_or("", |authority| authority.as_str());
    let begun = Instant::now();
    loop {
        let answer =
            plain_http::get(authority, &path).await.map_err(|error| wrong(error.to_string()))?;
        let found = match answer.status {
            200 => read(
                &serde_json::from_slice(&answer.body).map_err(|error| wrong(error.to_string()))?,
            ),
            404 => Found::default(),
            status => return Err(wrong(format!("{path} is answered with {status}"))),
        };
        if found.is_whole() {
            return Ok(found);
        }
        if begun.elapsed() >= wait {
            let text = format!(
                "trace {} has {} spans of [{}] after {} s, not of all three services",
                plan.trace_id,
                found.spans,
                found.services(),
                wait.as_secs()
            );
            return Err(wrong(text));
        }
        sleep(LOOK_EVERY).await;
    }
}

fn read(answer: &Value) -> Found {
    let trace = &answer["data"][0];
    let processes = trace["processes"].as_object();
    let names = processes.into_iter().flat_map(|processes| processes.values());
    Found {
        spans: trace["spans"].as_array().map_or(0, Vec::len),
        services: names
            .filter_map(|process| Some(process["serviceName"].as_str()?.to_owned()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_trace_is_whole_with_a_span_of_each_service() {
        let answer = |services: &[&str]| {
            let processes: serde_json::Map<_, _> = (services.iter().enumerate())
                .map(|(i, name)| (format!("p{i}"), json!({"serviceName": name})))
                .collect();
            json!({"data": [{"spans": [{}, {}], "processes": processes}]})
        };
        let whole = read(&answer(&["waybill-producer", "waybill-fleet", "waybill-analytics"]));
        assert!(whole.is_whole());
        assert_eq!(
            (whole.spans, whole.services().as_str()),
            (2, "waybill-analytics, waybill-fleet, waybill-producer")
        );
        assert!(!read(&answer(&["waybill-producer", "waybill-fleet"])).is_whole());
        assert!(!read(&json!({"data": []})).is_whole());
    }
}

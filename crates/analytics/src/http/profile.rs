//! `/profile.json`: about this deployment.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use jiff::Timestamp;
use runtime::health::{self, Health};
use serde_json::{Value, json};

use crate::Analytics;

/// A part that does not answer in this time counts as not serving.
const ANSWER: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(super) struct Profile {
    analytics: Arc<Analytics>,
    health: Health,
    started: Timestamp,
}

impl Profile {
    pub(super) fn new(analytics: Arc<Analytics>, health: Health) -> Profile {
        let started = analytics.now();
        Profile { analytics, health, started }
    }

    pub(super) async fn json(&self) -> Json<Value> {
        let mut parts = vec![json!({"part": crate::PART, "state": state(self.health.is_ready())})];
        if let Some(producer) = &self.analytics.producer {
            let ready = health::check(producer.clone(), ANSWER).await;
            parts.push(json!({"part": "producer", "state": state(ready)}));
        }
        let build = if cfg!(debug_assertions) { "debug" } else { "release" };
        Json(json!({
            "version": runtime::VERSION,
            "build": build,
            "started": self.started.to_string(),
            "last_sequence": *self.analytics.store.committed().borrow(),
            "parts": parts,
        }))
    }
}

fn state(ready: bool) -> &'static str {
    if ready { "serving" } else { "not serving" }
}

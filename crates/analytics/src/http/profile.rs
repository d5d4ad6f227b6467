//! `/profile.json`: about this deployment.

use std::sync::Arc;

use axum::Json;
use jiff::Timestamp;
use runtime::health::Health;
use serde_json::{Value, json};

use crate::Analytics;

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
        let build = if cfg!(debug_assertions) { "debug" } else { "release" };
        Json(json!({
            "version": runtime::VERSION,
            "build": build,
            "started": self.started.to_string(),
            "last_sequence": *self.analytics.store.committed().borrow(),
            "parts": [{
                "part": crate::PART,
                "state": if self.health.is_ready() { "serving" } else { "not serving" },
            }],
        }))
    }
}

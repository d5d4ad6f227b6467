//! Drain.
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// Cloneable.
#[derive(Debug, Clone)]
pub struct Shutdown {
    budget: Duration,
    by: Arc<watch::Sender<Option<Instant>>>,
}

impl Shutdown {
    /// New.
    pub fn new(budget: Duration) -> Self {
        Self { budget, by: Arc::new(watch::channel(None).0) }
    }
    /// Begin.
    pub fn begin(&self) {
        self.by.send_if_modified(|by| {
            by.is_none() && {
                *by = Some(Instant::now() + self.budget);
                true
            }
        });
    }
    /// Resolves when drain began.
    pub async fn draining(&self) {
        let _ = self.by.subscribe().wait_for(Option::is_some).await;
    }
    /// Left.
    pub fn remaining(&self) -> Duration {
        self.by.borrow().map_or(self.budget, |by| by.saturating_duration_since(Instant::now()))
    }
}

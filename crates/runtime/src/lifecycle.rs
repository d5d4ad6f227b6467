//! The end of a process: a signal begins the drain, the drain has a budget, a second signal ends it
//! at once.

use std::{process, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

/// Tells every part of a process that it should come to an end, and by when. Cheap to clone; all
/// clones are one shutdown.
#[derive(Clone, Debug)]
pub struct Shutdown {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    budget: Duration,
    /// When the drain began.
    began: watch::Sender<Option<Instant>>,
    work: TaskTracker,
}

/// Work that the end of the process waits for, given back by dropping it.
#[derive(Debug)]
pub struct Working {
    _token: TaskTrackerToken,
}

/// Programs that start others, such as `timeout` and `make`, pass one signal on to their child and to
/// its group, so that it comes twice.
pub const ECHO: Duration = Duration::from_millis(100);

impl Shutdown {
    /// A shutdown that begins with [`Shutdown::begin`] and gives the drain at most `budget`.
    pub fn new(budget: Duration) -> Self {
        let inner = Inner { budget, began: watch::Sender::new(None), work: TaskTracker::new() };
        Self { inner: Arc::new(inner) }
    }

    /// A shutdown that begins with SIGTERM or SIGINT. A second signal ends the process at once, with
    /// the exit code 130 for SIGINT and 1 for SIGTERM; one within [`ECHO`] is the first once more.
    /// Needs a tokio runtime.
    pub fn on_signals(budget: Duration) -> Self {
        let shutdown = Self::new(budget);
        let begins = shutdown.clone();
        // Listening starts here, not when the task first runs: from now on no signal kills.
        let mut signals = match Signals::listen() {
            Ok(signals) => signals,
            Err(error) => {
                tracing::error!(%error, "signals are not heard, they end the process at once");
                return shutdown;
            }
        };
        tokio::spawn(async move {
            let first = signals.next().await;
            tracing::info!(signal = first.name, budget = ?budget, "draining, a second signal ends at once");
            begins.begin();
            let begun = Instant::now();
            let mut second = signals.next().await;
            while begun.elapsed() < ECHO {
                second = signals.next().await;
            }
            tracing::warn!(signal = second.name, "ended before the drain was complete");
            process::exit(second.exit_code);
        });
        shutdown
    }

    /// Begins the drain. Only the first call counts.
    pub fn begin(&self) {
        self.inner.began.send_if_modified(|began| {
            let first = began.is_none();
            began.get_or_insert_with(Instant::now);
            first
        });
        self.inner.work.close();
    }

    /// Whether the drain has begun.
    pub fn is_draining(&self) -> bool {
        self.inner.began.borrow().is_some()
    }

    /// Resolves when the drain has begun.
    pub async fn draining(&self) {
        self.began_at().await;
    }

    /// Resolves when the drain's budget is over.
    pub async fn expired(&self) {
        sleep_until(self.began_at().await + self.inner.budget).await;
    }

    /// What is left of the drain's budget: all of it before the drain, zero after its end.
    pub fn remaining(&self) -> Duration {
        let began = *self.inner.began.borrow();
        began.map_or(self.inner.budget, |began| self.inner.budget.saturating_sub(began.elapsed()))
    }

    /// Work that [`Shutdown::finished`] waits for until the guard is dropped.
    pub fn working(&self) -> Working {
        Working { _token: self.inner.work.token() }
    }

    /// Resolves when the drain has begun and nobody holds a [`Working`] any more, or when the
    /// budget is over. What must stay up until the last batch is answered waits for this.
    pub async fn finished(&self) {
        self.draining().await;
        tokio::select! {
            () = self.inner.work.wait() => {}
            () = self.expired() => {}
        }
    }

    async fn began_at(&self) -> Instant {
        let mut began = self.inner.began.subscribe();
        loop {
            if let Some(at) = *began.borrow_and_update() {
                return at;
            }
            // Cannot fail: `self` holds the sender.
            let _ = began.changed().await;
        }
    }
}

struct Received {
    name: &'static str,
    exit_code: i32,
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Received {
        tokio::select! {
            _ = self.terminate.recv() => Received { name: "SIGTERM", exit_code: 1 },
            _ = self.interrupt.recv() => Received { name: "SIGINT", exit_code: 130 },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;
    use tokio::time::advance;

    use super::*;

    const BUDGET: Duration = Duration::from_secs(25);

    #[tokio::test(start_paused = true)]
    async fn the_budget_runs_from_the_first_begin() {
        let shutdown = Shutdown::new(BUDGET);
        assert!(!shutdown.is_draining());
        advance(Duration::from_secs(100)).await;
        assert_eq!(shutdown.remaining(), BUDGET);

        shutdown.begin();
        advance(Duration::from_secs(10)).await;
        shutdown.clone().begin();
        assert!(shutdown.is_draining());
        assert_eq!(shutdown.remaining(), Duration::from_secs(15));

        let mut expired = pin!(shutdown.expired());
        assert!(expired.as_mut().now_or_never().is_none());
        expired.await;
        assert_eq!(shutdown.remaining(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn every_clone_hears_the_drain_also_when_it_asks_later() {
        let shutdown = Shutdown::new(BUDGET);
        let waits = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { shutdown.draining().await }
        });
        shutdown.begin();
        waits.await.unwrap();
        assert_eq!(shutdown.clone().draining().now_or_never(), Some(()));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_finished_with_the_last_work() {
        let shutdown = Shutdown::new(BUDGET);
        let (one, two) = (shutdown.working(), shutdown.working());
        let mut finished = pin!(shutdown.finished());
        drop(one);
        assert!(finished.as_mut().now_or_never().is_none(), "not before the drain");
        shutdown.begin();
        assert!(finished.as_mut().now_or_never().is_none(), "not while there is work");
        drop(two);
        finished.await;
        assert_eq!(shutdown.remaining(), BUDGET, "and without waiting");
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_never_ends_does_not_hold_the_end() {
        let shutdown = Shutdown::new(BUDGET);
        let _forgotten = shutdown.working();
        shutdown.begin();
        shutdown.finished().await;
        assert_eq!(shutdown.remaining(), Duration::ZERO);
    }
}

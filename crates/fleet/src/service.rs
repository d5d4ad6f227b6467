//! The service on its ports, from bound to drained.

use std::{net::SocketAddr, pin::Pin, sync::Arc};

use runtime::{
    Process,
    acked::{LinkStatus, sender::SenderConfig},
    health::Health,
    lifecycle::Shutdown,
    metrics, ops,
    peers::{NoResolver, Peers},
    server::{self, BindError, Limits, Listener, ServeError},
    workers::Workers,
};
use tokio::sync::watch;

use crate::{Config, Core};

/// Solver jobs that wait for a thread; batches beyond wait in their own tasks.
const SOLVER_QUEUE: usize = 1024;

/// Why the service can't start, or ended early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A port can't be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Names can't be resolved, and analytics is one.
    #[error(transparent)]
    NoResolver(#[from] NoResolver),
    /// Serving failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// The fleet service on its ports.
pub struct Service {
    core: Core,
    forwarding: Pin<Box<dyn Future<Output = ()> + Send>>,
    listener: Listener,
    ops_listener: Listener,
    shutdown: Shutdown,
}

impl Service {
    pub(crate) async fn build(config: Config, shutdown: Shutdown) -> Result<Self, Error> {
        let listener = Listener::bind(config.listen).await?;
        let ops_listener = Listener::bind(config.ops_listen).await?;
        let solvers = Workers::threads("solver", config.solver_threads, SOLVER_QUEUE);
        let (core, forwarding) = Core::start(
            Peers::of(&config.analytics)?,
            solvers,
            &config.capacity,
            SenderConfig::default(),
            Process::here("fleet", listener.address()),
            shutdown.clone(),
        );
        tracing::info!(
            listen = %listener.address(),
            ops_listen = %ops_listener.address(),
            analytics = %config.analytics,
            "fleet is bound"
        );
        let forwarding = Box::pin(forwarding);
        Ok(Self { core, forwarding, listener, ops_listener, shutdown })
    }

    /// Where it takes calls.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Where it shows health and metrics.
    pub fn ops_address(&self) -> SocketAddr {
        self.ops_listener.address()
    }

    /// Serves until it is drained.
    ///
    /// # Errors
    /// Serving failed.
    pub async fn run(self) -> Result<(), Error> {
        let health = Core::health();
        let routes = self.core.routes(&health).into_axum_router();
        let mut registry = metrics::registry("fleet");
        self.core.register(&mut registry);
        let registry = Arc::new(registry);
        let forwarding = tokio::spawn(self.forwarding);
        let readiness =
            tokio::spawn(follow(self.core.analytics(), health.clone(), self.shutdown.clone()));
        let ops =
            ops::serve_ops("fleet", self.ops_listener, health, registry, self.shutdown.clone());
        let serving =
            server::serve(self.listener, routes, Limits::default(), self.shutdown.clone());
        let served = tokio::try_join!(
            async {
                let served = serving.await;
                // No stream is left that waits for a plan: what is on its way is still recorded.
                self.core.finish();
                served
            },
            ops
        );
        self.core.finish();
        if forwarding.await.is_err() {
            tracing::error!("the task that forwards plans panicked");
        }
        readiness.abort();
        served?;
        Ok(())
    }
}

/// Ready while analytics takes plans: a batch that comes when it does not has to wait.
async fn follow(mut analytics: watch::Receiver<LinkStatus>, health: Health, shutdown: Shutdown) {
    let mut ready = None;
    loop {
        let open = analytics.borrow_and_update().open && !shutdown.is_draining();
        match (open, &ready) {
            (true, None) => ready = Some(health.serving()),
            (false, Some(_)) => ready = None,
            _ => {}
        }
        tokio::select! {
            changed = analytics.changed() => if changed.is_err() { return },
            () = shutdown.draining(), if !shutdown.is_draining() => {}
        }
    }
}

//! The service on its ports, from bound to drained.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use runtime::{
    Process,
    health::Health,
    lifecycle::Shutdown,
    metrics, ops,
    peers::Peers,
    server::{self, Limits, Listener},
    workers::Workers,
};

use crate::{Config, Core, Error, Inbox, Options, dispatch::Traces, moment::Clock, store::Store};

/// Work that waits for a thread; callers beyond wait in their own tasks.
const QUEUE: usize = 256;
/// Of the time of a drain, what is kept for writing the last progress.
const FOR_WRITING: Duration = Duration::from_millis(500);

/// The producer on its ports.
pub struct Service {
    core: Core,
    health: Health,
    listener: Listener,
    ops_listener: Listener,
    shutdown: Shutdown,
}

impl Service {
    pub(crate) async fn build(config: Config, shutdown: Shutdown) -> Result<Self, Error> {
        let listener = Listener::bind(config.listen).await?;
        let ops_listener = Listener::bind(config.ops_listen).await?;
        let workers = Workers::threads("producer", config.threads, QUEUE);
        let data = config.data.clone();
        let store = workers.run(move || Store::open(data)).await??;
        if let Some(Inbox { folder, .. }) = &config.inbox {
            let made = tokio::fs::create_dir_all(folder).await;
            made.map_err(|source| Error::Inbox { folder: folder.clone(), source })?;
        }
        let options = Options {
            max_runs: config.max_runs,
            unacked: config.unacked,
            defaults: config.defaults,
            inbox: config.inbox,
            traces: Traces { sampler: config.sampler, slower_than: config.trace_slower_than },
            process: Process::here("producer", listener.address()),
            ..Options::new(Clock::system())
        };
        let fleet = Peers::of(&config.fleet)?;
        let core = Core::start(store, fleet, workers, options).await?;
        tracing::info!(
            listen = %listener.address(),
            ops_listen = %ops_listener.address(),
            data = %config.data.display(),
            fleet = %config.fleet,
            "producer is bound"
        );
        Ok(Self { core, health: Core::health(), listener, ops_listener, shutdown })
    }

    /// Where it takes calls.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Where it shows health and metrics.
    pub fn ops_address(&self) -> SocketAddr {
        self.ops_listener.address()
    }

    /// Serves until it is drained: then no more batches are made, those that were sent are answered or
    /// the time is over, and progress is written. Runs go on at the next start.
    ///
    /// # Errors
    /// Serving failed.
    pub async fn run(self) -> Result<(), Error> {
        let Self { core, health, listener, ops_listener, shutdown } = self;
        let _working = shutdown.working();
        let routes = core.routes(&health);
        let mut registry = metrics::registry("producer");
        core.register(&mut registry);
        // Ready while runs can be started: they are kept whether or not the fleet service is there.
        let ready = health.serving();
        let registry = Arc::new(registry);
        let ops =
            ops::serve_ops("producer", ops_listener, health.clone(), registry, shutdown.clone());
        let serving = server::serve(listener, routes, Limits::default(), shutdown.clone());
        let draining = async {
            shutdown.draining().await;
            drop(ready);
            core.drain(shutdown.remaining().saturating_sub(FOR_WRITING)).await;
            drop(_working);
            Ok(())
        };
        tokio::try_join!(serving, ops, draining)?;
        Ok(())
    }
}

//! The service on its ports, from bound to drained.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use runtime::Process;
use runtime::connect;
use runtime::lifecycle::Shutdown;
use runtime::metrics;
use runtime::ops;
use runtime::server::{self, Limits, Listener};
use runtime::workers::Workers;
use tokio::time::timeout;

use crate::store::{Postgres, PostgresOptions, Sqlite, Store, StoreUrl};
use crate::{Analytics, Config, Error, Options};

/// Reads of the store that wait for a thread; more wait with their callers.
const READS_WAITING: usize = 256;

/// What the last group may take after the drain's budget is over: it is being written already.
const LAST_GROUP: Duration = Duration::from_secs(1);

/// Opens the store that is asked for.
async fn open(config: &Config, reading: &Workers) -> Result<Arc<dyn Store>, Error> {
    Ok(match &config.store {
        StoreUrl::Sqlite(path) => {
            let writing = Workers::threads("store-writer", 1, 1);
            let (path, writer, reader) = (path.clone(), writing.clone(), reading.clone());
            Arc::new(writing.run(move || Sqlite::open(&path, writer, reader)).await??)
        }
        StoreUrl::Postgres(url) => {
            let (readers, retention) = (config.reader_threads, config.retention);
            Arc::new(Postgres::open(url, PostgresOptions { readers, retention }).await?)
        }
    })
}

/// The analytics service on its ports.
pub struct Service {
    analytics: Arc<Analytics>,
    store: Arc<dyn Store>,
    writing: Pin<Box<dyn Future<Output = ()> + Send>>,
    listener: Listener,
    ops_listener: Listener,
    shutdown: Shutdown,
}

impl Service {
    pub(crate) async fn build(config: Config, shutdown: Shutdown) -> Result<Service, Error> {
        let listener = Listener::bind(config.listen).await?;
        let ops_listener = Listener::bind(config.ops_listen).await?;
        let reading = Workers::threads("store-reader", config.reader_threads, READS_WAITING);
        let store = open(&config, &reading).await?;
        let options = Options {
            credit: config.credit,
            producer: config.producer.as_ref().map(connect::channel),
            heartbeat: config.heartbeat,
            trace_viewer: config.trace_viewer,
            process: Process::here(crate::PART, listener.address()),
            ..Options::default()
        };
        let (analytics, writer) =
            Analytics::start(Arc::clone(&store), reading, options, shutdown.clone());
        tracing::info!(
            listen = %listener.address(),
            ops_listen = %ops_listener.address(),
            store = %config.store,
            plans = *store.committed().borrow(),
            "analytics is bound"
        );
        let writing = Box::pin(writer);
        Ok(Service { analytics, store, writing, listener, ops_listener, shutdown })
    }

    /// Where it takes calls and shows the page.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Where it shows health and metrics.
    pub fn ops_address(&self) -> SocketAddr {
        self.ops_listener.address()
    }

    /// Serves until it is drained, then closes the store.
    ///
    /// # Errors
    /// Serving failed, or the store could not be closed.
    pub async fn run(self) -> Result<(), Error> {
        let Service { analytics, store, writing, listener, ops_listener, shutdown } = self;
        let writing = tokio::spawn(writing);
        let health = Analytics::health();
        let routes = analytics.routes(&health);
        let mut registry = metrics::registry(crate::PART);
        analytics.register(&mut registry);
        let registry = Arc::new(registry);
        let ops =
            ops::serve_ops(crate::PART, ops_listener, health.clone(), registry, shutdown.clone());
        let serving = async {
            let serving = server::serve(listener, routes, Limits::default(), shutdown.clone());
            tokio::pin!(serving);
            tokio::select! {
                served = &mut serving => served,
                () = analytics.keep_health(&health) => serving.await,
            }
        };
        let served = tokio::try_join!(serving, ops);
        // The writer ends with the last one that could give it a plan.
        drop(analytics);
        match timeout(shutdown.remaining() + LAST_GROUP, writing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the writer panicked"),
            Err(_) => tracing::warn!("plans were still being written at the end of the drain"),
        }
        store.close().await?;
        served?;
        Ok(())
    }
}

//! The service without sockets: what runs in a process, in a test, and in a simulated network.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jiff::Timestamp;
use proto::analytics::v1::analytics_service_server::AnalyticsServiceServer;
use proto::analytics::v1::ingest_service_server::IngestServiceServer;
use proto::{BatchId, DESCRIPTORS};
use runtime::Process;
use runtime::acked::{Credit, Served};
use runtime::health::{Health, Status};
use runtime::lifecycle::Shutdown;
use runtime::metrics::CallTimes;
use runtime::profile::{self, Profile};
use runtime::server::grpc_routes;
use runtime::trace::Spans;
use runtime::workers::Workers;
use tokio::sync::watch;
use tonic::transport::Channel;
use tonic_web::GrpcWebLayer;

use crate::grpc::Handlers;
use crate::ingest::{DEFAULT_CREDIT, Ingest};
use crate::metrics::Metrics;
use crate::queries::DEFAULT_HEARTBEAT;
use crate::store::{Store, StoredPlan};
use crate::writer::Writer;
use crate::{
    Error, TraceViewer, http,
    passed_on::{self, PRODUCER},
};

/// Tells the time of day.
pub type Clock = fn() -> Timestamp;

/// The services' full names, for health.
const INGEST: &str = "waybill.analytics.v1.IngestService";
const ANALYTICS: &str = "waybill.analytics.v1.AnalyticsService";

/// What may be set without sockets.
#[derive(Clone, Debug)]
pub struct Options {
    /// What one RecordPlans stream may have in flight. Default: 4,096 plans and 64 MiB.
    pub credit: Credit,
    /// The way to the producer, whose calls are passed on and whose health `/profile` shows. Default: none.
    pub producer: Option<Channel>,
    /// Time between heartbeats to a watcher. Default: 2 s.
    pub heartbeat: Duration,
    /// The clock. Default: the machine's.
    pub clock: Clock,
    /// Where people look at traces, told to the page. Default: nowhere.
    pub trace_viewer: Option<TraceViewer>,
    /// Who it says that it is. Default: its part.
    pub process: Process,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            credit: DEFAULT_CREDIT,
            producer: None,
            heartbeat: DEFAULT_HEARTBEAT,
            clock: Timestamp::now,
            trace_viewer: None,
            process: Process::named(crate::PART),
        }
    }
}

/// The analytics service.
pub struct Analytics {
    pub(crate) store: Arc<dyn Store>,
    /// For work that computes: searching rows.
    pub(crate) workers: Workers,
    pub(crate) producer: Option<Channel>,
    pub(crate) heartbeat: Duration,
    pub(crate) clock: Clock,
    pub(crate) shutdown: Shutdown,
    pub(crate) ingest: Arc<Ingest>,
    pub(crate) served: Arc<Served>,
    pub(crate) metrics: Metrics,
    pub(crate) trace_viewer: Option<TraceViewer>,
    process: Process,
    writable: watch::Receiver<bool>,
    pub(crate) calls: CallTimes,
}

impl Analytics {
    /// The service on a store, and its writer's task, which the caller owns. The task ends when the
    /// service and all its routes are dropped and every plan is answered.
    pub fn start(
        store: Arc<dyn Store>,
        workers: Workers,
        options: Options,
        shutdown: Shutdown,
    ) -> (Arc<Analytics>, impl Future<Output = ()> + Send + 'static) {
        let Options { credit, producer, heartbeat, clock, trace_viewer, process } = options;
        let metrics = Metrics::default();
        let (writer, queue) = Writer::new(Arc::clone(&store), clock, metrics.clone());
        let writable = writer.writable();
        let ingest = Arc::new(Ingest::new(queue, credit, process.clone(), metrics.clone()));
        let served = Arc::default();
        let analytics = Analytics {
            store,
            workers,
            producer,
            heartbeat,
            clock,
            shutdown,
            ingest,
            served,
            metrics,
            trace_viewer,
            process,
            writable,
            calls: CallTimes::default(),
        };
        (Arc::new(analytics), writer.run())
    }

    /// Calls and pages on one port. gRPC-web is for calls only.
    pub fn routes(self: &Arc<Self>, health: &Health) -> Router {
        let handlers = Handlers(Arc::clone(self));
        let profile = Profile::new(crate::PART, self.process.clone(), health.clone())
            .receiving(Arc::clone(&self.served));
        let others = [profile::SERVICE].into_iter().chain(self.producer.as_ref().map(|_| PRODUCER));
        let calls = grpc_routes(health, &[DESCRIPTORS], &others.collect::<Vec<_>>())
            .add_service(profile.clone().server())
            .add_service(IngestServiceServer::new(handlers.clone()))
            .add_service(AnalyticsServiceServer::new(handlers));
        let calls = self
            .calls
            .timed(calls, DESCRIPTORS, Spans::of(crate::PART))
            .into_axum_router()
            .reset_fallback();
        let calls = match &self.producer {
            Some(producer) => calls.merge(passed_on::routes(producer.clone())),
            None => calls,
        };
        let calls = calls.layer(GrpcWebLayer::new());
        calls.merge(http::routes(Arc::clone(self), profile))
    }

    /// Health of the services, not serving yet.
    pub fn health() -> Health {
        Health::new(&[INGEST, ANALYTICS])
    }

    /// Keeps `health` true to whether the store can be written, until the drain begins. Plans can be
    /// read and watched all the while.
    pub async fn keep_health(&self, health: &Health) {
        let mut writable = self.writable.clone();
        loop {
            if *writable.borrow_and_update() {
                health.set_all(Status::Serving);
            } else {
                health.set("", Status::NotServing);
                health.set(INGEST, Status::NotServing);
            }
            tokio::select! {
                () = self.shutdown.draining() => break,
                changed = writable.changed() => if changed.is_err() { break },
            }
        }
        health.set_all(Status::NotServing);
    }

    /// The plan of a batch.
    pub(crate) async fn plan(&self, batch_id: BatchId) -> Result<StoredPlan, Error> {
        self.store.plan(batch_id).await?.ok_or(Error::NoSuchPlan(batch_id))
    }

    /// Whether the last write succeeded.
    pub(crate) fn is_writable(&self) -> bool {
        *self.writable.borrow()
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

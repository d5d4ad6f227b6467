//! The service without sockets: what runs in a process, in a test, and in a simulated network.

use std::{future::Future, sync::Arc};

use proto::fleet::v1::fleet_service_server::FleetServiceServer;
use proto::{DESCRIPTORS, MAX_MESSAGE_BYTES};
use runtime::{
    Process,
    acked::{
        Credit, Limits, LinkStatus, Outbox, OutboxConfig, PART_TIMEOUT, Served,
        sender::SenderConfig,
    },
    health::Health,
    lifecycle::Shutdown,
    metrics::CallTimes,
    peers::Peers,
    profile::{self, Profile},
    server::grpc_routes,
    trace::Spans,
    workers::Workers,
};
use tokio::sync::watch;
use tonic::service::Routes;

use crate::{
    admission::Admission,
    dispatch::{Dispatch, Fleet, MAX_DECODED_BYTES},
    in_flight::InFlight,
    metrics::{self, Metrics},
    record::Record,
};

/// How much the service takes on.
#[derive(Debug, Clone)]
pub struct Capacity {
    /// What one Dispatch stream may have in flight.
    pub credit: Credit,
    /// Bytes of one batch at most.
    pub max_batch_bytes: u64,
    /// Bytes of batches held at once, over all streams.
    pub admitted_bytes: u64,
}

impl Default for Capacity {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            credit: Credit { items: 1024, bytes: 64 * MIB },
            max_batch_bytes: 1024 * MIB,
            admitted_bytes: 512 * MIB,
        }
    }
}

/// The fleet service.
pub struct Core {
    dispatch: Arc<Dispatch>,
    limits: Limits,
    served: Arc<Served>,
    shutdown: Shutdown,
    analytics: watch::Receiver<LinkStatus>,
    calls: CallTimes,
}

/// The service's full name, for health.
pub(crate) const SERVICE: &str = "waybill.fleet.v1.FleetService";

impl Core {
    /// The service and the task that forwards plans, which the caller owns.
    ///
    /// `analytics` are the replicas that record plans; `sender` the times of the streams to them.
    pub fn start(
        analytics: Peers,
        solvers: Workers,
        capacity: &Capacity,
        sender: SenderConfig,
        process: Process,
        shutdown: Shutdown,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let in_flight = Arc::new(InFlight::default());
        let metrics = Metrics::default();
        let record = Record {
            in_flight: Arc::clone(&in_flight),
            process: process.clone(),
            metrics: metrics.clone(),
        };
        let config = OutboxConfig {
            name: "record_plans",
            // The admission bounds what is held; the outbox need not do it again.
            capacity: Credit { items: usize::MAX, bytes: u64::MAX },
            sender,
        };
        let (outbox, forwarding) = Outbox::start(Arc::new(record), analytics, config);
        let analytics = outbox.status();
        let dispatch = Arc::new(Dispatch {
            outbox,
            in_flight,
            solvers,
            admission: Admission::new(capacity.admitted_bytes),
            spans: Spans::of("fleet"),
            process,
            metrics,
        });
        let limits = Limits {
            credit: capacity.credit,
            max_message_bytes: MAX_MESSAGE_BYTES as u64,
            max_item_bytes: capacity.max_batch_bytes,
            part_timeout: PART_TIMEOUT,
        };
        let served = Arc::default();
        let calls = CallTimes::default();
        (Self { dispatch, limits, served, shutdown, analytics, calls }, forwarding)
    }

    /// How the streams to analytics are.
    pub fn analytics(&self) -> watch::Receiver<LinkStatus> {
        self.analytics.clone()
    }

    /// Adds what the service counts to a registry.
    pub fn register(&self, registry: &mut prometheus_client::registry::Registry) {
        self.calls.register(registry);
        metrics::register(registry, &self.dispatch, self.analytics(), Arc::clone(&self.served));
    }

    /// Takes no more plans for analytics: the forwarding task ends when all are recorded, or at the end
    /// of the drain.
    pub fn finish(&self) {
        self.dispatch.outbox.finish(self.shutdown.remaining());
    }

    /// The service's calls, with health and reflection.
    pub fn routes(&self, health: &Health) -> Routes {
        let fleet = Fleet {
            dispatch: Arc::clone(&self.dispatch),
            limits: self.limits,
            served: Arc::clone(&self.served),
            shutdown: self.shutdown.clone(),
        };
        let service = FleetServiceServer::new(fleet).max_decoding_message_size(MAX_DECODED_BYTES);
        let profile = Profile::new("fleet", self.dispatch.process.clone(), health.clone())
            .sending(self.analytics(), self.dispatch.outbox.traffic())
            .receiving(Arc::clone(&self.served));
        let routes = grpc_routes(health, &[DESCRIPTORS], &[profile::SERVICE])
            .add_service(service)
            .add_service(profile.server());
        self.calls.timed(routes, DESCRIPTORS, Spans::of("fleet"))
    }

    /// Health of this service, not serving yet.
    pub fn health() -> Health {
        Health::new(&[SERVICE])
    }
}

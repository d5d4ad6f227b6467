//! A fleet service between a client of the test's and a store of the test's, on loopback.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use fleet::{Capacity, Core};
use prometheus_client::{encoding::text::encode, registry::Registry};
use proto::{
    BatchId,
    analytics::v1::{
        RecordPlansRequest, RecordPlansResponse, Recorded,
        ingest_service_server::{IngestService, IngestServiceServer},
        record_plans_request, record_plans_response,
    },
    fleet::v1::{
        BatchPart, DispatchRequest, DispatchResponse, dispatch_request, dispatch_response,
        fleet_service_client::FleetServiceClient,
    },
    logistics::v1::{Driver, Hello, PlanDetail, PlanPart, Rejected, Shipment, Welcome},
    to_rpc_status,
};
use runtime::{
    Process,
    acked::sender::SenderConfig,
    connect,
    lifecycle::Shutdown,
    peers::Peers,
    server::{self, Limits, Listener},
    workers::Workers,
};
use tokio::sync::{mpsc, watch};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

/// What the store does with plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Records them.
    Record,
    /// Takes them and says nothing.
    Hold,
    /// Refuses them.
    Refuse,
}

/// A store that remembers the parts of every plan.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) behaviour: watch::Sender<Behaviour>,
    plans: Arc<Mutex<HashMap<String, Vec<PlanPart>>>>,
    /// Plans that came whole, counted with repeats.
    pub(crate) whole: watch::Sender<usize>,
}

impl Store {
    pub(crate) fn new(behaviour: Behaviour) -> Self {
        Self {
            behaviour: watch::channel(behaviour).0,
            plans: Arc::default(),
            whole: watch::channel(0).0,
        }
    }

    pub(crate) fn parts(&self, batch_id: &str) -> Vec<PlanPart> {
        self.plans.lock().expect("no panic").get(batch_id).cloned().unwrap_or_default()
    }

    pub(crate) fn plans(&self) -> usize {
        self.plans.lock().expect("no panic").len()
    }

    fn keep(&self, part: PlanPart) {
        let mut plans = self.plans.lock().expect("no panic");
        let parts = plans.entry(part.batch_id.clone()).or_default();
        if part.part == 0 {
            parts.clear();
        }
        parts.push(part);
    }
}

#[tonic::async_trait]
impl IngestService for Store {
    type RecordPlansStream = ReceiverStream<Result<RecordPlansResponse, Status>>;

    async fn record_plans(
        &self,
        request: Request<Streaming<RecordPlansRequest>>,
    ) -> Result<Response<Self::RecordPlansStream>, Status> {
        let mut inbound = request.into_inner();
        let (answers, outbound) = mpsc::channel(1024);
        let store = self.clone();
        tokio::spawn(async move {
            let welcome = Welcome {
                max_batches: 1000,
                max_bytes: 1 << 30,
                max_message_bytes: 1 << 20,
                max_batch_bytes: 1 << 30,
                peer: "store".into(),
                ..Welcome::default()
            };
            let say = |event| Ok(RecordPlansResponse { event: Some(event) });
            use record_plans_response::Event;
            let _ = answers.send(say(Event::Welcome(welcome))).await;
            while let Some(Ok(message)) = inbound.next().await {
                let Some(record_plans_request::Event::Plan(part)) = message.event else { continue };
                let part = PlanPart::from(part);
                let (batch_id, more) = (part.batch_id.clone(), part.more);
                store.keep(part);
                if more {
                    continue;
                }
                store.whole.send_modify(|whole| *whole += 1);
                let behaviour = *store.behaviour.borrow();
                let event = match behaviour {
                    Behaviour::Record => {
                        Event::Recorded(Recorded { batch_id, sequence: 1, ..Recorded::default() })
                    }
                    Behaviour::Hold => continue,
                    Behaviour::Refuse => {
                        let status = Status::unavailable("the disk is full");
                        Event::Rejected(Rejected { batch_id, status: Some(to_rpc_status(&status)) })
                    }
                };
                let _ = answers.send(say(event)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(outbound)))
    }
}

/// The store on a port.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Served {
    /// Breaks every connection, as a crash does, and serves the store on the same port again.
    pub(crate) async fn restart(self, store: &Store) -> Served {
        self.task.abort();
        let _ = self.task.await;
        serve_store(store, self.address).await
    }
}

pub(crate) async fn serve_store(store: &Store, address: SocketAddr) -> Served {
    let listener = Listener::bind(address).await.expect("a free port");
    let address = listener.address();
    let service = IngestServiceServer::new(store.clone());
    let routes = tonic::service::Routes::new(service).into_axum_router();
    let shutdown = Shutdown::new(Duration::ZERO);
    let task = tokio::spawn(async move {
        let _ = server::serve(listener, routes, Limits::default(), shutdown).await;
    });
    Served { address, task }
}

/// A fleet service on a free port.
pub(crate) struct Fleet {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) served: tokio::task::JoinHandle<()>,
    metrics: Registry,
    _forwarding: tokio::task::JoinHandle<()>,
}

pub(crate) fn free_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

pub(crate) async fn serve_fleet(store: SocketAddr, capacity: Capacity) -> Fleet {
    let shutdown = Shutdown::new(Duration::from_secs(5));
    let uri = format!("http://{store}").parse().expect("a uri");
    let sender = SenderConfig {
        backoff_base: Duration::from_millis(5),
        backoff_cap: Duration::from_millis(50),
        ..SenderConfig::default()
    };
    let (core, forwarding) = Core::start(
        Peers::of(&uri).expect("an address"),
        Workers::threads("solver", 1, 16),
        &capacity,
        sender,
        Process::named("fleet of a test"),
        shutdown.clone(),
    );
    let forwarding = tokio::spawn(forwarding);
    let mut metrics = Registry::default();
    core.register(&mut metrics);
    let listener = Listener::bind(free_port()).await.expect("a free port");
    let address = listener.address();
    let routes = core.routes(&Core::health()).into_axum_router();
    let drain = shutdown.clone();
    let served = tokio::spawn(async move {
        server::serve(listener, routes, Limits::default(), drain).await.expect("it serves");
        core.finish();
    });
    Fleet { address, shutdown, served, metrics, _forwarding: forwarding }
}

impl Fleet {
    /// Whether a scrape has this line.
    pub(crate) fn counts(&self, line: &str) -> bool {
        let mut text = String::new();
        encode(&mut text, &self.metrics).expect("a String takes all");
        text.lines().any(|said| said == line)
    }
}

/// One Dispatch stream.
pub(crate) struct Client {
    outbound: Option<mpsc::Sender<DispatchRequest>>,
    inbound: Streaming<DispatchResponse>,
}

impl Client {
    pub(crate) async fn open(fleet: &Fleet) -> Self {
        let uri = format!("http://{}", fleet.address).parse().expect("a uri");
        let mut client = FleetServiceClient::new(connect::channel(&uri))
            .max_decoding_message_size(8 << 20)
            .max_encoding_message_size(8 << 20);
        let (outbound, messages) = mpsc::channel(64);
        let inbound =
            client.dispatch(ReceiverStream::new(messages)).await.expect("it opens").into_inner();
        Self { outbound: Some(outbound), inbound }
    }

    pub(crate) async fn say(&self, event: dispatch_request::Event) {
        let message = DispatchRequest { event: Some(event) };
        let outbound = self.outbound.as_ref().expect("not closed");
        outbound.send(message).await.expect("the stream is open");
    }

    pub(crate) async fn hello(&self, detail: PlanDetail) {
        let hello = Hello { peer: "test".into(), plan_detail: detail.into(), ..Hello::default() };
        self.say(dispatch_request::Event::Hello(hello)).await;
    }

    pub(crate) async fn send(&self, part: BatchPart) {
        self.say(dispatch_request::Event::Batch(part.into())).await;
    }

    pub(crate) fn half_close(&mut self) {
        self.outbound = None;
    }

    /// The next message that is not the welcome; `None` at the end of the stream.
    pub(crate) async fn hear(&mut self) -> Option<Result<dispatch_response::Event, Status>> {
        loop {
            let message = match self.inbound.next().await? {
                Ok(message) => message.event.expect("one event"),
                Err(status) => return Some(Err(status)),
            };
            if !matches!(message, dispatch_response::Event::Welcome(_)) {
                return Some(Ok(message));
            }
        }
    }
}

pub(crate) fn batch(shipments: &[&str], drivers: &[&str]) -> BatchPart {
    BatchPart {
        batch_id: BatchId::now().to_string(),
        shipments: shipments
            .iter()
            .map(|address| Shipment { address: (*address).into(), ..Shipment::default() })
            .collect(),
        drivers: drivers
            .iter()
            .map(|name| Driver { name: (*name).into(), ..Driver::default() })
            .collect(),
        ..BatchPart::default()
    }
}

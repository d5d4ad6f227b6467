//! A producer with a fleet service of the test's, on loopback.
#![allow(dead_code, clippy::unwrap_used, reason = "for tests, of which each file uses its part")]

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use producer::{Clock, Core, Options, Store, StoreError};
use proto::{
    fleet::v1::{
        BatchPart, DispatchRequest, DispatchResponse, Settled, dispatch_request,
        dispatch_response::Event,
        fleet_service_server::{FleetService, FleetServiceServer},
    },
    logistics::v1::{Rejected, Welcome},
    producer::v1::{
        GetRunRequest, Run, StartRunRequest, Synthetic, WatchRunRequest,
        producer_service_client::ProducerServiceClient, start_run_request::Source,
    },
    to_rpc_status,
};
use runtime::{
    acked::sender::SenderConfig,
    connect,
    lifecycle::Shutdown,
    peers::Peers,
    server::{self, Limits, Listener},
    workers::Workers,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{Code, Request, Response, Status, Streaming, transport::Channel};
use tonic_types::{ErrorDetails, StatusExt};

/// Nothing in a test takes this long, so one that would hang fails.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// What the fleet service does with batches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Behaviour {
    Settle,
    /// Says nothing, until it behaves otherwise: then it settles what it held.
    Hold,
    /// Refuses for good.
    Reject(Code, &'static str),
    /// Refuses each batch once for now.
    RefuseOnce,
    /// Breaks the stream after so many batches, again and again, without answering the last.
    BreakEvery(u64),
}

#[derive(Default)]
struct Seen {
    /// How often each batch came whole, and its first trace.
    batches: BTreeMap<String, (u64, String)>,
    last: Option<BatchPart>,
    shipments: Vec<String>,
}

/// A fleet service that remembers batches.
#[derive(Clone)]
pub(crate) struct Fleet {
    pub(crate) behaviour: watch::Sender<Behaviour>,
    seen: Arc<Mutex<Seen>>,
    /// Batches that came whole, counted with repeats.
    pub(crate) whole: watch::Sender<u64>,
}

impl Fleet {
    pub(crate) fn new(behaviour: Behaviour) -> Self {
        Self {
            behaviour: watch::channel(behaviour).0,
            seen: Arc::default(),
            whole: watch::channel(0).0,
        }
    }

    /// Different batches that came.
    pub(crate) fn different(&self) -> u64 {
        self.seen.lock().unwrap().batches.len() as u64
    }

    /// The last part that came.
    pub(crate) fn last(&self) -> BatchPart {
        self.seen.lock().unwrap().last.clone().expect("a batch came")
    }

    /// Addresses of all shipments that came, with repeats.
    pub(crate) fn shipments(&self) -> Vec<String> {
        self.seen.lock().unwrap().shipments.clone()
    }

    pub(crate) async fn saw(&self, batches: u64) {
        let mut whole = self.whole.subscribe();
        within(whole.wait_for(|whole| *whole >= batches)).await.unwrap();
    }

    /// Serves on loopback.
    pub(crate) async fn serve(&self) -> Served {
        let routes = tonic::service::Routes::new(FleetServiceServer::new(self.clone()));
        Served::start(routes.into_axum_router()).await
    }

    /// Remembers a part; true, and how often it came, when the batch is whole.
    fn keep(&self, part: &BatchPart) -> Option<u64> {
        let mut seen = self.seen.lock().unwrap();
        seen.last = Some(part.clone());
        seen.shipments.extend(part.shipments.iter().map(|s| s.address.clone()));
        let trace = proto::trace_id(&part.traceparent).unwrap_or_default().to_owned();
        let (times, first) =
            seen.batches.entry(part.batch_id.clone()).or_insert((0, trace.clone()));
        assert!(part.part > 0 || *first == trace, "sent again in another trace");
        if part.more {
            return None;
        }
        *times += 1;
        Some(*times)
    }
}

fn settled(part: &BatchPart, times: u64) -> Event {
    Event::Settled(Settled {
        batch_id: part.batch_id.clone(),
        sequence: 1,
        shipments: part.shipments.len() as u32,
        drivers: part.drivers.len() as u32,
        assigned: part.shipments.len().min(part.drivers.len()) as u32,
        total: 2.25,
        greedy_total: 1.5,
        duplicate: times > 1,
        ..Settled::default()
    })
}

fn rejected(part: &BatchPart, status: &Status) -> Event {
    let status = Some(to_rpc_status(status));
    Event::Rejected(Rejected { batch_id: part.batch_id.clone(), status })
}

#[tonic::async_trait]
impl FleetService for Fleet {
    type DispatchStream = ReceiverStream<Result<DispatchResponse, Status>>;

    async fn dispatch(
        &self,
        request: Request<Streaming<DispatchRequest>>,
    ) -> Result<Response<Self::DispatchStream>, Status> {
        let mut inbound = request.into_inner();
        let (answers, outbound) = mpsc::channel(4096);
        let fleet = self.clone();
        tokio::spawn(async move {
            let say = |event| Ok(DispatchResponse { event: Some(event) });
            let welcome = Welcome {
                max_batches: 256,
                max_bytes: 64 << 20,
                max_message_bytes: 1 << 20,
                max_batch_bytes: 1 << 30,
                peer: "fleet".into(),
                ..Welcome::default()
            };
            let _ = answers.send(say(Event::Welcome(welcome))).await;
            let mut came = 0;
            while let Some(Ok(message)) = inbound.next().await {
                let Some(dispatch_request::Event::Batch(part)) = message.event else { continue };
                let part = BatchPart::from(part);
                let Some(times) = fleet.keep(&part) else { continue };
                came += 1;
                let behaviour = fleet.behaviour.borrow().clone();
                let event = match behaviour {
                    Behaviour::Settle => Some(settled(&part, times)),
                    Behaviour::Hold => {
                        let mut behaviour = fleet.behaviour.subscribe();
                        let answers = answers.clone();
                        tokio::spawn(async move {
                            let _ = behaviour.wait_for(|b| *b != Behaviour::Hold).await;
                            let _ = answers.send(say(settled(&part, times))).await;
                        });
                        None
                    }
                    Behaviour::Reject(code, message) => {
                        Some(rejected(&part, &Status::new(code, message)))
                    }
                    Behaviour::RefuseOnce if times == 1 => {
                        let mut details = ErrorDetails::new();
                        details.set_retry_info(Some(Duration::from_millis(50)));
                        let code = Code::ResourceExhausted;
                        Some(rejected(&part, &Status::with_error_details(code, "full", details)))
                    }
                    Behaviour::BreakEvery(count) if came == count => {
                        fleet.whole.send_modify(|whole| *whole += 1);
                        let _ = answers.send(Err(Status::unavailable("broken by the test"))).await;
                        return;
                    }
                    Behaviour::RefuseOnce | Behaviour::BreakEvery(_) => Some(settled(&part, times)),
                };
                if let Some(event) = event {
                    let _ = answers.send(say(event)).await;
                }
                fleet.whole.send_modify(|whole| *whole += 1);
            }
        });
        Ok(Response::new(ReceiverStream::new(outbound)))
    }
}

/// A server that runs.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Served {
    async fn start(routes: axum::Router) -> Self {
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
        let address = listener.address();
        let shutdown = Shutdown::new(LIMIT);
        let task = tokio::spawn(async move {
            let _ = server::serve(listener, routes, Limits::default(), shutdown).await;
        });
        Self { address, task }
    }

    pub(crate) fn peers(&self) -> Peers {
        Peers::of(&format!("http://{}", self.address).parse().unwrap()).unwrap()
    }

    pub(crate) fn channel(&self) -> Channel {
        connect::channel(&format!("http://{}", self.address).parse().unwrap())
    }

    async fn end(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// A producer that runs.
pub(crate) struct Producer {
    pub(crate) core: Core,
    server: Served,
    pub(crate) client: ProducerServiceClient<Channel>,
}

impl Producer {
    pub(crate) async fn start(folder: &Path, fleet: &Served) -> Self {
        Self::start_with(folder, fleet, |_| {}).await
    }

    pub(crate) async fn start_with(
        folder: &Path,
        fleet: &Served,
        adjust: impl FnOnce(&mut Options),
    ) -> Self {
        let mut options = Options::new(Clock::system());
        options.sender = SenderConfig {
            backoff_base: Duration::from_millis(2),
            backoff_cap: Duration::from_millis(20),
            ..SenderConfig::default()
        };
        adjust(&mut options);
        let store = within(open(folder)).await;
        let workers = Workers::threads("test", 2, 16);
        let core = Core::start(store, fleet.peers(), workers, options).await.unwrap();
        let server = Served::start(core.routes(&Core::health())).await;
        let client = ProducerServiceClient::new(server.channel());
        Self { core, server, client }
    }

    /// As kill -9 would.
    pub(crate) async fn kill(self) {
        self.core.kill().await;
        self.server.end().await;
    }

    pub(crate) async fn drain(self) {
        self.core.drain(Duration::from_secs(5)).await;
        self.server.end().await;
    }

    pub(crate) async fn run(&self, request: StartRunRequest) -> Run {
        self.client.clone().start_run(request).await.unwrap().into_inner()
    }

    pub(crate) async fn get(&self, run: &Run) -> Run {
        let run_id = run.run_id.clone();
        self.client.clone().get_run(GetRunRequest { run_id }).await.unwrap().into_inner()
    }

    /// The run when it is as wished.
    pub(crate) async fn wait(&self, run: &Run, wish: impl Fn(&Run) -> bool) -> Run {
        let run_id = run.run_id.clone();
        let watching = self.client.clone().watch_run(WatchRunRequest { run_id }).await;
        let mut watched = watching.unwrap().into_inner();
        let search = async {
            let mut last = None;
            while let Some(run) = watched.next().await {
                let run = run.unwrap();
                if wish(&run) {
                    return run;
                }
                last = Some(run);
            }
            panic!("the run ended otherwise: {last:?}");
        };
        within(search).await
    }

    /// The run when it has ended.
    pub(crate) async fn end_of(&self, run: &Run) -> Run {
        self.wait(run, |run| run.end_time.is_some()).await
    }
}

/// The store, once a producer that was killed has let go of it.
async fn open(folder: &Path) -> Store {
    loop {
        match Store::open(folder) {
            Err(StoreError::InUse { .. }) => tokio::task::yield_now().await,
            opened => return opened.unwrap(),
        }
    }
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(LIMIT, future).await.expect("in time")
}

/// A run as fast as it settles.
pub(crate) fn batches(limit: u64) -> StartRunRequest {
    let source = Source::Synthetic(Synthetic { shipments: 8, drivers: 6, seed: 1 });
    StartRunRequest { source: Some(source), batch_limit: limit, ..StartRunRequest::default() }
}

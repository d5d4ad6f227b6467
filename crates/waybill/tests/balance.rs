//! One producer, three replicas of the fleet service and one analytics on loopback, in one process: the
//! producer's work is spread, and no replica that goes takes any of it along.

#![allow(clippy::print_stdout, reason = "a test that says what it saw")]

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use analytics::{Analytics, store::Sqlite};
use producer::{Clock, Core, Options, Store};
use proto::{
    analytics::v1::{GetSummaryRequest, analytics_service_client::AnalyticsServiceClient},
    producer::v1::{
        Run, StartRunRequest, StopRunRequest, Synthetic, WatchRunRequest,
        producer_service_client::ProducerServiceClient, start_run_request::Source,
    },
};
use runtime::{
    Process,
    acked::{LinkStatus, PeerStatus, sender::SenderConfig},
    connect,
    lifecycle::Shutdown,
    peers::{Peers, Resolve, Resolved},
    server::{Limits, Listener, serve},
    workers::Workers,
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_stream::StreamExt;

/// Nothing in a test takes this long, so one that would hang fails.
const LIMIT: Duration = Duration::from_secs(120);

async fn within<T>(what: impl Future<Output = T>) -> T {
    timeout(LIMIT, what).await.expect("in time")
}

/// A server on a port of its own.
struct Served {
    address: SocketAddr,
    shutdown: Shutdown,
    tasks: Vec<JoinHandle<()>>,
}

impl Served {
    async fn start(
        routes: axum::Router,
        shutdown: Shutdown,
        along: Option<JoinHandle<()>>,
    ) -> Self {
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).await.expect("a free port");
        let address = listener.address();
        let drain = shutdown.clone();
        let serving = tokio::spawn(async move {
            serve(listener, routes, Limits::default(), drain).await.expect("it serves");
        });
        Self { address, shutdown, tasks: std::iter::once(serving).chain(along).collect() }
    }

    fn uri(&self) -> http::Uri {
        format!("http://{}", self.address).parse().expect("a uri")
    }

    /// As kill -9 does: connections break, and what it held is gone.
    async fn die(&mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
            let _ = task.await;
        }
    }
}

/// The name of the fleet service, as the test says.
#[derive(Clone, Default)]
struct Name(Arc<Mutex<Vec<SocketAddr>>>);

impl Name {
    fn is(&self, fleets: &[&Served]) {
        *self.0.lock().expect("no panic") = fleets.iter().map(|fleet| fleet.address).collect();
    }
}

impl Resolve for Name {
    fn resolve(&self) -> futures_util::future::BoxFuture<'static, Result<Resolved, String>> {
        let addresses = self.0.lock().expect("no panic").clone();
        let resolved = Resolved { addresses, valid_for: Duration::from_secs(1) };
        Box::pin(std::future::ready(Ok(resolved)))
    }
}

struct System {
    name: Name,
    fleets: [Served; 3],
    analytics: Served,
    producer: Served,
    core: Core,
    _folder: tempfile::TempDir,
}

impl System {
    /// With so many of the three replicas listed.
    async fn start(listed: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("analytics.db");
        let store = Sqlite::open(&store, workers(), workers()).expect("a store");
        let shutdown = Shutdown::new(LIMIT);
        let (service, writing) = Analytics::start(
            Arc::new(store),
            workers(),
            analytics::Options::default(),
            shutdown.clone(),
        );
        let routes = service.routes(&Analytics::health());
        let analytics = Served::start(routes, shutdown, Some(tokio::spawn(writing))).await;

        let fleets = [fleet(&analytics).await, fleet(&analytics).await, fleet(&analytics).await];
        let name = Name::default();
        name.is(&fleets.iter().take(listed).collect::<Vec<_>>());
        let options = Options { sender: quick(), ..Options::new(Clock::system()) };
        let kept = Store::open(folder.path().join("producer")).expect("a store");
        let uri = http::Uri::from_static("http://fleet:8082");
        let peers =
            Peers::followed(name.clone(), move |address| connect::channel_to(address, &uri));
        let core = Core::start(kept, peers, workers(), options).await.expect("it starts");
        let routes = core.routes(&Core::health());
        let producer = Served::start(routes, Shutdown::new(LIMIT), None).await;
        Self { name, fleets, analytics, producer, core, _folder: folder }
    }

    fn producer(&self) -> ProducerServiceClient<tonic::transport::Channel> {
        ProducerServiceClient::new(connect::channel(&self.producer.uri()))
    }

    /// Starts a run that is as fast as it settles, and goes on until it is stopped: however fast the machine,
    /// what a test does meets it at work.
    async fn run(&self) -> Run {
        let source = Source::Synthetic(Synthetic { shipments: 12, drivers: 9, seed: 5 });
        let request = StartRunRequest { source: Some(source), ..StartRunRequest::default() };
        self.producer().start_run(request).await.expect("it starts").into_inner()
    }

    /// The run, as soon as it is as wanted.
    async fn until(&self, run: &Run, wanted: impl Fn(&Run) -> bool) -> Run {
        let request = WatchRunRequest { run_id: run.run_id.clone() };
        let runs = self.producer().watch_run(request).await.expect("it is there");
        let mut runs = runs.into_inner();
        within(async {
            loop {
                let run = runs.next().await.expect("before its end").expect("a run");
                if wanted(&run) {
                    return run;
                }
            }
        })
        .await
    }

    async fn settled(&self, run: &Run, batches: u64) {
        self.until(run, |run| run.batches_settled >= batches).await;
    }

    /// Stops the run and checks that each of its batches, so many, was settled exactly once.
    async fn check_stopped(&self, run: &Run) -> u64 {
        let request = StopRunRequest { run_id: run.run_id.clone() };
        self.producer().stop_run(request).await.expect("it stops");
        let run = self.until(run, |run| run.end_time.is_some()).await;
        let batches = run.batches_sent;
        assert_eq!((run.batches_settled, run.batches_rejected), (batches, 0), "settled, rejected");
        let mut analytics = AnalyticsServiceClient::new(connect::channel(&self.analytics.uri()));
        let request = GetSummaryRequest { run: run.run_id, ..GetSummaryRequest::default() };
        let summary = analytics.get_summary(request).await.expect("it answers").into_inner();
        assert_eq!(summary.plans, batches, "stored, each once");
        assert_eq!(summary.total, run.total, "the same total");
        batches
    }

    fn peers(&self) -> Vec<PeerStatus> {
        self.core.fleet().borrow().peers.clone()
    }

    /// Batches that each of the three got so far; 0 for one that is not listed.
    fn sent(&self) -> [u64; 3] {
        let peers = self.peers();
        self.fleets.each_ref().map(|fleet| {
            let peer = peers.iter().find(|peer| peer.address == fleet.address);
            peer.map_or(0, |peer| peer.traffic.sent())
        })
    }

    async fn peers_are(&self, wanted: impl Fn(&[PeerStatus]) -> bool) {
        let mut fleet = self.core.fleet();
        let wanted = |status: &LinkStatus| wanted(&status.peers);
        within(fleet.wait_for(wanted)).await.expect("it runs");
    }

    async fn three_are_open(&self) {
        self.peers_are(|peers| peers.iter().filter(|peer| peer.open).count() == 3).await;
    }
}

async fn fleet(analytics: &Served) -> Served {
    let shutdown = Shutdown::new(Duration::from_secs(20));
    let (core, forwarding) = fleet::Core::start(
        Peers::of(&analytics.uri()).expect("an address"),
        Workers::threads("solver", 1, 1024),
        &fleet::Capacity::default(),
        quick(),
        Process::named("fleet"),
        shutdown.clone(),
    );
    let routes = core.routes(&fleet::Core::health()).into_axum_router();
    Served::start(routes, shutdown, Some(tokio::spawn(forwarding))).await
}

fn workers() -> Workers {
    Workers::threads("test", 1, 64)
}

fn quick() -> SenderConfig {
    SenderConfig { backoff_base: Duration::from_millis(10), ..SenderConfig::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_one_replica_to_three_the_busiest_gets_little_more_than_its_share() {
    let system = System::start(1).await;
    let run = system.run().await;
    system.settled(&run, 1_000).await;
    assert_eq!(system.sent()[1..], [0, 0]);
    system.name.is(&system.fleets.each_ref());
    system.three_are_open().await;
    let before = system.sent();
    system.settled(&run, before.iter().sum::<u64>() + 5_000).await;
    system.check_stopped(&run).await;
    let after = system.sent();
    let got: Vec<u64> = before.iter().zip(after).map(|(before, after)| after - before).collect();
    let (busiest, all) = (got.iter().max().expect("three"), got.iter().sum::<u64>());
    println!("batches of each of three replicas: {got:?}");
    // 1.2 times the mean of three.
    assert!(busiest * 3 * 10 <= all * 12, "{got:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_drains_hands_its_work_over_without_a_rejected_batch() {
    let system = System::start(3).await;
    system.three_are_open().await;
    let run = system.run().await;
    system.settled(&run, 1_000).await;
    system.fleets[1].shutdown.begin();
    system.peers_are(|peers| peers.iter().filter(|peer| peer.open).count() == 2).await;
    let [_, at_drain, _] = system.sent();
    system.settled(&run, system.sent().iter().sum::<u64>() + 3_000).await;
    let batches = system.check_stopped(&run).await;
    let [first, drained, third] = system.sent();
    println!("batches of each of three replicas: {first}, {drained} (drained), {third}");
    assert!(at_drain > 0 && first > drained && third > drained);
    assert_eq!(first + drained + third, batches, "nothing was sent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_killed_costs_no_batch() {
    let mut system = System::start(3).await;
    system.three_are_open().await;
    let run = system.run().await;
    system.settled(&run, 1_000).await;
    system.fleets[1].die().await;
    system.settled(&run, system.sent().iter().sum::<u64>() + 3_000).await;
    let batches = system.check_stopped(&run).await;
    let [first, killed, third] = system.sent();
    println!("batches of each of three replicas: {first}, {killed} (killed), {third}");
    assert!(killed > 0 && first + killed + third > batches, "what it held was sent again");
}

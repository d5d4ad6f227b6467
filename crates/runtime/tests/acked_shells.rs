//! The shells of the acked stream over real loopback gRPC.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use runtime::{
    Process,
    acked::{
        Credit, Dialect, Heard, Intake, Limits, Load, Outbox, OutboxConfig, Part, Reply, Served,
        Spoken, outbox::Parts, sender::SenderConfig, serve,
    },
    lifecycle::Shutdown,
    peers::{Peers, Resolve, Resolved},
};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::{Semaphore, mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{
    Code, Request, Response, Status, Streaming,
    body::Body,
    codegen::{Service, http},
    server::NamedService,
    transport::{Channel, Endpoint, Server},
};
use tonic_prost::ProstCodec;

const MIB: usize = 1 << 20;
/// Long enough for anything here on a slow machine; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

// ---- the wire -------------------------------------------------------------------------------

#[derive(Clone, PartialEq, prost::Message)]
struct Up {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint32, tag = "2")]
    part: u32,
    #[prost(bool, tag = "3")]
    more: bool,
    #[prost(uint64, tag = "4")]
    item_bytes: u64,
    #[prost(bytes = "vec", tag = "5")]
    body: Vec<u8>,
    #[prost(bool, tag = "6")]
    hello: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Down {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(enumeration = "Kind", tag = "2")]
    kind: i32,
    #[prost(uint64, tag = "3")]
    items: u64,
    #[prost(uint64, tag = "4")]
    bytes: u64,
    #[prost(string, tag = "5")]
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
enum Kind {
    Welcome = 0,
    Settled = 1,
    Rejected = 2,
    Drain = 3,
    Row = 4,
}

fn item(id: u64) -> Up {
    Up { id, body: vec![7; 8], ..Up::default() }
}

async fn call(channel: Channel, outbound: ReceiverStream<Up>) -> Result<Streaming<Down>, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = http::uri::PathAndQuery::from_static("/test.Acked/Talk");
    let codec = ProstCodec::<Up, Down>::default();
    Ok(client.streaming(Request::new(outbound), path, codec).await?.into_inner())
}

// ---- the server -----------------------------------------------------------------------------

/// What outlives every server: items by id, and how many bytes each has.
#[derive(Debug, Default)]
struct Store {
    bytes: Mutex<BTreeMap<u64, usize>>,
    /// Items that came again after they were recorded.
    repeated: AtomicUsize,
}

impl Store {
    fn record(&self, id: u64, bytes: usize) {
        if self.bytes.lock().expect("not poisoned").insert(id, bytes).is_some() {
            self.repeated.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn len(&self) -> usize {
        self.bytes.lock().expect("not poisoned").len()
    }
}

struct Desk {
    store: Arc<Store>,
    /// Each answer takes a permit for good: that is how slow the desk is.
    answers: Arc<Semaphore>,
    /// Items that have come whole.
    came: tokio::sync::watch::Sender<usize>,
    /// Rows before each answer but that of a brief item, and the bytes of each.
    rows: (usize, usize),
    rows_made: Arc<AtomicUsize>,
}

impl Desk {
    fn new(store: &Arc<Store>) -> Self {
        Self {
            store: Arc::clone(store),
            answers: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            came: tokio::sync::watch::Sender::new(0),
            rows: (0, 0),
            rows_made: Arc::default(),
        }
    }

    fn answering(self, at_first: usize) -> Self {
        Self { answers: Arc::new(Semaphore::new(at_first)), ..self }
    }
}

impl Intake for Desk {
    type Id = u64;
    type In = Up;
    type Out = Down;
    type Session = ();
    /// Bytes that came, and whether it is brief.
    type Assembly = (usize, bool);

    fn hear(&self, message: &Up) -> Spoken<u64, ()> {
        if message.hello {
            return Spoken::Hello((), Process::named("client"));
        }
        let bytes = message.body.len() as u64;
        let Up { id, part: index, more, item_bytes, .. } = *message;
        Spoken::Part(Part { id, index, more, bytes, item_bytes })
    }

    fn begin(&self, (): &(), first: &Up) -> Result<(usize, bool), Status> {
        Ok((0, first.body.starts_with(b"brief")))
    }

    fn extend(&self, assembly: &mut (usize, bool), message: Up) -> Result<(), Status> {
        if message.body.starts_with(b"bad") {
            return Err(Status::invalid_argument("bad"));
        }
        assembly.0 += message.body.len();
        Ok(())
    }

    fn complete(&self, id: u64, (bytes, brief): (usize, bool), mut reply: Reply<Self>) {
        self.came.send_modify(|came| *came += 1);
        let (store, answers, rows) =
            (Arc::clone(&self.store), Arc::clone(&self.answers), self.rows);
        let rows_made = Arc::clone(&self.rows_made);
        tokio::spawn(async move {
            answers.acquire_owned().await.expect("never closed").forget();
            store.record(id, bytes);
            for _ in 0..if brief { 0 } else { rows.0 } {
                rows_made.fetch_add(1, Ordering::SeqCst);
                let text = "x".repeat(rows.1);
                reply.part(Down { id, kind: Kind::Row.into(), text, ..Down::default() }).await;
            }
            reply.done(Down { id, kind: Kind::Settled.into(), ..Down::default() });
        });
    }

    fn welcome(&self, limits: &Limits) -> Down {
        let Credit { items, bytes } = limits.credit;
        Down { kind: Kind::Welcome.into(), items: items as u64, bytes, ..Down::default() }
    }

    fn drain(&self, within: Duration) -> Down {
        let bytes = u64::try_from(within.as_millis()).expect("short");
        Down { kind: Kind::Drain.into(), bytes, ..Down::default() }
    }

    fn rejected(&self, id: &str, status: Status) -> Down {
        let id = id.parse().expect("ids are numbers here");
        let text = status.message().to_owned();
        Down { id, kind: Kind::Rejected.into(), text, ..Down::default() }
    }
}

#[derive(Clone)]
struct Talk {
    desk: Arc<Desk>,
    limits: Limits,
    served: Arc<Served>,
    shutdown: Shutdown,
}

impl NamedService for Talk {
    const NAME: &'static str = "test.Acked";
}

impl tonic::server::StreamingService<Up> for Talk {
    type Response = Down;
    type ResponseStream = runtime::acked::intake::Outbound<Down>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<Up>>) -> Self::Future {
        let Self { desk, limits, served, shutdown } = self.clone();
        let answers = serve(desk, request.into_inner(), limits, &served, shutdown);
        async move { Ok(Response::new(answers)) }.boxed()
    }
}

impl Service<http::Request<Body>> for Talk {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let talk = self.clone();
        async move {
            let codec = ProstCodec::<Down, Up>::default();
            let mut grpc = tonic::server::Grpc::new(codec).max_decoding_message_size(2 * MIB);
            Ok(grpc.streaming(talk, request).await)
        }
        .boxed()
    }
}

const LIMITS: Limits = Limits {
    credit: Credit { items: 256, bytes: 64 << 20 },
    max_message_bytes: MIB as u64,
    max_item_bytes: 64 << 20,
    part_timeout: Duration::from_secs(30),
};

/// A server in a runtime of its own, so that it can die: its connections break without a word.
struct Running {
    address: SocketAddr,
    shutdown: Shutdown,
    desk: Arc<Desk>,
    served: Arc<Served>,
    task: JoinHandle<()>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Running {
    fn start(address: SocketAddr, desk: Desk, limits: Limits) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let shutdown = Shutdown::new(Duration::from_secs(20));
        let desk = Arc::new(desk);
        let listener = {
            let _inside = runtime.enter();
            listen(address)
        };
        let address = listener.local_addr().expect("bound");
        let served = Arc::default();
        let talk = Talk {
            desk: Arc::clone(&desk),
            limits,
            served: Arc::clone(&served),
            shutdown: shutdown.clone(),
        };
        let serving = Server::builder()
            .add_service(talk)
            .serve_with_incoming(TcpListenerStream::new(listener));
        let task = runtime.spawn(async move { serving.await.expect("serves") });
        Self { address, shutdown, desk, served, task, runtime: Some(runtime) }
    }

    async fn came(&self, items: usize) {
        let mut came = self.desk.came.subscribe();
        within(came.wait_for(|came| *came >= items)).await.expect("the desk is there");
    }

    /// Dies; its port is free afterwards.
    async fn die(mut self) -> SocketAddr {
        let runtime = self.runtime.take();
        tokio::task::spawn_blocking(move || drop(runtime)).await.expect("no panic");
        self.address
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn listen(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("an option");
    socket.bind(address).expect("the port is free");
    socket.listen(64).expect("listens")
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).expect("a uri").connect_lazy()
}

async fn within<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("in time")
}

/// Waits for a condition that nothing tells of.
async fn until(mut holds: impl FnMut() -> bool) {
    within(async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

// ---- the client -----------------------------------------------------------------------------

/// An item: so many parts of so many bytes, the last of which may be bad.
struct Item {
    id: u64,
    parts: u32,
    part_bytes: usize,
    bad_part: Option<u32>,
}

impl Item {
    fn small(id: u64) -> Self {
        Self { id, parts: 1, part_bytes: 8, bad_part: None }
    }

    fn bytes(&self) -> u64 {
        u64::from(self.parts) * self.part_bytes as u64
    }
}

struct Counter {
    answers: mpsc::UnboundedSender<(u64, Kind)>,
    /// Parts that were made.
    made: Arc<AtomicUsize>,
}

impl Dialect for Counter {
    type Id = u64;
    type Item = Item;
    type Out = Up;
    type In = Down;
    type Answer = Kind;

    fn open(
        &self,
        channel: Channel,
        outbound: ReceiverStream<Up>,
    ) -> impl Future<Output = Result<Streaming<Down>, Status>> + Send {
        call(channel, outbound)
    }

    fn hello(&self) -> Up {
        Up { hello: true, ..Up::default() }
    }

    fn parts(&self, item: &Item, _attempt: u32) -> Parts<Up> {
        let Item { id, parts, part_bytes, bad_part } = *item;
        let (item_bytes, made) = (item.bytes(), Arc::clone(&self.made));
        Box::new((0..parts).map(move |part| {
            made.fetch_add(1, Ordering::SeqCst);
            let mut body = vec![7; part_bytes];
            if bad_part == Some(part) {
                body[..3].copy_from_slice(b"bad");
            }
            Up { id, part, more: part + 1 < parts, item_bytes, body, hello: false }
        }))
    }

    fn hear(&self, message: Down) -> Heard<u64, Kind> {
        match message.kind() {
            Kind::Welcome => Heard::Welcome(
                Credit {
                    items: usize::try_from(message.items).expect("small"),
                    bytes: message.bytes,
                },
                Process::named("server"),
            ),
            kind @ (Kind::Settled | Kind::Rejected) => Heard::Answer(message.id, kind),
            Kind::Drain => Heard::Drain(Duration::from_millis(message.bytes)),
            Kind::Row => Heard::Other,
        }
    }

    fn answered(&self, item: Item, answer: Kind, _attempts: u32) {
        let _ = self.answers.send((item.id, answer));
    }
}

struct Client {
    outbox: Outbox<Counter>,
    task: JoinHandle<()>,
    answers: mpsc::UnboundedReceiver<(u64, Kind)>,
    made: Arc<AtomicUsize>,
}

impl Client {
    fn start(address: SocketAddr, capacity: Credit) -> Self {
        Self::of(Peers::fixed([address], channel), capacity)
    }

    fn of(peers: Peers, capacity: Credit) -> Self {
        let (answers, answered) = mpsc::unbounded_channel();
        let made = Arc::new(AtomicUsize::new(0));
        let dialect = Counter { answers, made: Arc::clone(&made) };
        let config = OutboxConfig {
            name: "test",
            capacity,
            sender: SenderConfig {
                backoff_base: Duration::from_millis(10),
                backoff_cap: Duration::from_millis(100),
                ..SenderConfig::default()
            },
        };
        let (outbox, task) = Outbox::start(Arc::new(dialect), peers, config);
        Self { outbox, task: tokio::spawn(task), answers: answered, made }
    }

    /// Sends all from a task of its own, since that may wait for room.
    fn send_all(&self, items: impl Iterator<Item = Item> + Send + 'static) -> JoinHandle<()> {
        let outbox = self.outbox.clone();
        tokio::spawn(async move {
            for item in items {
                let (id, bytes) = (item.id, item.bytes());
                outbox.send(id, item, bytes).await.expect("the outbox is there");
            }
        })
    }

    /// So many answers, none of them twice.
    async fn answers(&mut self, count: usize) -> BTreeMap<u64, Kind> {
        let mut answers = BTreeMap::new();
        while answers.len() < count {
            let (id, answer) = within(self.answers.recv()).await.expect("the task is there");
            assert_eq!(answers.insert(id, answer), None, "item {id} is answered twice");
        }
        answers
    }

    /// Streams that were opened so far.
    fn streams(&self) -> u64 {
        self.outbox.status().borrow().streams
    }

    /// What is sent and not answered, over all peers.
    fn in_flight(&self) -> Load {
        let status = self.outbox.status();
        let peers = status.borrow().peers.clone();
        peers.iter().map(|peer| peer.traffic.in_flight.read()).fold(Load::default(), |all, one| {
            Load { items: all.items + one.items, bytes: all.bytes + one.bytes }
        })
    }

    /// Finishes, and nothing else is answered.
    async fn finish(mut self) {
        self.outbox.finish(PATIENCE);
        within(self.task).await.expect("no panic");
        assert_eq!(self.answers.try_recv().ok(), None, "an answer too many");
    }
}

const ROOMY: Credit = Credit { items: 512, bytes: 64 << 20 };

// ---- the stories ----------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_small_items_are_answered_by_a_slow_desk() {
    let store = Arc::new(Store::default());
    let limits = Limits { credit: Credit { items: 2_000, ..LIMITS.credit }, ..LIMITS };
    let server = Running::start(any_port(), Desk::new(&store).answering(0), limits);
    let mut client = Client::start(server.address, Credit { items: 4_000, ..ROOMY });
    let sending = client.send_all((0..10_000).map(Item::small));
    for round in 0..10 {
        // All that the credit allows is there before the first answer goes out.
        server.came((round * 1_000 + 2_000).min(10_000)).await;
        server.desk.answers.add_permits(1_000);
        let answers = client.answers(1_000).await;
        assert!(answers.values().all(|answer| *answer == Kind::Settled));
    }
    within(sending).await.expect("all offered");
    assert_eq!((client.streams(), client.outbox.traffic().replays()), (1, 0));
    client.finish().await;
    assert_eq!(store.len(), 10_000);
    assert_eq!(store.repeated.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_and_comes_back_loses_nothing() {
    let store = Arc::new(Store::default());
    let first = Running::start(any_port(), Desk::new(&store).answering(700), LIMITS);
    let mut client = Client::start(first.address, ROOMY);
    let sending = client.send_all((0..3_000).map(Item::small));
    let mut answers = client.answers(600).await;
    first.came(900).await;
    let address = first.die().await;
    let second = Running::start(address, Desk::new(&store), LIMITS);
    answers.extend(client.answers(2_400).await);
    within(sending).await.expect("all offered");
    assert!(answers.keys().copied().eq(0..3_000));
    assert!(answers.values().all(|answer| *answer == Kind::Settled));
    assert_eq!(store.len(), 3_000);
    assert_eq!(client.streams(), 2);
    assert!(client.outbox.traffic().replays() > 0);
    client.finish().await;
    drop(second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_item_is_rejected_and_the_others_go_on() {
    let store = Arc::new(Store::default());
    let server = Running::start(any_port(), Desk::new(&store), LIMITS);
    let mut client = Client::start(server.address, ROOMY);
    let item = |id| Item {
        parts: 1 + u32::try_from(id % 5).expect("small"),
        bad_part: (id % 10 == 3).then_some(1).or((id == 50).then_some(0)),
        ..Item::small(id)
    };
    let sending = client.send_all((0..1_000).map(item));
    let answers = client.answers(1_000).await;
    within(sending).await.expect("all offered");
    let rejected: BTreeSet<u64> =
        answers.iter().filter(|(_, kind)| **kind == Kind::Rejected).map(|(id, _)| *id).collect();
    assert!(rejected.iter().all(|id| id % 10 == 3 || *id == 50));
    assert_eq!(rejected.len(), 101);
    assert_eq!(store.len(), 899);
    assert_eq!(client.streams(), 1);
    client.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_of_fifty_mebibytes_travels_in_parts() {
    let store = Arc::new(Store::default());
    let server = Running::start(any_port(), Desk::new(&store), LIMITS);
    let mut client = Client::start(server.address, ROOMY);
    let large = Item { id: 1, parts: 50, part_bytes: MIB, bad_part: None };
    let sending = client.send_all([Item::small(0), large, Item::small(2)].into_iter());
    client.answers(3).await;
    within(sending).await.expect("all offered");
    assert_eq!(store.bytes.lock().expect("not poisoned")[&1], 50 * MIB);
    client.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rest_of_an_item_refused_in_the_middle_is_not_made() {
    let store = Arc::new(Store::default());
    let server = Running::start(any_port(), Desk::new(&store), LIMITS);
    let mut client = Client::start(server.address, Credit { items: 9, bytes: 1 << 40 });
    // Declares more than any item may have: refused by its first part, and 4 GiB stay unsent.
    let huge = Item { id: 1, parts: 4_096, part_bytes: MIB, bad_part: None };
    let sending = client.send_all([huge, Item::small(2)].into_iter());
    let answers = client.answers(2).await;
    within(sending).await.expect("all offered");
    assert_eq!(answers, BTreeMap::from([(1, Kind::Rejected), (2, Kind::Settled)]));
    assert!(client.made.load(Ordering::SeqCst) < 1_000, "the rest was sent all the same");
    client.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drain_in_band_moves_the_client_on_and_loses_nothing() {
    let store = Arc::new(Store::default());
    let server = Running::start(any_port(), Desk::new(&store).answering(500), LIMITS);
    let mut client = Client::start(server.address, ROOMY);
    let sending = client.send_all((0..2_000).map(Item::small));
    server.came(600).await;
    server.shutdown.begin();
    let mut status = client.outbox.status();
    // The client takes nothing new there, and what is in flight is still answered.
    within(status.wait_for(|status| !status.open && status.streams == 1)).await.expect("runs");
    server.desk.answers.add_permits(10_000);
    until(|| client.outbox.traffic().unacked.read().items > 0 && client.in_flight().items == 0)
        .await;
    let replays = client.outbox.traffic().replays();
    let address = server.die().await;
    let next = Running::start(address, Desk::new(&store), LIMITS);
    let answers = client.answers(2_000).await;
    within(sending).await.expect("all offered");
    assert!(answers.values().all(|answer| *answer == Kind::Settled));
    assert_eq!(store.len(), 2_000);
    assert_eq!(replays, 0, "nothing was sent twice because of the drain");
    client.finish().await;
    drop(next);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_knows_the_other_and_what_is_in_flight() {
    let store = Arc::new(Store::default());
    let server = Running::start(any_port(), Desk::new(&store).answering(0), LIMITS);
    let mut client = Client::start(server.address, ROOMY);
    within(client.send_all((0..10).map(Item::small))).await.expect("all offered");
    server.came(10).await;

    let name = |process: &Option<Process>| process.clone().map(|process| process.name);
    let [seen] = &server.served.look()[..] else { panic!("one stream") };
    assert_eq!((name(&seen.process).as_deref(), seen.credit), (Some("client"), LIMITS.credit));
    until(|| server.served.look()[0].in_flight.items == 10).await;
    let status = client.outbox.status().borrow().clone();
    let [peer] = &status.peers[..] else { panic!("one peer") };
    assert_eq!(
        (name(&peer.process).as_deref(), peer.credit),
        (Some("server"), Some(LIMITS.credit))
    );
    assert_eq!(peer.traffic.in_flight.read().items, 10);

    server.desk.answers.add_permits(10);
    client.answers(10).await;
    client.finish().await;
    until(|| server.served.look().is_empty()).await;
    assert!(server.served.lost().is_empty(), "it ended in order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_knows_since_when_the_other_is_lost_until_it_is_back() {
    let store = Arc::new(Store::default());
    let server = Running::start(any_port(), Desk::new(&store), LIMITS);
    let address = server.address;
    // All of its tasks end with it, as those of a process that is killed.
    let killed = tokio::runtime::Runtime::new().expect("a runtime");
    let client = killed.spawn(async move { Client::start(address, ROOMY) });
    let client = client.await.expect("no panic");
    open_peers(&client, 1).await;
    until(|| server.served.look().iter().any(|stream| stream.process.is_some())).await;
    killed.shutdown_background();
    until(|| server.served.look().is_empty()).await;
    let [lost] = &server.served.lost()[..] else { panic!("one is lost") };
    assert_eq!((&*lost.process.name, lost.credit), ("client", LIMITS.credit));

    let client = Client::start(address, ROOMY);
    open_peers(&client, 1).await;
    until(|| server.served.lost().is_empty()).await;
    let ended = || client.outbox.status().borrow().peers[0].ended;
    assert_eq!(ended(), None);
    server.die().await;
    until(|| ended().is_some()).await;
    let again = Running::start(address, Desk::new(&store), LIMITS);
    open_peers(&client, 1).await;
    assert_eq!(ended(), None);
    client.finish().await;
    drop(again);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finish_ends_in_time_with_a_peer_that_is_not_there() {
    let silent = listen(any_port());
    let address = silent.local_addr().expect("bound");
    let client = Client::start(address, ROOMY);
    within(client.send_all((0..100).map(Item::small))).await.expect("all offered");
    let began = Instant::now();
    client.outbox.finish(Duration::from_millis(300));
    within(client.task).await.expect("no panic");
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(client.outbox.send(1, Item::small(1), 8).await.is_err());
}

/// A server of a single stream that the test itself holds: it reads nothing, and says what the test wants.
async fn mute_server() -> (SocketAddr, JoinHandle<()>, oneshot::Receiver<Streaming<Up>>) {
    #[derive(Clone)]
    struct Mute(Arc<Mutex<Option<oneshot::Sender<Streaming<Up>>>>>);
    impl NamedService for Mute {
        const NAME: &'static str = "test.Acked";
    }
    impl tonic::server::StreamingService<Up> for Mute {
        type Response = Down;
        type ResponseStream = futures_util::stream::BoxStream<'static, Result<Down, Status>>;
        type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;
        fn call(&mut self, request: Request<Streaming<Up>>) -> Self::Future {
            if let Some(unread) = self.0.lock().expect("not poisoned").take() {
                let _ = unread.send(request.into_inner());
            }
            let welcome = Down { items: 4, bytes: 1 << 40, ..Down::default() };
            let silence = futures_util::stream::iter([Ok(welcome)])
                .chain(futures_util::stream::pending())
                .boxed();
            async move { Ok(Response::new(silence)) }.boxed()
        }
    }
    impl Service<http::Request<Body>> for Mute {
        type Response = http::Response<Body>;
        type Error = Infallible;
        type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;
        fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, request: http::Request<Body>) -> Self::Future {
            let mute = self.clone();
            async move {
                let codec = ProstCodec::<Down, Up>::default();
                Ok(tonic::server::Grpc::new(codec).streaming(mute, request).await)
            }
            .boxed()
        }
    }
    let listener = listen(any_port());
    let address = listener.local_addr().expect("bound");
    let (unread, stream) = oneshot::channel();
    let mute = Mute(Arc::new(Mutex::new(Some(unread))));
    let serving =
        Server::builder().add_service(mute).serve_with_incoming(TcpListenerStream::new(listener));
    (address, tokio::spawn(async move { serving.await.expect("serves") }), stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finish_ends_in_time_while_the_connection_takes_nothing() {
    let (address, server, stream) = mute_server().await;
    let client = Client::start(address, Credit { items: 9, bytes: 1 << 40 });
    let huge = Item { id: 1, parts: 4_096, part_bytes: MIB, bad_part: None };
    within(client.send_all([huge].into_iter())).await.expect("offered");
    let unread = within(stream).await.expect("a stream");
    until(|| client.in_flight().items == 1).await;
    let began = Instant::now();
    client.outbox.finish(Duration::from_millis(300));
    timeout(Duration::from_secs(10), client.task).await.expect("in time").expect("no panic");
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert!(client.made.load(Ordering::SeqCst) < 200, "a connection that is full takes no more");
    server.abort();
    drop(unread);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_before_finish_is_delivered() {
    let store = Arc::new(Store::default());
    let server = Running::start(any_port(), Desk::new(&store), LIMITS);
    for round in 0..50 {
        let mut client = Client::start(server.address, ROOMY);
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                let outbox = client.outbox.clone();
                tokio::spawn(async move {
                    let mut sent = 0;
                    for n in 0..100 {
                        let id = round * 1_000 + sender * 100 + n;
                        if outbox.send(id, Item::small(id), 8).await.is_err() {
                            break;
                        }
                        sent += 1;
                    }
                    sent
                })
            })
            .collect();
        client.answers(20).await;
        client.outbox.finish(PATIENCE);
        let mut sent = 0;
        for sender in senders {
            sent += within(sender).await.expect("no panic");
        }
        within(client.task).await.expect("no panic");
        let mut answered = 20;
        while client.answers.try_recv().is_ok() {
            answered += 1;
        }
        assert_eq!(answered, sent, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outbox_holds_no_more_than_its_capacity() {
    let (address, server, _stream) = mute_server().await;
    let client = Client::start(address, Credit { items: 100, bytes: 1_000 });
    let item = |id| Item { part_bytes: 300, ..Item::small(id) };
    for id in 0..3 {
        within(client.outbox.send(id, item(id), 300)).await.expect("there is room");
    }
    let mut full = std::pin::pin!(client.outbox.send(3, item(3), 300));
    assert!(full.as_mut().now_or_never().is_none(), "900 of 1,000 bytes are taken");
    until(|| client.outbox.traffic().unacked.read().items == 3).await;
    assert!(full.as_mut().now_or_never().is_none(), "they stay taken until they are answered");
    client.outbox.finish(Duration::ZERO);
    assert!(within(full).await.is_err(), "the end wakes those who wait");
    within(client.task).await.expect("no panic");
    server.abort();
}

// ---- several servers ------------------------------------------------------------------------

/// A name whose addresses the test says. None: it can't be resolved.
#[derive(Clone)]
struct Name(Arc<Mutex<Option<Vec<SocketAddr>>>>);

impl Name {
    fn of(servers: &[&Running]) -> Self {
        Self(Arc::new(Mutex::new(Some(servers.iter().map(|server| server.address).collect()))))
    }

    fn is_now(&self, addresses: Option<Vec<SocketAddr>>) {
        *self.0.lock().expect("not poisoned") = addresses;
    }
}

impl Resolve for Name {
    fn resolve(&self) -> BoxFuture<'static, Result<Resolved, String>> {
        let addresses = self.0.lock().expect("not poisoned").clone();
        let resolved = |addresses| Resolved { addresses, valid_for: Duration::from_secs(1) };
        async move { addresses.map(resolved).ok_or("the test says no".to_owned()) }.boxed()
    }
}

fn servers<const N: usize>(store: &Arc<Store>) -> [Running; N] {
    std::array::from_fn(|_| Running::start(any_port(), Desk::new(store), LIMITS))
}

fn came(servers: &[&Running]) -> Vec<usize> {
    servers.iter().map(|server| *server.desk.came.borrow()).collect()
}

async fn open_peers(client: &Client, peers: usize) {
    let mut status = client.outbox.status();
    let open = |status: &runtime::acked::LinkStatus| {
        status.peers.len() == peers && status.peers.iter().all(|peer| peer.open)
    };
    within(status.wait_for(open)).await.expect("runs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_one_server_to_three_the_work_is_spread() {
    let store = Arc::new(Store::default());
    let [first, second, third] = servers(&store);
    let name = Name::of(&[&first]);
    let mut client = Client::of(Peers::followed(name.clone(), channel), ROOMY);
    within(client.send_all((0..500).map(Item::small))).await.expect("all offered");
    client.answers(500).await;
    name.is_now(Some([&first, &second, &third].map(|server| server.address).into()));
    open_peers(&client, 3).await;
    // Never so many at once that the speed of a server, which is that of a busy machine, decides.
    for round in 0..150 {
        let ids = 500 + round * 30..530 + round * 30;
        within(client.send_all(ids.map(Item::small))).await.expect("all offered");
        client.answers(30).await;
    }
    let mut came = came(&[&first, &second, &third]);
    came[0] -= 500;
    let busiest = *came.iter().max().expect("three");
    assert!(busiest * 10 <= 1_500 * 12, "{came:?}");
    assert_eq!((client.streams(), client.outbox.traffic().replays()), (3, 0));
    client.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_among_three_costs_nothing() {
    let store = Arc::new(Store::default());
    let [first, second, third] = servers(&store);
    for server in [&first, &second, &third] {
        server.desk.answers.forget_permits(Semaphore::MAX_PERMITS);
    }
    let name = Name::of(&[&first, &second, &third]);
    let mut client = Client::of(Peers::followed(name, channel), ROOMY);
    open_peers(&client, 3).await;
    let sending = client.send_all((0..3_000).map(Item::small));
    until(|| came(&[&first, &second, &third]).iter().sum::<usize>() == ROOMY.items).await;
    let [at_first, ..] = came(&[&first, &second, &third])[..] else { panic!("three") };
    assert!(at_first > 0, "{at_first} of {}", ROOMY.items);
    first.die().await;
    second.desk.answers.add_permits(3_000);
    third.desk.answers.add_permits(3_000);
    let answers = client.answers(3_000).await;
    within(sending).await.expect("all offered");
    assert!(answers.values().all(|answer| *answer == Kind::Settled));
    assert_eq!(store.len(), 3_000);
    assert_eq!(client.outbox.traffic().replays(), at_first as u64);
    let status = client.outbox.status().borrow().clone();
    assert!(status.open && status.trouble.is_none(), "{status:?}");
    assert_eq!(status.peers.iter().filter(|peer| peer.trouble.is_some()).count(), 1);
    client.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_leaves_answers_what_it_has_and_gets_nothing_new() {
    let store = Arc::new(Store::default());
    let [first, second] = servers(&store);
    for server in [&first, &second] {
        server.desk.answers.forget_permits(Semaphore::MAX_PERMITS);
    }
    let name = Name::of(&[&first, &second]);
    let mut client = Client::of(Peers::followed(name.clone(), channel), ROOMY);
    open_peers(&client, 2).await;
    within(client.send_all((0..200).map(Item::small))).await.expect("all offered");
    until(|| came(&[&first, &second]).iter().sum::<usize>() == 200).await;
    let [at_first, at_second] = came(&[&first, &second])[..] else { panic!("two") };
    assert!(at_first > 50 && at_second > 50, "{at_first} and {at_second}");
    second.desk.answers.add_permits(1_000);
    let of_second = client.answers(at_second).await;
    name.is_now(Some(vec![second.address]));
    let mut status = client.outbox.status();
    within(status.wait_for(|status| status.peers.iter().any(|peer| !peer.open)))
        .await
        .expect("runs");
    within(client.send_all((200..600).map(Item::small))).await.expect("all offered");
    client.answers(400).await;
    assert_eq!(came(&[&first, &second]), [at_first, at_second + 400]);
    first.desk.answers.add_permits(1_000);
    let of_first = client.answers(at_first).await;
    assert!(of_first.keys().all(|id| !of_second.contains_key(id)));
    open_peers(&client, 1).await;
    assert_eq!((client.streams(), client.outbox.traffic().replays()), (2, 0));
    client.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_can_not_be_resolved_any_more_costs_nothing() {
    let store = Arc::new(Store::default());
    let [first, second] = servers(&store);
    let name = Name::of(&[]);
    let mut client = Client::of(Peers::followed(name.clone(), channel), ROOMY);
    let mut status = client.outbox.status();
    let trouble = |text: &'static str| {
        move |status: &runtime::acked::LinkStatus| status.trouble.as_deref() == Some(text)
    };
    within(status.wait_for(trouble("it has no address"))).await.expect("runs");
    name.is_now(None);
    within(status.wait_for(trouble("the test says no"))).await.expect("runs");
    name.is_now(Some(vec![first.address, second.address]));
    open_peers(&client, 2).await;
    name.is_now(None);
    // Loses one, which makes it ask: the other goes on, and the one that came back is found again.
    let address = first.die().await;
    within(client.send_all((0..300).map(Item::small))).await.expect("all offered");
    client.answers(300).await;
    let first = Running::start(address, Desk::new(&store), LIMITS);
    open_peers(&client, 2).await;
    client.finish().await;
    drop(first);
}

// ---- clients that do not keep to it ---------------------------------------------------------

/// What a hand-written client hears until the end of its stream, and how it ends.
async fn hear_all(mut inbound: Streaming<Down>) -> (Vec<Down>, Option<Status>) {
    let mut heard = Vec::new();
    loop {
        match within(inbound.message()).await {
            Ok(Some(message)) => heard.push(message),
            Ok(None) => return (heard, None),
            Err(status) => return (heard, Some(status)),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sending_beyond_the_credit_ends_the_stream_and_says_so() {
    let store = Arc::new(Store::default());
    let limits = Limits { credit: Credit { items: 5, ..LIMITS.credit }, ..LIMITS };
    let server = Running::start(any_port(), Desk::new(&store).answering(0), limits);
    let (outbound, messages) = mpsc::channel(64);
    for id in 0..6 {
        outbound.send(item(id)).await.expect("room");
    }
    let inbound =
        call(channel(server.address), ReceiverStream::new(messages)).await.expect("opens");
    let (heard, status) = hear_all(inbound).await;
    assert_eq!(heard.len(), 1, "the welcome and nothing else: {heard:?}");
    let status = status.expect("not a good end");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("5 batches"), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_without_hello_and_a_half_close_get_an_answer_and_a_good_end() {
    let store = Arc::new(Store::default());
    let server = Running::start(any_port(), Desk { rows: (100, 10), ..Desk::new(&store) }, LIMITS);
    let (outbound, messages) = mpsc::channel(64);
    outbound.send(item(1)).await.expect("room");
    outbound.send(Up { more: true, item_bytes: 99, ..item(2) }).await.expect("room");
    drop(outbound);
    let inbound =
        call(channel(server.address), ReceiverStream::new(messages)).await.expect("opens");
    let (heard, status) = hear_all(inbound).await;
    assert_eq!(status.map(|status| status.to_string()), None);
    let of = |id| heard.iter().filter(move |message| message.id == id).map(Down::kind);
    assert_eq!(of(1).filter(|kind| *kind == Kind::Row).count(), 100);
    assert_eq!(of(1).next_back(), Some(Kind::Settled), "rows come before the answer");
    assert_eq!(of(2).collect::<Vec<_>>(), [Kind::Rejected], "it never became whole");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_reads_is_cut_off_and_holds_up_no_drain() {
    let store = Arc::new(Store::default());
    let server =
        Running::start(any_port(), Desk { rows: (64, MIB / 4), ..Desk::new(&store) }, LIMITS);
    let (outbound, messages) = mpsc::channel(64);
    let unread = call(channel(server.address), ReceiverStream::new(messages)).await.expect("opens");
    for id in 0..100 {
        within(outbound.send(item(id))).await.expect("the stream is there");
    }
    server.came(100).await;
    // Every place for a row is taken: the connection is full.
    until(|| server.desk.rows_made.load(Ordering::SeqCst) > 285).await;
    // Refusals hold no credit: a flood of them is what the bound on unread answers is for.
    let flood = async {
        let mut id = 1_000;
        while outbound.send(Up { part: 9, ..item(id) }).await.is_ok() && id < 20_000 {
            id += 1;
        }
        id
    };
    within(flood).await;
    // The shell has gone, although nothing was read: its desk has no other owner than the server.
    let desk = Arc::downgrade(&server.desk);
    until(|| desk.strong_count() <= 2).await;
    let (_, status) = hear_all(unread).await;
    let status = status.expect("not a good end");
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert!(status.message().contains("not being read"), "{status}");
}

// ---- the intake alone, in paused time -------------------------------------------------------

#[tokio::test(start_paused = true)]
async fn a_drain_cuts_off_in_time_a_client_that_neither_reads_nor_ends() {
    let store = Arc::new(Store::default());
    let desk = Arc::new(Desk { rows: (64, 1), ..Desk::new(&store) });
    let shutdown = Shutdown::new(Duration::from_secs(10));
    let inbound = futures_util::stream::iter((0..100).map(item).map(Ok))
        .chain(futures_util::stream::pending());
    let mut answers = serve(Arc::clone(&desk), inbound, LIMITS, &Arc::default(), shutdown.clone());
    let mut came = desk.came.subscribe();
    came.wait_for(|came| *came == 100).await.expect("the desk is there");
    shutdown.begin();
    let began = Instant::now();
    // The task ends, and with it its hold on the desk, though nothing has been read.
    let ends = async {
        while Arc::strong_count(&desk) > 1 {
            tokio::time::advance(Duration::from_millis(100)).await;
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), ends).await.expect("in time");
    assert!(began.elapsed() <= Duration::from_secs(10), "{:?}", began.elapsed());
    let mut last = None;
    while let Some(message) = answers.next().await {
        last = Some(message);
    }
    let status = last.expect("messages").expect_err("not a good end");
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn rows_for_a_client_that_does_not_read_do_not_pile_up() {
    const ROWS: usize = 20_000;
    let store = Arc::new(Store::default());
    let desk = Arc::new(Desk { rows: (ROWS, 1), ..Desk::new(&store).answering(1) });
    let brief = |id| Up { body: b"brief".to_vec(), ..item(id) };
    let inbound = futures_util::stream::iter([item(0)].into_iter().chain((1..200).map(brief)))
        .map(Ok)
        .chain(futures_util::stream::pending());
    let shutdown = Shutdown::new(Duration::from_secs(10));
    let mut answers = serve(Arc::clone(&desk), inbound, LIMITS, &Arc::default(), shutdown);
    for _ in 0..200 {
        // Paused time goes on when nothing else does.
        tokio::time::sleep(Duration::from_millis(1)).await;
        desk.answers.add_permits(1);
    }
    assert_eq!(*desk.came.borrow(), 200, "it reads on");
    let made = desk.rows_made.load(Ordering::SeqCst);
    assert!(made < 5 * 64, "{made} of {ROWS} rows were made, and nobody reads");
    let (mut settled, mut rows) = (0, 0);
    while settled < 200 {
        let message = answers.next().await.expect("more").expect("good");
        match message.kind() {
            Kind::Row => rows += 1,
            Kind::Settled => {
                assert!(message.id != 0 || rows == ROWS, "rows come before the answer");
                settled += 1;
            }
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_unread_when_a_stream_ends_can_still_be_read() {
    let store = Arc::new(Store::default());
    let stray = |id| Ok(Up { part: 9, ..item(id) });
    let inbound = futures_util::stream::iter((0..500).map(stray));
    let shutdown = Shutdown::new(Duration::from_secs(10));
    let answers = serve(Arc::new(Desk::new(&store)), inbound, LIMITS, &Arc::default(), shutdown);
    // Paused time goes on when nothing else does: the stream's task has come to its end.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let rejected: Vec<u64> = answers
        .filter_map(async |message| {
            let message = message.expect("a good end");
            (message.kind() == Kind::Rejected).then_some(message.id)
        })
        .collect()
        .await;
    assert!(rejected.into_iter().eq(0..500));
}

#[tokio::test(start_paused = true)]
async fn a_reply_dropped_without_an_answer_is_a_rejection() {
    struct Careless;
    impl Intake for Careless {
        type Id = u64;
        type In = Up;
        type Out = Down;
        type Session = ();
        type Assembly = ();
        fn hear(&self, message: &Up) -> Spoken<u64, ()> {
            let (id, bytes) = (message.id, message.body.len() as u64);
            Spoken::Part(Part { id, index: 0, more: false, bytes, item_bytes: 0 })
        }
        fn begin(&self, (): &(), _first: &Up) -> Result<(), Status> {
            Ok(())
        }
        fn extend(&self, (): &mut (), _message: Up) -> Result<(), Status> {
            Ok(())
        }
        fn complete(&self, _id: u64, (): (), reply: Reply<Self>) {
            drop(reply);
        }
        fn welcome(&self, _limits: &Limits) -> Down {
            Down::default()
        }
        fn drain(&self, _within: Duration) -> Down {
            Down { kind: Kind::Drain.into(), ..Down::default() }
        }
        fn rejected(&self, id: &str, status: Status) -> Down {
            assert_eq!(status.code(), Code::Unavailable);
            let id = id.parse().expect("a number");
            Down { id, kind: Kind::Rejected.into(), ..Down::default() }
        }
    }
    // The same id twice, while the first is unanswered: two answers.
    let inbound = futures_util::stream::iter([Ok(item(1)), Ok(item(1)), Ok(item(2))]);
    let shutdown = Shutdown::new(Duration::from_secs(10));
    let answers = serve(Arc::new(Careless), inbound, LIMITS, &Arc::default(), shutdown);
    let rejected: Vec<u64> = answers
        .filter_map(async |message| {
            let message = message.expect("a good end");
            (message.kind() == Kind::Rejected).then_some(message.id)
        })
        .collect()
        .await;
    assert_eq!(rejected, [1, 1, 2]);
}

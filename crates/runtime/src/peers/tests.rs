//! Peers by a name server of the test's, and by hand.

use std::{
    collections::VecDeque,
    future::poll_fn,
    net::Ipv4Addr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use hickory_resolver::{
    ResolverBuilder, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::{
        op::{Message, ResponseCode},
        rr::{Name, RData, Record, RecordType, rdata::A},
    },
};
use tokio::{
    net::UdpSocket,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{dns::Dns, *};

/// Nothing in a test takes this long, so one that would hang fails.
const LIMIT: Duration = Duration::from_secs(60);

async fn found(peers: &mut Peers) -> Found {
    timeout(LIMIT, poll_fn(|cx| peers.poll_found(cx))).await.unwrap()
}

fn addresses(ips: &[[u8; 4]]) -> Found {
    Found::Addresses(ips.iter().map(|ip| SocketAddr::from((*ip, 8082))).collect())
}

fn anywhere(_: SocketAddr) -> Channel {
    connect::channel(&Uri::from_static("http://127.0.0.1:1"))
}

/// Answers by a list, the last of them for ever; counts questions.
struct Answers(Mutex<VecDeque<Result<Resolved, String>>>, Arc<AtomicUsize>);

impl Resolve for Answers {
    fn resolve(&self) -> BoxFuture<'static, Result<Resolved, String>> {
        self.1.fetch_add(1, SeqCst);
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        async move { answer.expect("there is one") }.boxed()
    }
}

fn answer(ips: &[[u8; 4]], ttl: u64) -> Result<Resolved, String> {
    let addresses = ips.iter().map(|ip| SocketAddr::from((*ip, 8082))).collect();
    Ok(Resolved { addresses, valid_for: Duration::from_secs(ttl) })
}

fn followed<const N: usize>(
    answers: [Result<Resolved, String>; N],
) -> (Peers, Arc<AtomicUsize>, Instant) {
    let asked = Arc::new(AtomicUsize::new(0));
    let answers = Answers(Mutex::new(answers.into()), Arc::clone(&asked));
    (Peers::followed(answers, anywhere), asked, Instant::now())
}

const ONE: [u8; 4] = [10, 0, 0, 1];
const TWO: [u8; 4] = [10, 0, 0, 2];

#[tokio::test(start_paused = true)]
async fn news_come_when_an_answer_is_over_and_only_when_it_differs() {
    let (mut peers, asked, began) = followed([
        answer(&[ONE], 3),
        answer(&[ONE], 3),
        // In another order, and twice: the same peers.
        answer(&[ONE, TWO], 0),
        answer(&[TWO, ONE, TWO], 86_400),
        Err("no answer".into()),
        Err("no answer".into()),
        answer(&[], 86_400),
        answer(&[TWO], 3),
    ]);
    let mut news = async || (found(&mut peers).await, began.elapsed().as_secs());
    assert_eq!(news().await, (addresses(&[ONE]), 0));
    assert_eq!(news().await, (addresses(&[ONE, TWO]), 6), "two times its TTL");
    assert_eq!(
        news().await,
        (Found::Unknown("no answer".into()), 12),
        "1 s and 5 s are the bounds"
    );
    assert_eq!(news().await, (Found::Unknown("it has no address".into()), 14));
    assert_eq!(news().await, (addresses(&[TWO]), 15));
    assert_eq!(asked.load(SeqCst), 8);
}

#[tokio::test(start_paused = true)]
async fn a_lost_peer_makes_it_ask_soon_and_not_more_often_than_each_second() {
    let (mut peers, asked, began) =
        followed([answer(&[ONE], 5), answer(&[ONE], 5), answer(&[TWO], 5)]);
    found(&mut peers).await;
    for _ in 0..10 {
        peers.hurry();
    }
    let next = async {
        loop {
            tokio::select! {
                found = poll_fn(|cx| peers.poll_found(cx)) => return found,
                () = sleep(Duration::from_millis(50)) => peers.hurry(),
            }
        }
    };
    assert_eq!(timeout(LIMIT, next).await.unwrap(), addresses(&[TWO]));
    assert_eq!((asked.load(SeqCst), began.elapsed().as_secs()), (3, 2));
}

#[tokio::test]
async fn an_address_and_localhost_need_no_name_server() {
    for (uri, expected) in [
        ("http://127.0.0.1:8082", "127.0.0.1:8082"),
        ("http://localhost:8082", "127.0.0.1:8082"),
        ("http://[::1]:8082", "[::1]:8082"),
        ("http://10.1.2.3", "10.1.2.3:80"),
        ("https://10.1.2.3", "10.1.2.3:443"),
    ] {
        let mut peers = Peers::of(&uri.parse().unwrap()).unwrap();
        assert!(!peers.change());
        let expected = BTreeSet::from([expected.parse().unwrap()]);
        assert_eq!(found(&mut peers).await, Found::Addresses(expected), "{uri}");
    }
}

// ---- DNS ------------------------------------------------------------------------------------

/// What the name server knows: the addresses of one name. None: it does not answer at all.
type Zone = Arc<Mutex<Option<Vec<[u8; 4]>>>>;

/// A name server on loopback, which knows A records of one name and counts the questions for it.
struct NameServer {
    zone: Zone,
    asked: Arc<AtomicUsize>,
    port: u16,
    task: JoinHandle<()>,
}

impl NameServer {
    async fn start(name: &str, ttl: u32) -> Self {
        let name: Name = name.parse().unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let (zone, asked) = (Zone::default(), Arc::new(AtomicUsize::new(0)));
        let (known, count) = (Arc::clone(&zone), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((bytes, from)) = socket.recv_from(&mut buffer).await {
                let question = Message::from_vec(&buffer[..bytes]).unwrap();
                let query = question.queries[0].clone();
                let Some(ips) = known.lock().unwrap().clone() else { continue };
                let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
                answer.add_query(query.clone());
                if query.name() != &name {
                    answer.metadata.response_code = ResponseCode::NXDomain;
                } else if query.query_type() == RecordType::A {
                    count.fetch_add(1, SeqCst);
                    for ip in ips {
                        let data = RData::A(A(Ipv4Addr::from(ip)));
                        answer.add_answer(Record::from_rdata(name.clone(), ttl, data));
                    }
                }
                socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            }
        });
        Self { zone, asked, port, task }
    }

    fn knows(&self, ips: &[[u8; 4]]) {
        *self.zone.lock().unwrap() = Some(ips.to_vec());
    }

    /// As a pod of the namespace `waybill` is told to resolve names.
    fn resolver(&self) -> ResolverBuilder<TokioRuntimeProvider> {
        let mut connection = ConnectionConfig::udp();
        connection.port = self.port;
        let server = NameServerConfig::new(Ipv4Addr::LOCALHOST.into(), true, vec![connection]);
        let search = ["waybill.svc.cluster.local.", "svc.cluster.local.", "cluster.local."];
        let search = search.map(|domain| domain.parse().unwrap()).into();
        let config = ResolverConfig::from_parts(None, search, vec![server]);
        let mut builder = TokioResolver::builder_with_config(config, Default::default());
        builder.options_mut().ndots = 5;
        builder
    }

    fn peers(&self, host: &str) -> Peers {
        Peers::followed(Dns::new(host, 8082, self.resolver()).unwrap(), anywhere)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn a_name_is_found_by_the_search_domains_and_followed_by_its_ttl() {
    let server = NameServer::start("r-fleet-headless.waybill.svc.cluster.local.", 2).await;
    for host in [
        "r-fleet-headless",
        "r-fleet-headless.waybill",
        "r-fleet-headless.waybill.svc.cluster.local",
        "r-fleet-headless.waybill.svc.cluster.local.",
    ] {
        server.knows(&[ONE]);
        let mut peers = server.peers(host);
        assert_eq!(found(&mut peers).await, addresses(&[ONE]), "{host}");
        let (asked, began) = (server.asked.load(SeqCst), Instant::now());
        server.knows(&[TWO, ONE]);
        assert_eq!(found(&mut peers).await, addresses(&[ONE, TWO]), "{host}");
        let (asked, after) = (server.asked.load(SeqCst) - asked, began.elapsed());
        assert_eq!(asked, 1, "asked again when the answer was over, and not from a cache");
        assert!(after > Duration::from_secs(1), "its TTL is 2 s: {after:?}");
    }
}

#[tokio::test]
async fn a_name_without_an_address_and_a_server_that_is_silent_are_said() {
    let server = NameServer::start("r-fleet-headless.waybill.svc.cluster.local.", 1).await;
    let mut peers = server.peers("r-fleet-headless");
    let began = Instant::now();
    let silent = Found::Unknown("no name server answers for r-fleet-headless".into());
    assert_eq!(found(&mut peers).await, silent);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    server.knows(&[]);
    let nothing = Found::Unknown("r-fleet-headless has no address".into());
    assert_eq!(found(&mut peers).await, nothing);
    server.knows(&[ONE]);
    assert_eq!(found(&mut peers).await, addresses(&[ONE]));
}

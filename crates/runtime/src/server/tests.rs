use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::get};
use futures_util::{StreamExt, future::join_all, stream};
use http::{Request, Version};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Semaphore, mpsc},
    task::yield_now,
    time::{Instant, timeout},
};
use tonic::Code;
use tonic_reflection::pb::{
    v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    },
    v1alpha,
};

use super::{Limits, Listener, grpc_routes, with_pages};
use crate::{
    connect,
    health::Health,
    testing::{self, LIMIT, Running},
};

const BUDGET: Duration = Duration::from_secs(25);

/// A time that a test waits out, and long enough for a busy machine to do something in between.
const SOON: Duration = Duration::from_secs(1);

fn pages() -> Router {
    let pages = Router::new().route("/ping", get(async || "pong"));
    with_pages(grpc_routes(&Health::new(&[]), &[], &[]), pages)
}

/// A page that answers when it is let, and counts how many calls are inside of it.
#[derive(Clone)]
struct Slow {
    inside: Arc<AtomicUsize>,
    peak: Arc<AtomicUsize>,
    entered: Arc<Semaphore>,
    leave: Arc<Semaphore>,
}

impl Slow {
    fn new() -> Self {
        Slow {
            inside: Arc::default(),
            peak: Arc::default(),
            entered: Arc::new(Semaphore::new(0)),
            leave: Arc::new(Semaphore::new(0)),
        }
    }

    fn routes(&self) -> Router {
        let slow = self.clone();
        pages().route("/slow", get(async move || slow.answer().await))
    }

    async fn answer(self) -> &'static str {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(inside, Ordering::SeqCst);
        self.entered.add_permits(1);
        self.leave.acquire().await.unwrap().forget();
        self.inside.fetch_sub(1, Ordering::SeqCst);
        "done"
    }

    async fn entered(&self, calls: u32) {
        timeout(LIMIT, self.entered.acquire_many(calls)).await.unwrap().unwrap().forget();
    }
}

fn request(path: &str) -> Request<tonic::body::Body> {
    let uri = format!("http://waybill{path}");
    Request::get(uri).version(Version::HTTP_2).body(tonic::body::Body::empty()).unwrap()
}

/// Whether the peer has closed: the end of the stream, or a reset.
async fn is_closed(stream: &mut TcpStream) -> bool {
    timeout(LIMIT, stream.read_u8()).await.unwrap().is_err()
}

/// Asks over HTTP/1 on this connection, which stays open.
async fn ping(stream: &mut TcpStream) -> bool {
    let asked = stream.write_all(b"GET /ping HTTP/1.1\r\nhost: waybill\r\n\r\n").await;
    let mut answer = Vec::new();
    while asked.is_ok() && !answer.ends_with(b"pong") {
        match stream.read_buf(&mut answer).await {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
    }
    asked.is_ok()
}

#[tokio::test]
async fn a_port_in_use_is_said_with_its_address() {
    let first = Listener::bind(testing::any_port()).await.unwrap();
    let error = Listener::bind(first.address()).await.unwrap_err();
    let expected = format!("cannot listen on {}: the port is in use", first.address());
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn connections_are_served_up_to_the_limit_and_one_over_is_closed() {
    let limits = Limits { max_connections: 2, ..Limits::default() };
    let server = Running::start(pages(), limits, BUDGET).await;
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    assert!(ping(&mut one).await && ping(&mut two).await);
    assert!(is_closed(&mut server.connect().await).await);
    assert!(ping(&mut one).await && ping(&mut two).await, "the others go on");

    drop(one);
    let room_again = async { while !ping(&mut server.connect().await).await {} };
    timeout(LIMIT, room_again).await.unwrap();
}

#[tokio::test]
async fn a_connection_has_so_many_streams_and_one_over_waits() {
    let slow = Slow::new();
    let limits = Limits { max_streams_per_connection: 3, ..Limits::default() };
    let server = Running::start(slow.routes(), limits, BUDGET).await;
    let client = testing::http2(server.connect().await).await;
    // The limit comes with the server's settings, which are known after a first answer.
    client.clone().send_request(request("/ping")).await.unwrap();

    let calls = join_all((0..4).map(|_| client.clone().send_request(request("/slow"))));
    let calls = tokio::spawn(calls);
    slow.entered(3).await;
    slow.leave.add_permits(1);
    slow.entered(1).await;
    slow.leave.add_permits(3);
    for answer in calls.await.unwrap() {
        assert_eq!(testing::read(answer.unwrap()).await.body, "done");
    }
    assert_eq!(slow.peak.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn headers_are_accepted_up_to_the_limit_and_one_byte_over_is_431() {
    let limits = Limits { max_header_list_bytes: 2000, ..Limits::default() };
    let server = Running::start(pages(), limits, BUDGET).await;
    let mut client = testing::http2(server.connect().await).await;

    let pseudo = [":method GET", ":scheme http", ":authority waybill", ":path /ping", "x "];
    let others: usize = pseudo.iter().map(|it| it.len() - 1 + 32).sum();
    for (bytes, status) in [(2000, 200), (2001, 431)] {
        let mut request = request("/ping");
        request.headers_mut().insert("x", "v".repeat(bytes - others).parse().unwrap());
        let answer = client.send_request(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{bytes} bytes, HTTP/2");
    }

    for (bytes, status) in [(2000, "HTTP/1.1 200"), (2001, "HTTP/1.1 431")] {
        let value = "v".repeat(bytes - ("x".len() + 32) - ("host".len() + "waybill".len() + 32));
        let request = format!("GET /ping HTTP/1.1\r\nhost: waybill\r\nx: {value}\r\n\r\n");
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; status.len()];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8(answer).unwrap(), status, "{bytes} bytes, HTTP/1");
    }
}

#[tokio::test]
async fn a_connection_that_begins_no_http_is_closed_after_the_handshake_time() {
    let limits = Limits { handshake_timeout: SOON, ..Limits::default() };
    let server = Running::start(pages(), limits, BUDGET).await;
    let mut stream = server.connect().await;
    stream.write_all(b"PRI * HTTP/2.0").await.unwrap();
    let began = Instant::now();
    assert!(is_closed(&mut stream).await);
    assert!(began.elapsed() < LIMIT);
}

#[tokio::test]
async fn a_connection_without_calls_is_closed_after_the_idle_time_in_both_versions() {
    let slow = Slow::new();
    let limits = Limits { idle_timeout: SOON, ..Limits::default() };
    let server = Running::start(slow.routes(), limits, BUDGET).await;
    let (mut calls, mut idle) =
        (testing::http2(server.connect().await).await, server.connect().await);
    let call = tokio::spawn(calls.send_request(request("/slow")));
    slow.entered(1).await;

    assert!(ping(&mut idle).await);
    assert!(is_closed(&mut idle).await, "HTTP/1");
    let mut idle = testing::http2(server.connect().await).await;
    idle.send_request(request("/ping")).await.unwrap();
    let closed = async {
        while idle.ready().await.is_ok() {
            yield_now().await;
        }
    };
    timeout(LIMIT, closed).await.expect("HTTP/2");

    slow.leave.add_permits(1);
    let answer = call.await.unwrap().expect("meanwhile the one with a call in flight stayed open");
    assert_eq!(testing::read(answer).await.body, "done");
}

/// Opens a stream in both directions, and waits for an answer on it.
async fn open_reflection(
    server: &Running,
) -> (mpsc::Sender<ServerReflectionRequest>, tonic::Streaming<impl Sized + use<>>) {
    let (sender, requests) = mpsc::channel(1);
    let asks = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    sender.send(asks).await.unwrap();
    let mut client = ServerReflectionClient::new(connect::channel(&server.uri()));
    let requests = tokio_stream::wrappers::ReceiverStream::new(requests);
    let mut answers = client.server_reflection_info(requests).await.unwrap().into_inner();
    assert!(answers.message().await.unwrap().is_some());
    (sender, answers)
}

#[tokio::test]
async fn an_open_stream_does_not_hold_the_end_beyond_the_budget() {
    let server = Running::start(pages(), Limits::default(), SOON).await;
    let (_sender, mut answers) = open_reflection(&server).await;
    let began = Instant::now();
    server.shutdown.begin();
    server.ended().await.unwrap();
    assert!((SOON..LIMIT).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert!(answers.message().await.is_err(), "its caller hears of it");
}

#[tokio::test]
async fn a_drain_answers_calls_in_flight_and_ends_with_the_last() {
    let slow = Slow::new();
    let server = Running::start(slow.routes(), Limits::default(), LIMIT * 10).await;
    let mut client = testing::http2(server.connect().await).await;
    let call = tokio::spawn(client.send_request(request("/slow")));
    slow.entered(1).await;
    server.shutdown.begin();
    let closed = async { while TcpStream::connect(server.address).await.is_ok() {} };
    timeout(LIMIT, closed).await.expect("no new connection is accepted");
    slow.leave.add_permits(1);
    assert_eq!(testing::read(call.await.unwrap().unwrap()).await.body, "done");
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_dropped_closes_its_connections() {
    let server = Running::start(pages(), Limits::default(), BUDGET).await;
    let mut stream = server.connect().await;
    assert!(ping(&mut stream).await);
    server.serves.abort();
    assert!(is_closed(&mut stream).await);
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_callers_own_language() {
    let server = Running::start(pages(), Limits::default(), BUDGET).await;
    assert_eq!(testing::get(server.address, "/nowhere").await.status, 404);

    let mut client = testing::http2(server.connect().await).await;
    let mut call = request("/waybill.test.v1.NoService/Call");
    call.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    let answer = client.send_request(call).await.unwrap();
    let unimplemented = (Code::Unimplemented as i32).to_string();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["grpc-status"], unimplemented.as_str());
}

#[tokio::test]
async fn both_versions_of_reflection_know_the_services() {
    let server = Running::start(pages(), Limits::default(), BUDGET).await;
    let channel = connect::channel(&server.uri());

    let asks = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let asks = stream::iter([asks]);
    let mut client = ServerReflectionClient::new(channel.clone());
    let answers = client.server_reflection_info(asks).await.unwrap();
    let answer = answers.into_inner().next().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}");
    };
    let v1: Vec<String> = list.service.into_iter().map(|it| it.name).collect();

    let asks = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1alpha::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let asks = stream::iter([asks]);
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let answers = client.server_reflection_info(asks).await.unwrap();
    let answer = answers.into_inner().next().await.unwrap().unwrap();
    let response = answer.message_response;
    let Some(v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(list)) =
        response
    else {
        panic!("{response:?}");
    };
    let v1alpha: Vec<String> = list.service.into_iter().map(|it| it.name).collect();

    for (services, reflection) in [
        (v1, "grpc.reflection.v1.ServerReflection"),
        (v1alpha, "grpc.reflection.v1alpha.ServerReflection"),
    ] {
        for name in ["grpc.health.v1.Health", reflection] {
            assert!(services.iter().any(|service| service == name), "{name} in {services:?}");
        }
    }
}

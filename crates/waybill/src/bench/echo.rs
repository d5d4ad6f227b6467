//! A tonic service that sends 1 KB back, between two processes: what a message costs when nothing is done
//! with it. Both as calls, each a question with its answer as a batch is, and on one stream, where
//! messages that follow each other share their way through the library and the kernel.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    io::{BufRead, BufReader, Write},
    process::Stdio,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use clap::Args;
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    client::Grpc,
    codegen::{BoxFuture, Service, http},
    server::{NamedService, StreamingService, UnaryService},
    transport::{Channel, Endpoint, Server},
};
use tonic_prost::ProstCodec;

use super::children::{Child, spawn};
use crate::{client, error::Error, output::Out};

/// Bytes of a message.
const MESSAGE: usize = 1_000;
/// Messages on their way: fewer would measure the way, not the work.
const IN_FLIGHT: usize = 1_024;
/// Calls on their way, where each message is a call of its own.
const CALLS: usize = 256;
/// The stream.
const STREAM: &str = "/waybill.bench.Echo/Stream";
/// The call.
const CALL: &str = "/waybill.bench.Echo/Call";

/// The other end of `waybill bench`'s comparison.
#[derive(Debug, Args)]
pub(crate) struct EchoServer;

impl EchoServer {
    /// Says its address on the first line, and echoes until it is killed.
    pub(crate) fn run(self) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.map_err(Error::Runtime)?.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Error::Runtime)?;
            let mut out = Out::stdout();
            writeln!(out, "{}", listener.local_addr().map_err(Error::Runtime)?)?;
            out.finish()?;
            let incoming = TcpListenerStream::new(listener);
            let served = Server::builder().add_service(Echoing).serve_with_incoming(incoming).await;
            served.map_err(|error| Error::Bench(format!("echo: {error}")))
        })
    }
}

/// Messages there and back in a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Echo {
    /// On one stream.
    pub(super) stream: f64,
    /// As calls on one connection.
    pub(super) calls: f64,
}

impl Echo {
    /// Between two of them.
    pub(super) fn midpoint(self, other: Self) -> Self {
        Self {
            stream: f64::midpoint(self.stream, other.stream),
            calls: f64::midpoint(self.calls, other.calls),
        }
    }
}

/// Measures both: the stream for this time, calls for a part of it.
pub(super) async fn measure(time: Duration) -> Result<Echo, Error> {
    let (_process, address) = server()?;
    let endpoint = Endpoint::from_shared(format!("http://{address}"));
    let channel = endpoint.map_err(|error| broken(&error))?.connect_lazy();
    let stream = stream(channel.clone(), time).await?;
    Ok(Echo { stream, calls: calls(channel, time / 4).await? })
}

/// Keeps a stream full of messages; each that comes back is sent again.
async fn stream(channel: Channel, time: Duration) -> Result<f64, Error> {
    let (outbound, messages) = mpsc::channel(IN_FLIGHT);
    for _ in 0..IN_FLIGHT {
        // Cannot fail: the receiver is held below.
        let _ = outbound.send(message()).await;
    }
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| broken(&error))?;
    let request = Request::new(ReceiverStream::new(messages));
    let path = http::uri::PathAndQuery::from_static(STREAM);
    let mut inbound = grpc
        .streaming(request, path, codec())
        .await
        .map_err(|status| failed(&status))?
        .into_inner();

    // The first round warms up.
    let (mut begun, mut count) = (Instant::now(), 0_u64);
    let mut warm = false;
    while let Some(message) = inbound.message().await.map_err(|status| failed(&status))? {
        count += 1;
        if !warm && count == IN_FLIGHT as u64 {
            (begun, count, warm) = (Instant::now(), 0, true);
        }
        if warm && count.is_multiple_of(256) && begun.elapsed() >= time {
            break;
        }
        if outbound.send(message).await.is_err() {
            break;
        }
    }
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}

/// Keeps so many calls on their way.
async fn calls(channel: Channel, time: Duration) -> Result<f64, Error> {
    let begun = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLS {
        let mut grpc = Grpc::new(channel.clone());
        callers.spawn(async move {
            let mut count = 0_u64;
            while begun.elapsed() < time {
                grpc.ready().await.map_err(|error| broken(&error))?;
                let path = http::uri::PathAndQuery::from_static(CALL);
                grpc.unary(Request::new(message()), path, codec())
                    .await
                    .map_err(|status| failed(&status))?;
                count += 1;
            }
            Ok::<_, Error>(count)
        });
    }
    let mut count = 0;
    for caller in callers.join_all().await {
        count += caller?;
    }
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}

fn message() -> Vec<u8> {
    vec![b'x'; MESSAGE]
}

fn codec() -> ProstCodec<Vec<u8>, Vec<u8>> {
    ProstCodec::default()
}

fn broken(what: &impl ToString) -> Error {
    Error::Bench(format!("echo: {}", what.to_string()))
}

fn failed(status: &Status) -> Error {
    broken(&client::cause(status))
}

fn server() -> Result<(Child, String), Error> {
    let mut process = spawn(&["bench-echo-server"], |command| {
        command.stdout(Stdio::piped()).stderr(Stdio::null());
    })?;
    let mut line = String::new();
    if let Some(stdout) = process.stdout() {
        BufReader::new(stdout).read_line(&mut line).map_err(Error::Runtime)?;
    }
    Ok((process, line.trim().to_owned()))
}

/// The service, by hand: it has no message of its own.
#[derive(Clone)]
struct Echoing;

impl NamedService for Echoing {
    const NAME: &'static str = "waybill.bench.Echo";
}

impl Service<http::Request<Body>> for Echoing {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(codec());
            Ok(match request.uri().path() {
                CALL => grpc.unary(Echoing, request).await,
                _ => grpc.streaming(Echoing, request).await,
            })
        })
    }
}

impl UnaryService<Vec<u8>> for Echoing {
    type Response = Vec<u8>;
    type Future = Ready<Result<Response<Vec<u8>>, Status>>;

    fn call(&mut self, request: Request<Vec<u8>>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner())))
    }
}

impl StreamingService<Vec<u8>> for Echoing {
    type Response = Vec<u8>;
    type ResponseStream = Streaming<Vec<u8>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<Vec<u8>>>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner())))
    }
}

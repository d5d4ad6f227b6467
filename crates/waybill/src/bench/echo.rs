//! A bidirectional tonic stream that sends 1 KB back, between two processes: what a message costs when
//! nothing is done with it.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    io::{BufRead, BufReader, Write},
    process::Stdio,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use clap::Args;
use tokio::{net::TcpListener, sync::mpsc};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    client::Grpc,
    codegen::{BoxFuture, Service, http},
    server::{NamedService, StreamingService},
    transport::{Endpoint, Server},
};
use tonic_prost::ProstCodec;

use super::children::{Child, spawn};
use crate::{client, error::Error, output::Out};

/// Bytes of a message.
const MESSAGE: usize = 1_000;
/// Messages on their way: fewer would measure the way, not the work.
const IN_FLIGHT: usize = 1_024;
/// The method.
const PATH: &str = "/waybill.bench.Echo/Echo";

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
            let served = Server::builder().add_service(Echo).serve_with_incoming(incoming).await;
            served.map_err(|error| Error::Bench(format!("echo: {error}")))
        })
    }
}

/// Messages there and back in a second.
pub(super) async fn measure(time: Duration) -> Result<f64, Error> {
    let (_process, address) = server()?;
    let broken = |what: String| Error::Bench(format!("echo: {what}"));
    let endpoint = Endpoint::from_shared(format!("http://{address}"));
    let channel = endpoint.map_err(|error| broken(error.to_string()))?.connect_lazy();
    let failed = |status: Status| broken(client::cause(&status));

    let (outbound, messages) = mpsc::channel(IN_FLIGHT);
    let message = vec![b'x'; MESSAGE];
    for _ in 0..IN_FLIGHT {
        // Cannot fail: the receiver is held below.
        let _ = outbound.send(message.clone()).await;
    }
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| broken(error.to_string()))?;
    let request = Request::new(ReceiverStream::new(messages));
    let codec = ProstCodec::<Vec<u8>, Vec<u8>>::default();
    let path = http::uri::PathAndQuery::from_static(PATH);
    let mut inbound = grpc.streaming(request, path, codec).await.map_err(failed)?.into_inner();

    // The first round warms up.
    let (mut begun, mut count) = (Instant::now(), 0_u64);
    let mut warm = false;
    while let Some(message) = inbound.message().await.map_err(failed)? {
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
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "waybill.bench.Echo";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async {
            let codec = ProstCodec::<Vec<u8>, Vec<u8>>::default();
            Ok(tonic::server::Grpc::new(codec).streaming(Echo, request).await)
        })
    }
}

impl StreamingService<Vec<u8>> for Echo {
    type Response = Vec<u8>;
    type ResponseStream = Streaming<Vec<u8>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<Vec<u8>>>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner())))
    }
}

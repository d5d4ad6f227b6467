//! What tests of several modules share.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, SystemTime},
};

use axum::Router;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{net::TcpStream, task::JoinHandle};
use tonic::body::Body;

use crate::{
    lifecycle::Shutdown,
    server::{Limits, Listener, ServeError, serve},
    trace::Over,
};

/// Nothing in a test takes this long, so one that would hang fails.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A free port of this machine.
pub(crate) fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// A server that runs.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) serves: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    pub(crate) async fn start(routes: Router, limits: Limits, budget: Duration) -> Self {
        let listener = Listener::bind(any_port()).await.unwrap();
        let address = listener.address();
        let shutdown = Shutdown::new(budget);
        let serves = tokio::spawn(serve(listener, routes, limits, shutdown.clone()));
        Running { address, shutdown, serves }
    }

    pub(crate) fn uri(&self) -> http::Uri {
        format!("http://{}", self.address).parse().unwrap()
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// The server's end, which must come without help.
    pub(crate) async fn ended(self) -> Result<(), ServeError> {
        tokio::time::timeout(LIMIT, self.serves).await.unwrap().unwrap()
    }
}

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// Gets a page over HTTP/1, on a connection of its own.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Page {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get(path).header("host", address.to_string());
    let request = request.body(Empty::<axum::body::Bytes>::new()).unwrap();
    read(sender.send_request(request).await.unwrap()).await
}

/// Reads an answer to its end.
pub(crate) async fn read(answer: http::Response<hyper::body::Incoming>) -> Page {
    let status = answer.status().as_u16();
    let content_type = answer.headers().get("content-type");
    let content_type =
        content_type.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    Page { status, content_type, body: String::from_utf8(body.into()).unwrap() }
}

/// An HTTP/2 connection that does nothing of itself.
pub(crate) async fn http2(stream: TcpStream) -> http2::SendRequest<Body> {
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

/// Something that was over as soon as it began.
pub(crate) fn over() -> Over {
    Over {
        end: SystemTime::now(),
        took: Duration::ZERO,
        steps: Vec::new(),
        events: Vec::new(),
        failed: None,
        attributes: Vec::new(),
    }
}

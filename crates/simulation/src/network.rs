//! Tonic over turmoil: the listener's and the connector's side, and names.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::Router;
use http::Uri;
use hyper_util::rt::TokioIo;
use runtime::peers::{Peers, Resolve, Resolved};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::{Channel, Endpoint, Server, server::Connected};
use turmoil::net::{TcpListener, TcpStream};

/// Pings find a dead peer within this time and the next: much sooner than in production, so that a
/// seed takes less simulated time.
pub const KEEPALIVE: Duration = Duration::from_millis(500);

/// A simulated connection, as tonic wants it.
#[derive(Debug)]
pub struct Connection(TcpStream);

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Serves routes on a port of the simulated host, for ever.
///
/// # Errors
/// The port is taken, or serving failed.
pub async fn serve(port: u16, routes: Router) -> turmoil::Result {
    let listener =
        TcpListener::bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)).await?;
    let (accepted, incoming) = tokio::sync::mpsc::channel(16);
    let accepting = async move {
        while let Ok((stream, _)) = listener.accept().await {
            if accepted.send(Ok::<_, io::Error>(Connection(stream))).await.is_err() {
                return;
            }
        }
    };
    let incoming = tokio_stream::wrappers::ReceiverStream::new(incoming);
    let serving = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .add_routes(tonic::service::Routes::from(routes))
        .serve_with_incoming(incoming);
    tokio::select! {
        () = accepting => Ok(()),
        served = serving => Ok(served?),
    }
}

/// A channel to a port of a simulated host, by name.
///
/// # Panics
/// `host` is not a name.
pub fn channel(host: &str, port: u16) -> Channel {
    let uri: Uri = format!("http://{host}:{port}").parse().expect("a host name");
    over_turmoil(&runtime::connect::endpoint(&uri))
}

fn over_turmoil(endpoint: &Endpoint) -> Channel {
    let endpoint = endpoint
        .clone()
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE)
        .connect_timeout(2 * KEEPALIVE);
    endpoint.connect_with_connector_lazy(tower::service_fn(|uri: Uri| async move {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let address = (host, uri.port_u16().unwrap_or(80));
        Ok::<_, io::Error>(TokioIo::new(Connection(TcpStream::connect(address).await?)))
    }))
}

/// The hosts that the name of a service stands for, as they are said to be at the moment.
#[derive(Debug, Clone, Default)]
pub struct Service(Arc<Mutex<Listing>>);

#[derive(Debug, Default)]
struct Listing {
    hosts: Vec<String>,
    /// Hosts that are not listed for a while.
    absent: Vec<String>,
    /// Whether nobody can resolve the name.
    unknown: bool,
}

impl Service {
    /// All these hosts.
    pub fn of(hosts: impl IntoIterator<Item = String>) -> Self {
        let hosts = hosts.into_iter().collect();
        Self(Arc::new(Mutex::new(Listing { hosts, ..Listing::default() })))
    }

    /// Whether a host is listed from now on, if it is one of the service.
    pub fn list(&self, host: &str, listed: bool) {
        let mut listing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listing.absent.retain(|absent| absent != host);
        if !listed {
            listing.absent.push(host.to_owned());
        }
    }

    /// Whether the name can be resolved from now on.
    pub fn resolves(&self, resolves: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unknown = !resolves;
    }

    /// The service's replicas, seen from a client on a simulated host.
    pub fn peers(&self, port: u16) -> Peers {
        let uri = Uri::from_static("http://service");
        let dial = move |address| over_turmoil(&runtime::connect::endpoint_to(address, &uri));
        Peers::followed(Name { service: self.clone(), port }, dial)
    }
}

struct Name {
    service: Service,
    port: u16,
}

impl Resolve for Name {
    fn resolve(&self) -> futures_util::future::BoxFuture<'static, Result<Resolved, String>> {
        let listing = self.service.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there = listing.hosts.iter().filter(|host| !listing.absent.contains(host));
        let address = |host: &String| SocketAddr::new(turmoil::lookup(host.as_str()), self.port);
        let addresses = there.map(address).collect();
        let resolved = if listing.unknown {
            Err("the name server is away".to_owned())
        } else {
            Ok(Resolved { addresses, valid_for: Duration::from_secs(1) })
        };
        Box::pin(std::future::ready(resolved))
    }
}

//! Tonic over turmoil: the listener's and the connector's side.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::Router;
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::{Channel, Endpoint, Server, server::Connected};
use turmoil::net::{TcpListener, TcpStream};

/// Pings find a dead peer within this time and the next: much sooner than in production, so that a
/// seed takes less simulated time.
const KEEPALIVE: Duration = Duration::from_millis(500);

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
    let endpoint: Endpoint = runtime::connect::endpoint(&uri)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE)
        .connect_timeout(2 * KEEPALIVE);
    endpoint.connect_with_connector_lazy(tower::service_fn(|uri: Uri| async move {
        let address = (uri.host().unwrap_or_default().to_owned(), uri.port_u16().unwrap_or(80));
        Ok::<_, io::Error>(TokioIo::new(Connection(TcpStream::connect(address).await?)))
    }))
}

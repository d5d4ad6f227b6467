//! A port that is open before anything serves on it.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::BindError;

/// A bound port. Connections wait in its backlog until it is served.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Opens the port; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> Result<Listener, BindError> {
        let bind = async {
            let socket = TcpListener::bind(address).await?;
            let address = socket.local_addr()?;
            Ok(Listener { socket, address })
        };
        bind.await.map_err(|source| BindError { address, source })
    }

    /// The address, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

//! What keeps a server from serving.

use std::{io, net::SocketAddr};

/// An address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", reason(source))]
pub struct BindError {
    /// The address that was asked for.
    pub address: SocketAddr,
    /// Why not.
    pub source: io::Error,
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the port is in use".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine does not have the address".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "not permitted (ports below 1024 need a privilege)".to_owned()
        }
        _ => error.to_string(),
    }
}

/// A server stopped on its own.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The transport could not go on.
    #[error("the server stopped: {0}")]
    Transport(#[from] tonic::transport::Error),
}

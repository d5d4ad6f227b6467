//! Serving gRPC, gRPC-web and pages on one port, within limits.

mod activity;
mod connection;
mod error;
mod incoming;
mod limits;
mod listener;
mod routes;
mod serve;

pub use connection::Connection;
pub use error::{BindError, ServeError};
pub use limits::Limits;
pub use listener::Listener;
pub(crate) use routes::DESCRIPTORS;
pub use routes::{grpc_routes, with_pages};
pub(crate) use serve::run;
pub use serve::serve;

#[cfg(test)]
mod tests;

//! What every service needs around its logic. It knows tokio, tonic and OpenTelemetry, and nothing of
//! shipments: never the wire's messages, never the domain.
//!
//! A command reads its [`settings`], starts [`telemetry`], builds its service on listeners that are
//! already bound ([`server::Listener`]), and runs it under one [`lifecycle::Shutdown`].

pub mod acked;
mod alarm;
pub mod connect;
pub mod health;
pub mod lifecycle;
pub mod metrics;
pub mod ops;
pub mod peers;
mod process;
pub mod profile;
pub mod server;
pub mod settings;
pub mod telemetry;
pub mod trace;
pub mod workers;

#[cfg(test)]
mod testing;

pub use process::Process;

/// The version of this build, as in `service.version`, the user agent and the metrics.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

//! Readiness, as `grpc.health.v1` says it.

mod check;
mod grpc;
mod state;

pub use check::check;
pub use grpc::HealthService;
pub use state::{Health, LIVENESS, Ready, Status};

/// `grpc.health.v1`, generated.
#[allow(clippy::all, missing_docs, unreachable_pub, rustdoc::all)]
pub mod pb {
    tonic::include_proto!("grpc.health.v1");
}

#[cfg(test)]
mod tests;

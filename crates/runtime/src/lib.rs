//! What every service needs around its logic. It knows tokio, tonic and OpenTelemetry, and nothing of
//! shipments: never the wire's messages, never the domain.

pub mod acked;
pub mod lifecycle;

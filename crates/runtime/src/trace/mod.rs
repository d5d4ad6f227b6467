//! Traces of batches. Each batch is a trace of its own, and its context travels in its envelope.
//!
//! Whether a trace is sampled is decided once, by its id, where the batch is made ([`Sampler`]). For a
//! batch that is not sampled no span is made at all: deciding first costs nothing, where making a span
//! that the exporter then drops costs more than half of the throughput.

mod context;
mod ids;
mod propagators;
mod sampler;
mod spans;
mod tell;

pub use context::TraceContext;
pub(crate) use ids::ChosenIds;
pub(crate) use propagators::{Propagators, propagate};
pub use sampler::Sampler;
pub(crate) use spans::{PART, TARGET};
pub use spans::{Spans, attribute, context_of, ended, failed, link};
pub use tell::Over;
pub(crate) use tell::Teller;

/// Attributes as the OpenTelemetry conventions name them. What they have no name for begins with `waybill.`.
pub mod names {
    pub use opentelemetry_semantic_conventions::attribute::{
        DB_OPERATION_BATCH_SIZE, ERROR_TYPE, RPC_METHOD, RPC_RESPONSE_STATUS_CODE, RPC_SYSTEM_NAME,
        SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_VERSION,
    };
}

#[cfg(test)]
mod tests;

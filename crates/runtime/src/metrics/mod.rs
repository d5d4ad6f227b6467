//! What a part counts, for Prometheus: names from `waybill_`, on the ops port.
//!
//! | here | what it is |
//! |---|---|
//! | [`Durations`], [`sizes_up_to`] | histograms with the buckets that fit what they are of |
//! | [`Rows`] | writes what is read when it is asked for |
//! | [`CallTimes`] | how long calls take until their answer |
//! | `process.rs` | this process and its tokio runtime |
//! | `streams.rs` | the acked streams, from both of their ends |
//! | `exposition.rs` | the text, in either format |
//! | `otlp.rs` | the same for a collector |
//!
//! What is counted for each batch costs some nanoseconds; what can be read is read when someone asks.

mod calls;
mod exposition;
mod histograms;
mod otlp;
mod process;
mod rows;
mod streams;

use prometheus_client::{metrics::info::Info, registry::Registry};

pub use calls::CallTimes;
pub(crate) use exposition::{Exposition, expose};
pub use histograms::{Durations, sizes_up_to};
pub(crate) use otlp::to_otlp;
pub use rows::Rows;
pub use streams::{of_outbox, of_served};

use tonic::Code;

use crate::VERSION;

/// The label of an exemplar.
const TRACE_ID: &str = "trace_id";

/// A label and its value.
pub type Label = (&'static str, &'static str);

/// A registry whose metrics begin with `waybill_`, with those of the process in it and
/// `waybill_build_info` of this part.
pub fn registry(part: &'static str) -> Registry {
    let mut registry = Registry::with_prefix("waybill");
    let build = Info::new([("part", part), ("version", VERSION)]);
    registry.register("build", "What is running", build);
    process::register(&mut registry);
    registry
}

/// A status code as a label says it.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "ok",
        Code::Cancelled => "cancelled",
        Code::Unknown => "unknown",
        Code::InvalidArgument => "invalid_argument",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::NotFound => "not_found",
        Code::AlreadyExists => "already_exists",
        Code::PermissionDenied => "permission_denied",
        Code::ResourceExhausted => "resource_exhausted",
        Code::FailedPrecondition => "failed_precondition",
        Code::Aborted => "aborted",
        Code::OutOfRange => "out_of_range",
        Code::Unimplemented => "unimplemented",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DataLoss => "data_loss",
        Code::Unauthenticated => "unauthenticated",
    }
}

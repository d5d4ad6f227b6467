//! The wire of Waybill: messages, clients and servers generated from `proto/`, and their
//! translation to and from the domain.
//!
//! This is the only crate that knows both sides. Services decode with it, call their logic, and
//! encode with it.

pub mod logistics {
    //! Nouns and stream frames that all services share.
    pub mod v1 {
        //! `waybill.logistics.v1`
        #![allow(clippy::all, missing_docs, unreachable_pub)]
        tonic::include_proto!("waybill.logistics.v1");
    }
}
pub mod producer {
    //! The producer's service.
    pub mod v1 {
        //! `waybill.producer.v1`
        #![allow(clippy::all, clippy::large_futures, missing_docs, unreachable_pub)]
        tonic::include_proto!("waybill.producer.v1");
    }
}
pub mod fleet {
    //! The fleet service.
    pub mod v1 {
        //! `waybill.fleet.v1`
        #![allow(clippy::all, missing_docs, unreachable_pub)]
        tonic::include_proto!("waybill.fleet.v1");
        pub use crate::columns::{DispatchRequest, dispatch_request};
    }
}
pub mod analytics {
    //! The analytics services.
    pub mod v1 {
        //! `waybill.analytics.v1`
        #![allow(clippy::all, missing_docs, unreachable_pub)]
        tonic::include_proto!("waybill.analytics.v1");
        pub use crate::columns::{RecordPlansRequest, record_plans_request};
    }
}

pub mod columns;
mod ids;
mod json;
pub mod reason;
pub mod records;
mod status;
mod trace;
mod violations;

pub use ids::{BatchId, InvalidId, RunId};
pub use json::to_json;
pub use status::{from_rpc_status, to_rpc_status};
pub use trace::trace_id;
pub use violations::Violations;

/// Descriptors of every file under `proto/waybill` and what they import, for reflection;
/// `google.rpc` among them, so that clients can read the details of an error.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/waybill.bin"));

/// Bytes of one message on a stream at most. Larger batches and plans travel in parts.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

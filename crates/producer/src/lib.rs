//! The producer: makes or reads batches on a schedule and streams them to the fleet service.
//!
//! | module | holds |
//! |---|---|
//! | `request` | what a `StartRunRequest` means |
//! | `source` | where the records of a batch come from: a function of the source and the number |
//! | `run` | one run: schedule, progress, its course as a state machine, and its two tasks |
//! | `runs` | all runs |
//! | `dispatch` | what is said on the stream to the fleet service |
//! | `store` | what survives a crash |
//! | `inbox` | the watched folder |
//! | `grpc`, `http` | the calls |
//! | `core`, `service`, `config` | the producer without sockets, on its ports, and its settings |
//!
//! Two invariants hold throughout. A batch is a function of its run and its number, so none is written
//! to the disk before it is sent, and none is lost in a crash. And numbers are reserved in the store
//! before they are sent, so that every batch that was ever sent is counted once in the end.

#![forbid(unsafe_code)]

mod config;
mod core;
mod dispatch;
mod error;
mod grpc;
mod http;
mod inbox;
mod metrics;
mod moment;
mod request;
mod room;
mod rosters;
mod run;
mod runs;
mod service;
mod source;
mod store;
mod watch;
mod wire;

pub use config::Config;
pub use core::{Core, MAX_REQUEST_BYTES, Options};
pub use dispatch::Traces;
pub use error::Error;
pub use http::Defaults;
pub use inbox::Inbox;
pub use moment::{Clock, Moment};
pub use request::{MAX_INTERVAL, MAX_SIDE};
pub use runs::Runs;
pub use service::Service;
pub use source::synthetic;
pub use store::{Store, StoreError};

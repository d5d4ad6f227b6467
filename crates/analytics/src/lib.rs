//! The analytics service: takes plans from the fleet service and makes them durable, answers questions
//! about them, and serves the page.
//!
//! | here | what it is |
//! |---|---|
//! | [`store`] | where plans are kept: the trait, SQLite and PostgreSQL |
//! | `writer` | the one writer: groups of plans, one commit each |
//! | `ingest` | the server of the RecordPlans stream |
//! | `proof` | checks a plan against its certificate before it is recorded |
//! | `queries` | list, watch, get and sum up plans |
//! | `grpc` | the handlers: decode, call, encode |
//! | `http` | the page, and plans as files |
//! | `metrics` | what it counts |
//! | `passed_on` | calls of ProducerService, for the page |
//! | `wire` | what the store keeps, as messages say it |
//! | [`TraceViewer`] | where people look at traces |
//! | `text` | finding a text whatever its case |
//! | [`Analytics`] | the service without sockets |
//! | [`Config`], [`Service`] | settings, sockets, lifetime |
//! | [`Error`] | what can go wrong, and its status |

mod config;
mod core;
mod error;
mod grpc;
mod http;
mod ingest;
mod metrics;
mod passed_on;
mod proof;
mod queries;
mod service;
pub mod store;
mod text;
mod trace_viewer;
mod wire;
mod writer;

pub use self::config::Config;
pub use self::core::{Analytics, Clock, Options};
pub use self::error::Error;
pub use self::ingest::{DEFAULT_CREDIT, MAX_PLAN_BYTES};
pub use self::service::Service;
pub use self::trace_viewer::TraceViewer;

/// What this part is called in logs, spans and metrics.
const PART: &str = "analytics";

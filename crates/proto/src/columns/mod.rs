//! The two messages that carry work, read in place and written in one go.
//!
//! A batch of 32 shipments and drivers has 64 records, and a plan of it 64 more. As generated, each is a
//! struct with two strings of its own, made and dropped at both ends of both hops. Here a message is the
//! bytes as they travel: its reader knows where each text stands in them, its writer puts rows behind one
//! another. The wire is prost's: tests compare with the generated messages, which stand for everything but
//! the rows.
//!
//! Rows are read in place when they stand as prost writes them. Anything else (unknown fields, another
//! order, a field twice) is decoded by prost, and written again.

mod batch;
mod plan;
mod request;
mod rows;
#[cfg(test)]
mod tests;
mod wire;

pub use batch::BatchColumns;
pub use plan::{PairRow, PairRows, PlanColumns, put_pair};
pub use request::{DispatchRequest, RecordPlansRequest, dispatch_request, record_plans_request};
pub use rows::{RecordRow, RecordRows, put_driver, put_shipment};

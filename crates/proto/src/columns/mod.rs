//! The messages of the two streams in another layout: rows stand in one buffer, as they travel.
//!
//! A batch of 32 shipments and drivers has 64 records, and a plan of it 64 more. As generated, each is a
//! struct with two strings of its own, made and dropped at both ends of both hops; here a side of a
//! message is one buffer and one list of offsets, whatever the number of its rows. The wire is the same
//! to the byte: tests compare with the generated messages, which stand for everything but the rows.
//!
//! A row that comes as prost writes it is copied as it is. Anything else (unknown fields, another order,
//! a field twice) is decoded by prost, and written again; so are errors prost's own.

mod batch;
mod plan;
mod rows;
#[cfg(test)]
mod tests;
mod wire;

pub use batch::{BatchColumns, DispatchRequest, dispatch_request};
pub use plan::{PairRow, PairRows, PlanColumns, RecordPlansRequest, record_plans_request};
pub use rows::{DriverRows, RecordRow, RecordRows, ShipmentRows};

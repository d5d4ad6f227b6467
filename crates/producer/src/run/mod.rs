//! One trigger of the producer.

pub mod machine;
pub mod progress;
pub mod schedule;

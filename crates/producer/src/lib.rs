//! producer
pub mod moment;
pub mod run;

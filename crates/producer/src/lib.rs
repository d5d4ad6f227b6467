//! producer
pub mod moment;
pub mod run;
pub mod source;
pub mod store;
pub mod error;
pub mod request;

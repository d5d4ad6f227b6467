//! producer
pub mod moment;
pub mod run;
pub mod source;
pub mod store;
pub mod error;
pub mod request;
pub mod dispatch;
pub mod room;
pub mod runs;
pub mod wire;

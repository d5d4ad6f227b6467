//! What tests of several crates share.

mod port;

pub use port::Port;

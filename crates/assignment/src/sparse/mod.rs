//! Assignment on a sparse graph.
#![allow(dead_code, reason = "what is built on the core comes next")]

mod augment;
mod bids;
mod core;
#[cfg(test)]
mod core_tests;
mod edges;
mod frontier;
mod lower;
mod number;

#[allow(unused_imports, reason = "what is built on the core comes next")]
pub(crate) use self::core::{Core, Shortage};
#[allow(unused_imports, reason = "what is built on the core comes next")]
pub(crate) use number::Number;

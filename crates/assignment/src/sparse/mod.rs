//! Assignment on a sparse graph.
#![allow(dead_code, reason = "what is built on the core comes next")]

mod auction;
mod augment;
mod bids;
mod core;
#[cfg(test)]
mod core_tests;
mod edges;
mod frontier;
mod lower;
mod number;


pub(crate) use self::core::{Core, Shortage};
pub(crate) use edges::Adjacency;

pub use number::Number;

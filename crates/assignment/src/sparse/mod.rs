//! Assignment on a sparse graph: explicit pairs, rows that may stay unassigned at a price, columns
//! with several places; to minimise or to maximise, in integers or floats.
//!
//! [`solve()`] gives the best total and prices that prove it, which [`verify()`] checks without
//! knowing how they were found; or a [`Shortage`], which proves that there is no solution.
//!
//! | module | says |
//! |---|---|
//! | `problem` | [`Problem`]: edges, places, what a row counts unassigned; [`Goal`] |
//! | `cost` | [`Cost`]: what `i64` and `f64` are here |
//! | `solve` | [`solve()`]: puts a problem in the core's numbers, and the core's prices in the problem's |
//! | `solution` | [`Solution`] and its [`Certificate`] |
//! | `verify` | [`verify()`]: proves optimality from the prices alone |
//! | `shortage` | [`Shortage`]: why there is no solution |
//! | `core` | a matching that can be continued |
//! | `bids` | the start: rows bid |
//! | `augment` | shortest augmenting paths, a row at a time |
//! | `lower` | the same backwards, for columns that were left at a price |
//! | `edges`, `frontier`, `number` | what the core is made of |
//! | `error` | [`Error`]: what a problem may not be |

mod auction;
mod augment;
mod bids;
#[allow(dead_code, reason = "what continues a matching is for other solvers of the crate")]
mod core;
#[cfg(test)]
mod core_tests;
mod cost;
#[allow(dead_code, reason = "what continues a matching is for other solvers of the crate")]
mod edges;
mod error;
mod frontier;
mod lower;
mod number;
mod problem;
mod shortage;
mod solution;
mod solve;
mod verify;

pub(crate) use self::core::Core;
pub(crate) use cost::{Amount, Sealed};
pub(crate) use edges::Adjacency;
pub(crate) use number::Number;

pub use cost::{Cost, MAX_FLOAT};
pub use error::{Entry, Error};
pub use problem::{Goal, Problem};
pub use shortage::Shortage;
pub use solution::{Certificate, Solution};
pub use solve::solve;
pub use verify::{Flaw, Proof, verify};
pub(crate) use verify::{Pairs, verify_pairs};

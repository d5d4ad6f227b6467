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
//! | `solve` | [`solve()`]: puts a problem in the numbers of `paths`, and its prices in the problem's |
//! | `solution` | [`Solution`] and its [`Certificate`] |
//! | `verify` | [`verify()`]: proves optimality from the prices alone |
//! | `shortage` | [`Shortage`]: why there is no solution |
//! | `error` | [`Error`]: what a problem may not be |

mod cost;
mod error;
mod problem;
mod shortage;
mod solution;
mod solve;
mod verify;

pub(crate) use cost::{Amount, Sealed};
pub(crate) use verify::{Pairs, verify_pairs};

pub use crate::paths::Shortage;
pub use cost::{Cost, MAX_FLOAT};
pub use error::{Entry, Error};
pub use problem::{Goal, Problem};
pub use solution::{Certificate, Solution};
pub use solve::solve;
pub use verify::{Flaw, Proof, verify};

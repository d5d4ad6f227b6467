#![doc = include_str!("../README.md")]
//!
//! # What is where
//!
//! Floats are for [`dense`] and [`sparse`] alone, which take costs as others have them, to minimise or to
//! maximise. In a [`Problem`] a pair has an integer score or is forbidden.
//!
//! | module | says |
//! |---|---|
//! | `table` | [`Table`]: scores, row-major, with forbidden pairs |
//! | `problem` | [`Problem`]: a matrix, or classes of rows and columns that score alike |
//! | `solution` | [`Solution`], its [`Certificate`], and the class form of both |
//! | `solve` | [`solve()`]: picks the solver, checks what it gives |
//! | `doubling` | why doubled scores give the most pairs among the best totals |
//! | `classes` | [`solve_classes`]: merge, transport, split, price |
//! | `merge` | equal rows and equal columns of a class table become one |
//! | `transport` | successive shortest paths that push whole class counts |
//! | `exchanges` | what row classes could take from each other, for `transport` and `planner` |
//! | `expand` | [`expand()`]: class flows become rows and columns; [`Expansion`]: in parts |
//! | `matrix` | a table of rows and columns that are each for themselves, solved by `jv` |
//! | `jv` | Jonker–Volgenant on a dense matrix, in vectors; for `dense` too, where it is small |
//! | `bidding` | rounds of bids, with which `jv` and `paths` begin |
//! | `kernel` | loops compiled for more than one kind of processor |
//! | `prices` | the canonical dual prices of an optimal matching |
//! | `paths` | shortest augmenting paths, for `dense` and `sparse` |
//! | `planner` | [`Planner`]: keeps an assignment optimal while members come and go |
//! | `verify` | [`verify()`]: proves optimality from the prices alone |
//! | `explain` | [`Explanation`]: why something stayed behind, and what it lacked; [`Alternatives`]: what it would cost to bring it in, and how firm each pair is |
//! | `first_come` | [`first_come()`]: the greedy total, for comparison |
//! | `grid` | a dense rectangle of numbers |
//! | `error` | [`Error`]: what a problem may not be |
//! | [`dense`] | matrices of `i32`, `i64`, `f32` and `f64` |
//! | [`sparse`] | explicit pairs, places, rows that may stay unassigned at a price |
//!
//! # What "best" means
//!
//! 1. The total is the maximum over all matchings. A row or column that stays unassigned counts 0,
//!    so a pair with a negative score is never taken.
//! 2. Among the matchings with that total the result has the most pairs. So scores that are never
//!    negative and a problem without forbidden pairs always give `min(rows, columns)` pairs.
//!
//! The first is what [`Certificate`] proves and [`verify()`] checks. The second follows from how the
//! solvers work (module `doubling`) and is checked against brute force in the tests.

#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod bidding;
mod classes;
pub mod dense;
mod doubling;
mod error;
mod exchanges;
mod expand;
mod explain;
mod first_come;
mod grid;
mod jv;
mod kernel;
mod matrix;
mod merge;
mod paths;
mod planner;
mod prices;
mod problem;
mod solution;
mod solve;
pub mod sparse;
mod table;
mod transport;
mod verify;

pub use classes::solve_classes;
pub use error::Error;
pub use expand::{ByClass, Expansion, expand};
pub use explain::{
    Alternatives, Entry, Explanation, Margin, Reason, Unassigned, column_price_to_enter,
    column_reason, price_to_enter, reason,
};
pub use first_come::first_come;
pub use planner::{Change, Planner};
pub use problem::{Classes, Problem};
pub use solution::{Certificate, ClassSolution, Flow, Solution, UNASSIGNED};
pub use solve::{solve, solve_counted};
pub use table::{MAX_SCORE, Table};
pub use verify::{Flaw, Side, verify, verify_classes};

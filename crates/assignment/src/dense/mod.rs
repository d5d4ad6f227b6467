//! Assignment on a dense matrix of `i32`, `i64`, `f32` or `f64`, square or not, with forbidden
//! pairs; to minimise or to maximise.
//!
//! [`solve()`] assigns as many pairs as the lesser side has members, so that the total is the best,
//! and gives prices that prove it, which [`verify()`] checks without knowing how they were found.
//!
//! ```
//! use assignment::dense::{Goal, Matrix, solve, verify};
//!
//! let costs = [4.0, 1.0, 3.0, 2.0, 0.0, 5.0, 3.0, 2.0, 2.0];
//! let matrix = Matrix::new(3, 3, &costs)?;
//! let solution = solve(Goal::Minimise, &matrix)?;
//! assert_eq!(solution.columns, [1, 0, 2]);
//! assert_eq!(solution.total, 5.0);
//! assert!(verify(Goal::Minimise, &matrix, &solution).is_ok());
//! # Ok::<(), assignment::dense::Error>(())
//! ```
//!
//! The prices of a [`Certificate`] are those of a [sparse problem](crate::sparse) in which nobody
//! may stay unassigned. Where there are more rows than columns it is the columns that must be
//! assigned, and rows and columns change places in what is said there.
//!
//! | module | says |
//! |---|---|
//! | `matrix`, `element` | [`Matrix`]: what is given, and of what |
//! | `solve` | [`solve()`]: chooses the method |
//! | `small` | small matrices, solved whole |
//! | `alike` | equal rows and columns, solved by class |
//! | `candidates` | of each row only the cheapest columns |
//! | `choice` | which columns are the cheapest of a row |
//! | `groups` | reading a row, in vectors: the least of each group of columns |
//! | `costs` | what an element costs, and which are flawed |
//! | `level` | auctions, for prices that are nearly right, or for the last rows |
//! | `verify` | [`verify()`]: proves optimality from the prices alone |
//! | `error` | [`Error`]: what a matrix may not be |

mod alike;
mod candidates;
mod choice;
mod costs;
mod element;
mod error;
mod groups;
mod level;
mod matrix;
mod small;
mod solve;
mod verify;

pub use crate::sparse::{Certificate, Flaw, Goal, Proof, Solution};
pub(crate) use alike::few_differ;
pub use element::{Element, Forbidden};
pub use error::Error;
pub use matrix::Matrix;
pub use solve::solve;
pub use verify::verify;

//! Jonker–Volgenant on a dense matrix, all of it in vectors (Jonker & Volgenant 1987, Computing 38,
//! 325–340; rectangular after Crouse 2016, IEEE TAES 52, 1679–1696).
//!
//! Rows are not more than columns. Every row wants the cheapest: the least of `cost + column price`,
//! or what it costs any row to stay out. Invariants from the first bid to the end:
//!
//! - the price of a row is at most `cost + column price` in each column and at most the cost of staying
//!   out, and exactly that of what it has;
//! - no column price is negative, and that of a column that is still free is 0 (a column that was
//!   taken once is never free again).
//!
//! Two phases: rows bid for their best column while that is cheap (the augmenting row reduction of
//! the paper, which is the naive auction), then Dijkstra's method finds for each row left over the
//! shortest way to a free column, or to a row that is best left out.
//!
//! | module | says |
//! |---|---|
//! | `lane` | [`Lane`]: the numbers, and how far they may go |
//! | `solver` | bids, searches, and the prices |
//! | `search` | what one search knows of the columns |

mod lane;
mod search;
mod solver;
#[cfg(test)]
mod tests;

pub(crate) use lane::{Lane, most};
pub(crate) use solver::{Optimum, solve};

/// Columns that are looked at together. There is always a multiple of it: the last ones are padding
/// that is forbidden to every row.
pub(crate) const LANES: usize = 16;

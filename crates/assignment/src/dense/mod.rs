//! Dense matrices of costs.

mod candidates;
mod cost;
mod kernel;
mod matrix;
mod solve;

pub use cost::{Cost, Wide};
pub use matrix::Matrix;
pub use solve::{Assignment, assign};

/// Whether low costs are good or high ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Goal {
    /// The least total.
    Minimize,
    /// The highest total.
    Maximize,
}

/// Why a matrix cannot be assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There are not `rows × columns` costs, or too many rows or columns.
    Shape {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        columns: usize,
        /// Costs given.
        costs: usize,
    },
    /// A cost is no number, or so large that a total could not be told.
    Cost {
        /// Row of the matrix.
        row: usize,
        /// Column of the matrix.
        column: usize,
    },
    /// These are permitted fewer than they are, of the other side, together.
    Infeasible {
        /// Rows (columns when there are more rows than columns), ascending.
        members: Vec<u32>,
        /// All that they are permitted, ascending.
        permitted: Vec<u32>,
    },
}

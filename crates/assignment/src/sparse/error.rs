use core::fmt;

use super::Shortage;

/// What is wrong with a sparse problem. All of it is the caller's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Row starts that are no row starts: the first is not 0, one is less than the one before, or
    /// the last is not the number of edges.
    RowStarts {
        /// The row whose end is wrong.
        row: usize,
    },
    /// There are not as many costs as columns of edges.
    CostsDoNotFit {
        /// Columns of edges.
        columns: usize,
        /// Costs.
        costs: usize,
    },
    /// 2³¹ rows or more, or as many columns and edges together.
    TooLarge {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
        /// Edges.
        edges: usize,
    },
    /// An edge to a column that the problem does not have.
    UnknownColumn {
        /// Number of the edge, counted through all rows.
        edge: usize,
        /// Its row.
        row: usize,
        /// Its column.
        column: u32,
    },
    /// A cost is not a number.
    NotANumber(Entry),
    /// A cost is infinitely good, so that no total could be better than another.
    InfinitelyGood(Entry),
    /// A finite float beyond ±[`MAX_FLOAT`](super::MAX_FLOAT), of which sums could be infinite.
    CostTooLarge(Entry),
    /// There are not as many numbers of places as columns.
    PlacesDoNotFit {
        /// Columns of the problem.
        columns: usize,
        /// Numbers given.
        places: usize,
    },
    /// There are not as many costs of staying unassigned as rows.
    UnassignedDoNotFit {
        /// Rows of the problem.
        rows: usize,
        /// Costs given.
        costs: usize,
    },
    /// No assignment is permitted, for this reason.
    Infeasible(Shortage),
}

/// A number of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The cost of an edge.
    Edge {
        /// Number of the edge, counted through all rows as they were given.
        edge: usize,
        /// Its row.
        row: usize,
        /// Its column.
        column: u32,
    },
    /// What it costs a row to stay unassigned.
    Unassigned {
        /// The row.
        row: usize,
    },
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edge { edge, row, column } => {
                write!(f, "edge {edge}, row {row}, column {column}")
            }
            Self::Unassigned { row } => write!(f, "row {row} unassigned"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowStarts { row } => write!(f, "row starts are out of order: end of row {row}"),
            Self::CostsDoNotFit { columns, costs } => {
                write!(f, "{costs} costs where there are {columns} columns of edges")
            }
            Self::TooLarge { rows, columns, edges } => {
                write!(f, "too many rows, columns or edges: {rows}, {columns}, {edges}")
            }
            Self::UnknownColumn { edge, row, column } => {
                write!(f, "unknown column: edge {edge}, row {row}, column {column}")
            }
            Self::NotANumber(entry) => write!(f, "not a number: {entry}"),
            Self::InfinitelyGood(entry) => write!(f, "infinitely good: {entry}"),
            Self::CostTooLarge(entry) => write!(f, "cost too large: {entry}"),
            Self::PlacesDoNotFit { columns, places } => {
                write!(f, "{places} numbers of places where there are {columns} columns")
            }
            Self::UnassignedDoNotFit { rows, costs } => {
                write!(f, "{costs} costs of staying unassigned where there are {rows} rows")
            }
            Self::Infeasible(shortage) => write!(f, "no assignment is permitted: {shortage}"),
        }
    }
}

impl core::error::Error for Error {}

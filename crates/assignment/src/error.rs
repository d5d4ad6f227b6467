use core::fmt;

/// What is wrong with a problem. All of it is the caller's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// A score is beyond ±[`MAX_SCORE`](crate::MAX_SCORE), or so large that a total of
    /// `min(rows, columns)` of it would not fit an `i64`. Names the pair in the table.
    ScoreTooLarge {
        /// Row of the table.
        row: usize,
        /// Column of the table.
        column: usize,
    },
    /// More rows or columns than a `u32` can number, or a table that cannot be addressed.
    TooLarge {
        /// Rows asked for.
        rows: u64,
        /// Columns asked for.
        columns: u64,
    },
    /// The class of this row is not a row of the class table.
    UnknownRowClass {
        /// Number of the row.
        row: usize,
    },
    /// The class of this column is not a column of the class table.
    UnknownColumnClass {
        /// Number of the column.
        column: usize,
    },
    /// There are not as many counts as the class table has rows or columns.
    CountsDoNotFit {
        /// Counts given for row classes.
        row_counts: usize,
        /// Counts given for column classes.
        column_counts: usize,
    },
    /// The members of all classes of one side are more than a `u64` can count.
    TooManyMembers,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ScoreTooLarge { row, column } => {
                write!(f, "score too large: row {row}, column {column}")
            }
            Self::TooLarge { rows, columns } => {
                write!(f, "too many rows or columns: {rows} by {columns}")
            }
            Self::UnknownRowClass { row } => write!(f, "unknown class of row {row}"),
            Self::UnknownColumnClass { column } => write!(f, "unknown class of column {column}"),
            Self::CountsDoNotFit { row_counts, column_counts } => write!(
                f,
                "counts do not fit the class table: {row_counts} row counts, {column_counts} column counts"
            ),
            Self::TooManyMembers => write!(f, "too many members in the classes of one side"),
        }
    }
}

impl core::error::Error for Error {}

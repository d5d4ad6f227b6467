use alloc::vec::Vec;
use core::fmt;

/// Why no assignment is permitted: rows of which none may stay unassigned, and whose permitted
/// columns have together fewer places than they are (a violation of Hall's condition).
///
/// [`sparse::solve`](crate::sparse::solve()) gives one that is minimal: without any one of its rows the others can
/// be assigned, and one place more in any of its columns is enough for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// The rows, ascending.
    pub rows: Vec<u32>,
    /// All columns that these rows are permitted, ascending.
    pub columns: Vec<u32>,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = (self.rows.len(), self.columns.len());
        match self.rows.first() {
            Some(first) if rows == 1 && columns == 0 => {
                write!(f, "row {first} is permitted no column")
            }
            Some(first) => write!(
                f,
                "{rows} rows, of which row {first} is the first, are permitted only {columns} columns, with too few places"
            ),
            None => f.write_str("no rows"),
        }
    }
}

use alloc::vec::Vec;
use core::fmt;

use crate::Side;
use crate::paths::Listed;

/// Why a matrix cannot be assigned. All of it is the caller's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// There are not `rows × columns` elements, or there are 2³¹ rows or columns or more.
    Shape {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        columns: usize,
        /// Elements given.
        elements: usize,
    },
    /// An element is not a number, is infinitely good, or is so large that sums could overflow: above
    /// 2⁵² / (n + 1) for integers and 2¹⁰¹³ / (n + 1) for floats, with n the lesser of rows and columns.
    Unusable {
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// Not every member of the lesser side can be assigned: these are permitted fewer members of the
    /// other side, all together, than they are (a violation of Hall's condition). It is minimal:
    /// without any one of them, the others can be assigned.
    Infeasible {
        /// The lesser side; rows when both are as many.
        side: Side,
        /// Who cannot all be assigned, ascending.
        members: Vec<u32>,
        /// All whom they are permitted, ascending.
        permitted: Vec<u32>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { rows, columns, elements } => {
                write!(f, "{elements} elements do not make {rows} rows of {columns} columns")
            }
            Self::Unusable { row, column } => {
                write!(f, "not a number, infinite or too large: row {row}, column {column}")
            }
            Self::Infeasible { side, members, permitted } => {
                let (side, other) = match side {
                    Side::Rows => ("row", "column"),
                    Side::Columns => ("column", "row"),
                };
                let (who, whom) = (Listed(side, members), Listed(other, permitted));
                let verb = if members.len() == 1 { "is" } else { "are" };
                match permitted.as_slice() {
                    [] => write!(f, "{who} {verb} permitted no {other}"),
                    _ => write!(f, "{who} {verb} permitted only {whom}"),
                }
            }
        }
    }
}

impl core::error::Error for Error {}

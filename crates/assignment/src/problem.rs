use alloc::vec;
use alloc::vec::Vec;

use crate::{Error, Table};

/// A problem in which rows fall into classes that score alike, and so do columns.
///
/// A class may be empty. Two classes may score alike; the solver merges them.
#[derive(Debug, Clone, Copy)]
pub struct Classes<'a> {
    /// For each row its class: a row of `table`.
    pub row_class: &'a [u32],
    /// For each column its class: a column of `table`.
    pub column_class: &'a [u32],
    /// Scores, row classes × column classes.
    pub table: &'a Table,
}

/// What is to be assigned.
#[derive(Debug, Clone, Copy)]
pub enum Problem<'a> {
    /// Rows and columns in classes that score alike: solved by class, in time that hardly depends
    /// on how many members they have.
    Classes(Classes<'a>),
    /// Each row and each column for itself, dense, with forbidden pairs.
    Matrix(&'a Table),
}

impl<'a> Problem<'a> {
    /// How many rows there are to assign.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.row_class.len(),
            Self::Matrix(table) => table.rows(),
        }
    }

    /// How many columns there are to assign.
    #[must_use]
    pub fn columns(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.column_class.len(),
            Self::Matrix(table) => table.columns(),
        }
    }

    /// The table of scores: of classes, or of rows and columns.
    #[must_use]
    pub fn table(&self) -> &'a Table {
        match self {
            Self::Classes(classes) => classes.table,
            Self::Matrix(table) => table,
        }
    }

    /// The row of [`table`](Self::table), and of the certificate, that belongs to a row.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    #[must_use]
    pub fn row_class(&self, row: usize) -> usize {
        match self {
            Self::Classes(classes) => classes.row_class[row] as usize,
            Self::Matrix(_) => row,
        }
    }

    /// The column of [`table`](Self::table), and of the certificate, that belongs to a column.
    ///
    /// # Panics
    ///
    /// When there is no such column.
    #[must_use]
    pub fn column_class(&self, column: usize) -> usize {
        match self {
            Self::Classes(classes) => classes.column_class[column] as usize,
            Self::Matrix(_) => column,
        }
    }

    /// The score of a row with a column; `None` when the pair is forbidden.
    ///
    /// # Panics
    ///
    /// When there is no such row or column.
    #[must_use]
    pub fn score(&self, row: usize, column: usize) -> Option<i64> {
        self.table().get(self.row_class(row), self.column_class(column))
    }
}

/// That there are not more members than a `u32` can number.
pub(crate) fn check_members(classes: &Classes<'_>) -> Result<(), Error> {
    let numbered = |count: usize| u32::try_from(count).is_ok_and(|count| count < u32::MAX);
    let (rows, columns) = (classes.row_class.len(), classes.column_class.len());
    if numbered(rows) && numbered(columns) {
        return Ok(());
    }
    Err(Error::TooLarge { rows: rows as u64, columns: columns as u64 })
}

/// How many members each class has, after the checks that every member has one and that there are
/// not more members than a `u32` can number.
pub(crate) fn count(classes: &Classes<'_>) -> Result<(Vec<u64>, Vec<u64>), Error> {
    check_members(classes)?;
    let Classes { row_class, column_class, table } = *classes;
    let rows = members(row_class, table.rows()).map_err(|row| Error::UnknownRowClass { row })?;
    let columns = members(column_class, table.columns())
        .map_err(|column| Error::UnknownColumnClass { column })?;
    Ok((rows, columns))
}

/// Counts the members of each class, or names the first member without one.
fn members(class: &[u32], classes: usize) -> Result<Vec<u64>, usize> {
    let mut counts = vec![0; classes];
    for (member, &class) in class.iter().enumerate() {
        *counts.get_mut(class as usize).ok_or(member)? += 1;
    }
    Ok(counts)
}

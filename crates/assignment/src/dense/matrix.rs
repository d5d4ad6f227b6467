use alloc::vec::Vec;

use super::{Element, Error};

/// A dense matrix of costs or scores, row-major: what each row counts with each column.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a, T> {
    rows: usize,
    columns: usize,
    elements: &'a [T],
}

impl<'a, T: Element> Matrix<'a, T> {
    /// `elements` holds row after row, `rows × columns` of them. Either side may be 0.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] when there are not as many elements, or 2³¹ rows or columns or more.
    pub fn new(rows: usize, columns: usize, elements: &'a [T]) -> Result<Self, Error> {
        let numbered = |count: usize| count < 1 << 31;
        let fits = rows.checked_mul(columns) == Some(elements.len());
        if fits && numbered(rows) && numbered(columns) {
            return Ok(Self { rows, columns, elements });
        }
        Err(Error::Shape { rows, columns, elements: elements.len() })
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All elements, row after row.
    #[must_use]
    pub fn elements(&self) -> &'a [T] {
        self.elements
    }

    /// The elements of a row.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &'a [T] {
        &self.elements[row * self.columns..][..self.columns]
    }

    /// The elements with rows and columns in each other's place: column after column.
    #[must_use]
    pub fn transposed(&self) -> Vec<T> {
        /// Side of the square that is transposed at once; two of them fit the first-level cache.
        const TILE: usize = 32;
        let mut elements = self.elements.to_vec();
        for top in (0..self.rows).step_by(TILE) {
            for left in (0..self.columns).step_by(TILE) {
                for row in top..(top + TILE).min(self.rows) {
                    for column in left..(left + TILE).min(self.columns) {
                        elements[column * self.rows + row] =
                            self.elements[row * self.columns + column];
                    }
                }
            }
        }
        elements
    }
}

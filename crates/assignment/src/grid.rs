use alloc::vec;
use alloc::vec::Vec;

/// A dense rectangle of numbers, row-major: what the solvers work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid<T> {
    rows: usize,
    columns: usize,
    cells: Vec<T>,
}

/// Side of the square that is transposed at once; two of them fit the first-level cache.
const TILE: usize = 32;

impl<T: Copy> Grid<T> {
    pub(crate) fn filled(rows: usize, columns: usize, cell: T) -> Self {
        Self { rows, columns, cells: vec![cell; rows * columns] }
    }

    /// A row of cells for each of `rows`, all of the same length.
    pub(crate) fn of_rows<R, C: Iterator<Item = T>>(
        columns: usize,
        rows: impl ExactSizeIterator<Item = R>,
        cells: impl Fn(R) -> C,
    ) -> Self {
        let count = rows.len();
        let mut all = Vec::with_capacity(count * columns);
        rows.for_each(|row| all.extend(cells(row)));
        debug_assert_eq!(all.len(), count * columns);
        Self { rows: count, columns, cells: all }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn at(&self, row: usize, column: usize) -> T {
        self.cells[row * self.columns + column]
    }

    pub(crate) fn at_mut(&mut self, row: usize, column: usize) -> &mut T {
        &mut self.cells[row * self.columns + column]
    }

    pub(crate) fn row(&self, row: usize) -> &[T] {
        &self.cells[row * self.columns..][..self.columns]
    }

    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [T] {
        &mut self.cells[row * self.columns..][..self.columns]
    }

    pub(crate) fn map<U>(&self, f: impl Fn(T) -> U) -> Grid<U> {
        let cells = self.cells.iter().map(|&cell| f(cell)).collect();
        Grid { rows: self.rows, columns: self.columns, cells }
    }

    /// The same with columns of `cell` behind, so many that all are a multiple of `lanes`.
    pub(crate) fn padded(self, lanes: usize, cell: T) -> Self {
        let columns = self.columns.next_multiple_of(lanes);
        if columns == self.columns {
            return self;
        }
        let mut padded = Self::filled(self.rows, columns, cell);
        for row in 0..self.rows {
            padded.cells[row * columns..][..self.columns].copy_from_slice(self.row(row));
        }
        padded
    }

    pub(crate) fn transposed(&self) -> Self {
        let mut cells = self.cells.clone();
        for top in (0..self.rows).step_by(TILE) {
            for left in (0..self.columns).step_by(TILE) {
                for row in top..(top + TILE).min(self.rows) {
                    for column in left..(left + TILE).min(self.columns) {
                        cells[column * self.rows + row] = self.cells[row * self.columns + column];
                    }
                }
            }
        }
        Self { rows: self.columns, columns: self.rows, cells }
    }
}

use alloc::vec::Vec;

use super::pairs::Pairs;
use crate::UNASSIGNED;
use crate::exchanges::UNREACHED;
use crate::grid::Grid;

/// By how much a score may fall before the assignment is no longer the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Margin {
    /// Row of the problem's table.
    pub row_class: u32,
    /// Column of the problem's table.
    pub column_class: u32,
    /// When this score of the table falls by as much, the assignment is still one of the best; by more,
    /// another is strictly better. Never negative, and never more than the score.
    pub margin: i64,
}

/// Searches for the cheapest exchange by which two classes that are paired have a pair less.
///
/// Columns are nodes, and one more stands for nothing, which every unassigned row has. Rows lead from
/// what they have to what they could take; nobody, who has the free columns and nothing, takes whatever
/// is left. The way starts at the row class and ends when somebody else takes the column class. It never
/// comes back to the row class: an exchange is made of simple cycles, of which none gains anything, so that
/// one through the pair alone loses no more than all of them.
pub(super) struct Search<'a> {
    pairs: &'a Pairs<'a>,
    /// What each row class, and nobody last, loses by taking each column class, and nothing last.
    slacks: Grid<i64>,
    /// Length of the way to each column class, and to nothing.
    lengths: Vec<i64>,
    /// 0, or [`UNREACHED`] when the search has gone on from the column class.
    done: Vec<i64>,
    /// Row classes that the search has gone on from, and nobody.
    seen: Vec<bool>,
    /// The columns at the present length.
    front: Vec<usize>,
}

impl<'a> Search<'a> {
    pub(super) fn new(pairs: &'a Pairs<'a>) -> Self {
        let (rows, columns) = (pairs.row_prices.len(), pairs.column_prices.len());
        let slacks = Grid::of_rows(columns + 1, 0..rows + 1, |row| {
            let price = pairs.row_prices.get(row).copied().unwrap_or(0);
            let slack = move |column| pairs.slack(row, column).unwrap_or(UNREACHED);
            let of_nobody = pairs.column_prices.iter().copied().filter(move |_| row == rows);
            let of_row = (0..columns).filter(move |_| row < rows).map(slack);
            of_row.chain(of_nobody).chain([price])
        });
        let (lengths, done, seen) = (Vec::new(), Vec::new(), Vec::new());
        Self { pairs, slacks, lengths, done, seen, front: Vec::new() }
    }

    /// What it costs that two classes have a pair less.
    pub(super) fn margin(&mut self, row_class: usize, column_class: usize) -> i64 {
        self.seen.clear();
        self.seen.resize(self.slacks.rows(), false);
        self.seen[row_class] = true;
        self.lengths.clear();
        self.lengths.extend_from_slice(self.slacks.row(row_class));
        // The row class takes something else.
        self.lengths[column_class] = UNREACHED;
        self.done.clear();
        self.done.resize(self.lengths.len(), 0);
        loop {
            let length = self.advance();
            if self.lengths[column_class] == length {
                return length;
            }
            let front = core::mem::take(&mut self.front);
            for &column in &front {
                self.reach(column, length);
            }
            self.front = front;
        }
    }

    /// Closes the open columns that are nearest, and gives their length. There are always some: at
    /// worst a row gives up and nobody takes its column.
    fn advance(&mut self) -> i64 {
        let open = || self.lengths.iter().zip(&self.done).map(|(&length, &done)| length + done);
        let length = open().fold(UNREACHED, i64::min);
        self.front.clear();
        self.front
            .extend((0..).zip(open()).filter(|&(_, l)| l == length).map(|(column, _)| column));
        for &column in &self.front {
            self.done[column] = UNREACHED;
        }
        length
    }

    /// Goes on from all who have a column.
    fn reach(&mut self, column: usize, length: i64) {
        let pairs = self.pairs;
        let nobody = self.slacks.rows() - 1;
        if column == self.slacks.columns() - 1 {
            self.go_on_from(nobody, length);
            for row in (0..nobody).filter(|&row| pairs.free_row[row] != UNASSIGNED) {
                self.go_on_from(row, length);
            }
            return;
        }
        if pairs.free_column[column] != UNASSIGNED {
            self.go_on_from(nobody, length);
        }
        for &pair in pairs.of_column(column) {
            self.go_on_from(pairs.all[pair as usize].row_class as usize, length);
        }
    }

    fn go_on_from(&mut self, row: usize, length: i64) {
        if !core::mem::replace(&mut self.seen[row], true) {
            for (shortest, &slack) in self.lengths.iter_mut().zip(self.slacks.row(row)) {
                *shortest = (*shortest).min(length + slack);
            }
        }
    }
}

use super::pairs::Pairs;
use crate::UNASSIGNED;
use crate::exchanges::UNREACHED;

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
/// comes back to the row class: a simple cycle through a pair of classes is enough, for of all cycles that
/// an exchange is made of none gains, so the one through the pair alone loses no more than all.
pub(super) struct Search<'a> {
    pairs: &'a Pairs<'a>,
    /// Length of the way to each column class, and to nothing.
    lengths: Vec<i64>,
    open: Vec<bool>,
    /// Row classes that the search has gone on from, and nobody.
    seen: Vec<bool>,
    /// The columns at the present length.
    front: Vec<usize>,
}

impl<'a> Search<'a> {
    pub(super) fn new(pairs: &'a Pairs<'a>) -> Self {
        Self { pairs, lengths: Vec::new(), open: Vec::new(), seen: Vec::new(), front: Vec::new() }
    }

    fn nothing(&self) -> usize {
        self.lengths.len() - 1
    }

    fn nobody(&self) -> usize {
        self.seen.len() - 1
    }

    fn restart(&mut self) {
        let (rows, columns) = (self.pairs.table.rows(), self.pairs.table.columns());
        self.lengths.clear();
        self.lengths.resize(columns + 1, UNREACHED);
        self.open.clear();
        self.open.resize(columns + 1, true);
        self.seen.clear();
        self.seen.resize(rows + 1, false);
    }

    /// What it costs that two classes have a pair less.
    pub(super) fn margin(&mut self, row_class: usize, column_class: usize) -> i64 {
        self.restart();
        self.go_on_from(row_class, 0);
        // The row class takes something else.
        self.lengths[column_class] = UNREACHED;
        loop {
            let length = self.advance();
            if self.lengths[column_class] == length {
                return length;
            }
            let front = std::mem::take(&mut self.front);
            for &column in &front {
                self.reach(column, length);
            }
            self.front = front;
        }
    }

    /// Closes the open columns that are nearest, and gives their length. There are always some: at
    /// worst a row gives up and nobody takes its column.
    fn advance(&mut self) -> i64 {
        let open =
            || self.lengths.iter().zip(&self.open).enumerate().filter(|(_, (_, open))| **open);
        let length = open().map(|(_, (&length, _))| length).fold(UNREACHED, i64::min);
        self.front.clear();
        self.front.extend(open().filter(|(_, (l, _))| **l == length).map(|(column, _)| column));
        for &column in &self.front {
            self.open[column] = false;
        }
        length
    }

    /// Goes on from all who have a column.
    fn reach(&mut self, column: usize, length: i64) {
        let pairs = self.pairs;
        let nobody = self.nobody();
        if column == self.nothing() {
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
        if std::mem::replace(&mut self.seen[row], true) {
            return;
        }
        let pairs = self.pairs;
        let (nobody, nothing) = (self.nobody(), self.nothing());
        let mut relax = |column: usize, by_row: i64| {
            self.lengths[column] = self.lengths[column].min(length + by_row);
        };
        if row == nobody {
            pairs
                .column_prices
                .iter()
                .enumerate()
                .for_each(|(column, &price)| relax(column, price));
            relax(nothing, 0);
        } else {
            let price = pairs.row_prices[row];
            for (column, (score, &other)) in
                pairs.table.row(row).zip(pairs.column_prices).enumerate()
            {
                if let Some(score) = score {
                    relax(column, price + other - score);
                }
            }
            relax(nothing, price);
        }
    }
}

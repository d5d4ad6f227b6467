//! What row classes could take from each other, kept up to date while they take it.

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::grid::Grid;

/// Beyond the length of every way, and small enough to be added to itself or to a length.
pub(crate) const UNREACHED: i64 = i64::MAX / 2;

/// What each class could take from each other class: `taker × holder`.
#[derive(Debug, Clone)]
pub(crate) struct Exchanges {
    /// The most that the taker gains, of equals by the first column class; [`NO_GAIN`] when there is nothing that is
    /// worth taking.
    gains: Grid<i64>,
    /// The column class by which it gains that.
    columns: Grid<u32>,
    /// The column classes that each holder has, ascending, and what it has there: few, so a look at each
    /// is fastest.
    held: Vec<Vec<(u32, i64)>>,
}

/// Less than every gain, and far enough from the end of the type to calculate with.
const NO_GAIN: i64 = -UNREACHED;

impl Exchanges {
    pub(crate) fn new(rows: usize) -> Self {
        Self {
            gains: Grid::filled(rows, rows, NO_GAIN),
            columns: Grid::filled(rows, rows, u32::MAX),
            held: vec![Vec::new(); rows],
        }
    }

    /// Whether the class has nothing that another could take.
    pub(crate) fn holds_nothing(&self, holder: usize) -> bool {
        self.held[holder].is_empty()
    }

    /// What a class gains at most by taking from each class.
    pub(crate) fn gains(&self, taker: usize) -> &[i64] {
        self.gains.row(taker)
    }

    /// By which column class it gains that.
    pub(crate) fn column(&self, taker: usize, holder: usize) -> u32 {
        self.columns.at(taker, holder)
    }

    /// The holder has a new column class; `scores` are what every class has there.
    pub(crate) fn offer(&mut self, holder: usize, column: u32, scores: &[i64]) {
        let held = &mut self.held[holder];
        held.insert(held.partition_point(|&(held, _)| held < column), (column, scores[holder]));
        for taker in (0..scores.len()).filter(|&taker| taker != holder) {
            // 0 is what it is worth to stay unassigned, where that is a column class too.
            if scores[taker] < 0 {
                continue;
            }
            let gain = scores[taker] - scores[holder];
            let best = (self.gains.at(taker, holder), Reverse(self.columns.at(taker, holder)));
            if (gain, Reverse(column)) > best {
                self.set(taker, holder, (gain, column));
            }
        }
    }

    /// The holder has let a column class go.
    pub(crate) fn withdraw(&mut self, holder: usize, column: u32, by_column: &Grid<i64>) {
        self.held[holder].retain(|&(held, _)| held != column);
        for taker in 0..self.gains.rows() {
            if self.columns.at(taker, holder) == column {
                let mut best = (NO_GAIN, u32::MAX);
                for &(column, has) in &self.held[holder] {
                    let score = by_column.at(column as usize, taker);
                    // The first of equals stays.
                    if score >= 0 && score - has > best.0 {
                        best = (score - has, column);
                    }
                }
                self.set(taker, holder, best);
            }
        }
    }

    fn set(&mut self, taker: usize, holder: usize, (gain, column): (i64, u32)) {
        *self.gains.at_mut(taker, holder) = gain;
        *self.columns.at_mut(taker, holder) = column;
    }
}

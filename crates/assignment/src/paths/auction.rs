//! The auction with a least raise (Bertsekas 1988, Annals of Operations Research 14, 105–123):
//! prices that are nearly right everywhere, for searches that start from them.
//!
//! Where what a row wants depends on what all others want, as between places on a map, searches
//! bring rows in one after the other and each way is long. In an auction all prices find their level
//! together. With a least raise of ε it ends, and every row has a column within ε of its best.

use alloc::vec::Vec;

use super::edges::Adjacency;
use super::matching::Matching;
use super::number::Number;
use crate::UNASSIGNED;

impl<T: Number, A: Adjacency<T>> Matching<T, A> {
    /// Every row bids, `raise` above the second best, until each has a column; false when one is
    /// permitted nothing or the `bids` are used up, of which what is left is given back. There must be
    /// as many rows as columns, with one place each, and no row may stay out: so every column is taken
    /// in the end, whatever its price.
    pub(crate) fn auction(&mut self, raise: T, bids: &mut usize) -> bool {
        self.clear_out();
        let bidders = core::mem::take(&mut self.waiting);
        self.bid_up(bidders, raise, bids).is_empty()
    }

    /// The rows that wait bid in this way, with the same conditions. After it those wait whose column is
    /// not the best for them, or who have none.
    pub(crate) fn settle(&mut self, raise: T, bids: &mut usize) {
        let bidders = core::mem::take(&mut self.waiting);
        self.bid_up(bidders, raise, bids);
        for row in 0..self.rows.len() as u32 {
            let best = self.best_two(row);
            let column = self.rows[row as usize].seat.column;
            if column != UNASSIGNED && column == best.column {
                self.rows[row as usize].price = best.first;
            } else {
                self.take_out(row);
                self.waiting.push(row);
            }
        }
    }

    /// Gives the rows that are left without a column. The prices of rows are not kept.
    fn bid_up(&mut self, mut bidders: Vec<u32>, raise: T, bids: &mut usize) -> Vec<u32> {
        debug_assert_eq!(self.rows.len(), self.columns.len());
        bidders.reverse();
        while let Some(row) = bidders.pop() {
            let best = self.best_two(row);
            let (first, column) = (best.first, best.column);
            if first == T::FAR || *bids == 0 {
                bidders.push(row);
                break;
            }
            *bids -= 1;
            let rise = if best.second < T::FAR { best.second - first + raise } else { raise };
            self.prices[column as usize] = self.prices[column as usize] + rise;
            let outbid = self.holders(column).first().copied();
            if let Some(loser) = outbid {
                self.take_out(loser);
                bidders.push(loser);
            }
            self.take(row, column);
        }
        bidders
    }

    /// Every row loses its column, and waits.
    pub(crate) fn clear_out(&mut self) {
        for row in 0..self.rows.len() as u32 {
            self.take_out(row);
        }
        self.waiting.clear();
        self.waiting.extend(0..self.rows.len() as u32);
    }
}

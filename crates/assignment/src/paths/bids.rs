//! The start: rows bid for their best column while that is cheap (the augmenting row reduction of
//! Jonker & Volgenant 1987, which is the naive auction).

use super::edges::Adjacency;
use super::matching::Matching;
use super::number::Number;
use crate::UNASSIGNED;
use crate::bidding::{Bid, bid_all};

/// How often each row left over may bid, on average, before the shortest ways take over. Bids are
/// the cheaper the emptier the matching; a price war between near equals is endless.
pub(super) const BIDS: usize = 8;

/// The best two columns for a row at the present prices.
pub(super) struct BestTwo<T> {
    pub(super) first: T,
    pub(super) column: u32,
    pub(super) second: T,
    second_column: u32,
}

impl<T: Number, A: Adjacency<T>> Matching<T, A> {
    /// The rows that wait bid, so often on average at most in each of two rounds; gives how many still wait.
    pub(crate) fn bid_rounds(&mut self, each: usize) -> usize {
        let bidders = core::mem::take(&mut self.waiting);
        self.waiting = bid_all(bidders, each, |row| self.bid(row));
        self.waiting.len()
    }

    /// A row takes its best column and raises its price to where the second best is as good. Of a
    /// column with several places it takes a free one and leaves the price to the searches.
    fn bid(&mut self, row: u32) -> Bid<u32> {
        let best = self.best_two(row);
        let out = self.rows[row as usize].out;
        if out < T::FAR && out <= best.first {
            self.stay_out(row);
            return Bid::Settled;
        }
        if best.column == UNASSIGNED {
            return Bid::Lost(row);
        }
        let evade = best.second == best.first && self.columns[best.column as usize].free == 0;
        let column = match self.columns.get(best.second_column as usize) {
            Some(second) if evade && second.free > 0 => best.second_column,
            _ => best.column,
        };
        let second = best.second.lesser(out);
        let raised = best.first < second && second < T::FAR;
        if !raised || self.places(column).len() != 1 {
            if self.columns[column as usize].free == 0 {
                return Bid::Lost(row);
            }
            self.rows[row as usize].price = best.first;
            self.take(row, column);
            return Bid::Settled;
        }
        self.rows[row as usize].price = second;
        let price = &mut self.prices[column as usize];
        *price = price.greater(*price + (second - best.first));
        let outbid = self.holders(column).first().copied();
        if let Some(loser) = outbid {
            self.take_out(loser);
        }
        self.take(row, column);
        outbid.map_or(Bid::Settled, Bid::Outbid)
    }

    /// Of what is not listed only what it costs at least is known, which a second best may be.
    pub(super) fn best_two(&mut self, row: u32) -> BestTwo<T> {
        loop {
            let mut best = self.best_two_listed(row);
            let beyond = self.edges.beyond(row);
            if best.first <= beyond {
                if beyond < best.second {
                    (best.second, best.second_column) = (beyond, UNASSIGNED);
                }
                return best;
            }
            self.edges.widen(row, &self.prices);
        }
    }

    fn best_two_listed(&self, row: u32) -> BestTwo<T> {
        let mut best = BestTwo {
            first: T::FAR,
            column: UNASSIGNED,
            second: T::FAR,
            second_column: UNASSIGNED,
        };
        let is_ascending = self.edges.is_ascending(row);
        for (column, cost) in self.edges.row(row) {
            if is_ascending && cost >= best.second {
                break;
            }
            let value = cost + self.prices[column as usize];
            if value < best.second {
                if value < best.first {
                    (best.second, best.second_column) = (best.first, best.column);
                    (best.first, best.column) = (value, column);
                } else {
                    (best.second, best.second_column) = (value, column);
                }
            }
        }
        best
    }
}

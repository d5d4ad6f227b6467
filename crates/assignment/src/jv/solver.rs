use alloc::vec;
use alloc::vec::Vec;

use super::search::{Search, first_free};
use super::{LANES, Lane};
use crate::UNASSIGNED;
use crate::bidding::{Bid, bid_all};
use crate::grid::Grid;
use crate::kernel::{Kernel, vectorised};

/// How often each row left over may bid, on average, before the shortest ways take over. Bids are
/// the cheaper the emptier the matching; a price war between near equals is endless.
const BIDS: usize = 2;

/// An optimal matching and the prices that prove it.
pub(crate) struct Optimum<T> {
    /// For each row its column, or [`UNASSIGNED`] when it stays out.
    pub(crate) column_of: Vec<u32>,
    /// For each column its row, or [`UNASSIGNED`].
    pub(crate) row_of: Vec<u32>,
    pub(crate) row_prices: Vec<T>,
    pub(crate) column_prices: Vec<T>,
}

/// Finds it for a matrix of costs whose columns are a multiple of [`LANES`]; `out` is what it costs any
/// row to stay out, [`Lane::PROHIBITIVE`] when none may. `None` when a row that must be assigned cannot.
pub(crate) fn solve<T: Lane>(costs: &Grid<T>, out: T) -> Option<Optimum<T>> {
    debug_assert!(costs.rows() <= costs.columns() && costs.columns().is_multiple_of(LANES));
    vectorised(Solve { costs, out })
}

struct Solve<'a, T> {
    costs: &'a Grid<T>,
    out: T,
}

impl<T: Lane> Kernel for Solve<'_, T> {
    type Output = Option<Optimum<T>>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        Solver::new(self.costs, self.out).run()
    }
}

/// A matching in the making.
struct Solver<'a, T> {
    costs: &'a Grid<T>,
    out: T,
    has: Optimum<T>,
    search: Search<T>,
}

impl<'a, T: Lane> Solver<'a, T> {
    fn new(costs: &'a Grid<T>, out: T) -> Self {
        let (rows, columns) = (costs.rows(), costs.columns());
        let has = Optimum {
            column_of: vec![UNASSIGNED; rows],
            row_of: vec![UNASSIGNED; columns],
            row_prices: vec![T::ZERO; rows],
            column_prices: vec![T::ZERO; columns],
        };
        Self { costs, out, has, search: Search::new(columns) }
    }

    #[inline(always)]
    fn run(mut self) -> Option<Optimum<T>> {
        let waiting = bid_all((0..self.costs.rows()).collect(), BIDS, |row| self.bid(row));
        for row in waiting {
            if !self.augment(row) {
                return None;
            }
        }
        if !T::EXACT {
            self.tighten();
        }
        Some(self.has)
    }

    /// A row takes its best column and raises its price to where the second best is as good.
    #[inline(always)]
    fn bid(&mut self, row: usize) -> Bid<usize> {
        let (first, second) = self.best_two(row);
        if self.out <= first && self.out < T::UNREACHED {
            self.has.row_prices[row] = self.out;
            return Bid::Settled;
        }
        if first >= T::UNREACHED {
            return Bid::Lost(row);
        }
        let second = second.lesser(self.out);
        let column = self.column_at(row, first);
        let raised = first < second && second < T::UNREACHED;
        if !raised {
            if self.has.row_of[column] != UNASSIGNED {
                return Bid::Lost(row);
            }
            self.has.row_prices[row] = first;
            self.take(row, column);
            return Bid::Settled;
        }
        self.has.row_prices[row] = second;
        let price = &mut self.has.column_prices[column];
        *price = price.greater(*price + (second - first));
        match self.take(row, column) {
            UNASSIGNED => Bid::Settled,
            loser => {
                self.has.column_of[loser as usize] = UNASSIGNED;
                Bid::Outbid(loser as usize)
            }
        }
    }

    /// What the best two columns cost a row at the present prices.
    #[inline(always)]
    fn best_two(&self, row: usize) -> (T, T) {
        let (mut first, mut second) = ([T::PROHIBITIVE; LANES], [T::PROHIBITIVE; LANES]);
        let costs = self.costs.row(row).as_chunks::<LANES>().0;
        let prices = self.has.column_prices.as_chunks::<LANES>().0;
        for (costs, prices) in costs.iter().zip(prices) {
            for lane in 0..LANES {
                let value = costs[lane] + prices[lane];
                second[lane] = second[lane].lesser(first[lane].greater(value));
                first[lane] = first[lane].lesser(value);
            }
        }
        // Half of the lanes with the other half, and so on.
        let mut width = LANES;
        while width > 1 {
            width /= 2;
            for (lane, other) in (0..width).zip(width..) {
                let worse = first[lane].greater(first[other]);
                second[lane] = second[lane].lesser(second[other]).lesser(worse);
                first[lane] = first[lane].lesser(first[other]);
            }
        }
        (first[0], second[0])
    }

    /// The column that costs a row this: a free one if there is a choice, then the first.
    #[inline(always)]
    fn column_at(&self, row: usize, value: T) -> usize {
        let costs = self.costs.row(row).as_chunks::<LANES>().0;
        let prices = self.has.column_prices.as_chunks::<LANES>().0;
        let has = |(costs, prices): (&[T; LANES], &[T; LANES])| {
            core::array::from_fn(|lane| costs[lane] + prices[lane] == value)
        };
        first_free(costs.iter().zip(prices).map(has), &self.has.row_of)
    }

    /// Gives the row that held the column before.
    #[inline(always)]
    fn take(&mut self, row: usize, column: usize) -> u32 {
        self.has.column_of[row] = column as u32;
        core::mem::replace(&mut self.has.row_of[column], row as u32)
    }

    /// Brings one more row in by the shortest way, which may be that it stays out; false when there is
    /// none.
    #[inline(always)]
    fn augment(&mut self, start: usize) -> bool {
        self.search.restart(&self.has.column_prices);
        self.search.scan(start, T::ZERO, T::LOW, self.costs.row(start));
        // The row that is cheapest to leave out so far, and at what length.
        let mut left_out = (self.out, start);
        let (length, end) = loop {
            let (distance, column) = self.search.nearest(&self.has.row_of);
            if left_out.0 < distance {
                break (left_out.0, self.leave_out(left_out.1));
            }
            if distance >= T::UNREACHED {
                return false;
            }
            let row = self.has.row_of[column];
            if row == UNASSIGNED {
                break (distance, Some(column));
            }
            let row = row as usize;
            let base = distance - self.has.row_prices[row];
            if self.out < T::UNREACHED && base + self.out < left_out.0 {
                left_out = (base + self.out, row);
            }
            self.search.close(column, distance);
            self.search.scan(row, base, distance, self.costs.row(row));
        };
        self.move_prices(start, length);
        if let Some(end) = end {
            self.shift(start, end);
        }
        true
    }

    /// Takes the column of a row away, if it has one.
    #[inline(always)]
    fn leave_out(&mut self, row: usize) -> Option<usize> {
        let column = core::mem::replace(&mut self.has.column_of[row], UNASSIGNED);
        (column != UNASSIGNED).then_some(column as usize)
    }

    /// Makes every pair on the shortest way tight; `row_of` is still as it was in the search.
    #[inline(always)]
    fn move_prices(&mut self, start: usize, length: T) {
        self.has.row_prices[start] = length;
        for &(column, distance) in self.search.closed() {
            let row = self.has.row_of[column] as usize;
            let rise = length - distance;
            self.has.column_prices[column] = self.has.column_prices[column] + rise;
            self.has.row_prices[row] = self.has.row_prices[row] + rise;
        }
    }

    /// Moves every row on the way to the column that it was reached by.
    #[inline(always)]
    fn shift(&mut self, start: usize, end: usize) {
        let mut column = end;
        loop {
            let row = self.search.reached_from(column);
            let before = self.has.column_of[row];
            self.take(row, column);
            if row == start {
                return;
            }
            column = before as usize;
        }
    }

    /// Sets the price of each row to the least that it sees: what rounding has done shows in the pairs
    /// of the matching alone.
    #[inline(always)]
    fn tighten(&mut self) {
        for row in 0..self.costs.rows() {
            self.has.row_prices[row] = self.best_two(row).0.lesser(self.out);
        }
    }
}

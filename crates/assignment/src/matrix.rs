//! Shortest augmenting paths on a dense matrix (Jonker & Volgenant 1987, Computing 38, 325–340;
//! rectangular after Crouse 2016, IEEE TAES 52, 1679–1696), in terms of prices.
//!
//! Rows are the shorter side; every row has the choice to stay unassigned at 0. The slack of a
//! pair is row price + column price − score. Invariants from the first bid to the end:
//!
//! - no price is negative, no slack is negative, and the slack of an assigned pair is 0;
//! - a column that is still free has price 0 (a column that was taken once is never free again);
//! - a row that was given up has price 0.
//!
//! Two phases: rows bid for their best column while that is cheap (the augmenting row reduction of
//! the paper, which is the naive auction), then Dijkstra's method finds for each row left over the
//! shortest way to a free column, or to a row that is best given up.
//!
//! **Bounds.** A column that is held is priced score − row price, so all prices lie in
//! 0..=highest doubled score, and no way is longer than the price of the row it starts from, which
//! could give up itself. So nothing here adds up more than a few scores, whatever the size of the
//! matrix, and 32 bits are enough for scores up to 2^27, in which a step takes half the time.

use std::ops::{Add, Sub};

use crate::doubling::{REFUSED, doubled, kept_doubled};
use crate::grid::Grid;
use crate::prices::{Least, Prices, lower_columns};
use crate::{Certificate, Table, UNASSIGNED};

/// The integers that the solver works in.
pub(crate) trait Number: Copy + Ord + Add<Output = Self> + Sub<Output = Self> {
    const ZERO: Self;
    /// The largest doubled score for which nothing overflows: an eighth of the type's maximum.
    const LARGEST: Self;
    /// The distance of a column that is closed, beyond every distance.
    const CLOSED: Self;
    /// The price that a closed column is scanned with. It exceeds [`Self::CLOSED`] by more than
    /// any score, so that no candidate distance looks shorter than closed and opens it again.
    const CLOSED_PRICE: Self;

    fn from_score(doubled: i64) -> Self;
    fn half(self) -> Self;
    fn wide(self) -> i64;
}

macro_rules! number {
    ($number:ty) => {
        impl Number for $number {
            const ZERO: Self = 0;
            const LARGEST: Self = Self::MAX / 8;
            const CLOSED: Self = Self::MAX / 2;
            const CLOSED_PRICE: Self = Self::CLOSED + Self::LARGEST + 1;

            fn from_score(doubled: i64) -> Self {
                debug_assert!(doubled <= i64::from(Self::LARGEST));
                doubled as Self
            }
            fn half(self) -> Self {
                self >> 1
            }
            fn wide(self) -> i64 {
                i64::from(self)
            }
        }
    };
}
number!(i32);
number!(i64);

/// For each row its column or [`UNASSIGNED`], and the prices that prove it.
pub(crate) fn solve(table: &Table) -> (Vec<u32>, Certificate) {
    let highest = doubled(table.highest().map(|(score, ..)| score));
    if highest <= i32::LARGEST.wide() { solve_in::<i32>(table) } else { solve_in::<i64>(table) }
}

fn solve_in<T: Number>(table: &Table) -> (Vec<u32>, Certificate) {
    let scores = Grid::of_rows(table.columns(), 0..table.rows(), |row| {
        table.kept(row).iter().map(|&score| T::from_score(kept_doubled(score)))
    });
    let flip = table.rows() > table.columns();
    let scores = if flip { scores.transposed() } else { scores };
    let columns = scores.columns();
    let solver = Solver::new(scores.padded(LANES, T::from_score(REFUSED))).run();
    // Flipped, there are more of the table's rows, the columns here, than can be assigned.
    let least = Least::when(!flip && solver.column_of.contains(&UNASSIGNED));
    let (column_of, row_of, (rows, mut these)) = solver.finish(least);
    these.truncate(columns);
    if flip {
        (row_of[..columns].to_vec(), certificate(&these, &rows))
    } else {
        (column_of, certificate(&rows, &these))
    }
}

fn certificate<T: Number>(rows: &[T], columns: &[T]) -> Certificate {
    let wide = |prices: &[T]| prices.iter().map(|price| price.wide()).collect();
    Certificate { row_prices: wide(rows), column_prices: wide(columns) }
}

/// Columns that are looked at together in the search for a distance. There is always a multiple of it: the
/// last ones are padding that every row refuses.
const LANES: usize = 16;

/// How often each row left over may bid, on average, before the shortest ways take over. Bids are
/// the cheaper the emptier the matching; a price war between near equals is endless.
const BIDS: usize = 4;

/// A matching in the making. Rows are not more than columns; scores are doubled.
struct Solver<T> {
    scores: Grid<T>,
    row_prices: Vec<T>,
    column_prices: Vec<T>,
    column_of: Vec<u32>,
    row_of: Vec<u32>,
    search: Search<T>,
}

/// What one search for a shortest way knows of the columns.
struct Search<T> {
    /// Distance of each column that is open; [`Number::CLOSED`] of one that is closed.
    distances: Vec<T>,
    /// The row that each column is reached from.
    reached_from: Vec<u32>,
    /// Prices as scanned: [`Number::CLOSED_PRICE`] for closed columns.
    prices: Vec<T>,
    /// The least distance.
    least: T,
    /// The closed columns and their distances.
    closed: Vec<(usize, T)>,
}

/// How a bid went.
enum Bid {
    /// Nobody lost a column.
    Settled,
    /// This row lost its column; `raised` when the price went up.
    Outbid { loser: u32, raised: bool },
}

/// The best two columns for a row at the present prices.
struct BestTwo<T> {
    first: T,
    first_column: usize,
    second: T,
    second_column: usize,
}

impl<T: Number> Solver<T> {
    fn new(scores: Grid<T>) -> Self {
        let (rows, columns) = (scores.rows(), scores.columns());
        Self {
            scores,
            row_prices: vec![T::ZERO; rows],
            column_prices: vec![T::ZERO; columns],
            column_of: vec![UNASSIGNED; rows],
            row_of: vec![UNASSIGNED; columns],
            search: Search::new(columns),
        }
    }

    fn run(mut self) -> Self {
        if self.scores.columns() > 0 {
            for row in self.bid_all() {
                self.augment(row);
            }
        }
        self
    }

    /// The matching, and its canonical prices in the unit of the scores.
    fn finish(self, least: Least) -> (Vec<u32>, Vec<u32>, Prices<T>) {
        let halves = |prices: Vec<T>| prices.into_iter().map(T::half).collect::<Vec<_>>();
        let (mut rows, mut columns) = (halves(self.row_prices), halves(self.column_prices));
        match least {
            Least::Columns => lower_columns(&self.scores, &mut rows, &mut columns, &self.row_of),
            Least::Rows => {
                let scores = self.scores.transposed();
                lower_columns(&scores, &mut columns, &mut rows, &self.column_of);
            }
        }
        (self.column_of, self.row_of, (rows, columns))
    }

    /// Two rounds of bids; gives the rows that still want a column.
    fn bid_all(&mut self) -> Vec<usize> {
        let mut bidders: Vec<usize> = (0..self.scores.rows()).collect();
        for _ in 0..2 {
            bidders = self.bid_round(&bidders);
        }
        bidders.sort_unstable();
        bidders
    }

    fn bid_round(&mut self, bidders: &[usize]) -> Vec<usize> {
        let mut bids = bidders.len() * BIDS;
        let mut losers = Vec::new();
        for &bidder in bidders {
            let mut bidder = bidder;
            while let Bid::Outbid { loser, raised } = self.bid(bidder) {
                let loser = loser as usize;
                bids = bids.saturating_sub(1);
                if !raised || bids == 0 {
                    losers.push(loser);
                    break;
                }
                bidder = loser;
            }
        }
        losers
    }

    /// A row takes its best column and raises its price to where the second best is as good.
    fn bid(&mut self, row: usize) -> Bid {
        let best = self.best_two(row);
        let second = best.second.max(T::ZERO);
        self.row_prices[row] = second;
        if best.first <= T::ZERO {
            return Bid::Settled;
        }
        let raised = best.first > second;
        let free = |column: usize| self.row_of[column] == UNASSIGNED;
        let evade =
            best.first == best.second && !free(best.first_column) && free(best.second_column);
        let column = if evade { best.second_column } else { best.first_column };
        self.column_prices[column] = self.column_prices[column] + (best.first - second);
        match self.take(row, column) {
            UNASSIGNED => Bid::Settled,
            loser => {
                self.column_of[loser as usize] = UNASSIGNED;
                Bid::Outbid { loser, raised }
            }
        }
    }

    fn best_two(&self, row: usize) -> BestTwo<T> {
        let refused = T::from_score(REFUSED);
        let none = T::ZERO - T::LARGEST + refused;
        let mut best = BestTwo { first: none, first_column: 0, second: none, second_column: 0 };
        for (column, (&score, &price)) in
            self.scores.row(row).iter().zip(&self.column_prices).enumerate()
        {
            let value = score - price;
            if value > best.second {
                if value > best.first {
                    (best.second, best.second_column) = (best.first, best.first_column);
                    (best.first, best.first_column) = (value, column);
                } else {
                    (best.second, best.second_column) = (value, column);
                }
            }
        }
        best
    }

    /// Gives the row that held the column before.
    fn take(&mut self, row: usize, column: usize) -> u32 {
        self.column_of[row] = column as u32;
        std::mem::replace(&mut self.row_of[column], row as u32)
    }

    /// Brings one more row in by the shortest way, which may be that it stays out.
    fn augment(&mut self, start: usize) {
        self.row_prices[start] = self.best_two(start).first.max(T::ZERO);
        self.search.restart(&self.column_prices);
        self.search.scan(start, self.row_prices[start], self.scores.row(start));
        // The row that is cheapest to give up so far, and at what length.
        let mut given_up = (self.row_prices[start], start);
        let (length, end) = loop {
            let (distance, column) = self.search.nearest(&self.row_of);
            if given_up.0 < distance {
                break (given_up.0, self.give_up(given_up.1));
            }
            let row = self.row_of[column];
            if row == UNASSIGNED {
                break (distance, Some(column));
            }
            let row = row as usize;
            let base = distance + self.row_prices[row];
            if base < given_up.0 {
                given_up = (base, row);
            }
            self.search.close(column, distance);
            self.search.scan(row, base, self.scores.row(row));
        };
        self.move_prices(start, length);
        if let Some(end) = end {
            self.shift(start, end);
        }
    }

    /// Takes the column of a row away, if it has one.
    fn give_up(&mut self, row: usize) -> Option<usize> {
        let column = std::mem::replace(&mut self.column_of[row], UNASSIGNED);
        (column != UNASSIGNED).then_some(column as usize)
    }

    /// Makes every pair on the shortest way tight; `row_of` is still as it was in the search.
    fn move_prices(&mut self, start: usize, length: T) {
        self.row_prices[start] = self.row_prices[start] - length;
        for &(column, distance) in &self.search.closed {
            let row = self.row_of[column] as usize;
            self.column_prices[column] = self.column_prices[column] + (length - distance);
            self.row_prices[row] = self.row_prices[row] - (length - distance);
        }
    }

    /// Moves every row on the way to the column that it was reached by.
    fn shift(&mut self, start: usize, end: usize) {
        let mut column = end;
        loop {
            let row = self.search.reached_from[column] as usize;
            let before = self.column_of[row];
            self.take(row, column);
            if row == start {
                return;
            }
            column = before as usize;
        }
    }
}

impl<T: Number> Search<T> {
    fn new(columns: usize) -> Self {
        Self {
            distances: vec![T::CLOSED; columns],
            reached_from: vec![UNASSIGNED; columns],
            prices: vec![T::ZERO; columns],
            least: T::CLOSED,
            closed: Vec::new(),
        }
    }

    fn restart(&mut self, column_prices: &[T]) {
        self.distances.fill(T::CLOSED);
        self.prices.copy_from_slice(column_prices);
        self.closed.clear();
    }

    fn close(&mut self, column: usize, distance: T) {
        self.distances[column] = T::CLOSED;
        self.prices[column] = T::CLOSED_PRICE;
        self.closed.push((column, distance));
    }

    /// Shortens the distances of all columns by way of a row; `base` is its distance plus price.
    /// Closed columns are scanned too: their price keeps them closed.
    fn scan(&mut self, row: usize, base: T, scores: &[T]) {
        let row = row as u32;
        let mut least = T::CLOSED;
        let columns = self.distances.iter_mut().zip(&mut self.reached_from);
        for ((nearest, from), (&price, &score)) in columns.zip(self.prices.iter().zip(scores)) {
            let distance = base + price - score;
            let shorter = distance < *nearest;
            // A mask rather than a choice: it always stores, so the loop is done in vectors.
            let mask = u32::from(shorter).wrapping_neg();
            *from = (row & mask) | (*from & !mask);
            *nearest = distance.min(*nearest);
            least = least.min(*nearest);
        }
        self.least = least;
    }

    /// The nearest open column: a free one if there is a choice, then the first.
    fn nearest(&self, row_of: &[u32]) -> (T, usize) {
        let mut first = None;
        let chunks = self.distances.as_chunks::<LANES>().0;
        for (chunk, distances) in chunks.iter().enumerate() {
            let hit = distances.iter().fold(false, |hit, &distance| hit | (distance == self.least));
            if !hit {
                continue;
            }
            for (lane, _) in distances.iter().enumerate().filter(|&(_, &d)| d == self.least) {
                let column = chunk * LANES + lane;
                if row_of[column] == UNASSIGNED {
                    return (self.least, column);
                }
                first = first.or(Some(column));
            }
        }
        (self.least, first.unwrap_or(0))
    }
}

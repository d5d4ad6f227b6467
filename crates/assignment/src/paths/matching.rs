//! A matching in the making on a sparse graph, that can be continued.
//!
//! Every row wants the cheapest: the least of `cost + column price` over its edges, or what it
//! costs it to stay out. Column prices are never negative. Invariants between all calls:
//!
//! - the price of a row that is not waiting is at most `cost + column price` on every edge and at
//!   most its cost of staying out, and exactly that on the edge, or the staying out, that it has;
//! - no column holds more rows than it has places.
//!
//! [`Matching::solve`] brings in the rows that wait, each by the shortest way, and then lowers the
//! prices of columns that have free places until they are 0 or the column is full. With that the
//! matching is optimal and its prices prove it. So any prices and any part of a matching that keep
//! the invariants are a start: those of an earlier solution, of other costs, of a guess.
//!
//! **Floats.** Rounding may leave a price a few ulps off what it should be. A search never goes
//! backwards by it, so that it always ends; at the end every row's price is set to the least that
//! it sees, so that no edge is ever priced below its cost, and what rounding has done shows in the
//! edges of the matching alone.

use alloc::vec;
use alloc::vec::Vec;

use super::Shortage;
use super::bids::BIDS;
use super::edges::{Adjacency, Edges};
use super::frontier::Frontier;
use super::number::Number;
use crate::UNASSIGNED;

#[derive(Debug, Clone)]
pub(crate) struct Matching<T, A = Edges<T>> {
    pub(super) edges: A,
    pub(super) rows: Vec<Row<T>>,
    pub(super) columns: Vec<Column<T>>,
    /// What a place of each column costs beyond the edge.
    pub(super) prices: Vec<T>,
    /// Where the places of each column begin, and where those of the last end.
    first_place: Vec<u32>,
    /// The row in each place; those of a column that are taken come first.
    holders: Vec<u32>,
    /// Rows that were never brought in, or have lost their column to a better edge.
    pub(super) waiting: Vec<u32>,
    pub(super) frontier: Frontier<T>,
    /// Columns whose distance is not [`Number::FAR`].
    pub(super) reached: Vec<u32>,
    /// Columns that the search has gone on from.
    pub(super) closed: Vec<u32>,
    /// Columns that may have free places and a price.
    pub(super) loose: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Row<T> {
    pub(super) price: T,
    /// What it costs to stay out; [`Number::FAR`] when it may not.
    pub(super) out: T,
    pub(super) seat: Seat,
    /// Whether it is still to be brought in.
    pub(super) waits: bool,
}

/// The column that a row has, and which of its places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    pub(super) column: u32,
    place: u32,
}

impl Seat {
    const NONE: Self = Self { column: UNASSIGNED, place: UNASSIGNED };
}

#[derive(Debug, Clone)]
pub(super) struct Column<T> {
    pub(super) distance: T,
    /// The row that it is reached from.
    pub(super) from: u32,
    /// Places that are free.
    pub(super) free: u32,
}

impl<T: Number> Matching<T> {
    /// Without rows; a column for each number of places.
    pub(crate) fn new(places: impl IntoIterator<Item = u32>) -> Self {
        Self::empty(Edges::new(), places)
    }

    /// Takes room for so many rows and edges at once.
    pub(crate) fn reserve(&mut self, rows: usize, edges: usize) {
        self.rows.reserve(rows);
        self.waiting.reserve(rows);
        self.edges.reserve(rows, edges);
    }

    /// A new row, which waits. Of two edges to one column only the cheaper counts. `out` is what
    /// it costs to stay out; without it the row must be assigned.
    pub(crate) fn add_row(&mut self, edges: impl IntoIterator<Item = (u32, T)>, out: Option<T>) {
        self.edges.add_row(edges);
        self.add_waiting(out);
    }
}

impl<T: Number, A: Adjacency<T>> Matching<T, A> {
    /// Over the edges of so many rows, which wait and must be assigned, to columns with one place each.
    pub(crate) fn over(edges: A, rows: usize, columns: usize) -> Self {
        let mut matching = Self::empty(edges, core::iter::repeat_n(1, columns));
        matching.rows.reserve(rows);
        for _ in 0..rows {
            matching.add_waiting(None);
        }
        matching
    }

    fn add_waiting(&mut self, out: Option<T>) {
        self.waiting.push(self.rows.len() as u32);
        self.rows.push(Row {
            price: T::ZERO,
            out: out.unwrap_or(T::FAR),
            seat: Seat::NONE,
            waits: true,
        });
    }

    fn empty(edges: A, places: impl IntoIterator<Item = u32>) -> Self {
        let mut first_place = vec![0];
        let column = |free| {
            first_place.push(first_place[first_place.len() - 1] + free);
            Column { distance: T::FAR, from: UNASSIGNED, free }
        };
        let columns: Vec<_> = places.into_iter().map(column).collect();
        let holders = vec![UNASSIGNED; first_place[first_place.len() - 1] as usize];
        Self {
            edges,
            rows: Vec::new(),
            prices: vec![T::ZERO; columns.len()],
            columns,
            first_place,
            holders,
            waiting: Vec::new(),
            frontier: Frontier::new(),
            reached: Vec::new(),
            closed: Vec::new(),
            loose: Vec::new(),
        }
    }

    /// Starts from these prices, one a column and none negative. For before the first solution: all
    /// rows wait.
    pub(crate) fn start_from(&mut self, prices: impl IntoIterator<Item = T>) {
        debug_assert_eq!(self.waiting.len(), self.rows.len(), "rows that have a column already");
        for ((number, own), price) in (0..).zip(&mut self.prices).zip(prices) {
            debug_assert!(price >= T::ZERO, "a negative price");
            *own = price;
            self.loose.push(number);
        }
    }

    /// Starts from prices by which every column is as good to the row that it is cheapest for (the
    /// column reduction of Jonker & Volgenant). For before the first solution. It pays when about
    /// all places will be taken: the price of one that is not has to be lowered in the end.
    pub(crate) fn start_level(&mut self) {
        for row in 0..self.rows.len() as u32 {
            for (column, cost) in self.edges.row(row) {
                let least = &mut self.columns[column as usize].distance;
                *least = least.lesser(cost);
            }
        }
        let leasts = self.columns.iter().map(|column| column.distance);
        let highest = leasts.filter(|&least| least < T::FAR).reduce(T::greater);
        let prices = self.columns.iter_mut().map(|column| {
            let least = core::mem::replace(&mut column.distance, T::FAR);
            highest.filter(|_| least < T::FAR).map_or(T::ZERO, |highest| highest - least)
        });
        let prices: Vec<T> = prices.collect();
        self.start_from(prices);
    }

    /// Brings in all rows that wait.
    ///
    /// # Errors
    ///
    /// A [`Shortage`] when one cannot be; it still waits, with all after it.
    pub(crate) fn solve(&mut self) -> Result<(), Shortage> {
        self.solve_while(|_| true).map(|_| ())
    }

    /// [`solve`](Self::solve) for as long as `go_on` says so of the edges; whether all rows are in.
    /// Those that are not still wait.
    ///
    /// # Errors
    ///
    /// As for [`solve`](Self::solve).
    pub(crate) fn solve_while(&mut self, go_on: impl Fn(&A) -> bool) -> Result<bool, Shortage> {
        self.waiting.sort_unstable();
        self.bid_rounds(BIDS);
        let waiting = core::mem::take(&mut self.waiting);
        for (at, &row) in waiting.iter().enumerate() {
            let ended =
                if go_on(&self.edges) { self.augment(row).map(|()| true) } else { Ok(false) };
            if !matches!(ended, Ok(true)) {
                self.waiting.extend_from_slice(&waiting[at..]);
                return ended;
            }
        }
        self.lower_loose();
        if !T::EXACT {
            self.tighten();
        }
        Ok(true)
    }

    pub(crate) fn edges(&self) -> &A {
        &self.edges
    }

    /// What the columns that are listed for a row cost it now, with their prices.
    pub(crate) fn offers(&self, row: u32) -> impl Iterator<Item = T> {
        self.edges.row(row).map(|(column, cost)| cost + self.prices[column as usize])
    }

    /// For each row its column, or [`UNASSIGNED`].
    pub(crate) fn assigned(&self) -> impl ExactSizeIterator<Item = u32> {
        self.rows.iter().map(|row| row.seat.column)
    }

    /// What each row has at least to pay, the price of its column included.
    pub(crate) fn row_prices(&self) -> impl ExactSizeIterator<Item = T> {
        self.rows.iter().map(|row| row.price)
    }

    /// What a place of each column is worth, beyond its cost; never negative.
    pub(crate) fn column_prices(&self) -> impl ExactSizeIterator<Item = T> {
        self.prices.iter().copied()
    }

    /// All places of a column, in `holders`.
    pub(super) fn places(&self, column: u32) -> core::ops::Range<usize> {
        let column = column as usize;
        self.first_place[column] as usize..self.first_place[column + 1] as usize
    }

    /// The rows that a column holds.
    pub(super) fn holders(&self, column: u32) -> &[u32] {
        let places = self.places(column);
        let taken = places.len() - self.columns[column as usize].free as usize;
        &self.holders[places.start..places.start + taken]
    }

    /// The row takes a free place of the column, with the price that it has.
    pub(super) fn take(&mut self, row: u32, column: u32) {
        let places = self.places(column);
        let free = &mut self.columns[column as usize].free;
        let place = places.end - *free as usize;
        *free -= 1;
        self.sit(row, Seat { column, place: place as u32 });
    }

    /// The row takes the place, whose holder has another or stays out.
    pub(super) fn sit(&mut self, row: u32, seat: Seat) {
        self.holders[seat.place as usize] = row;
        let row = &mut self.rows[row as usize];
        (row.seat, row.waits) = (seat, false);
    }

    /// The row has no place, at the price of staying out; gives the place that it had.
    pub(super) fn stay_out(&mut self, row: u32) -> Seat {
        let row = &mut self.rows[row as usize];
        (row.price, row.waits) = (row.out, false);
        core::mem::replace(&mut row.seat, Seat::NONE)
    }

    /// The row loses its place, which the last holder of the column moves to, and waits.
    pub(super) fn take_out(&mut self, row: u32) {
        let Seat { column, place } = self.rows[row as usize].seat;
        if column != UNASSIGNED {
            let last = self.holders(column)[self.holders(column).len() - 1];
            self.sit(last, Seat { column, place });
            self.columns[column as usize].free += 1;
        }
        let row = &mut self.rows[row as usize];
        (row.seat, row.waits) = (Seat::NONE, true);
    }

    /// Ends a search.
    pub(super) fn forget(&mut self) {
        for &column in &self.reached {
            self.columns[column as usize].distance = T::FAR;
        }
        self.reached.clear();
        self.closed.clear();
        self.frontier.clear();
    }

    /// What a search that found everything full has seen.
    pub(super) fn shortage(&self, start: u32) -> Shortage {
        let holders = self.closed.iter().flat_map(|&column| self.holders(column));
        let mut rows: Vec<u32> = holders.copied().chain([start]).collect();
        let mut columns = self.closed.clone();
        rows.sort_unstable();
        columns.sort_unstable();
        Shortage { rows, columns }
    }

    /// Sets the price of each row to the least that it sees.
    fn tighten(&mut self) {
        for row in 0..self.rows.len() {
            let least = self.best_two(row as u32).first;
            self.rows[row].price = least.lesser(self.rows[row].out);
        }
    }
}

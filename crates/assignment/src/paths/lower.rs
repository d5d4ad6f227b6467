//! Lowers the prices of columns that have free places, which must cost nothing in the end.
//!
//! It is the search of `augment` the other way round. The price of a column goes down until another
//! row would rather have it. If that row is out, it comes in. If it has a column, the price of
//! that goes down too; when it is down to 0, the row takes the column that is looked at and leaves
//! its own.

use alloc::vec;
use alloc::vec::Vec;

use super::edges::Adjacency;
use super::matching::Matching;
use super::number::Number;
use crate::UNASSIGNED;

/// The edges of each column: its rows, and what they pay for it.
struct Takers<T> {
    starts: Vec<u32>,
    edges: Vec<(u32, T)>,
}

impl<T: Number> Takers<T> {
    fn of(&self, column: u32) -> &[(u32, T)] {
        let column = column as usize;
        &self.edges[self.starts[column] as usize..self.starts[column + 1] as usize]
    }
}

/// The least that the price has to go down. Distances are how far it has gone.
struct Way<T> {
    length: T,
    /// The row that comes in; [`UNASSIGNED`] when a column is left instead.
    comes_in: u32,
    /// The column that the row comes in to, or that is left.
    last: u32,
}

impl<T: Number, A: Adjacency<T>> Matching<T, A> {
    /// After this every column that has a free place has the price 0.
    pub(super) fn lower_loose(&mut self) {
        let mut loose = core::mem::take(&mut self.loose);
        loose.sort_unstable();
        loose.dedup();
        let is_loose = |matching: &Self, column: u32| {
            matching.columns[column as usize].free > 0 && matching.prices[column as usize] > T::ZERO
        };
        loose.retain(|&column| is_loose(self, column));
        if loose.is_empty() {
            return;
        }
        let takers = self.takers();
        let mut via = vec![UNASSIGNED; self.columns.len()];
        for column in loose {
            while is_loose(self, column) {
                self.lower(column, &takers, &mut via);
            }
        }
    }

    fn takers(&self) -> Takers<T> {
        let mut starts = vec![0; self.columns.len() + 1];
        let rows = || 0..self.rows.len() as u32;
        for (column, _) in rows().flat_map(|row| self.edges.row(row)) {
            starts[column as usize] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut edges = vec![(0, T::ZERO); sum as usize];
        for row in rows().rev() {
            for (column, cost) in self.edges.row(row) {
                let at = &mut starts[column as usize];
                *at -= 1;
                edges[*at as usize] = (row, cost);
            }
        }
        Takers { starts, edges }
    }

    /// Lowers the price of a column to 0, or as far as it takes to fill one of its places. `via` is
    /// for the column that the row would take by which a column is reached.
    fn lower(&mut self, start: u32, takers: &Takers<T>, via: &mut [u32]) {
        let mut way = Way { length: T::FAR, comes_in: UNASSIGNED, last: start };
        self.reach(start, T::ZERO, UNASSIGNED, &mut way);
        while let Some((distance, number)) = self.frontier.pop() {
            if distance >= way.length {
                break;
            }
            if distance > self.columns[number as usize].distance {
                continue;
            }
            self.closed.push(number);
            let price = self.prices[number as usize];
            for &(row, cost) in takers.of(number) {
                let taker = self.rows[row as usize];
                if taker.seat.column == number {
                    continue;
                }
                let length = (distance + ((cost + price) - taker.price)).greater(distance);
                if length >= way.length {
                    continue;
                }
                if taker.seat.column == UNASSIGNED {
                    way = Way { length, comes_in: row, last: number };
                } else if length < self.columns[taker.seat.column as usize].distance {
                    self.reach(taker.seat.column, length, row, &mut way);
                    via[taker.seat.column as usize] = number;
                }
            }
        }
        self.sink_prices(way.length);
        self.pass_on(start, &way, via);
        self.forget();
    }

    /// The column goes down when the start has gone down by `length`, for `row` has it and would
    /// otherwise take another.
    fn reach(&mut self, number: u32, length: T, row: u32, way: &mut Way<T>) {
        let column = &mut self.columns[number as usize];
        if column.distance == T::FAR {
            self.reached.push(number);
        }
        (column.distance, column.from) = (length, row);
        let down = length + self.prices[number as usize];
        if down < way.length {
            *way = Way { length: down, comes_in: UNASSIGNED, last: number };
        }
        self.frontier.push(length, number);
    }

    /// The price of a column goes down, and the prices of its holders with it.
    fn sink_prices(&mut self, length: T) {
        for at in 0..self.closed.len() {
            let number = self.closed[at];
            let fall = length - self.columns[number as usize].distance;
            if fall > T::ZERO {
                let price = &mut self.prices[number as usize];
                *price = (*price - fall).greater(T::ZERO);
                for place in 0..self.holders(number).len() {
                    let row = self.holders(number)[place] as usize;
                    self.rows[row].price = self.rows[row].price - fall;
                }
            }
        }
    }

    /// Moves every row on the way one column on, until the start has one more.
    fn pass_on(&mut self, start: u32, way: &Way<T>, via: &[u32]) {
        let (mut row, mut column) = (way.comes_in, way.last);
        if row == UNASSIGNED {
            // Rounding must not leave a price behind.
            self.prices[column as usize] = T::ZERO;
            if column == start {
                return;
            }
            row = self.columns[column as usize].from;
            column = via[column as usize];
            self.take_out(row);
        }
        while column != start {
            let next = self.columns[column as usize].from;
            let seat = self.rows[next as usize].seat;
            self.sit(row, seat);
            (row, column) = (next, via[column as usize]);
        }
        self.take(row, start);
    }
}

//! Brings one more row in by the shortest way (Dijkstra's method on reduced costs), which may be
//! that it stays out.

use super::Shortage;
use super::edges::Adjacency;
use super::matching::Matching;
use super::number::Number;

/// Marks, in the frontier, a row that has more edges than are listed.
const MORE: u32 = 1 << 31;

/// Where a shortest way ends.
#[derive(Clone, Copy)]
enum End {
    /// At a column with a free place.
    Free(u32),
    /// At a row that is best left out.
    Out(u32),
    /// Nowhere: everything that can be reached is full.
    Nowhere,
}

/// The shortest way that is known so far. Distances are prices that the row would pay.
struct Way<T> {
    length: T,
    end: End,
}

impl<T: Number, A: Adjacency<T>> Matching<T, A> {
    /// Nothing has changed when it fails.
    pub(super) fn augment(&mut self, start: u32) -> Result<(), Shortage> {
        let out = self.rows[start as usize].out;
        let mut way = Way { length: out, end: End::Nowhere };
        if out < T::FAR {
            way.end = End::Out(start);
        }
        self.scan(start, None, T::LOW, &mut way);
        while let Some((distance, column)) = self.frontier.pop() {
            if distance >= way.length {
                break;
            }
            if let Some(row) = (column & MORE != 0).then_some(column & !MORE) {
                self.edges.widen(row, &self.prices);
                let seat = self.rows[row as usize].seat.column;
                let from = (row != start).then(|| self.columns[seat as usize].distance);
                self.scan(row, from, distance, &mut way);
                continue;
            }
            // Reached again since, by a shorter way.
            if distance > self.columns[column as usize].distance {
                continue;
            }
            self.closed.push(column);
            for place in 0..self.holders(column).len() {
                let row = self.holders(column)[place];
                self.scan(row, Some(distance), distance, &mut way);
            }
        }
        let shortage = matches!(way.end, End::Nowhere).then(|| self.shortage(start));
        if shortage.is_none() {
            self.move_prices(start, way.length);
            self.shift(start, way.end);
        }
        self.forget();
        shortage.map_or(Ok(()), Err)
    }

    /// Shortens the ways to the columns of a row, which holds one at `distance`, or is the start. The
    /// search has come as far as `now`.
    fn scan(&mut self, row: u32, distance: Option<T>, now: T, way: &mut Way<T>) {
        let mut base = T::ZERO;
        if let Some(distance) = distance {
            let holder = &self.rows[row as usize];
            base = distance - holder.price;
            if holder.out < T::FAR && base + holder.out < way.length {
                *way = Way { length: (base + holder.out).greater(distance), end: End::Out(row) };
            }
        }
        let is_ascending = self.edges.is_ascending(row);
        for (number, cost) in self.edges.row(row) {
            if is_ascending && base + cost >= way.length {
                break;
            }
            let column = &mut self.columns[number as usize];
            // Rounding alone can make it shorter, and would open what is closed.
            let length = (base + (cost + self.prices[number as usize])).greater(now);
            if length >= way.length || length >= column.distance {
                continue;
            }
            if column.distance == T::FAR {
                self.reached.push(number);
            }
            (column.distance, column.from) = (length, row);
            if column.free > 0 {
                *way = Way { length, end: End::Free(number) };
            } else {
                self.frontier.push(length, number);
            }
        }
        let beyond = self.edges.beyond(row);
        if beyond < T::FAR {
            let length = (base + beyond).greater(now);
            if length < way.length {
                self.frontier.push(length, MORE | row);
            }
        }
    }

    /// Makes every pair on the shortest way tight; the holders are still those of the search.
    fn move_prices(&mut self, start: u32, length: T) {
        self.rows[start as usize].price = length;
        for at in 0..self.closed.len() {
            let number = self.closed[at];
            let rise = length - self.columns[number as usize].distance;
            if rise > T::ZERO {
                let price = &mut self.prices[number as usize];
                *price = *price + rise;
                for place in 0..self.holders(number).len() {
                    let row = self.holders(number)[place] as usize;
                    self.rows[row].price = self.rows[row].price + rise;
                }
            }
        }
    }

    /// Moves every row on the way to the column that it was reached by.
    fn shift(&mut self, start: u32, end: End) {
        let (mut row, mut seat) = match end {
            End::Nowhere => return,
            End::Out(row) => (row, self.stay_out(row)),
            End::Free(column) => {
                let row = self.columns[column as usize].from;
                let seat = self.rows[row as usize].seat;
                self.take(row, column);
                (row, seat)
            }
        };
        while row != start {
            let taker = self.columns[seat.column as usize].from;
            let before = self.rows[taker as usize].seat;
            self.sit(taker, seat);
            (row, seat) = (taker, before);
        }
    }
}

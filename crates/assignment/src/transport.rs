//! The transportation problem between merged classes, by successive shortest paths
//! (Ahuja, Magnanti & Orlin, Network Flows, 1993, ch. 9).
//!
//! Only the row classes are nodes. A row that enters takes a free column, or a column of another
//! row, which then looks for another; or somebody on the way gives up and stays unassigned. The
//! edge from class t to class s is the best exchange: over all columns that s holds, what t has
//! there more than s. The free columns are the dummy of the textbook network: once taken, a column
//! is never free again, so what they offer a class is a sorted list and a position in it.
//!
//! Invariant after every push: the rows that have entered are assigned optimally, `prices` (one a
//! row class) prove it together with the column prices that follow from them, and no price is
//! negative. Lengths of edges reduced by the prices are therefore never negative, and Dijkstra's
//! method finds the best way. A push moves as many rows as the way can take.

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::exchanges::{Exchanges, UNREACHED};
use crate::grid::Grid;
use crate::kernel::{Kernel, vectorised};

/// An optimal flow between merged classes.
pub(crate) struct Transported {
    /// How many members of each row class go to members of each column class.
    pub(crate) flow: Grid<u64>,
    /// How many members of each row class stay unassigned.
    pub(crate) free_rows: Vec<u64>,
    /// How many members of each column class stay unassigned.
    pub(crate) free_columns: Vec<u64>,
}

/// Solves it for doubled scores; fastest with no more row classes than column classes.
pub(crate) fn transport(rows: &[u64], columns: &[u64], doubled: &Grid<i64>) -> Transported {
    let mut network = Network::new(columns, doubled);
    for (class, &count) in rows.iter().enumerate() {
        network.enter(class, count);
    }
    let left = |(row, &count): (usize, &u64)| count - network.flow.row(row).iter().sum::<u64>();
    let free_rows = rows.iter().enumerate().map(left).collect();
    Transported { flow: network.flow, free_rows, free_columns: network.free }
}

struct Network<'a> {
    doubled: &'a Grid<i64>,
    /// The same, column classes × row classes: an exchange looks at all rows of a column.
    by_column: Grid<i64>,
    flow: Grid<u64>,
    /// Unassigned members of each column class.
    free: Vec<u64>,
    /// For each row class what it would take next.
    wishes: Vec<Wishes>,
    exchanges: Exchanges,
    /// Price of each row class that has entered.
    prices: Vec<i64>,
    labels: Labels,
    /// The last way that was gone, for its memory.
    steps: Vec<(usize, usize, u32)>,
}

/// How far a search has come, by row class.
#[derive(Default)]
struct Labels {
    /// Reduced length of the best way so far.
    lengths: Vec<i64>,
    /// The class before it on that way, which takes a column from it.
    takers: Vec<u32>,
    /// 0, or [`UNREACHED`] when the search has gone on from the class.
    done: Vec<i64>,
}

impl Labels {
    /// For a search from the class, which is the last that has entered.
    fn restart(&mut self, class: usize) {
        for (list, value) in [(&mut self.lengths, UNREACHED), (&mut self.done, 0)] {
            list.clear();
            list.resize(class + 1, value);
        }
        self.takers.resize(class + 1, 0);
        self.lengths[class] = 0;
    }

    /// Goes on from a class, and gives the length of the nearest that are still open. `base` is its
    /// length and price; a way back to a class that is done is never shorter, for no reduced length is
    /// negative.
    #[inline(always)]
    fn relax(&mut self, taker: usize, base: i64, prices: &[i64], gains: &[i64]) -> i64 {
        self.done[taker] = UNREACHED;
        let mut nearest = UNREACHED;
        let labels = self.lengths.iter_mut().zip(&mut self.takers).zip(&self.done);
        for (((length, from), &done), (&price, &gain)) in labels.zip(prices.iter().zip(gains)) {
            let by_taker = base - price - gain;
            let shorter = by_taker < *length;
            *from = if shorter { taker as u32 } else { *from };
            *length = if shorter { by_taker } else { *length };
            nearest = nearest.min(*length + done);
        }
        nearest
    }

    /// The first class that is open at this length.
    #[inline(always)]
    fn at(&self, length: i64) -> usize {
        let mut open = self.lengths.iter().zip(&self.done).map(|(&length, &done)| length + done);
        open.position(|open| open == length).expect("the search has seen it")
    }
}

/// The best way for one more row: the class where it ends, and the column class of which that one
/// takes a free member. Without one it gives up: a row of it becomes, or stays, unassigned.
#[derive(Clone, Copy)]
struct Way {
    last: usize,
    end: Option<u32>,
}

/// [`Network::search`], in which nearly all of the time goes.
struct Search<'n, 'a> {
    network: &'n mut Network<'a>,
    class: usize,
}

impl Kernel for Search<'_, '_> {
    type Output = Way;

    #[inline(always)]
    fn run(self) -> Way {
        self.network.search(self.class)
    }
}

impl<'a> Network<'a> {
    fn new(columns: &[u64], doubled: &'a Grid<i64>) -> Self {
        let rows = doubled.rows();
        Self {
            doubled,
            by_column: doubled.transposed(),
            flow: Grid::filled(rows, columns.len(), 0),
            free: columns.to_vec(),
            wishes: vec![Wishes::default(); rows],
            exchanges: Exchanges::new(rows),
            prices: Vec::with_capacity(rows),
            labels: Labels::default(),
            steps: Vec::new(),
        }
    }

    /// Brings in the `count` rows of the next class, until one is best left out.
    fn enter(&mut self, class: usize, mut count: u64) {
        let price = self.opening_price(class);
        self.prices.push(price);
        while count > 0 {
            let way = vectorised(Search { network: self, class });
            if way.last == class && way.end.is_none() {
                break;
            }
            count -= self.push(class, way, count);
        }
    }

    /// The least price that keeps all reduced lengths from the class from being negative.
    fn opening_price(&mut self, class: usize) -> i64 {
        let alone = self.best_end(class).0;
        let gains = self.exchanges.gains(class).iter().zip(&self.prices);
        gains.map(|(&gain, &price)| gain + price).fold(alone, i64::max)
    }

    /// What one more row of the class has without taking from another, and the column class.
    fn best_end(&mut self, class: usize) -> (i64, Option<u32>) {
        match self.wishes[class].best(self.doubled.row(class), &self.free) {
            Some((score, column)) => (score, Some(column)),
            None => (0, None),
        }
    }

    /// Finds the best way for one more row of the class and moves the prices along.
    #[inline(always)]
    fn search(&mut self, class: usize) -> Way {
        self.labels.restart(class);
        let mut way = Way { last: class, end: None };
        let (mut shortest, mut nearest) = (UNREACHED, 0);
        // On from the nearest, while it can still lead to a shorter way.
        while nearest < shortest {
            let last = self.labels.at(nearest);
            let base = nearest + self.prices[last];
            let (gain, end) = self.best_end(last);
            if base - gain < shortest {
                (shortest, way) = (base - gain, Way { last, end });
            }
            nearest = self.labels.relax(last, base, &self.prices, self.exchanges.gains(last));
        }
        for (price, &length) in self.prices.iter_mut().zip(&self.labels.lengths) {
            *price -= (shortest - length).max(0);
        }
        way
    }

    /// Sends as many rows the same way as it can take, and gives their number.
    fn push(&mut self, class: usize, way: Way, most: u64) -> u64 {
        // (taker, holder, column class), from the end of the way to its start.
        let mut steps = core::mem::take(&mut self.steps);
        steps.clear();
        let mut holder = way.last;
        while holder != class {
            let taker = self.labels.takers[holder] as usize;
            steps.push((taker, holder, self.exchanges.column(taker, holder)));
            holder = taker;
        }
        let room = steps.iter().map(|&(_, holder, column)| self.flow.at(holder, column as usize));
        let room = room.chain(way.end.map(|column| self.free[column as usize]));
        let rows = room.fold(most, u64::min);
        debug_assert!(rows > 0, "a way that nobody can go");
        if let Some(column) = way.end {
            self.free[column as usize] -= rows;
            self.hold(way.last, column, rows);
        }
        for &(taker, holder, column) in &steps {
            self.hold(taker, column, rows);
            self.release(holder, column, rows);
        }
        self.steps = steps;
        rows
    }

    /// The class holds so many more of the column class.
    fn hold(&mut self, holder: usize, column: u32, rows: u64) {
        let flow = self.flow.at_mut(holder, column as usize);
        let held = core::mem::replace(flow, *flow + rows);
        if held == 0 {
            self.exchanges.offer(holder, column, self.by_column.row(column as usize));
        }
    }

    /// The class holds so many fewer of the column class.
    fn release(&mut self, holder: usize, column: u32, rows: u64) {
        let flow = self.flow.at_mut(holder, column as usize);
        *flow -= rows;
        if *flow == 0 {
            self.exchanges.withdraw(holder, column, &self.by_column);
        }
    }
}

/// The free column classes that are most worth taking for a row class, the best last: score and column
/// class. A column class that is not free will not be again, so when all of these have been taken the
/// best of the rest are looked for, twice as many each time: nobody wants most of them, unless all want
/// the same.
#[derive(Clone, Default)]
struct Wishes {
    best: Vec<(i64, Reverse<u32>)>,
    /// How many were looked for the last time.
    wanted: usize,
    /// Whether there are no others.
    are_all: bool,
}

impl Wishes {
    /// The best free column class, of equals the first.
    fn best(&mut self, scores: &[i64], free: &[u64]) -> Option<(i64, u32)> {
        loop {
            while let Some(&(score, Reverse(column))) = self.best.last() {
                if free[column as usize] > 0 {
                    return Some((score, column));
                }
                self.best.pop();
            }
            if self.are_all {
                return None;
            }
            self.look(scores, free);
        }
    }

    fn look(&mut self, scores: &[i64], free: &[u64]) {
        let columns = (0..).zip(scores.iter().zip(free));
        let worth = columns.filter(|&(_, (&score, &free))| score > 0 && free > 0);
        self.best.reserve(scores.len());
        self.best.extend(worth.map(|(column, (&score, _))| (score, Reverse(column))));
        // Few enough to be put in order at once, and enough to look for only a few times.
        self.wanted = (2 * self.wanted).max(scores.len() / 16).max(8);
        let others = self.best.len().saturating_sub(self.wanted);
        self.are_all = others == 0;
        if others > 0 {
            self.best.select_nth_unstable(others);
            self.best.drain(..others);
        }
        self.best.sort_unstable();
    }
}

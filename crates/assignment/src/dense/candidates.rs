//! Of each row of a dense matrix only the cheapest columns, and what every other costs at least.
//!
//! A search seldom looks at more. When it does, the row is read again at the prices of then, which
//! have risen for the columns that everybody wants. So the result is that of the whole matrix, and
//! most of it is read once.

use super::cost::Cost;
use super::matrix::{Costs, low, value};
use crate::sparse::{Adjacency, Number};

/// Columns of a group.
const GROUP: usize = 16;

/// Columns that are listed for a row at first, at least.
const FEW: usize = 16;

pub(super) struct Candidates<'a, T: Cost, const GAIN: bool> {
    costs: Costs<'a, T, GAIN>,
    listed: Vec<(u32, T::Wide)>,
    spans: Vec<Span>,
    beyond: Vec<T::Wide>,
    /// How often a row was read again.
    widened: usize,
    reading: Reading<T::Wide>,
}

/// Where the columns of a row are listed.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    count: u32,
    room: u32,
}

/// A row that is being read.
struct Reading<W> {
    /// The least value of each group of columns.
    least: Vec<W>,
    sorted: Vec<W>,
    chosen: Vec<(W, u32)>,
}

impl<'a, T: Cost, const GAIN: bool> Candidates<'a, T, GAIN> {
    /// Nothing is listed yet.
    pub(super) fn of(costs: Costs<'a, T, GAIN>) -> Self {
        let (rows, columns) = (costs.rows, costs.columns);
        let reading = Reading {
            least: vec![T::Wide::FAR; columns.div_ceil(GROUP)],
            sorted: Vec::new(),
            chosen: Vec::new(),
        };
        Self {
            costs,
            listed: Vec::with_capacity(rows * 2 * FEW),
            spans: vec![Span { start: 0, count: 0, room: 0 }; rows],
            beyond: vec![T::Wide::LOW; rows],
            widened: 0,
            reading,
        }
    }

    pub(super) fn costs(&self) -> &Costs<'a, T, GAIN> {
        &self.costs
    }

    pub(super) fn widened(&self) -> usize {
        self.widened
    }

    /// How far apart the costs of a row are, about.
    pub(super) fn spread(&self) -> T::Wide {
        let costs = self.costs.row(self.costs.rows / 2).iter().map(|&cost| low::<T, GAIN>(cost));
        let permitted = costs.filter(|&cost| cost < T::Wide::FAR);
        let (low, high) = permitted.fold((T::Wide::FAR, T::Wide::LOW), |(low, high), cost| {
            (low.lesser(cost), high.greater(cost))
        });
        if low < high { high - low } else { T::Wide::ZERO }
    }

    /// Lists all rows for the first time, at no prices. The first pair whose cost is no number, or too
    /// large, is an error.
    pub(super) fn list_all(&mut self) -> Result<(), (usize, usize)> {
        let prices = vec![T::Wide::ZERO; self.costs.columns];
        for row in 0..self.costs.rows {
            let checked = self.costs.checked_least(row, &prices, &mut self.reading.least);
            checked.map_err(|column| (row, column))?;
            self.choose(row, &prices, FEW);
        }
        Ok(())
    }

    fn list(&mut self, row: usize, prices: &[T::Wide], wanted: usize) {
        self.costs.least(row, prices, &mut self.reading.least);
        self.choose(row, prices, wanted);
    }

    /// Chooses at least so many columns of a row, or all, when the least of each group is known.
    fn choose(&mut self, row: usize, prices: &[T::Wide], wanted: usize) {
        let Reading { least, sorted, chosen } = &mut self.reading;
        let costs = self.costs.row(row);
        chosen.clear();
        let groups = least.len();
        let mut limit = T::Wide::FAR;
        if wanted < groups {
            sorted.clear();
            sorted.extend_from_slice(least);
            limit = *nth(sorted, wanted - 1, |value| *value);
        }
        // Of equals each row takes others first, so that not all rows want the same.
        let first = spread(row) % groups.max(1);
        let mut equal = 0;
        for group in (first..groups).chain(0..first) {
            if least[group] > limit || least[group] == T::Wide::FAR {
                continue;
            }
            for column in (group..costs.len()).step_by(groups) {
                let value = value::<T, GAIN>(costs[column], prices[column]);
                if value < limit {
                    chosen.push((value, column as u32));
                } else if value == limit && value != T::Wide::FAR && equal < wanted {
                    equal += 1;
                    chosen.push((value, column as u32));
                }
            }
        }
        if chosen.len() > 4 * wanted && limit != T::Wide::FAR {
            limit = nth(chosen, 2 * wanted, |chosen| chosen.0).0;
            chosen.truncate(2 * wanted + 1);
        }
        self.beyond[row] = limit;
        self.keep(row);
    }

    fn keep(&mut self, row: usize) {
        let (chosen, costs) = (&self.reading.chosen, self.costs.row(row));
        let span = &mut self.spans[row];
        span.count = chosen.len() as u32;
        if span.count > span.room {
            (span.start, span.room) = (self.listed.len(), span.count + span.count / 2);
            self.listed.resize(span.start + span.room as usize, (0, T::Wide::ZERO));
        }
        for (listed, &(_, column)) in self.listed[span.start..].iter_mut().zip(chosen) {
            *listed = (column, low::<T, GAIN>(costs[column as usize]));
        }
    }
}

impl<T: Cost, const GAIN: bool> Adjacency<T::Wide> for Candidates<'_, T, GAIN> {
    fn row(&self, row: u32) -> impl Iterator<Item = (u32, T::Wide)> {
        let Span { start, count, .. } = self.spans[row as usize];
        self.listed[start..][..count as usize].iter().copied()
    }

    fn beyond(&self, row: u32) -> T::Wide {
        self.beyond[row as usize]
    }

    fn widen(&mut self, row: u32, prices: &[T::Wide]) {
        let row = row as usize;
        self.widened += 1;
        let before = self.beyond[row];
        let mut wanted = FEW;
        loop {
            self.list(row, prices, wanted);
            if self.beyond[row] > before {
                return;
            }
            wanted *= 4;
        }
    }
}

/// Puts the n-th in its place, the lesser before it.
fn nth<V, W: PartialOrd>(values: &mut [V], n: usize, by: impl Fn(&V) -> W) -> &V {
    let order = |a: &V, b: &V| by(a).partial_cmp(&by(b)).unwrap_or(std::cmp::Ordering::Equal);
    values.select_nth_unstable_by(n, order).1
}

/// Numbers that look random (splitmix64).
pub(super) fn spread(number: usize) -> usize {
    let z = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ (z >> 31)) as usize >> 8
}

//! Of each row of a matrix only the cheapest columns, and what every other costs at least.
//!
//! A search seldom looks at more. When it does, the row is read again at the prices of then, which
//! have risen for the columns that everybody wants. So the result is that of the whole matrix, and
//! most of it is read once.

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::costs::{Costs, is_forbidden, low, raised};
use super::element::Element;
use crate::paths::{Adjacency, Number};

/// Columns of a group, of which the least is looked at first; of a small matrix fewer, as long as
/// there are not so many groups.
const GROUP: usize = 16;
const GROUPS: usize = 64;

/// Columns that are listed for a row, at least.
const FEW: usize = 16;

pub(super) struct Candidates<'a, T: Element, const GAIN: bool> {
    costs: Costs<'a, T, GAIN>,
    listed: Vec<(u32, T::Wide)>,
    spans: Vec<Span>,
    beyond: Vec<T::Wide>,
    /// How often a row was read again.
    widened: usize,
    choice: Choice<T::Wide>,
}

/// Where the columns of a row are listed.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    count: u32,
    room: u32,
    /// Listed when there were no prices yet, the cheapest first.
    is_ascending: bool,
}

/// What it takes to choose columns; kept for the next row.
struct Choice<W> {
    /// The least of each group of columns.
    least: Vec<W>,
    /// The groups that may have a column to choose.
    near: Vec<u32>,
    /// How far from the least the limit of the row before was.
    reach: W,
    sorted: Vec<W>,
    chosen: Vec<(W, u32)>,
}

impl<'a, T: Element, const GAIN: bool> Candidates<'a, T, GAIN> {
    /// Lists the columns of all rows at no prices. The first pair whose cost is no number, or too
    /// large, is an error.
    pub(super) fn of(costs: Costs<'a, T, GAIN>) -> Result<Self, (usize, usize)> {
        let (rows, columns) = (costs.rows(), costs.columns());
        let least = vec![T::Wide::FAR; columns.div_ceil(GROUP).max(columns.min(GROUPS))];
        let mut candidates = Self {
            costs,
            listed: Vec::with_capacity(rows * (FEW + FEW / 4)),
            spans: vec![Span { start: 0, count: 0, room: 0, is_ascending: true }; rows],
            beyond: vec![T::Wide::LOW; rows],
            widened: 0,
            choice: Choice {
                near: vec![0; least.len()],
                reach: T::Wide::ZERO,
                least,
                sorted: Vec::new(),
                chosen: Vec::new(),
            },
        };
        let prices = vec![T::Wide::ZERO; columns];
        for row in 0..rows {
            let checked = costs.checked_least(row, &mut candidates.choice.least);
            checked.map_err(|column| (row, column))?;
            candidates.list(row, &prices, FEW);
            candidates.sort(row);
        }
        Ok(candidates)
    }

    pub(super) fn widened(&self) -> usize {
        self.widened
    }

    /// How far apart the costs of a row are, about.
    pub(super) fn spread(&self) -> T::Wide {
        let costs = self.costs.row(self.costs.rows() / 2).iter().map(|&cost| low::<T, GAIN>(cost));
        let permitted = costs.filter(|&cost| cost < T::Wide::FAR);
        let (low, high) = permitted.fold((T::Wide::FAR, T::Wide::LOW), |(low, high), cost| {
            (low.lesser(cost), high.greater(cost))
        });
        if low < high { high - low } else { T::Wide::ZERO }
    }

    /// Puts the cheapest of the columns that are listed for a row first.
    fn sort(&mut self, row: usize) {
        let Span { start, count, .. } = self.spans[row];
        let listed = &mut self.listed[start..][..count as usize];
        listed.sort_by(|(_, a), (_, b)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    }

    /// Lists at least so many columns of a row, or all, when the least of each group is known.
    fn list(&mut self, row: usize, prices: &[T::Wide], wanted: usize) {
        let limit = self.choice.choose::<T, GAIN>(row, self.costs.row(row), prices, wanted);
        self.beyond[row] = limit;
        let chosen = &self.choice.chosen;
        let span = &mut self.spans[row];
        span.count = chosen.len() as u32;
        if span.count > span.room {
            (span.start, span.room) = (self.listed.len(), span.count);
            self.listed.resize(span.start + chosen.len(), (0, T::Wide::ZERO));
        }
        let costs = self.costs.row(row);
        for (listed, &(_, column)) in self.listed[span.start..].iter_mut().zip(chosen) {
            *listed = (column, low::<T, GAIN>(costs[column as usize]));
        }
    }
}

impl<W: Number> Choice<W> {
    /// Chooses columns; gives what every other costs at least.
    fn choose<T: Element<Wide = W>, const GAIN: bool>(
        &mut self,
        row: usize,
        costs: &[T],
        prices: &[W],
        wanted: usize,
    ) -> W {
        let Self { least, near, reach, sorted, chosen } = self;
        let groups = least.len();
        let lowest = lowest(least);
        chosen.clear();
        if lowest == W::FAR {
            return W::FAR;
        }
        let mut limit = lowest + *reach;
        let mut count = within(least, limit, near);
        if count < wanted || count > 2 * wanted {
            limit = W::FAR;
            if wanted < groups {
                sorted.clear();
                sorted.extend_from_slice(least);
                limit = *nth(sorted, (wanted + wanted / 4).min(groups - 1), |&value| value);
                if limit < W::FAR {
                    *reach = limit - lowest;
                }
            }
            count = within(least, limit, near);
        }
        // Of equals each row takes others first, so that not all rows want the same.
        let near = &near[..count];
        let first = spread(row) % count.max(1);
        let mut equals = wanted;
        for &group in near[first..].iter().chain(&near[..first]) {
            for column in (group as usize..costs.len()).step_by(groups) {
                let cost = costs[column];
                let value = raised::<T, GAIN>(cost, prices[column]);
                if value > limit || is_forbidden::<T, GAIN>(cost) {
                    continue;
                }
                if value == limit {
                    if equals == 0 {
                        continue;
                    }
                    equals -= 1;
                }
                chosen.push((value, column as u32));
            }
        }
        if chosen.len() > 4 * wanted && limit != W::FAR {
            limit = nth(chosen, 2 * wanted, |&(value, _)| value).0;
            chosen.truncate(2 * wanted + 1);
        }
        limit
    }
}

impl<T: Element, const GAIN: bool> Adjacency<T::Wide> for Candidates<'_, T, GAIN> {
    fn row(&self, row: u32) -> impl Iterator<Item = (u32, T::Wide)> {
        let Span { start, count, .. } = self.spans[row as usize];
        self.listed[start..][..count as usize].iter().copied()
    }

    fn is_ascending(&self, row: u32) -> bool {
        self.spans[row as usize].is_ascending
    }

    fn beyond(&self, row: u32) -> T::Wide {
        self.beyond[row as usize]
    }

    fn widen(&mut self, row: u32, prices: &[T::Wide]) {
        let row = row as usize;
        self.widened += 1;
        self.costs.least(row, prices, &mut self.choice.least);
        let before = self.beyond[row];
        self.spans[row].is_ascending = false;
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

/// The least of all.
fn lowest<W: Number>(values: &[W]) -> W {
    let (steps, rest) = values.as_chunks::<16>();
    let mut low = [W::FAR; 16];
    for step in steps {
        for (low, &value) in low.iter_mut().zip(step) {
            *low = low.lesser(value);
        }
    }
    low.iter().chain(rest).copied().fold(W::FAR, W::lesser)
}

/// Writes down which groups have a column within the limit, and gives how many.
fn within<W: Number>(least: &[W], limit: W, near: &mut [u32]) -> usize {
    let mut count = 0;
    for (group, &least) in (0..).zip(least) {
        near[count] = group;
        count += usize::from((least <= limit) & (least < W::FAR));
    }
    count
}

/// Puts the n-th in its place, the lesser before it.
fn nth<V, W: PartialOrd>(values: &mut [V], n: usize, by: impl Fn(&V) -> W) -> &V {
    let order = |a: &V, b: &V| by(a).partial_cmp(&by(b)).unwrap_or(Ordering::Equal);
    values.select_nth_unstable_by(n, order).1
}

/// Numbers that look random (splitmix64).
fn spread(number: usize) -> usize {
    let z = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((z ^ (z >> 31)) >> 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::Matrix;

    /// What is listed costs what the matrix says, and what is not costs as much as the row says at least.
    fn check(candidates: &Candidates<'_, i64, false>, row: u32, prices: &[i64]) {
        let mut beyond: Vec<Option<i64>> =
            candidates.costs.row(row as usize).iter().copied().map(Some).collect();
        for (column, cost) in candidates.row(row) {
            assert_eq!(beyond[column as usize].take(), Some(cost), "row {row}, column {column}");
        }
        for (column, (cost, price)) in beyond.into_iter().zip(prices).enumerate() {
            let least = candidates.beyond(row);
            assert!(cost.is_none_or(|cost| cost + price >= least), "row {row}, column {column}");
        }
    }

    #[test]
    fn what_is_not_listed_costs_at_least_what_is_said() {
        // All that is cheap is in few of the 64 groups: more columns than are listed.
        let (rows, columns, cheap) = (8, 300, 15);
        let cost = |at: usize| {
            let (row, column) = (at / columns, at % columns);
            let own = (spread(at) % 50) as i64;
            if column % GROUPS < cheap { own + row as i64 } else { 1000 + own }
        };
        let costs: Vec<i64> = (0..rows * columns).map(cost).collect();
        let matrix = Matrix::new(rows, columns, &costs).unwrap();
        let mut candidates = Candidates::<_, false>::of(Costs::of(matrix)).unwrap();
        let mut prices = vec![0; columns];
        for row in 0..rows as u32 {
            check(&candidates, row, &prices);
            let listed: Vec<(u32, i64)> = candidates.row(row).collect();
            assert_eq!(listed.len(), 2 * FEW + 1, "not cut off");
            for (column, _) in listed {
                prices[column as usize] += 30;
            }
            let before = candidates.beyond(row);
            candidates.widen(row, &prices);
            assert!(candidates.beyond(row) > before);
            check(&candidates, row, &prices);
        }
    }
}

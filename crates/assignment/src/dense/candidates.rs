//! Of each row of a matrix only the cheapest columns, and what every other costs at least.
//!
//! A search seldom looks at more. When it does, the row is read again at the prices of then, which
//! have risen for the columns that everybody wants. So the result is that of the whole matrix, and
//! most of it is read once.

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::choice::Choice;
use super::costs::{Costs, low};
use super::element::{Element, Wide};
use crate::paths::{Adjacency, Number};

/// Columns that are listed for a row, at least.
const FEW: usize = 12;

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

impl<'a, T: Element, const GAIN: bool> Candidates<'a, T, GAIN> {
    /// Lists the columns of all rows at no prices. The first pair whose cost is no number, or too
    /// large, is an error.
    pub(super) fn of(costs: Costs<'a, T, GAIN>) -> Result<Self, (usize, usize)> {
        let (rows, columns) = (costs.rows(), costs.columns());
        let mut candidates = Self {
            costs,
            listed: Vec::with_capacity(rows * (FEW + FEW / 4)),
            spans: vec![Span { start: 0, count: 0, room: 0, is_ascending: true }; rows],
            beyond: vec![T::Wide::LOW; rows],
            widened: 0,
            choice: Choice::among(columns),
        };
        let (prices, limit) = (vec![T::Wide::ZERO; columns], T::Wide::limit(rows));
        for row in 0..rows {
            let groups = &mut candidates.choice.groups;
            let read = groups.read_first::<T, GAIN>(costs.row(row), limit);
            read.map_err(|column| (row, column))?;
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
        let chosen = self.choice.chosen();
        let span = &mut self.spans[row];
        span.count = chosen.len() as u32;
        if span.count > span.room {
            (span.start, span.room) = (self.listed.len(), span.count);
            self.listed.resize(span.start + chosen.len(), (0, T::Wide::ZERO));
        }
        let costs = self.costs.row(row);
        for (listed, column) in self.listed[span.start..].iter_mut().zip(chosen) {
            *listed = (column, low::<T, GAIN>(costs[column as usize]));
        }
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
        self.choice.groups.read::<T, GAIN>(self.costs.row(row), prices);
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

#[cfg(test)]
mod tests {
    use super::super::choice::scrambled;
    use super::super::groups::Groups;
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
        // All that is cheap is in few groups: more columns than are listed.
        let (rows, columns) = (8, 300);
        let groups = Groups::<i64>::among(columns);
        let cheap: Vec<usize> = (0..15).flat_map(|group| groups.columns(group)).collect();
        let cost = |at: usize| {
            let (row, column) = (at / columns, at % columns);
            let own = (scrambled(at) % 50) as i64;
            if cheap.contains(&column) { own + row as i64 } else { 1000 + own }
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

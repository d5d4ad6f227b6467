//! The least of each group of columns of a row: all that is looked at of most columns.

use alloc::vec;
use alloc::vec::Vec;

use super::costs::{is_flawed, low, priced};
use super::element::Element;
use crate::kernel::{Kernel, prefetch, vectorised};
use crate::paths::Number;

/// Columns of a group at most; of a small matrix fewer, so that there are about so many groups.
const DEPTH: usize = 16;
const GROUPS: usize = 64;

/// Groups that are done in step: their columns take turns, so that each step is one or two vectors.
const LANES: usize = 16;

/// The groups of the columns of a matrix, and the least of each in the row that was read last.
pub(super) struct Groups<W> {
    /// [`Number::FAR`] for a group without columns, or with forbidden ones only.
    least: Vec<W>,
    columns: usize,
    /// Columns of a group.
    depth: usize,
}

impl<W: Number> Groups<W> {
    pub(super) fn among(columns: usize) -> Self {
        let depth = columns.div_ceil(GROUPS).clamp(1, DEPTH);
        let least = vec![W::FAR; columns.div_ceil(LANES * depth) * LANES];
        Self { least, columns, depth }
    }

    pub(super) fn least(&self) -> &[W] {
        &self.least
    }

    /// The columns of a group.
    pub(super) fn columns(&self, group: usize) -> impl Iterator<Item = usize> + use<W> {
        let start = group / LANES * LANES * self.depth;
        let end = self.columns.min(start + LANES * self.depth);
        (start + group % LANES..end).step_by(LANES)
    }

    /// Reads a row at these prices.
    pub(super) fn read<T: Element<Wide = W>, const GAIN: bool>(
        &mut self,
        costs: &[T],
        prices: &[W],
    ) {
        let (least, depth) = (&mut self.least[..], self.depth);
        vectorised(Read::<'_, T, GAIN> { costs, prices, least, depth });
    }

    /// Reads a row at no prices that has not been looked at before, as the one after it will be: the first
    /// column whose cost is no number, or above the limit, is an error.
    pub(super) fn read_first<T: Element<Wide = W>, const GAIN: bool>(
        &mut self,
        costs: &[T],
        limit: W,
    ) -> Result<(), usize> {
        let (least, depth) = (&mut self.least[..], self.depth);
        if !vectorised(ReadFirst::<'_, T, GAIN> { costs, least, depth, limit }) {
            return Ok(());
        }
        let flawed = |&cost: &T| is_flawed::<T, GAIN>(cost, limit);
        Err(costs.iter().position(flawed).unwrap_or(0))
    }
}

struct Read<'a, T: Element, const GAIN: bool> {
    costs: &'a [T],
    prices: &'a [T::Wide],
    least: &'a mut [T::Wide],
    depth: usize,
}

impl<T: Element, const GAIN: bool> Kernel for Read<'_, T, GAIN> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let block = LANES * self.depth;
        let blocks = self.costs.chunks(block).zip(self.prices.chunks(block));
        for ((costs, prices), least) in blocks.zip(self.least.as_chunks_mut::<LANES>().0) {
            let mut lowest = [T::Wide::FAR; LANES];
            let (costs, last_costs) = costs.as_chunks::<LANES>();
            let (prices, last_prices) = prices.as_chunks::<LANES>();
            for (costs, prices) in costs.iter().zip(prices) {
                for ((lowest, &cost), &price) in lowest.iter_mut().zip(costs).zip(prices) {
                    *lowest = lowest.lesser(priced::<T, GAIN>(cost, price));
                }
            }
            for ((lowest, &cost), &price) in lowest.iter_mut().zip(last_costs).zip(last_prices) {
                *lowest = lowest.lesser(priced::<T, GAIN>(cost, price));
            }
            *least = lowest;
        }
    }
}

/// How far ahead a row is fetched that is looked at for the first time; about 8 KiB, so that the next is under
/// way while the columns of one are chosen.
const fn ahead<T>() -> usize {
    (8 << 10) / size_of::<T>()
}

struct ReadFirst<'a, T: Element, const GAIN: bool> {
    costs: &'a [T],
    least: &'a mut [T::Wide],
    depth: usize,
    limit: T::Wide,
}

impl<T: Element, const GAIN: bool> Kernel for ReadFirst<'_, T, GAIN> {
    /// Whether a cost is flawed.
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut any = false;
        let blocks = self.costs.chunks(LANES * self.depth);
        for (costs, least) in blocks.zip(self.least.as_chunks_mut::<LANES>().0) {
            let mut lowest = [T::Wide::FAR; LANES];
            let mut flawed = [false; LANES];
            let (costs, last) = costs.as_chunks::<LANES>();
            for costs in costs {
                for line in (0..LANES).step_by(64 / size_of::<T>()) {
                    prefetch(costs, ahead::<T>() + line);
                }
                for ((lowest, flawed), &cost) in lowest.iter_mut().zip(&mut flawed).zip(costs) {
                    *lowest = lowest.lesser(low::<T, GAIN>(cost));
                    *flawed |= is_flawed::<T, GAIN>(cost, self.limit);
                }
            }
            for (lowest, &cost) in lowest.iter_mut().zip(last) {
                *lowest = lowest.lesser(low::<T, GAIN>(cost));
                any |= is_flawed::<T, GAIN>(cost, self.limit);
            }
            any |= flawed.contains(&true);
            *least = lowest;
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers up to 100 in no order, one in nine forbidden.
    fn costs(columns: usize) -> Vec<i64> {
        let number = |at: usize| (at as i64 * 7919 + columns as i64) % 101;
        (0..columns).map(|at| if at % 9 == 4 { i64::MAX } else { number(at) }).collect()
    }

    #[test]
    fn every_column_is_in_one_group_whose_least_is_that_of_its_columns() {
        for columns in [1, 2, 15, 16, 17, 63, 64, 65, 100, 300, 1023, 1024, 1025, 5000] {
            let (costs, mut groups) = (costs(columns), Groups::among(columns));
            let prices: Vec<i64> = (0..columns as i64).map(|column| column * 31 % 57).collect();
            let mut check = |prices: Option<&[i64]>| {
                match prices {
                    Some(prices) => groups.read::<i64, false>(&costs, prices),
                    None => groups.read_first::<i64, false>(&costs, 100).unwrap(),
                }
                let mut seen = vec![0; columns];
                for (group, &least) in groups.least().iter().enumerate() {
                    let of_group: Vec<usize> = groups.columns(group).collect();
                    assert!(of_group.len() <= DEPTH);
                    of_group.iter().for_each(|&column| seen[column] += 1);
                    let cost = |&column: &usize| {
                        let price = prices.map_or(0, |prices| prices[column]);
                        if costs[column] == i64::MAX { i64::MAX } else { costs[column] + price }
                    };
                    assert_eq!(least, of_group.iter().map(cost).min().unwrap_or(i64::MAX));
                }
                assert_eq!(seen, vec![1; columns]);
            };
            check(None);
            check(Some(&prices));
        }
    }

    #[test]
    fn the_first_flawed_column_of_a_row_is_told_wherever_it_is() {
        for columns in [1, 17, 80, 300, 5000] {
            let mut groups = Groups::among(columns);
            for at in [0, columns / 2, columns - 1] {
                let mut costs = costs(columns);
                assert_eq!(groups.read_first::<_, false>(&costs, 100), Ok(()));
                costs[at] = 101;
                assert_eq!(groups.read_first::<_, false>(&costs, 100), Err(at));
                costs[at] = -101;
                costs[columns - 1] = i64::MIN;
                assert_eq!(groups.read_first::<_, false>(&costs, 100), Err(at));
            }
        }
    }
}

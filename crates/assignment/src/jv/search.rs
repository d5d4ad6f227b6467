use alloc::vec;
use alloc::vec::Vec;

use super::{LANES, Lane};
use crate::UNASSIGNED;

/// What one search for a shortest way knows of the columns.
pub(super) struct Search<T> {
    /// Distance of each column that is open; [`Lane::CLOSED`] of one that is closed.
    distances: Vec<T>,
    /// The row that each column is reached from.
    reached_from: Vec<u32>,
    /// Prices as scanned: [`Lane::CLOSED_PRICE`] for closed columns.
    prices: Vec<T>,
    /// The least distance.
    least: T,
    /// The closed columns and their distances.
    closed: Vec<(usize, T)>,
}

impl<T: Lane> Search<T> {
    pub(super) fn new(columns: usize) -> Self {
        Self {
            distances: vec![T::CLOSED; columns],
            reached_from: vec![UNASSIGNED; columns],
            prices: vec![T::ZERO; columns],
            least: T::CLOSED,
            closed: Vec::with_capacity(columns),
        }
    }

    #[inline(always)]
    pub(super) fn restart(&mut self, column_prices: &[T]) {
        self.distances.fill(T::CLOSED);
        self.prices.copy_from_slice(column_prices);
        self.closed.clear();
    }

    #[inline(always)]
    pub(super) fn close(&mut self, column: usize, distance: T) {
        self.distances[column] = T::CLOSED;
        self.prices[column] = T::CLOSED_PRICE;
        self.closed.push((column, distance));
    }

    pub(super) fn closed(&self) -> &[(usize, T)] {
        &self.closed
    }

    pub(super) fn reached_from(&self, column: usize) -> usize {
        self.reached_from[column] as usize
    }

    /// Shortens the distances of all columns by way of a row; `base` is its distance less its price.
    /// The search has come as far as `now`: rounding alone can lead back, and would open what is closed.
    /// Closed columns are scanned too: their price keeps them closed.
    #[inline(always)]
    pub(super) fn scan(&mut self, row: usize, base: T, now: T, costs: &[T]) {
        let row = row as u32;
        let mut least = [T::CLOSED; LANES];
        let distances = self.distances.as_chunks_mut::<LANES>().0.iter_mut();
        let reached_from = self.reached_from.as_chunks_mut::<LANES>().0.iter_mut();
        let prices = self.prices.as_chunks::<LANES>().0.iter();
        let costs = costs.as_chunks::<LANES>().0.iter();
        for ((distances, reached_from), (prices, costs)) in
            distances.zip(reached_from).zip(prices.zip(costs))
        {
            for lane in 0..LANES {
                let mut distance = base + (costs[lane] + prices[lane]);
                if !T::EXACT {
                    distance = distance.greater(now);
                }
                let shorter = distance < distances[lane];
                // A mask rather than a choice: it always stores, so the loop is done in vectors.
                let mask = u32::from(shorter).wrapping_neg();
                reached_from[lane] = (row & mask) | (reached_from[lane] & !mask);
                distances[lane] = distances[lane].lesser(distance);
                least[lane] = least[lane].lesser(distances[lane]);
            }
        }
        self.least = least_of(least);
    }

    /// The nearest open column: a free one if there is a choice, then the first.
    #[inline(always)]
    pub(super) fn nearest(&self, row_of: &[u32]) -> (T, usize) {
        let chunks = self.distances.as_chunks::<LANES>().0.iter();
        let nearest = chunks.map(|distances| distances.map(|distance| distance == self.least));
        (self.least, first_free(nearest, row_of))
    }
}

/// Half of them with the other half, and so on: a step for each doubling, not for each lane.
#[inline(always)]
fn least_of<T: Lane>(mut lanes: [T; LANES]) -> T {
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            lanes[lane] = lanes[lane].lesser(lanes[lane + width]);
        }
    }
    lanes[0]
}

/// The first of these columns that is free; without one, the first.
#[inline(always)]
pub(super) fn first_free(these: impl Iterator<Item = [bool; LANES]>, row_of: &[u32]) -> usize {
    let mut first = None;
    for (chunk, these) in these.enumerate() {
        if !these.iter().fold(false, |any, &this| any | this) {
            continue;
        }
        for (lane, _) in these.iter().enumerate().filter(|&(_, &this)| this) {
            let column = chunk * LANES + lane;
            if row_of[column] == UNASSIGNED {
                return column;
            }
            first = first.or(Some(column));
        }
    }
    first.unwrap_or(0)
}

//! Which columns of a row are the cheapest, by the least of each group of columns.
//!
//! Only groups whose least is within a limit are looked at. The limit is guessed first: as far from the
//! least of all as for the row before, as rows are much alike in that. Where it takes in too few or too
//! many, it is found by selection.

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::costs::{is_forbidden, raised};
use super::element::Element;
use super::groups::Groups;
use crate::paths::Number;

/// Kept from row to row for its memory, and for the guess.
pub(super) struct Choice<W> {
    /// A row must have been read before columns of it are chosen.
    pub(super) groups: Groups<W>,
    /// The groups within the limit.
    near: Vec<u32>,
    /// How far from the least of all the last limit was that was selected.
    reach: W,
    selected: Vec<W>,
    /// Columns within the limit, and what they cost with their prices. One more, as each that is looked at is
    /// written down before it is known whether it counts.
    found: Vec<(W, u32)>,
    /// Of those all that are listed.
    chosen: Vec<(W, u32)>,
}

impl<W: Number> Choice<W> {
    pub(super) fn among(columns: usize) -> Self {
        let groups = Groups::among(columns);
        let count = groups.least().len();
        Self {
            groups,
            near: vec![0; count],
            reach: W::ZERO,
            selected: Vec::with_capacity(count),
            found: vec![(W::FAR, 0); columns + 1],
            chosen: Vec::new(),
        }
    }

    /// Chooses at least so many columns, or all; gives what every other costs at least.
    pub(super) fn choose<T: Element<Wide = W>, const GAIN: bool>(
        &mut self,
        row: usize,
        costs: &[T],
        prices: &[W],
        wanted: usize,
    ) -> W {
        let (mut limit, within) = self.limit(wanted);
        let Self { groups, near, found, chosen, .. } = self;
        // Of equals each row takes others first, so that not all rows want the same.
        let (before, behind) = near[..within].split_at(scrambled(row) % within.max(1));
        let mut count = 0;
        for &group in behind.iter().chain(before) {
            for column in groups.columns(group as usize) {
                let cost = costs[column];
                let value = raised::<T, GAIN>(cost, prices[column]);
                found[count] = (value, column as u32);
                count += usize::from((value <= limit) & !is_forbidden::<T, GAIN>(cost));
            }
        }
        let mut equals = 0;
        let is_wanted = |&&(value, _): &&(W, u32)| {
            equals += usize::from(value == limit);
            value < limit || equals <= wanted
        };
        chosen.clear();
        chosen.extend(found[..count].iter().filter(is_wanted));
        if chosen.len() > 4 * wanted && limit != W::FAR {
            limit = nth(chosen, 2 * wanted, |&(value, _)| value).0;
            chosen.truncate(2 * wanted + 1);
        }
        limit
    }

    /// The columns that were chosen last.
    pub(super) fn chosen(&self) -> impl ExactSizeIterator<Item = u32> {
        self.chosen.iter().map(|&(_, column)| column)
    }

    /// A limit within which there are so many groups, or all, and how many there are.
    fn limit(&mut self, wanted: usize) -> (W, usize) {
        let least = self.groups.least();
        let lowest = lowest(least);
        if lowest == W::FAR {
            return (W::FAR, 0);
        }
        let guess = lowest + self.reach;
        let count = self.look_within(guess);
        if (wanted..=2 * wanted).contains(&count) {
            return (guess, count);
        }
        let mut limit = W::FAR;
        let least = self.groups.least();
        if wanted < least.len() {
            self.selected.clear();
            self.selected.extend_from_slice(least);
            // Some more, so that the guess for the next row may be too low by as many.
            let last = (wanted + wanted / 4).min(least.len() - 1);
            limit = *nth(&mut self.selected, last, |&value| value);
        }
        if limit < W::FAR {
            self.reach = limit - lowest;
        }
        (limit, self.look_within(limit))
    }

    /// Writes down which groups are within the limit, and gives how many.
    fn look_within(&mut self, limit: W) -> usize {
        let mut count = 0;
        for (group, &least) in (0..).zip(self.groups.least()) {
            self.near[count] = group;
            count += usize::from((least <= limit) & (least < W::FAR));
        }
        count
    }
}

/// The least of all.
fn lowest<W: Number>(values: &[W]) -> W {
    // In step, as it would wait for one comparison after the other.
    const STEP: usize = 16;
    let (steps, rest) = values.as_chunks::<STEP>();
    let mut lowest = [W::FAR; STEP];
    for step in steps {
        for (lowest, &value) in lowest.iter_mut().zip(step) {
            *lowest = lowest.lesser(value);
        }
    }
    lowest.iter().chain(rest).copied().fold(W::FAR, W::lesser)
}

/// Puts the n-th in its place, the lesser before it.
fn nth<V, W: PartialOrd>(values: &mut [V], n: usize, by: impl Fn(&V) -> W) -> &V {
    let order = |a: &V, b: &V| by(a).partial_cmp(&by(b)).unwrap_or(Ordering::Equal);
    values.select_nth_unstable_by(n, order).1
}

/// Numbers that look random (splitmix64).
pub(super) fn scrambled(number: usize) -> usize {
    let z = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((z ^ (z >> 31)) >> 8) as usize
}

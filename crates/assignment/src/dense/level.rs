//! Auctions, in which every bid raises a price by more than is needed, so that they end soon.
//!
//! [`settle`] has one for the rows that are left over where few are. [`level`] has many, of all rows, with
//! smaller and smaller raises (ε-scaling: Bertsekas & Castañon 1989, Annals of Operations Research 20,
//! 67–96), for costs in which what one row wants depends on what all others do, as between places on a map.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::element::{Element, Wide};
use super::solve::Solver;
use crate::paths::{Adjacency, Number};

/// The first raise is the spread of a row's costs in so many parts, and each after it the one
/// before in [`FINER`] parts.
const COARSE: u32 = 10;
const FINER: u32 = 5;

/// Bids in all auctions of [`level`] together, for each row, after which prices stay as they are. Each raises a
/// price by the spread of costs at most.
const BIDS: usize = 512;

/// Leaves nobody assigned, at prices from which the shortest ways are short. There must be as many
/// rows as columns.
pub(super) fn level<T: Element, const GAIN: bool>(solver: &mut Solver<'_, T, GAIN>, rows: usize) {
    let mut raise = solver.edges().spread().part(COARSE);
    let mut bids = rows * BIDS;
    while solver.auction(raise, &mut bids) {
        let finer = raise.part(FINER);
        // Finer than what tells one offer from the next makes bids and no difference.
        if finer >= raise || finer < grain(solver, rows).part(2) {
            break;
        }
        raise = finer;
    }
    solver.clear_out();
}

/// Bids of each row on average before it is known how many are left over, and as which part of all these
/// are few. Of costs that have nothing to do with each other 1 in 14 is left, of places on a map 1 in 5.
const FIRST_BIDS: usize = 2;
const FEW_LEFT: usize = 8;

/// What those who are left raise, as a part of how far apart neighbouring offers are; and how many
/// such bids there may be, for each row of all.
const SMALL: u32 = 6;
const SMALL_BIDS: usize = 32;

/// Brings in most rows where few are left over by bids, with prices at which the others have short ways.
/// Without a least raise two rows outbid each other by next to nothing, and a search from each sees half of
/// all. There must be as many rows as columns.
pub(super) fn settle<T: Element, const GAIN: bool>(solver: &mut Solver<'_, T, GAIN>, rows: usize) {
    let left = solver.bid_rounds(FIRST_BIDS);
    if left == 0 || left > rows / FEW_LEFT || has_ties(solver, rows) {
        return;
    }
    let mut bids = rows * SMALL_BIDS;
    solver.settle(grain(solver, rows).part(SMALL).rounded(), &mut bids);
}

/// Whether most rows of a sample see two that cost the same: raises would have to tell them apart, and
/// do not.
fn has_ties<T: Element, const GAIN: bool>(solver: &Solver<'_, T, GAIN>, rows: usize) -> bool {
    const SAMPLE: usize = 16;
    let sees_ties = |row: usize| {
        let mut costs: Vec<T::Wide> =
            solver.edges().row(row as u32).map(|(_, cost)| cost).collect();
        costs.sort_unstable_by(ascending);
        costs.windows(2).any(|pair| pair[0] == pair[1])
    };
    let sample = (0..rows).step_by(rows.div_ceil(SAMPLE));
    2 * sample.clone().filter(|&row| sees_ties(row)).count() > sample.count()
}

/// How far apart neighbouring offers are, for the row in the middle.
fn grain<T: Element, const GAIN: bool>(solver: &Solver<'_, T, GAIN>, rows: usize) -> T::Wide {
    let gap = |row| {
        let beyond = solver.edges().beyond(row);
        let offers = solver.offers(row).filter(|&offer| offer <= beyond);
        let (count, best) =
            offers.fold((0, T::Wide::FAR), |(count, best), offer| (count + 1, best.lesser(offer)));
        (beyond < T::Wide::FAR && count > 0).then(|| (beyond - best).part(count))
    };
    let mut gaps: Vec<T::Wide> = (0..rows as u32).filter_map(gap).collect();
    let middle = gaps.len() / 2;
    if gaps.is_empty() {
        return T::Wide::ZERO;
    }
    *gaps.select_nth_unstable_by(middle, ascending).1
}

/// Of numbers that are never NaN.
fn ascending<W: Number>(a: &W, b: &W) -> Ordering {
    a.partial_cmp(b).unwrap_or(Ordering::Equal)
}

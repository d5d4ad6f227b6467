//! Brings prices to their level by auctions with smaller and smaller raises (ε-scaling: Bertsekas &
//! Castañon 1989, Annals of Operations Research 20, 67–96), for costs in which what one row wants
//! depends on what all others do, as between places on a map.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::element::{Element, Wide};
use super::solve::Solver;
use crate::paths::{Adjacency, Number};

/// The first raise is the spread of a row's costs in so many parts, and each after it the one
/// before in [`FINER`] parts.
const COARSE: u32 = 10;
const FINER: u32 = 5;

/// Bids in all auctions together, for each row, after which prices stay as they are. Each raises a
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
    let order = |a: &T::Wide, b: &T::Wide| a.partial_cmp(b).unwrap_or(Ordering::Equal);
    *gaps.select_nth_unstable_by(middle, order).1
}

//! Both solvers work on doubled scores: a permitted pair that is worth taking counts
//! `2 × score + 1`, every other pair −1.
//!
//! **The most pairs among the best totals.** A matching of doubled scores has
//! `2 × total + pairs`. Let it be the greatest possible, with prices that prove it. Halve all
//! prices, rounding down. Where doubled prices add up to at least `2 × score + 1`, the halves add
//! up to at least `score − 1/2`, so, being integers, to at least `score`. On an assigned pair they
//! add up to exactly the odd number `2 × score + 1`: one of the two is odd, rounding takes exactly
//! the one away, and the halves add up to exactly `score`. Zero stays zero. So the halves prove
//! that the *total* is the greatest possible; and since `2 × total + pairs` is too, so is `pairs`
//! among the matchings with that total.
//!
//! **Forbidden pairs need no infinity.** A row that takes −1 is better off unassigned, at 0. No
//! solver that may leave a row unassigned ever takes such a pair, and prices that are not negative
//! are always enough for it. The same holds for negative scores.

/// What a pair counts in the solvers when it is not worth taking.
pub(crate) const REFUSED: i64 = -1;

/// What a pair counts in the solvers.
pub(crate) fn doubled(score: Option<i64>) -> i64 {
    score.map_or(REFUSED, kept_doubled)
}

/// The same of a score as a table keeps it: what is not worth taking is negative, forbidden or not.
pub(crate) fn kept_doubled(kept: i64) -> i64 {
    if kept >= 0 { 2 * kept + 1 } else { REFUSED }
}

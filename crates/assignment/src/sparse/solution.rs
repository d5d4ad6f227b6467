use alloc::vec::Vec;

use super::Cost;

/// An optimal assignment.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution<C: Cost> {
    /// For each row its column or [`UNASSIGNED`](crate::UNASSIGNED).
    pub columns: Vec<u32>,
    /// How many rows have a column.
    pub assigned: usize,
    /// What the assigned pairs and the unassigned rows count together: exactly for integers, for
    /// floats with the error of about one rounding.
    pub total: C::Sum,
    /// Proves that no other assignment is better.
    pub certificate: Certificate<C>,
}

/// Dual prices, in the unit of the costs.
///
/// - No column price is negative, and that of a column with a free place is 0.
/// - To minimise, a row price is the least of `cost + column price` over the columns that the row is
///   permitted, and what it counts unassigned. To maximise it is the greatest of
///   `score − column price`, and what it counts unassigned.
/// - What a row has is what attains that.
///
/// So no assignment can be better than all row prices less (to maximise: plus) the price of each
/// place: and that is this one's total. A column price is what one place more would improve the
/// total by at most.
///
/// The prices are not canonical: of many lists that prove the same, this is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate<C: Cost> {
    /// Price of each row.
    pub row_prices: Vec<C::Sum>,
    /// Price of a place of each column.
    pub column_prices: Vec<C::Sum>,
}

use alloc::vec::Vec;

/// Marks a row or column that stays unassigned.
pub const UNASSIGNED: u32 = u32::MAX;

/// An optimal assignment of concrete rows to concrete columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// For each row its column or [`UNASSIGNED`].
    pub columns: Vec<u32>,
    /// The sum of the scores of the assigned pairs.
    pub total: i64,
    /// How many pairs are assigned.
    pub assigned: usize,
    /// Proves that no other assignment has a higher total.
    pub certificate: Certificate,
}

/// Dual prices: one a row and one a column of the problem's table (so one a class for
/// [`Problem::Classes`](crate::Problem::Classes)), in the unit of the scores.
///
/// - no price is negative;
/// - row price + column price ≥ score for every permitted pair, also of classes without members;
/// - row price + column price = score for every assigned pair;
/// - the price of a row, a column or a class with an unassigned member is 0.
///
/// Any matching has at most the sum of all prices, one a member; this one has exactly that. So it
/// is optimal, whoever made it: [`verify`](crate::verify()) needs nothing else.
///
/// Of the many price lists that would prove it, this is a canonical one. When a row stays
/// unassigned, every row price is the least and every column price the greatest possible: a column
/// price is what the total would lose without that column. Otherwise it is the other way round.
/// So [`price_to_enter`](crate::price_to_enter) is exact. A class without members has the least
/// price that keeps the rules above.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Certificate {
    /// Price of each row, or row class.
    pub row_prices: Vec<i64>,
    /// Price of each column, or column class.
    pub column_prices: Vec<i64>,
}

/// So many members of a row class go to members of a column class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    /// Row of the class table.
    pub row_class: u32,
    /// Column of the class table.
    pub column_class: u32,
    /// How many pairs; never 0.
    pub count: u64,
}

/// An optimal assignment by class counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClassSolution {
    /// Ordered by row class, then column class; each pair of classes at most once.
    pub flows: Vec<Flow>,
    /// The sum of score × count.
    pub total: i64,
    /// Prices of the classes; proves that no other assignment has a higher total.
    pub certificate: Certificate,
}

impl ClassSolution {
    /// How many pairs are assigned; at most `u64::MAX`, which is more than a solution can have.
    #[must_use]
    pub fn assigned(&self) -> u64 {
        self.flows.iter().fold(0, |pairs: u64, flow| pairs.saturating_add(flow.count))
    }
}

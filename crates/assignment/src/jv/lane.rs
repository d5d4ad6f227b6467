use crate::paths::Number;

/// The numbers that a matrix is solved in.
///
/// **Bounds.** Costs, prices and distances must stay within ±[`LARGEST`](Self::LARGEST), which whoever
/// makes the matrix sees to:
///
/// - where every row may stay out, at 0, and no cost is above 1: a column that is held is priced what it
///   saves its row at most, and no way is longer than staying out. So costs may go down to −`LARGEST`,
///   whatever the size of the matrix;
/// - where all rows must be assigned, prices can add up: [`most`].
///
/// Then no sum overflows, and these are told apart: what is reached, what is forbidden, what is closed.
pub trait Lane: Number {
    /// An integer type's maximum in 16 parts, and what the highest score of a table needs more.
    const LARGEST: Self;
    /// From here on it is no distance, but by a forbidden pair.
    const UNREACHED: Self;
    /// What a forbidden pair costs.
    const PROHIBITIVE: Self;
    /// The distance of a column that is closed, beyond every distance.
    const CLOSED: Self;
    /// The price that a closed column is scanned with. It exceeds [`Self::CLOSED`] by more than
    /// any cost and distance, so that no way looks shorter than closed and opens it again.
    const CLOSED_PRICE: Self;
}

/// The largest magnitude of costs in 32 bits for so many rows that must all be assigned. Of the prices of
/// columns, in order, no two neighbours are farther apart than the costs of a row, and the least is 0; so
/// none is above that times the rows.
pub(crate) fn most(rows: usize) -> i32 {
    i32::LARGEST / 8 / i32::try_from(rows + 1).unwrap_or(i32::MAX)
}

macro_rules! lane {
    ($number:ty) => {
        impl Lane for $number {
            const LARGEST: Self = Self::MAX / 16 + 2;
            const UNREACHED: Self = Self::MAX / 8;
            const PROHIBITIVE: Self = Self::MAX / 4;
            const CLOSED: Self = Self::MAX / 2;
            const CLOSED_PRICE: Self = Self::CLOSED + 2 * Self::LARGEST + 1;
        }
    };
}
lane!(i32);
lane!(i64);

impl Lane for f64 {
    const LARGEST: Self = Self::MAX / 16.0;
    const UNREACHED: Self = Self::INFINITY;
    const PROHIBITIVE: Self = Self::INFINITY;
    const CLOSED: Self = Self::INFINITY;
    const CLOSED_PRICE: Self = Self::INFINITY;
}

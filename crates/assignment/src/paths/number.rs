use core::fmt::Debug;
use core::ops::{Add, Sub};

/// What costs, prices and distances are to a search.
///
/// Integers must be bounded by whoever makes the problem, so that nothing overflows: with `n` the
/// lesser of rows and places, no price or distance leaves ±2 (n + 1) × (highest cost − lowest cost)
/// around a cost. Floats must be finite and round as they like: see [`Matching`](super::Matching).
pub trait Number: Copy + Debug + PartialOrd + Add<Output = Self> + Sub<Output = Self> {
    /// Nothing.
    const ZERO: Self;
    /// Beyond every distance. Compared with, never added to.
    const FAR: Self;
    /// Below every distance.
    const LOW: Self;
    /// Whether sums are exact.
    const EXACT: bool;

    /// The lesser of two.
    fn lesser(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    /// The greater of two.
    fn greater(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
}

macro_rules! number {
    ($number:ty, $low:expr, $far:expr, $exact:expr) => {
        impl Number for $number {
            const ZERO: Self = 0 as Self;
            const FAR: Self = $far;
            const LOW: Self = $low;
            const EXACT: bool = $exact;
        }
    };
}
number!(i32, i32::MIN, i32::MAX, true);
number!(i64, i64::MIN, i64::MAX, true);
number!(i128, i128::MIN, i128::MAX, true);
number!(f64, f64::NEG_INFINITY, f64::INFINITY, false);

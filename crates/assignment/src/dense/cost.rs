use std::fmt::Debug;

use crate::sparse::Number;

/// The numbers that a [`Matrix`](super::Matrix) may hold: `i32`, `i64`, `f32` and `f64`.
///
/// Solved is in the wide type of the kind, so integers are exact, and floats round as `f64`.
pub trait Cost: Copy + Debug + PartialOrd + private::Sealed {
    /// What totals and prices are in: `i64` or `f64`.
    type Wide: Wide;

    /// The pair that costs this may not be taken when costs are minimised; its opposite,
    /// [`FORBIDDEN_GAIN`](Self::FORBIDDEN_GAIN), when they are maximised. The highest of the
    /// integers, infinity of the floats.
    const FORBIDDEN: Self;
    /// The lowest of the integers, negative infinity of the floats.
    const FORBIDDEN_GAIN: Self;

    /// The same number in the wide type.
    fn wide(self) -> Self::Wide;
}

/// What sums of costs are in.
pub trait Wide: Number + private::Wide + Cost<Wide = Self> {}

pub(crate) mod private {
    pub trait Sealed {}

    /// What the solver asks of a wide type besides.
    pub trait Wide: Sized {
        /// The largest magnitude that a cost may have when so many of it may add up.
        fn limit(members: usize) -> Self;
        fn negated(self) -> Self;
        /// The sum; of integers one that wraps.
        fn plus(self, other: Self) -> Self;
        /// A part of it, at least the smallest number that is not nothing to it.
        fn part(self, of: u32) -> Self;
        fn times(self, n: u32) -> Self;
    }
}

impl private::Wide for i64 {
    fn limit(members: usize) -> Self {
        // Prices and distances stay within 2 (n + 1) times the spread of costs, twice their magnitude.
        (i64::MAX / 16) / (members as i64 + 1)
    }
    #[inline(always)]
    fn negated(self) -> Self {
        self.wrapping_neg()
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn times(self, n: u32) -> Self {
        self * i64::from(n)
    }
    fn part(self, of: u32) -> Self {
        (self / i64::from(of)).max(1)
    }
}

impl private::Wide for f64 {
    fn limit(members: usize) -> Self {
        (f64::MAX / 16.0) / (members as f64 + 1.0)
    }
    #[inline(always)]
    fn negated(self) -> Self {
        -self
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self + other
    }
    fn times(self, n: u32) -> Self {
        self * f64::from(n)
    }
    fn part(self, of: u32) -> Self {
        self / f64::from(of)
    }
}

impl Wide for i64 {}
impl Wide for f64 {}

macro_rules! cost {
    ($cost:ty, $wide:ty, $forbidden:expr, $gain:expr) => {
        impl private::Sealed for $cost {}
        impl Cost for $cost {
            type Wide = $wide;
            const FORBIDDEN: Self = $forbidden;
            const FORBIDDEN_GAIN: Self = $gain;
            #[inline(always)]
            fn wide(self) -> $wide {
                <$wide>::from(self)
            }
        }
    };
}
cost!(i32, i64, i32::MAX, i32::MIN);
cost!(i64, i64, i64::MAX, i64::MIN);
cost!(f32, f64, f32::INFINITY, f32::NEG_INFINITY);
cost!(f64, f64, f64::INFINITY, f64::NEG_INFINITY);

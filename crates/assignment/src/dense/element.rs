use core::fmt::Debug;

use crate::jv::Lane;
use crate::paths::Number;
use crate::sparse::{Amount, Cost, Goal};

/// The numbers that a [`Matrix`](super::Matrix) may hold: `i32`, `i64`, `f32` and `f64`.
///
/// Solved is in the wide type of the kind: integers exactly, floats with the rounding of `f64`. One
/// value forbids a pair: to minimise the highest (`i32::MAX`, `i64::MAX`, `+∞`), to maximise the
/// lowest (`i32::MIN`, `i64::MIN`, `−∞`).
pub trait Element: Copy + Debug + PartialEq + Sealed {
    /// `i64` or `f64`.
    type Wide: Wide;

    /// What forbids a pair.
    const FORBIDDEN: Forbidden<Self>;

    /// The same number in the wide type.
    fn wide(self) -> Self::Wide;
}

/// What forbids a pair, by [`Goal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forbidden<T> {
    /// When costs are minimised.
    pub minimise: T,
    /// When scores are maximised.
    pub maximise: T,
}

impl<T> Forbidden<T> {
    /// For this goal.
    #[must_use]
    pub fn to(self, goal: Goal) -> T {
        match goal {
            Goal::Minimise => self.minimise,
            Goal::Maximise => self.maximise,
        }
    }
}

/// Nobody else's types are elements.
pub trait Sealed {}

/// What only the wide types can do.
pub trait Wide: Cost<Sum: Amount> + Number + Lane + Element<Wide = Self> {
    /// The largest magnitude that a number may have where so many may add up.
    fn limit(members: usize) -> Self;
    /// Whether its magnitude is at most the limit; not a number is not.
    fn is_within(self, limit: Self) -> bool;
    /// The sum; of integers one that wraps.
    fn wrapping_plus(self, other: Self) -> Self;
    fn negated(self) -> Self;
    /// A part of it; of integers at least 1.
    fn part(self, of: u32) -> Self;
    /// Of floats the power of two below: what is added to a whole number is exact.
    fn rounded(self) -> Self;
    /// `self / unit` when it is a whole number that counts up to 2⁵³, and its opposite.
    fn in_units(self, unit: Self) -> Option<i64>;
    fn from_units(count: i64, unit: Self) -> Self;
    /// The largest unit of which it is a multiple; nothing for 0.
    fn unit(self) -> Option<Self>;
    /// The same for the same number.
    fn bits(self) -> u64;
    /// Whether it is a whole number of at most this magnitude.
    fn is_whole(self, most: i32) -> bool;
    /// A whole number that an `i32` can hold; of others anything.
    fn whole(self) -> i32;
    fn of_whole(number: i32) -> Self;
}

/// Prices and distances stay below this many times the members and the largest magnitude: see
/// [`level`](super::level), whose bids raise them most.
const HEADROOM: i64 = 1 << 11;

impl Wide for i64 {
    fn limit(members: usize) -> Self {
        i64::MAX / HEADROOM / (members as i64 + 1)
    }
    #[inline(always)]
    fn is_within(self, limit: Self) -> bool {
        self.unsigned_abs() <= limit.unsigned_abs()
    }
    #[inline(always)]
    fn wrapping_plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    #[inline(always)]
    fn negated(self) -> Self {
        self.wrapping_neg()
    }
    fn part(self, of: u32) -> Self {
        (self / i64::from(of)).max(1)
    }
    fn rounded(self) -> Self {
        self
    }
    fn in_units(self, _: Self) -> Option<i64> {
        (self.unsigned_abs() <= 1 << 53).then_some(self)
    }
    fn from_units(count: i64, _: Self) -> Self {
        count
    }
    fn unit(self) -> Option<Self> {
        (self != 0).then_some(1)
    }
    fn bits(self) -> u64 {
        self.cast_unsigned()
    }
    #[inline(always)]
    fn is_whole(self, most: i32) -> bool {
        (self <= i64::from(most)) & (self >= -i64::from(most))
    }
    #[inline(always)]
    fn whole(self) -> i32 {
        self as i32
    }
    fn of_whole(number: i32) -> Self {
        number.into()
    }
}

/// 1.5 × 2⁵²: what is added to it is rounded to ones, which are the lowest bits then. A cast would have to
/// look whether it fits, and is not done in vectors.
const ONES: f64 = 6_755_399_441_055_744.0;

impl Wide for f64 {
    fn limit(members: usize) -> Self {
        f64::MAX / HEADROOM as f64 / (members as f64 + 1.0)
    }
    #[inline(always)]
    fn is_within(self, limit: Self) -> bool {
        self.abs() <= limit
    }
    #[inline(always)]
    fn wrapping_plus(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    fn negated(self) -> Self {
        -self
    }
    fn part(self, of: u32) -> Self {
        self / f64::from(of)
    }
    fn rounded(self) -> Self {
        Self::from_bits(self.to_bits() & Self::INFINITY.to_bits())
    }
    fn in_units(self, unit: Self) -> Option<i64> {
        let count = self / unit;
        let whole = count as i64;
        (count.abs() <= (1_u64 << 53) as f64 && whole as Self == count).then_some(whole)
    }
    fn from_units(count: i64, unit: Self) -> Self {
        count as Self * unit
    }
    fn unit(self) -> Option<Self> {
        let (exponent, fraction) = (self.to_bits() >> 52 & 0x7ff, self.to_bits() << 12);
        // Neither 0 and what is next to it, nor what is no number.
        if exponent == 0 || exponent == 0x7ff {
            return None;
        }
        // One bit for each power of two that the fraction goes on for.
        let bits = if fraction == 0 { 0 } else { 52 - (u64::from(fraction.trailing_zeros()) - 12) };
        let exponent = exponent.checked_sub(bits).filter(|&exponent| exponent > 0)?;
        Some(f64::from_bits(exponent << 52))
    }
    fn bits(self) -> u64 {
        self.to_bits()
    }
    #[inline(always)]
    fn is_whole(self, most: i32) -> bool {
        (self.abs() <= Self::from(most)) & ((self + ONES) - ONES == self)
    }
    #[inline(always)]
    fn whole(self) -> i32 {
        (self + ONES).to_bits() as i32
    }
    fn of_whole(number: i32) -> Self {
        number.into()
    }
}

macro_rules! element {
    ($element:ty, $wide:ty, $minimise:expr, $maximise:expr) => {
        impl Sealed for $element {}
        impl Element for $element {
            type Wide = $wide;
            const FORBIDDEN: Forbidden<Self> =
                Forbidden { minimise: $minimise, maximise: $maximise };
            #[inline(always)]
            fn wide(self) -> $wide {
                <$wide>::from(self)
            }
        }
    };
}
element!(i32, i64, i32::MAX, i32::MIN);
element!(i64, i64, i64::MAX, i64::MIN);
element!(f32, f64, f32::INFINITY, f32::NEG_INFINITY);
element!(f64, f64, f64::INFINITY, f64::NEG_INFINITY);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_is_a_multiple_of_its_unit_and_of_no_greater_power_of_two() {
        for (number, unit) in [(1.0, 1.0), (12.0, 4.0), (98.75, 0.25), (-0.75, 0.25)] {
            assert_eq!(Wide::unit(number), Some(unit));
        }
        assert_eq!(Wide::unit(0.1), Some(1.0 / (1_u64 << 55) as f64));
        assert_eq!(Wide::unit(0.0), None);
        assert_eq!(Wide::unit(f64::INFINITY), None);
        assert_eq!(98.75.in_units(0.25), Some(395));
        assert_eq!(98.7.in_units(0.25), None);
    }

    #[test]
    fn whole_floats_are_told_from_others_and_are_their_integers() {
        for number in [0, 1, -1, 2, 97, -1000, 12_345_678, i32::MAX, -i32::MAX] {
            let float = f64::from(number);
            assert!(float.is_whole(i32::MAX) && float.whole() == number, "{number}");
            assert!(!(float + 0.25).is_whole(i32::MAX) && !(float - 0.5).is_whole(i32::MAX));
            assert!(number == 0 || !float.is_whole(number.abs() - 1));
        }
        assert!((-0.0).is_whole(9) && (-0.0).whole() == 0);
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 5e-324, 1e-9] {
            assert!(!number.is_whole(i32::MAX), "{number}");
        }
    }
}

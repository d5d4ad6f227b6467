use alloc::vec::Vec;
use core::fmt::Debug;

use super::{Certificate, Error, Goal, Problem};

/// What a pair counts in the total: a cost or, where the goal is the highest total, a score.
/// Implemented for `i64` and `f64`, and for nothing else.
///
/// - `i64`: every value is permitted. Totals and prices are `i128`, in which nothing can overflow.
/// - `f64`: NaN is refused. What is infinitely bad (`+∞` to minimise, `−∞` to maximise) is the same
///   as absent: the pair is forbidden, or the row may not stay unassigned. Infinitely good is
///   refused. So is a magnitude above [`MAX_FLOAT`], of which sums could be infinite.
pub trait Cost: Sealed {
    /// Totals and prices.
    type Sum: Amount;
}

impl Cost for i64 {
    type Sum = i128;
}

impl Cost for f64 {
    type Sum = f64;
}

/// The largest magnitude of a float that counts as finite, 2⁹⁸³. With `u32::MAX` rows no sum of the
/// solver is more than 2⁴⁰ times that.
pub const MAX_FLOAT: f64 = f64::MAX / (1_u64 << 41) as f64;

/// How usable a cost is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Finite,
    TooLarge,
    NotANumber,
    InfinitelyGood,
    InfinitelyBad,
}

/// What only the types of this crate can do.
pub trait Sealed: Copy + Debug + PartialOrd + Send + Sync + 'static {
    fn kind(self, goal: Goal) -> Kind;

    fn amount(self) -> Self::Sum
    where
        Self: Cost;

    /// For each row its column, and the prices.
    fn optimum(problem: &Problem<Self>) -> Result<(Vec<u32>, Certificate<Self>), Error>
    where
        Self: Cost;
}

/// Sums of costs. Those of integers stop at the end of the type: only prices that are no solver's
/// could get there, and they are wrong in any case.
pub trait Amount: Copy + Debug + PartialOrd + Send + Sync + 'static {
    const ZERO: Self;

    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, count: usize) -> Self;
    fn sum(amounts: impl Iterator<Item = Self>) -> Self;
    /// What rounding may have done to amounts of up to this magnitude; nothing for integers.
    fn tolerance(magnitude: Self) -> Self;

    fn negated(self) -> Self {
        Self::ZERO.minus(self)
    }

    fn magnitude(self) -> Self {
        if self < Self::ZERO { self.negated() } else { self }
    }

    fn greater(self, other: Self) -> Self {
        if other > self { other } else { self }
    }

    fn is_number(self) -> bool {
        self.partial_cmp(&Self::ZERO).is_some()
    }
}

impl Amount for i128 {
    const ZERO: Self = 0;

    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }
    fn minus(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
    fn times(self, count: usize) -> Self {
        self.saturating_mul(count as Self)
    }
    fn sum(amounts: impl Iterator<Item = Self>) -> Self {
        amounts.sum()
    }
    fn tolerance(_: Self) -> Self {
        0
    }
}

/// The share of the largest amount that a float may be off, 2⁻⁴⁰. Every move of a price rounds by up
/// to 2⁻⁵³ of it, either way, and a price moves a few times, or some hundred.
const TOLERANCE: f64 = 1.0 / (1_u64 << 40) as f64;

impl Amount for f64 {
    const ZERO: Self = 0.0;

    fn plus(self, other: Self) -> Self {
        self + other
    }
    fn minus(self, other: Self) -> Self {
        self - other
    }
    fn times(self, count: usize) -> Self {
        self * count as Self
    }
    /// Compensated (Neumaier 1974): as if it were summed in twice the precision.
    fn sum(amounts: impl Iterator<Item = Self>) -> Self {
        let (sum, lost) = amounts.fold((0.0_f64, 0.0), |(sum, lost), amount| {
            let next = sum + amount;
            let (large, small) =
                if sum.abs() >= amount.abs() { (sum, amount) } else { (amount, sum) };
            (next, lost + ((large - next) + small))
        });
        sum + lost
    }
    fn tolerance(magnitude: Self) -> Self {
        magnitude * TOLERANCE
    }
}

impl Sealed for i64 {
    fn kind(self, _: Goal) -> Kind {
        Kind::Finite
    }
    fn amount(self) -> i128 {
        self.into()
    }
    fn optimum(problem: &Problem<Self>) -> Result<(Vec<u32>, Certificate<Self>), Error> {
        super::solve::integers(problem)
    }
}

impl Sealed for f64 {
    fn kind(self, goal: Goal) -> Kind {
        if self.is_nan() {
            Kind::NotANumber
        } else if self.abs() <= MAX_FLOAT {
            Kind::Finite
        } else if self.is_finite() {
            Kind::TooLarge
        } else if (self > 0.0) == (goal == Goal::Minimise) {
            Kind::InfinitelyBad
        } else {
            Kind::InfinitelyGood
        }
    }
    fn amount(self) -> f64 {
        self
    }
    fn optimum(problem: &Problem<Self>) -> Result<(Vec<u32>, Certificate<Self>), Error> {
        super::solve::floats(problem)
    }
}

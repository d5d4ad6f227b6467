//! What the solver sees of a matrix: low is good, and there are no more rows than columns.

use super::element::{Element, Wide};
use super::matrix::Matrix;
use crate::kernel::{Kernel, prefetch, vectorised};
use crate::paths::Number;

/// With `GAIN` what is wanted is the highest total, and elements count negative.
#[derive(Debug, Clone, Copy)]
pub(super) struct Costs<'a, T, const GAIN: bool>(Matrix<'a, T>);

impl<'a, T: Element, const GAIN: bool> Costs<'a, T, GAIN> {
    pub(super) fn of(matrix: Matrix<'a, T>) -> Self {
        debug_assert!(matrix.rows() <= matrix.columns());
        Self(matrix)
    }

    pub(super) fn rows(&self) -> usize {
        self.0.rows()
    }

    pub(super) fn columns(&self) -> usize {
        self.0.columns()
    }

    pub(super) fn row(&self, row: usize) -> &'a [T] {
        self.0.row(row)
    }

    /// The `least` of cost and price together in each group of columns of a row. Of g groups the first
    /// has the columns 0, g, 2g and so on: so all are done in step.
    pub(super) fn least(&self, row: usize, prices: &[T::Wide], least: &mut [T::Wide]) {
        vectorised(Least::<'_, T, GAIN> { costs: self.row(row), prices, least });
    }

    /// The same at no prices for a row that has not been looked at before, as the one after it will be: the
    /// first column whose cost is no number, or so large that a sum could not be told, is an error.
    pub(super) fn checked_least(&self, row: usize, least: &mut [T::Wide]) -> Result<(), usize> {
        let (costs, limit) = (self.row(row), T::Wide::limit(self.rows()));
        if !vectorised(CheckedLeast::<'_, T, GAIN> { costs, least, limit }) {
            return Ok(());
        }
        let flawed = |&cost: &T| is_flawed::<T, GAIN>(cost, limit);
        Err(costs.iter().position(flawed).unwrap_or(0))
    }
}

struct Least<'a, T: Element, const GAIN: bool> {
    costs: &'a [T],
    prices: &'a [T::Wide],
    least: &'a mut [T::Wide],
}

impl<T: Element, const GAIN: bool> Kernel for Least<'_, T, GAIN> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.least.fill(T::Wide::FAR);
        let groups = self.least.len().max(1);
        for (costs, prices) in self.costs.chunks(groups).zip(self.prices.chunks(groups)) {
            for ((&cost, &price), least) in costs.iter().zip(prices).zip(self.least.iter_mut()) {
                *least = least.lesser(priced::<T, GAIN>(cost, price));
            }
        }
    }
}

/// Columns that are done in step.
const LINE: usize = 32;

/// How far ahead a row is fetched that is looked at for the first time; about 8 KiB, so that the next is under
/// way while the columns of one are chosen.
const fn ahead<T>() -> usize {
    (8 << 10) / size_of::<T>()
}

struct CheckedLeast<'a, T: Element, const GAIN: bool> {
    costs: &'a [T],
    least: &'a mut [T::Wide],
    limit: T::Wide,
}

impl<T: Element, const GAIN: bool> Kernel for CheckedLeast<'_, T, GAIN> {
    /// Whether a cost is flawed.
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        self.least.fill(T::Wide::FAR);
        let groups = self.least.len().max(1);
        let mut any = false;
        for costs in self.costs.chunks(groups) {
            for (costs, least) in costs.chunks(LINE).zip(self.least.chunks_mut(LINE)) {
                for line in (0..LINE).step_by(64 / size_of::<T>()) {
                    prefetch(costs, ahead::<T>() + line);
                }
                for (&cost, least) in costs.iter().zip(least) {
                    *least = least.lesser(low::<T, GAIN>(cost));
                    any |= is_flawed::<T, GAIN>(cost, self.limit);
                }
            }
        }
        any
    }
}

#[inline(always)]
pub(super) fn is_forbidden<T: Element, const GAIN: bool>(cost: T) -> bool {
    cost == if GAIN { T::FORBIDDEN.maximise } else { T::FORBIDDEN.minimise }
}

/// Not a number is within no limit.
#[inline(always)]
pub(super) fn is_flawed<T: Element, const GAIN: bool>(cost: T, limit: T::Wide) -> bool {
    let wide = cost.wide();
    let within = (wide <= limit) & (wide >= limit.negated());
    !within & !is_forbidden::<T, GAIN>(cost)
}

/// What an element costs; [`Number::FAR`] when the pair is forbidden.
#[inline(always)]
pub(super) fn low<T: Element, const GAIN: bool>(cost: T) -> T::Wide {
    priced::<T, GAIN>(cost, T::Wide::ZERO)
}

/// The same with a price.
#[inline(always)]
pub(super) fn priced<T: Element, const GAIN: bool>(cost: T, price: T::Wide) -> T::Wide {
    let raised = raised::<T, GAIN>(cost, price);
    if is_forbidden::<T, GAIN>(cost) { T::Wide::FAR } else { raised }
}

/// The same of a pair that is not forbidden; of one that is, anything.
#[inline(always)]
pub(super) fn raised<T: Element, const GAIN: bool>(cost: T, price: T::Wide) -> T::Wide {
    let wide = if GAIN { cost.wide().negated() } else { cost.wide() };
    wide.wrapping_plus(price)
}

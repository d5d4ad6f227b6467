//! What the solver sees of a matrix: low is good, and there are no more rows than columns.

use super::element::{Element, Wide};
use super::matrix::Matrix;
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
}

#[inline(always)]
pub(super) fn is_forbidden<T: Element, const GAIN: bool>(cost: T) -> bool {
    cost == if GAIN { T::FORBIDDEN.maximise } else { T::FORBIDDEN.minimise }
}

/// Not a number is within no limit.
#[inline(always)]
pub(super) fn is_flawed<T: Element, const GAIN: bool>(cost: T, limit: T::Wide) -> bool {
    !cost.wide().is_within(limit) & !is_forbidden::<T, GAIN>(cost)
}

/// What an element costs; [`Number::FAR`] when the pair is forbidden.
#[inline(always)]
pub(super) fn low<T: Element, const GAIN: bool>(cost: T) -> T::Wide {
    let wide = if GAIN { cost.wide().negated() } else { cost.wide() };
    far_if_forbidden::<T, GAIN>(cost, wide)
}

/// The same with a price.
#[inline(always)]
pub(super) fn priced<T: Element, const GAIN: bool>(cost: T, price: T::Wide) -> T::Wide {
    far_if_forbidden::<T, GAIN>(cost, raised::<T, GAIN>(cost, price))
}

#[inline(always)]
fn far_if_forbidden<T: Element, const GAIN: bool>(cost: T, raised: T::Wide) -> T::Wide {
    // Infinity stays what it is, whatever is added.
    if T::Wide::EXACT && is_forbidden::<T, GAIN>(cost) { T::Wide::FAR } else { raised }
}

/// The same of a pair that is not forbidden; of one that is, anything.
#[inline(always)]
pub(super) fn raised<T: Element, const GAIN: bool>(cost: T, price: T::Wide) -> T::Wide {
    let wide = if GAIN { cost.wide().negated() } else { cost.wide() };
    wide.wrapping_plus(price)
}

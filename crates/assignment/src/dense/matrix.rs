use super::cost::{Cost, Wide, private::Wide as _};
use super::kernel::{Kernel, vectorised};
use super::Refused;
use crate::sparse::Number;

/// A dense matrix of costs, row-major: what each row would pay for each column.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a, T> {
    rows: usize,
    columns: usize,
    costs: &'a [T],
}

impl<'a, T: Cost> Matrix<'a, T> {
    /// `costs` holds row after row, `rows × columns` of them. Either side may be 0.
    ///
    /// # Errors
    ///
    /// [`Refused::Shape`] when there are not as many costs, or more rows or columns than 2³¹ − 1.
    pub fn new(rows: usize, columns: usize, costs: &'a [T]) -> Result<Self, Refused> {
        let numbered = |count: usize| count < 1 << 31;
        let fits = rows.checked_mul(columns) == Some(costs.len());
        if fits && numbered(rows) && numbered(columns) {
            return Ok(Self { rows, columns, costs });
        }
        Err(Refused::Shape { rows, columns, costs: costs.len() })
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The cost of a pair.
    ///
    /// # Panics
    ///
    /// When there is no such row or column.
    #[must_use]
    pub fn cost(&self, row: usize, column: usize) -> T {
        assert!(column < self.columns, "there is no column {column}");
        self.costs[row * self.columns + column]
    }

    pub(super) fn all(&self) -> &'a [T] {
        self.costs
    }

    /// With rows and columns in each other's place.
    pub(super) fn transposed(&self) -> Vec<T> {
        const TILE: usize = 32;
        let mut costs = self.costs.to_vec();
        for top in (0..self.rows).step_by(TILE) {
            for left in (0..self.columns).step_by(TILE) {
                for row in top..(top + TILE).min(self.rows) {
                    for column in left..(left + TILE).min(self.columns) {
                        costs[column * self.rows + row] = self.costs[row * self.columns + column];
                    }
                }
            }
        }
        costs
    }
}

/// A matrix with at least as many columns as rows, in which low is good. With `GAIN` what is wanted
/// is the highest total, and costs count negative.
#[derive(Debug, Clone, Copy)]
pub(super) struct Costs<'a, T, const GAIN: bool> {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) costs: &'a [T],
}

impl<'a, T: Cost, const GAIN: bool> Costs<'a, T, GAIN> {
    pub(super) fn row(&self, row: usize) -> &'a [T] {
        &self.costs[row * self.columns..][..self.columns]
    }

    /// The `least` of cost and price together in each group of columns of a row. Of g groups the first
    /// has the columns 0, g, 2g and so on: so all are done in step.
    pub(super) fn least(&self, row: usize, prices: &[T::Wide], least: &mut [T::Wide]) {
        let costs = self.row(row);
        vectorised(Least::<'_, T, GAIN, false> { costs, prices, least, limit: T::Wide::FAR });
    }

    /// The same for a row that has not been looked at before: the first column whose cost is no
    /// number, or so large that a sum could not be told, is an error.
    pub(super) fn checked_least(
        &self,
        row: usize,
        prices: &[T::Wide],
        least: &mut [T::Wide],
    ) -> Result<(), usize> {
        let (costs, limit) = (self.row(row), T::Wide::limit(self.rows));
        if !vectorised(Least::<'_, T, GAIN, true> { costs, prices, least, limit }) {
            return Ok(());
        }
        let flawed = |&cost: &T| is_flawed::<T, GAIN>(cost, limit);
        Err(costs.iter().position(flawed).unwrap_or(0))
    }
}

struct Least<'a, T: Cost, const GAIN: bool, const CHECK: bool> {
    costs: &'a [T],
    prices: &'a [T::Wide],
    least: &'a mut [T::Wide],
    limit: T::Wide,
}

impl<T: Cost, const GAIN: bool, const CHECK: bool> Kernel for Least<'_, T, GAIN, CHECK> {
    /// Whether a cost is flawed.
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        self.least.fill(T::Wide::FAR);
        let groups = self.least.len().max(1);
        let mut any = false;
        for (costs, prices) in self.costs.chunks(groups).zip(self.prices.chunks(groups)) {
            for ((&cost, &price), least) in costs.iter().zip(prices).zip(self.least.iter_mut()) {
                *least = least.lesser(value::<T, GAIN>(cost, price));
                if CHECK {
                    any |= is_flawed::<T, GAIN>(cost, self.limit);
                }
            }
        }
        any
    }
}

#[inline(always)]
fn forbidden<T: Cost, const GAIN: bool>() -> T {
    if GAIN { T::FORBIDDEN_GAIN } else { T::FORBIDDEN }
}

/// What counts: the cost, or what it is negative; [`Number::FAR`] when the pair is forbidden.
#[inline(always)]
pub(super) fn low<T: Cost, const GAIN: bool>(cost: T) -> T::Wide {
    value::<T, GAIN>(cost, T::Wide::ZERO)
}

/// Not a number is within no limit.
#[inline(always)]
fn is_flawed<T: Cost, const GAIN: bool>(cost: T, limit: T::Wide) -> bool {
    let wide = cost.wide();
    let within = (wide <= limit) & (wide >= limit.negated());
    !within & (cost != forbidden::<T, GAIN>())
}

/// The same with a price.
#[inline(always)]
pub(super) fn value<T: Cost, const GAIN: bool>(cost: T, price: T::Wide) -> T::Wide {
    let wide = if GAIN { cost.wide().negated() } else { cost.wide() };
    // Integers wrap nowhere that counts: the sum of a forbidden cost is thrown away.
    let sum = wide.plus(price);
    if cost == forbidden::<T, GAIN>() { T::Wide::FAR } else { sum }
}

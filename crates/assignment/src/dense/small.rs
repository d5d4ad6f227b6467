//! Small matrices, of which all is looked at, in vectors; whole numbers in 32 bits where they fit.

use super::costs::{is_flawed, is_forbidden, low};
use super::element::{Element, Wide};
use super::solve::Solved;
use super::{Error, Matrix};
use crate::grid::Grid;
use crate::jv::{self, LANES, Lane, Optimum, most};
use crate::kernel::{Kernel, vectorised};

/// Elements up to which this is faster than looking at the cheapest columns of each row alone.
const SMALL: usize = 200 * 200;

/// `None` when the matrix is not small, or when not all of the lesser side can be assigned.
pub(super) fn by_matrix<T: Element, const GAIN: bool>(
    matrix: &Matrix<'_, T>,
) -> Result<Option<Solved<T::Wide>>, Error> {
    let members = matrix.rows().min(matrix.columns());
    if matrix.elements().len() > SMALL || members == 0 {
        return Ok(None);
    }
    let elements = matrix.elements();
    let limit = T::Wide::limit(members);
    let found = vectorised(Look::<'_, T, GAIN> { elements, limit, most: most(members) });
    if found.flawed {
        let flawed = |&element: &T| is_flawed::<T, GAIN>(element, limit);
        let at = elements.iter().position(flawed).unwrap_or(0);
        return Err(Error::Unusable { row: at / matrix.columns(), column: at % matrix.columns() });
    }
    if found.whole {
        let cost = |element| {
            let forbidden = is_forbidden::<T, GAIN>(element);
            let whole = element.wide().whole();
            if forbidden {
                i32::PROHIBITIVE
            } else if GAIN {
                -whole
            } else {
                whole
            }
        };
        let price = |price: i32| T::Wide::of_whole(price);
        return Ok(solve(matrix, cost, price));
    }
    let cost = |element| {
        let forbidden = is_forbidden::<T, GAIN>(element);
        if forbidden { <T::Wide as Lane>::PROHIBITIVE } else { low::<T, GAIN>(element) }
    };
    Ok(solve(matrix, cost, |price| price))
}

fn solve<T: Element, L: Lane>(
    matrix: &Matrix<'_, T>,
    cost: impl Fn(T) -> L,
    price: impl Fn(L) -> T::Wide,
) -> Option<Solved<T::Wide>> {
    let flip = matrix.rows() > matrix.columns();
    let others = matrix.rows().max(matrix.columns());
    let width = if flip { matrix.columns() } else { others.next_multiple_of(LANES) };
    let mut costs = Grid::filled(matrix.rows(), width, L::PROHIBITIVE);
    vectorised(Fill { costs: &mut costs, matrix, cost });
    if flip {
        costs = costs.transposed().padded(LANES, L::PROHIBITIVE);
    }
    let Optimum { column_of, mut row_of, row_prices, mut column_prices } =
        jv::solve(&costs, L::PROHIBITIVE)?;
    row_of.truncate(others);
    column_prices.truncate(others);
    Some(Solved {
        columns: if flip { row_of } else { column_of },
        payers: row_prices.into_iter().map(&price).collect(),
        places: column_prices.into_iter().map(&price).collect(),
    })
}

/// Writes down what each element costs.
struct Fill<'a, T, L, C> {
    costs: &'a mut Grid<L>,
    matrix: &'a Matrix<'a, T>,
    cost: C,
}

impl<T: Element, L: Lane, C: Fn(T) -> L> Kernel for Fill<'_, T, L, C> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for row in 0..self.matrix.rows() {
            let elements = self.matrix.row(row).iter();
            for (cost, &element) in self.costs.row_mut(row).iter_mut().zip(elements) {
                *cost = (self.cost)(element);
            }
        }
    }
}

/// What there is in a matrix.
struct Found {
    flawed: bool,
    /// Nothing but whole numbers, small enough for 32 bits, and forbidden pairs.
    whole: bool,
}

struct Look<'a, T: Element, const GAIN: bool> {
    elements: &'a [T],
    limit: T::Wide,
    most: i32,
}

impl<T: Element, const GAIN: bool> Kernel for Look<'_, T, GAIN> {
    type Output = Found;

    #[inline(always)]
    fn run(self) -> Found {
        let (mut flawed, mut other) = (false, false);
        for &element in self.elements {
            flawed |= is_flawed::<T, GAIN>(element, self.limit);
            other |= !element.wide().is_whole(self.most) & !is_forbidden::<T, GAIN>(element);
        }
        Found { flawed, whole: !other }
    }
}

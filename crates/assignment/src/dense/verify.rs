use alloc::vec;

use super::element::Element;
use super::{Flaw, Goal, Matrix, Proof, Solution};
use crate::UNASSIGNED;
use crate::sparse::{Cost, Pairs, verify_pairs};

type Sum<T> = <<T as Element>::Wide as Cost>::Sum;

/// Proves that a solution of a matrix is optimal, from nothing but the two of them.
///
/// Checked are the matching (each column once, no forbidden pair, every member of the lesser side),
/// the count and the total, and the prices: see [`Certificate`](super::Certificate). One look at each
/// element. For floats prices are compared with a tolerance; the [`Proof`] says what it was and what
/// the largest violation is.
///
/// # Errors
///
/// The first [`Flaw`] found; of prices that are off, the worst. Where there are more rows than columns,
/// rows and columns change places in it.
pub fn verify<T: Element>(
    goal: Goal,
    matrix: &Matrix<'_, T>,
    solution: &Solution<T::Wide>,
) -> Result<Proof<Sum<T>>, Flaw<Sum<T>>> {
    if matrix.rows() <= matrix.columns() {
        return verify_pairs(&Permitted { goal, matrix: *matrix }, solution);
    }
    let (rows, columns) = (matrix.rows(), matrix.columns());
    if solution.columns.len() != rows {
        return Err(Flaw::WrongRowCount { expected: rows, found: solution.columns.len() });
    }
    let mut transposed = solution.clone();
    transposed.columns = vec![UNASSIGNED; columns];
    for (row, &column) in (0..).zip(&solution.columns).filter(|&(_, &to)| to != UNASSIGNED) {
        match transposed.columns.get_mut(column as usize) {
            Some(taken) if *taken == UNASSIGNED => *taken = row,
            Some(_) => {
                return Err(Flaw::TooFewPlaces { column: column as usize, places: 1, rows: 2 });
            }
            None => return Err(Flaw::ForbiddenPair { row: row as usize, column }),
        }
    }
    let certificate = &mut transposed.certificate;
    core::mem::swap(&mut certificate.row_prices, &mut certificate.column_prices);
    let elements = matrix.transposed();
    let matrix = Matrix::new(columns, rows, &elements).expect("the shape of one that there is");
    verify_pairs(&Permitted { goal, matrix }, &transposed)
}

/// The pairs of a matrix that are not forbidden. Every row must be assigned.
struct Permitted<'a, T> {
    goal: Goal,
    matrix: Matrix<'a, T>,
}

impl<T: Element> Permitted<'_, T> {
    fn permitted(&self, element: T) -> Option<T::Wide> {
        (element != T::FORBIDDEN.to(self.goal)).then(|| element.wide())
    }
}

impl<T: Element> Pairs<T::Wide> for Permitted<'_, T> {
    fn goal(&self) -> Goal {
        self.goal
    }

    fn rows(&self) -> usize {
        self.matrix.rows()
    }

    fn columns(&self) -> usize {
        self.matrix.columns()
    }

    fn row(&self, row: usize) -> impl Iterator<Item = (u32, T::Wide)> {
        let elements = (0..).zip(self.matrix.row(row));
        elements.filter_map(|(column, &element)| Some((column, self.permitted(element)?)))
    }

    fn cost(&self, row: usize, column: u32) -> Option<T::Wide> {
        self.permitted(*self.matrix.row(row).get(column as usize)?)
    }

    fn unassigned(&self, _: usize) -> Option<T::Wide> {
        None
    }

    fn places(&self, _: usize) -> u32 {
        1
    }
}

use alloc::vec;
use alloc::vec::Vec;

use super::alike::by_class;
use super::candidates::Candidates;
use super::costs::Costs;
use super::element::{Element, Wide};
use super::level::{level, settle};
use super::small::by_matrix;
use super::{Error, Matrix, verify};
use crate::paths::{Matching, Shortage};
use crate::sparse::{Amount, Certificate, Cost, Goal, Sealed as _, Solution};
use crate::{Side, UNASSIGNED};

/// Above so many elements a debug build does not verify what it has solved.
const VERIFIED_ELEMENTS: usize = 1 << 20;

/// How many rows may be read again, as a part of all, before prices are brought to their level.
const PATIENCE: usize = 4;

pub(super) type Solver<'a, T, const GAIN: bool> =
    Matching<<T as Element>::Wide, Candidates<'a, T, GAIN>>;

/// Finds the best assignment of as many pairs as the lesser side has members, and the prices that
/// prove it.
///
/// The method is chosen by what the matrix is like:
///
/// - where few rows or columns differ, by [`solve_classes`](crate::solve_classes());
/// - otherwise by shortest augmenting paths (Jonker & Volgenant 1987, Computing 38, 325–340): in a small
///   matrix over all columns, else over the cheapest of each row, which is read again when it needs more;
/// - after an auction (Bertsekas 1988) of the rows that are left over by a few bids, where those are few, or
///   of all rows, where rows are read again too often.
///
/// Reads the matrix once if all goes well; O(n³) at worst, and n² more memory if there are more rows
/// than columns. The same matrix gives the same solution everywhere.
///
/// # Errors
///
/// [`Error::Unusable`] names the first element that is one; [`Error::Infeasible`] when too many
/// pairs are forbidden.
pub fn solve<T: Element>(goal: Goal, matrix: &Matrix<'_, T>) -> Result<Solution<T::Wide>, Error> {
    let solution = match goal {
        Goal::Minimise => solve_to::<T, false>(matrix),
        Goal::Maximise => solve_to::<T, true>(matrix),
    }?;
    debug_assert!(
        matrix.elements().len() > VERIFIED_ELEMENTS || verify(goal, matrix, &solution).is_ok(),
        "a solution that its certificate does not prove: {:?}",
        verify(goal, matrix, &solution)
    );
    Ok(solution)
}

/// Prices are those of costs, one of a row and one of a column for the lesser side's members and
/// for the other's.
pub(super) struct Solved<W> {
    /// The column of each row.
    pub(super) columns: Vec<u32>,
    /// What each member of the lesser side has at least to pay.
    pub(super) payers: Vec<W>,
    /// What each member of the other side is worth.
    pub(super) places: Vec<W>,
}

fn solve_to<T: Element, const GAIN: bool>(
    matrix: &Matrix<'_, T>,
) -> Result<Solution<T::Wide>, Error> {
    let solved = match by_class::<T, GAIN>(matrix) {
        Some(solved) => solved,
        None => match by_matrix::<T, GAIN>(matrix)? {
            Some(solved) => solved,
            None => by_paths::<T, GAIN>(matrix)?,
        },
    };
    let counted = solved.columns.iter().enumerate().filter(|&(_, &column)| column != UNASSIGNED);
    let counted = counted.map(|(row, &column)| matrix.row(row)[column as usize].wide().amount());
    let total = <T::Wide as Cost>::Sum::sum(counted);
    let payers = |price: T::Wide| if GAIN { price.negated().amount() } else { price.amount() };
    let payers = solved.payers.into_iter().map(payers).collect();
    let places = solved.places.into_iter().map(T::Wide::amount).collect();
    let certificate = if matrix.rows() > matrix.columns() {
        Certificate { row_prices: places, column_prices: payers }
    } else {
        Certificate { row_prices: payers, column_prices: places }
    };
    let assigned = matrix.rows().min(matrix.columns());
    Ok(Solution { columns: solved.columns, assigned, total, certificate })
}

fn by_paths<T: Element, const GAIN: bool>(
    matrix: &Matrix<'_, T>,
) -> Result<Solved<T::Wide>, Error> {
    if matrix.rows() <= matrix.columns() {
        let solver = shortest_paths::<T, GAIN>(*matrix)?;
        return Ok(Solved {
            columns: solver.assigned().collect(),
            payers: solver.row_prices().collect(),
            places: solver.column_prices().collect(),
        });
    }
    let transposed = matrix.transposed();
    let transposed = Matrix::new(matrix.columns(), matrix.rows(), &transposed)?;
    let solver = shortest_paths::<T, GAIN>(transposed).map_err(|error| match error {
        Error::Unusable { row, column } => Error::Unusable { row: column, column: row },
        Error::Infeasible { members, permitted, .. } => {
            Error::Infeasible { side: Side::Columns, members, permitted }
        }
        Error::Shape { .. } => error,
    })?;
    let mut columns = vec![UNASSIGNED; matrix.rows()];
    for (column, row) in (0..).zip(solver.assigned()) {
        columns[row as usize] = column;
    }
    Ok(Solved {
        columns,
        payers: solver.row_prices().collect(),
        places: solver.column_prices().collect(),
    })
}

fn shortest_paths<T: Element, const GAIN: bool>(
    matrix: Matrix<'_, T>,
) -> Result<Solver<'_, T, GAIN>, Error> {
    let (rows, columns) = (matrix.rows(), matrix.columns());
    let candidates = Candidates::of(Costs::of(matrix))
        .map_err(|(row, column)| Error::Unusable { row, column })?;
    let mut solver = Matching::over(candidates, rows, columns);
    let solved = if rows == columns {
        settle(&mut solver, rows);
        let patience = rows / PATIENCE;
        solver.solve_while(|candidates| candidates.widened() <= patience).and_then(|all_in| {
            if all_in {
                return Ok(());
            }
            level(&mut solver, rows);
            solver.solve()
        })
    } else {
        solver.solve()
    };
    match solved {
        Ok(()) => Ok(solver),
        Err(Shortage { rows, columns }) => {
            Err(Error::Infeasible { side: Side::Rows, members: rows, permitted: columns })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random (splitmix64).
    fn mix(number: u64) -> u64 {
        let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z ^ (z >> 31)
    }

    #[test]
    fn small_matrices_have_the_same_total_by_either_method() {
        for seed in 0..3000 {
            let (rows, columns) = (mix(seed) as usize % 40, mix(seed ^ 77) as usize % 40);
            // Only a square has auctions.
            let columns = if seed % 2 == 0 { rows } else { columns };
            let span = [2, 5, 100, 1 << 40][mix(seed ^ 99) as usize % 4];
            let forbidden = mix(seed ^ 55) % 8;
            let element = |at: usize| {
                let number = mix(seed << 20 ^ at as u64);
                let is_permitted = number >> 32 & 15 >= forbidden;
                if is_permitted { (number % span) as i64 } else { i64::MAX }
            };
            let elements: Vec<i64> = (0..rows * columns).map(element).collect();
            let matrix = Matrix::new(rows, columns, &elements).unwrap();
            let total = |solved: Solved<i64>| {
                let pairs = solved.columns.iter().enumerate();
                let pairs = pairs.filter(|&(_, &column)| column != UNASSIGNED);
                pairs.map(|(row, &column)| matrix.row(row)[column as usize]).sum::<i64>()
            };
            let by_matrix = by_matrix::<_, false>(&matrix).unwrap().map(total);
            let by_paths = by_paths::<_, false>(&matrix).map(total);
            assert!(by_matrix == by_paths.ok() || rows.min(columns) == 0, "{rows} by {columns}");
        }
    }
}

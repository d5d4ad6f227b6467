use alloc::vec::Vec;

use crate::dense::{Matrix, few_differ};
use crate::expand::{ByClass, Expansion};
use crate::problem::{check_members, count};
use crate::{
    ClassSolution, Classes, Error, Problem, Solution, Table, UNASSIGNED, matrix, solve_classes,
    verify,
};

/// Above so many pairs of the table a debug build does not verify what it has solved.
const VERIFIED_PAIRS: usize = 1 << 20;

/// Finds the assignment with the highest total, among those one with the most pairs, and the
/// prices that prove it.
///
/// Classes are solved by [`solve_classes`] and expanded by [`expand()`](crate::expand()); a matrix
/// by shortest augmenting paths (Jonker & Volgenant 1987, Computing 38; rectangular as in Crouse
/// 2016, IEEE TAES 52), in O(min² × max) at worst. A matrix in which few rows or few columns differ is
/// solved by class too.
///
/// # Errors
///
/// [`Error::UnknownRowClass`] and [`Error::UnknownColumnClass`] when a member's class is not in
/// the table; [`Error::ScoreTooLarge`] when a total could overflow; [`Error::TooLarge`] when the
/// rows or columns are more than a `u32` can number.
pub fn solve(problem: &Problem<'_>) -> Result<Solution, Error> {
    let solution = match problem {
        Problem::Classes(classes) => by_class(classes)?,
        Problem::Matrix(table) => by_pair(table)?,
    };
    debug_assert!(
        problem.table().rows() * problem.table().columns() > VERIFIED_PAIRS
            || verify(problem, &solution) == Ok(()),
        "a solution that its certificate does not prove: {:?}",
        verify(problem, &solution)
    );
    Ok(solution)
}

/// [`solve()`] of classes whose members are counted already: spares a pass over all members.
///
/// # Errors
///
/// [`Error::CountsDoNotFit`] when there are not as many counts as the table has rows and columns;
/// [`Error::ScoreTooLarge`] and [`Error::TooLarge`] as for [`solve()`].
///
/// # Panics
///
/// When it notices that the counts are not those of the members: of columns always, of rows in debug
/// builds. [`verify()`] notices both.
pub fn solve_counted(
    classes: &Classes<'_>,
    row_counts: &[u64],
    column_counts: &[u64],
) -> Result<Solution, Error> {
    check_members(classes)?;
    let solution = solve_classes(row_counts, column_counts, classes.table)?;
    debug_assert_eq!(
        count(classes).map(|(rows, _)| rows).as_deref(),
        Ok(row_counts),
        "counts that are not those of the rows"
    );
    let by_class = ByClass::counted(classes.column_class.iter().copied(), column_counts);
    let mut expansion = Expansion::new(&by_class, &solution);
    let columns = classes.row_class.iter().map(|&class| expansion.next(class)).collect();
    let assigned = usize::try_from(solution.assigned()).unwrap_or(usize::MAX);
    let ClassSolution { total, certificate, .. } = solution;
    Ok(Solution { columns, total, assigned, certificate })
}

fn by_class(classes: &Classes<'_>) -> Result<Solution, Error> {
    let (row_counts, column_counts) = count(classes)?;
    solve_counted(classes, &row_counts, &column_counts)
}

/// Many equal rows or columns, and so many ties, are what shortest augmenting paths are slow on
/// and classes fast.
fn has_classes(table: &Table) -> bool {
    let matrix = Matrix::new(table.rows(), table.columns(), table.all_kept());
    matrix.is_ok_and(|matrix| few_differ(&matrix))
}

fn by_pair(table: &Table) -> Result<Solution, Error> {
    check_total(table, table.rows().min(table.columns()) as u64)?;
    if has_classes(table) {
        let each = |count: usize| (0..count as u32).collect::<Vec<u32>>();
        let (rows, columns) = (each(table.rows()), each(table.columns()));
        return by_class(&Classes { row_class: &rows, column_class: &columns, table });
    }
    let (columns, certificate) = matrix::solve(table);
    let assigned = columns.iter().filter(|&&column| column != UNASSIGNED).count();
    let total = columns
        .iter()
        .enumerate()
        .filter_map(|(row, &column)| table.get(row, column as usize))
        .sum();
    Ok(Solution { columns, total, assigned, certificate })
}

/// No total of `pairs` scores of the table can overflow.
pub(crate) fn check_total(table: &Table, pairs: u64) -> Result<(), Error> {
    check_highest(table.highest(), pairs)
}

/// The same of a table with this highest score, given with its row and column.
pub(crate) fn check_highest(highest: Option<(i64, usize, usize)>, pairs: u64) -> Result<(), Error> {
    match highest {
        Some((score, row, column)) if i128::from(score) * i128::from(pairs) > i64::MAX.into() => {
            Err(Error::ScoreTooLarge { row, column })
        }
        _ => Ok(()),
    }
}

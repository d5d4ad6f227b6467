//! Why something stays behind, what it would cost to bring it in, and how firm the pairs are.

use alloc::vec;
use alloc::vec::Vec;

mod alternatives;
mod entry;
mod margin;
mod pairs;

pub use alternatives::Alternatives;
pub use entry::Entry;
pub use margin::Margin;

use crate::{Problem, Solution, Table, UNASSIGNED};

/// Why a row or column stays unassigned. "The other side" is the columns for a row, the rows for a
/// column; only classes with members count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Every pair with the other side is forbidden, or the other side is empty.
    NothingPermitted,
    /// Every permitted pair has a negative score: the total is higher without it.
    NothingGained,
    /// Everything on the other side that it may be paired with, at a score that is not negative,
    /// is taken, by a rival worth at least as much to the total.
    NoneLeft,
}

/// Why a row or column stays unassigned, and what would have changed that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unassigned {
    /// Why.
    pub reason: Reason,
    /// By how much its scores would have to be raised to bring it in, in their unit; `None` when
    /// nothing is permitted. Raised by less it stays out of every best assignment. Raised by
    /// exactly this it is in one of several that are equally good; by more, in all of them.
    ///
    /// That is so for every row, and for every column when no row stays unassigned. When both
    /// sides have unassigned members (which takes forbidden or negative pairs) the prices are the
    /// rows', and for a column this is a lower bound.
    pub price_to_enter: Option<i64>,
}

/// What stays unassigned in a solution, and why. Made once for all of it: one look at each pair of
/// the problem's table and at each row and column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    rows: Vec<(u32, u32)>,
    columns: Vec<(u32, u32)>,
    row_classes: Vec<Unassigned>,
    column_classes: Vec<Unassigned>,
}

impl Explanation {
    /// Explains a solution of the problem.
    ///
    /// # Panics
    ///
    /// When the solution is not of this problem: a row, column or class that does not exist.
    #[must_use]
    pub fn new(problem: &Problem<'_>, solution: &Solution) -> Self {
        let table = problem.table();
        let with_class = |members: Vec<usize>, class: &dyn Fn(usize) -> usize| {
            members.into_iter().map(|member| (member as u32, class(member) as u32)).collect()
        };
        let rows = with_class(idle_rows(solution), &|row| problem.row_class(row));
        let columns = with_class(idle_columns(problem, solution), &|c| problem.column_class(c));
        let (has_rows, has_columns) = populated(problem);
        let offers = Offers { table, solution, has_rows, has_columns };
        let row_classes = (0..table.rows()).map(|class| offers.of_row(class)).collect();
        let column_classes = (0..table.columns()).map(|class| offers.of_column(class)).collect();
        Self { rows, columns, row_classes, column_classes }
    }

    /// The rows that stay unassigned, ascending, each with why.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (u32, Unassigned)> {
        self.rows.iter().map(|&(row, class)| (row, self.row_classes[class as usize]))
    }

    /// The columns that stay unassigned, ascending, each with why.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (u32, Unassigned)> {
        self.columns.iter().map(|&(column, class)| (column, self.column_classes[class as usize]))
    }
}

/// Why a row stays unassigned; `None` when it is assigned. One look at each column:
/// [`Explanation`] is for many rows.
///
/// # Panics
///
/// When there is no such row, or the solution is not of this problem.
#[must_use]
pub fn reason(problem: &Problem<'_>, solution: &Solution, row: usize) -> Option<Reason> {
    unassigned_row(problem, solution, row).map(|unassigned| unassigned.reason)
}

/// By how much the scores of an unassigned row would have to be raised to bring it in
/// ([`Unassigned::price_to_enter`]); `None` when it is assigned or nothing is permitted. One look
/// at each column: [`Explanation`] is for many rows.
///
/// # Panics
///
/// When there is no such row, or the solution is not of this problem.
#[must_use]
pub fn price_to_enter(problem: &Problem<'_>, solution: &Solution, row: usize) -> Option<i64> {
    unassigned_row(problem, solution, row)?.price_to_enter
}

/// Why a column stays unassigned; `None` when it is assigned. One look at each row:
/// [`Explanation`] is for many columns.
///
/// # Panics
///
/// When there is no such column, or the solution is not of this problem.
#[must_use]
pub fn column_reason(problem: &Problem<'_>, solution: &Solution, column: usize) -> Option<Reason> {
    unassigned_column(problem, solution, column).map(|unassigned| unassigned.reason)
}

/// By how much the scores of an unassigned column would have to be raised to bring it in
/// ([`Unassigned::price_to_enter`]); `None` when it is assigned or nothing is permitted. One look
/// at each row: [`Explanation`] is for many columns.
///
/// # Panics
///
/// When there is no such column, or the solution is not of this problem.
#[must_use]
pub fn column_price_to_enter(
    problem: &Problem<'_>,
    solution: &Solution,
    column: usize,
) -> Option<i64> {
    unassigned_column(problem, solution, column)?.price_to_enter
}

fn unassigned_row(problem: &Problem<'_>, solution: &Solution, row: usize) -> Option<Unassigned> {
    (solution.columns[row] == UNASSIGNED).then(|| {
        let (has_rows, has_columns) = populated(problem);
        let offers = Offers { table: problem.table(), solution, has_rows, has_columns };
        offers.of_row(problem.row_class(row))
    })
}

fn unassigned_column(
    problem: &Problem<'_>,
    solution: &Solution,
    column: usize,
) -> Option<Unassigned> {
    let class = problem.column_class(column);
    (!solution.columns.iter().any(|&taken| taken as usize == column)).then(|| {
        let (has_rows, has_columns) = populated(problem);
        let offers = Offers { table: problem.table(), solution, has_rows, has_columns };
        offers.of_column(class)
    })
}

fn idle_rows(solution: &Solution) -> Vec<usize> {
    let columns = solution.columns.iter().enumerate();
    columns.filter(|&(_, &column)| column == UNASSIGNED).map(|(row, _)| row).collect()
}

fn idle_columns(problem: &Problem<'_>, solution: &Solution) -> Vec<usize> {
    let mut taken = vec![false; problem.columns()];
    for &column in solution.columns.iter().filter(|&&column| column != UNASSIGNED) {
        taken[column as usize] = true;
    }
    (0..taken.len()).filter(|&column| !taken[column]).collect()
}

/// Which rows and columns of the table have members.
fn populated(problem: &Problem<'_>) -> (Vec<bool>, Vec<bool>) {
    let table = problem.table();
    let Problem::Classes(classes) = problem else {
        return (vec![true; table.rows()], vec![true; table.columns()]);
    };
    let flags = |members: &[u32], classes: usize| {
        let mut flags = vec![false; classes];
        for &class in members {
            flags[class as usize] = true;
        }
        flags
    };
    (flags(classes.row_class, table.rows()), flags(classes.column_class, table.columns()))
}

/// What the other side has for a class.
struct Offers<'a> {
    table: &'a Table,
    solution: &'a Solution,
    has_rows: Vec<bool>,
    has_columns: Vec<bool>,
}

impl Offers<'_> {
    fn of_row(&self, row: usize) -> Unassigned {
        let prices = &self.solution.certificate.column_prices;
        let others = self.table.row(row).zip(prices).zip(&self.has_columns);
        why(others
            .filter_map(|((score, &price), &exists)| Some((score.filter(|_| exists)?, price))))
    }

    fn of_column(&self, column: usize) -> Unassigned {
        let prices = &self.solution.certificate.row_prices;
        let rows = (0..self.table.rows()).filter(|&row| self.has_rows[row]);
        why(rows.filter_map(|row| Some((self.table.get(row, column)?, prices[row]))))
    }
}

/// Judges by the permitted pairs: the score of each and the other side's price.
fn why(permitted: impl Iterator<Item = (i64, i64)>) -> Unassigned {
    let mut unassigned = Unassigned { reason: Reason::NothingPermitted, price_to_enter: None };
    for (score, price) in permitted {
        if score >= 0 {
            unassigned.reason = Reason::NoneLeft;
        } else if unassigned.reason == Reason::NothingPermitted {
            unassigned.reason = Reason::NothingGained;
        }
        let short = price - score;
        unassigned.price_to_enter =
            Some(unassigned.price_to_enter.map_or(short, |least| least.min(short)));
    }
    unassigned
}

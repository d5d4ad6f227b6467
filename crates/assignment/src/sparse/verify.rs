use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::cost::Amount;
use super::{Cost, Goal, Problem, Solution};
use crate::{Side, UNASSIGNED};

/// That a solution is optimal, as far as its numbers go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proof<S> {
    /// By how much a price is off at most. No assignment is better by more than this, twice for each
    /// row. 0 for integers.
    pub largest_violation: S,
    /// What it may be: 0 for integers; for floats 2⁻⁴⁰ of the largest magnitude among costs and prices.
    pub tolerance: S,
}

/// What is wrong with a solution of a sparse problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Flaw<S> {
    /// The solution does not have one entry a row.
    WrongRowCount {
        /// Rows of the problem.
        expected: usize,
        /// Entries of the solution.
        found: usize,
    },
    /// The certificate does not have one price a row and a column.
    WrongPriceCount {
        /// Side on which they are too few or too many.
        side: Side,
        /// Rows or columns of the problem.
        expected: usize,
        /// Prices of the certificate.
        found: usize,
    },
    /// A price or the total is not a number.
    NotANumber,
    /// A row is assigned to a column that it is not permitted, or that does not exist.
    ForbiddenPair {
        /// The row.
        row: usize,
        /// What it is assigned to.
        column: u32,
    },
    /// A row stays unassigned that must not.
    Unassigned {
        /// The row.
        row: usize,
    },
    /// A column has more rows than places.
    TooFewPlaces {
        /// The column.
        column: usize,
        /// Its places.
        places: u32,
        /// Its rows.
        rows: u32,
    },
    /// The number of assigned rows is not what the solution says.
    WrongAssigned {
        /// What the solution says.
        claimed: usize,
        /// The rows there are.
        found: usize,
    },
    /// What is assigned and what is not do not add up to the total.
    WrongTotal {
        /// What the solution says.
        claimed: S,
        /// What they add up to.
        found: S,
    },
    /// The price of a column is negative.
    NegativePrice {
        /// The column.
        column: usize,
    },
    /// A column has a free place and a price that is not 0.
    FreeButPriced {
        /// The column.
        column: usize,
    },
    /// A column, or staying unassigned, is better for a row than its price says: a better assignment
    /// may exist.
    Underpriced {
        /// The row.
        row: usize,
        /// The column, or [`UNASSIGNED`].
        column: u32,
        /// By how much.
        violation: S,
    },
    /// What a row has is worse than its price says.
    Overpriced {
        /// The row.
        row: usize,
        /// The column, or [`UNASSIGNED`].
        column: u32,
        /// By how much.
        violation: S,
    },
}

/// Proves that a solution is optimal, from nothing but the problem and the solution itself.
///
/// Checked are the matching (permitted pairs, places, who may stay unassigned), the count and the
/// total, and the prices: see [`Certificate`](super::Certificate). One look at each edge.
///
/// For floats the prices of pairs are compared with a tolerance, and so is the total, a tolerance a
/// row; the [`Proof`] says what the largest violation was. Column prices are not excused: none is
/// negative, and with a free place it is 0.
///
/// # Errors
///
/// The first [`Flaw`] found; of prices that are off, the worst.
pub fn verify<C: Cost>(
    problem: &Problem<C>,
    solution: &Solution<C>,
) -> Result<Proof<C::Sum>, Flaw<C::Sum>> {
    verify_pairs(problem, solution)
}

/// What [`verify()`] looks at in a problem.
pub(crate) trait Pairs<C> {
    fn goal(&self) -> Goal;
    fn rows(&self) -> usize;
    fn columns(&self) -> usize;
    /// The columns that a row is permitted, and what each counts.
    fn row(&self, row: usize) -> impl Iterator<Item = (u32, C)>;
    /// What a pair counts; `None` when it is forbidden.
    fn cost(&self, row: usize, column: u32) -> Option<C>;
    /// What a row counts unassigned; `None` when it must be assigned.
    fn unassigned(&self, row: usize) -> Option<C>;
    /// How many rows a column may have.
    fn places(&self, column: usize) -> u32;
}

impl<C: Cost> Pairs<C> for Problem<C> {
    fn goal(&self) -> Goal {
        self.goal()
    }
    fn rows(&self) -> usize {
        self.rows()
    }
    fn columns(&self) -> usize {
        self.columns()
    }
    fn row(&self, row: usize) -> impl Iterator<Item = (u32, C)> {
        self.row(row)
    }
    fn cost(&self, row: usize, column: u32) -> Option<C> {
        self.cost(row, column)
    }
    fn unassigned(&self, row: usize) -> Option<C> {
        self.unassigned(row)
    }
    fn places(&self, column: usize) -> u32 {
        self.places(column)
    }
}

/// [`verify()`], whatever the pairs are kept in.
pub(crate) fn verify_pairs<C: Cost>(
    problem: &impl Pairs<C>,
    solution: &Solution<C>,
) -> Result<Proof<C::Sum>, Flaw<C::Sum>> {
    check_counts(problem, solution)?;
    let counted = check_matching(problem, solution)?;
    let tolerance = C::Sum::tolerance(largest(problem, solution));
    let found = C::Sum::sum(counted.iter().copied());
    if found.minus(solution.total).magnitude() > tolerance.times(problem.rows() + 1) {
        return Err(Flaw::WrongTotal { claimed: solution.total, found });
    }
    check_places(problem, solution)?;
    check_prices(problem, solution, &counted, tolerance)
}

fn check_counts<C: Cost>(
    problem: &impl Pairs<C>,
    solution: &Solution<C>,
) -> Result<(), Flaw<C::Sum>> {
    let (expected, found) = (problem.rows(), solution.columns.len());
    if expected != found {
        return Err(Flaw::WrongRowCount { expected, found });
    }
    let certificate = &solution.certificate;
    for (side, expected, prices) in [
        (Side::Rows, problem.rows(), &certificate.row_prices),
        (Side::Columns, problem.columns(), &certificate.column_prices),
    ] {
        if expected != prices.len() {
            return Err(Flaw::WrongPriceCount { side, expected, found: prices.len() });
        }
    }
    let prices = certificate.row_prices.iter().chain(&certificate.column_prices);
    if !prices.chain([&solution.total]).all(|amount| amount.is_number()) {
        return Err(Flaw::NotANumber);
    }
    Ok(())
}

/// What each row counts in the total, with what it has.
fn check_matching<C: Cost>(
    problem: &impl Pairs<C>,
    solution: &Solution<C>,
) -> Result<Vec<C::Sum>, Flaw<C::Sum>> {
    let mut counted = Vec::with_capacity(problem.rows());
    for (row, &column) in solution.columns.iter().enumerate() {
        counted.push(if column == UNASSIGNED {
            problem.unassigned(row).ok_or(Flaw::Unassigned { row })?.amount()
        } else {
            problem.cost(row, column).ok_or(Flaw::ForbiddenPair { row, column })?.amount()
        });
    }
    let found = solution.columns.iter().filter(|&&column| column != UNASSIGNED).count();
    if found != solution.assigned {
        return Err(Flaw::WrongAssigned { claimed: solution.assigned, found });
    }
    Ok(counted)
}

/// The largest magnitude among costs and prices.
fn largest<C: Cost>(problem: &impl Pairs<C>, solution: &Solution<C>) -> C::Sum {
    let certificate = &solution.certificate;
    let prices = certificate.row_prices.iter().chain(&certificate.column_prices);
    let costs = (0..problem.rows())
        .flat_map(|row| problem.row(row).map(|(_, cost)| cost).chain(problem.unassigned(row)));
    let all = costs.map(C::amount).chain(prices.copied());
    all.fold(C::Sum::ZERO, |largest, amount| largest.greater(amount.magnitude()))
}

/// No column has more rows than places, and only full ones have a price.
fn check_places<C: Cost>(
    problem: &impl Pairs<C>,
    solution: &Solution<C>,
) -> Result<(), Flaw<C::Sum>> {
    let mut taken = vec![0_u32; problem.columns()];
    for &column in solution.columns.iter().filter(|&&column| column != UNASSIGNED) {
        taken[column as usize] += 1;
    }
    let prices = &solution.certificate.column_prices;
    for (column, (&rows, &price)) in taken.iter().zip(prices).enumerate() {
        let places = problem.places(column);
        if rows > places {
            return Err(Flaw::TooFewPlaces { column, places, rows });
        }
        if price < C::Sum::ZERO {
            return Err(Flaw::NegativePrice { column });
        }
        if rows < places && price != C::Sum::ZERO {
            return Err(Flaw::FreeButPriced { column });
        }
    }
    Ok(())
}

/// No row could do better than its price, and none does worse.
fn check_prices<C: Cost>(
    problem: &impl Pairs<C>,
    solution: &Solution<C>,
    counted: &[C::Sum],
    tolerance: C::Sum,
) -> Result<Proof<C::Sum>, Flaw<C::Sum>> {
    let cost = |amount: C::Sum| match problem.goal() {
        Goal::Minimise => amount,
        Goal::Maximise => amount.negated(),
    };
    let column_prices = &solution.certificate.column_prices;
    let column_price =
        |column: u32| column_prices.get(column as usize).copied().unwrap_or(C::Sum::ZERO);
    let mut largest_violation = C::Sum::ZERO;
    let mut worst = None;
    let mut note = |violation: C::Sum, flaw: Flaw<C::Sum>| {
        if violation > largest_violation {
            (largest_violation, worst) = (violation, Some(flaw));
        }
    };
    for (row, (&price, &has)) in solution.certificate.row_prices.iter().zip(counted).enumerate() {
        let price = cost(price);
        let unassigned = problem.unassigned(row).map(|number| (UNASSIGNED, number));
        for (column, number) in problem.row(row).chain(unassigned) {
            let violation = price.minus(cost(number.amount()).plus(column_price(column)));
            note(violation, Flaw::Underpriced { row, column, violation });
        }
        let column = solution.columns[row];
        let violation = cost(has).plus(column_price(column)).minus(price);
        note(violation, Flaw::Overpriced { row, column, violation });
    }
    match worst {
        Some(flaw) if largest_violation > tolerance => Err(flaw),
        _ => Ok(Proof { largest_violation, tolerance }),
    }
}

impl<S: fmt::Debug> fmt::Display for Flaw<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongRowCount { expected, found } => {
                write!(f, "{found} rows where the problem has {expected}")
            }
            Self::WrongPriceCount { side, expected, found } => {
                write!(f, "{found} prices of {side} where {expected} are due")
            }
            Self::NotANumber => f.write_str("a price or the total is not a number"),
            Self::ForbiddenPair { row, column } => {
                write!(f, "row {row} and column {column} may not be paired")
            }
            Self::Unassigned { row } => write!(f, "row {row} may not stay unassigned"),
            Self::TooFewPlaces { column, places, rows } => {
                write!(f, "column {column} has {rows} rows and {places} places")
            }
            Self::WrongAssigned { claimed, found } => {
                write!(f, "{found} rows are assigned, not {claimed}")
            }
            Self::WrongTotal { claimed, found } => {
                write!(f, "the total is {found:?}, not {claimed:?}")
            }
            Self::NegativePrice { column } => write!(f, "the price of column {column} is negative"),
            Self::FreeButPriced { column } => {
                write!(f, "column {column} has a free place and a price")
            }
            Self::Underpriced { row, column: UNASSIGNED, violation } => write!(
                f,
                "row {row} is better unassigned than its price by {violation:?}: a better assignment may exist"
            ),
            Self::Underpriced { row, column, violation } => write!(
                f,
                "column {column} is better for row {row} than its price by {violation:?}: a better assignment may exist"
            ),
            Self::Overpriced { row, violation, .. } => {
                write!(f, "what row {row} has is worse than its price by {violation:?}")
            }
        }
    }
}

impl<S: fmt::Debug> core::error::Error for Flaw<S> {}

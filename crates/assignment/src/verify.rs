use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use crate::{Certificate, ClassSolution, Problem, Solution, Table, UNASSIGNED};

/// One side of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The rows, or row classes.
    Rows,
    /// The columns, or column classes.
    Columns,
}

/// What is wrong with a solution. Rows and columns are the problem's; classes, and the rows and
/// columns of prices, are those of its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The solution does not have one entry a row.
    WrongRowCount {
        /// Rows of the problem.
        expected: usize,
        /// Entries of the solution.
        found: usize,
    },
    /// The certificate does not have one price a row and column of the table.
    WrongPriceCount {
        /// Side on which they are too few or too many.
        side: Side,
        /// Rows or columns of the table.
        expected: usize,
        /// Prices of the certificate.
        found: usize,
    },
    /// A row, column or flow is in a class that is not in the table.
    UnknownClass {
        /// Side of the member.
        side: Side,
        /// Number of the member, or of the flow.
        member: usize,
    },
    /// A row is assigned to a column that does not exist.
    UnknownColumn {
        /// The row.
        row: usize,
        /// What it is assigned to.
        column: u32,
    },
    /// Two rows are assigned to the same column.
    ColumnTakenTwice {
        /// The column.
        column: usize,
        /// The row that has it first.
        first: usize,
        /// The row that has it again.
        second: usize,
    },
    /// The flows of a class are more than its members.
    ClassOverdrawn {
        /// Side of the class.
        side: Side,
        /// The class.
        class: usize,
        /// Its members.
        members: u64,
    },
    /// A flow is empty, or not after the one before it in (row class, column class) order.
    FlowOutOfOrder {
        /// Position of the flow.
        flow: usize,
    },
    /// An assigned pair is forbidden.
    ForbiddenPair {
        /// The row, or row class.
        row: usize,
        /// The column, or column class.
        column: usize,
    },
    /// The scores of the assigned pairs do not add up to the total.
    WrongTotal {
        /// What the solution says.
        claimed: i64,
        /// What they add up to.
        found: i128,
    },
    /// The number of pairs is not what the solution says.
    WrongAssigned {
        /// What the solution says.
        claimed: usize,
        /// The pairs there are.
        found: usize,
    },
    /// A price is negative.
    NegativePrice {
        /// Side of the price.
        side: Side,
        /// Row or column of the table.
        class: usize,
    },
    /// The prices of a permitted pair add up to less than its score.
    Underpriced {
        /// Row of the table.
        row: usize,
        /// Column of the table.
        column: usize,
    },
    /// The prices of an assigned pair add up to more than its score.
    Overpriced {
        /// Row of the table.
        row: usize,
        /// Column of the table.
        column: usize,
    },
    /// A class has an unassigned member and a price that is not 0.
    UnassignedButPriced {
        /// Side of the price.
        side: Side,
        /// Row or column of the table.
        class: usize,
    },
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rows => "rows",
            Self::Columns => "columns",
        })
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongRowCount { expected, found } => {
                write!(f, "{found} rows where the problem has {expected}")
            }
            Self::WrongPriceCount { side, expected, found } => {
                write!(f, "{found} prices of {side} where {expected} are due")
            }
            Self::UnknownClass { side, member } => {
                write!(f, "{side}: member {member} is of a class that is not in the table")
            }
            Self::UnknownColumn { row, column } => {
                write!(f, "row {row} is assigned to column {column}, which does not exist")
            }
            Self::ColumnTakenTwice { column, first, second } => {
                write!(f, "column {column} is assigned to row {first} and to row {second}")
            }
            Self::ClassOverdrawn { side, class, members } => {
                write!(f, "{side}: class {class} is used more often than it has members, {members}")
            }
            Self::FlowOutOfOrder { flow } => write!(f, "flow {flow} is empty or out of order"),
            Self::ForbiddenPair { row, column } => {
                write!(f, "row {row} and column {column} may not be paired")
            }
            Self::WrongTotal { claimed, found } => {
                write!(f, "the total is {found}, not {claimed}")
            }
            Self::WrongAssigned { claimed, found } => {
                write!(f, "{found} pairs are assigned, not {claimed}")
            }
            Self::NegativePrice { side, class } => {
                write!(f, "{side}: the price of {class} is negative")
            }
            Self::Underpriced { row, column } => write!(
                f,
                "row {row} and column {column} score more than their prices: a better assignment may exist"
            ),
            Self::Overpriced { row, column } => {
                write!(
                    f,
                    "row {row} and column {column} are paired and score less than their prices"
                )
            }
            Self::UnassignedButPriced { side, class } => {
                write!(f, "{side}: {class} has an unassigned member and a price")
            }
        }
    }
}

impl core::error::Error for Flaw {}

/// Proves that a solution is optimal, from nothing but the problem and the solution itself.
///
/// Checked are the matching (one column a row, one row a column, nothing forbidden), the count and
/// the total, and the prices: none negative, none too low for any permitted pair (dual
/// feasibility), equal to the score on assigned pairs and 0 for the unassigned (complementary
/// slackness). By weak duality no matching then has a higher total. Takes one look at each pair of
/// the table and one at each row and column.
///
/// # Errors
///
/// The first [`Flaw`] found.
pub fn verify(problem: &Problem<'_>, solution: &Solution) -> Result<(), Flaw> {
    let table = problem.table();
    check_price_counts(table, &solution.certificate)?;
    check_member_classes(problem)?;
    let row_of = check_matching(problem, solution)?;
    check_pairs(problem, solution)?;
    check_prices(table, &solution.certificate)?;
    check_idle(&solution.columns, Side::Rows, &solution.certificate.row_prices, |row| {
        problem.row_class(row)
    })?;
    check_idle(&row_of, Side::Columns, &solution.certificate.column_prices, |column| {
        problem.column_class(column)
    })
}

/// The same proof for class counts, in time that does not depend on them.
///
/// # Errors
///
/// The first [`Flaw`] found.
pub fn verify_classes(
    row_counts: &[u64],
    column_counts: &[u64],
    table: &Table,
    solution: &ClassSolution,
) -> Result<(), Flaw> {
    let Certificate { row_prices, column_prices } = &solution.certificate;
    check_price_counts(table, &solution.certificate)?;
    check_flow_order(table, solution)?;
    let rows = solution.flows.iter().map(|flow| (flow.row_class, flow.count));
    let idle_rows = idle(Side::Rows, row_counts, table.rows(), rows)?;
    let columns = solution.flows.iter().map(|flow| (flow.column_class, flow.count));
    let idle_columns = idle(Side::Columns, column_counts, table.columns(), columns)?;
    check_flows(table, solution)?;
    check_prices(table, &solution.certificate)?;
    check_idle_classes(Side::Rows, row_prices, &idle_rows)?;
    check_idle_classes(Side::Columns, column_prices, &idle_columns)
}

fn check_price_counts(table: &Table, certificate: &Certificate) -> Result<(), Flaw> {
    let check = |side, expected, found| {
        let flaw = Flaw::WrongPriceCount { side, expected, found };
        if expected == found { Ok(()) } else { Err(flaw) }
    };
    check(Side::Rows, table.rows(), certificate.row_prices.len())?;
    check(Side::Columns, table.columns(), certificate.column_prices.len())
}

fn check_member_classes(problem: &Problem<'_>) -> Result<(), Flaw> {
    let Problem::Classes(classes) = problem else {
        return Ok(());
    };
    let check = |side, members: &[u32], classes: usize| match members
        .iter()
        .position(|&class| class as usize >= classes)
    {
        Some(member) => Err(Flaw::UnknownClass { side, member }),
        None => Ok(()),
    };
    check(Side::Rows, classes.row_class, classes.table.rows())?;
    check(Side::Columns, classes.column_class, classes.table.columns())
}

/// Each column goes to one row at most; gives the row of each column.
fn check_matching(problem: &Problem<'_>, solution: &Solution) -> Result<Vec<u32>, Flaw> {
    let (expected, found) = (problem.rows(), solution.columns.len());
    if expected != found {
        return Err(Flaw::WrongRowCount { expected, found });
    }
    let mut row_of = vec![UNASSIGNED; problem.columns()];
    for (row, column) in pairs(solution) {
        let Some(holder) = row_of.get_mut(column as usize) else {
            return Err(Flaw::UnknownColumn { row, column });
        };
        if *holder != UNASSIGNED {
            let (column, first) = (column as usize, *holder as usize);
            return Err(Flaw::ColumnTakenTwice { column, first, second: row });
        }
        *holder = row as u32;
    }
    Ok(row_of)
}

/// The assigned pairs of a solution.
fn pairs(solution: &Solution) -> impl Iterator<Item = (usize, u32)> {
    let rows = solution.columns.iter().copied().enumerate();
    rows.filter(|&(_, column)| column != UNASSIGNED)
}

/// The assigned pairs are permitted, priced at their score, and add up.
fn check_pairs(problem: &Problem<'_>, solution: &Solution) -> Result<(), Flaw> {
    let Certificate { row_prices, column_prices } = &solution.certificate;
    let (mut total, mut assigned) = (0_i128, 0);
    let mut overpriced = None;
    for (row, column) in pairs(solution) {
        let column = column as usize;
        let Some(score) = problem.score(row, column) else {
            return Err(Flaw::ForbiddenPair { row, column });
        };
        let pair = (problem.row_class(row), problem.column_class(column));
        if sum(row_prices[pair.0], column_prices[pair.1]) > score.into() {
            overpriced = overpriced.or(Some(pair));
        }
        total += i128::from(score);
        assigned += 1;
    }
    check_sums(solution, assigned, total)?;
    overpriced.map_or(Ok(()), |(row, column)| Err(Flaw::Overpriced { row, column }))
}

fn check_sums(solution: &Solution, assigned: usize, total: i128) -> Result<(), Flaw> {
    if assigned != solution.assigned {
        return Err(Flaw::WrongAssigned { claimed: solution.assigned, found: assigned });
    }
    check_total(solution.total, total)
}

fn check_total(claimed: i64, found: i128) -> Result<(), Flaw> {
    if i128::from(claimed) == found { Ok(()) } else { Err(Flaw::WrongTotal { claimed, found }) }
}

/// No price is negative, and none is too low for a permitted pair.
fn check_prices(table: &Table, certificate: &Certificate) -> Result<(), Flaw> {
    let Certificate { row_prices, column_prices } = certificate;
    for (side, prices) in [(Side::Rows, row_prices), (Side::Columns, column_prices)] {
        if let Some(class) = prices.iter().position(|&price| price < 0) {
            return Err(Flaw::NegativePrice { side, class });
        }
    }
    for (row, &row_price) in row_prices.iter().enumerate() {
        // Neither price is negative, so their sum saturates only above every score.
        let short = |(score, &price): (Option<i64>, &i64)| {
            score.is_some_and(|score| row_price.saturating_add(price) < score)
        };
        if let Some(column) = table.row(row).zip(column_prices).position(short) {
            return Err(Flaw::Underpriced { row, column });
        }
    }
    Ok(())
}

fn sum(row_price: i64, column_price: i64) -> i128 {
    i128::from(row_price) + i128::from(column_price)
}

/// The class of an unassigned member has price 0.
fn check_idle(
    partners: &[u32],
    side: Side,
    prices: &[i64],
    class: impl Fn(usize) -> usize,
) -> Result<(), Flaw> {
    for (member, _) in partners.iter().enumerate().filter(|&(_, &partner)| partner == UNASSIGNED) {
        let class = class(member);
        if prices[class] != 0 {
            return Err(Flaw::UnassignedButPriced { side, class });
        }
    }
    Ok(())
}

fn check_flow_order(table: &Table, solution: &ClassSolution) -> Result<(), Flaw> {
    let mut before = None;
    for (at, flow) in solution.flows.iter().enumerate() {
        if flow.row_class as usize >= table.rows() {
            return Err(Flaw::UnknownClass { side: Side::Rows, member: at });
        }
        if flow.column_class as usize >= table.columns() {
            return Err(Flaw::UnknownClass { side: Side::Columns, member: at });
        }
        let key = Some((flow.row_class, flow.column_class));
        if flow.count == 0 || key <= before {
            return Err(Flaw::FlowOutOfOrder { flow: at });
        }
        before = key;
    }
    Ok(())
}

/// How many members of each class the flows leave over.
fn idle(
    side: Side,
    counts: &[u64],
    expected: usize,
    flows: impl Iterator<Item = (u32, u64)>,
) -> Result<Vec<u64>, Flaw> {
    if counts.len() != expected {
        return Err(Flaw::WrongPriceCount { side, expected, found: counts.len() });
    }
    let mut idle = counts.to_vec();
    for (class, count) in flows {
        let class = class as usize;
        let left = idle[class].checked_sub(count);
        idle[class] = left.ok_or(Flaw::ClassOverdrawn { side, class, members: counts[class] })?;
    }
    Ok(idle)
}

/// The flows are permitted, priced at their score, and add up.
fn check_flows(table: &Table, solution: &ClassSolution) -> Result<(), Flaw> {
    let Certificate { row_prices, column_prices } = &solution.certificate;
    let mut total = 0_i128;
    let mut overpriced = None;
    for flow in &solution.flows {
        let (row, column) = (flow.row_class as usize, flow.column_class as usize);
        let score = table.get(row, column).ok_or(Flaw::ForbiddenPair { row, column })?;
        if sum(row_prices[row], column_prices[column]) > score.into() {
            overpriced = overpriced.or(Some(Flaw::Overpriced { row, column }));
        }
        // Of scores that are worth taking, a sum that stops at the end of the type is no total.
        total = total.saturating_add(i128::from(score) * i128::from(flow.count));
    }
    check_total(solution.total, total)?;
    overpriced.map_or(Ok(()), Err)
}

fn check_idle_classes(side: Side, prices: &[i64], idle: &[u64]) -> Result<(), Flaw> {
    match prices.iter().zip(idle).position(|(&price, &idle)| idle > 0 && price != 0) {
        Some(class) => Err(Flaw::UnassignedButPriced { side, class }),
        None => Ok(()),
    }
}

use alloc::vec;
use alloc::vec::Vec;

use super::cost::Amount;
use super::{Certificate, Cost, Error, Goal, Problem, Solution, verify};
use crate::UNASSIGNED;
use crate::paths::{Matching, Number};

/// Above so many edges a debug build does not verify what it has solved.
const VERIFIED_EDGES: usize = 1 << 20;

/// No price or distance of the matching is more than so many times the number of rows and the
/// difference of any two costs: 8 bids a row and round, each of which raises the highest price by
/// one such difference at most; then ways, along which each row adds one.
const HEADROOM: u32 = 128;

/// Finds the best assignment and the prices that prove it.
///
/// Shortest augmenting paths on the sparse graph (Jonker & Volgenant 1987, Computing 38), a row at
/// a time, after a start by bids; O(rows × edges × log columns) at worst. Of several best
/// assignments the same one is given for the same problem, everywhere, in whatever order the edges
/// of a row were given: rows enter in ascending order, and of equal ways the first that is found is
/// taken, with edges in order of column.
///
/// # Errors
///
/// [`Error::Infeasible`] when not every row that must be assigned can be.
pub fn solve<C: Cost>(problem: &Problem<C>) -> Result<Solution<C>, Error> {
    let (columns, certificate) = C::optimum(problem)?;
    let assigned = columns.iter().filter(|&&column| column != UNASSIGNED).count();
    let counted = columns.iter().enumerate().filter_map(|(row, &column)| {
        let counted =
            if column == UNASSIGNED { problem.unassigned(row) } else { problem.cost(row, column) };
        counted.map(C::amount)
    });
    let total = C::Sum::sum(counted);
    let solution = Solution { columns, assigned, total, certificate };
    debug_assert!(
        problem.edges() > VERIFIED_EDGES || verify(problem, &solution).is_ok(),
        "a solution that its certificate does not prove: {:?}",
        verify(problem, &solution)
    );
    Ok(solution)
}

/// In 64 bits where these are enough, otherwise in 128, which always are. Costs are counted from
/// the lowest, so that only their differences matter.
pub(super) fn integers(problem: &Problem<i64>) -> Result<(Vec<u32>, Certificate<i64>), Error> {
    let cost = |number: i64| match problem.goal() {
        Goal::Minimise => i128::from(number),
        Goal::Maximise => -i128::from(number),
    };
    let costs = || numbers(problem).map(cost);
    let (lowest, highest) = (costs().min().unwrap_or(0), costs().max().unwrap_or(0));
    let most = (highest - lowest) * i128::from(HEADROOM) * (problem.rows() as i128 + 1);
    if most <= i128::from(i64::MAX) {
        let matching = run(problem, |number| (cost(number) - lowest) as i64)?;
        Ok(priced(problem, &matching, i128::from, lowest))
    } else {
        let matching = run(problem, |number| cost(number) - lowest)?;
        Ok(priced(problem, &matching, |price| price, lowest))
    }
}

pub(super) fn floats(problem: &Problem<f64>) -> Result<(Vec<u32>, Certificate<f64>), Error> {
    let sign = if problem.goal() == Goal::Maximise { -1.0 } else { 1.0 };
    let matching = run(problem, |number| sign * number)?;
    Ok(priced(problem, &matching, |price| price, 0.0))
}

/// All numbers of the problem.
pub(super) fn numbers<C: Cost>(problem: &Problem<C>) -> impl Iterator<Item = C> {
    let edges = (0..problem.rows()).flat_map(|row| problem.row(row)).map(|(_, cost)| cost);
    edges.chain((0..problem.rows()).filter_map(|row| problem.unassigned(row)))
}

/// Solves it in other numbers, of which the least total is the best.
fn run<C: Cost, T: Number>(
    problem: &Problem<C>,
    number: impl Fn(C) -> T,
) -> Result<Matching<T>, Error> {
    // One place more than there are rows that may take it is as good as any number: it is never full.
    let mut wanted = vec![0; problem.columns()];
    for (column, _) in (0..problem.rows()).flat_map(|row| problem.row(row)) {
        wanted[column as usize] += 1;
    }
    let places = wanted.iter().enumerate();
    let mut matching =
        Matching::new(places.map(|(column, &wanted)| problem.places(column).min(wanted + 1)));
    matching.reserve(problem.rows(), problem.edges());
    for row in 0..problem.rows() {
        let edges = problem.row(row).map(|(column, cost)| (column, number(cost)));
        matching.add_row(edges, problem.unassigned(row).map(&number));
    }
    // About all places will be taken.
    let single = (0..problem.columns()).all(|column| problem.places(column) <= 1);
    if single && (problem.columns()..=problem.columns() * 3 / 2).contains(&problem.rows()) {
        matching.start_level();
    }
    matching.solve().map_err(Error::Infeasible)?;
    Ok(matching)
}

/// The matching's result in the unit of the problem, whose costs were counted from `lowest`.
fn priced<C: Cost, T: Number>(
    problem: &Problem<C>,
    matching: &Matching<T>,
    amount: impl Fn(T) -> C::Sum,
    lowest: C::Sum,
) -> (Vec<u32>, Certificate<C>) {
    let row_price = |price| {
        let price = amount(price).plus(lowest);
        if problem.goal() == Goal::Maximise { price.negated() } else { price }
    };
    let row_prices = matching.row_prices().map(row_price).collect();
    let column_prices = matching.column_prices().map(&amount).collect();
    (matching.assigned().collect(), Certificate { row_prices, column_prices })
}

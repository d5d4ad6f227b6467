use super::candidates::Candidates;
use super::cost::{Cost, Wide, private::Wide as _};
use super::matrix::{Costs, Matrix};
use super::{Goal, Refused};
use crate::UNASSIGNED;
use crate::sparse::{Core, Number, Shortage};

/// Columns that are listed for each row before anything is known.
const LISTED: usize = 16;

/// An assignment of as many pairs as the shorter side has members, and the prices that prove it.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment<W> {
    /// For each row its column or [`UNASSIGNED`].
    pub columns: Vec<u32>,
    /// The sum of the costs of the pairs.
    pub total: W,
    /// One a row.
    pub row_prices: Vec<W>,
    /// One a column.
    pub column_prices: Vec<W>,
}

/// Finds the assignment of `min(rows, columns)` pairs with the least, or highest, total.
///
/// # Errors
pub fn assign<T: Cost>(
    matrix: &Matrix<'_, T>,
    goal: Goal,
) -> Result<Assignment<T::Wide>, Refused> {
    match goal {
        Goal::Minimize => assign_to::<T, false>(matrix),
        Goal::Maximize => assign_to::<T, true>(matrix),
    }
}

fn assign_to<T: Cost, const GAIN: bool>(matrix: &Matrix<'_, T>) -> Result<Assignment<T::Wide>, Refused> {
    let flipped = matrix.rows() > matrix.columns();
    let transposed;
    let costs = if flipped {
        transposed = matrix.transposed();
        Costs::<T, GAIN> { rows: matrix.columns(), columns: matrix.rows(), costs: &transposed }
    } else {
        Costs { rows: matrix.rows(), columns: matrix.columns(), costs: matrix.all() }
    };
    let columns = costs.columns;
    let core = solve(costs).map_err(|trouble| match trouble {
        Trouble::Flaw(row, column) if flipped => Refused::Cost { row: column, column: row },
        Trouble::Flaw(row, column) => Refused::Cost { row, column },
        Trouble::Shortage(Shortage { rows, columns }) => {
            Refused::Infeasible { members: rows, permitted: columns }
        }
    })?;

    let own = |price: T::Wide| if GAIN { price.negated() } else { price };
    let row_prices: Vec<_> = core.row_prices().map(own).collect();
    let column_prices: Vec<_> = core.column_prices().map(|price| own(price.negated())).collect();
    let column_of: Vec<u32> = core.assigned().collect();
    let pairs = (0..).zip(&column_of);
    let total = pairs.fold(T::Wide::ZERO, |total, (row, &column)| {
        let (row, column) = (row as usize, column as usize);
        let cost = if flipped { matrix.cost(column, row) } else { matrix.cost(row, column) };
        total + cost.wide()
    });
    if !flipped {
        return Ok(Assignment { columns: column_of, total, row_prices, column_prices });
    }
    let mut columns = vec![UNASSIGNED; columns];
    for (row, &column) in (0..).zip(&column_of) {
        columns[column as usize] = row;
    }
    Ok(Assignment { columns, total, row_prices: column_prices, column_prices: row_prices })
}

/// How many rows may be read again, as a part of all, before the prices are found by auction.
const PATIENCE: usize = 4;

type Solver<'a, T, const GAIN: bool> = Core<<T as Cost>::Wide, Candidates<'a, T, GAIN>>;

enum Trouble {
    Flaw(usize, usize),
    Shortage(Shortage),
}
impl From<Shortage> for Trouble {
    fn from(s: Shortage) -> Self { Self::Shortage(s) }
}

fn solve<T: Cost, const GAIN: bool>(costs: Costs<'_, T, GAIN>) -> Result<Solver<'_, T, GAIN>, Trouble> {
    let (rows, columns) = (costs.rows, costs.columns);
    let t = std::time::Instant::now();
    let verbose = std::env::var("V").is_ok();
    let mut candidates = Candidates::of(costs);
    candidates.list_all().map_err(|(row, column)| Trouble::Flaw(row, column))?;
    if verbose { println!("{rows} listed {:?}", t.elapsed()); }
    let mut core = Core::over(candidates, rows, (0..columns).map(|_| 1), None);
    if rows == columns {
        let patience = rows / PATIENCE;
        if core.solve_while(|candidates| candidates.widened() < patience)? {
            return Ok(core);
        }
        if verbose { println!("{rows} bailed {:?} ", t.elapsed()); }
        level(&mut core)?;
    }
    core.solve()?;
    if verbose { println!("{rows} done {:?} ", t.elapsed()); }
    Ok(core)
}

/// Brings prices to their level.
fn level<T: Cost, const GAIN: bool>(core: &mut Solver<'_, T, GAIN>) -> Result<(), Shortage> {
    let verbose = std::env::var("V").is_ok();
    let rows = core.edges().costs().rows;
    let mut raise = core.edges().spread().part(10);
    loop {
        let t = std::time::Instant::now();
        let w = core.edges().widened();
        let ended = core.auction(raise, rows * 100);
        let grain = core.grain();
        if verbose { println!("raise {raise:?} grain {grain:?} widened {} {:?}", core.edges().widened() - w, t.elapsed()); }
        if !ended || raise.part(2) < grain || raise.part(5) >= raise { break; }
        raise = raise.part(5);
    }
    core.clear_out();
    Ok(())
}

//! Matrices in which few rows or few columns differ, solved by class.
//!
//! Many equal rows are many ties, which is what searches are slow on and classes fast. Whether there
//! are any is seen from a sample; then every row is compared with the one that it is like.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::Matrix;
use super::costs::{is_flawed, low};
use super::element::{Element, Wide};
use super::solve::Solved;
use crate::kernel::{Kernel, vectorised};
use crate::{Certificate, ClassSolution, MAX_SCORE, Table, UNASSIGNED, expand, solve_classes};

/// Rows or columns below which it is not worth looking for equal ones.
const WORTH_LOOKING: usize = 32;

/// How many members of a side may differ for a matrix to be solved by class: one in 16, and of a small
/// matrix more.
fn most(members: usize) -> usize {
    (members / 4).min(32).max(members / 16)
}

/// Elements of a row that tell it from others at first.
const SAMPLE: usize = 32;

/// Whether so few rows or so few columns differ that it pays to solve by class.
pub(crate) fn few_differ<T: Element>(matrix: &Matrix<'_, T>) -> bool {
    if matrix.rows().min(matrix.columns()) < WORTH_LOOKING {
        return false;
    }
    rows_alike(matrix).is_some() || {
        columns_seem_alike(matrix) && {
            let transposed = matrix.transposed();
            Matrix::new(matrix.columns(), matrix.rows(), &transposed)
                .is_ok_and(|transposed| rows_alike(&transposed).is_some())
        }
    }
}

/// `None` when too many differ, or what they cost is not whole numbers of some unit.
pub(super) fn by_class<T: Element, const GAIN: bool>(
    matrix: &Matrix<'_, T>,
) -> Option<Solved<T::Wide>> {
    if matrix.rows().min(matrix.columns()) < WORTH_LOOKING {
        return None;
    }
    let rows_pay = matrix.rows() <= matrix.columns();
    if let Some(rows) = rows_alike(matrix) {
        return solve::<T, GAIN>(matrix, &rows, rows_pay);
    }
    if !columns_seem_alike(matrix) {
        return None;
    }
    let transposed = matrix.transposed();
    let transposed = Matrix::new(matrix.columns(), matrix.rows(), &transposed).ok()?;
    let solved = solve::<T, GAIN>(&transposed, &rows_alike(&transposed)?, !rows_pay)?;
    let mut columns = vec![UNASSIGNED; matrix.rows()];
    for (column, &row) in (0..).zip(&solved.columns).filter(|&(_, &row)| row != UNASSIGNED) {
        columns[row as usize] = column;
    }
    Some(Solved { columns, ..solved })
}

/// Which members are equal.
struct Alike {
    /// For each member its class.
    class: Vec<u32>,
    /// The first member of each class.
    first: Vec<usize>,
}

/// Puts members in classes: those whose signatures are the same and that are equal. `None` as soon
/// as there are more than `most`.
fn group(
    members: usize,
    most: usize,
    signature: impl Fn(usize) -> u64,
    equal: impl Fn(usize, usize) -> bool,
) -> Option<Alike> {
    let mut seen: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    let mut alike = Alike { class: Vec::with_capacity(members), first: Vec::new() };
    for member in 0..members {
        let known = seen.entry(signature(member)).or_default();
        let same = known.iter().find(|&&class| equal(alike.first[class as usize], member));
        let class = match same {
            Some(&class) => class,
            None if alike.first.len() == most => return None,
            None => {
                known.push(alike.first.len() as u32);
                alike.first.push(member);
                alike.first.len() as u32 - 1
            }
        };
        alike.class.push(class);
    }
    Some(alike)
}

fn rows_alike<T: Element>(matrix: &Matrix<'_, T>) -> Option<Alike> {
    let step = matrix.columns().div_ceil(SAMPLE);
    let signature = |row| mixed(matrix.row(row).iter().step_by(step).copied());
    let equal = |a, b| !vectorised(Differ { these: matrix.row(a), those: matrix.row(b) });
    group(matrix.rows(), most(matrix.rows()), signature, equal)
}

/// By a sample of the rows alone.
fn columns_seem_alike<T: Element>(matrix: &Matrix<'_, T>) -> bool {
    let step = matrix.rows().div_ceil(SAMPLE);
    let column = |column| (0..matrix.rows()).step_by(step).map(move |row| matrix.row(row)[column]);
    group(matrix.columns(), most(matrix.columns()), |at| mixed(column(at)), |_, _| true).is_some()
}

struct Differ<'a, T> {
    these: &'a [T],
    those: &'a [T],
}

impl<T: Element> Kernel for Differ<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        self.these.iter().zip(self.those).fold(false, |differ, (a, b)| differ | (a != b))
    }
}

fn mixed<T: Element>(elements: impl Iterator<Item = T>) -> u64 {
    elements.fold(0, |mixed: u64, element| {
        (mixed.rotate_left(5) ^ element.wide().bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

/// Whether it is the rows that pay is told, as a square matrix does not say it.
fn solve<T: Element, const GAIN: bool>(
    matrix: &Matrix<'_, T>,
    rows: &Alike,
    rows_pay: bool,
) -> Option<Solved<T::Wide>> {
    let element = |row: &usize, column| matrix.row(*row)[column];
    let of_column = |column| rows.first.iter().map(move |row| element(row, column));
    let columns = group(
        matrix.columns(),
        matrix.columns(),
        |column| mixed(of_column(column)),
        |a, b| of_column(a).eq(of_column(b)),
    )?;
    let of_row = |row| columns.first.iter().map(move |&column| element(row, column));
    let limit = T::Wide::limit(matrix.rows().min(matrix.columns()));
    let costs = Costs::of::<T, GAIN>(rows.first.iter().flat_map(of_row), limit)?;
    let width = columns.first.len();
    let score = |row, column| Some(costs.scores[row * width + column]);
    let table = Table::from_fn(rows.first.len(), width, score).ok()?;
    let solution = solve_classes(&rows.counts(), &columns.counts(), &table).ok()?;
    let ClassSolution { certificate: Certificate { row_prices, column_prices }, .. } = &solution;
    let payer = |price: &i64| costs.cost(*price);
    let place = |price: &i64| T::Wide::from_units(*price, costs.unit);
    let each = |alike: &Alike, prices: Vec<T::Wide>| {
        alike.class.iter().map(|&class| prices[class as usize]).collect()
    };
    let (payers, places) = if rows_pay {
        let payers = row_prices.iter().map(payer).collect();
        (each(rows, payers), each(&columns, column_prices.iter().map(place).collect()))
    } else {
        let payers = column_prices.iter().map(payer).collect();
        (each(&columns, payers), each(rows, row_prices.iter().map(place).collect()))
    };
    Some(Solved { columns: expand(&rows.class, &columns.class, &solution), payers, places })
}

impl Alike {
    fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.first.len()];
        for &class in &self.class {
            counts[class as usize] += 1;
        }
        counts
    }
}

/// Costs as whole numbers of a unit, below the highest: so all are worth taking, and those that are
/// worth most cost least.
struct Costs<W> {
    unit: W,
    highest: i64,
    scores: Vec<i64>,
}

impl<W: Wide> Costs<W> {
    /// `None` when one is forbidden, flawed or no whole number.
    fn of<T: Element<Wide = W>, const GAIN: bool>(
        elements: impl Iterator<Item = T> + Clone,
        limit: W,
    ) -> Option<Self> {
        if elements.clone().any(|element| is_flawed::<T, GAIN>(element, limit)) {
            return None;
        }
        let wide = elements.map(|element| low::<T, GAIN>(element));
        let mut unit: Option<W> = None;
        for of_one in wide.clone().filter(|&cost| cost != W::ZERO) {
            let of_one = of_one.unit()?;
            unit = Some(unit.map_or(of_one, |unit| unit.lesser(of_one)));
        }
        let unit = unit.unwrap_or(W::from_units(1, W::ZERO));
        let counts: Option<Vec<i64>> = wide.map(|cost| cost.in_units(unit)).collect();
        let counts = counts?;
        let highest = *counts.iter().max()?;
        let scores: Vec<i64> = counts.into_iter().map(|count| highest - count).collect();
        scores.iter().all(|&score| score <= MAX_SCORE).then_some(Self { unit, highest, scores })
    }

    /// What a member pays whose score is worth this.
    fn cost(&self, price: i64) -> W {
        W::from_units(self.highest - price, self.unit)
    }
}

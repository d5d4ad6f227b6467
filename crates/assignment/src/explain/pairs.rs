use alloc::vec;
use alloc::vec::Vec;

use crate::grid::Grid;
use crate::{Problem, Solution, Table, UNASSIGNED};

/// An assigned row and column that stand for all of their classes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) row_class: u32,
    pub(super) column_class: u32,
    pub(super) row: u32,
    pub(super) column: u32,
}

/// An optimal solution by class: who is paired with whom, who is left, and what each pair that is not
/// in it would lose by the prices.
#[derive(Debug, Clone)]
pub(super) struct Pairs<'a> {
    pub(super) table: &'a Table,
    pub(super) row_prices: &'a [i64],
    pub(super) column_prices: &'a [i64],
    /// One pair of each two classes that are paired, by row.
    pub(super) all: Vec<Pair>,
    of_row: Index,
    of_column: Index,
    /// An unassigned member of each class, or [`UNASSIGNED`].
    pub(super) free_row: Vec<u32>,
    pub(super) free_column: Vec<u32>,
}

/// Places in a list of pairs, by class.
#[derive(Debug, Clone)]
struct Index {
    starts: Vec<u32>,
    pairs: Vec<u32>,
}

impl Index {
    fn new(classes: usize, class: impl Iterator<Item = u32> + Clone) -> Self {
        let mut starts = vec![0; classes + 1];
        class.clone().for_each(|class| starts[class as usize + 1] += 1);
        (0..classes).for_each(|class| starts[class + 1] += starts[class]);
        let mut next = starts.clone();
        let mut pairs = vec![0; starts[classes] as usize];
        for (pair, class) in (0..).zip(class) {
            let at = &mut next[class as usize];
            pairs[*at as usize] = pair;
            *at += 1;
        }
        Self { starts, pairs }
    }

    fn of(&self, class: usize) -> &[u32] {
        &self.pairs[self.starts[class] as usize..self.starts[class + 1] as usize]
    }
}

impl<'a> Pairs<'a> {
    pub(super) fn new(problem: &Problem<'a>, solution: &'a Solution) -> Self {
        let table = problem.table();
        let all = different(problem, solution);
        let of_row = Index::new(table.rows(), all.iter().map(|pair| pair.row_class));
        let of_column = Index::new(table.columns(), all.iter().map(|pair| pair.column_class));
        let mut free_row = vec![UNASSIGNED; table.rows()];
        for row in super::idle_rows(solution).into_iter().rev() {
            free_row[problem.row_class(row)] = row as u32;
        }
        let mut free_column = vec![UNASSIGNED; table.columns()];
        for column in super::idle_columns(problem, solution).into_iter().rev() {
            free_column[problem.column_class(column)] = column as u32;
        }
        let (row_prices, column_prices) =
            (&solution.certificate.row_prices, &solution.certificate.column_prices);
        Self { table, row_prices, column_prices, all, of_row, of_column, free_row, free_column }
    }

    /// The classes that are paired, ascending.
    pub(super) fn ordered(&self) -> impl ExactSizeIterator<Item = (u32, u32)> + use<> {
        let mut classes: Vec<(u32, u32)> =
            self.all.iter().map(|pair| (pair.row_class, pair.column_class)).collect();
        classes.sort_unstable();
        classes.into_iter()
    }

    /// Places in [`all`](Self::all) of the pairs that a row class is in.
    pub(super) fn of_row(&self, class: usize) -> &[u32] {
        self.of_row.of(class)
    }

    /// Places in [`all`](Self::all) of the pairs that a column class is in.
    pub(super) fn of_column(&self, class: usize) -> &[u32] {
        self.of_column.of(class)
    }

    /// By how much the prices of a pair exceed its score; `None` when it is forbidden. Never negative,
    /// and 0 where the classes are paired.
    pub(super) fn slack(&self, row: usize, column: usize) -> Option<i64> {
        let score = self.table.get(row, column)?;
        Some(self.row_prices[row] + self.column_prices[column] - score)
    }
}

/// The first of the pairs of each two classes.
fn different(problem: &Problem<'_>, solution: &Solution) -> Vec<Pair> {
    let pairs = (0..).zip(&solution.columns).filter(|&(_, &column)| column != UNASSIGNED);
    let pairs = pairs.map(|(row, &column)| Pair {
        row_class: problem.row_class(row as usize) as u32,
        column_class: problem.column_class(column as usize) as u32,
        row,
        column,
    });
    let Problem::Classes(classes) = problem else { return pairs.collect() };
    let mut seen = Grid::filled(classes.table.rows(), classes.table.columns(), false);
    let is_new = |pair: &Pair| {
        let seen = seen.at_mut(pair.row_class as usize, pair.column_class as usize);
        !core::mem::replace(seen, true)
    };
    pairs.filter(is_new).collect()
}

//! Builders of problems, and the answers of methods too simple to be wrong.
#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, reason = "the builders of tests; clippy excuses only the tests")]

use assignment::{Classes, Problem, Table, UNASSIGNED};
use proptest::prelude::*;

/// A class problem that owns what it is made of.
#[derive(Debug, Clone)]
pub(crate) struct ClassProblem {
    pub(crate) row_class: Vec<u32>,
    pub(crate) column_class: Vec<u32>,
    pub(crate) table: Table,
}

impl ClassProblem {
    pub(crate) fn problem(&self) -> Problem<'_> {
        Problem::Classes(Classes {
            row_class: &self.row_class,
            column_class: &self.column_class,
            table: &self.table,
        })
    }

    /// The same problem, each row and column for itself.
    pub(crate) fn matrix(&self) -> Table {
        let problem = self.problem();
        Table::from_fn(problem.rows(), problem.columns(), |r, c| problem.score(r, c)).unwrap()
    }
}

/// Any score: mostly small, so that there are ties; sometimes forbidden or negative.
pub(crate) fn any_score() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        6 => (0..6_i64).prop_map(Some),
        3 => (0..1000_i64).prop_map(Some),
        1 => (-5..0_i64).prop_map(Some),
        2 => Just(None),
    ]
}

/// Scores of a kind: in some tables nothing is forbidden, in some nearly everything is.
pub(crate) fn any_table(rows: usize, columns: usize) -> impl Strategy<Value = Table> {
    (0..4_u8, prop::collection::vec(any_score(), rows * columns)).prop_map(move |(kind, scores)| {
        Table::from_fn(rows, columns, |row, column| {
            let score = scores[row * columns + column];
            match kind {
                0 => Some(score.unwrap_or(3).abs()),
                1 => score,
                2 => score.filter(|score| score % 3 == 0),
                _ => score.map(|score| score * 1_000_000_007 - 20),
            }
        })
        .unwrap()
    })
}

/// Tables of up to so many rows and columns, none included.
pub(crate) fn tables(most: usize) -> impl Strategy<Value = Table> {
    (0..=most, 0..=most).prop_flat_map(|(rows, columns)| any_table(rows, columns))
}

/// Class problems of up to so many rows and columns, in up to so many classes.
pub(crate) fn class_problems(
    members: usize,
    classes: usize,
) -> impl Strategy<Value = ClassProblem> {
    (1..=classes, 1..=classes).prop_flat_map(move |(rows, columns)| {
        (
            prop::collection::vec(0..rows as u32, 0..=members),
            prop::collection::vec(0..columns as u32, 0..=members),
            any_table(rows, columns),
        )
            .prop_map(|(row_class, column_class, table)| ClassProblem {
                row_class,
                column_class,
                table,
            })
    })
}

/// The best total and, among the matchings that have it, the most pairs: by trying all.
pub(crate) fn brute_force(table: &Table) -> (i64, usize) {
    fn rest(table: &Table, row: usize, taken: u32) -> (i64, usize) {
        if row == table.rows() {
            return (0, 0);
        }
        (0..table.columns())
            .filter(|column| taken & (1 << column) == 0)
            .filter_map(|column| {
                let score = table.get(row, column)?;
                let (total, pairs) = rest(table, row + 1, taken | 1 << column);
                Some((total + score, pairs + 1))
            })
            .fold(rest(table, row + 1, taken), Ord::max)
    }
    rest(table, 0, 0)
}

/// First come, first served, as one would write it down.
pub(crate) fn naive_first_come(problem: &Problem<'_>) -> i64 {
    let mut free = vec![true; problem.columns()];
    let mut total = 0;
    for row in 0..problem.rows() {
        let mut best = None;
        for column in (0..problem.columns()).filter(|&column| free[column]) {
            let score = problem.score(row, column).filter(|&score| score >= 0);
            if score.is_some() && best.is_none_or(|(most, _)| score > most) {
                best = Some((score, column));
            }
        }
        if let Some((score, column)) = best {
            free[column] = false;
            total += score.unwrap_or(0);
        }
    }
    total
}

/// Numbers that look random and are the same everywhere (splitmix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// The next number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// Which columns nobody has.
pub(crate) fn free_columns(columns: &[u32], all: usize) -> Vec<usize> {
    (0..all).filter(|&column| !columns.contains(&(column as u32))).collect()
}

/// How many rows have a column.
pub(crate) fn assigned(columns: &[u32]) -> usize {
    columns.iter().filter(|&&column| column != UNASSIGNED).count()
}

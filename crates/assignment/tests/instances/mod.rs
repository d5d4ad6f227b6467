//! Instances through every entry, against two solvers that share nothing with the crate's.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

use std::collections::BTreeMap;

use assignment::dense::{self, Element, Goal, Matrix};
use assignment::{
    Classes, Planner, Problem, Table, UNASSIGNED, expand, first_come, solve, solve_classes, sparse,
    verify, verify_classes,
};

use crate::oracles::Plain;

/// What makes the choices of an instance: chance, or the bytes of a fuzzer.
pub(crate) trait Choices {
    /// The next number below `bound`.
    fn below(&mut self, bound: u64) -> u64;
}

/// What each row costs with each column, `None` when the pair is forbidden.
type Rows = Vec<Vec<Option<i64>>>;

/// A small instance, through one of the entries.
pub(crate) fn any(numbers: &mut dyn Choices) {
    match numbers.below(5) {
        0 => matrix(numbers),
        1 => table(numbers),
        2 => classes(numbers),
        3 => pairs(numbers),
        _ => planner(numbers),
    }
}

/// Numbers of a kind: many ties, few, or large; never negative, or either; some forbidden, or none.
fn numbers_of_a_kind(
    numbers: &mut dyn Choices,
) -> impl FnMut(&mut dyn Choices) -> Option<i64> + use<> {
    let span: u64 = [2, 4, 30, 1000, 1 << 20][numbers.below(5) as usize];
    let low = [0, span / 2, span][numbers.below(3) as usize].cast_signed();
    let forbidden = [0, 0, 10, 40, 80][numbers.below(5) as usize];
    move |numbers| {
        let number = numbers.below(span).cast_signed() - low;
        (numbers.below(100) >= forbidden).then_some(number)
    }
}

fn rows_of_a_kind(numbers: &mut dyn Choices, rows: usize, columns: usize) -> Rows {
    let mut number = numbers_of_a_kind(numbers);
    // In some, rows are repeated.
    let different = if numbers.below(4) == 0 { 1 + rows / 3 } else { rows.max(1) };
    let kinds: Rows =
        (0..different).map(|_| (0..columns).map(|_| number(numbers)).collect()).collect();
    (0..rows).map(|row| kinds[row % different].clone()).collect()
}

fn turned(rows: &Rows, columns: usize) -> Rows {
    (0..columns).map(|column| rows.iter().map(|row| row[column]).collect()).collect()
}

/// Every type and both goals.
fn matrix(numbers: &mut dyn Choices) {
    let (rows, columns) = (numbers.below(9) as usize, numbers.below(9) as usize);
    let costs = rows_of_a_kind(numbers, rows, columns);
    let least = least(&costs, columns);
    for kind in 0..KINDS {
        check_matrix_of_kind(kind, &costs, columns, least);
    }
}

/// A matrix that is not small: one with so many elements that not all are looked at, or with many rows
/// that are alike. One of the types, both goals.
pub(crate) fn large(numbers: &mut dyn Choices) {
    let more = numbers.below(9) as usize;
    let (rows, columns) = match numbers.below(8) {
        0 => (2 + more % 4, 20_001 + more),
        1 => (201, 201 + more / 8),
        2 => (130, 322 + more),
        3 | 4 => (20 + more, 2_001 + more),
        _ => (32 + more, 32 + numbers.below(40) as usize),
    };
    let mut costs = rows_of_a_kind(numbers, rows, columns);
    // In some, columns at some distance from each other are cheaper than all others.
    let (period, cheap) = (1 + numbers.below(128) as usize, numbers.below(128) as usize);
    let dearer = [0, 5, 1000][numbers.below(3) as usize];
    for row in &mut costs {
        for cost in row.iter_mut().enumerate().filter(|(column, _)| column % period >= cheap) {
            *cost.1 = cost.1.map(|cost| cost + dearer);
        }
    }
    let mut columns = columns;
    if numbers.below(2) == 0 {
        (costs, columns) = (turned(&costs, columns), rows);
    }
    check_matrix_of_kind(numbers.below(KINDS), &costs, columns, least(&costs, columns));
}

/// What it costs at least to assign the lesser side.
fn least(costs: &Rows, columns: usize) -> Option<i64> {
    let (rows, longer) = (costs.len(), costs.len().max(columns));
    let lesser = if rows > columns { turned(costs, columns) } else { costs.clone() };
    Plain::full(lesser, longer).least()
}

const KINDS: u64 = 5;

fn check_matrix_of_kind(kind: u64, costs: &Rows, columns: usize, least: Option<i64>) {
    match kind {
        0 => check_matrix(costs, columns, least, |cost| cost, 1.0),
        1 => check_matrix(costs, columns, least, |cost| cost as i32, 1.0),
        2 => check_matrix(costs, columns, least, |cost| cost as f64 / 8.0, 8.0),
        3 => check_matrix(costs, columns, least, |cost| cost as f32 / 8.0, 8.0),
        _ => check_matrix(costs, columns, least, |cost| cost as f64 / 3.0, 3.0),
    }
}

trait Total {
    fn total(self) -> f64;
}

impl Total for i128 {
    fn total(self) -> f64 {
        self as f64
    }
}

impl Total for f64 {
    fn total(self) -> f64 {
        self
    }
}

fn check_matrix<T: Element<Wide: sparse::Cost<Sum: Total>>>(
    costs: &Rows,
    columns: usize,
    least: Option<i64>,
    element: impl Fn(i64) -> T,
    unit: f64,
) {
    for (goal, sign) in [(Goal::Minimise, 1), (Goal::Maximise, -1)] {
        let forbidden = T::FORBIDDEN.to(goal);
        let of = |cost: &Option<i64>| cost.map_or(forbidden, |cost| element(sign * cost));
        let elements: Vec<T> = costs.iter().flatten().map(of).collect();
        let matrix = Matrix::new(costs.len(), columns, &elements).unwrap();
        match (dense::solve(goal, &matrix), least) {
            (Ok(solution), Some(least)) => {
                dense::verify(goal, &matrix, &solution).unwrap();
                let total = solution.total.total() * unit * f64::from(sign as i32);
                assert!((total - least as f64).abs() < 1e-3, "{total}, not {least}: {costs:?}");
            }
            (Err(dense::Error::Infeasible { members, permitted, .. }), None) => {
                assert!(members.len() > permitted.len(), "{costs:?}");
            }
            (solved, least) => panic!("{solved:?}, not {least:?}: {costs:?}"),
        }
    }
}

/// The most pairs among the highest totals, both in one number.
const PAIR: i64 = 64;

fn highest(scores: &Rows, columns: usize) -> (i64, usize) {
    let cost = |score: &Option<i64>| score.map(|score| -PAIR * score - 1);
    let rows: Rows = scores.iter().map(|row| row.iter().map(cost).collect()).collect();
    let out = vec![Some(0); rows.len()];
    let best = -Plain { columns, rows, out }.least().unwrap();
    (best.div_euclid(PAIR), best.rem_euclid(PAIR) as usize)
}

fn check_problem(problem: &Problem<'_>, best: (i64, usize)) {
    let solution = solve(problem).unwrap();
    assert_eq!((solution.total, solution.assigned), best, "{problem:?}");
    let assigned = solution.columns.iter().filter(|&&column| column != UNASSIGNED).count();
    assert_eq!(assigned, best.1, "{problem:?}");
    assert_eq!(verify(problem, &solution), Ok(()), "{problem:?}");
    assert!(first_come(problem) <= solution.total, "{problem:?}");
}

fn table(numbers: &mut dyn Choices) {
    let (rows, columns) = (numbers.below(9) as usize, numbers.below(9) as usize);
    let scores = rows_of_a_kind(numbers, rows, columns);
    let table = Table::from_fn(rows, columns, |row, column| scores[row][column]).unwrap();
    check_problem(&Problem::Matrix(&table), highest(&scores, columns));
}

fn classes(numbers: &mut dyn Choices) {
    let (row_classes, column_classes) =
        (1 + numbers.below(4) as usize, 1 + numbers.below(4) as usize);
    let scores = rows_of_a_kind(numbers, row_classes, column_classes);
    let table = Table::from_fn(row_classes, column_classes, |r, c| scores[r][c]).unwrap();
    let mut class = |most, classes: usize| -> Vec<u32> {
        (0..numbers.below(most)).map(|_| numbers.below(classes as u64) as u32).collect()
    };
    let (row_class, column_class) = (class(9, row_classes), class(11, column_classes));
    let of_row = |&row: &u32| {
        column_class.iter().map(|&column| scores[row as usize][column as usize]).collect()
    };
    let expanded: Rows = row_class.iter().map(of_row).collect();
    let best = highest(&expanded, column_class.len());
    let problem = Problem::Classes(Classes {
        row_class: &row_class,
        column_class: &column_class,
        table: &table,
    });
    check_problem(&problem, best);
    let matrix = Table::from_fn(row_class.len(), column_class.len(), |r, c| expanded[r][c]);
    check_problem(&Problem::Matrix(&matrix.unwrap()), best);

    let counts = |class: &[u32], classes: usize| -> Vec<u64> {
        (0..classes).map(|c| class.iter().filter(|&&of| of as usize == c).count() as u64).collect()
    };
    let (rows, columns) = (counts(&row_class, row_classes), counts(&column_class, column_classes));
    let by_class = solve_classes(&rows, &columns, &table).unwrap();
    assert_eq!((by_class.total, by_class.assigned() as usize), best);
    assert_eq!(verify_classes(&rows, &columns, &table, &by_class), Ok(()));
    let columns = expand(&row_class, &column_class, &by_class);
    assert_eq!(columns, solve(&problem).unwrap().columns);
}

/// Explicit pairs, some told twice; places; rows that may stay unassigned at a price.
fn pairs(numbers: &mut dyn Choices) {
    let (rows, columns) = (numbers.below(9) as usize, 1 + numbers.below(5) as usize);
    let costs = rows_of_a_kind(numbers, rows, columns);
    let places: Vec<u32> = (0..columns).map(|_| numbers.below(4) as u32).collect();
    let may_stay_out = numbers.below(3) * 50;
    let mut out = |_| (numbers.below(100) < may_stay_out).then(|| numbers.below(40) as i64 - 10);
    let out: Vec<Option<i64>> = (0..rows).map(&mut out).collect();

    let copies = |row: &Vec<Option<i64>>| {
        let copies = row.iter().zip(&places);
        copies.flat_map(|(&cost, &places)| vec![cost; places as usize]).collect::<Vec<_>>()
    };
    let plain = Plain {
        columns: places.iter().sum::<u32>() as usize,
        rows: costs.iter().map(copies).collect(),
        out: out.clone(),
    };
    let least = plain.least();
    check_pairs(&costs, &places, &out, least, |cost| cost, 1.0);
    check_pairs(&costs, &places, &out, least, |cost| cost as f64 / 3.0, 3.0);
}

fn check_pairs<C: sparse::Cost<Sum: Total>>(
    costs: &Rows,
    places: &[u32],
    out: &[Option<i64>],
    least: Option<i64>,
    number: impl Fn(i64) -> C,
    unit: f64,
) {
    for (goal, sign) in [(Goal::Minimise, 1), (Goal::Maximise, -1)] {
        let told = |row: &Vec<Option<i64>>| {
            let pairs = (0..).zip(row.clone()).filter_map(|(column, cost)| Some((column, cost?)));
            let worse = pairs.clone().filter(|&(column, _)| column % 2 == 0);
            let worse = worse.map(|(column, cost)| (column, cost + 1));
            let told = pairs.chain(worse).map(|(column, cost)| (column, number(sign * cost)));
            told.collect::<Vec<_>>()
        };
        let out: Vec<Option<C>> = out.iter().map(|out| out.map(|out| number(sign * out))).collect();
        let problem = sparse::Problem::from_rows(goal, places.len(), costs.iter().map(told))
            .and_then(|problem| problem.with_places_each(places))
            .and_then(|problem| problem.with_unassigned_each(&out))
            .unwrap();
        match (sparse::solve(&problem), least) {
            (Ok(solution), Some(least)) => {
                sparse::verify(&problem, &solution).unwrap();
                let total = solution.total.total() * unit * f64::from(sign as i32);
                assert!((total - least as f64).abs() < 1e-3, "{total}, not {least}: {costs:?}");
            }
            (Err(sparse::Error::Infeasible(shortage)), None) => {
                assert!(!shortage.rows.is_empty(), "{costs:?}");
            }
            (solved, least) => panic!("{solved:?}, not {least:?}: {costs:?}"),
        }
    }
}

/// Members come and go; after each the plan is as good as a new one.
fn planner(numbers: &mut dyn Choices) {
    let (row_classes, column_classes) =
        (1 + numbers.below(4) as usize, 1 + numbers.below(4) as usize);
    let scores = rows_of_a_kind(numbers, row_classes, column_classes);
    let table = Table::from_fn(row_classes, column_classes, |r, c| scores[r][c]).unwrap();
    let classes = Classes { row_class: &[], column_class: &[], table: &table };
    let mut planner = Planner::new(&classes).unwrap();
    // For each member that is there its class.
    let (mut rows, mut columns) = (BTreeMap::new(), BTreeMap::new());
    for _ in 0..12 {
        match numbers.below(5) {
            0 if !rows.is_empty() => {
                let row = *rows.keys().nth(numbers.below(rows.len() as u64) as usize).unwrap();
                rows.remove(&row);
                planner.remove_row(row).unwrap();
            }
            1 if !columns.is_empty() => {
                let at = numbers.below(columns.len() as u64) as usize;
                let column = *columns.keys().nth(at).unwrap();
                columns.remove(&column);
                planner.remove_column(column).unwrap();
            }
            2 | 3 if rows.len() < 8 => {
                let class = numbers.below(row_classes as u64) as u32;
                rows.insert(planner.add_row(class).unwrap().0, class);
            }
            _ => {
                let class = numbers.below(column_classes as u64) as u32;
                columns.insert(planner.add_column(class).unwrap().0, class);
            }
        }
        let of_row = |&row: &u32| {
            columns.values().map(|&c: &u32| scores[row as usize][c as usize]).collect()
        };
        let best = highest(&rows.values().map(of_row).collect(), columns.len());
        assert_eq!((planner.total(), planner.assigned()), best, "{scores:?} {rows:?} {columns:?}");
    }
}

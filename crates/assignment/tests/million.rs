//! Random small instances through every entry, against two solvers that share nothing with the crate's.
//!
//! Each run of the tests takes 20,000 of them. As many as one likes:
//! `ASSIGNMENT_INSTANCES=1000000 cargo test -p assignment --test million -- --nocapture`.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

mod oracles;
mod problems;

use std::collections::BTreeMap;

use assignment::dense::{self, Element, Goal, Matrix};
use assignment::{
    Planner, Problem, Table, expand, first_come, solve, solve_classes, sparse, verify,
    verify_classes,
};
use oracles::Plain;
use problems::{ClassProblem, Numbers, assigned};

/// What each row costs with each column, `None` when the pair is forbidden.
type Rows = Vec<Vec<Option<i64>>>;

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Says which instance it was when a test fails.
struct Instance {
    seed: u64,
}

impl Drop for Instance {
    #[allow(clippy::print_stderr, reason = "says how the failure comes again")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("again: ASSIGNMENT_INSTANCES=1 ASSIGNMENT_SEED={}", self.seed);
        }
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "says what it has seen")]
fn random_instances_have_the_totals_of_two_other_solvers() {
    let (first, instances) =
        (from_environment("ASSIGNMENT_SEED", 1), from_environment("ASSIGNMENT_INSTANCES", 20_000));
    let entries: [fn(&mut Numbers); 5] = [matrix, table, classes, pairs, planner];
    for seed in first..first + instances {
        let instance = Instance { seed };
        let mut numbers = Numbers(seed << 20);
        entries[numbers.below(entries.len() as u64) as usize](&mut numbers);
        drop(instance);
    }
    println!("{instances} instances from seed {first}: all totals agree");
}

/// Numbers of a kind: many ties, few, or large; never negative, or either; some forbidden, or none.
fn numbers_of_a_kind(numbers: &mut Numbers) -> impl FnMut(&mut Numbers) -> Option<i64> + use<> {
    let span: u64 = [2, 4, 30, 1000, 1 << 20][numbers.below(5) as usize];
    let low = [0, span / 2, span][numbers.below(3) as usize].cast_signed();
    let forbidden = [0, 0, 10, 40, 80][numbers.below(5) as usize];
    move |numbers| {
        let number = numbers.below(span).cast_signed() - low;
        (numbers.below(100) >= forbidden).then_some(number)
    }
}

fn rows_of_a_kind(numbers: &mut Numbers, rows: usize, columns: usize) -> Rows {
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
fn matrix(numbers: &mut Numbers) {
    let (mut rows, mut columns) = (numbers.below(9) as usize, numbers.below(9) as usize);
    // Once in a while too large to be looked at all at once.
    if numbers.below(2000) == 0 {
        (rows, columns) = (2 + rows % 4, 8_000 + columns);
    }
    let mut costs = rows_of_a_kind(numbers, rows, columns);
    if numbers.below(2) == 0 {
        costs = turned(&costs, columns);
        (rows, columns) = (columns, rows);
    }
    let lesser = if rows > columns { turned(&costs, columns) } else { costs.clone() };
    let least = Plain::full(lesser, rows.max(columns)).least();
    check_matrix(&costs, columns, least, |cost| cost, 1.0);
    check_matrix(&costs, columns, least, |cost| cost as i32, 1.0);
    check_matrix(&costs, columns, least, |cost| cost as f64 / 8.0, 8.0);
    check_matrix(&costs, columns, least, |cost| cost as f32 / 8.0, 8.0);
    check_matrix(&costs, columns, least, |cost| cost as f64 / 3.0, 3.0);
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
    assert_eq!(assigned(&solution.columns), best.1, "{problem:?}");
    assert_eq!(verify(problem, &solution), Ok(()), "{problem:?}");
    assert!(first_come(problem) <= solution.total, "{problem:?}");
}

fn table(numbers: &mut Numbers) {
    let (rows, columns) = (numbers.below(9) as usize, numbers.below(9) as usize);
    let scores = rows_of_a_kind(numbers, rows, columns);
    let table = Table::from_fn(rows, columns, |row, column| scores[row][column]).unwrap();
    check_problem(&Problem::Matrix(&table), highest(&scores, columns));
}

fn classes(numbers: &mut Numbers) {
    let (row_classes, column_classes) =
        (1 + numbers.below(4) as usize, 1 + numbers.below(4) as usize);
    let scores = rows_of_a_kind(numbers, row_classes, column_classes);
    let table = Table::from_fn(row_classes, column_classes, |r, c| scores[r][c]).unwrap();
    let mut class = |most, classes: usize| -> Vec<u32> {
        (0..numbers.below(most)).map(|_| numbers.below(classes as u64) as u32).collect()
    };
    let problem = ClassProblem {
        row_class: class(9, row_classes),
        column_class: class(11, column_classes),
        table,
    };
    let of_row = |&row: &u32| {
        problem.column_class.iter().map(|&column| scores[row as usize][column as usize]).collect()
    };
    let expanded: Rows = problem.row_class.iter().map(of_row).collect();
    let best = highest(&expanded, problem.column_class.len());
    check_problem(&problem.problem(), best);
    check_problem(&Problem::Matrix(&problem.matrix()), best);

    let counts = |class: &[u32], classes: usize| -> Vec<u64> {
        (0..classes).map(|c| class.iter().filter(|&&of| of as usize == c).count() as u64).collect()
    };
    let rows = counts(&problem.row_class, row_classes);
    let columns = counts(&problem.column_class, column_classes);
    let solution = solve_classes(&rows, &columns, &problem.table).unwrap();
    assert_eq!((solution.total, solution.assigned() as usize), best);
    assert_eq!(verify_classes(&rows, &columns, &problem.table, &solution), Ok(()));
    let columns = expand(&problem.row_class, &problem.column_class, &solution);
    assert_eq!(columns, solve(&problem.problem()).unwrap().columns);
}

/// Explicit pairs, some told twice; places; rows that may stay unassigned at a price.
fn pairs(numbers: &mut Numbers) {
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
fn planner(numbers: &mut Numbers) {
    let (row_classes, column_classes) =
        (1 + numbers.below(4) as usize, 1 + numbers.below(4) as usize);
    let scores = rows_of_a_kind(numbers, row_classes, column_classes);
    let table = Table::from_fn(row_classes, column_classes, |r, c| scores[r][c]).unwrap();
    let empty = ClassProblem { row_class: Vec::new(), column_class: Vec::new(), table };
    let Problem::Classes(classes) = empty.problem() else { unreachable!() };
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

//! SciPy's `linear_sum_assignment` has the same totals, up to 300 by 300.
//!
//! `WAYBILL_ORACLE_PYTHON` names the interpreter (default `python3`). Where it or SciPy is absent
//! the test says that it is skipped, and passes.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

mod problems;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use assignment::{Problem, Table, solve, verify};
use problems::{ClassProblem, Numbers};

/// Reads matrices (a line with rows and columns, then a line a row); prints a total a line.
const ORACLE: &str = "
import sys
import numpy as np
from scipy.optimize import linear_sum_assignment
lines = iter(sys.stdin)
for line in lines:
    rows, columns = map(int, line.split())
    scores = np.array([next(lines).split() for _ in range(rows)], dtype=np.int64)
    scores = scores.reshape(rows, columns)
    r, c = linear_sum_assignment(scores, maximize=True)
    print(int(scores[r, c].sum()))
";

fn interpreter() -> String {
    std::env::var("WAYBILL_ORACLE_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn scipy_is_there() -> bool {
    Command::new(interpreter())
        .args(["-c", "import numpy, scipy.optimize"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What SciPy says the best totals are. A forbidden or negative pair is sent as 0: taking it is
/// then worth as much as leaving its row unassigned.
fn oracle_totals(matrices: &[Table]) -> Vec<i64> {
    let mut text = String::new();
    for table in matrices {
        writeln!(text, "{} {}", table.rows(), table.columns()).unwrap();
        for row in 0..table.rows() {
            for column in 0..table.columns() {
                write!(text, "{} ", table.get(row, column).unwrap_or(0).max(0)).unwrap();
            }
            text.push('\n');
        }
    }
    let mut oracle = Command::new(interpreter())
        .args(["-c", ORACLE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    oracle.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = oracle.wait_with_output().unwrap();
    assert!(output.status.success(), "the oracle failed");
    let totals = String::from_utf8(output.stdout).unwrap();
    totals.lines().map(|total| total.parse().unwrap()).collect()
}

const SHAPES: [(usize, usize); 8] =
    [(1, 1), (10, 10), (37, 90), (90, 37), (128, 128), (200, 300), (300, 200), (300, 300)];

/// The kinds of matrix that solvers find easy and hard.
fn matrices() -> Vec<Table> {
    let mut numbers = Numbers(2026);
    let mut all = Vec::new();
    for (rows, columns) in SHAPES {
        let mut add = |score: &mut dyn FnMut(usize, usize) -> Option<i64>| {
            all.push(Table::from_fn(rows, columns, score).unwrap());
        };
        let numbers = &mut numbers;
        add(&mut |_, _| Some(numbers.below(1_000_000).cast_signed()));
        add(&mut |_, _| Some(numbers.below(8).cast_signed()));
        add(&mut |_, _| Some(numbers.below(1 << 40).cast_signed()));
        add(&mut |_, _| (numbers.below(4) > 0).then(|| numbers.below(100).cast_signed() - 30));
        add(&mut |_, _| (numbers.below(40) == 0).then(|| numbers.below(100).cast_signed()));
        add(&mut |r, c| Some(((r * 7 + 3) * (c * 5 + 1)) as i64));
        add(&mut geographic(rows, columns, numbers));
        add(&mut suitability(rows, columns, numbers));
    }
    all
}

/// Nearness of random places.
fn geographic(
    rows: usize,
    columns: usize,
    numbers: &mut Numbers,
) -> impl FnMut(usize, usize) -> Option<i64> + use<> {
    let mut places = |count: usize| -> Vec<(i64, i64)> {
        let mut coordinate = || numbers.below(5000).cast_signed();
        (0..count).map(|_| (coordinate(), coordinate())).collect()
    };
    let (from, to) = (places(rows), places(columns));
    move |r, c| Some(10_000 - (from[r].0 - to[c].0).abs() - (from[r].1 - to[c].1).abs())
}

/// Scores like those of shipments and drivers: few different rows, many ties.
fn suitability(
    rows: usize,
    columns: usize,
    numbers: &mut Numbers,
) -> impl FnMut(usize, usize) -> Option<i64> + use<> {
    let lengths: Vec<u64> = (0..rows).map(|_| 8 + numbers.below(25)).collect();
    let mut letters = || (8 + numbers.below(14), 2 + numbers.below(5), 5 + numbers.below(9));
    let drivers: Vec<_> = (0..columns).map(|_| letters()).collect();
    move |r, c| {
        let (length, (name, vowels, consonants)) = (lengths[r], drivers[c]);
        let base = if length.is_multiple_of(2) { 6 * vowels } else { 4 * consonants };
        let common = (2..=length).any(|k| length.is_multiple_of(k) && name.is_multiple_of(k));
        Some((if common { base * 3 / 2 } else { base }).cast_signed())
    }
}

/// Problems in classes, some of which score alike.
fn class_problems() -> Vec<ClassProblem> {
    let mut numbers = Numbers(11);
    let mut problem = |members: (usize, usize), classes: (u64, u64), bound: u64| {
        let score = |_, _| {
            (numbers.below(9) > 0)
                .then(|| numbers.below(bound).cast_signed() - bound.ilog2() as i64)
        };
        let table = Table::from_fn(classes.0 as usize, classes.1 as usize, score).unwrap();
        let mut class =
            |count, classes| (0..count).map(|_| numbers.below(classes) as u32).collect();
        ClassProblem {
            row_class: class(members.0, classes.0),
            column_class: class(members.1, classes.1),
            table,
        }
    };
    vec![
        problem((300, 300), (13, 113), 40),
        problem((300, 200), (60, 60), 1000),
        problem((200, 300), (60, 8), 3),
        problem((300, 300), (1, 40), 100),
        problem((250, 300), (120, 150), 1_000_000),
    ]
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn scipy_has_the_same_totals() {
    if !scipy_is_there() {
        eprintln!("skipped: {} with numpy and scipy is not installed", interpreter());
        return;
    }
    let mut matrices = matrices();
    let mut totals: Vec<i64> = matrices
        .iter()
        .map(|table| {
            let solution = solve(&Problem::Matrix(table)).unwrap();
            assert_eq!(verify(&Problem::Matrix(table), &solution), Ok(()));
            solution.total
        })
        .collect();
    for classes in class_problems() {
        totals.push(solve(&classes.problem()).unwrap().total);
        matrices.push(classes.matrix());
        totals.push(solve(&Problem::Matrix(&classes.matrix())).unwrap().total);
        matrices.push(classes.matrix());
    }
    let expected = oracle_totals(&matrices);
    assert_eq!(expected.len(), matrices.len());
    for ((table, total), expected) in matrices.iter().zip(totals).zip(expected) {
        assert_eq!(total, expected, "{} by {}", table.rows(), table.columns());
    }
}

//! On small problems every matching can be tried: both solvers find the best total, and the most
//! pairs among the matchings that reach it.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

mod problems;

use assignment::{Problem, Table, solve, verify};
use problems::{ClassProblem, assigned, brute_force, class_problems, tables};
use proptest::prelude::*;

/// Solves a table as it is, and again as classes of one member each.
fn check(table: &Table) -> Result<(), TestCaseError> {
    let best = brute_force(table);
    let classes = ClassProblem {
        row_class: (0..table.rows() as u32).collect(),
        column_class: (0..table.columns() as u32).collect(),
        table: table.clone(),
    };
    let mut certificates = Vec::new();
    for problem in [Problem::Matrix(table), classes.problem()] {
        let solution = solve(&problem).unwrap();
        prop_assert_eq!((solution.total, solution.assigned), best);
        prop_assert_eq!(assigned(&solution.columns), solution.assigned);
        prop_assert_eq!(verify(&problem, &solution), Ok(()));
        certificates.push(solution.certificate);
    }
    prop_assert_eq!(&certificates[0], &certificates[1], "the prices depend on the solver");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn any_small_table_is_solved_to_the_optimum(table in tables(6)) {
        check(&table)?;
    }

    #[test]
    fn small_class_problems_are_solved_to_the_optimum(problem in class_problems(6, 4)) {
        let best = brute_force(&problem.matrix());
        let solution = solve(&problem.problem()).unwrap();
        prop_assert_eq!((solution.total, solution.assigned), best);
        prop_assert_eq!(verify(&problem.problem(), &solution), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn seven_by_seven_is_solved_to_the_optimum(table in problems::any_table(7, 7)) {
        check(&table)?;
    }
}

/// All tables of a shape with scores from a list, one after the other.
fn every_table(rows: usize, columns: usize, scores: &[Option<i64>], mut f: impl FnMut(&Table)) {
    let pairs = (rows * columns) as u32;
    for number in 0..scores.len().pow(pairs) {
        let digit = |place: usize| number / scores.len().pow(place as u32) % scores.len();
        let score = |row, column| scores[digit(row * columns + column)];
        f(&Table::from_fn(rows, columns, score).unwrap());
    }
}

#[test]
fn every_tiny_table_is_solved_to_the_optimum() {
    let all = [None, Some(-1), Some(0), Some(1), Some(2)];
    let few = [None, Some(0), Some(1)];
    let shapes: [(usize, usize, &[Option<i64>]); 11] = [
        (0, 0, &all),
        (0, 3, &all),
        (3, 0, &all),
        (1, 1, &all),
        (1, 3, &all),
        (3, 1, &all),
        (2, 2, &all),
        (2, 3, &all[1..]),
        (3, 2, &all[1..]),
        (3, 3, &few),
        (4, 2, &few),
    ];
    for (rows, columns, scores) in shapes {
        every_table(rows, columns, scores, |table| check(table).unwrap());
    }
}

#[test]
fn nothing_forbidden_and_nothing_negative_gives_as_many_pairs_as_there_can_be() {
    for (rows, columns) in [(5, 5), (3, 8), (8, 3)] {
        let table = Table::from_fn(rows, columns, |_, _| Some(0)).unwrap();
        let solution = solve(&Problem::Matrix(&table)).unwrap();
        assert_eq!((solution.total, solution.assigned), (0, rows.min(columns)));
    }
}

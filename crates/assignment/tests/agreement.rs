//! Two solvers that share nothing but doubled scores agree on totals, pairs and prices.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

mod problems;

use assignment::{
    ByClass, Classes, Error, Expansion, Problem, Table, expand, first_come, solve, solve_classes,
    solve_counted, verify, verify_classes,
};
use problems::{ClassProblem, Numbers, class_problems, naive_first_come, tables};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn classes_and_matrix_have_the_same_optimum(problem in class_problems(60, 60)) {
        let matrix = problem.matrix();
        let by_class = solve(&problem.problem()).unwrap();
        let by_pair = solve(&Problem::Matrix(&matrix)).unwrap();
        prop_assert_eq!(by_class.total, by_pair.total);
        prop_assert_eq!(by_class.assigned, by_pair.assigned);
        prop_assert_eq!(verify(&problem.problem(), &by_class), Ok(()));
        prop_assert_eq!(verify(&Problem::Matrix(&matrix), &by_pair), Ok(()));
        let row_prices = problem.row_class.iter().map(|&c| by_class.certificate.row_prices[c as usize]);
        prop_assert_eq!(row_prices.collect::<Vec<_>>(), by_pair.certificate.row_prices);
        let prices = &by_class.certificate.column_prices;
        let column_prices = problem.column_class.iter().map(|&c| prices[c as usize]);
        prop_assert_eq!(column_prices.collect::<Vec<_>>(), by_pair.certificate.column_prices);
    }

    #[test]
    fn few_classes_with_many_members_have_the_same_optimum(problem in class_problems(60, 5)) {
        let matrix = problem.matrix();
        let by_class = solve(&problem.problem()).unwrap();
        let by_pair = solve(&Problem::Matrix(&matrix)).unwrap();
        prop_assert_eq!(by_class.total, by_pair.total);
        prop_assert_eq!(by_class.assigned, by_pair.assigned);
        prop_assert_eq!(verify(&problem.problem(), &by_class), Ok(()));
    }

    #[test]
    fn rows_and_columns_may_change_places(table in tables(40)) {
        let turned = Table::from_fn(table.columns(), table.rows(), |r, c| table.get(c, r)).unwrap();
        let solution = solve(&Problem::Matrix(&table)).unwrap();
        let other = solve(&Problem::Matrix(&turned)).unwrap();
        prop_assert_eq!((solution.total, solution.assigned), (other.total, other.assigned));
    }

    #[test]
    fn wide_and_narrow_integers_give_the_same_solution(table in tables(30)) {
        // One score that nobody takes needs 64 bits, and so the whole matrix.
        let narrow = Table::from_fn(table.rows() + 1, table.columns() + 1, |r, c| {
            table.get(r, c).filter(|&score| score < 1000)
        }).unwrap();
        let wide = Table::from_fn(table.rows() + 1, table.columns() + 1, |r, c| {
            let corner = (r, c) == (table.rows(), table.columns());
            if corner { Some(1 << 40) } else { narrow.get(r, c) }
        }).unwrap();
        let narrow = solve(&Problem::Matrix(&narrow)).unwrap();
        let wide = solve(&Problem::Matrix(&wide)).unwrap();
        prop_assert_eq!(narrow.total + (1 << 40), wide.total);
        prop_assert_eq!(narrow.assigned + 1, wide.assigned);
    }

    #[test]
    fn rows_in_parts_have_the_same_columns(
        problem in class_problems(60, 6), at in prop::collection::vec(0..60usize, 0..4),
    ) {
        let Problem::Classes(Classes { row_class, column_class, table }) = problem.problem() else { unreachable!() };
        let counts = |class: &[u32], classes: usize| -> Vec<u64> {
            (0..classes).map(|c| class.iter().filter(|&&class| class as usize == c).count() as u64).collect()
        };
        let (rows, columns) = (counts(row_class, table.rows()), counts(column_class, table.columns()));
        let solution = solve_classes(&rows, &columns, table).unwrap();
        let by_class = ByClass::counted(column_class.iter().copied(), &columns);
        let mut ends = at;
        ends.push(row_class.len());
        ends.sort_unstable();
        let (mut in_parts, mut start) = (Vec::new(), 0);
        for end in ends.into_iter().filter(|&end| end <= row_class.len()) {
            let mut part = Expansion::new(&by_class, &solution);
            part.skip(row_class[..start].iter().copied());
            in_parts.extend(row_class[start..end].iter().map(|&class| part.next(class)));
            start = end;
        }
        prop_assert_eq!(in_parts, expand(row_class, column_class, &solution));
    }

    #[test]
    fn first_come_takes_what_the_naive_way_takes(problem in class_problems(40, 8)) {
        let naive = naive_first_come(&problem.problem());
        prop_assert_eq!(first_come(&problem.problem()), naive);
        let matrix = problem.matrix();
        prop_assert_eq!(first_come(&Problem::Matrix(&matrix)), naive);
        prop_assert!(naive <= solve(&problem.problem()).unwrap().total);
    }

    #[test]
    fn first_come_takes_what_the_naive_way_takes_from_many_classes(
        problem in class_problems(90, 60),
    ) {
        prop_assert_eq!(first_come(&problem.problem()), naive_first_come(&problem.problem()));
    }

    #[test]
    fn the_same_problem_has_the_same_solution_every_time(problem in class_problems(40, 12)) {
        let matrix = problem.matrix();
        for problem in [problem.problem(), Problem::Matrix(&matrix)] {
            prop_assert_eq!(solve(&problem), solve(&problem));
        }
    }
}

#[test]
fn counts_beyond_any_list_are_solved_by_class() {
    let scores = [[9, 4, 4], [8, 4, 1]];
    let table = Table::from_fn(2, 3, |r, c| Some(scores[r][c])).unwrap();
    let billion = 1_000_000_000_u64;
    let (rows, columns) = ([3 * billion, 2 * billion], [billion, billion, 2 * billion]);
    let solution = solve_classes(&rows, &columns, &table).unwrap();
    assert_eq!(verify_classes(&rows, &columns, &table, &solution), Ok(()));
    // All columns go: the first class has the first and the last, the second class the other.
    assert_eq!(solution.assigned(), 4 * billion);
    assert_eq!(solution.total, (9 + 4 + 2 * 4) * billion.cast_signed());
}

#[test]
fn members_that_are_counted_already_are_assigned_the_same() {
    let mut numbers = Numbers(8);
    let problem = ClassProblem {
        row_class: (0..500).map(|_| numbers.below(6) as u32).collect(),
        column_class: (0..400).map(|_| numbers.below(9) as u32).collect(),
        table: Table::from_fn(6, 9, |_, _| Some(numbers.below(40).cast_signed())).unwrap(),
    };
    let Problem::Classes(classes) = problem.problem() else { unreachable!() };
    let counts = |class: &[u32], classes: u32| -> Vec<u64> {
        (0..classes).map(|c| class.iter().filter(|&&class| class == c).count() as u64).collect()
    };
    let (rows, columns) = (counts(&problem.row_class, 6), counts(&problem.column_class, 9));
    assert_eq!(solve_counted(&classes, &rows, &columns), solve(&problem.problem()));

    let refused = solve_counted(&classes, &rows, &columns[1..]);
    assert_eq!(refused, Err(Error::CountsDoNotFit { row_counts: 6, column_counts: 8 }));
    let (mut other_rows, mut other_columns) = (rows.clone(), columns.clone());
    other_rows.swap(0, 1);
    other_columns.swap(0, 1);
    for (rows, columns) in [(&other_rows, &columns), (&rows, &other_columns)] {
        let noticed = std::panic::catch_unwind(|| solve_counted(&classes, rows, columns));
        assert!(noticed.is_err(), "{rows:?} {columns:?}");
    }
}

#[test]
fn a_flow_hands_out_columns_in_order() {
    let table = Table::from_fn(2, 2, |r, c| Some(if r == c { 2 } else { 1 })).unwrap();
    let (row_class, column_class) = ([1, 0, 1, 0, 0], [0, 1, 0, 0, 1, 1]);
    let solution = solve_classes(&[3, 2], &[3, 3], &table).unwrap();
    assert_eq!(expand(&row_class, &column_class, &solution), [1, 0, 4, 2, 3]);
}

#[test]
fn a_large_class_problem_with_every_score_different_agrees_with_the_matrix() {
    let mut numbers = Numbers(7);
    let table = Table::from_fn(40, 300, |_, _| Some(numbers.below(1 << 40).cast_signed())).unwrap();
    let problem = ClassProblem {
        row_class: (0..900).map(|_| numbers.below(40) as u32).collect(),
        column_class: (0..1000).map(|_| numbers.below(300) as u32).collect(),
        table,
    };
    let matrix = problem.matrix();
    let by_class = solve(&problem.problem()).unwrap();
    let by_pair = solve(&Problem::Matrix(&matrix)).unwrap();
    assert_eq!(by_class.total, by_pair.total);
    assert_eq!(verify(&problem.problem(), &by_class), Ok(()));
    assert_eq!(verify(&Problem::Matrix(&matrix), &by_pair), Ok(()));
}

#[test]
fn empty_classes_have_prices_that_cover_them() {
    let table = Table::from_fn(3, 3, |r, c| Some((10 * r + c) as i64)).unwrap();
    let problem =
        Problem::Classes(Classes { row_class: &[0, 0], column_class: &[1], table: &table });
    let solution = solve(&problem).unwrap();
    assert_eq!(solution.total, 1);
    assert_eq!(verify(&problem, &solution), Ok(()));
}

#[test]
fn first_come_keeps_the_order_of_many_columns_that_score_alike() {
    let mut numbers = Numbers(3);
    let table = Table::from_fn(3, 80, |r, c| {
        Some(if r == 0 { 5 } else { numbers.below(50).cast_signed() + (c as i64) % 4 })
    })
    .unwrap();
    let problem = ClassProblem {
        row_class: (0..150).map(|_| numbers.below(3) as u32).collect(),
        column_class: (0..170).map(|_| numbers.below(80) as u32).collect(),
        table,
    };
    assert_eq!(first_come(&problem.problem()), naive_first_come(&problem.problem()));
}

#[test]
fn a_matrix_of_few_different_rows_is_solved_by_class_and_a_small_one_is_not() {
    // From 32 rows on, equal rows are looked for; one row fewer goes the other way.
    let mut numbers = Numbers(5);
    let scores: Vec<Vec<i64>> =
        (0..8).map(|_| (0..400).map(|_| numbers.below(50).cast_signed()).collect()).collect();
    for rows in [31, 32, 256] {
        let table = Table::from_fn(rows, 400, |r, c| Some(scores[r % 8][c])).unwrap();
        let row_class: Vec<u32> = (0..rows as u32).map(|row| row % 8).collect();
        let column_class: Vec<u32> = (0..400).collect();
        let classes = Table::from_fn(8, 400, |r, c| Some(scores[r][c])).unwrap();
        let by_class = solve(&Problem::Classes(Classes {
            row_class: &row_class,
            column_class: &column_class,
            table: &classes,
        }))
        .unwrap();
        let problem = Problem::Matrix(&table);
        let solution = solve(&problem).unwrap();
        assert_eq!(verify(&problem, &solution), Ok(()));
        assert_eq!((solution.total, solution.assigned), (by_class.total, rows));
        assert_eq!(solution.certificate.column_prices, by_class.certificate.column_prices);
    }
}

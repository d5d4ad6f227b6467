//! What a plan is said to lose by being another is what it loses when it is solved again.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

mod problems;

use assignment::{
    Alternatives, Change, Classes, Problem, Solution, Table, UNASSIGNED, column_price_to_enter,
    price_to_enter, solve, solve_classes,
};
use problems::{ClassProblem, Numbers, class_problems, free_columns, tables};
use proptest::prelude::*;

/// More than every total here, so that nobody who scores as much is left out.
const FORCE: i64 = 1 << 50;

/// The best total of all assignments that the row is in; `None` when there are none.
fn total_with_row(table: &Table, row: usize) -> Option<i64> {
    let forced = Table::from_fn(table.rows(), table.columns(), |r, c| {
        table.get(r, c).map(|score| if r == row { score + FORCE } else { score })
    });
    let total = solve(&Problem::Matrix(&forced.unwrap())).unwrap().total;
    (total > FORCE / 2).then_some(total - FORCE)
}

fn transposed(table: &Table) -> Table {
    Table::from_fn(table.columns(), table.rows(), |r, c| table.get(c, r)).unwrap()
}

/// The columns after the changes, each of which must start from what is there.
fn after(solution: &Solution, changes: &[Change]) -> Vec<u32> {
    let mut columns = solution.columns.clone();
    for &Change { row, before, after } in changes {
        assert_ne!(before, after);
        assert_eq!(std::mem::replace(&mut columns[row as usize], after), before);
    }
    columns
}

/// The total of a matching, which it must be.
fn total(problem: &Problem<'_>, columns: &[u32]) -> i64 {
    let mut seen = vec![false; problem.columns()];
    let pairs = columns.iter().enumerate().filter(|&(_, &column)| column != UNASSIGNED);
    pairs
        .map(|(row, &column)| {
            assert!(
                !std::mem::replace(&mut seen[column as usize], true),
                "{column} is taken twice"
            );
            problem.score(row, column as usize).expect("the pair is permitted")
        })
        .sum()
}

/// Every unassigned row and column is forced in, by solving again.
fn check_entries(problem: &Problem<'_>, matrix: &Table) {
    let solution = solve(problem).unwrap();
    let alternatives = Alternatives::new(problem, &solution);
    for row in 0..problem.rows() {
        let entry = alternatives.of_row(row);
        if solution.columns[row] != UNASSIGNED {
            assert_eq!(entry, None);
            continue;
        }
        let lost = total_with_row(matrix, row).map(|total| solution.total - total);
        assert_eq!(entry.as_ref().map(|entry| entry.loss), lost);
        assert_eq!(price_to_enter(problem, &solution, row), lost);
        let Some(entry) = entry else { continue };
        let columns = after(&solution, &entry.changes);
        assert_eq!(columns[row], entry.partner);
        assert_eq!(total(problem, &columns), solution.total - entry.loss);
        let left_out = (0..columns.len() as u32).find(|&row| {
            let row = row as usize;
            solution.columns[row] != UNASSIGNED && columns[row] == UNASSIGNED
        });
        assert_eq!(left_out, entry.displaced);
    }
    let turned = transposed(matrix);
    let free = free_columns(&solution.columns, problem.columns());
    for column in 0..problem.columns() {
        let entry = alternatives.of_column(column);
        if !free.contains(&column) {
            assert_eq!(entry, None);
            continue;
        }
        let lost = total_with_row(&turned, column).map(|total| solution.total - total);
        assert_eq!(entry.as_ref().map(|entry| entry.loss), lost);
        assert!(column_price_to_enter(problem, &solution, column) <= lost);
        let Some(entry) = entry else { continue };
        let columns = after(&solution, &entry.changes);
        assert_eq!(columns[entry.partner as usize], column as u32);
        assert_eq!(total(problem, &columns), solution.total - entry.loss);
        let still_free = free_columns(&columns, problem.columns());
        let left_out = still_free.into_iter().find(|column| !free.contains(column));
        assert_eq!(left_out, entry.displaced.map(|column| column as usize));
    }
}

/// The best total when one score of the table is lower.
fn total_lowered(problem: &Problem<'_>, pair: (usize, usize), by: i64) -> i64 {
    let table = problem.table();
    let lowered = Table::from_fn(table.rows(), table.columns(), |r, c| {
        table.get(r, c).map(|score| if (r, c) == pair { score - by } else { score })
    })
    .unwrap();
    let problem = match problem {
        Problem::Matrix(_) => Problem::Matrix(&lowered),
        Problem::Classes(classes) => Problem::Classes(Classes { table: &lowered, ..*classes }),
    };
    solve(&problem).unwrap().total
}

/// Every score that counts is lowered to its margin and one below, and the problem solved again.
fn check_margins(problem: &Problem<'_>) {
    let solution = solve(problem).unwrap();
    let alternatives = Alternatives::new(problem, &solution);
    let mut margins = alternatives.margins().peekable();
    let pairs = solution.columns.iter().enumerate().filter(|&(_, &column)| column != UNASSIGNED);
    let mut pairs: Vec<_> = pairs
        .map(|(row, &c)| ((problem.row_class(row), problem.column_class(c as usize)), row))
        .collect();
    pairs.sort_unstable();
    for same in pairs.chunk_by(|a, b| a.0 == b.0) {
        let pair = same[0].0;
        let count = same.len() as i64;
        let margin = margins.next().unwrap();
        assert_eq!((margin.row_class as usize, margin.column_class as usize), pair);
        let margin = margin.margin;
        let kept = solution.total - count * margin;
        assert_eq!(total_lowered(problem, pair, margin), kept, "{pair:?} within {margin}");
        assert!(total_lowered(problem, pair, margin + 1) > kept - count, "{pair:?} over {margin}");
        for &(_, row) in same {
            assert_eq!(alternatives.margin(row), Some(margin));
        }
    }
    assert_eq!(margins.next(), None);
    for row in (0..problem.rows()).filter(|&row| solution.columns[row] == UNASSIGNED) {
        assert_eq!(alternatives.margin(row), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn forced_in_a_matrix_a_row_or_column_costs_what_was_said(table in tables(8)) {
        check_entries(&Problem::Matrix(&table), &table);
    }

    #[test]
    fn forced_in_by_class_a_row_or_column_costs_what_was_said(problem in class_problems(12, 5)) {
        check_entries(&problem.problem(), &problem.matrix());
    }

    #[test]
    fn a_score_of_a_matrix_may_fall_by_its_margin_and_no_more(table in tables(7)) {
        check_margins(&Problem::Matrix(&table));
    }

    #[test]
    fn a_score_of_classes_may_fall_by_its_margin_and_no_more(problem in class_problems(14, 5)) {
        check_margins(&problem.problem());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 25, ..ProptestConfig::default() })]

    #[test]
    fn larger_problems_are_explained_as_exactly(
        table in tables(30),
        problem in class_problems(60, 20),
    ) {
        check_entries(&Problem::Matrix(&table), &table);
        check_margins(&Problem::Matrix(&table));
        check_entries(&problem.problem(), &problem.matrix());
        check_margins(&problem.problem());
    }
}

#[test]
fn who_is_displaced_is_named_even_when_others_move_for_it() {
    // The third shipment may only have the first driver; the first shipment then takes the second driver,
    // and the second shipment stays behind.
    let scores = [[Some(9), Some(8)], [None, Some(5)], [Some(3), None]];
    let table = Table::from_fn(3, 2, |r, c| scores[r][c]).unwrap();
    let problem = Problem::Matrix(&table);
    let solution = solve(&problem).unwrap();
    let entry = Alternatives::new(&problem, &solution).of_row(2).unwrap();
    assert_eq!((entry.loss, entry.partner, entry.displaced), (14 - 11, 0, Some(1)));
    let changes = [(2, UNASSIGNED, 0), (0, 0, 1), (1, 1, UNASSIGNED)];
    assert_eq!(entry.changes, changes.map(|(row, before, after)| Change { row, before, after }));
}

#[test]
fn a_column_costs_more_than_its_price_says_when_rows_stay_behind_too() {
    // Row 1 may have no column: so both sides have unassigned members, and the rows have their least
    // prices. Row 0 has 2 at least, and could have 5.
    let scores = [[Some(5), Some(2)], [None, None]];
    let table = Table::from_fn(2, 2, |r, c| scores[r][c]).unwrap();
    let problem = Problem::Matrix(&table);
    let solution = solve(&problem).unwrap();
    let entry = Alternatives::new(&problem, &solution).of_column(1).unwrap();
    assert_eq!((entry.loss, entry.displaced), (3, Some(0)));
    assert_eq!(column_price_to_enter(&problem, &solution, 1), Some(0), "no more than a bound");
}

#[test]
fn what_would_have_to_take_less_than_nothing_displaces_nobody() {
    let table = Table::from_fn(1, 1, |_, _| Some(-4)).unwrap();
    let problem = Problem::Matrix(&table);
    let solution = solve(&problem).unwrap();
    let alternatives = Alternatives::new(&problem, &solution);
    for entry in [alternatives.of_row(0), alternatives.of_column(0)] {
        let entry = entry.unwrap();
        assert_eq!((entry.loss, entry.displaced, entry.partner), (4, None, 0));
    }
}

#[test]
fn a_member_alone_may_change_places_but_its_class_has_a_margin() {
    let scores = [[9, 4], [3, 2]];
    let table = Table::from_fn(2, 2, |r, c| Some(scores[r][c])).unwrap();
    let (row_class, column_class) = ([0, 0, 1], [0, 0, 1]);
    let classes = Classes { row_class: &row_class, column_class: &column_class, table: &table };
    let problem = Problem::Classes(classes);
    let solution = solve(&problem).unwrap();
    let margins: Vec<_> = Alternatives::new(&problem, &solution).margins().collect();
    let first = margins[0];
    // 9 + 2 against 4 + 3, for each pair that goes.
    assert_eq!((first.row_class, first.column_class, first.margin), (0, 0, 4));
}

#[test]
fn the_margins_of_a_large_plan_are_those_of_its_classes() {
    let mut numbers = Numbers(21);
    let problem = ClassProblem {
        row_class: (0..20_000).map(|_| numbers.below(8) as u32).collect(),
        column_class: (0..19_000).map(|_| numbers.below(30) as u32).collect(),
        table: Table::from_fn(8, 30, |_, _| Some(numbers.below(90).cast_signed())).unwrap(),
    };
    let solution = solve(&problem.problem()).unwrap();
    let class_problem = problem.problem();
    let alternatives = Alternatives::new(&class_problem, &solution);
    let counts = |class: &[u32], classes: u32| -> Vec<u64> {
        (0..classes).map(|c| class.iter().filter(|&&class| class == c).count() as u64).collect()
    };
    let (rows, columns) = (counts(&problem.row_class, 8), counts(&problem.column_class, 30));
    let flows = solve_classes(&rows, &columns, &problem.table).unwrap().flows;
    assert_eq!(alternatives.margins().len(), flows.len());
    for (flow, margin) in flows.iter().zip(alternatives.margins()) {
        assert_eq!((flow.row_class, flow.column_class), (margin.row_class, margin.column_class));
        let pair = (flow.row_class as usize, flow.column_class as usize);
        let kept = solution.total - margin.margin * flow.count.cast_signed();
        assert_eq!(total_lowered(&class_problem, pair, margin.margin), kept);
        let over = total_lowered(&class_problem, pair, margin.margin + 1);
        assert!(over > kept - flow.count.cast_signed());
    }
}

#[test]
fn the_largest_scores_of_both_signs_are_explained() {
    let most = assignment::MAX_SCORE;
    let scores = [[most, most], [-most, -most], [most, -most]];
    let table = Table::from_fn(3, 2, |r, c| Some(scores[r][c])).unwrap();
    let problem = Problem::Matrix(&table);
    let solution = solve(&problem).unwrap();
    let alternatives = Alternatives::new(&problem, &solution);
    // Row 1 would cost its own score and the one that it drives out.
    assert_eq!(alternatives.of_row(1).map(|entry| entry.loss), Some(2 * most));
    let margins: Vec<_> = alternatives.margins().map(|margin| margin.margin).collect();
    assert_eq!(margins, [most, most]);
}

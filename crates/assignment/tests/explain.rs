//! What stays behind is told why, and the price that it is told is the true one.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

mod problems;

use assignment::{
    Classes, Error, Explanation, Problem, Reason, Table, UNASSIGNED, column_price_to_enter,
    column_reason, price_to_enter, reason, solve, solve_classes,
};
use problems::{class_problems, free_columns, tables};
use proptest::prelude::*;

/// The best total when the scores of one row go up by so much.
fn total_raised(table: &Table, row: usize, by: i64) -> i64 {
    let raised = Table::from_fn(table.rows(), table.columns(), |r, c| {
        table.get(r, c).map(|score| if r == row { score + by } else { score })
    })
    .unwrap();
    solve(&Problem::Matrix(&raised)).unwrap().total
}

fn transposed(table: &Table) -> Table {
    Table::from_fn(table.columns(), table.rows(), |r, c| table.get(c, r)).unwrap()
}

proptest! {
    #[test]
    fn a_row_enters_at_its_price_and_not_before(table in tables(9)) {
        let problem = Problem::Matrix(&table);
        let solution = solve(&problem).unwrap();
        for row in 0..table.rows() {
            let price = price_to_enter(&problem, &solution, row);
            if solution.columns[row] != UNASSIGNED {
                prop_assert_eq!(price, None);
                continue;
            }
            let Some(price) = price else {
                prop_assert!((0..table.columns()).all(|column| table.get(row, column).is_none()));
                continue;
            };
            prop_assert_eq!(total_raised(&table, row, price), solution.total);
            prop_assert_eq!(total_raised(&table, row, price + 1), solution.total + 1);
        }
    }

    #[test]
    fn a_column_enters_at_its_price_when_every_row_is_assigned(table in tables(9)) {
        let problem = Problem::Matrix(&table);
        let solution = solve(&problem).unwrap();
        let turned = transposed(&table);
        let exact = !solution.columns.contains(&UNASSIGNED);
        for column in free_columns(&solution.columns, table.columns()) {
            let Some(price) = column_price_to_enter(&problem, &solution, column) else { continue };
            prop_assert_eq!(total_raised(&turned, column, price), solution.total);
            if exact {
                prop_assert_eq!(total_raised(&turned, column, price + 1), solution.total + 1);
            }
        }
    }

    #[test]
    fn the_explanation_says_what_the_single_questions_say(problem in class_problems(15, 5)) {
        let problem = problem.problem();
        let solution = solve(&problem).unwrap();
        let explanation = Explanation::new(&problem, &solution);
        let mut rows = explanation.rows();
        for row in 0..problem.rows() {
            let why = reason(&problem, &solution, row);
            prop_assert_eq!(why.is_some(), solution.columns[row] == UNASSIGNED);
            if let Some(why) = why {
                let (number, unassigned) = rows.next().unwrap();
                prop_assert_eq!((number as usize, unassigned.reason), (row, why));
                let price = price_to_enter(&problem, &solution, row);
                prop_assert_eq!(unassigned.price_to_enter, price);
            }
        }
        prop_assert_eq!(rows.len(), 0);
        let mut columns = explanation.columns();
        for column in free_columns(&solution.columns, problem.columns()) {
            let (number, unassigned) = columns.next().unwrap();
            prop_assert_eq!(number as usize, column);
            let why = column_reason(&problem, &solution, column);
            prop_assert_eq!(Some(unassigned.reason), why);
            let price = column_price_to_enter(&problem, &solution, column);
            prop_assert_eq!(unassigned.price_to_enter, price);
        }
        prop_assert_eq!(columns.len(), 0);
    }
}

#[test]
fn each_reason_has_its_case() {
    // Row 0 has the only column; row 1 is worth less there; row 2 may not; row 3 would cost.
    let scores = [Some(9), Some(4), None, Some(-2)];
    let table = Table::from_fn(4, 1, |row, _| scores[row]).unwrap();
    let problem = Problem::Matrix(&table);
    let solution = solve(&problem).unwrap();
    let why = |row| (reason(&problem, &solution, row), price_to_enter(&problem, &solution, row));
    assert_eq!(why(0), (None, None));
    assert_eq!(why(1), (Some(Reason::NoneLeft), Some(5)));
    assert_eq!(why(2), (Some(Reason::NothingPermitted), None));
    assert_eq!(why(3), (Some(Reason::NothingGained), Some(11)));
    assert_eq!(column_reason(&problem, &solution, 0), None);
}

#[test]
fn a_class_without_members_is_no_reason() {
    let table = Table::from_fn(1, 2, |_, column| (column == 0).then_some(1)).unwrap();
    let problem = Problem::Classes(Classes { row_class: &[0], column_class: &[1], table: &table });
    let solution = solve(&problem).unwrap();
    assert_eq!(reason(&problem, &solution, 0), Some(Reason::NothingPermitted));
    assert_eq!(price_to_enter(&problem, &solution, 0), None);
    assert_eq!(column_reason(&problem, &solution, 0), Some(Reason::NothingPermitted));
}

#[test]
fn a_problem_that_cannot_be_is_refused_by_name() {
    let table = Table::from_fn(2, 2, |_, _| Some(1)).unwrap();
    let classes = Classes { row_class: &[0, 2], column_class: &[1], table: &table };
    let refused = solve(&Problem::Classes(classes));
    assert_eq!(refused, Err(Error::UnknownRowClass { row: 1 }));
    let classes = Classes { row_class: &[0], column_class: &[1, 1, 5], table: &table };
    let refused = solve(&Problem::Classes(classes));
    assert_eq!(refused, Err(Error::UnknownColumnClass { column: 2 }));
    let refused = solve_classes(&[1], &[1, 1], &table).unwrap_err();
    assert_eq!(refused, Error::CountsDoNotFit { row_counts: 1, column_counts: 2 });
    let refused = solve_classes(&[u64::MAX, 1], &[1, 1], &table).unwrap_err();
    assert_eq!(refused, Error::TooManyMembers);
    assert_eq!(refused.to_string(), "too many members in the classes of one side");
}

#[test]
fn a_total_that_could_overflow_is_refused_and_the_largest_that_cannot_is_solved() {
    let most = i64::MAX / 40;
    for (score, solved) in [(most, true), (most + 1, false)] {
        let table = Table::from_fn(40, 41, |_, _| Some(score)).unwrap();
        let matrix = solve(&Problem::Matrix(&table)).map(|solution| solution.total);
        let one = Table::from_fn(1, 1, |_, _| Some(score)).unwrap();
        let classes = solve_classes(&[40], &[41], &one).map(|solution| solution.total);
        let expected =
            if solved { Ok(40 * score) } else { Err(Error::ScoreTooLarge { row: 0, column: 0 }) };
        assert_eq!((matrix, classes), (expected, expected));
    }
}

#[test]
fn the_largest_scores_of_both_signs_are_solved() {
    let most = assignment::MAX_SCORE;
    let scores = [[most, most], [-most, most - 1], [most, -most]];
    let table = Table::from_fn(3, 2, |r, c| Some(scores[r][c])).unwrap();
    let solution = solve(&Problem::Matrix(&table)).unwrap();
    assert_eq!(solution.total, 2 * most);
    assert_eq!(price_to_enter(&Problem::Matrix(&table), &solution, 1), Some(1));
}

//! A certificate is a proof: whatever is changed in a solution, the proof breaks and says where.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

mod problems;

use assignment::{
    Certificate, ClassSolution, Classes, Flaw, Flow, MAX_SCORE, Problem, Side, Solution, Table,
    UNASSIGNED, solve, solve_classes, verify, verify_classes,
};
use problems::{class_problems, tables};
use proptest::prelude::*;

/// Three rows and three columns; the first pair is forbidden. The best total is 12:
/// row 0 has column 1, row 1 has column 0, row 2 has column 2.
fn three_by_three() -> Table {
    let scores = [[None, Some(5), Some(1)], [Some(4), Some(3), None], [Some(2), Some(2), Some(3)]];
    Table::from_fn(3, 3, |r, c| scores[r][c]).unwrap()
}

/// What `verify` says of the best solution after a change.
fn flaw_after(table: &Table, change: impl FnOnce(&mut Solution)) -> Flaw {
    let problem = Problem::Matrix(table);
    let mut solution = solve(&problem).unwrap();
    assert_eq!(verify(&problem, &solution), Ok(()));
    change(&mut solution);
    verify(&problem, &solution).unwrap_err()
}

#[test]
fn the_example_is_what_it_says() {
    let solution = solve(&Problem::Matrix(&three_by_three())).unwrap();
    assert_eq!((solution.total, solution.columns), (12, vec![1, 0, 2]));
}

#[test]
fn a_row_too_few_is_noticed() {
    let flaw = flaw_after(&three_by_three(), |s| s.columns.truncate(2));
    assert_eq!(flaw, Flaw::WrongRowCount { expected: 3, found: 2 });
}

#[test]
fn a_price_too_few_is_noticed() {
    let flaw = flaw_after(&three_by_three(), |s| s.certificate.row_prices.truncate(2));
    assert_eq!(flaw, Flaw::WrongPriceCount { side: Side::Rows, expected: 3, found: 2 });
    let flaw = flaw_after(&three_by_three(), |s| s.certificate.column_prices.push(0));
    assert_eq!(flaw, Flaw::WrongPriceCount { side: Side::Columns, expected: 3, found: 4 });
}

#[test]
fn a_column_that_does_not_exist_is_noticed() {
    let flaw = flaw_after(&three_by_three(), |s| s.columns[1] = 3);
    assert_eq!(flaw, Flaw::UnknownColumn { row: 1, column: 3 });
}

#[test]
fn a_column_given_twice_is_noticed() {
    let flaw = flaw_after(&three_by_three(), |s| s.columns[2] = 1);
    assert_eq!(flaw, Flaw::ColumnTakenTwice { column: 1, first: 0, second: 2 });
}

#[test]
fn a_forbidden_pair_is_noticed() {
    let flaw = flaw_after(&three_by_three(), |s| s.columns.swap(0, 1));
    assert_eq!(flaw, Flaw::ForbiddenPair { row: 0, column: 0 });
}

#[test]
fn a_wrong_total_is_noticed() {
    for claimed in [11, 13] {
        let flaw = flaw_after(&three_by_three(), |s| s.total = claimed);
        assert_eq!(flaw, Flaw::WrongTotal { claimed, found: 12 });
    }
}

#[test]
fn a_wrong_number_of_pairs_is_noticed() {
    let flaw = flaw_after(&three_by_three(), |s| s.assigned = 2);
    assert_eq!(flaw, Flaw::WrongAssigned { claimed: 2, found: 3 });
}

#[test]
fn a_worse_assignment_is_noticed_even_when_its_sums_are_right() {
    // Row 1 and row 2 change places would be forbidden; rows 0 and 2 may.
    let flaw = flaw_after(&three_by_three(), |s| {
        s.columns.swap(0, 2);
        s.total = 1 + 4 + 2;
    });
    assert!(matches!(flaw, Flaw::Overpriced { .. }), "{flaw:?}");
}

#[test]
fn a_row_left_out_is_noticed_by_its_price() {
    let table = Table::from_fn(2, 1, |r, _| Some([3, 5][r])).unwrap();
    let flaw = flaw_after(&table, |s| {
        s.columns = vec![0, UNASSIGNED];
        s.total = 3;
    });
    assert!(matches!(flaw, Flaw::Overpriced { .. } | Flaw::UnassignedButPriced { .. }), "{flaw:?}");
    // With prices that suit the worse choice, the better one is underpriced.
    let flaw = flaw_after(&table, |s| {
        s.columns = vec![0, UNASSIGNED];
        s.total = 3;
        s.certificate.row_prices = vec![0, 0];
        s.certificate.column_prices = vec![3];
    });
    assert_eq!(flaw, Flaw::Underpriced { row: 1, column: 0 });
}

#[test]
fn an_unassigned_member_with_a_price_is_noticed() {
    let wide = Table::from_fn(1, 2, |_, c| Some([5, 2][c])).unwrap();
    let flaw = flaw_after(&wide, |s| s.certificate.column_prices[1] = 1);
    assert_eq!(flaw, Flaw::UnassignedButPriced { side: Side::Columns, class: 1 });
    let tall = Table::from_fn(2, 1, |r, _| Some([5, 2][r])).unwrap();
    let flaw = flaw_after(&tall, |s| s.certificate.row_prices[1] = 1);
    assert_eq!(flaw, Flaw::UnassignedButPriced { side: Side::Rows, class: 1 });
}

#[test]
fn a_negative_price_is_noticed() {
    let table = Table::from_fn(1, 1, |_, _| Some(5)).unwrap();
    let flaw = flaw_after(&table, |s| {
        s.certificate.row_prices[0] = 6;
        s.certificate.column_prices[0] = -1;
    });
    assert_eq!(flaw, Flaw::NegativePrice { side: Side::Columns, class: 0 });
    let flaw = flaw_after(&table, |s| {
        s.certificate.row_prices[0] = -1;
        s.certificate.column_prices[0] = 6;
    });
    assert_eq!(flaw, Flaw::NegativePrice { side: Side::Rows, class: 0 });
}

#[test]
fn prices_beyond_every_sum_are_noticed_without_overflow() {
    let flaw = flaw_after(&three_by_three(), |s| {
        s.certificate.row_prices.fill(i64::MAX);
        s.certificate.column_prices.fill(i64::MAX);
    });
    assert!(matches!(flaw, Flaw::Overpriced { .. }), "{flaw:?}");
}

#[test]
fn a_member_of_an_unknown_class_is_noticed() {
    let table = three_by_three();
    let good = Classes { row_class: &[0, 1], column_class: &[2], table: &table };
    let solution = solve(&Problem::Classes(good)).unwrap();
    let rows = Problem::Classes(Classes { row_class: &[0, 3], ..good });
    let flaw = Flaw::UnknownClass { side: Side::Rows, member: 1 };
    assert_eq!(verify(&rows, &solution), Err(flaw));
    let columns = Problem::Classes(Classes { column_class: &[7], ..good });
    let flaw = Flaw::UnknownClass { side: Side::Columns, member: 0 };
    assert_eq!(verify(&columns, &solution), Err(flaw));
}

#[test]
fn flows_are_held_to_the_same_proof() {
    let table = three_by_three();
    let (rows, columns) = ([2, 1, 3], [2, 2, 1]);
    let solution = solve_classes(&rows, &columns, &table).unwrap();
    let flaw_after = |change: &dyn Fn(&mut assignment::ClassSolution)| {
        let mut solution = solution.clone();
        change(&mut solution);
        verify_classes(&rows, &columns, &table, &solution).unwrap_err()
    };
    let total = solution.total;
    let first = solution.flows[0];
    assert_eq!(first, Flow { row_class: 0, column_class: 1, count: 2 });
    assert_eq!(
        flaw_after(&|s| s.total += 1),
        Flaw::WrongTotal { claimed: total + 1, found: total.into() }
    );
    assert_eq!(flaw_after(&|s| s.flows.swap(0, 1)), Flaw::FlowOutOfOrder { flow: 1 });
    assert_eq!(flaw_after(&|s| s.flows[0].count = 0), Flaw::FlowOutOfOrder { flow: 0 });
    assert_eq!(
        flaw_after(&|s| s.flows[0].count = 3),
        Flaw::ClassOverdrawn { side: Side::Rows, class: 0, members: 2 }
    );
    assert_eq!(
        flaw_after(&|s| s.flows[0].column_class = 0),
        Flaw::ClassOverdrawn { side: Side::Columns, class: 0, members: 2 }
    );
    assert_eq!(
        flaw_after(&|s| s.flows[0].column_class = 3),
        Flaw::UnknownClass { side: Side::Columns, member: 0 }
    );
    assert!(matches!(
        flaw_after(&|s| {
            s.flows.remove(0);
            s.total -= 10;
        }),
        Flaw::UnassignedButPriced { .. }
    ));
    assert!(matches!(
        flaw_after(&|s| s.certificate.column_prices[1] += 1),
        Flaw::Overpriced { .. }
    ));
    assert_eq!(
        verify_classes(&[1], &columns, &table, &solution),
        Err(Flaw::WrongPriceCount { side: Side::Rows, expected: 3, found: 1 })
    );
}

proptest! {
    #[test]
    fn any_other_price_of_an_assigned_row_breaks_the_proof(
        table in tables(8),
        at in 0..8_usize,
        change in prop_oneof![-3..0_i64, 1..4_i64],
    ) {
        let problem = Problem::Matrix(&table);
        let mut solution = solve(&problem).unwrap();
        prop_assume!(at < table.rows() && solution.columns[at] != UNASSIGNED);
        solution.certificate.row_prices[at] += change;
        prop_assert!(verify(&problem, &solution).is_err());
    }

    #[test]
    fn two_rows_that_change_places_keep_the_proof_only_at_the_same_total(
        problem in class_problems(12, 4),
        (a, b) in (0..12_usize, 0..12_usize),
    ) {
        let mut solution = solve(&problem.problem()).unwrap();
        prop_assume!(a.max(b) < solution.columns.len());
        let best = solution.total;
        solution.columns.swap(a, b);
        let score = |(row, &column): (usize, &u32)| {
            if column == UNASSIGNED { Some(0) } else { problem.problem().score(row, column as usize) }
        };
        let scores: Option<Vec<i64>> = solution.columns.iter().enumerate().map(score).collect();
        solution.total = scores.as_ref().map_or(best, |scores| scores.iter().sum());
        let stands = scores.is_some() && solution.total == best;
        prop_assert_eq!(verify(&problem.problem(), &solution).is_ok(), stands);
    }
}

#[test]
fn flows_that_no_integer_can_count_prove_nothing() {
    // 128 × 2⁶³ × 2⁵⁸ is 2¹²⁸, which is 0 to whoever lets it wrap.
    let (classes, members) = (128, 1 << 63);
    let table = Table::from_fn(classes, classes, |r, c| (r == c).then_some(MAX_SCORE)).unwrap();
    let counts = vec![members; classes];
    let flow = |class| Flow { row_class: class, column_class: class, count: members };
    let solution = ClassSolution {
        flows: (0..classes as u32).map(flow).collect(),
        total: 0,
        certificate: Certificate {
            row_prices: vec![MAX_SCORE; classes],
            column_prices: vec![0; classes],
        },
    };
    let flaw = verify_classes(&counts, &counts, &table, &solution);
    assert_eq!(flaw, Err(Flaw::WrongTotal { claimed: 0, found: i128::MAX }));
    assert_eq!(solution.assigned(), u64::MAX);
}

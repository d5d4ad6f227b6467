//! The prices of a sparse solution are a proof: whatever is changed in it, the proof breaks and says
//! where.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

use assignment::sparse::{Flaw, Goal, Problem, Solution, solve, verify};
use assignment::{Side, UNASSIGNED};

/// Rows 0 and 1 take both places of column 0; row 2 takes column 1, which costs it 4 more; row 3
/// stays out. Nobody wants column 2.
fn problem(goal: Goal) -> Problem<i64> {
    let sign = if goal == Goal::Minimise { 1 } else { -1 };
    let rows: [&[(u32, i64)]; 4] =
        [&[(0, 1), (1, 9)], &[(0, 2)], &[(0, 3), (1, 7)], &[(0, 8), (1, 8), (2, 30)]];
    let rows = rows.map(|row| row.iter().map(move |&(column, cost)| (column, sign * cost)));
    Problem::from_rows(goal, 3, rows)
        .and_then(|problem| problem.with_places_each(&[2, 1, 1]))
        .and_then(|problem| problem.with_unassigned_each(&[None, None, None, Some(sign * 10)]))
        .unwrap()
}

/// What `verify` says of the best solution after a change.
fn flaw_after(goal: Goal, change: impl Fn(&mut Solution<i64>)) -> Flaw<i128> {
    let problem = problem(goal);
    let mut solution = solve(&problem).unwrap();
    verify(&problem, &solution).unwrap();
    change(&mut solution);
    verify(&problem, &solution).unwrap_err()
}

#[test]
fn the_example_is_what_it_says() {
    for (goal, total) in [(Goal::Minimise, 20), (Goal::Maximise, -20)] {
        let solution = solve(&problem(goal)).unwrap();
        assert_eq!(solution.columns, [0, 0, 1, UNASSIGNED]);
        assert_eq!((solution.total, solution.assigned), (total, 3));
    }
}

#[test]
fn a_matching_that_is_none_is_noticed() {
    let goal = Goal::Minimise;
    assert_eq!(
        flaw_after(goal, |s| s.columns.truncate(3)),
        Flaw::WrongRowCount { expected: 4, found: 3 }
    );
    assert_eq!(flaw_after(goal, |s| s.columns[1] = 1), Flaw::ForbiddenPair { row: 1, column: 1 });
    assert_eq!(flaw_after(goal, |s| s.columns[1] = 3), Flaw::ForbiddenPair { row: 1, column: 3 });
    assert_eq!(flaw_after(goal, |s| s.columns[0] = UNASSIGNED), Flaw::Unassigned { row: 0 });
    let three = |s: &mut Solution<i64>| (s.columns[2], s.total) = (0, 16);
    assert_eq!(flaw_after(goal, three), Flaw::TooFewPlaces { column: 0, places: 2, rows: 3 });
}

#[test]
fn a_wrong_count_or_total_is_noticed() {
    let goal = Goal::Minimise;
    assert_eq!(flaw_after(goal, |s| s.assigned = 4), Flaw::WrongAssigned { claimed: 4, found: 3 });
    assert_eq!(flaw_after(goal, |s| s.total = 19), Flaw::WrongTotal { claimed: 19, found: 20 });
    let better = |s: &mut Solution<i64>| (s.columns[3], s.assigned, s.total) = (2, 4, 40);
    assert!(matches!(flaw_after(goal, better), Flaw::Overpriced { row: 3, column: 2, .. }));
}

#[test]
fn prices_that_are_off_are_noticed_to_minimise_and_to_maximise() {
    for (goal, sign) in [(Goal::Minimise, 1), (Goal::Maximise, -1)] {
        let too_few = |s: &mut Solution<i64>| s.certificate.row_prices.truncate(2);
        let side = Side::Rows;
        assert_eq!(
            flaw_after(goal, too_few),
            Flaw::WrongPriceCount { side, expected: 4, found: 2 }
        );
        let too_many = |s: &mut Solution<i64>| s.certificate.column_prices.push(0);
        let side = Side::Columns;
        assert_eq!(
            flaw_after(goal, too_many),
            Flaw::WrongPriceCount { side, expected: 3, found: 4 }
        );

        let negative = |s: &mut Solution<i64>| s.certificate.column_prices[1] = -1;
        assert_eq!(flaw_after(goal, negative), Flaw::NegativePrice { column: 1 });
        let priced = |s: &mut Solution<i64>| s.certificate.column_prices[2] = 1;
        assert_eq!(flaw_after(goal, priced), Flaw::FreeButPriced { column: 2 });

        // A row that claims to pay more than it sees, and one that claims to pay less than it does.
        for row in 0..4 {
            let column = [0, 0, 1, UNASSIGNED][row];
            let more = |s: &mut Solution<i64>| s.certificate.row_prices[row] += sign * 1000;
            let flaw = flaw_after(goal, more);
            assert!(matches!(flaw, Flaw::Underpriced { row: r, violation: 990.., .. } if r == row));
            let less = |s: &mut Solution<i64>| s.certificate.row_prices[row] -= sign;
            assert_eq!(flaw_after(goal, less), Flaw::Overpriced { row, column, violation: 1 });
        }
    }
}

#[test]
fn prices_at_the_end_of_the_type_are_wrong_and_no_more() {
    for price in [i128::MIN, i128::MAX] {
        for row in 0..4 {
            let flaw = flaw_after(Goal::Minimise, |s| s.certificate.row_prices[row] = price);
            assert!(matches!(flaw, Flaw::Underpriced { .. } | Flaw::Overpriced { .. }), "{flaw}");
        }
    }
    let all = |s: &mut Solution<i64>| {
        s.certificate.row_prices.fill(i128::MAX);
        s.certificate.column_prices[..2].fill(i128::MAX);
        s.total = i128::MIN;
    };
    assert!(matches!(flaw_after(Goal::Maximise, all), Flaw::WrongTotal { .. }));
}

#[test]
fn a_float_that_is_off_by_more_than_rounding_is_noticed() {
    let rows = [vec![(0, 0.1), (1, 0.7)], vec![(0, 0.2), (1, 0.9)]];
    let problem = Problem::from_rows(Goal::Minimise, 2, rows).unwrap();
    let solution = solve(&problem).unwrap();
    let proof = verify(&problem, &solution).unwrap();
    let after = |change: &dyn Fn(&mut Solution<f64>)| {
        let mut solution = solution.clone();
        change(&mut solution);
        verify(&problem, &solution)
    };
    let (little, much) = (proof.tolerance * 0.9, proof.tolerance * 1.1);
    let within = after(&|s| s.certificate.row_prices[0] += little).unwrap();
    assert!(within.largest_violation > proof.largest_violation);
    assert!(matches!(
        after(&|s| s.certificate.row_prices[0] += much),
        Err(Flaw::Underpriced { row: 0, .. })
    ));
    assert!(matches!(
        after(&|s| s.certificate.row_prices[0] -= much),
        Err(Flaw::Overpriced { row: 0, .. })
    ));
    assert!(after(&|s| s.total += little).is_ok());
    assert!(matches!(after(&|s| s.total += 4.0 * much), Err(Flaw::WrongTotal { .. })));
    assert_eq!(after(&|s| s.certificate.row_prices[1] = f64::NAN), Err(Flaw::NotANumber));
    assert_eq!(after(&|s| s.total = f64::NAN), Err(Flaw::NotANumber));
}

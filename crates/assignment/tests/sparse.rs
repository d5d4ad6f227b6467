//! Sparse problems against trying everything, against the dense solver, and at their limits.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

mod problems;

use assignment::sparse::{
    Cost, Entry, Error, Goal, MAX_FLOAT, Problem, Shortage, Solution, solve, verify,
};
use assignment::{Problem as Dense, Table, UNASSIGNED};
use problems::{Numbers, tables};
use proptest::prelude::*;

/// The edges of a row, and what it counts unassigned.
type Line = (Vec<(u32, i64)>, Option<i64>);

/// A problem as it is told: edges in any order, some of them twice.
#[derive(Debug, Clone)]
struct Told {
    goal: Goal,
    rows: Vec<Line>,
    places: Vec<u32>,
}

impl Told {
    fn problem<C: Cost>(&self, cost: impl Fn(i64) -> C) -> Problem<C> {
        let edges = self.rows.iter().map(|(edges, _)| edges.iter().map(|&(c, n)| (c, cost(n))));
        let unassigned: Vec<_> = self.rows.iter().map(|(_, out)| out.map(&cost)).collect();
        Problem::from_rows(self.goal, self.places.len(), edges)
            .and_then(|problem| problem.with_places_each(&self.places))
            .and_then(|problem| problem.with_unassigned_each(&unassigned))
            .unwrap()
    }

    /// The best total, or none when nothing is permitted: by trying all.
    fn best(&self) -> Option<i128> {
        fn rest(told: &Told, row: usize, free: &mut [u32]) -> Option<i128> {
            let Some((edges, out)) = told.rows.get(row) else { return Some(0) };
            let mut totals = Vec::new();
            if let Some(out) = *out {
                totals.extend(rest(told, row + 1, free).map(|rest| rest + i128::from(out)));
            }
            for &(column, cost) in edges {
                if free[column as usize] > 0 {
                    free[column as usize] -= 1;
                    totals.extend(rest(told, row + 1, free).map(|rest| rest + i128::from(cost)));
                    free[column as usize] += 1;
                }
            }
            match told.goal {
                Goal::Minimise => totals.into_iter().min(),
                Goal::Maximise => totals.into_iter().max(),
            }
        }
        rest(self, 0, &mut self.places.clone())
    }

    /// The same without the rows that are not named.
    fn only(&self, rows: impl Iterator<Item = u32>) -> Self {
        let rows = rows.map(|row| self.rows[row as usize].clone()).collect();
        Self { rows, ..self.clone() }
    }
}

fn told(scale: i64) -> impl Strategy<Value = Told> {
    let goal = prop_oneof![Just(Goal::Minimise), Just(Goal::Maximise)];
    (goal, 0..7_usize, 1..6_u32, 0..3_u8).prop_flat_map(move |(goal, rows, columns, kind)| {
        let edges =
            prop::collection::vec((0..columns, (-6..20_i64).prop_map(move |n| n * scale)), 0..6);
        // All rows must be assigned, or some, or none.
        let out = (-9..30_i64, 0..2_u8)
            .prop_map(move |(out, may)| (kind + may > 1).then_some(out * scale));
        (
            prop::collection::vec((edges, out), rows),
            prop::collection::vec(0..4_u32, columns as usize),
        )
            .prop_map(move |(rows, places)| Told { goal, rows, places })
    })
}

/// The shortage proves itself, and without any one of its rows there is none.
fn check_shortage(told: &Told, shortage: &Shortage) -> Result<(), TestCaseError> {
    let problem = told.problem(|cost| cost);
    prop_assert!(shortage.holds(&problem));
    for left_out in &shortage.rows {
        let others = told.only(shortage.rows.iter().copied().filter(|row| row != left_out));
        prop_assert!(others.best().is_some(), "row {} is not needed", left_out);
    }
    for &column in &shortage.columns {
        let mut roomier = told.only(shortage.rows.iter().copied());
        roomier.places[column as usize] += 1;
        prop_assert!(roomier.best().is_some(), "column {} is not needed", column);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6000, ..ProptestConfig::default() })]

    #[test]
    fn any_small_problem_is_solved_to_the_optimum_or_has_a_shortage(told in told(1)) {
        let (integers, floats) = (told.problem(|cost| cost), told.problem(|cost| cost as f64));
        match (told.best(), solve(&integers), solve(&floats)) {
            (Some(best), Ok(exact), Ok(float)) => {
                prop_assert_eq!(exact.total, best);
                prop_assert!(verify(&integers, &exact).is_ok());
                // Small integers are exact as floats too.
                prop_assert_eq!(float.total, best as f64);
                prop_assert_eq!(verify(&floats, &float).unwrap().largest_violation, 0.0);
            }
            (None, Err(Error::Infeasible(shortage)), Err(of_floats)) => {
                prop_assert_eq!(Error::Infeasible(shortage.clone()), of_floats);
                check_shortage(&told, &shortage)?;
            }
            (best, exact, float) => {
                prop_assert!(false, "{:?} is the best, not {:?} or {:?}", best, exact, float);
            }
        }
    }

    #[test]
    fn costs_at_the_end_of_the_type_are_solved_as_well(told in told(i64::MAX / 30)) {
        let problem = told.problem(|cost| cost);
        match solve(&problem) {
            Ok(solution) => {
                prop_assert_eq!(Some(solution.total), told.best());
                prop_assert!(verify(&problem, &solution).is_ok());
            }
            Err(Error::Infeasible(shortage)) => {
                prop_assert_eq!(told.best(), None);
                prop_assert!(shortage.holds(&problem));
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn floats_that_are_rounded_reach_the_optimum(told in told(1)) {
        let floats = told.problem(|cost| cost as f64 * 0.1);
        if let (Some(best), Ok(solution)) = (told.best(), solve(&floats)) {
            prop_assert!((solution.total - best as f64 * 0.1).abs() < 1e-12);
            prop_assert!(verify(&floats, &solution).unwrap().largest_violation < 1e-12);
        }
    }

    #[test]
    fn the_order_of_edges_changes_nothing(told in told(1), seed in any::<u64>()) {
        let mut numbers = Numbers(seed);
        let mut shuffled = told.clone();
        for (edges, _) in &mut shuffled.rows {
            edges.sort_by_cached_key(|_| numbers.below(1 << 40));
        }
        let shuffled = shuffled.problem(|cost| cost);
        prop_assert_eq!(&told.problem(|cost| cost), &shuffled);
        prop_assert_eq!(solve(&told.problem(|cost| cost)), solve(&shuffled));
    }

    #[test]
    fn to_minimise_is_to_maximise_the_negative(told in told(1)) {
        let goal = match told.goal {
            Goal::Minimise => Goal::Maximise,
            Goal::Maximise => Goal::Minimise,
        };
        let turned = Told { goal, ..told.clone() };
        match (solve(&told.problem(|cost| cost)), solve(&turned.problem(|cost| -cost))) {
            (Ok(one), Ok(other)) => {
                prop_assert_eq!(one.columns, other.columns);
                prop_assert_eq!(one.total, -other.total);
            }
            (one, other) => prop_assert_eq!(one.map(|_| ()), other.map(|_| ())),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_dense_solver_has_the_same_total(table in tables(40)) {
        let problem = of_table(&table).with_unassigned(0).unwrap();
        let solution = solve(&problem).unwrap();
        prop_assert!(verify(&problem, &solution).is_ok());
        let dense = assignment::solve(&Dense::Matrix(&table)).unwrap();
        prop_assert_eq!(solution.total, i128::from(dense.total));
    }

    #[test]
    fn a_driver_with_places_is_so_many_drivers(table in tables(25), places in 0..4_u32) {
        let problem = of_table(&table).with_unassigned(0).unwrap().with_places(places);
        let solution = solve(&problem).unwrap();
        prop_assert!(verify(&problem, &solution).is_ok());
        let columns = table.columns() * places as usize;
        let copies = Table::from_fn(table.rows(), columns, |row, column| {
            table.get(row, column / places as usize)
        });
        let dense = assignment::solve(&Dense::Matrix(&copies.unwrap())).unwrap();
        prop_assert_eq!(solution.total, i128::from(dense.total));
    }
}

/// The permitted pairs of a table, to maximise.
fn of_table(table: &Table) -> Problem<i64> {
    let rows = (0..table.rows())
        .map(|row| (0..table.columns()).filter_map(move |c| Some((c as u32, table.get(row, c)?))));
    Problem::from_rows(Goal::Maximise, table.columns(), rows).unwrap()
}

fn minimise(columns: usize, rows: Vec<Vec<(u32, i64)>>) -> Problem<i64> {
    Problem::from_rows(Goal::Minimise, columns, rows).unwrap()
}

/// Rows of `degree` random edges; costs are below `bound`.
fn random(rows: usize, columns: u32, degree: usize, bound: u64) -> Vec<Vec<(u32, i64)>> {
    let mut numbers = Numbers(rows as u64);
    let mut edge = || (numbers.below(columns.into()) as u32, numbers.below(bound).cast_signed());
    (0..rows).map(|_| (0..degree).map(|_| edge()).collect()).collect()
}

fn solved<C: Cost>(problem: &Problem<C>) -> Solution<C> {
    let solution = solve(problem).unwrap();
    verify(problem, &solution).unwrap();
    solution
}

#[test]
fn nothing_to_assign_counts_nothing() {
    for columns in [0, 3] {
        let problem = minimise(columns, vec![]);
        let solution = solved(&problem);
        assert_eq!((solution.total, solution.assigned), (0, 0));
        assert_eq!(solution.certificate.column_prices, vec![0; columns]);
    }
}

#[test]
fn without_columns_rows_stay_unassigned_or_say_why_they_cannot() {
    let problem = minimise(0, vec![vec![], vec![]]);
    let shortage = Shortage { rows: vec![0], columns: vec![] };
    assert_eq!(solve(&problem), Err(Error::Infeasible(shortage)));
    let solution = solved(&problem.with_unassigned(7).unwrap());
    assert_eq!((solution.total, solution.columns), (14, vec![UNASSIGNED; 2]));
}

#[test]
fn a_row_stays_out_when_that_is_better_and_in_when_it_is_not() {
    let rows = vec![vec![(0, 4)], vec![(0, 3)]];
    for (out, total, columns) in
        [(10, 13, [UNASSIGNED, 0]), (2, 4, [UNASSIGNED; 2]), (-5, -10, [UNASSIGNED; 2])]
    {
        let solution = solved(&minimise(1, rows.clone()).with_unassigned(out).unwrap());
        assert_eq!((solution.total, solution.columns), (total, columns.to_vec()));
    }
}

#[test]
fn three_shipments_for_two_drivers_are_one_too_many() {
    // Row 1 could go elsewhere, rows 0, 2 and 4 could not; row 3 may stay out.
    let rows = vec![
        vec![(0, 1), (1, 1)],
        vec![(1, 5), (2, 5)],
        vec![(0, 2), (1, 2)],
        vec![(0, 9)],
        vec![(1, 3)],
    ];
    let problem =
        minimise(3, rows).with_unassigned_each(&[None, None, None, Some(1), None]).unwrap();
    let shortage = Shortage { rows: vec![0, 2, 4], columns: vec![0, 1] };
    let error = solve(&problem).unwrap_err();
    assert_eq!(error, Error::Infeasible(shortage));
    assert_eq!(
        error.to_string(),
        "no assignment is permitted: rows 0, 2 and 4 are permitted only columns 0 and 1, with too few places"
    );
    let solution = solved(&problem.with_places_each(&[2, 1, 1]).unwrap());
    assert_eq!(solution.columns, [0, 2, 0, UNASSIGNED, 1]);
}

#[test]
fn a_shortage_that_is_none_does_not_hold() {
    let problem = minimise(2, vec![vec![(0, 1)], vec![(0, 1)], vec![(1, 1)]]);
    let problem = problem.with_unassigned_each(&[None, None, Some(0)]).unwrap();
    let holds = |rows: &[u32], columns: &[u32]| {
        Shortage { rows: rows.to_vec(), columns: columns.to_vec() }.holds(&problem)
    };
    assert!(holds(&[0, 1], &[0]));
    assert!(!holds(&[0], &[0]), "there is a place for it");
    assert!(!holds(&[0, 1], &[]), "it keeps a column back");
    assert!(!holds(&[0, 0], &[0]), "a row counts once");
    assert!(!holds(&[0, 1, 2], &[0, 1]), "row 2 may stay out");
    assert!(!holds(&[0, 9], &[0]), "there is no row 9");
}

#[test]
fn of_edges_to_one_column_the_best_counts() {
    let edges = vec![vec![(1, 8), (0, 5), (0, 3), (0, 4)]];
    let problem = minimise(2, edges.clone());
    assert_eq!(problem.row(0).collect::<Vec<_>>(), [(0, 3), (1, 8)]);
    let problem = Problem::from_rows(Goal::Maximise, 2, edges).unwrap();
    assert_eq!(problem.row(0).collect::<Vec<_>>(), [(0, 5), (1, 8)]);
    assert_eq!((problem.cost(0, 1), problem.cost(0, 7)), (Some(8), None));
}

#[test]
fn compressed_rows_are_the_same_problem() {
    let rows = random(50, 40, 7, 100);
    let starts: Vec<usize> = (0..=50).map(|row| row * 7).collect();
    let (columns, costs): (Vec<_>, Vec<_>) = rows.iter().flatten().copied().unzip();
    let compressed = Problem::from_csr(Goal::Minimise, 40, &starts, &columns, &costs).unwrap();
    assert_eq!(compressed, minimise(40, rows));
}

#[test]
fn compressed_rows_that_do_not_fit_are_refused() {
    let csr = |starts: &[usize], columns: &[u32], costs: &[i64]| {
        Problem::from_csr(Goal::Minimise, 2, starts, columns, costs).unwrap_err()
    };
    assert_eq!(csr(&[], &[], &[]), Error::RowStarts { row: 0 });
    assert_eq!(csr(&[1, 1], &[0], &[1]), Error::RowStarts { row: 0 });
    assert_eq!(csr(&[0, 2, 1, 3], &[0; 3], &[1; 3]), Error::RowStarts { row: 1 });
    assert_eq!(csr(&[0, 1, 2], &[0; 3], &[1; 3]), Error::RowStarts { row: 1 });
    assert_eq!(csr(&[0, 1, 4], &[0; 3], &[1; 3]), Error::RowStarts { row: 1 });
    assert_eq!(csr(&[0], &[0], &[1]), Error::RowStarts { row: 0 });
    assert_eq!(csr(&[0, 1], &[0], &[]), Error::CostsDoNotFit { columns: 1, costs: 0 });
    assert_eq!(
        csr(&[0, 1, 3], &[0, 1, 2], &[1; 3]),
        Error::UnknownColumn { edge: 2, row: 1, column: 2 }
    );
}

#[test]
fn lists_that_do_not_fit_are_refused() {
    let problem = || minimise(2, vec![vec![(0, 1)]; 3]);
    assert_eq!(
        problem().with_places_each(&[1]).unwrap_err(),
        Error::PlacesDoNotFit { columns: 2, places: 1 }
    );
    assert_eq!(
        problem().with_unassigned_each(&[None]).unwrap_err(),
        Error::UnassignedDoNotFit { rows: 3, costs: 1 }
    );
}

#[test]
fn floats_that_are_none_are_refused_by_name() {
    let told =
        |goal, cost| Problem::from_rows(goal, 3, [vec![(0, 1.0)], vec![(1, 2.0), (2, cost)]]);
    let edge = Entry::Edge { edge: 2, row: 1, column: 2 };
    let infinity = f64::INFINITY;
    for goal in [Goal::Minimise, Goal::Maximise] {
        assert_eq!(told(goal, f64::NAN), Err(Error::NotANumber(edge)));
        assert_eq!(told(goal, 1e300), Err(Error::CostTooLarge(edge)));
        assert_eq!(told(goal, -1e300), Err(Error::CostTooLarge(edge)));
        assert!(told(goal, MAX_FLOAT).is_ok());
        let row = Entry::Unassigned { row: 1 };
        let refused = told(goal, 1.0).unwrap().with_unassigned_each(&[None, Some(f64::NAN)]);
        assert_eq!(refused, Err(Error::NotANumber(row)));
    }
    assert_eq!(told(Goal::Minimise, -infinity), Err(Error::InfinitelyGood(edge)));
    assert_eq!(told(Goal::Maximise, infinity), Err(Error::InfinitelyGood(edge)));
}

#[test]
fn what_is_infinitely_bad_is_absent() {
    for (goal, bad) in [(Goal::Minimise, f64::INFINITY), (Goal::Maximise, f64::NEG_INFINITY)] {
        let rows = [vec![(0, bad), (1, 2.0)], vec![(0, bad)]];
        let problem = Problem::from_rows(goal, 2, rows).unwrap();
        assert_eq!((problem.edges(), problem.cost(0, 0)), (1, None));
        let problem = problem.with_unassigned(bad).unwrap();
        let shortage = Shortage { rows: vec![1], columns: vec![] };
        assert_eq!(solve(&problem), Err(Error::Infeasible(shortage)));
    }
}

#[test]
fn the_largest_floats_are_solved() {
    let rows: Vec<Vec<(u32, f64)>> = (0..60_u32)
        .map(|row| {
            (0..60).map(|c| (c, if (row + c) % 3 == 0 { -MAX_FLOAT } else { MAX_FLOAT })).collect()
        })
        .collect();
    let solution = solved(&Problem::from_rows(Goal::Minimise, 60, rows).unwrap());
    assert_eq!(solution.total, -60.0 * MAX_FLOAT);
}

#[test]
fn the_extremes_of_integers_are_solved() {
    let all = [i64::MIN, i64::MIN / 4, 0, i64::MAX / 4, i64::MAX];
    for goal in [Goal::Minimise, Goal::Maximise] {
        let rows = (0..5).map(|row| (0..5).map(move |c| (c as u32, all[(row + c) % 5])));
        let solution = solved(&Problem::from_rows(goal, 5, rows).unwrap());
        let best = if goal == Goal::Minimise { i64::MIN } else { i64::MAX };
        assert_eq!(solution.total, 5 * i128::from(best));
    }
    // Prices that no i64 could hold: each row would have the next column, at any cost.
    let rows = (0..40_u32).map(|row| {
        let next = (row + 1).min(39);
        [(row, i64::MAX), (next, i64::MIN)]
    });
    let problem = Problem::from_rows(Goal::Minimise, 40, rows).unwrap();
    let solution = solved(&problem);
    let highest = solution.certificate.column_prices.iter().max().unwrap();
    assert!(*highest > i128::from(i64::MAX));
}

#[test]
fn many_rows_for_few_columns_leave_most_out() {
    let problem = minimise(20, random(3000, 20, 5, 1000)).with_unassigned(5000).unwrap();
    let solution = solved(&problem.with_places(3));
    assert_eq!(solution.assigned, 60);
    assert!(solution.total < 2940 * 5000 + 60 * 50);
}

#[test]
fn a_driver_who_takes_everything_is_as_good_as_each_for_himself() {
    let rows = random(4000, 50, 6, 1_000_000);
    let cheapest: i64 = rows.iter().map(|row| row.iter().map(|edge| edge.1).min().unwrap()).sum();
    let solution = solved(&minimise(50, rows).with_places(u32::MAX));
    assert_eq!(solution.total, cheapest.into());
    assert_eq!(solution.certificate.column_prices, [0; 50]);
}

#[test]
fn rounding_stays_a_hundred_times_below_the_tolerance() {
    for (rows, degree) in [(3000, 5), (3000, 24)] {
        let columns = rows + 100;
        let edges = random(rows, columns as u32, degree, 1 << 50).into_iter();
        let edges = edges.map(|row| row.into_iter().map(|(c, n)| (c, n as f64 / 3.0)));
        let problem = Problem::from_rows(Goal::Maximise, columns, edges).unwrap();
        let problem = problem.with_unassigned(-1e9 / 7.0).unwrap();
        let solution = solve(&problem).unwrap();
        let proof = verify(&problem, &solution).unwrap();
        assert!(proof.largest_violation > 0.0, "nothing was rounded");
        assert!(proof.largest_violation * 100.0 < proof.tolerance, "{proof:?}");
    }
}

//! Dense matrices of every type against trying everything, against sparse problems, and against what
//! their own prices prove.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

use assignment::dense::{Element, Error, Flaw, Goal, Matrix, Solution, solve, verify};
use assignment::{Side, UNASSIGNED, sparse};
use proptest::prelude::*;

const GOALS: [Goal; 2] = [Goal::Minimise, Goal::Maximise];

/// The best total of as many pairs as the lesser side has, by trying all; `None` if there is none.
fn brute_force(goal: Goal, rows: &[Vec<Option<i64>>], columns: usize) -> Option<i64> {
    fn rest(
        goal: Goal,
        rows: &[Vec<Option<i64>>],
        taken: &mut Vec<bool>,
        idle: usize,
    ) -> Option<i64> {
        let Some((row, others)) = rows.split_first() else { return Some(0) };
        let mut best = if idle > 0 { rest(goal, others, taken, idle - 1) } else { None };
        for (column, score) in row.iter().enumerate() {
            let Some(score) = score.filter(|_| !taken[column]) else { continue };
            taken[column] = true;
            let total = rest(goal, others, taken, idle).map(|rest| rest + score);
            taken[column] = false;
            let both = [best, total].into_iter().flatten();
            best = if goal == Goal::Minimise { both.min() } else { both.max() };
        }
        best
    }
    let idle = rows.len().saturating_sub(columns);
    rest(goal, rows, &mut vec![false; columns], idle)
}

/// The same scores in another type; a forbidden pair as that type says it.
fn elements<T: Element>(
    goal: Goal,
    rows: &[Vec<Option<i64>>],
    element: impl Fn(i64) -> T,
) -> Vec<T> {
    let forbidden = T::FORBIDDEN.to(goal);
    rows.iter().flatten().map(|score| score.map_or(forbidden, &element)).collect()
}

/// Solves it in a type and proves it; the total.
fn proven<T: Element>(
    goal: Goal,
    rows: &[Vec<Option<i64>>],
    columns: usize,
    element: impl Fn(i64) -> T,
) -> Option<Solution<T::Wide>> {
    let elements = elements(goal, rows, element);
    let matrix = Matrix::new(rows.len(), columns, &elements).unwrap();
    match solve(goal, &matrix) {
        Ok(solution) => {
            verify(goal, &matrix, &solution).unwrap();
            Some(solution)
        }
        Err(Error::Infeasible { side, members, permitted }) => {
            let at = |member: u32, other: usize| match side {
                Side::Rows => rows[member as usize][other],
                Side::Columns => rows[other][member as usize],
            };
            let others = if side == Side::Rows { columns } else { rows.len() };
            for &member in &members {
                for other in (0..others).filter(|&other| at(member, other).is_some()) {
                    assert!(permitted.contains(&(other as u32)), "a pair that was left out");
                }
            }
            assert!(permitted.len() < members.len(), "enough for all");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn any_rows(most: usize) -> impl Strategy<Value = (Vec<Vec<Option<i64>>>, usize)> {
    (0..=most, 0..=most, 1..12_i64).prop_flat_map(|(rows, columns, span)| {
        let score = prop_oneof![5 => (-span..=span).prop_map(Some), 1 => Just(None)];
        let row = prop::collection::vec(score, columns);
        (prop::collection::vec(row, rows), Just(columns))
    })
}

proptest! {
    #[test]
    fn every_type_gives_what_trying_everything_gives((rows, columns) in any_rows(6)) {
        for goal in GOALS {
            let best = brute_force(goal, &rows, columns);
            let total = |solution: Solution<i64>| solution.total as i64;
            prop_assert_eq!(proven(goal, &rows, columns, |s| s).map(total), best);
            prop_assert_eq!(proven(goal, &rows, columns, |s| s as i32).map(total), best);
            let total = |solution: Solution<f64>| (solution.total * 8.0) as i64;
            prop_assert_eq!(proven(goal, &rows, columns, |s| s as f64 / 8.0).map(total), best);
            prop_assert_eq!(proven(goal, &rows, columns, |s| s as f32 / 8.0).map(total), best);
        }
    }

    #[test]
    fn a_matrix_gives_what_its_pairs_give((rows, columns) in any_rows(60)) {
        // More rows than columns: then rows may stay unassigned, and a sparse problem is another.
        prop_assume!(rows.len() <= columns);
        for goal in GOALS {
            let pairs = |row: &Vec<Option<i64>>| {
                let pairs = (0..).zip(row.clone());
                pairs.filter_map(|(column, score)| Some((column, score?))).collect::<Vec<_>>()
            };
            let problem = sparse::Problem::from_rows(goal, columns, rows.iter().map(pairs)).unwrap();
            let total = sparse::solve(&problem).ok().map(|solution| solution.total);
            let solution = proven(goal, &rows, columns, |score| score);
            prop_assert_eq!(solution.map(|solution| solution.total), total);
        }
    }
}

/// Numbers that look random (splitmix64), below 2⁵³.
fn mix(number: usize) -> u64 {
    let z = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) >> 11
}

fn unit(number: usize) -> f64 {
    mix(number) as f64 / (1_u64 << 53) as f64
}

/// What the methods differ for: nothing to hold on to, places on a map, few factors, all rows wanting
/// the same, many ties, and few different rows.
fn kinds(rows: usize, columns: usize) -> Vec<(&'static str, Vec<f64>)> {
    let make = |cost: &dyn Fn(usize, usize) -> f64| {
        (0..rows * columns).map(|at| cost(at / columns, at % columns)).collect::<Vec<f64>>()
    };
    let place = |who: usize| (unit(2 * who), unit(2 * who + 1));
    vec![
        ("random", make(&|r, c| unit(r * columns + c))),
        (
            "map",
            make(&|r, c| {
                let (a, b) = (place(r), place(c + 1_000_000));
                (a.0 - b.0).hypot(a.1 - b.1)
            }),
        ),
        (
            "factors",
            make(&|r, c| (0..4).map(|k| unit(4 * r + k) * unit(4 * c + k + 7_000_000)).sum()),
        ),
        ("product", make(&|r, c| ((r + 1) * (c + 1)) as f64)),
        ("ties", make(&|r, c| (mix(r * columns + c) % 4) as f64)),
        ("few rows", make(&|r, c| unit(mix(r) as usize % 7 * 1000 + c % 11))),
        ("quarters", make(&|r, c| ((mix(r) % 9) * (mix(c) % 8)) as f64 / 4.0)),
    ]
}

#[test]
fn every_kind_of_matrix_is_proven_whatever_its_shape() {
    for (rows, columns) in [(300, 300), (300, 310), (150, 300), (310, 290)] {
        for (kind, costs) in kinds(rows, columns) {
            let matrix = Matrix::new(rows, columns, &costs).unwrap();
            for goal in GOALS {
                let solution = solve(goal, &matrix).unwrap();
                let proof = verify(goal, &matrix, &solution);
                assert!(proof.is_ok(), "{kind}, {rows} by {columns}, {goal:?}: {proof:?}");
                let assigned = solution.columns.iter().filter(|&&column| column != UNASSIGNED);
                assert_eq!(assigned.count(), rows.min(columns), "{kind}");
            }
        }
    }
}

#[test]
fn whole_numbers_give_the_same_total_in_every_type() {
    let costs: Vec<i64> = (0..200 * 200).map(|at| (mix(at) % 1000) as i64 - 500).collect();
    for goal in GOALS {
        let matrix = Matrix::new(200, 200, &costs).unwrap();
        let total = solve(goal, &matrix).unwrap().total;
        let narrow: Vec<i32> = costs.iter().map(|&cost| cost as i32).collect();
        let matrix = Matrix::new(200, 200, &narrow).unwrap();
        assert_eq!(solve(goal, &matrix).unwrap().total, total);
        let float: Vec<f32> = costs.iter().map(|&cost| cost as f32).collect();
        let matrix = Matrix::new(200, 200, &float).unwrap();
        assert_eq!(solve(goal, &matrix).unwrap().total, total as f64);
    }
}

#[test]
fn the_first_element_that_cannot_be_used_is_named() {
    for (rows, columns, at) in [(3, 4, 6), (4, 3, 7), (300, 300, 40_123)] {
        let (row, column) = (at / columns, at % columns);
        for bad in [f64::NAN, f64::NEG_INFINITY, f64::MAX] {
            let mut costs: Vec<f64> = (0..rows * columns).map(unit).collect();
            costs[at] = bad;
            let matrix = Matrix::new(rows, columns, &costs).unwrap();
            assert_eq!(solve(Goal::Minimise, &matrix), Err(Error::Unusable { row, column }));
        }
        let mut costs = vec![1_i64; rows * columns];
        costs[at] = i64::MIN;
        let matrix = Matrix::new(rows, columns, &costs).unwrap();
        assert_eq!(solve(Goal::Minimise, &matrix), Err(Error::Unusable { row, column }));
        assert!(solve(Goal::Maximise, &matrix).is_ok(), "there it is a forbidden pair");
    }
}

#[test]
fn what_is_too_large_is_refused_where_rows_are_alike_too() {
    let first = Error::Unusable { row: 0, column: 0 };
    for goal in GOALS {
        let costs = vec![-1e308; 64 * 64];
        assert_eq!(solve(goal, &Matrix::new(64, 64, &costs).unwrap()), Err(first.clone()));
        let costs = vec![(1_i64 << 52) / 65 + 1; 64 * 64];
        assert_eq!(solve(goal, &Matrix::new(64, 64, &costs).unwrap()), Err(first.clone()));
    }
}

#[test]
fn whole_numbers_are_taken_up_to_the_limit() {
    let limit = (1_i64 << 52) / 4 - 1;
    let costs = [limit, -limit, -limit, limit, 0, 1, -1, limit, -limit];
    let matrix = Matrix::new(3, 3, &costs).unwrap();
    for goal in GOALS {
        let solution = solve(goal, &matrix).unwrap();
        verify(goal, &matrix, &solution).unwrap();
    }
    let over = [limit + 2; 9];
    let matrix = Matrix::new(3, 3, &over).unwrap();
    let first = Error::Unusable { row: 0, column: 0 };
    assert_eq!(solve(Goal::Minimise, &matrix), Err(first));
}

#[test]
fn a_shape_that_does_not_fit_is_refused() {
    let refused = |rows, columns, elements: &[i32]| Matrix::new(rows, columns, elements).err();
    assert_eq!(refused(2, 2, &[1; 3]), Some(Error::Shape { rows: 2, columns: 2, elements: 3 }));
    let rows = usize::MAX;
    assert_eq!(refused(rows, 2, &[]), Some(Error::Shape { rows, columns: 2, elements: 0 }));
    for (rows, columns) in [(0, 0), (0, 5), (5, 0)] {
        let matrix = Matrix::<i32>::new(rows, columns, &[]).unwrap();
        let solution = solve(Goal::Minimise, &matrix).unwrap();
        assert_eq!(solution.columns, vec![UNASSIGNED; rows]);
        verify(Goal::Minimise, &matrix, &solution).unwrap();
    }
}

#[test]
fn the_same_matrix_gives_the_same_solution() {
    for (kind, costs) in kinds(260, 260) {
        let matrix = Matrix::new(260, 260, &costs).unwrap();
        let first = solve(Goal::Minimise, &matrix).unwrap();
        assert_eq!(solve(Goal::Minimise, &matrix).unwrap(), first, "{kind}");
    }
}

/// On either side, and in every shape: what is told of one side is not said of the other.
#[test]
fn few_different_rows_or_columns_are_proven() {
    for (rows, columns) in [(64, 64), (64, 90), (90, 64), (260, 260)] {
        for (different_rows, different_columns) in [(5, columns), (rows, 5), (5, 5)] {
            let cost = |at: usize| {
                let (row, column) =
                    (at / columns % different_rows, at % columns % different_columns);
                mix(row * columns + column) as i32 % 1000 - 300
            };
            let costs: Vec<i32> = (0..rows * columns).map(cost).collect();
            let matrix = Matrix::new(rows, columns, &costs).unwrap();
            for goal in GOALS {
                let solution = solve(goal, &matrix).unwrap();
                verify(goal, &matrix, &solution).unwrap();
            }
        }
    }
}

/// Rows that want the same, nearly the same, or many things alike, where not all columns are listed.
#[test]
fn near_ties_are_solved_to_the_optimum() {
    for seed in 0..70 {
        // Some are small enough for all to be looked at; the last ones large enough that more columns are
        // cheap than are listed.
        let side = match seed {
            0..20 => 70 + mix(seed) as usize % 80,
            20..60 => 201 + mix(seed) as usize % 80,
            _ => 330,
        };
        let costs = |cost: &dyn Fn(usize, usize) -> i64| {
            (0..side * side).map(|at| cost(at / side, at % side)).collect::<Vec<i64>>()
        };
        let any = |r: usize, c: usize| mix((seed * side + r) * side + c) as i64;
        for costs in [
            costs(&|r, c| any(r, c) % 3),
            costs(&|r, c| any(r, c) % 40),
            costs(&|r, c| c as i64 % 64 * 3 + any(r, c) % 5),
            costs(&|r, c| c as i64 / 4 + any(r, c) % 2),
            costs(&|r, c| (r * c) as i64 / 7),
            costs(&|r, c| (r as i64 - c as i64).abs() * 3 + any(r, c) % 5),
        ] {
            let matrix = Matrix::new(side, side, &costs).unwrap();
            for goal in GOALS {
                let solution = solve(goal, &matrix).unwrap();
                verify(goal, &matrix, &solution).unwrap();
            }
        }
    }
}

#[test]
fn what_is_changed_in_a_solution_is_noticed() {
    let costs: Vec<i64> = (0..5 * 3).map(|at| (mix(at) % 50) as i64).collect();
    for (rows, columns) in [(3, 5), (5, 3)] {
        let matrix = Matrix::new(rows, columns, &costs).unwrap();
        let goal = Goal::Minimise;
        let solution = solve(goal, &matrix).unwrap();
        let flaw_after = |change: &dyn Fn(&mut Solution<i64>)| {
            let mut changed = solution.clone();
            change(&mut changed);
            verify(goal, &matrix, &changed).unwrap_err()
        };
        let taken = solution.columns.iter().position(|&column| column != UNASSIGNED).unwrap();
        for other in (0..rows).filter(|&other| other != taken) {
            // The total is made to fit, so that nothing but the column can be what is noticed.
            let twice = |s: &mut Solution<i64>| {
                let cost = |row: usize, column: u32| {
                    matrix.row(row).get(column as usize).map_or(0, |&cost| i128::from(cost))
                };
                s.total += cost(other, s.columns[taken]) - cost(other, s.columns[other]);
                s.columns[other] = s.columns[taken];
            };
            let flaw = flaw_after(&twice);
            let is_seen = matches!(flaw, Flaw::TooFewPlaces { .. } | Flaw::FreeButPriced { .. });
            assert!(is_seen, "{flaw:?}");
        }
        let beyond = |s: &mut Solution<i64>| s.columns[taken] = columns as u32;
        assert!(matches!(flaw_after(&beyond), Flaw::ForbiddenPair { .. }));
        let total = |s: &mut Solution<i64>| s.total += 1;
        assert!(matches!(flaw_after(&total), Flaw::WrongTotal { .. }));
        for side in [Side::Rows, Side::Columns] {
            let raised = |s: &mut Solution<i64>| {
                let certificate = &mut s.certificate;
                match side {
                    Side::Rows => certificate.row_prices[taken] += 1,
                    Side::Columns => certificate.column_prices[s.columns[taken] as usize] += 1,
                }
            };
            let flaw = flaw_after(&raised);
            assert!(
                matches!(flaw, Flaw::Underpriced { .. } | Flaw::Overpriced { .. }),
                "{side}: {flaw:?}"
            );
        }
    }
}

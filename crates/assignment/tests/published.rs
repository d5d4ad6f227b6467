//! The published ten by ten: shipments by drivers, in quarter points, under the rules R1 to R7.

use assignment::{Problem, Table, first_come, solve, verify};

const SCORES: [[i64; 10]; 10] = [
    [45, 36, 30, 36, 45, 36, 30, 36, 24, 30],
    [45, 36, 30, 36, 45, 36, 30, 36, 24, 30],
    [32, 28, 36, 16, 32, 28, 42, 28, 40, 20],
    [32, 28, 36, 16, 32, 28, 42, 28, 40, 20],
    [45, 36, 30, 36, 45, 36, 30, 36, 24, 30],
    [32, 28, 36, 16, 32, 28, 42, 28, 40, 20],
    [45, 36, 45, 36, 45, 36, 30, 36, 36, 30],
    [45, 36, 30, 36, 45, 36, 30, 36, 24, 30],
    [32, 42, 54, 16, 32, 42, 28, 42, 60, 20],
    [45, 36, 45, 36, 45, 36, 30, 36, 36, 30],
];

#[test]
fn the_best_total_is_98_75_and_first_come_reaches_97() {
    let table = Table::from_fn(10, 10, |shipment, driver| Some(SCORES[shipment][driver])).unwrap();
    let problem = Problem::Matrix(&table);
    let solution = solve(&problem).unwrap();
    assert_eq!(solution.total, 395);
    assert_eq!(solution.assigned, 10);
    assert_eq!(verify(&problem, &solution), Ok(()));
    assert_eq!(first_come(&problem), 388);
}

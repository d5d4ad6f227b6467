//! A matching against trying everything, from any start.

use alloc::vec::Vec;

use super::{Matching, Number, Shortage};
use crate::UNASSIGNED;
use proptest::prelude::*;

/// The edges of a row, and what it costs it to stay out.
type Line = (Vec<(u32, i64)>, Option<i64>);

#[derive(Debug, Clone)]
struct Small {
    places: Vec<u32>,
    rows: Vec<Line>,
}

fn any_small() -> impl Strategy<Value = Small> {
    (0..6_usize, 1..6_u32, 0..3_u8).prop_flat_map(|(rows, columns, kind)| {
        let edges = prop::collection::vec((0..columns, -6..20_i64), 0..5);
        // All rows must be assigned, or some, or none.
        let out = (-9..30_i64, 0..2_u8).prop_map(move |(out, may)| (kind + may > 1).then_some(out));
        (
            prop::collection::vec(0..3_u32, columns as usize),
            prop::collection::vec((edges, out), rows),
        )
            .prop_map(|(places, rows)| Small { places, rows })
    })
}

fn brute_force(small: &Small) -> Option<i64> {
    fn rest(small: &Small, row: usize, free: &mut [u32]) -> Option<i64> {
        let Some((edges, out)) = small.rows.get(row) else { return Some(0) };
        let mut best = out.and_then(|out| Some(out + rest(small, row + 1, free)?));
        for &(column, cost) in edges {
            if free[column as usize] > 0 {
                free[column as usize] -= 1;
                let total = rest(small, row + 1, free).map(|rest| rest + cost);
                free[column as usize] += 1;
                best = [best, total].into_iter().flatten().min();
            }
        }
        best
    }
    rest(small, 0, &mut small.places.clone())
}

/// The total of an optimal matching, after a proof that it is one.
fn proven<T: Number + Into<f64>>(small: &Small, matching: &Matching<T>, unit: f64) -> f64 {
    let slip = if T::EXACT { 0.0 } else { 1e-9 };
    let price = |price: T| price.into() / unit;
    let rows: Vec<f64> = matching.row_prices().map(price).collect();
    let columns: Vec<f64> = matching.column_prices().map(price).collect();
    let mut free = small.places.clone();
    let mut total = 0.0;
    for ((column, (edges, out)), price) in matching.assigned().zip(&small.rows).zip(rows) {
        let mut has = out.map(|out| out as f64).filter(|_| column == UNASSIGNED);
        for &(to, cost) in edges {
            let value = cost as f64 + columns[to as usize];
            assert!(price <= value + slip, "a row that has a better column");
            if to == column {
                has = Some(has.map_or(cost as f64, |has| has.min(cost as f64)));
            }
        }
        assert!(out.is_none_or(|out| price <= out as f64 + slip), "a row that is better out");
        let has = has.expect("a column or staying out that is permitted");
        total += has;
        let paid = if column == UNASSIGNED { has } else { has + columns[column as usize] };
        assert!((paid - price).abs() <= slip, "a row that pays {paid} and is priced {price}");
        if column != UNASSIGNED {
            free[column as usize] = free[column as usize].checked_sub(1).expect("a place");
        }
    }
    for (free, price) in free.into_iter().zip(columns) {
        assert!(price >= 0.0 && (free == 0 || price == 0.0), "a price and {free} places");
    }
    total
}

fn check_shortage(small: &Small, shortage: &Shortage) {
    let mut columns: Vec<u32> = Vec::new();
    for &row in &shortage.rows {
        let (edges, out) = &small.rows[row as usize];
        assert_eq!(*out, None);
        columns.extend(edges.iter().map(|&(column, _)| column));
    }
    columns.sort_unstable();
    columns.dedup();
    let places = |columns: &[u32]| columns.iter().map(|&c| small.places[c as usize]).sum::<u32>();
    assert_eq!(shortage.columns, columns);
    assert_eq!(places(&columns) as usize + 1, shortage.rows.len());
    for left_out in &shortage.rows {
        let others = shortage.rows.iter().filter(|&row| row != left_out);
        let rows = others.map(|&row| small.rows[row as usize].clone()).collect();
        let others = Small { places: small.places.clone(), rows };
        assert!(brute_force(&others).is_some(), "row {left_out} is not needed");
    }
}

fn unsolved<T: Number>(small: &Small, number: fn(i64) -> T) -> Matching<T> {
    let mut matching = Matching::new(small.places.iter().copied());
    for (edges, out) in &small.rows {
        let edges = edges.iter().map(|&(column, cost)| (column, number(cost)));
        matching.add_row(edges, out.map(number));
    }
    matching
}

fn check<T: Number + Into<f64>>(small: &Small, matching: &mut Matching<T>, unit: f64) {
    let best = brute_force(small);
    match matching.solve() {
        Ok(()) => {
            let total = proven(small, matching, unit);
            assert_eq!(total, best.expect("an assignment") as f64);
        }
        Err(shortage) => {
            assert_eq!(best, None);
            check_shortage(small, &shortage);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn any_small_problem_is_solved_to_the_optimum(small in any_small()) {
        check(&small, &mut unsolved(&small, |c| c as i32), 1.0);
        check(&small, &mut unsolved(&small, |c| c as f64 * 0.1), 0.1);
    }

    #[test]
    fn any_prices_are_a_start(small in any_small(), prices in prop::collection::vec(0..30, 6)) {
        let mut matching = unsolved(&small, |c| c as i32);
        matching.start_from(prices.iter().copied());
        check(&small, &mut matching, 1.0);
        let mut matching = unsolved(&small, |c| c as f64 / 3.0);
        matching.start_from(prices.into_iter().map(|price| f64::from(price) / 7.0));
        check(&small, &mut matching, 1.0 / 3.0);
    }

    #[test]
    fn level_prices_are_a_start(small in any_small()) {
        let mut matching = unsolved(&small, |c| c as i32);
        matching.start_level();
        check(&small, &mut matching, 1.0);
        let mut matching = unsolved(&small, |c| c as f64 / 3.0);
        matching.start_level();
        check(&small, &mut matching, 1.0 / 3.0);
    }
}

//! Optima by what their prices prove, with every number of columns in a block and left over.

use alloc::vec;
use alloc::vec::Vec;

use super::{LANES, Lane, solve};
use crate::UNASSIGNED;
use crate::grid::Grid;

/// Numbers that look random (splitmix64).
fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 31)
}

/// Solves it, and proves it by complementary slackness; `None` when nobody can be assigned.
fn proven<T: Lane + Into<f64>>(
    costs: &[Vec<Option<i32>>],
    out: T,
    of: fn(i32) -> T,
) -> Option<f64> {
    let cost = |cost: &Option<i32>| cost.map_or(T::PROHIBITIVE, of);
    let columns = costs[0].len();
    let grid = Grid::of_rows(columns, costs.iter(), |row| row.iter().map(cost));
    let optimum = solve(&grid.padded(LANES, T::PROHIBITIVE), out)?;
    let mut total = 0.0;
    let mut taken = vec![false; columns];
    for (row, &column) in optimum.column_of.iter().enumerate() {
        let price: f64 = optimum.row_prices[row].into();
        let value = |column: usize| {
            costs[row][column].map(|cost| of(cost).into() + optimum.column_prices[column].into())
        };
        assert!((0..columns).filter_map(value).all(|value| price <= value), "row {row}");
        assert!(price <= out.into(), "row {row}");
        if column == UNASSIGNED {
            assert_eq!(price, out.into());
        } else {
            let column = column as usize;
            assert_eq!(Some(price), value(column), "row {row}");
            assert_eq!(optimum.row_of[column], row as u32);
            assert!(!std::mem::replace(&mut taken[column], true));
        }
        total += price;
    }
    for (&price, taken) in optimum.column_prices.iter().zip(taken) {
        let price = <T as Into<f64>>::into(price);
        assert!(price >= 0.0 && (taken || price == 0.0));
        total -= price;
    }
    Some(total)
}

#[test]
fn every_number_of_columns_is_solved_to_the_optimum() {
    // Miri takes a thousand times as long.
    let seeds = if cfg!(miri) { 1 } else { 4 };
    for columns in 1..=2 * LANES + 1 {
        for seed in 0..seeds {
            let rows = 1 + mix(columns as u64 ^ seed << 8) as usize % columns.min(6);
            let element = |at: usize| {
                let number = mix((at * 64 + columns) as u64 ^ seed << 32);
                (number >> 40 & 7 > seed).then_some((number % 20) as i32 - 12)
            };
            let row = |row: usize| (0..columns).map(|c| element(row * columns + c)).collect();
            let costs: Vec<Vec<Option<i32>>> = (0..rows).map(row).collect();
            // Nobody may stay out; or everybody, at 0. Eighths are exact.
            let all = proven::<i32>(&costs, Lane::PROHIBITIVE, |cost| cost);
            let eighths = proven::<f64>(&costs, Lane::PROHIBITIVE, |cost| f64::from(cost) / 8.0);
            assert_eq!(eighths.map(|total| total * 8.0), all);
            let some = proven::<i32>(&costs, 0, |cost| cost).expect("everybody may stay out");
            assert_eq!(proven::<f64>(&costs, 0.0, |cost| f64::from(cost) / 8.0), Some(some / 8.0));
            assert!(all.is_none_or(|all| all >= some));
        }
    }
}

#[test]
fn costs_at_the_limit_do_not_overflow() {
    let most = super::most(3);
    let costs = [most, -most, -most, -most, most, -most, most, -most, most];
    let costs: Vec<Vec<Option<i32>>> =
        costs.chunks(3).map(|row| row.iter().copied().map(Some).collect()).collect();
    assert_eq!(proven::<i32>(&costs, Lane::PROHIBITIVE, |cost| cost), Some(-3.0 * f64::from(most)));
    let saved = -i32::LARGEST;
    let costs = [[Some(saved), Some(saved)], [Some(saved), Some(1)]].map(Vec::from);
    assert_eq!(proven::<i32>(&costs, 0, |cost| cost), Some(2.0 * f64::from(saved)));
    assert_eq!(proven::<i32>(&vec![vec![None]; 1], Lane::PROHIBITIVE, |cost| cost), None);
}

//! A table in which each row and each column is for itself, solved by [`jv`], with canonical prices.
//!
//! Costs are doubled scores, negative, and every row may stay out at 0. 32 bits, in which a step takes half
//! the time, are enough for scores up to 2^26.

use alloc::vec::Vec;

use crate::doubling::{doubled, kept_doubled};
use crate::grid::Grid;
use crate::jv::{self, LANES, Lane, Optimum};
use crate::prices::{Least, Prices, lower_columns};
use crate::{Certificate, Table, UNASSIGNED};

/// The integers that a table is solved in.
pub(crate) trait Integer: Lane + Ord {
    fn from_cost(cost: i64) -> Self;
    fn half(self) -> Self;
    fn wide(self) -> i64;
}

macro_rules! integer {
    ($integer:ty) => {
        impl Integer for $integer {
            fn from_cost(cost: i64) -> Self {
                debug_assert!(cost >= -i64::from(Self::LARGEST));
                cost as Self
            }
            fn half(self) -> Self {
                self >> 1
            }
            fn wide(self) -> i64 {
                i64::from(self)
            }
        }
    };
}
integer!(i32);
integer!(i64);

/// For each row its column or [`UNASSIGNED`], and the prices that prove it.
pub(crate) fn solve(table: &Table) -> (Vec<u32>, Certificate) {
    let highest = doubled(table.highest().map(|(score, ..)| score));
    if highest <= i32::LARGEST.wide() { solve_in::<i32>(table) } else { solve_in::<i64>(table) }
}

fn solve_in<T: Integer>(table: &Table) -> (Vec<u32>, Certificate) {
    let (rows, columns) = (table.rows(), table.columns());
    let costs = Grid::of_rows(columns, 0..rows, |row| {
        table.kept(row).iter().map(|&score| T::from_cost(-kept_doubled(score)))
    });
    let flip = rows > columns;
    let costs = if flip { costs.transposed() } else { costs };
    let columns = costs.columns();
    let costs = costs.padded(LANES, T::PROHIBITIVE);
    let optimum = jv::solve(&costs, T::ZERO).expect("every row may stay out");
    // Flipped, there are more of the table's rows, the columns here, than can be assigned.
    let least = Least::when(!flip && optimum.column_of.contains(&UNASSIGNED));
    let (rows, mut these) = canonical(&costs, &optimum, least);
    these.truncate(columns);
    if flip {
        (optimum.row_of[..columns].to_vec(), certificate(&these, &rows))
    } else {
        (optimum.column_of, certificate(&rows, &these))
    }
}

/// In the unit of the scores, and positive: what a row pays is what it has.
fn canonical<T: Integer>(costs: &Grid<T>, optimum: &Optimum<T>, least: Least) -> Prices<T> {
    let Optimum { column_of, row_of, row_prices, column_prices } = optimum;
    let mut rows = row_prices.iter().map(|&price| (T::ZERO - price).half()).collect::<Vec<_>>();
    let mut columns = column_prices.iter().map(|&price| price.half()).collect::<Vec<_>>();
    match least {
        Least::Columns => lower_columns(costs, &mut rows, &mut columns, row_of),
        Least::Rows => lower_columns(&costs.transposed(), &mut columns, &mut rows, column_of),
    }
    (rows, columns)
}

fn certificate<T: Integer>(rows: &[T], columns: &[T]) -> Certificate {
    let wide = |prices: &[T]| prices.iter().map(|price| price.wide()).collect();
    Certificate { row_prices: wide(rows), column_prices: wide(columns) }
}

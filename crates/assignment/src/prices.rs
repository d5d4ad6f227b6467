//! Canonical dual prices of a matching that is known to be optimal.
//!
//! The prices that prove a matching form a lattice: there is one list in which all row prices are
//! least (and all column prices greatest), and one in which they are greatest. Being extreme they
//! depend on the problem alone, not on which optimal matching was found or how; and a greatest
//! price is what the total would lose without that member, so what a rival must beat.

use alloc::vec;
use alloc::vec::Vec;

use crate::UNASSIGNED;
use crate::grid::Grid;
use crate::kernel::{Kernel, vectorised};
use crate::matrix::Integer;

/// Which side has its least prices; the other has its greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Least {
    Rows,
    Columns,
}

impl Least {
    /// Of the side that has unassigned members; of the rows when both have.
    pub(crate) fn when(rows_unassigned: bool) -> Self {
        if rows_unassigned { Self::Rows } else { Self::Columns }
    }

    /// The same choice where rows and columns have changed places.
    pub(crate) fn transposed(self) -> Self {
        match self {
            Self::Rows => Self::Columns,
            Self::Columns => Self::Rows,
        }
    }
}

/// Prices of rows and of columns.
pub(crate) type Prices<T> = (Vec<T>, Vec<T>);

/// Prices an optimal flow between classes, none of them empty. Refused pairs score −1, which no
/// prices can fail to cover.
///
/// The rows are nodes. Column c is worth score − price to whoever holds it, and that bounds the
/// price of every other row from below: `price(t) ≥ price(s) + score(t, c) − score(s, c)` for
/// all c that s holds. Least prices are longest ways from the bounds that hold by themselves,
/// greatest prices are shortest ways; both by Bellman & Ford's method, of which the classes are
/// few enough. No cycle is positive, or the flow would not be optimal.
pub(crate) fn of_classes(
    scores: &Grid<i64>,
    flow: &Grid<u64>,
    free_rows: &[u64],
    free_columns: &[u64],
    least: Least,
) -> Prices<i64> {
    let gains = gains(scores, flow);
    let rows = match least {
        Least::Rows => least_rows(scores, free_columns, &gains),
        Least::Columns => greatest_rows(scores, flow, free_rows, &gains),
    };
    let columns = (0..scores.columns()).map(|column| holder_price(scores, flow, &rows, column));
    let columns = columns.collect();
    (rows, columns)
}

/// For `taker × holder` the most that the taker could gain by a column of the holder.
fn gains(scores: &Grid<i64>, flow: &Grid<u64>) -> Grid<Option<i64>> {
    let mut gains = Grid::filled(scores.rows(), scores.rows(), None);
    for holder in 0..scores.rows() {
        for column in (0..scores.columns()).filter(|&column| flow.at(holder, column) > 0) {
            for taker in 0..scores.rows() {
                let gain = Some(scores.at(taker, column) - scores.at(holder, column));
                let most = gains.at_mut(taker, holder);
                *most = gain.max(*most);
            }
        }
    }
    gains
}

fn least_rows(scores: &Grid<i64>, free_columns: &[u64], gains: &Grid<Option<i64>>) -> Vec<i64> {
    let free = |(&score, &free): (&i64, &u64)| (free > 0).then_some(score);
    let alone = |row| scores.row(row).iter().zip(free_columns).filter_map(free).fold(0, i64::max);
    let mut prices: Vec<i64> = (0..scores.rows()).map(alone).collect();
    settle(gains, &mut prices, |prices, taker, holder, gain| {
        let bound = prices[holder] + gain;
        let changes = bound > prices[taker];
        prices[taker] = prices[taker].max(bound);
        changes
    });
    prices
}

fn greatest_rows(
    scores: &Grid<i64>,
    flow: &Grid<u64>,
    free_rows: &[u64],
    gains: &Grid<Option<i64>>,
) -> Vec<i64> {
    let held = |(&score, &count): (&i64, &u64)| (count > 0).then_some(score);
    let alone = |row| {
        let most = scores.row(row).iter().zip(flow.row(row)).filter_map(held).min();
        if free_rows[row] > 0 { 0 } else { most.unwrap_or(0) }
    };
    let mut prices: Vec<i64> = (0..scores.rows()).map(alone).collect();
    settle(gains, &mut prices, |prices, taker, holder, gain| {
        let bound = prices[taker] - gain;
        let changes = bound < prices[holder];
        prices[holder] = prices[holder].min(bound);
        changes
    });
    prices
}

/// Applies every bound until none changes a price.
fn settle(
    gains: &Grid<Option<i64>>,
    prices: &mut [i64],
    mut apply: impl FnMut(&mut [i64], usize, usize, i64) -> bool,
) {
    let mut changed = true;
    while changed {
        changed = false;
        for taker in 0..gains.rows() {
            for (holder, gain) in gains.row(taker).iter().enumerate() {
                if let Some(gain) = gain {
                    changed |= apply(prices, taker, holder, *gain);
                }
            }
        }
    }
}

/// What a column is worth to a class that holds it; nothing when nobody does.
fn holder_price(scores: &Grid<i64>, flow: &Grid<u64>, rows: &[i64], column: usize) -> i64 {
    let holder = (0..scores.rows()).find(|&row| flow.at(row, column) > 0);
    holder.map_or(0, |row| scores.at(row, column) - rows[row])
}

/// Lowers the column prices of an optimal matching as far as they go, and raises the row prices of
/// their holders by as much. Costs are doubled scores, negative; prices are not doubled.
///
/// How far a column can go down is a shortest way by slack: to 0, or until the pair with an
/// unassigned row is tight, or as far as another column's holder, whose price rises, lets it.
/// Dijkstra's method, one look at each pair.
pub(crate) fn lower_columns<T: Integer>(
    costs: &Grid<T>,
    row_prices: &mut [T],
    column_prices: &mut [T],
    row_of: &[u32],
) {
    vectorised(Lower { costs, row_prices, column_prices, row_of });
}

struct Lower<'a, T> {
    costs: &'a Grid<T>,
    row_prices: &'a mut [T],
    column_prices: &'a mut [T],
    row_of: &'a [u32],
}

impl<T: Integer> Kernel for Lower<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { costs, row_prices, column_prices, row_of } = self;
        let mut room = column_prices.to_vec();
        let mut held = vec![false; row_prices.len()];
        for &row in row_of.iter().filter(|&&row| row != UNASSIGNED) {
            held[row as usize] = true;
        }
        for row in (0..row_prices.len()).filter(|&row| !held[row]) {
            narrow(&mut room, T::ZERO, column_prices, costs.row(row));
        }
        // What keeps a column from being looked at: nobody holds it, or it is done.
        let mut skip: Vec<T> =
            row_of.iter().map(|&row| if row == UNASSIGNED { T::CLOSED } else { T::ZERO }).collect();
        while let Some(column) = tightest(&room, &skip) {
            skip[column] = T::CLOSED;
            let row = row_of[column] as usize;
            let base = room[column] + row_prices[row];
            narrow(&mut room, base, column_prices, costs.row(row));
        }
        for ((price, &room), &row) in column_prices.iter_mut().zip(&room).zip(row_of) {
            *price = *price - room;
            if row != UNASSIGNED {
                row_prices[row as usize] = row_prices[row as usize] + room;
            }
        }
    }
}

/// No column goes down by more than leaves its pair with this row covered; `base` is what the
/// row's price will be at most.
#[inline(always)]
fn narrow<T: Integer>(room: &mut [T], base: T, column_prices: &[T], costs: &[T]) {
    for ((room, &price), &cost) in room.iter_mut().zip(column_prices).zip(costs) {
        *room = (*room).min(base + price - (T::ZERO - cost).half());
    }
}

/// The column with the least room that is not skipped.
#[inline(always)]
fn tightest<T: Integer>(room: &[T], skip: &[T]) -> Option<usize> {
    let least = room.iter().zip(skip).map(|(&room, &skip)| room + skip).fold(T::CLOSED, T::min);
    if least == T::CLOSED {
        return None;
    }
    room.iter().zip(skip).position(|(&room, &skip)| room + skip == least)
}

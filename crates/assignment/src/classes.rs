use alloc::vec;
use alloc::vec::Vec;
use core::iter;

use crate::grid::Grid;
use crate::matrix::solve_members;
use crate::merge::{Group, Merged, merge};
use crate::prices::{Least, Prices, of_classes};
use crate::solve::check_total;
use crate::transport::{Transported, transport};
use crate::{Certificate, ClassSolution, Error, Flow, Table, UNASSIGNED, verify_classes};

/// Members of a side up to which each is solved for itself.
const FEW: u64 = 32;

/// Finds the best assignment between classes by their counts alone: how many members of each row
/// class go to members of each column class, and the prices that prove it.
///
/// Equal classes are merged, then the transportation problem between them is solved by successive
/// shortest paths that push whole class counts (Ahuja, Magnanti & Orlin 1993, ch. 9). The time
/// depends on the classes that differ, not on the counts. A flow between merged classes is split
/// over their classes in ascending order. Few members are solved each for itself, which is faster.
///
/// # Errors
///
/// [`Error::CountsDoNotFit`] when there are not as many counts as the table has rows and columns;
/// [`Error::TooManyMembers`] when a side's counts add up to more than a `u64`;
/// [`Error::ScoreTooLarge`] when a total could overflow.
pub fn solve_classes(
    row_counts: &[u64],
    column_counts: &[u64],
    table: &Table,
) -> Result<ClassSolution, Error> {
    if (row_counts.len(), column_counts.len()) != (table.rows(), table.columns()) {
        let (row_counts, column_counts) = (row_counts.len(), column_counts.len());
        return Err(Error::CountsDoNotFit { row_counts, column_counts });
    }
    let (rows, columns) = (members(row_counts)?, members(column_counts)?);
    check_total(table, rows.min(columns))?;
    let (flows, certificate) = if rows.max(columns) <= FEW {
        by_member(row_counts, column_counts, table)
    } else {
        by_class(row_counts, column_counts, table)
    };
    let total = flows.iter().map(|flow| value(table, flow)).sum();
    let solution = ClassSolution { flows, total, certificate };
    debug_assert_eq!(
        verify_classes(row_counts, column_counts, table, &solution),
        Ok(()),
        "a class solution that its certificate does not prove"
    );
    Ok(solution)
}

fn by_class(row_counts: &[u64], column_counts: &[u64], table: &Table) -> (Vec<Flow>, Certificate) {
    let merged = merge(row_counts, column_counts, table);
    let transported = transport_short_side(&merged);
    let certificate = prove(table, &merged, &transported);
    (split(&merged, &transported.flow, row_counts, column_counts), certificate)
}

fn by_member(row_counts: &[u64], column_counts: &[u64], table: &Table) -> (Vec<Flow>, Certificate) {
    let (rows, columns) = (each(row_counts), each(column_counts));
    let (column_of, certificate) = solve_members(table, &rows, &columns);
    let pairs = rows.iter().zip(column_of).filter(|&(_, column)| column != UNASSIGNED);
    let mut pairs: Vec<(u32, u32)> =
        pairs.map(|(&row_class, column)| (row_class, columns[column as usize])).collect();
    pairs.sort_unstable();
    let flow = |same: &[(u32, u32)]| Flow {
        row_class: same[0].0,
        column_class: same[0].1,
        count: same.len() as u64,
    };
    let flows = pairs.chunk_by(|a, b| a == b).map(flow).collect();
    // The prices are canonical, so those of equal members are equal.
    let mut prices = (vec![None; table.rows()], vec![None; table.columns()]);
    for (&class, price) in rows.iter().zip(certificate.row_prices) {
        prices.0[class as usize] = Some(price);
    }
    for (&class, price) in columns.iter().zip(certificate.column_prices) {
        prices.1[class as usize] = Some(price);
    }
    (flows, cover_empty(table, &prices.0, &prices.1))
}

/// The class of each member.
fn each(counts: &[u64]) -> Vec<u32> {
    let members = (0..).zip(counts);
    members.flat_map(|(class, &count)| iter::repeat_n(class, count as usize)).collect()
}

fn members(counts: &[u64]) -> Result<u64, Error> {
    counts.iter().try_fold(0_u64, |sum, &count| sum.checked_add(count)).ok_or(Error::TooManyMembers)
}

fn value(table: &Table, flow: &Flow) -> i64 {
    let score = table.get(flow.row_class as usize, flow.column_class as usize).unwrap_or(0);
    // Cannot overflow: check_total has seen that the highest score times all pairs does not.
    score * flow.count.cast_signed()
}

/// Solves with the side that has fewer groups as the nodes.
fn transport_short_side(merged: &Merged) -> Transported {
    let rows: Vec<u64> = merged.rows.iter().map(|group| group.count).collect();
    let columns: Vec<u64> = merged.columns.iter().map(|group| group.count).collect();
    if rows.len() <= columns.len() {
        return transport(&rows, &columns, &merged.doubled);
    }
    let Transported { flow, free_rows, free_columns } =
        transport(&columns, &rows, &merged.doubled.transposed());
    Transported { flow: flow.transposed(), free_rows: free_columns, free_columns: free_rows }
}

/// The canonical prices of an optimal flow.
pub(crate) fn prove(table: &Table, merged: &Merged, transported: &Transported) -> Certificate {
    let least = Least::when(transported.free_rows.iter().any(|&free| free > 0));
    price_classes(table, merged, &price_merged(merged, transported, least))
}

/// Prices in the unit of the scores; again with the side that has fewer groups as the nodes.
fn price_merged(merged: &Merged, transported: &Transported, least: Least) -> Prices<i64> {
    let Transported { flow, free_rows, free_columns } = transported;
    let scores = merged.doubled.map(|doubled| doubled >> 1);
    if scores.rows() <= scores.columns() {
        return of_classes(&scores, flow, free_rows, free_columns, least);
    }
    let (scores, flow) = (scores.transposed(), flow.transposed());
    let (columns, rows) = of_classes(&scores, &flow, free_columns, free_rows, least.transposed());
    (rows, columns)
}

/// Hands the flows between groups out to the classes in them, each side in ascending order.
fn split(
    merged: &Merged,
    flow: &Grid<u64>,
    row_counts: &[u64],
    column_counts: &[u64],
) -> Vec<Flow> {
    // Each flow uses up a class of one side, so there are no more.
    let mut flows = Vec::with_capacity(row_counts.len() + column_counts.len());
    let mut columns: Vec<_> =
        merged.columns.iter().map(|g| Members::new(g, column_counts)).collect();
    for (group, row) in merged.rows.iter().zip(0..) {
        let mut rows = Members::new(group, row_counts);
        for (columns, &count) in columns.iter_mut().zip(flow.row(row)) {
            let mut left = count;
            while left > 0 {
                let count = left.min(rows.left()).min(columns.left());
                let (row_class, column_class) = (rows.take(count), columns.take(count));
                flows.push(Flow { row_class, column_class, count });
                left -= count;
            }
        }
    }
    flows.sort_unstable();
    flows
}

/// The members of a group, handed out class by class.
struct Members<'a> {
    classes: &'a [u32],
    counts: &'a [u64],
    taken: u64,
}

impl<'a> Members<'a> {
    fn new(group: &'a Group, counts: &'a [u64]) -> Self {
        Self { classes: &group.classes, counts, taken: 0 }
    }

    /// How many the current class still has; the flows of a group never exceed its members.
    fn left(&self) -> u64 {
        self.counts[self.classes[0] as usize] - self.taken
    }

    /// Takes so many of the current class, which it names.
    fn take(&mut self, count: u64) -> u32 {
        let class = self.classes[0];
        self.taken += count;
        if self.left() == 0 {
            self.classes = &self.classes[1..];
            self.taken = 0;
        }
        class
    }
}

/// Gives each class the price of its group.
fn price_classes(table: &Table, merged: &Merged, prices: &Prices<i64>) -> Certificate {
    let row_prices = ungroup(&merged.rows, &prices.0, table.rows());
    let column_prices = ungroup(&merged.columns, &prices.1, table.columns());
    cover_empty(table, &row_prices, &column_prices)
}

/// Gives a class that has no price, being without members, the least that covers it.
fn cover_empty(
    table: &Table,
    row_prices: &[Option<i64>],
    column_prices: &[Option<i64>],
) -> Certificate {
    let cover_row = |row| cover(table.row(row).zip(column_prices.iter().copied()));
    let row_prices: Vec<i64> = fill(row_prices, cover_row);
    let cover_column = |column| {
        let scores = (0..table.rows()).map(|row| table.get(row, column));
        cover(scores.zip(row_prices.iter().copied().map(Some)))
    };
    let column_prices = fill(column_prices, cover_column);
    Certificate { row_prices, column_prices }
}

/// The prices of the classes that have members.
fn ungroup(groups: &[Group], prices: &[i64], classes: usize) -> Vec<Option<i64>> {
    let mut all = vec![None; classes];
    for (group, &price) in groups.iter().zip(prices) {
        for &class in &group.classes {
            all[class as usize] = Some(price);
        }
    }
    all
}

/// Prices the classes that have no price yet.
fn fill(prices: &[Option<i64>], cover: impl Fn(usize) -> i64) -> Vec<i64> {
    prices.iter().enumerate().map(|(class, price)| price.unwrap_or_else(|| cover(class))).collect()
}

/// The least price that covers every score together with the other side's prices, where known.
fn cover(others: impl Iterator<Item = (Option<i64>, Option<i64>)>) -> i64 {
    others.filter_map(|(score, price)| Some(score? - price?)).fold(0, i64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_members_are_worth_the_same_each_for_itself_and_by_class() {
        // Numbers that look random (splitmix64).
        let mix = |number: u64| {
            let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z ^ (z >> 31)
        };
        for seed in 0..2000 {
            let (rows, columns) = (1 + mix(seed) as usize % 6, 1 + mix(seed ^ 77) as usize % 6);
            let span = [2, 9, 1000][mix(seed ^ 55) as usize % 3];
            let score = |row: usize, column: usize| {
                let number = mix(seed << 20 ^ (row * 8 + column) as u64);
                (number >> 40 & 7 > 0).then_some((number % span) as i64 - (span / 4) as i64)
            };
            let table = Table::from_fn(rows, columns, score).unwrap();
            let count = |class: usize| mix(seed << 30 ^ class as u64) % 5;
            let row_counts: Vec<u64> = (0..rows).map(count).collect();
            let column_counts: Vec<u64> = (0..columns).map(|class| count(class + 99)).collect();
            let worth = |(flows, certificate): (Vec<Flow>, Certificate)| {
                let total: i64 = flows.iter().map(|flow| value(&table, flow)).sum();
                (total, flows.iter().map(|flow| flow.count).sum::<u64>(), certificate)
            };
            assert_eq!(
                worth(by_class(&row_counts, &column_counts, &table)),
                worth(by_member(&row_counts, &column_counts, &table)),
                "seed {seed}"
            );
        }
    }
}

use alloc::vec;
use alloc::vec::Vec;

use crate::grid::Grid;
use crate::merge::{Group, Merged, merge};
use crate::prices::{Least, Prices, of_classes};
use crate::solve::check_total;
use crate::transport::{Transported, transport};
use crate::{Certificate, ClassSolution, Error, Flow, Table, verify_classes};

/// Finds the best assignment between classes by their counts alone: how many members of each row
/// class go to members of each column class, and the prices that prove it.
///
/// Equal classes are merged, then the transportation problem between them is solved by successive
/// shortest paths that push whole class counts (Ahuja, Magnanti & Orlin 1993, ch. 9). The time
/// depends on the classes that differ, not on the counts. A flow between merged classes is split
/// over their classes in ascending order.
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
    check_total(table, members(row_counts)?.min(members(column_counts)?))?;

    let merged = merge(row_counts, column_counts, table);
    let transported = transport_short_side(&merged);
    let certificate = prove(table, &merged, &transported);
    let flows = split(&merged, &transported.flow, row_counts, column_counts);
    let total = flows.iter().map(|flow| value(table, flow)).sum();
    let solution = ClassSolution { flows, total, certificate };
    debug_assert_eq!(
        verify_classes(row_counts, column_counts, table, &solution),
        Ok(()),
        "a class solution that its certificate does not prove"
    );
    Ok(solution)
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

/// Gives each class the price of its group, and a class without members the least that covers it.
fn price_classes(table: &Table, merged: &Merged, prices: &Prices<i64>) -> Certificate {
    let row_prices = ungroup(&merged.rows, &prices.0, table.rows());
    let column_prices = ungroup(&merged.columns, &prices.1, table.columns());
    let cover_row = |row| cover(table.row(row).zip(column_prices.iter().copied()));
    let row_prices: Vec<i64> = fill(&row_prices, cover_row);
    let cover_column = |column| {
        let scores = (0..table.rows()).map(|row| table.get(row, column));
        cover(scores.zip(row_prices.iter().copied().map(Some)))
    };
    let column_prices = fill(&column_prices, cover_column);
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

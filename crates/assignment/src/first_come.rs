use alloc::collections::BinaryHeap;
use alloc::collections::binary_heap::PeekMut;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::expand::ByClass;
use crate::merge::{Merged, group_of, merge};
use crate::problem::count;
use crate::{Classes, Problem, Table};

/// The total that first come, first served reaches: rows in order, each takes the remaining column
/// with the highest score, of equals the lowest column number. Like the solver it takes no
/// forbidden pair and none with a negative score.
///
/// Classes take about O(rows + columns): merged row classes keep the column classes in order of
/// score, and of equal score in order of their next member; of a few rows, each looks at all column
/// classes. A matrix takes O(rows × columns).
///
/// A problem that [`solve`](crate::solve()) refuses has no meaningful total: one beyond an `i64` is
/// cut off there, and a class that is not in the table gives 0.
#[must_use]
pub fn first_come(problem: &Problem<'_>) -> i64 {
    match problem {
        Problem::Classes(classes) => by_classes(classes),
        Problem::Matrix(table) => by_matrix(table),
    }
}

fn by_matrix(table: &Table) -> i64 {
    let mut taken = vec![false; table.columns()];
    let mut total = 0_i64;
    for row in 0..table.rows() {
        let mut best: Option<(i64, usize)> = None;
        for (column, score) in table.row(row).enumerate() {
            if let Some(score) = score
                && score >= best.map_or(0, |(best, _)| best + 1)
                && !taken[column]
            {
                best = Some((score, column));
            }
        }
        if let Some((score, column)) = best {
            taken[column] = true;
            total = total.saturating_add(score);
        }
    }
    total
}

/// Up to so many looks at a column class, looking at each for each row is fastest.
const SCANNED: usize = 1 << 14;

/// Each row looks at every column class.
fn by_scan(classes: &Classes<'_>) -> i64 {
    let (order, mut next) =
        ByClass::new(classes.column_class, classes.table.columns()).into_parts();
    let ends = next[1..].to_vec();
    let remaining = |next: u32, class: usize| match next < ends[class] {
        true => order[next as usize],
        false => NONE_LEFT,
    };
    let mut lowest: Vec<u32> = (0..ends.len()).map(|class| remaining(next[class], class)).collect();
    let mut total = 0_i64;
    for &row in classes.row_class {
        // A score of 0 adds nothing, but takes a column.
        let (mut best, mut column, mut taken) = (0, NONE_LEFT, None);
        for (class, (score, &lowest)) in classes.table.row(row as usize).zip(&lowest).enumerate() {
            let Some(score) = score else { continue };
            if score > best && lowest != NONE_LEFT || score == best && lowest < column {
                (best, column, taken) = (score, lowest, Some(class));
            }
        }
        if let Some(class) = taken {
            next[class] += 1;
            lowest[class] = remaining(next[class], class);
            total = total.saturating_add(best);
        }
    }
    total
}

fn by_classes(classes: &Classes<'_>) -> i64 {
    // Nothing but unknown classes or too many members can fail, and `solve` reports those.
    let Ok((row_counts, column_counts)) = count(classes) else {
        return 0;
    };
    if classes.row_class.len() * classes.table.columns() <= SCANNED {
        return by_scan(classes);
    }
    let merged = merge(&row_counts, &column_counts, classes.table);
    let row_group = group_of(&merged.rows, row_counts.len());
    let mut columns = Columns::new(classes, &merged);
    let mut choices: Vec<Choices> =
        (0..merged.rows.len()).map(|row| Choices::new(&merged, row)).collect();
    classes
        .row_class
        .iter()
        .map(|&class| choices[row_group[class as usize] as usize].take(&mut columns))
        .fold(0, i64::saturating_add)
}

/// The columns that remain of each group, ascending.
struct Columns {
    /// All columns, ordered by group and number.
    order: Vec<u32>,
    /// Where the column after the lowest that remains stands in `order`, for each group.
    next: Vec<u32>,
    /// Where each group ends in `order`.
    ends: Vec<u32>,
    /// The lowest column that remains of each group, or [`NONE_LEFT`] when none does, and below it the
    /// group: so that the least of several needs no branch.
    lowest: Vec<u64>,
    /// How many groups have none left.
    exhausted: usize,
}

/// Beyond every column.
const NONE_LEFT: u32 = u32::MAX;

impl Columns {
    fn new(classes: &Classes<'_>, merged: &Merged) -> Self {
        let group_of = group_of(&merged.columns, classes.table.columns());
        let group: Vec<u32> =
            classes.column_class.iter().map(|&class| group_of[class as usize]).collect();
        let (order, mut next) = ByClass::new(&group, merged.columns.len()).into_parts();
        let ends = next[1..].to_vec();
        next.pop();
        let lowest = vec![numbered(NONE_LEFT, 0); next.len()];
        let mut columns = Self { order, lowest, next, ends, exhausted: 0 };
        (0..merged.columns.len()).for_each(|group| columns.take(group as u32));
        columns
    }

    fn lowest(&self, group: u32) -> u32 {
        (self.lowest[group as usize] >> 32) as u32
    }

    /// Goes on to the next column of the group.
    fn take(&mut self, group: u32) {
        let at = group as usize;
        let next = &mut self.next[at];
        let column = if *next < self.ends[at] {
            self.order[*next as usize]
        } else {
            self.exhausted += 1;
            NONE_LEFT
        };
        *next += 1;
        self.lowest[at] = numbered(column, group);
    }
}

/// A column of a group, to be compared with others.
fn numbered(column: u32, group: u32) -> u64 {
    u64::from(column) << 32 | u64::from(group)
}

/// What a row class would take: the groups in levels of equal score. The best level is last;
/// levels of which nothing remains go.
struct Choices(Vec<(i64, Level)>);

impl Choices {
    fn new(merged: &Merged, row: usize) -> Self {
        let scores = (0..).zip(merged.doubled.row(row)).filter(|&(_, &doubled)| doubled > 0);
        let mut groups: Vec<(i64, u32)> = scores.map(|(group, &d)| (d >> 1, group)).collect();
        groups.sort_unstable();
        let levels = groups.chunk_by(|a, b| a.0 == b.0);
        Self(levels.map(|level| (level[0].0, Level::new(level))).collect())
    }

    /// Takes the best remaining column; gives its score, 0 when there is none.
    fn take(&mut self, columns: &mut Columns) -> i64 {
        while let Some((score, level)) = self.0.last_mut() {
            if level.take(columns) {
                return *score;
            }
            self.0.pop();
        }
        0
    }
}

/// The groups of a level.
enum Level {
    /// So few that looking at each is fastest.
    Few(Few),
    /// The group with the lowest column is on top. A column may be out of date, and is then too
    /// low: it is looked up again when it comes up.
    Many(BinaryHeap<Reverse<(u32, u32)>>),
}

impl Level {
    /// The most groups that are looked at one by one.
    const FEW: usize = 32;

    fn new(groups: &[(i64, u32)]) -> Self {
        let groups = groups.iter().map(|&(_, group)| group);
        if groups.len() <= Self::FEW {
            Self::Few(Few { groups: groups.collect(), exhausted: 0 })
        } else {
            Self::Many(groups.map(|group| Reverse((0, group))).collect())
        }
    }

    /// Takes the lowest remaining column of the level, if there is one.
    fn take(&mut self, columns: &mut Columns) -> bool {
        let group = match self {
            Self::Few(few) => few.lowest(columns),
            Self::Many(groups) => lowest_of_many(groups, columns),
        };
        group.is_some_and(|group| {
            columns.take(group);
            true
        })
    }
}

struct Few {
    groups: Vec<u32>,
    /// How many groups of all had none left when this was looked at last.
    exhausted: usize,
}

impl Few {
    fn lowest(&mut self, columns: &Columns) -> Option<u32> {
        if self.exhausted != columns.exhausted {
            self.exhausted = columns.exhausted;
            self.groups.retain(|&group| columns.lowest(group) != NONE_LEFT);
        }
        let lowest = self.groups.iter().map(|&group| columns.lowest[group as usize]);
        let lowest = lowest.fold(u64::MAX, u64::min);
        // The group is in the lower half.
        (!self.groups.is_empty()).then_some(lowest as u32)
    }
}

fn lowest_of_many(groups: &mut BinaryHeap<Reverse<(u32, u32)>>, columns: &Columns) -> Option<u32> {
    while let Some(mut top) = groups.peek_mut() {
        let Reverse((column, group)) = *top;
        match columns.lowest(group) {
            NONE_LEFT => {
                PeekMut::pop(top);
            }
            lowest if lowest == column => return Some(group),
            lowest => *top = Reverse((lowest, group)),
        }
    }
    None
}

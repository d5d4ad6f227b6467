//! Equal rows and equal columns of a class table become one, and empty classes go.
//!
//! Rows are told apart by a hash first and compared after; a row whose hash is taken by a
//! different one merely stays unmerged, so a collision costs time and never the result.

use alloc::vec;
use alloc::vec::Vec;

use crate::Table;
use crate::doubling::kept_doubled;
use crate::grid::Grid;

/// Classes that score alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// The classes, ascending; each has members.
    pub(crate) classes: Vec<u32>,
    /// Members of all of them.
    pub(crate) count: u64,
}

/// A class problem in which no two rows and no two columns are equal and no class is empty.
#[derive(Debug)]
pub(crate) struct Merged {
    pub(crate) rows: Vec<Group>,
    pub(crate) columns: Vec<Group>,
    /// Doubled scores, row groups × column groups.
    pub(crate) doubled: Grid<i64>,
}

/// Merges the populated classes. Groups are in the order of their first class.
pub(crate) fn merge(row_counts: &[u64], column_counts: &[u64], table: &Table) -> Merged {
    let rows = populated(row_counts);
    let columns = populated(column_counts);
    let scores = select(table, &rows, &columns);
    let (row_groups, row_first) =
        group(&rows, row_counts, &row_hashes(&scores), |a, b| scores.row(a) == scores.row(b));
    let (column_groups, column_first) =
        group(&columns, column_counts, &column_hashes(&scores, &row_first), |a, b| {
            row_first.iter().all(|&row| scores.at(row, a) == scores.at(row, b))
        });
    let doubled = if (row_first.len(), column_first.len()) == (rows.len(), columns.len()) {
        scores
    } else {
        let rows = row_first.iter().map(|&row| scores.row(row));
        Grid::of_rows(column_first.len(), rows, |row| column_first.iter().map(|&c| row[c]))
    };
    Merged { rows: row_groups, columns: column_groups, doubled }
}

/// For each of so many classes its group; empty classes have none, and no member asks for it.
pub(crate) fn group_of(groups: &[Group], classes: usize) -> Vec<u32> {
    let mut group_of = vec![0; classes];
    for (number, group) in (0..).zip(groups) {
        for &class in &group.classes {
            group_of[class as usize] = number;
        }
    }
    group_of
}

fn populated(counts: &[u64]) -> Vec<u32> {
    let mut populated = Vec::with_capacity(counts.len());
    populated.extend((0..).zip(counts).filter(|&(_, &count)| count > 0).map(|(class, _)| class));
    populated
}

/// Doubled scores of the populated classes.
fn select(table: &Table, rows: &[u32], columns: &[u32]) -> Grid<i64> {
    let rows = rows.iter().map(|&row| table.kept(row as usize));
    Grid::of_rows(columns.len(), rows, |row| {
        columns.iter().map(|&column| kept_doubled(row[column as usize]))
    })
}

/// A factor for each position; what the hash of a line multiplies its numbers by.
fn factor(position: usize) -> i64 {
    // splitmix64: spreads consecutive numbers over all bits.
    let mut z = (position as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)).cast_signed()
}

fn row_hashes(scores: &Grid<i64>) -> Vec<i64> {
    let factors: Vec<i64> = (0..scores.columns()).map(factor).collect();
    let hash = |row| {
        let products = scores.row(row).iter().zip(&factors).map(|(&s, &f)| s.wrapping_mul(f));
        products.fold(0, i64::wrapping_add)
    };
    (0..scores.rows()).map(hash).collect()
}

/// Hashes of the columns, of which only `rows` are looked at.
fn column_hashes(scores: &Grid<i64>, rows: &[usize]) -> Vec<i64> {
    let mut hashes = vec![0_i64; scores.columns()];
    for &row in rows {
        let factor = factor(row);
        for (hash, &score) in hashes.iter_mut().zip(scores.row(row)) {
            *hash = hash.wrapping_add(score.wrapping_mul(factor));
        }
    }
    hashes
}

/// Groups the lines that are equal; gives the position of the first line of each group too.
fn group(
    classes: &[u32],
    counts: &[u64],
    hashes: &[i64],
    equal: impl Fn(usize, usize) -> bool,
) -> (Vec<Group>, Vec<usize>) {
    let mut order: Vec<(i64, u32)> = hashes.iter().copied().zip(0..).collect();
    order.sort_unstable();
    // For each line the first that is like it.
    let mut like: Vec<u32> = (0..classes.len() as u32).collect();
    for same in order.chunk_by(|a, b| a.0 == b.0) {
        let (_, first) = same[0];
        for &(_, line) in &same[1..] {
            if equal(first as usize, line as usize) {
                like[line as usize] = first;
            }
        }
    }
    let mut groups: Vec<Group> = Vec::with_capacity(classes.len());
    let mut first = Vec::with_capacity(classes.len());
    // From here on the number of its group.
    let mut group_of = like;
    for (line, &class) in classes.iter().enumerate() {
        let count = counts[class as usize];
        let like = group_of[line] as usize;
        if like == line {
            group_of[line] = groups.len() as u32;
            groups.push(Group { classes: vec![class], count });
            first.push(line);
        } else {
            let group = &mut groups[group_of[like] as usize];
            group.classes.push(class);
            group.count += count;
        }
    }
    (groups, first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_and_columns_merge_and_empty_classes_go() {
        // Rows 0 and 2 differ only in column 1, which has no members; columns 0 and 3 are equal.
        let scores = [[5, 9, 1, 5], [2, 2, 2, 2], [5, 8, 1, 5]];
        let table = Table::from_fn(3, 4, |r, c| Some(scores[r][c])).unwrap();
        let merged = merge(&[3, 1, 4], &[2, 0, 7, 1], &table);
        assert_eq!(
            merged.rows,
            [Group { classes: vec![0, 2], count: 7 }, Group { classes: vec![1], count: 1 }]
        );
        assert_eq!(
            merged.columns,
            [Group { classes: vec![0, 3], count: 3 }, Group { classes: vec![2], count: 7 }]
        );
        assert_eq!(
            merged.doubled,
            Grid::of_rows(2, [[11, 3], [5, 5]].into_iter(), IntoIterator::into_iter)
        );
    }

    #[test]
    fn lines_whose_hashes_collide_stay_apart() {
        let (groups, first) = group(&[0, 1, 2], &[1, 1, 1], &[7, 7, 7], |a, b| a % 2 == b % 2);
        assert_eq!(first, [0, 1]);
        assert_eq!(groups[0].classes, [0, 2]);
    }
}

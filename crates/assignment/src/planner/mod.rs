//! An assignment that stays optimal while members come and go.

use alloc::vec;
use alloc::vec::Vec;

mod members;
mod network;
mod proof;
mod search;

use members::Members;
use network::Network;

use crate::grid::Grid;
use crate::merge::{group_of, merge};
use crate::solve::{check_highest, check_total};
use crate::{Classes, Error, Problem, Solution, Table, UNASSIGNED, solve};

/// What an operation has changed for one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    /// The row.
    pub row: u32,
    /// Its column before, or [`UNASSIGNED`].
    pub before: u32,
    /// Its column now, or [`UNASSIGNED`]; never the same.
    pub after: u32,
}

/// Keeps the best assignment of rows to columns in classes, one row or column at a time.
///
/// After every operation the assignment is what [`solve()`] would find from nothing: the highest
/// total, and among those that have it the most pairs. Of all such assignments it is one that
/// **moves the fewest rows** of the one before: an operation reports as few [`Change`]s as there can
/// be. (That is so for each operation by itself; a different choice now could save moves later.)
///
/// Rows and columns have numbers that the planner gives out, from 0. The number of one that was removed
/// is given to one that is added later. Each row is in a list of changes at most once.
///
/// An operation takes time by the classes that differ and not by their members: at most
/// O(fewer² + fewer × more), where `fewer` and `more` are the different classes of either side.
///
/// ```
/// use assignment::{Change, Classes, Planner, Table, UNASSIGNED, verify_classes};
///
/// let scores = [[7, 5], [6, 1]];
/// let table = Table::from_fn(2, 2, |row, column| Some(scores[row][column]))?;
/// let mut planner = Planner::new(&Classes { row_class: &[1], column_class: &[0], table: &table })?;
/// assert_eq!(planner.total(), 6);
///
/// // A row that is worth more takes the column.
/// let (row, changes) = planner.add_row(0)?;
/// assert_eq!(changes.len(), 2);
/// assert!(changes.contains(&Change { row, before: UNASSIGNED, after: 0 }));
/// assert!(changes.contains(&Change { row: 0, before: 0, after: UNASSIGNED }));
///
/// // Another column is worth 5 to it, and 6 + 5 is more than 7.
/// planner.add_column(1)?;
/// assert_eq!((planner.total(), planner.column_of(0), planner.column_of(row)), (11, Some(0), Some(1)));
/// let proof = planner.class_solution();
/// let counts = (planner.row_counts(), planner.column_counts());
/// assert_eq!(verify_classes(counts.0, counts.1, &table, &proof), Ok(()));
/// # Ok::<(), assignment::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Planner {
    table: Table,
    /// Highest score of the table, and where it is.
    highest: Option<(i64, usize, usize)>,
    /// Whether the rows of the network are the columns here: it wants to have fewer different rows.
    turned: bool,
    network: Network,
    /// What the last operation has changed.
    changes: Vec<Change>,
}

/// The classes of a network by what they score.
struct Groups {
    /// For each class its group.
    row_group: Vec<u32>,
    column_group: Vec<u32>,
    /// Doubled scores, row groups × column groups.
    doubled: Grid<i64>,
}

impl Planner {
    /// A planner of these members, numbered as they are given; they may be none. Solves the problem.
    ///
    /// The classes are those of the table, with members or without:
    /// [`add_row_class`](Self::add_row_class) and [`add_column_class`](Self::add_column_class) are for
    /// those that nobody could know of, and slower than having them in the table.
    ///
    /// # Errors
    ///
    /// Those of [`solve()`].
    pub fn new(classes: &Classes<'_>) -> Result<Self, Error> {
        let Classes { row_class, column_class, table } = *classes;
        let Solution { columns: column_of, .. } = solve(&Problem::Classes(*classes))?;
        let mut row_of = vec![UNASSIGNED; column_class.len()];
        for (row, &column) in (0..).zip(&column_of).filter(|&(_, &column)| column != UNASSIGNED) {
            row_of[column as usize] = row;
        }
        let rows = Members::new(row_class, &column_of, table.rows());
        let columns = Members::new(column_class, &row_of, table.columns());
        Ok(Self::with(table.clone(), rows, columns))
    }

    fn with(table: Table, rows: Members, columns: Members) -> Self {
        let groups = Groups::of(&table);
        let turned = groups.doubled.rows() > groups.doubled.columns();
        let network = if turned {
            Network::new(groups.transposed(), columns, rows)
        } else {
            Network::new(groups, rows, columns)
        };
        Self { highest: table.highest(), table, turned, network, changes: Vec::new() }
    }

    /// Adds a row of a class, and gives its number and what has changed.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRowClass`] when the table has no such class; [`Error::TooLarge`] when there is
    /// no number left; [`Error::ScoreTooLarge`] when a total could overflow. Nothing has changed then.
    pub fn add_row(&mut self, class: u32) -> Result<(u32, &[Change]), Error> {
        if class as usize >= self.table.rows() {
            return Err(Error::UnknownRowClass { row: self.rows() });
        }
        self.check_room(1, 0)?;
        let row =
            if self.turned { self.network.add_column(class) } else { self.network.add_row(class) };
        Ok((row, self.changed()))
    }

    /// Adds a column of a class, and gives its number and what has changed.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownColumnClass`], and those of [`add_row`](Self::add_row).
    pub fn add_column(&mut self, class: u32) -> Result<(u32, &[Change]), Error> {
        if class as usize >= self.table.columns() {
            return Err(Error::UnknownColumnClass { column: self.columns() });
        }
        self.check_room(0, 1)?;
        let column =
            if self.turned { self.network.add_row(class) } else { self.network.add_column(class) };
        Ok((column, self.changed()))
    }

    /// Removes a row and gives what has changed, with the row itself when it had a column; `None` when
    /// there is no such row.
    pub fn remove_row(&mut self, row: u32) -> Option<&[Change]> {
        self.row_members().contains(row).then_some(())?;
        if self.turned {
            self.network.remove_column(row);
        } else {
            self.network.remove_row(row);
        }
        Some(self.changed())
    }

    /// Removes a column and gives what has changed; `None` when there is no such column.
    pub fn remove_column(&mut self, column: u32) -> Option<&[Change]> {
        self.column_members().contains(column).then_some(())?;
        if self.turned {
            self.network.remove_row(column);
        } else {
            self.network.remove_column(column);
        }
        Some(self.changed())
    }

    /// Adds a class of rows, without members, and gives its number; `score(column_class)` is what they
    /// score, `None` forbids the pair. No row changes its column.
    ///
    /// Takes O(classes² + members): it looks anew for what scores alike.
    ///
    /// # Errors
    ///
    /// [`Error::ScoreTooLarge`] when a score is too large for a table, or a total could overflow;
    /// [`Error::TooLarge`] when there are too many classes. Nothing has changed then.
    pub fn add_row_class(
        &mut self,
        mut score: impl FnMut(usize) -> Option<i64>,
    ) -> Result<u32, Error> {
        let old = &self.table;
        let class = old.rows();
        let table = Table::from_fn(class + 1, old.columns(), |row, column| {
            if row < class { old.get(row, column) } else { score(column) }
        })?;
        check_total(&table, self.most_pairs(0, 0))?;
        let (mut rows, columns) = self.take_members();
        rows.add_class();
        *self = Self::with(table, rows, columns);
        Ok(class as u32)
    }

    /// Adds a class of columns, as [`add_row_class`](Self::add_row_class) one of rows;
    /// `score(row_class)` is what they score.
    ///
    /// # Errors
    ///
    /// Those of [`add_row_class`](Self::add_row_class).
    pub fn add_column_class(
        &mut self,
        mut score: impl FnMut(usize) -> Option<i64>,
    ) -> Result<u32, Error> {
        let old = &self.table;
        let class = old.columns();
        let table = Table::from_fn(old.rows(), class + 1, |row, column| {
            if column < class { old.get(row, column) } else { score(row) }
        })?;
        check_total(&table, self.most_pairs(0, 0))?;
        let (rows, mut columns) = self.take_members();
        columns.add_class();
        *self = Self::with(table, rows, columns);
        Ok(class as u32)
    }

    /// The scores of the classes.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.row_members().count()
    }

    /// How many columns there are.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.column_members().count()
    }

    /// How many rows there are of each class.
    #[must_use]
    pub fn row_counts(&self) -> &[u64] {
        self.row_members().counts()
    }

    /// How many columns there are of each class.
    #[must_use]
    pub fn column_counts(&self) -> &[u64] {
        self.column_members().counts()
    }

    /// The sum of the scores of the assigned pairs.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.network.total
    }

    /// How many pairs are assigned.
    #[must_use]
    pub fn assigned(&self) -> usize {
        self.network.assigned
    }

    /// The column of a row; `None` when it has none, or there is no such row.
    #[must_use]
    pub fn column_of(&self, row: u32) -> Option<u32> {
        self.row_members().contains(row).then(|| self.row_members().partner(row)).and_then(assigned)
    }

    /// The row of a column; `None` when it has none, or there is no such column.
    #[must_use]
    pub fn row_of(&self, column: u32) -> Option<u32> {
        let columns = self.column_members();
        columns.contains(column).then(|| columns.partner(column)).and_then(assigned)
    }

    /// All rows, ascending, each with its column or [`UNASSIGNED`].
    pub fn assignment(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let rows = self.row_members();
        rows.all().map(|row| (row, rows.partner(row)))
    }

    fn row_members(&self) -> &Members {
        if self.turned { &self.network.columns } else { &self.network.rows }
    }

    fn column_members(&self) -> &Members {
        if self.turned { &self.network.rows } else { &self.network.columns }
    }

    /// The rows and the columns, as they are paired. Leaves none.
    fn take_members(&mut self) -> (Members, Members) {
        let none = || Members::new(&[], &[], 0);
        let rows = core::mem::replace(&mut self.network.rows, none());
        let columns = core::mem::replace(&mut self.network.columns, none());
        if self.turned { (columns, rows) } else { (rows, columns) }
    }

    /// Pairs of each row class with each column class.
    fn pairs(&self) -> Grid<u64> {
        if self.turned { self.network.pairs.transposed() } else { self.network.pairs.clone() }
    }

    /// The most pairs that there could be with so many more members.
    fn most_pairs(&self, more_rows: usize, more_columns: usize) -> u64 {
        (self.rows() + more_rows).min(self.columns() + more_columns) as u64
    }

    /// That so many more members can be numbered and added up.
    fn check_room(&self, more_rows: usize, more_columns: usize) -> Result<(), Error> {
        let has_room = |members: &Members, more| more == 0 || members.has_room();
        if !has_room(self.row_members(), more_rows)
            || !has_room(self.column_members(), more_columns)
        {
            let (rows, columns) = (self.rows() + more_rows, self.columns() + more_columns);
            return Err(Error::TooLarge { rows: rows as u64, columns: columns as u64 });
        }
        check_highest(self.highest, self.most_pairs(more_rows, more_columns))
    }

    /// What the network has moved, by row.
    fn changed(&mut self) -> &[Change] {
        if !self.turned {
            return &self.network.moved;
        }
        turn(&self.network.moved, &mut self.changes);
        &self.changes
    }
}

fn assigned(partner: u32) -> Option<u32> {
    (partner != UNASSIGNED).then_some(partner)
}

/// Says of each row what was said of columns: which row each had and has.
fn turn(moved: &[Change], changes: &mut Vec<Change>) {
    changes.clear();
    for &Change { row: column, before, after } in moved {
        if after != UNASSIGNED {
            let had = moved.iter().find(|other| other.before == after);
            let had = had.map_or(UNASSIGNED, |other| other.row);
            changes.push(Change { row: after, before: had, after: column });
        }
        if before != UNASSIGNED && !moved.iter().any(|other| other.after == before) {
            changes.push(Change { row: before, before: column, after: UNASSIGNED });
        }
    }
}

impl Groups {
    /// All classes of a table, whether they have members or not.
    fn of(table: &Table) -> Self {
        let merged = merge(&vec![1; table.rows()], &vec![1; table.columns()], table);
        let row_group = group_of(&merged.rows, table.rows());
        let column_group = group_of(&merged.columns, table.columns());
        Self { row_group, column_group, doubled: merged.doubled }
    }

    fn transposed(self) -> Self {
        let Self { row_group, column_group, doubled } = self;
        Self { row_group: column_group, column_group: row_group, doubled: doubled.transposed() }
    }
}

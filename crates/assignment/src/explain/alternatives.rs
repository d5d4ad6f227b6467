use alloc::vec;
use alloc::vec::Vec;

use super::entry::{Entry, Takers, Ways};
use super::margin::{Margin, Search};
use super::pairs::Pairs;
use crate::{Problem, Solution, UNASSIGNED};

/// What an optimal solution would lose by being another: exactly, and without solving anything again.
///
/// Everything is read from the solution and its certificate by shortest ways through the exchanges that are
/// possible, as the solvers find them. [`Explanation`](crate::Explanation) says why somebody stays
/// behind; this says what it would take.
///
/// ```
/// use assignment::{Alternatives, Problem, Table, solve};
///
/// // Three shipments, two drivers.
/// let scores = [[7, 5], [6, 1], [3, 3]];
/// let table = Table::from_fn(3, 2, |row, column| Some(scores[row][column]))?;
/// let problem = Problem::Matrix(&table);
/// let solution = solve(&problem)?;
/// let alternatives = Alternatives::new(&problem, &solution);
///
/// // The third stays behind. With the second driver for it, and the first for the first shipment, the
/// // second would stay behind instead.
/// let entry = alternatives.of_row(2).expect("it may be paired");
/// assert_eq!((entry.partner, entry.displaced, entry.loss), (1, Some(1), 1));
///
/// // That would be better if the first shipment's score with its driver were lower by more than 1.
/// assert_eq!(alternatives.margin(0), Some(1));
/// # Ok::<(), assignment::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Alternatives<'a> {
    problem: Problem<'a>,
    solution: &'a Solution,
    pairs: Pairs<'a>,
    /// Made only when there is an unassigned row, or column.
    row_ways: Option<Ways>,
    column_ways: Option<Ways>,
    /// For each column whether it has a row.
    has_row: Vec<bool>,
}

impl<'a> Alternatives<'a> {
    /// Reads a solution of the problem. Takes one look at each member, and at most O(rows ×
    /// (rows + columns)) of the table for each side that has unassigned members.
    ///
    /// What it says is true of a solution that [`verify`](crate::verify()) accepts.
    ///
    /// # Panics
    ///
    /// When the solution is not of this problem: a row, column or class that does not exist.
    #[must_use]
    pub fn new(problem: &Problem<'a>, solution: &'a Solution) -> Self {
        let pairs = Pairs::new(problem, solution);
        let ways = |takers, free: &[u32]| {
            free.iter().any(|&member| member != UNASSIGNED).then(|| Ways::new(&pairs, takers))
        };
        let row_ways = ways(Takers::Rows, &pairs.free_row);
        let column_ways = ways(Takers::Columns, &pairs.free_column);
        let mut has_row = vec![false; problem.columns()];
        for &column in solution.columns.iter().filter(|&&column| column != UNASSIGNED) {
            has_row[column as usize] = true;
        }
        Self { problem: *problem, solution, pairs, row_ways, column_ways, has_row }
    }

    /// How an unassigned row would best come in; `None` when it is assigned, or when every pair with
    /// a column that is there is forbidden. Takes no longer than the entry is.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    #[must_use]
    pub fn of_row(&self, row: usize) -> Option<Entry> {
        (self.solution.columns[row] == UNASSIGNED).then_some(())?;
        let ways = self.row_ways.as_ref()?;
        ways.entry(&self.pairs, self.problem.row_class(row), row as u32)
    }

    /// How an unassigned column would best come in; `None` when it is assigned, or when every pair
    /// with a row that is there is forbidden. Takes no longer than the entry is.
    ///
    /// # Panics
    ///
    /// When there is no such column.
    #[must_use]
    pub fn of_column(&self, column: usize) -> Option<Entry> {
        (!self.has_row[column]).then_some(())?;
        let ways = self.column_ways.as_ref()?;
        ways.entry(&self.pairs, self.problem.column_class(column), column as u32)
    }

    /// By how much the score of a row with its column may fall before another assignment is strictly
    /// better; `None` when the row is unassigned.
    ///
    /// The score is that of the problem's table: where rows and columns are in classes, the score of all
    /// pairs of the two classes. (One pair alone, of a class with other members, may not fall at all
    /// without that the members change places.)
    ///
    /// At most O(table) for each pair of classes; [`margins`](Self::margins) gives all of them.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    #[must_use]
    pub fn margin(&self, row: usize) -> Option<i64> {
        let column = self.solution.columns[row];
        (column != UNASSIGNED).then(|| {
            let (row, column) =
                (self.problem.row_class(row), self.problem.column_class(column as usize));
            Search::new(&self.pairs).margin(row, column)
        })
    }

    /// The margins of all classes that are paired, one after the other as they are asked for; by row,
    /// and then by column, of the problem's table.
    pub fn margins(&self) -> impl ExactSizeIterator<Item = Margin> + '_ {
        let mut search = Search::new(&self.pairs);
        self.pairs.ordered().map(move |(row_class, column_class)| {
            let margin = search.margin(row_class as usize, column_class as usize);
            Margin { row_class, column_class, margin }
        })
    }
}

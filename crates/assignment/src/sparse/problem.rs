use alloc::vec;
use alloc::vec::Vec;

use super::cost::Kind;
use super::{Cost, Entry, Error};

/// Which total is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Goal {
    /// The lowest: numbers are costs.
    Minimise,
    /// The highest: numbers are scores.
    Maximise,
}

impl Goal {
    /// Whether one number is better than another.
    fn prefers<C: Cost>(self, one: C, other: C) -> bool {
        match self {
            Self::Minimise => one < other,
            Self::Maximise => one > other,
        }
    }
}

/// Rows, the columns that each is permitted, and what each of these pairs counts.
///
/// A pair that is not an edge is forbidden. Every row must be assigned, unless it was said what
/// it counts unassigned; every column has one place, unless it was given more (or none).
///
/// ```
/// use assignment::UNASSIGNED;
/// use assignment::sparse::{Goal, Problem, solve, verify};
///
/// // Three rows; column 0 has two places. Row 2 may stay out at a cost of 5.
/// let problem = Problem::from_rows(Goal::Minimise, 2, [
///     vec![(0, 1), (1, 7)],
///     vec![(0, 2)],
///     vec![(0, 3), (1, 9)],
/// ])?
/// .with_places_each(&[2, 1])?
/// .with_unassigned_each(&[None, None, Some(5)])?;
/// let solution = solve(&problem)?;
/// assert_eq!(solution.columns, [0, 0, UNASSIGNED]);
/// assert_eq!(solution.total, 8);
/// assert!(verify(&problem, &solution).is_ok());
/// # Ok::<(), assignment::sparse::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Problem<C> {
    goal: Goal,
    /// Where the edges of each row begin, and where those of the last end.
    row_starts: Vec<usize>,
    /// Of each row ascending, each column once.
    edges: Vec<(u32, C)>,
    unassigned: Vec<Option<C>>,
    places: Vec<u32>,
}

impl<C: Cost> Problem<C> {
    /// A problem of rows in compressed form: the edges of row `r` are those from `row_starts[r]` to
    /// `row_starts[r + 1]`, in any order. When a pair is there more than once, the best counts.
    ///
    /// # Errors
    ///
    /// [`Error::RowStarts`] and [`Error::CostsDoNotFit`] when the lists do not fit each other; and
    /// those of [`Problem::from_rows`].
    pub fn from_csr(
        goal: Goal,
        columns: usize,
        row_starts: &[usize],
        edge_columns: &[u32],
        costs: &[C],
    ) -> Result<Self, Error> {
        if edge_columns.len() != costs.len() {
            let (columns, costs) = (edge_columns.len(), costs.len());
            return Err(Error::CostsDoNotFit { columns, costs });
        }
        let (Some(0), Some(&last)) = (row_starts.first(), row_starts.last()) else {
            return Err(Error::RowStarts { row: 0 });
        };
        let ends = row_starts.windows(2);
        if let Some(row) = ends.clone().position(|ends| ends[0] > ends[1]) {
            return Err(Error::RowStarts { row });
        }
        if last != costs.len() {
            return Err(Error::RowStarts { row: row_starts.len().saturating_sub(2) });
        }
        let edge = |at| (edge_columns[at], costs[at]);
        Self::from_rows(goal, columns, ends.map(|ends| (ends[0]..ends[1]).map(edge)))
    }

    /// A problem of rows, each with its edges: column and cost, in any order. When a pair is there
    /// more than once, the best counts.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownColumn`], [`Error::NotANumber`], [`Error::InfinitelyGood`] and
    /// [`Error::CostTooLarge`] name the edge; [`Error::TooLarge`] when the rows, or the columns and
    /// edges together, are 2³¹ or more.
    pub fn from_rows<R: IntoIterator<Item = (u32, C)>>(
        goal: Goal,
        columns: usize,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<Self, Error> {
        let rows = rows.into_iter();
        let mut row_starts = Vec::with_capacity(rows.size_hint().0 + 1);
        row_starts.push(0);
        let mut edges = Vec::new();
        let mut seen = 0;
        for (row, of_row) in rows.enumerate() {
            let start = edges.len();
            for (column, cost) in of_row {
                let entry = Entry::Edge { edge: seen, row, column };
                if column as usize >= columns {
                    return Err(Error::UnknownColumn { edge: seen, row, column });
                }
                if usable(goal, cost, entry)? {
                    edges.push((column, cost));
                }
                seen += 1;
            }
            keep_best(goal, &mut edges, start);
            row_starts.push(edges.len());
        }
        let rows = row_starts.len() - 1;
        // The solver numbers places too, of which it makes no more than edges and columns.
        if rows.max(columns.saturating_add(edges.len())) >= 1 << 31 {
            return Err(Error::TooLarge { rows, columns, edges: edges.len() });
        }
        let (unassigned, places) = (vec![None; rows], vec![1; columns]);
        Ok(Self { goal, row_starts, edges, unassigned, places })
    }

    /// Every row may stay unassigned and then counts so much in the total.
    ///
    /// # Errors
    ///
    /// [`Error::NotANumber`], [`Error::InfinitelyGood`] and [`Error::CostTooLarge`].
    pub fn with_unassigned(self, cost: C) -> Result<Self, Error> {
        let all = vec![Some(cost); self.rows()];
        self.with_unassigned_each(&all)
    }

    /// Says for each row what it counts in the total when it stays unassigned; a row with `None`
    /// must be assigned.
    ///
    /// # Errors
    ///
    /// [`Error::UnassignedDoNotFit`]; [`Error::NotANumber`], [`Error::InfinitelyGood`] and
    /// [`Error::CostTooLarge`] name the row.
    pub fn with_unassigned_each(mut self, costs: &[Option<C>]) -> Result<Self, Error> {
        if costs.len() != self.rows() {
            let (rows, costs) = (self.rows(), costs.len());
            return Err(Error::UnassignedDoNotFit { rows, costs });
        }
        for ((row, &cost), kept) in costs.iter().enumerate().zip(&mut self.unassigned) {
            *kept = match cost {
                Some(cost) if usable(self.goal, cost, Entry::Unassigned { row })? => Some(cost),
                _ => None,
            };
        }
        Ok(self)
    }

    /// Every column has so many places.
    #[must_use]
    pub fn with_places(mut self, places: u32) -> Self {
        self.places.fill(places);
        self
    }

    /// Says for each column how many places it has.
    ///
    /// # Errors
    ///
    /// [`Error::PlacesDoNotFit`].
    pub fn with_places_each(mut self, places: &[u32]) -> Result<Self, Error> {
        if places.len() != self.columns() {
            let (columns, places) = (self.columns(), places.len());
            return Err(Error::PlacesDoNotFit { columns, places });
        }
        self.places.copy_from_slice(places);
        Ok(self)
    }

    /// Which total is the best.
    #[must_use]
    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// How many rows there are to assign.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.unassigned.len()
    }

    /// How many columns there are.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.places.len()
    }

    /// How many pairs are permitted.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.edges.len()
    }

    /// The columns that a row is permitted, ascending, and what each counts.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    pub fn row(&self, row: usize) -> impl ExactSizeIterator<Item = (u32, C)> {
        self.edges_of(row).iter().copied()
    }

    /// What a pair counts; `None` when it is forbidden.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    #[must_use]
    pub fn cost(&self, row: usize, column: u32) -> Option<C> {
        let edges = self.edges_of(row);
        edges.binary_search_by_key(&column, |&(column, _)| column).ok().map(|at| edges[at].1)
    }

    /// What a row counts unassigned; `None` when it must be assigned.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    #[must_use]
    pub fn unassigned(&self, row: usize) -> Option<C> {
        self.unassigned[row]
    }

    /// How many places a column has.
    ///
    /// # Panics
    ///
    /// When there is no such column.
    #[must_use]
    pub fn places(&self, column: usize) -> u32 {
        self.places[column]
    }

    fn edges_of(&self, row: usize) -> &[(u32, C)] {
        &self.edges[self.row_starts[row]..self.row_starts[row + 1]]
    }
}

/// Whether a cost is there at all: not infinitely bad.
fn usable<C: Cost>(goal: Goal, cost: C, entry: Entry) -> Result<bool, Error> {
    match cost.kind(goal) {
        Kind::Finite => Ok(true),
        Kind::InfinitelyBad => Ok(false),
        Kind::NotANumber => Err(Error::NotANumber(entry)),
        Kind::TooLarge => Err(Error::CostTooLarge(entry)),
        Kind::InfinitelyGood => Err(Error::InfinitelyGood(entry)),
    }
}

/// Sorts the edges from `start` by column and keeps the best of each column.
fn keep_best<C: Cost>(goal: Goal, edges: &mut Vec<(u32, C)>, start: usize) {
    if edges[start..].is_sorted_by(|a, b| a.0 < b.0) {
        return;
    }
    // Stable: of edges that are as good, the first is kept.
    edges[start..].sort_by_key(|&(column, _)| column);
    let mut kept = start;
    for at in start..edges.len() {
        let edge = edges[at];
        if kept > start && edges[kept - 1].0 == edge.0 {
            if goal.prefers(edge.1, edges[kept - 1].1) {
                edges[kept - 1] = edge;
            }
        } else {
            edges[kept] = edge;
            kept += 1;
        }
    }
    edges.truncate(kept);
}

use alloc::vec;
use alloc::vec::Vec;
use core::iter::zip;
use core::ops::Range;

use crate::{ClassSolution, UNASSIGNED};

/// Turns flows between classes into a column, or [`UNASSIGNED`], for each row.
///
/// Flows are served in their order (row class, then column class); within a flow, rows in ascending
/// order meet columns in ascending order. Takes O(rows + columns + classes + flows).
///
/// # Panics
///
/// When a class is not one of the solution's, or a flow counts more members than there are: the
/// solution must be one of these classes' counts. [`solve`](crate::solve()) sees to that.
#[must_use]
pub fn expand(row_class: &[u32], column_class: &[u32], solution: &ClassSolution) -> Vec<u32> {
    let columns = ByClass::new(column_class, solution.certificate.column_prices.len());
    let mut expansion = Expansion::new(&columns, solution);
    row_class.iter().map(|&class| expansion.next(class)).collect()
}

/// Members by class, and ascending within each.
#[derive(Debug, Clone)]
pub struct ByClass {
    order: Vec<u32>,
    /// Where each class starts in `order`, and at the end where the last ends.
    starts: Vec<u32>,
}

impl ByClass {
    /// The members of so many classes, by the class of each.
    ///
    /// # Panics
    ///
    /// When a member's class is not one of them.
    #[must_use]
    pub fn new(class: &[u32], classes: usize) -> Self {
        let mut counts = vec![0; classes];
        for &class in class {
            counts[class as usize] += 1;
        }
        Self::counted(class.iter().copied(), &counts)
    }

    /// [`ByClass::new`] of classes with so many members: spares a pass over all members.
    ///
    /// # Panics
    ///
    /// When they have not so many.
    #[must_use]
    pub fn counted(class: impl IntoIterator<Item = u32>, counts: &[u64]) -> Self {
        let mut starts = Vec::with_capacity(counts.len() + 1);
        starts.push(0);
        starts.extend(counts.iter().scan(0, |start, &count| {
            // Members are numbered by a u32.
            *start += count as u32;
            Some(*start)
        }));
        let mut next = starts.clone();
        let mut order = vec![0; starts[counts.len()] as usize];
        for (member, class) in (0..).zip(class) {
            let at = &mut next[class as usize];
            order[*at as usize] = member;
            *at += 1;
        }
        assert!(
            next.iter().eq(starts.iter().skip(1).chain(starts.last())),
            "a class with other members"
        );
        Self { order, starts }
    }

    /// The order, and where each class starts in it; at the end where the last ends.
    pub(crate) fn into_parts(self) -> (Vec<u32>, Vec<u32>) {
        (self.order, self.starts)
    }
}

/// Hands out the columns of flows to rows, one row after the other.
///
/// Rows in parts have the same columns: a part begins where [`skip`](Expansion::skip) has passed over
/// the rows before it. So the parts can be handed out at the same time.
///
/// ```
/// use assignment::{ByClass, Expansion, Table, expand, solve_classes};
///
/// let (rows, columns) = ([0, 1, 1, 0], [1, 0, 0, 1]);
/// let table = Table::from_fn(2, 2, |row, column| Some([[5, 3], [1, 2]][row][column]))?;
/// let solution = solve_classes(&[2, 2], &[2, 2], &table)?;
///
/// let by_class = ByClass::counted(columns, &[2, 2]);
/// let mut first = Expansion::new(&by_class, &solution);
/// let mut second = first.clone();
/// second.skip(rows[..2].iter().copied());
/// let parts = rows[..2].iter().map(|&class| first.next(class));
/// let parts = parts.chain(rows[2..].iter().map(|&class| second.next(class)));
/// assert_eq!(parts.collect::<Vec<u32>>(), expand(&rows, &columns, &solution));
/// # Ok::<(), assignment::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Expansion<'a> {
    columns: &'a [u32],
    /// The columns that each flow hands out.
    flows: Vec<Span>,
    /// For each row class what is left of its current flow's columns.
    current: Vec<Span>,
    /// For each row class the flows after that.
    behind: Vec<Range<u32>>,
}

/// A stretch of the columns by class.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    from: u32,
    to: u32,
}

impl<'a> Expansion<'a> {
    /// All rows are to come.
    ///
    /// # Panics
    ///
    /// When a class is not one of the solution's, or a flow counts more columns than its class has.
    #[must_use]
    pub fn new(columns: &'a ByClass, solution: &ClassSolution) -> Self {
        let mut behind = vec![0..0; solution.certificate.row_prices.len()];
        let mut first = 0;
        for flows in solution.flows.chunk_by(|a, b| a.row_class == b.row_class) {
            let after = first + flows.len() as u32;
            behind[flows[0].row_class as usize] = first..after;
            first = after;
        }
        Self {
            columns: &columns.order,
            flows: spans(solution, &columns.starts),
            current: vec![Span::default(); behind.len()],
            behind,
        }
    }

    /// The column of the next row, which has this class; [`UNASSIGNED`] when the flows of the class have
    /// handed out all.
    ///
    /// # Panics
    ///
    /// When the class is not one of the solution's.
    #[inline]
    pub fn next(&mut self, row_class: u32) -> u32 {
        let class = row_class as usize;
        let Span { from, to } = self.current[class];
        if from == to {
            return self.next_of_next_flow(class);
        }
        self.current[class].from += 1;
        self.columns[from as usize]
    }

    #[cold]
    fn next_of_next_flow(&mut self, class: usize) -> u32 {
        let Some(flow) = self.behind[class].next() else { return UNASSIGNED };
        let Span { from, to } = self.flows[flow as usize];
        self.current[class] = Span { from: from + 1, to };
        self.columns[from as usize]
    }

    /// Passes over the next rows, which have these classes.
    ///
    /// # Panics
    ///
    /// When one of them is not one of the solution's.
    pub fn skip(&mut self, row_class: impl IntoIterator<Item = u32>) {
        let mut rows = vec![0; self.current.len()];
        for class in row_class {
            rows[class as usize] += 1;
        }
        for ((span, flows), mut rows) in zip(zip(&mut self.current, &mut self.behind), rows) {
            loop {
                let step = rows.min(span.to - span.from);
                span.from += step;
                rows -= step;
                if rows == 0 {
                    break;
                }
                let Some(flow) = flows.next() else { break };
                *span = self.flows[flow as usize];
            }
        }
    }
}

/// The columns that each flow hands out.
fn spans(solution: &ClassSolution, starts: &[u32]) -> Vec<Span> {
    let mut next = starts.to_vec();
    let mut take = |class: usize, count: u64| {
        let from = next[class];
        let to = from + u32::try_from(count).unwrap_or(u32::MAX - from);
        assert!(to <= starts[class + 1], "a flow of more columns than class {class} has");
        next[class] = to;
        Span { from, to }
    };
    solution.flows.iter().map(|flow| take(flow.column_class as usize, flow.count)).collect()
}

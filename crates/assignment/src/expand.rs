use alloc::vec;
use alloc::vec::Vec;

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
    let (order, starts) = by_class(column_class, solution.certificate.column_prices.len());
    expand_ordered(row_class, &order, &starts, solution)
}

/// [`expand()`] with the columns by class, as [`by_class`] or [`by_counted_class`] gives them.
pub(crate) fn expand_ordered(
    row_class: &[u32],
    order: &[u32],
    starts: &[u32],
    solution: &ClassSolution,
) -> Vec<u32> {
    let spans = spans(solution, starts);
    let mut cursors = cursors(solution, &spans);
    row_class.iter().map(|&class| cursors[class as usize].next(&spans, order)).collect()
}

/// Member numbers ordered by class and then ascending, and where each class starts in them.
pub(crate) fn by_class(class: &[u32], classes: usize) -> (Vec<u32>, Vec<u32>) {
    let mut counts = vec![0; classes];
    for &class in class {
        counts[class as usize] += 1;
    }
    by_counted_class(class, &counts)
}

/// [`by_class`] of classes with so many members; panics when they have not.
pub(crate) fn by_counted_class(class: &[u32], counts: &[u64]) -> (Vec<u32>, Vec<u32>) {
    let mut starts = Vec::with_capacity(counts.len() + 1);
    starts.push(0);
    starts.extend(counts.iter().scan(0, |start, &count| {
        // Members are numbered by a u32.
        *start += count as u32;
        Some(*start)
    }));
    let mut next = starts.clone();
    let mut order = vec![0; class.len()];
    for (member, &class) in (0..).zip(class) {
        let at = &mut next[class as usize];
        order[*at as usize] = member;
        *at += 1;
    }
    assert!(
        next.iter().eq(starts.iter().skip(1).chain(starts.last())),
        "a class with other members"
    );
    (order, starts)
}

/// A stretch of the columns in class order.
#[derive(Clone, Copy)]
struct Span {
    from: u32,
    to: u32,
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

/// Where a row class stands in its flows.
#[derive(Clone)]
struct Cursor {
    /// The next column, in class order, and the end of the current flow's.
    span: Span,
    /// The flows after the current one.
    flows: core::ops::Range<usize>,
}

fn cursors(solution: &ClassSolution, spans: &[Span]) -> Vec<Cursor> {
    let none = Cursor { span: Span { from: 0, to: 0 }, flows: 0..0 };
    let mut cursors = vec![none; solution.certificate.row_prices.len()];
    let mut first = 0;
    for flows in solution.flows.chunk_by(|a, b| a.row_class == b.row_class) {
        cursors[flows[0].row_class as usize] =
            Cursor { span: spans[first], flows: first + 1..first + flows.len() };
        first += flows.len();
    }
    cursors
}

impl Cursor {
    fn next(&mut self, spans: &[Span], order: &[u32]) -> u32 {
        if self.span.from == self.span.to {
            match self.flows.next() {
                Some(flow) => self.span = spans[flow],
                None => return UNASSIGNED,
            }
        }
        let column = order[self.span.from as usize];
        self.span.from += 1;
        column
    }
}

use super::number::Number;

/// The edges that rows have, as far as they are listed.
///
/// Prices of columns only rise in bids and searches, so what is known of an edge that is not listed
/// stays true: it costs at least `beyond`, with the price of its column.
pub(crate) trait Adjacency<T: Number> {
    /// The columns that are listed for a row and what they cost it.
    fn row(&self, row: u32) -> impl Iterator<Item = (u32, T)>;

    /// What every other edge of the row costs at least, with its column's price; [`Number::FAR`] when
    /// there is no other.
    fn beyond(&self, row: u32) -> T;

    /// Lists the row anew at the present prices, so that `beyond` is greater than before.
    fn widen(&mut self, row: u32, prices: &[T]);
}

/// The edges of each row, one behind the other. A row may get more: it then moves to the end,
/// with room to grow, so that adding costs a constant time an edge on average.
#[derive(Debug, Clone)]
pub(crate) struct Edges<T> {
    columns: Vec<u32>,
    costs: Vec<T>,
    spans: Vec<Span>,
}

/// Where the edges of a row are.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    count: u32,
    room: u32,
}

impl<T: Copy> Edges<T> {
    pub(crate) fn new() -> Self {
        Self { columns: Vec::new(), costs: Vec::new(), spans: Vec::new() }
    }

    pub(crate) fn reserve(&mut self, rows: usize, edges: usize) {
        self.columns.reserve(edges);
        self.costs.reserve(edges);
        self.spans.reserve(rows);
    }

    /// The number of the new row.
    pub(crate) fn add_row(&mut self, edges: impl IntoIterator<Item = (u32, T)>) -> u32 {
        let start = self.columns.len();
        for (column, cost) in edges {
            self.columns.push(column);
            self.costs.push(cost);
        }
        let count = (self.columns.len() - start) as u32;
        self.spans.push(Span { start, count, room: count });
        self.spans.len() as u32 - 1
    }

    pub(crate) fn add(&mut self, row: u32, column: u32, cost: T) {
        let span = &mut self.spans[row as usize];
        if span.count == span.room {
            let edges = span.start..span.start + span.count as usize;
            span.start = self.columns.len();
            span.room = (2 * span.count).max(4);
            self.columns.extend_from_within(edges.clone());
            self.columns.resize(span.start + span.room as usize, 0);
            self.costs.extend_from_within(edges);
            self.costs.resize(span.start + span.room as usize, cost);
        }
        let at = span.start + span.count as usize;
        span.count += 1;
        self.columns[at] = column;
        self.costs[at] = cost;
    }
}

/// All of them are listed.
impl<T: Number> Adjacency<T> for Edges<T> {
    fn row(&self, row: u32) -> impl Iterator<Item = (u32, T)> {
        let Span { start, count, .. } = self.spans[row as usize];
        let columns = &self.columns[start..][..count as usize];
        let costs = &self.costs[start..][..count as usize];
        columns.iter().copied().zip(costs.iter().copied())
    }

    fn beyond(&self, _: u32) -> T {
        T::FAR
    }

    fn widen(&mut self, _: u32, _: &[T]) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_get_more_edges_keep_what_they_had() {
        let mut edges = Edges::<i64>::new();
        edges.add_row([(1, 10), (2, 20)]);
        edges.add_row([]);
        for more in 3..40 {
            edges.add(0, more, i64::from(10 * more));
            edges.add(1, more, i64::from(more));
        }
        let all: Vec<_> = edges.row(0).collect();
        assert_eq!(all, (1..40).map(|column| (column, i64::from(10 * column))).collect::<Vec<_>>());
        assert_eq!(edges.row(1).count(), 37);
    }
}

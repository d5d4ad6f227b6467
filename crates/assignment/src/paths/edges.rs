use alloc::vec;
use alloc::vec::Vec;

use super::number::Number;

/// The edges that rows have, as far as they are listed.
///
/// Prices of columns only rise in bids and searches, so what is known of an edge that is not listed
/// stays true: it costs at least `beyond`, with the price of its column.
pub(crate) trait Adjacency<T: Number> {
    /// The columns that are listed for a row and what they cost it.
    fn row(&self, row: u32) -> impl Iterator<Item = (u32, T)>;

    /// Whether they are listed by cost, the cheapest first: as no price is negative, whoever looks for less
    /// than one costs need not look at those after it.
    fn is_ascending(&self, row: u32) -> bool;

    /// What every other edge of the row costs at least, with its column's price; [`Number::FAR`] when
    /// there is no other.
    fn beyond(&self, row: u32) -> T;

    /// Lists the row anew at the present prices, so that `beyond` is greater than before.
    fn widen(&mut self, row: u32, prices: &[T]);
}

/// The edges of each row, one row behind the other.
#[derive(Debug, Clone)]
pub(crate) struct Edges<T> {
    all: Vec<(u32, T)>,
    /// Where the edges of each row begin, and where those of the last end.
    starts: Vec<usize>,
}

impl<T: Copy> Edges<T> {
    pub(crate) fn new() -> Self {
        Self { all: Vec::new(), starts: vec![0] }
    }

    pub(crate) fn reserve(&mut self, rows: usize, edges: usize) {
        self.all.reserve(edges);
        self.starts.reserve(rows);
    }

    pub(crate) fn add_row(&mut self, edges: impl IntoIterator<Item = (u32, T)>) {
        self.all.extend(edges);
        self.starts.push(self.all.len());
    }
}

/// All of them are listed.
impl<T: Number> Adjacency<T> for Edges<T> {
    fn row(&self, row: u32) -> impl Iterator<Item = (u32, T)> {
        let row = row as usize;
        self.all[self.starts[row]..self.starts[row + 1]].iter().copied()
    }

    fn is_ascending(&self, _: u32) -> bool {
        false
    }

    fn beyond(&self, _: u32) -> T {
        T::FAR
    }

    fn widen(&mut self, _: u32, _: &[T]) {}
}

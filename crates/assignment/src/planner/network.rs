//! The matching, its members and its prices, kept optimal from one change to the next.
//!
//! Row classes that score alike are one node, and one more node stands for nobody: it holds the free
//! columns. A column class is what its members are worth to each node, to nobody 0; and one more column
//! class stands for nothing, worth 0 to all: unassigned rows hold it, and nobody has as much of it as is
//! wanted. So everything is an exchange: to take a free column is to take it from nobody, and to give up is
//! to take nothing from nobody.
//!
//! **Why one way is enough.** A matching without a row and its column is optimal for the problem without
//! the two: what is better there would be better here, with the pair added. When a row enters, an
//! optimal matching of the new problem differs from that of the old one by ways and cycles of which only
//! the one from that row can gain anything. So the best way from it is all that is needed, and when it has
//! the fewest moves of the best ways, no optimal matching moves fewer. The same holds for a column, whose
//! way starts at nobody. (Mills-Tettey, Stentz & Dias 2007, CMU-RI-TR-07-27, repair a matrix like this.)
//!
//! **Prices.** Invariant: `prices` (one a node, of doubled scores) make no exchange cost less than 0,
//! `prices[t] ≥ prices[s] + gain(t, s)`; nobody's price is 0. That covers every pair, leaves no price
//! negative, and makes Dijkstra's method find the best way.

use alloc::vec;
use alloc::vec::Vec;

use super::members::{Members, NONE};
use super::search::{Cost, Labels};
use super::{Change, Groups};
use crate::exchanges::{Exchanges, UNREACHED};
use crate::grid::Grid;
use crate::prices::{Least, of_classes};

#[derive(Debug, Clone)]
pub(super) struct Network {
    pub(super) rows: Members,
    pub(super) columns: Members,
    /// Pairs of each class of rows with each class of columns.
    pub(super) pairs: Grid<u64>,
    pub(super) total: i64,
    pub(super) assigned: usize,
    /// For each class its group.
    row_group: Vec<u32>,
    column_group: Vec<u32>,
    /// Doubled scores, column groups × row groups, with nothing and nobody last.
    scores: Grid<i64>,
    /// Lists of the rows that hold a column of a group, row groups × column groups; of the unassigned
    /// rows, under nothing; and of the free columns, under nobody.
    lists: Grid<u32>,
    exchanges: Exchanges,
    prices: Vec<i64>,
    labels: Labels,
    /// What the last operation moved.
    pub(super) moved: Vec<Change>,
}

/// Where a way ends: the node, and the group of the column that it takes from nobody.
#[derive(Clone, Copy)]
struct End {
    node: usize,
    column: u32,
}

impl Network {
    /// Members as they are paired, optimally; a member's partner is its place on the other side.
    pub(super) fn new(groups: Groups, rows: Members, columns: Members) -> Self {
        let Groups { row_group, column_group, doubled } = groups;
        let (nodes, kinds) = (doubled.rows(), doubled.columns());
        let lists = Grid::filled(nodes + 1, kinds + 1, NONE);
        let pairs = Grid::filled(row_group.len(), column_group.len(), 0);
        let mut scores = Grid::filled(kinds + 1, nodes + 1, 0);
        for row in 0..nodes {
            for (column, &score) in doubled.row(row).iter().enumerate() {
                *scores.at_mut(column, row) = score;
            }
        }
        let mut network = Self {
            rows,
            columns,
            pairs,
            total: 0,
            assigned: 0,
            row_group,
            column_group,
            scores,
            lists,
            exchanges: Exchanges::new(nodes + 1),
            prices: vec![0; nodes + 1],
            labels: Labels::default(),
            moved: Vec::new(),
        };
        network.offer(nodes, kinds);
        network.place_members();
        network.price(&doubled);
        network
    }

    /// Puts every member in its list; the last first, so that the first is the first to be moved.
    fn place_members(&mut self) {
        for row in (0..self.rows.numbers()).rev() {
            if self.rows.contains(row) {
                self.hold(row, self.rows.partner(row));
            }
        }
        for column in (0..self.columns.numbers()).rev() {
            if self.columns.contains(column) && self.columns.partner(column) == NONE {
                self.set_free(column);
            }
        }
    }

    /// The least prices of the matching as it is placed.
    fn price(&mut self, doubled: &Grid<i64>) {
        let (nodes, kinds) = (doubled.rows(), doubled.columns());
        let mut flow = Grid::filled(nodes, kinds, 0);
        for row_class in 0..self.pairs.rows() {
            for (column_class, &count) in self.pairs.row(row_class).iter().enumerate() {
                let (row, column) = (self.row_group[row_class], self.column_group[column_class]);
                *flow.at_mut(row as usize, column as usize) += count;
            }
        }
        let free = |node, column| u64::from(self.lists.at(node, column) != NONE);
        let free_rows: Vec<u64> = (0..nodes).map(|row| free(row, kinds)).collect();
        let free_columns: Vec<u64> = (0..kinds).map(|column| free(nodes, column)).collect();
        let (rows, _) = of_classes(doubled, &flow, &free_rows, &free_columns, Least::Rows);
        self.prices[..nodes].copy_from_slice(&rows);
    }

    fn nobody(&self) -> usize {
        self.prices.len() - 1
    }

    fn nothing(&self) -> usize {
        self.scores.rows() - 1
    }

    fn row_node(&self, row: u32) -> usize {
        self.row_group[self.rows.class(row)] as usize
    }

    /// The group of a column, or of nothing.
    fn column_kind(&self, column: u32) -> usize {
        match column {
            NONE => self.nothing(),
            _ => self.column_group[self.columns.class(column)] as usize,
        }
    }

    pub(super) fn add_row(&mut self, class: u32) -> u32 {
        self.moved.clear();
        let row = self.rows.add(class);
        self.enter_row(row);
        self.check();
        row
    }

    pub(super) fn add_column(&mut self, class: u32) -> u32 {
        self.moved.clear();
        let column = self.columns.add(class);
        self.enter_column(column);
        self.check();
        column
    }

    pub(super) fn remove_row(&mut self, row: u32) {
        self.moved.clear();
        let column = self.release(row);
        self.rows.remove(row);
        if column != NONE {
            self.moved.push(Change { row, before: column, after: NONE });
            self.enter_column(column);
        }
        self.check();
    }

    pub(super) fn remove_column(&mut self, column: u32) {
        self.moved.clear();
        let row = self.columns.partner(column);
        if row == NONE {
            self.take_free(column);
            self.columns.remove(column);
        } else {
            self.release(row);
            self.columns.remove(column);
            self.enter_row(row);
            self.moved_from(row, column);
        }
        self.check();
    }

    /// The row, which has entered again, had this column before.
    fn moved_from(&mut self, row: u32, column: u32) {
        match self.moved.iter_mut().find(|change| change.row == row) {
            Some(change) => change.before = column,
            None => self.moved.push(Change { row, before: column, after: NONE }),
        }
    }

    /// Brings in a row that has no column and is in no list.
    fn enter_row(&mut self, row: u32) {
        let node = self.row_node(row);
        if self.exchanges.holds_nothing(node) {
            self.prices[node] = self.opening_price(node);
        }
        let end = self.best_way_of_row(node);
        let column = self.go(node, end, NONE);
        self.give(row, NONE, column);
    }

    /// Brings in a column that nobody has, not even nobody.
    fn enter_column(&mut self, column: u32) {
        match self.best_way_of_column(self.column_kind(column)) {
            Some(end) => {
                let free = self.go(self.nobody(), end, column);
                if free != NONE {
                    self.set_free(free);
                }
            }
            None => self.set_free(column),
        }
    }

    /// The least price of a node that has no members yet.
    fn opening_price(&self, node: usize) -> i64 {
        let gains = self.exchanges.gains(node).iter().zip(&self.prices);
        gains.map(|(&gain, &price)| gain + price).fold(0, i64::max)
    }

    /// The best way for one more row of a node: it takes something, and so on, until somebody takes
    /// from nobody. Moves the prices along.
    fn best_way_of_row(&mut self, source: usize) -> End {
        let nobody = self.nobody();
        self.labels.restart(source, nobody);
        let mut least = Cost { loss: UNREACHED, moves: u32::MAX };
        let mut end = source;
        while let Some((node, cost)) = self.labels.next(least) {
            let loss = cost.loss + self.prices[node] - self.exchanges.gains(node)[nobody];
            let whole = Cost { loss, moves: cost.moves + 1 };
            if whole < least {
                (least, end) = (whole, node);
            }
            if cost.loss < least.loss {
                self.labels.relax(node, cost, &self.prices, &self.exchanges);
            }
        }
        for node in 0..nobody {
            self.prices[node] -= (least.loss - self.labels.loss(node)).max(0);
        }
        End { node: end, column: self.exchanges.column(end, nobody) }
    }

    /// The best way for one more column of a group: nobody takes something for which the last on the
    /// way takes the column. `None`: it is best left free. Moves the prices along.
    fn best_way_of_column(&mut self, column: usize) -> Option<End> {
        let nobody = self.nobody();
        let worth = |network: &Self, node: usize| {
            let score = network.scores.at(column, node);
            if score > 0 { score - network.prices[node] } else { -UNREACHED }
        };
        let wanted = (0..nobody).filter(|&node| !self.exchanges.holds_nothing(node));
        let price = wanted.map(|node| worth(self, node)).fold(0, i64::max);
        self.labels.restart(nobody, nobody + 1);
        let (mut least, mut end) = (Cost { loss: price, moves: 0 }, None);
        while let Some((node, cost)) = self.labels.next(least) {
            if node != nobody {
                let loss = cost.loss + price - worth(self, node);
                let whole = Cost { loss, moves: cost.moves + 1 };
                if whole < least {
                    (least, end) = (whole, Some(node));
                }
            }
            if cost.loss < least.loss {
                self.labels.relax(node, cost, &self.prices, &self.exchanges);
            }
        }
        for node in 0..nobody {
            if !self.exchanges.holds_nothing(node) {
                self.prices[node] += self.labels.loss(node).min(least.loss);
            }
        }
        end.map(|node| End { node, column: column as u32 })
    }

    /// Moves a row of each node on the way to what it takes, from the end to the node after the
    /// source, and gives what is left for that. The last takes `entering`, or something from nobody.
    fn go(&mut self, source: usize, end: End, entering: u32) -> u32 {
        let mut column = entering;
        if column == NONE {
            column = self.lists.at(self.nobody(), end.column as usize);
            if column != NONE {
                self.take_free(column);
            }
        }
        let mut holder = end.node;
        while holder != source {
            let taker = self.labels.taker(holder);
            let row = self.lists.at(holder, self.exchanges.column(taker, holder) as usize);
            let before = self.release(row);
            self.give(row, before, column);
            (column, holder) = (before, taker);
        }
        column
    }

    /// Gives a row a column, or nothing, and notes it.
    fn give(&mut self, row: u32, before: u32, column: u32) {
        self.hold(row, column);
        if before != column {
            self.moved.push(Change { row, before, after: column });
        }
    }

    fn hold(&mut self, row: u32, column: u32) {
        let (node, kind) = (self.row_node(row), self.column_kind(column));
        let list = self.lists.at_mut(node, kind);
        let was_empty = *list == NONE;
        self.rows.push(list, row);
        if column != NONE {
            self.rows.pair(row, column);
            self.columns.pair(column, row);
            *self.pairs.at_mut(self.rows.class(row), self.columns.class(column)) += 1;
            self.total += self.scores.at(kind, node) >> 1;
            self.assigned += 1;
        }
        if was_empty {
            self.offer(node, kind);
        }
    }

    /// Takes a row out of its list and its column from it; gives the column.
    fn release(&mut self, row: u32) -> u32 {
        let column = self.rows.partner(row);
        let (node, kind) = (self.row_node(row), self.column_kind(column));
        let list = self.lists.at_mut(node, kind);
        self.rows.unlink(list, row);
        let is_empty = *list == NONE;
        if column != NONE {
            self.rows.pair(row, NONE);
            self.columns.pair(column, NONE);
            *self.pairs.at_mut(self.rows.class(row), self.columns.class(column)) -= 1;
            self.total -= self.scores.at(kind, node) >> 1;
            self.assigned -= 1;
        }
        if is_empty {
            self.withdraw(node, kind);
        }
        column
    }

    fn set_free(&mut self, column: u32) {
        let (nobody, kind) = (self.nobody(), self.column_kind(column));
        let list = self.lists.at_mut(nobody, kind);
        let was_empty = *list == NONE;
        self.columns.push(list, column);
        if was_empty {
            self.offer(nobody, kind);
        }
    }

    fn take_free(&mut self, column: u32) {
        let (nobody, kind) = (self.nobody(), self.column_kind(column));
        let list = self.lists.at_mut(nobody, kind);
        self.columns.unlink(list, column);
        if *list == NONE {
            self.withdraw(nobody, kind);
        }
    }

    fn offer(&mut self, node: usize, kind: usize) {
        self.exchanges.offer(node, kind as u32, self.scores.row(kind));
    }

    fn withdraw(&mut self, node: usize, kind: usize) {
        self.exchanges.withdraw(node, kind as u32, &self.scores);
    }

    /// The invariant, in debug builds: no exchange costs less than nothing.
    fn check(&self) {
        debug_assert!(
            (0..self.prices.len()).filter(|&node| !self.exchanges.holds_nothing(node)).all(
                |taker| {
                    let gains = self.exchanges.gains(taker).iter().zip(&self.prices);
                    gains.fold(i64::MIN, |most, (&gain, &price)| most.max(gain + price))
                        <= self.prices[taker]
                }
            ),
            "prices that do not prove the matching"
        );
    }
}

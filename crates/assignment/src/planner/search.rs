//! The best way through the exchanges: of the ways that lose the least, one with the fewest moves.

use alloc::vec::Vec;

use crate::exchanges::{Exchanges, UNREACHED};

/// What a way costs: first what it loses by the prices, then how many members move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cost {
    pub(super) loss: i64,
    pub(super) moves: u32,
}

/// How far a search has come, by node.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels {
    losses: Vec<i64>,
    moves: Vec<u32>,
    /// The node before it on the best way, which takes a column from it.
    takers: Vec<u32>,
    open: Vec<bool>,
}

impl Labels {
    /// For a search from one of so many nodes.
    pub(super) fn restart(&mut self, source: usize, nodes: usize) {
        self.losses.clear();
        self.losses.resize(nodes, UNREACHED);
        self.moves.clear();
        self.moves.resize(nodes, 0);
        self.takers.resize(nodes, 0);
        self.open.clear();
        self.open.resize(nodes, true);
        self.losses[source] = 0;
    }

    /// The open node that is cheapest to reach, if it costs less than `most`; closes it.
    pub(super) fn next(&mut self, most: Cost) -> Option<(usize, Cost)> {
        let (mut nearest, mut best) = (None, most);
        for (node, ((&loss, &moves), &open)) in
            self.losses.iter().zip(&self.moves).zip(&self.open).enumerate()
        {
            let cost = Cost { loss, moves };
            if open && cost < best {
                (nearest, best) = (Some(node), cost);
            }
        }
        let node = nearest?;
        self.open[node] = false;
        Some((node, best))
    }

    /// Improves the ways that go on from a node which was reached at `cost`. The last node, where no
    /// way goes on, has no price and is left out.
    pub(super) fn relax(
        &mut self,
        taker: usize,
        cost: Cost,
        prices: &[i64],
        exchanges: &Exchanges,
    ) {
        let base = cost.loss + prices[taker];
        let moves = cost.moves + 1;
        let labels = self.losses.iter_mut().zip(&mut self.moves).zip(&mut self.takers);
        let edges = prices[..prices.len() - 1].iter().zip(exchanges.gains(taker));
        for (((loss, best), from), (&price, &gain)) in labels.zip(edges) {
            // No loss is negative, so a way back to a node that is closed never costs less.
            let by_taker = base - price - gain;
            let better = by_taker < *loss || by_taker == *loss && moves < *best;
            *from = if better { taker as u32 } else { *from };
            *best = if better { moves } else { *best };
            *loss = if better { by_taker } else { *loss };
        }
    }

    pub(super) fn loss(&self, node: usize) -> i64 {
        self.losses[node]
    }

    pub(super) fn taker(&self, node: usize) -> usize {
        self.takers[node] as usize
    }
}

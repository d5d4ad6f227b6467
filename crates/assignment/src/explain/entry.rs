use alloc::vec;
use alloc::vec::Vec;

use super::pairs::{Pair, Pairs};
use crate::exchanges::UNREACHED;
use crate::{Change, UNASSIGNED};

/// How an unassigned row or column would best come in, and what that would cost.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// What the total would lose if it had to be assigned: exactly the best total less the best one of the
    /// assignments that it is in. 0 when there is another best assignment with it.
    pub loss: i64,
    /// The column that a row would take, or the row that a column would.
    pub partner: u32,
    /// Who of its own side would be left out instead. `None`: nobody, it takes what is free (and the
    /// score there is negative).
    pub displaced: Option<u32>,
    /// Every row that would change its column, in the order in which one displaces the next. Of rows
    /// and columns of a class the first stand for all.
    pub changes: Vec<Change>,
}

/// Rows that take columns, or columns that take rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takers {
    Rows,
    Columns,
}

/// For each class what it would best do if it lost what it has, or gave one of its members up. Made once,
/// by Dijkstra's method from all ends; the ways lead to them.
#[derive(Debug, Clone)]
pub(super) struct Ways {
    takers: Takers,
    /// For each class that is taken: what it costs to give up a member, and the pair to take it from
    /// (as a place in [`Pairs::all`]); [`UNASSIGNED`] when a member is free.
    costs: Vec<i64>,
    holders: Vec<u32>,
    /// For each taker: the class that it would take; [`UNASSIGNED`]: it would stay unassigned.
    wishes: Vec<u32>,
    /// For each class with an unassigned member: what it costs to bring that in, and the class that it
    /// would take. `None`: nothing that is there is permitted.
    entries: Vec<Option<(i64, u32)>>,
}

impl Pairs<'_> {
    fn slack_by(&self, takers: Takers, taker: usize, taken: usize) -> Option<i64> {
        match takers {
            Takers::Rows => self.slack(taker, taken),
            Takers::Columns => self.slack(taken, taker),
        }
    }
}

impl Ways {
    pub(super) fn new(pairs: &Pairs<'_>, takers: Takers) -> Self {
        // Those that have something to give up would at worst stay without.
        let (mut lengths, entering, free) = match takers {
            Takers::Rows => (pairs.row_prices.to_vec(), &pairs.free_row, &pairs.free_column),
            Takers::Columns => (pairs.column_prices.to_vec(), &pairs.free_column, &pairs.free_row),
        };
        let mut open = vec![false; lengths.len()];
        for pair in &pairs.all {
            open[taker_class(takers, pair)] = true;
        }
        let mut ways = Self {
            takers,
            costs: vec![UNREACHED; free.len()],
            holders: vec![UNASSIGNED; free.len()],
            wishes: vec![UNASSIGNED; lengths.len()],
            entries: Vec::new(),
        };
        for taken in (0..free.len()).filter(|&taken| free[taken] != UNASSIGNED) {
            ways.costs[taken] = 0;
            ways.offer(pairs, taken, &open, &mut lengths);
        }
        while let Some(taker) = nearest(&lengths, &open) {
            open[taker] = false;
            let held = match takers {
                Takers::Rows => pairs.of_row(taker),
                Takers::Columns => pairs.of_column(taker),
            };
            for &pair in held {
                let taken = taken_class(takers, &pairs.all[pair as usize]);
                if ways.costs[taken] == UNREACHED {
                    ways.costs[taken] = lengths[taker];
                    ways.holders[taken] = pair;
                    ways.offer(pairs, taken, &open, &mut lengths);
                }
            }
        }
        let enters = |(class, &member)| (member != UNASSIGNED).then(|| ways.best(pairs, class));
        ways.entries = entering.iter().enumerate().map(|class| enters(class).flatten()).collect();
        ways
    }

    /// Lets every taker see what a class costs.
    fn offer(&mut self, pairs: &Pairs<'_>, taken: usize, open: &[bool], lengths: &mut [i64]) {
        let takers = lengths.iter_mut().zip(&mut self.wishes).zip(open).enumerate();
        for (taker, ((length, wish), &open)) in takers {
            if open && let Some(slack) = pairs.slack_by(self.takers, taker, taken) {
                let by_this = self.costs[taken] + slack;
                if by_this < *length {
                    (*length, *wish) = (by_this, taken as u32);
                }
            }
        }
    }

    /// What it costs least to bring a member of a class in, and the class that it takes.
    fn best(&self, pairs: &Pairs<'_>, class: usize) -> Option<(i64, u32)> {
        let offers = (0..).zip(&self.costs).filter(|&(_, &cost)| cost < UNREACHED);
        let offers = offers.filter_map(|(taken, &cost)| {
            Some((pairs.slack_by(self.takers, class, taken as usize)? + cost, taken))
        });
        offers.min()
    }

    /// How an unassigned member of a class would best come in. `None`: nothing that is there is
    /// permitted.
    pub(super) fn entry(&self, pairs: &Pairs<'_>, class: usize, member: u32) -> Option<Entry> {
        let (loss, taken) = self.entries[class]?;
        Some(self.follow(pairs, loss, member, taken as usize))
    }

    /// Who takes from whom, from the member that comes in to the one that is left out.
    fn follow(&self, pairs: &Pairs<'_>, loss: i64, member: u32, mut taken: usize) -> Entry {
        let mut steps: Vec<Step> = Vec::new();
        let mut taker = member;
        let displaced = loop {
            if self.holders[taken] == UNASSIGNED {
                let free = match self.takers {
                    Takers::Rows => pairs.free_column[taken],
                    Takers::Columns => pairs.free_row[taken],
                };
                steps.push(Step { taker, taken: free, holder: UNASSIGNED });
                break None;
            }
            let pair = &pairs.all[self.holders[taken] as usize];
            let (holder, member) = match self.takers {
                Takers::Rows => (pair.row, pair.column),
                Takers::Columns => (pair.column, pair.row),
            };
            steps.push(Step { taker, taken: member, holder });
            match self.wishes[taker_class(self.takers, pair)] {
                UNASSIGNED => break Some(holder),
                wish => (taker, taken) = (holder, wish as usize),
            }
        };
        let changes = match self.takers {
            Takers::Rows => of_rows(&steps, displaced),
            Takers::Columns => steps.iter().map(Step::of_column).collect(),
        };
        Entry { loss, partner: steps[0].taken, displaced, changes }
    }
}

/// One takes a member of the other side from another, or one that is free.
struct Step {
    taker: u32,
    taken: u32,
    holder: u32,
}

impl Step {
    /// A row goes from one column to another.
    fn of_column(&self) -> Change {
        Change { row: self.taken, before: self.holder, after: self.taker }
    }
}

/// Each row takes a column in place of the one that is taken from it.
fn of_rows(steps: &[Step], displaced: Option<u32>) -> Vec<Change> {
    let mut before = UNASSIGNED;
    let mut changes = Vec::with_capacity(steps.len() + 1);
    for &Step { taker, taken, .. } in steps {
        changes.push(Change { row: taker, before, after: taken });
        before = taken;
    }
    changes.extend(displaced.map(|row| Change { row, before, after: UNASSIGNED }));
    changes
}

fn taker_class(takers: Takers, pair: &Pair) -> usize {
    match takers {
        Takers::Rows => pair.row_class as usize,
        Takers::Columns => pair.column_class as usize,
    }
}

fn taken_class(takers: Takers, pair: &Pair) -> usize {
    match takers {
        Takers::Rows => pair.column_class as usize,
        Takers::Columns => pair.row_class as usize,
    }
}

fn nearest(lengths: &[i64], open: &[bool]) -> Option<usize> {
    (0..lengths.len()).filter(|&node| open[node]).min_by_key(|&node| lengths[node])
}

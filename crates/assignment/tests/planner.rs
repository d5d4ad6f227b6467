//! A plan that is mended one shipment or driver at a time is, after each, as good as one made from
//! nothing, is proven by the same prices, says truly what it has moved, and has moved as little as can be.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

mod problems;

use std::collections::BTreeMap;

use assignment::{
    Change, Classes, Error, Planner, Problem, Table, UNASSIGNED, solve, solve_classes,
    verify_classes,
};
use problems::{Numbers, any_score, class_problems};
use proptest::prelude::*;

/// What happens next. Numbers pick a class or a member, modulo how many there are.
#[derive(Debug, Clone)]
enum Event {
    RowComes(u32),
    ColumnComes(u32),
    RowGoes(u32),
    ColumnGoes(u32),
    RowClassComes(Vec<Option<i64>>),
    ColumnClassComes(Vec<Option<i64>>),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let scores = || prop::collection::vec(any_score(), 12);
    let event = prop_oneof![
        8 => any::<u32>().prop_map(Event::RowComes),
        8 => any::<u32>().prop_map(Event::ColumnComes),
        8 => any::<u32>().prop_map(Event::RowGoes),
        8 => any::<u32>().prop_map(Event::ColumnGoes),
        1 => scores().prop_map(Event::RowClassComes),
        1 => scores().prop_map(Event::ColumnClassComes),
    ];
    prop::collection::vec(event, 0..40)
}

/// Who there is: for each row its class and column, for each column its class.
#[derive(Debug, Clone, Default, PartialEq)]
struct Day {
    rows: BTreeMap<u32, (u32, u32)>,
    columns: BTreeMap<u32, u32>,
}

/// A planner, and beside it what it has said of the members.
struct Watched {
    planner: Planner,
    day: Day,
}

impl Watched {
    fn new(classes: &Classes<'_>) -> Self {
        let planner = Planner::new(classes).unwrap();
        let class = |(row, column)| (row, (classes.row_class[row as usize], column));
        let rows = planner.assignment().map(class).collect();
        let columns = (0..).zip(classes.column_class.iter().copied()).collect();
        Self { planner, day: Day { rows, columns } }
    }

    /// Lets it happen. Gives how many rows that are still there have moved; `None`: nothing happened.
    fn pass(&mut self, event: &Event) -> Option<usize> {
        let changes = match event {
            Event::RowComes(pick) => {
                let class = pick % self.planner.table().rows() as u32;
                let (row, changes) = self.planner.add_row(class).unwrap();
                assert_eq!(self.day.rows.insert(row, (class, UNASSIGNED)), None, "a number twice");
                changes
            }
            Event::ColumnComes(pick) => {
                let class = pick % self.planner.table().columns() as u32;
                let (column, changes) = self.planner.add_column(class).unwrap();
                assert_eq!(self.day.columns.insert(column, class), None, "a number twice");
                changes
            }
            Event::RowGoes(pick) => {
                let row = picked(&self.day.rows, *pick)?;
                self.planner.remove_row(row).unwrap()
            }
            Event::ColumnGoes(pick) => {
                let column = picked(&self.day.columns, *pick)?;
                self.day.columns.remove(&column);
                self.planner.remove_column(column).unwrap()
            }
            Event::RowClassComes(scores) => {
                let score = |class: usize| scores[class % scores.len()];
                self.planner.add_row_class(score).unwrap();
                &[]
            }
            Event::ColumnClassComes(scores) => {
                let score = |class: usize| scores[class % scores.len()];
                self.planner.add_column_class(score).unwrap();
                &[]
            }
        };
        let mut moved = 0;
        let mut seen = Vec::new();
        for &Change { row, before, after } in changes {
            assert!(!seen.contains(&row), "row {row} is said to change twice");
            assert_ne!(before, after);
            seen.push(row);
            let (_, column) = self.day.rows.get_mut(&row).unwrap();
            assert_eq!(std::mem::replace(column, after), before);
            moved += 1;
        }
        if let Event::RowGoes(pick) = event {
            let row = picked(&self.day.rows, *pick)?;
            let (_, column) = self.day.rows.remove(&row)?;
            assert_eq!(column, UNASSIGNED, "a row is gone and its change was not told");
            moved -= usize::from(seen.contains(&row));
        }
        Some(moved)
    }

    /// All that is asked of a plan.
    fn check(&self) {
        let Self { planner, day } = self;
        let told: Vec<(u32, u32)> = day.rows.iter().map(|(&row, &(_, c))| (row, c)).collect();
        assert_eq!(planner.assignment().collect::<Vec<_>>(), told, "what was told is not so");
        for &(row, column) in &told {
            let column = (column != UNASSIGNED).then_some(column);
            assert_eq!(planner.column_of(row), column);
            assert_eq!(column.map(|column| planner.row_of(column)), column.map(|_| Some(row)));
        }
        let with_row = day.columns.keys().filter(|&&column| planner.row_of(column).is_some());
        assert_eq!(with_row.count(), planner.assigned());

        let row_class: Vec<u32> = day.rows.values().map(|&(class, _)| class).collect();
        let column_class: Vec<u32> = day.columns.values().copied().collect();
        let table = planner.table();
        let classes = Classes { row_class: &row_class, column_class: &column_class, table };
        let best = solve(&Problem::Classes(classes)).unwrap();
        assert_eq!((planner.total(), planner.assigned()), (best.total, best.assigned));

        let score = |&(row, column): &(u32, u32)| {
            let (row, column) = (day.rows[&row].0, *day.columns.get(&column)?);
            Some(table.get(row as usize, column as usize).unwrap())
        };
        assert_eq!(told.iter().filter_map(score).sum::<i64>(), planner.total());

        let (rows, columns) = (planner.row_counts(), planner.column_counts());
        let solution = planner.class_solution();
        assert_eq!(verify_classes(rows, columns, table, &solution), Ok(()));
        assert_eq!(solution.assigned(), planner.assigned() as u64);
        let again = solve_classes(rows, columns, table).unwrap();
        assert_eq!(solution.certificate, again.certificate, "the prices depend on the past");
        assert_eq!(planner.certificate(), again.certificate);
    }
}

fn picked<T>(members: &BTreeMap<u32, T>, pick: u32) -> Option<u32> {
    members.keys().copied().nth(pick as usize % members.len().max(1))
}

/// Of all best plans of a day (total, then pairs) the fewest rows that a plan moves; by trying all.
fn fewest_moved(table: &Table, day: &Day, before: &Day) -> usize {
    /// (total, pairs, rows not moved), to be as high as they can be.
    type Worth = (i64, i64, i64);
    fn rest(table: &Table, rows: &[(u32, u32)], columns: &[(u32, u32)], taken: u32) -> Worth {
        let Some(&(class, had)) = rows.first() else { return (0, 0, 0) };
        let alone = rest(table, &rows[1..], columns, taken);
        let alone = (alone.0, alone.1, alone.2 + i64::from(had == UNASSIGNED));
        let takes = |(at, &(column, column_class)): (usize, &(u32, u32))| {
            let score = table.get(class as usize, column_class as usize)?;
            let free = taken & (1 << at) == 0;
            let others = free.then(|| rest(table, &rows[1..], columns, taken | 1 << at))?;
            Some((others.0 + score, others.1 + 1, others.2 + i64::from(had == column)))
        };
        columns.iter().enumerate().filter_map(takes).fold(alone, Ord::max)
    }
    let had = |row| before.rows.get(row).map_or(UNASSIGNED, |&(_, column)| column);
    let rows: Vec<_> = day.rows.iter().map(|(row, &(class, _))| (class, had(row))).collect();
    let columns: Vec<_> = day.columns.iter().map(|(&column, &class)| (column, class)).collect();
    rows.len() - rest(table, &rows, &columns, 0).2 as usize
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn a_mended_plan_is_as_good_as_one_from_nothing(
        problem in class_problems(12, 6),
        events in events(),
    ) {
        let Problem::Classes(classes) = problem.problem() else { unreachable!() };
        let mut watched = Watched::new(&classes);
        watched.check();
        for event in &events {
            watched.pass(event);
            watched.check();
        }
    }

    #[test]
    fn no_best_plan_moves_fewer_rows(problem in class_problems(4, 4), events in events()) {
        let Problem::Classes(classes) = problem.problem() else { unreachable!() };
        let mut watched = Watched::new(&classes);
        for event in &events {
            let before = watched.day.clone();
            let full = before.rows.len().max(before.columns.len()) > 5;
            if full && matches!(event, Event::RowComes(_) | Event::ColumnComes(_)) {
                continue;
            }
            let Some(moved) = watched.pass(event) else { continue };
            let fewest = fewest_moved(watched.planner.table(), &watched.day, &before);
            prop_assert_eq!(moved, fewest, "{:?} after {:?}", event, before);
        }
    }
}

/// The same of more rows, by a matrix that says it all: a point of score counts more than every pair, and
/// a pair more than every row that stays where it is.
fn fewest_moved_of_many(table: &Table, day: &Day, before: &Day) -> usize {
    let had = |row| before.rows.get(row).map_or(UNASSIGNED, |&(_, column)| column);
    let rows: Vec<_> = day.rows.iter().map(|(row, &(class, _))| (class, had(row))).collect();
    let columns: Vec<_> = day.columns.iter().map(|(&column, &class)| (column, class)).collect();
    let most = 2 * (rows.len() + columns.len() + 1) as i64;
    let matrix = Table::from_fn(rows.len(), columns.len(), |row, column| {
        let ((row_class, had), (column, column_class)) = (rows[row], columns[column]);
        let score = table.get(row_class as usize, column_class as usize).filter(|&s| s >= 0)?;
        let stays = i64::from(had == column) - i64::from(had == UNASSIGNED);
        Some(most * (2 * score + 1) + stays)
    });
    let best = solve(&Problem::Matrix(&matrix.unwrap())).unwrap();
    let stays = |(&column, &(_, had)): (&u32, &(u32, u32))| match column {
        UNASSIGNED => had == UNASSIGNED,
        _ => columns[column as usize].0 == had,
    };
    rows.len() - best.columns.iter().zip(&rows).filter(|&pair| stays(pair)).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_best_plan_of_many_moves_fewer_rows(
        problem in class_problems(16, 12),
        events in events(),
    ) {
        let Problem::Classes(classes) = problem.problem() else { unreachable!() };
        let mut watched = Watched::new(&classes);
        for event in &events {
            let before = watched.day.clone();
            let Some(moved) = watched.pass(event) else { continue };
            let fewest = fewest_moved_of_many(watched.planner.table(), &watched.day, &before);
            prop_assert_eq!(moved, fewest, "{:?} after {:?}", event, before);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn many_classes_of_few_members_are_mended_too(
        problem in class_problems(50, 40),
        events in events(),
    ) {
        let Problem::Classes(classes) = problem.problem() else { unreachable!() };
        let mut watched = Watched::new(&classes);
        for event in &events {
            watched.pass(event);
            watched.check();
        }
    }
}

#[test]
fn a_day_of_a_hundred_thousand_events_ends_as_it_would_from_nothing() {
    let mut numbers = Numbers(11);
    let table = Table::from_fn(9, 30, |_, _| Some(numbers.below(70).cast_signed() - 5)).unwrap();
    let mut class = |count, classes| -> Vec<u32> {
        (0..count).map(|_| numbers.below(classes) as u32).collect()
    };
    let (row_class, column_class) = (class(300, 9), class(310, 30));
    let classes = Classes { row_class: &row_class, column_class: &column_class, table: &table };
    let mut watched = Watched::new(&classes);
    for number in 0..100_000 {
        let pick = numbers.below(1 << 32) as u32;
        let event = match numbers.below(4) {
            0 => Event::RowComes(pick),
            1 => Event::ColumnComes(pick),
            2 => Event::RowGoes(pick),
            _ => Event::ColumnGoes(pick),
        };
        watched.pass(&event);
        if number % 1000 == 0 {
            watched.check();
        }
    }
    watched.check();
}

#[test]
fn long_ways_are_no_longer_than_they_must_be() {
    // Few pairs are permitted and many score alike: one who comes displaces one after the other.
    for seed in 0..300 {
        let mut numbers = Numbers(seed);
        let table = Table::from_fn(16, 16, |_, _| {
            (numbers.below(6) == 0).then(|| 1 + numbers.below(4).cast_signed())
        })
        .unwrap();
        let all: Vec<u32> = (0..16).collect();
        let classes = Classes { row_class: &all, column_class: &all, table: &table };
        let mut watched = Watched::new(&classes);
        for _ in 0..60 {
            let pick = numbers.below(1 << 32) as u32;
            let event = match numbers.below(4) {
                0 if watched.day.rows.len() < 20 => Event::RowComes(pick),
                1 if watched.day.columns.len() < 20 => Event::ColumnComes(pick),
                0 | 2 => Event::RowGoes(pick),
                _ => Event::ColumnGoes(pick),
            };
            let before = watched.day.clone();
            let Some(moved) = watched.pass(&event) else { continue };
            let fewest = fewest_moved_of_many(&table, &watched.day, &before);
            assert_eq!(moved, fewest, "{event:?} after {before:?} of seed {seed}");
        }
    }
}

#[test]
fn a_driver_who_falls_ill_costs_one_move_when_another_is_as_good() {
    // Three drivers, two shipments; the third driver is as good as the first for the first shipment.
    let scores = [[9, 2, 9], [3, 8, 3]];
    let table = Table::from_fn(2, 3, |r, c| Some(scores[r][c])).unwrap();
    let classes = Classes { row_class: &[0, 1], column_class: &[0, 1, 2], table: &table };
    let mut planner = Planner::new(&classes).unwrap();
    assert_eq!(planner.total(), 17);
    assert_eq!(planner.remove_column(2), Some([].as_slice()), "nobody had the third driver");
    planner.add_column(2).unwrap();
    let changes = planner.remove_column(0).unwrap();
    assert_eq!(changes, [Change { row: 0, before: 0, after: 2 }]);
    assert_eq!(planner.total(), 17);
}

#[test]
fn a_planner_may_start_with_nobody_and_end_with_nobody() {
    let table = Table::from_fn(1, 1, |_, _| Some(4)).unwrap();
    let mut planner =
        Planner::new(&Classes { row_class: &[], column_class: &[], table: &table }).unwrap();
    assert_eq!(planner.add_row(0), Ok((0, [].as_slice())));
    let paired = Change { row: 0, before: UNASSIGNED, after: 0 };
    assert_eq!(planner.add_column(0), Ok((0, [paired].as_slice())));
    let gone = Change { row: 0, before: 0, after: UNASSIGNED };
    assert_eq!(planner.remove_row(0), Some([gone].as_slice()));
    assert_eq!(planner.remove_row(0), None, "it is gone already");
    assert_eq!(planner.remove_column(0), Some([].as_slice()));
    assert_eq!(planner.remove_column(0), None);
    assert_eq!((planner.rows(), planner.columns(), planner.total()), (0, 0, 0));
}

#[test]
fn what_cannot_be_added_changes_nothing() {
    let most = i64::MAX / 40;
    let table = Table::from_fn(1, 1, |_, _| Some(most)).unwrap();
    let (rows, columns) = (vec![0; 40], vec![0; 41]);
    let classes = Classes { row_class: &rows, column_class: &columns, table: &table };
    let mut planner = Planner::new(&classes).unwrap();
    let full = planner.add_row(0).unwrap_err();
    assert_eq!(full, Error::ScoreTooLarge { row: 0, column: 0 });
    assert_eq!(planner.add_row(1).unwrap_err(), Error::UnknownRowClass { row: 40 });
    assert_eq!(planner.add_column(1).unwrap_err(), Error::UnknownColumnClass { column: 41 });
    let larger = planner.add_row_class(|_| Some(most + 1)).unwrap_err();
    assert_eq!(larger, Error::ScoreTooLarge { row: 1, column: 0 });
    assert_eq!((planner.rows(), planner.columns(), planner.total()), (40, 41, 40 * most));
    planner.add_column(0).unwrap();
    assert_eq!(planner.assigned(), 40);
}

#[test]
fn a_class_that_nobody_knew_of_tells_apart_what_was_alike() {
    // Both row classes score alike until a column class comes that only one of them may have.
    let table = Table::from_fn(2, 1, |_, _| Some(3)).unwrap();
    let classes = Classes { row_class: &[0, 1], column_class: &[0], table: &table };
    let mut planner = Planner::new(&classes).unwrap();
    let class = planner.add_column_class(|row_class| (row_class == 0).then_some(5)).unwrap();
    let (column, _) = planner.add_column(class).unwrap();
    assert_eq!((planner.row_of(column), planner.row_of(0)), (Some(0), Some(1)));
    assert_eq!(planner.total(), 8);
}

#[test]
fn a_planner_may_start_without_classes() {
    let table = Table::from_fn(0, 0, |_, _| None).unwrap();
    let none = Classes { row_class: &[], column_class: &[], table: &table };
    let mut watched = Watched::new(&none);
    assert_eq!(watched.planner.add_row(0).unwrap_err(), Error::UnknownRowClass { row: 0 });
    let scores = |scores: &[i64]| scores.iter().copied().map(Some).collect();
    let events = [
        Event::RowClassComes(scores(&[1])),
        Event::RowComes(0),
        Event::ColumnClassComes(scores(&[6])),
        Event::ColumnComes(0),
        Event::RowClassComes(scores(&[7])),
        Event::RowComes(1),
    ];
    for event in &events {
        watched.pass(event);
        watched.check();
    }
    assert_eq!((watched.planner.total(), watched.planner.column_of(1)), (7, Some(0)));
}

#[test]
fn the_largest_scores_of_both_signs_are_mended() {
    let most = assignment::MAX_SCORE;
    let scores = [[most, most], [-most, most - 1], [most, -most]];
    let table = Table::from_fn(3, 2, |r, c| Some(scores[r][c])).unwrap();
    let classes = Classes { row_class: &[], column_class: &[], table: &table };
    let mut watched = Watched::new(&classes);
    let (comes, goes) = ([0, 1, 2, 0, 1, 2], [0, 0, 3, 1]);
    for pick in comes {
        for event in [Event::RowComes(pick), Event::ColumnComes(pick)] {
            watched.pass(&event);
            watched.check();
        }
    }
    for pick in goes {
        for event in [Event::RowGoes(pick), Event::ColumnGoes(pick)] {
            watched.pass(&event);
            watched.check();
        }
    }
}

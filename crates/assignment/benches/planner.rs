//! What it takes to mend a plan, by what has happened, beside making it from nothing; one thread:
//! `cargo bench -p assignment --bench planner`.
#![allow(clippy::print_stdout, reason = "prints its table")]

mod suitability;

use std::hint::black_box;
use std::time::{Duration, Instant};

use assignment::{Classes, Error, Planner, Problem, Table, solve, verify_classes};
use suitability::{classes, driver, length, mix, suitable};

/// Members that there are at the start, a side.
const SIDE: usize = 100_000;

fn main() -> Result<(), Error> {
    println!(
        "{:<38}{:>9}{:>9}{:>9}{:>9}{:>12}{:>10}",
        "event, µs", "median", "p99", "p99.9", "most", "rows moved", "× faster"
    );
    by_suitability(SIDE, SIDE)?;
    by_suitability(SIDE, SIDE / 2)?;
    by_suitability(SIDE / 2, SIDE)?;
    at_random(60, 500, SIDE, 200_000)?;
    at_random(500, 60, SIDE, 200_000)?;
    at_random(1000, 1000, 1000, 10_000)
}

/// Members, those who are there at the start first, and what happens to them.
struct Day<'a> {
    row_class: &'a [u32],
    column_class: &'a [u32],
    table: &'a Table,
    /// Members that there are at the start.
    rows: usize,
    columns: usize,
    events: usize,
}

fn by_suitability(rows: usize, columns: usize) -> Result<(), Error> {
    // Twice as many, so that the classes of those who come later are known.
    let (lengths, row_class) = classes((0..2 * rows).map(length));
    let (drivers, column_class) = classes((0..2 * columns).map(driver));
    let table = Table::from_fn(lengths.len(), drivers.len(), |r, c| {
        Some(suitable(lengths[r], drivers[c]).cast_signed())
    })?;
    let (row_class, column_class) = (&row_class, &column_class);
    let day = Day { row_class, column_class, table: &table, rows, columns, events: 1_000_000 };
    day.run("suitability")
}

/// Classes that do not merge, of about the same size.
fn at_random(rows: usize, columns: usize, side: usize, events: usize) -> Result<(), Error> {
    let score = |r: usize, c: usize| (mix((r * 5000 + c) as u64) % 1000).cast_signed();
    let table = Table::from_fn(rows, columns, |r, c| Some(score(r, c)))?;
    let class = |classes: usize, seed: u64| -> Vec<u32> {
        (0..2 * side).map(|member| (mix(member as u64 ^ seed) % classes as u64) as u32).collect()
    };
    let (row_class, column_class) = (&class(rows, 7), &class(columns, 8));
    let day = Day { row_class, column_class, table: &table, rows: side, columns: side, events };
    day.run("random classes")
}

/// The times of one kind of event.
#[derive(Default)]
struct Times {
    nanoseconds: Vec<u64>,
    moved: usize,
}

impl Times {
    fn measure(&mut self, event: impl FnOnce() -> usize) {
        let start = Instant::now();
        self.moved += black_box(event());
        self.nanoseconds.push(start.elapsed().as_nanos() as u64);
    }

    fn print(&mut self, what: &str, from_nothing: Duration) {
        self.nanoseconds.sort_unstable();
        let last = self.nanoseconds.len() - 1;
        let at = |share: f64| self.nanoseconds[(last as f64 * share) as usize] as f64 / 1e3;
        println!(
            "  {what:<36}{:>9.2}{:>9.2}{:>9.2}{:>9.0}{:>12.3}{:>10.0}",
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0),
            self.moved as f64 / self.nanoseconds.len() as f64,
            from_nothing.as_secs_f64() * 1e6 / at(0.5),
        );
    }
}

fn best_of<T>(times: usize, mut f: impl FnMut() -> T) -> (Duration, T) {
    let mut timed = || {
        let start = Instant::now();
        let value = black_box(f());
        (start.elapsed(), value)
    };
    let mut best = timed();
    for _ in 1..times {
        let next = timed();
        if next.0 < best.0 {
            best = next;
        }
    }
    best
}

impl Day<'_> {
    fn run(&self, name: &str) -> Result<(), Error> {
        let Self { table, rows, columns, .. } = *self;
        let row_class = &self.row_class[..rows];
        let column_class = &self.column_class[..columns];
        let classes = Classes { row_class, column_class, table };
        let (from_nothing, _) = best_of(5, || solve(&Problem::Classes(classes)));
        let (start, planner) = best_of(5, || Planner::new(&classes));
        let mut planner = planner?;
        println!(
            "{name}, {rows} by {columns} in {} by {} classes: {:.2} ms from nothing, {:.2} ms to start",
            table.rows(),
            table.columns(),
            from_nothing.as_secs_f64() * 1e3,
            start.as_secs_f64() * 1e3,
        );
        let mut times: [Times; 4] = Default::default();
        self.pass(&mut planner, &mut times);
        let events = ["add a row", "remove a row", "add a column", "remove a column"];
        for (times, what) in times.iter_mut().zip(events) {
            times.print(what, from_nothing);
        }
        let (proof, solution) = best_of(5, || planner.class_solution());
        println!("  {:<36}{:>9.2}", "class_solution", proof.as_secs_f64() * 1e6);
        let (rows, columns) = (planner.row_counts(), planner.column_counts());
        assert_eq!(verify_classes(rows, columns, table, &solution), Ok(()), "the plan at the end");
        Ok(())
    }

    fn pass(&self, planner: &mut Planner, times: &mut [Times; 4]) {
        let mut rows: Vec<u32> = (0..self.rows as u32).collect();
        let mut columns: Vec<u32> = (0..self.columns as u32).collect();
        for event in 0..self.events {
            let number = mix(event as u64);
            let pick = (number >> 8) as usize;
            match (
                number % 2,
                adds(number, rows.len(), self.rows),
                adds(number, columns.len(), self.columns),
            ) {
                (0, true, _) => times[0].measure(|| {
                    let class = self.row_class[pick % self.row_class.len()];
                    let (row, changes) = planner.add_row(class).expect("there is room");
                    rows.push(row);
                    changes.len()
                }),
                (0, false, _) => times[1].measure(|| {
                    let row = rows.swap_remove(pick % rows.len());
                    planner.remove_row(row).map_or(0, <[_]>::len)
                }),
                (_, _, true) => times[2].measure(|| {
                    let class = self.column_class[pick % self.column_class.len()];
                    let (column, changes) = planner.add_column(class).expect("there is room");
                    columns.push(column);
                    changes.len()
                }),
                (_, _, false) => times[3].measure(|| {
                    let column = columns.swap_remove(pick % columns.len());
                    planner.remove_column(column).map_or(0, <[_]>::len)
                }),
            }
        }
    }
}

/// Whether the next of a side comes or goes: there are never a tenth more or fewer than at the start.
fn adds(number: u64, present: usize, at_start: usize) -> bool {
    match present * 10 {
        few if few < at_start * 9 => true,
        many if many > at_start * 11 => false,
        _ => number & 2 == 0,
    }
}

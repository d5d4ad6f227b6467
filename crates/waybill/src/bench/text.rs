//! Text to pairs on one thread, against `from_utf8` and `lines()` on the same bytes.
//!
//! The ratio is to a program that sees each line and lets go of it: nobody reads records with less, so
//! what it takes is no choice of ours. Beside it, the same with its lines kept in a `Vec<&str>`, as ours
//! keeps its records.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use assignment::{Classes, Table, UNASSIGNED, solve_counted};
use domain::{Records, StreetName, parse_drivers, parse_shipments, score};
use producer::synthetic;

use super::statistics::median;
use crate::error::{Error, FileProblem};

/// What was measured: medians of turns that take turns, since machines are noisy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    pub(super) records: u32,
    pub(super) megabytes: f64,
    pub(super) ours: Duration,
    pub(super) lines: Duration,
    pub(super) kept_lines: Duration,
}

impl Text {
    pub(super) fn ratio(&self) -> f64 {
        self.ours.as_secs_f64() / self.lines.as_secs_f64()
    }

    pub(super) fn ratio_to_kept(&self) -> f64 {
        self.ours.as_secs_f64() / self.kept_lines.as_secs_f64()
    }
}

/// Measures so many shipments and as many drivers.
pub(super) fn measure(records: u32, rounds: usize) -> Result<Text, Error> {
    let shipments = text(&synthetic::shipments(0, 0, records));
    let drivers = text(&synthetic::drivers(0, 0, records));
    let (mut ours, mut lines, mut kept_lines) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        lines.push(walk([&shipments, &drivers]));
        ours.push(plan(&shipments, &drivers)?);
        kept_lines.push(keep([&shipments, &drivers]));
    }
    let megabytes = (shipments.len() + drivers.len()) as f64 / 1e6;
    let (ours, lines, kept_lines) = (median(ours), median(lines), median(kept_lines));
    Ok(Text { records, megabytes, ours, lines, kept_lines })
}

/// Reads the text, and nothing more.
fn walk(texts: [&[u8]; 2]) -> Duration {
    let begun = Instant::now();
    for bytes in texts {
        let text = std::str::from_utf8(black_box(bytes)).unwrap_or_default();
        for line in text.lines() {
            black_box(line);
        }
    }
    begun.elapsed()
}

/// Reads the text, and keeps its lines.
fn keep(texts: [&[u8]; 2]) -> Duration {
    let begun = Instant::now();
    let kept = texts.map(|bytes| {
        let text = std::str::from_utf8(black_box(bytes)).unwrap_or_default();
        text.lines().collect::<Vec<&str>>()
    });
    let taken = begun.elapsed();
    black_box(kept);
    taken
}

/// The text to all pairs of the best plan. What first come, first served would reach is not part of it.
fn plan(shipments: &[u8], drivers: &[u8]) -> Result<Duration, Error> {
    // A file is read into a buffer that becomes the records', so this copy is not part of the work.
    let (shipments, drivers) = (shipments.to_vec(), drivers.to_vec());
    let unread = |problem: domain::RecordError| Error::File {
        path: "made-up data".into(),
        problem: FileProblem::Record(problem),
    };
    let begun = Instant::now();
    let (shipments, rows) =
        parse_shipments(black_box(shipments), StreetName::Address).map_err(unread)?;
    let (drivers, columns) = parse_drivers(black_box(drivers)).map_err(unread)?;
    let (lengths, traits) = (&rows.lengths, &columns.traits);
    let table = Table::from_fn(lengths.len(), traits.len(), |row, column| {
        Some(score(lengths[row], traits[column]).quarters())
    })?;
    let classes = Classes { row_class: &rows.class, column_class: &columns.class, table: &table };
    let plan = solve_counted(&classes, &rows.counts, &columns.counts)?;
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(plan.assigned);
    let assigned = plan.columns.iter().zip(0..).filter(|&(&driver, _)| driver != UNASSIGNED);
    pairs.extend(assigned.map(|(&driver, shipment)| (shipment, driver)));
    let taken = begun.elapsed();
    // Giving the memory back is not part of the work either.
    black_box((shipments, drivers, pairs));
    Ok(taken)
}

fn text(records: &Records) -> Vec<u8> {
    let mut text = Vec::with_capacity(records.byte_size());
    for record in records {
        text.extend_from_slice(record.text.as_bytes());
        text.push(b'\n');
    }
    text
}

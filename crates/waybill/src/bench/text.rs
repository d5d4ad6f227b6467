//! Text to pairs on one thread, against `from_utf8` and `lines()` on the same bytes.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use domain::{Records, StreetName, parse_drivers, parse_shipments};
use fleet::planning::{Pair, Scored};
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
}

impl Text {
    pub(super) fn ratio(&self) -> f64 {
        self.ours.as_secs_f64() / self.lines.as_secs_f64()
    }
}

/// Measures so many shipments and as many drivers.
pub(super) fn measure(records: u32, rounds: usize) -> Result<Text, Error> {
    let shipments = text(&synthetic::shipments(0, 0, records));
    let drivers = text(&synthetic::drivers(0, 0, records));
    let (mut ours, mut lines) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        lines.push(walk([&shipments, &drivers]));
        ours.push(plan(&shipments, &drivers)?);
    }
    let megabytes = (shipments.len() + drivers.len()) as f64 / 1e6;
    Ok(Text { records, megabytes, ours: median(ours), lines: median(lines) })
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

/// The text to all pairs of the best plan.
fn plan(shipments: &[u8], drivers: &[u8]) -> Result<Duration, Error> {
    // A file is read into a buffer that becomes the records', so this copy is not part of the work.
    let (shipments, drivers) = (shipments.to_vec(), drivers.to_vec());
    let unread = |problem: domain::RecordError| Error::File {
        path: "made-up data".into(),
        problem: FileProblem::Record(problem),
    };
    let begun = Instant::now();
    let (shipments, lengths) =
        parse_shipments(black_box(shipments), StreetName::Address).map_err(unread)?;
    let (drivers, traits) = parse_drivers(black_box(drivers)).map_err(unread)?;
    let plan = Scored::new(lengths, traits)?.solve()?;
    let mut pairs: Vec<Pair> = Vec::with_capacity(plan.assigned());
    pairs.extend(plan.pairs());
    let taken = begun.elapsed();
    // Giving the memory back is not part of the work either.
    black_box((shipments, drivers, plan, pairs));
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

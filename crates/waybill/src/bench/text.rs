//! Text to pairs, on one thread and on two, against `from_utf8` and `lines()` on the same bytes.
//!
//! Pairs are what the solver gives: the driver of each shipment. The ratio is to a program that sees each
//! line and lets go of it: nobody reads records with less, so what it takes is no choice of ours. Beside it,
//! the same with its lines kept in a `Vec<&str>`, as ours keeps its records.

use std::{
    hint::black_box,
    ops::Range,
    process,
    time::{Duration, Instant},
};

use assignment::{ByClass, Expansion, solve_classes, verify_classes};
use domain::{DriverClasses, Records, StreetClasses, StreetName, parse_drivers, parse_shipments};
use producer::synthetic;

use super::{memory, statistics::median};
use crate::{
    both::both,
    error::{Error, FileProblem},
};

/// What was measured: medians of turns that take turns, since machines are noisy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    pub(super) records: u32,
    pub(super) megabytes: f64,
    pub(super) ours: Duration,
    /// On two threads.
    pub(super) ours_by_two: Duration,
    pub(super) lines: Duration,
    pub(super) kept_lines: Duration,
    /// The most memory that ours had at once, the text in it, as a ratio to the text.
    pub(super) memory_ratio: f64,
}

impl Text {
    pub(super) fn ratio(&self) -> f64 {
        self.ours.as_secs_f64() / self.lines.as_secs_f64()
    }

    pub(super) fn ratio_by_two(&self) -> f64 {
        self.ours_by_two.as_secs_f64() / self.lines.as_secs_f64()
    }

    pub(super) fn ratio_to_kept(&self) -> f64 {
        self.ours.as_secs_f64() / self.kept_lines.as_secs_f64()
    }
}

/// Measures so many shipments and as many drivers.
pub(super) fn measure(records: u32, rounds: usize) -> Result<Text, Error> {
    let shipments = text(&synthetic::shipments(0, 0, records));
    let drivers = text(&synthetic::drivers(0, 0, records));
    let texts = [&shipments[..], &drivers];
    let bytes = (shipments.len() + drivers.len()) as f64;
    // First, while nothing is left of other turns.
    let memory_ratio = peak(texts)? / bytes;
    let (mut ours, mut ours_by_two, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        lines.push(walk(texts));
        ours.push(plan(texts, 1)?);
        ours_by_two.push(plan(texts, 2)?);
    }
    // Not between the others, which would find what they use again out of every cache.
    let kept_lines = (0..rounds).map(|_| keep(texts)).collect();
    let (ours, ours_by_two) = (median(ours), median(ours_by_two));
    let (lines, kept_lines) = (median(lines), median(kept_lines));
    let megabytes = bytes / 1e6;
    Ok(Text { records, megabytes, ours, ours_by_two, lines, kept_lines, memory_ratio })
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

/// The time from text to the pairs of the best plan, which is proven. What first come, first served
/// would reach is not part of it.
fn plan(texts: [&[u8]; 2], threads: usize) -> Result<Duration, Error> {
    // A file is read into a buffer that becomes the records', so this copy is not part of the work.
    let [shipments, drivers] = texts.map(<[u8]>::to_vec);
    let begun = Instant::now();
    let planned = Planned::new(black_box(shipments), black_box(drivers), threads)?;
    let taken = begun.elapsed();
    // Giving the memory back is not part of the work either.
    black_box(planned);
    Ok(taken)
}

/// Bytes of memory that the process has at most while it plans, but for the texts that it keeps to copy.
/// The program itself is among them, so this is more than what ours takes.
fn peak(texts: [&[u8]; 2]) -> Result<f64, Error> {
    let kept: usize = texts.iter().map(|text| text.len()).sum();
    memory::forget_peak();
    plan(texts, 1)?;
    Ok(memory::peak_mib(process::id())? * f64::from(1 << 20) - kept as f64)
}

/// All that there is in the end.
#[expect(dead_code, reason = "it is there so that it is made")]
struct Planned {
    shipments: (Records, StreetClasses),
    drivers: (Records, DriverClasses),
    /// The driver of each shipment, or [`UNASSIGNED`](assignment::UNASSIGNED), in parts.
    pairs: Vec<Vec<u32>>,
}

impl Planned {
    fn new(shipments: Vec<u8>, drivers: Vec<u8>, threads: usize) -> Result<Self, Error> {
        let unread = |problem: domain::RecordError| Error::File {
            path: "made-up data".into(),
            problem: FileProblem::Record(problem),
        };
        let read_shipments = || parse_shipments(shipments, StreetName::Address);
        let read_drivers = || {
            let (records, columns) = parse_drivers(drivers)?;
            let by_class = ByClass::counted(columns.class.iter(), &columns.counts);
            Ok((records, columns, by_class))
        };
        let (shipments, drivers) = both(threads, read_shipments, read_drivers);
        let (shipments, rows) = shipments.map_err(unread)?;
        let (drivers, columns, by_class) = drivers.map_err(unread)?;

        let table = fleet::planning::table(&rows, &columns)?;
        let plan = solve_classes(&rows.counts, &columns.counts, &table)?;
        verify_classes(&rows.counts, &columns.counts, &table, &plan).map_err(Error::Unproven)?;

        let mut expansion = Expansion::new(&by_class, &plan);
        let all = rows.class.len();
        let pairs = if threads == 1 {
            vec![pairs(&mut expansion, 0..all, &rows)]
        } else {
            let (mut behind, half) = (expansion.clone(), all / 2);
            let second = || {
                behind.skip(rows.class.range(0..half));
                pairs(&mut behind, half..all, &rows)
            };
            let (first, second) = both(threads, || pairs(&mut expansion, 0..half, &rows), second);
            vec![first, second]
        };
        Ok(Self { shipments: (shipments, rows), drivers: (drivers, columns), pairs })
    }
}

/// The drivers of some shipments.
fn pairs(expansion: &mut Expansion<'_>, shipments: Range<usize>, rows: &StreetClasses) -> Vec<u32> {
    rows.class.range(shipments).map(|class| expansion.next(class)).collect()
}

fn text(records: &Records) -> Vec<u8> {
    let mut text = Vec::with_capacity(records.byte_size());
    for record in records {
        text.extend_from_slice(record.text.as_bytes());
        text.push(b'\n');
    }
    text
}

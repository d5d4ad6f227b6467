//! How far a run is: a bar on a terminal, lines elsewhere.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use proto::producer::v1::{Run, RunState};

use super::follow::is_final;
use crate::{error::Error, meaning::Format, output::Out, progress::Progress};

/// A line at most this often.
const LINE_EVERY: Duration = Duration::from_secs(1);

/// Shows a run as it goes on.
pub(super) struct Show {
    bar: Progress,
    format: Format,
    /// Whether each change is a line of JSON on standard output.
    every_change: bool,
    last_line: Option<Instant>,
}

impl Show {
    /// For a run that is watched: in JSON each change is a line.
    pub(super) fn changes(format: Format) -> Self {
        Self { bar: Progress::spinner("waiting"), format, every_change: true, last_line: None }
    }

    /// For a run that is waited for: in JSON its end is the whole answer.
    pub(super) fn end(format: Format) -> Self {
        Self { every_change: false, ..Self::changes(format) }
    }

    /// Shows one state of it.
    pub(super) fn seen(&mut self, run: &Run) -> Result<(), Error> {
        if self.format == Format::Json {
            if self.every_change || is_final(run.state()) {
                print(&proto::to_json(run).to_string())?;
            }
        } else if self.bar.is_hidden() {
            self.line(run)?;
        }
        let limit = run.request.as_ref().map_or(0, |request| request.batch_limit);
        if limit > 0 && self.bar.steps() != Some(limit) {
            self.bar = Progress::of(limit, "settled");
        }
        self.bar.at(run.batches_settled);
        self.bar.say(counts(run));
        Ok(())
    }

    fn line(&mut self, run: &Run) -> Result<(), Error> {
        let due = self.last_line.is_none_or(|last| last.elapsed() >= LINE_EVERY);
        if due && !is_final(run.state()) {
            self.last_line = Some(Instant::now());
            print(&counts(run))?;
        }
        Ok(())
    }

    /// Says how the run ended.
    pub(super) fn ended(self, run: &Run) -> Result<(), Error> {
        drop(self.bar);
        if self.format == Format::Json { Ok(()) } else { print(&ending(run)) }
    }
}

/// Writes one line at once.
pub(super) fn print(line: &str) -> Result<(), Error> {
    let mut out = Out::stdout();
    writeln!(out, "{line}")?;
    Ok(out.finish()?)
}

/// As `run list` spells it.
pub(super) fn state(run: &Run) -> &'static str {
    match run.state() {
        RunState::Unspecified => "unknown",
        RunState::Running => "running",
        RunState::Draining => "draining",
        RunState::Finished => "finished",
        RunState::Stopped => "stopped",
        RunState::Failed => "failed",
    }
}

pub(super) fn counts(run: &Run) -> String {
    let mut text =
        format!("{}: {} sent, {} settled", state(run), run.batches_sent, run.batches_settled);
    if run.batches_rejected > 0 {
        text += &format!(", {} rejected", run.batches_rejected);
    }
    if run.batches_behind > 0 {
        text += &format!(", {} behind", run.batches_behind);
    }
    text
}

fn ending(run: &Run) -> String {
    format!(
        "run {} {}; {} shipments, {} assigned, total {}; first come, first served reaches {}",
        run.run_id,
        counts(run),
        run.shipments,
        run.assigned,
        run.total,
        run.greedy_total
    )
}

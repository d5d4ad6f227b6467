//! `waybill`: assigns shipments to drivers, proves that no assignment is better, and runs the three
//! services that do so as a stream.
//!
//! | module | holds |
//! |---|---|
//! | `cli` | the commands and what their help says |
//! | `assign`, `generate`, `verify`, `completions` | commands that need no service |
//! | `input`, `planning` | files to records, records to a plan |
//! | `plan` | a plan and its three forms: table, CSV, JSON |
//! | `output`, `progress` | standard output, and a bar on long work |
//! | `error` | all that can go wrong, and the exit code of each |

mod assign;
mod cli;
mod completions;
mod error;
mod input;
mod output;
mod plan;
mod planning;
mod progress;
mod verify;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::parse().and_then(cli::Command::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

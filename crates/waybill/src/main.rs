//! `waybill`: assigns shipments to drivers, proves that no assignment is better, and runs the three
//! services that do so as a stream.
//!
//! | module | holds |
//! |---|---|
//! | `cli` | the commands and what their help says |
//! | `up` | the whole system in one process |
//! | `services` | the three services, a process each |
//! | `assign`, `generate`, `verify`, `completions` | commands that need no service |
//! | `run`, `plans`, `check` | commands that call a service |
//! | `bench` | what this machine makes of it all |
//! | `settings`, `meaning` | what was said to a command, and what it means |
//! | `client`, `ready`, `plain_http` | calls to a service that may be restarting; whether it is there |
//! | `input`, `planning` | files to records, records to a plan |
//! | `plan` | a plan and its three forms: table, CSV, JSON |
//! | `output`, `progress` | standard output, and a bar on long work |
//! | `error` | all that can go wrong, and the exit code of each |

mod assign;
mod bench;
mod both;
mod check;
mod cli;
mod client;
mod completions;
mod error;
mod generate;
mod input;
mod matrix;
mod meaning;
mod output;
mod plain_http;
mod plan;
mod planning;
mod plans;
mod progress;
mod ready;
mod run;
mod services;
mod settings;
mod up;
mod verify;

use std::process::ExitCode;

/// A batch is many small texts, allocated on one thread and freed on another: glibc's allocator took a
/// fifth of the time of the three processes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::parse().and_then(cli::Command::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

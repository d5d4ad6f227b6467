//! The commands and what their help says.

use std::{env::consts, sync::LazyLock};

use clap::{Parser, Subcommand};

use crate::{
    assign::Assign,
    bench::{Bench, EchoServer},
    check::Check,
    completions::Completions,
    error::Error,
    generate::Generate,
    plans::Plans,
    run::Run,
    services::{analytics::Analytics, fleet::Fleet, producer::Producer},
    up::Up,
    verify::Verify,
};

/// Every command's exit code means the same, and so does the level of logs.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: bad data, a missing file, a service that is not there, a run that is not settled
  2  wrong usage: an unknown command, flag or setting, or a value that it cannot have

Logs go to standard error: WAYBILL_LOG is the level, error, warn, info (the default), debug or trace,
for all or by module as in info,fleet=debug";

/// Version, machine and profile: what a report of a bug needs.
static BUILD: LazyLock<String> = LazyLock::new(|| {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!("{} ({}-{}, {profile})", env!("CARGO_PKG_VERSION"), consts::ARCH, consts::OS)
});

/// Assigns shipments to drivers with the highest total suitability, and proves that none is higher
#[derive(Debug, Parser)]
#[command(name = "waybill", arg_required_else_help = true, version = BUILD.as_str(), after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Up(Up),
    Producer(Producer),
    Fleet(Fleet),
    Analytics(Analytics),
    Assign(Assign),
    Run(Run),
    Plans(Plans),
    Generate(Generate),
    Verify(Verify),
    Check(Check),
    Bench(Bench),
    Completions(Completions),
    /// A process that `bench` starts for itself.
    #[command(hide = true)]
    BenchEchoServer(EchoServer),
}

impl Command {
    /// Does it.
    pub(crate) fn run(self) -> Result<(), Error> {
        match self {
            Self::Up(command) => command.run(),
            Self::Producer(command) => command.run(),
            Self::Fleet(command) => command.run(),
            Self::Analytics(command) => command.run(),
            Self::Assign(command) => command.run(),
            Self::Run(command) => command.run(),
            Self::Plans(command) => command.run(),
            Self::Generate(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Check(command) => command.run(),
            Self::Bench(command) => command.run(),
            Self::Completions(command) => command.run(),
            Self::BenchEchoServer(command) => command.run(),
        }
    }
}

/// What the arguments of this process ask for.
pub(crate) fn parse() -> Result<Command, Error> {
    Ok(Cli::try_parse()?.command)
}

/// The whole command line, for completions.
pub(crate) fn definition() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::definition().debug_assert();
    }
}

//! `waybill completions`: a script that completes commands and flags.

use std::io::Write;

use clap::Args;
use clap_complete::Shell;

use crate::{cli, error::Error, output::Out};

/// Print a completion script for a shell
///
/// For bash: `waybill completions bash > /etc/bash_completion.d/waybill`. For zsh, write it as
/// `_waybill` into a folder of $fpath; for fish, into ~/.config/fish/completions/waybill.fish.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Whose syntax
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<(), Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut cli::definition(), "waybill", &mut script);
        let mut out = Out::stdout();
        out.write_all(&script)?;
        Ok(out.finish()?)
    }
}

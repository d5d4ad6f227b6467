//! All that can go wrong, and the exit code of each.

use std::{
    fmt,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::error::ErrorKind;
use runtime::settings::Problems;

use crate::{client::Failure, matrix::MatrixProblem, services::ServiceError, verify::Flaw};

/// Why a command did not do what it was asked for. Its text names the thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line does not parse; also how clap asks for help to be printed.
    #[error("{0}")]
    Arguments(#[from] clap::Error),
    /// Arguments that do not go together.
    #[error("{0}")]
    Usage(String),
    /// A file that cannot be read or written.
    #[error("{}: {problem}", Place(path))]
    File { path: PathBuf, problem: FileProblem },
    /// Standard output does not take what is written to it.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
    /// JSON that is no plan.
    #[error("{}: is not a plan as JSON: {problem}", Place(path))]
    NotAPlan { path: PathBuf, problem: serde_json::Error },
    /// A plan that is not the best, or does not show it.
    #[error("{}: not proven: {flaw}", Place(path))]
    NotProven { path: PathBuf, flaw: Flaw },
    /// Settings that are wrong, all of them.
    #[error("{0}")]
    Settings(#[from] Problems),
    /// A service that refuses a call or does not answer.
    #[error("{}", Failure { uri, status })]
    Call { uri: http::Uri, status: Box<tonic::Status> },
    /// Records that are too large to travel with a call.
    #[error(
        "{bytes} bytes of records, more than the {limit} that a call may have; a folder that the producer watches takes larger files"
    )]
    RunTooLarge { bytes: usize, limit: usize },
    /// A run that ended with batches that are not settled.
    #[error("{0}")]
    NotSettled(String),
    /// An answer of a service that does not follow the contract.
    #[error("{uri}: an answer that is not understood: {text}")]
    Answer { uri: http::Uri, text: String },
    /// A service that cannot start, or cannot go on.
    #[error("{0}")]
    Service(#[from] ServiceError),
    /// A bench whose parts do not do what they should.
    #[error("bench: {0}")]
    Bench(String),
    /// A signal ended the command before it was done.
    #[error("interrupted")]
    Interrupted,
    /// The machine does not let us do our work.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    /// A plan that its own certificate does not prove. A fault of ours, caught before anyone relies on it.
    #[error("the plan is not proven and not given out, which is a fault of waybill: {0}")]
    Unproven(assignment::Flaw),
    /// Records that have no plan.
    #[error("these records have no plan: {0}")]
    Planning(#[from] assignment::Error),
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileProblem {
    #[error("no such file")]
    Missing,
    #[error("is a folder, not a file")]
    Folder,
    #[error("has no records")]
    NoRecords,
    #[error("{bytes} bytes, more than the {limit} of one file")]
    TooLarge { bytes: u64, limit: usize },
    #[error("{0}")]
    Record(#[from] domain::RecordError),
    #[error("{0}")]
    Matrix(#[from] MatrixProblem),
    #[error("{0}")]
    Io(io::Error),
}

impl From<io::Error> for FileProblem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::IsADirectory => Self::Folder,
            _ => Self::Io(error),
        }
    }
}

/// A path as people know it.
struct Place<'a>(&'a PathBuf);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.as_os_str() == "-" {
            f.write_str("standard input")
        } else {
            self.0.display().fmt(f)
        }
    }
}

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

impl Error {
    /// Whether a reader of standard output has seen enough and gone.
    fn is_quiet(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Says it on standard error, and gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let code = match &self {
            Self::Arguments(error) if !error.use_stderr() => {
                // Help and version were asked for.
                return match error.print().and_then(|()| io::stdout().flush()) {
                    Ok(()) => ExitCode::SUCCESS,
                    Err(error) => Self::Output(error).report(),
                };
            }
            Self::Arguments(error)
                if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand =>
            {
                let _ = error.print();
                return WRONG_USAGE.into();
            }
            quiet if quiet.is_quiet() => return ExitCode::SUCCESS,
            Self::Arguments(_) | Self::Usage(_) | Self::Settings(_) => WRONG_USAGE,
            _ => FAILED,
        };
        // Where standard error is gone too, the code alone has to say it.
        let _ = writeln!(io::stderr(), "waybill: {}", self.text());
        code.into()
    }

    fn text(&self) -> String {
        let text = self.to_string();
        text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()
    }
}

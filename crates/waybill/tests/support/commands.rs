//! Runs the real binary.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary, in an environment without settings.
pub(crate) fn waybill(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waybill"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WAYBILL_") {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    ended(waybill(arguments))
}

/// Runs the binary to its end, with `input` on its standard input.
pub(crate) fn run_with_input(arguments: &[&str], input: &[u8]) -> Ended {
    let mut command = waybill(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    // A program that refuses its arguments does not read.
    let _ = stdin.write_all(input);
    drop(stdin);
    output(child.wait_with_output().expect("it ends"))
}

/// Runs a command to its end.
pub(crate) fn ended(mut command: Command) -> Ended {
    output(command.stdin(Stdio::null()).output().expect("the binary starts"))
}

fn output(output: std::process::Output) -> Ended {
    Ended {
        code: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).expect("it writes UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("it writes UTF-8"),
    }
}

impl Ended {
    /// Its standard output, when it did what it was asked for.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""));
        self.stdout
    }

    /// What it said about a failure: one message, nothing on standard output.
    #[track_caller]
    pub(crate) fn failed(self) -> String {
        self.refused(1)
    }

    /// What it said about wrong usage.
    #[track_caller]
    pub(crate) fn wrong_usage(self) -> String {
        self.refused(2)
    }

    #[track_caller]
    fn refused(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{}", self.stderr);
        let message = self.stderr.strip_prefix("waybill: ").expect("it says who speaks");
        message.trim_end().to_owned()
    }

    /// Its standard output as JSON, when it did what it was asked for.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.done()).expect("it is JSON")
    }
}

/// A file of the data sets in the tree.
pub(crate) fn data(name: &str) -> String {
    format!("{}/../../data/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A file with this content, for as long as the folder lives.
pub(crate) fn file(dir: &tempfile::TempDir, name: &str, content: impl AsRef<[u8]>) -> String {
    let path: PathBuf = dir.path().join(name);
    std::fs::write(&path, content).expect("a temporary folder takes files");
    path.to_str().expect("its name is text").to_owned()
}

pub(crate) fn dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

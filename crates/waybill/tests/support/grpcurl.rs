//! The real grpcurl.

use std::{
    env,
    ffi::OsString,
    io::Write,
    process::{Command, ExitStatus, Stdio},
};

/// Where it is.
pub(crate) struct Grpcurl(OsString);

/// What it said, on both streams.
pub(crate) struct Answer {
    pub(crate) status: ExitStatus,
    pub(crate) text: String,
}

impl Grpcurl {
    /// WAYBILL_GRPCURL, or the one on the path. None: says in one line that the test is skipped.
    pub(crate) fn find() -> Option<Self> {
        let program = env::var_os("WAYBILL_GRPCURL").unwrap_or_else(|| "grpcurl".into());
        let there = Command::new(&program).arg("-version").stderr(Stdio::null()).status();
        if there.is_ok_and(|status| status.success()) {
            return Some(Self(program));
        }
        // To the terminal itself: what a test prints is shown only when it fails.
        let _ = writeln!(std::io::stderr(), "skipped: there is no grpcurl");
        None
    }

    pub(crate) fn run(&self, words: &[impl AsRef<str>]) -> Answer {
        let words = words.iter().map(AsRef::as_ref);
        let output = Command::new(&self.0).args(words).output().expect("it is there");
        let text = [output.stdout, output.stderr].concat();
        Answer { status: output.status, text: String::from_utf8_lossy(&text).into_owned() }
    }
}

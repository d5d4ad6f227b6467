//! The real grpcurl.

use std::{
    ffi::OsString,
    process::{Command, ExitStatus},
};

use super::tool::find;

/// Where it is.
pub(crate) struct Grpcurl(OsString);

/// What it said, on both streams.
pub(crate) struct Answer {
    pub(crate) status: ExitStatus,
    pub(crate) text: String,
}

impl Grpcurl {
    /// None where there is none, which is said.
    pub(crate) fn find() -> Option<Self> {
        find("grpcurl", "-version", "its examples are not tried").map(Self)
    }

    pub(crate) fn run(&self, words: &[impl AsRef<str>]) -> Answer {
        let words = words.iter().map(AsRef::as_ref);
        let output = Command::new(&self.0).args(words).output().expect("it is there");
        let text = [output.stdout, output.stderr].concat();
        Answer { status: output.status, text: String::from_utf8_lossy(&text).into_owned() }
    }
}

//! Programs of others that tests use where they are there.

use std::{
    env,
    ffi::OsString,
    io::Write,
    process::{Command, Stdio},
};

/// The program that `WAYBILL_<NAME>` names, or the one on the path, where it answers to `version`. None: says in
/// one line what is skipped.
pub(crate) fn find(name: &str, version: &str, skipped: &str) -> Option<OsString> {
    let variable = format!("WAYBILL_{}", name.to_uppercase());
    let program = env::var_os(variable).unwrap_or_else(|| name.into());
    let mut tried = Command::new(&program);
    tried.arg(version).stdout(Stdio::null()).stderr(Stdio::null());
    if tried.status().is_ok_and(|status| status.success()) {
        return Some(program);
    }
    // To the terminal itself: what a test prints is shown only when it fails.
    let _ = writeln!(std::io::stderr(), "skipped: there is no {name}, {skipped}");
    None
}

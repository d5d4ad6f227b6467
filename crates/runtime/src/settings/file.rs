//! Reading a file of settings.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    problems::{Problem, Problems},
    said::Source,
};

pub(super) fn read(path: &Path) -> Result<(PathBuf, toml::Table), Problems> {
    let problem =
        |text: String| Problems::from(vec![Problem::new(Source::File(path.to_owned()), &text)]);
    let text =
        fs::read_to_string(path).map_err(|error| problem(format!("cannot be read: {error}")))?;
    let table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map(|span| text[..span.start].lines().count().max(1));
        let at = line.map(|line| format!(" at line {line}")).unwrap_or_default();
        problem(format!("not TOML{at}: {}", error.message()))
    })?;
    Ok((path.to_owned(), table))
}

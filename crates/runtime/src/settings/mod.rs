//! Settings: two steps from text to meaning. First what was said, in layers: flags over `WAYBILL_*`
//! variables over a TOML file. Then what it means. All problems are reported together.
//!
//! One setting has one name everywhere: the flag `--ops-listen`, the variable `WAYBILL_OPS_LISTEN` and
//! the key `ops_listen`, in the file's section of the command or, below that, at its top level. An empty
//! variable is one that is not set.

mod file;
mod near;
pub mod parse;
mod problems;
mod said;

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::{Path, PathBuf},
};

pub use problems::{Problem, Problems};
use said::{File, Said, Source, variable};

/// The variables that are not settings of a command.
const OTHER_VARIABLES: [&str; 2] = ["WAYBILL_LOG", "WAYBILL_CONFIG"];

/// What was said to one command.
#[derive(Debug)]
pub struct Settings {
    flags: BTreeMap<String, String>,
    /// As text, or why one is none.
    variables: BTreeMap<String, Result<String, String>>,
    file: Option<File>,
    asked: BTreeSet<&'static str>,
    problems: Vec<Problem>,
}

impl Settings {
    /// The layers of a command: `section` is its table in the file, flags go by their name without
    /// dashes in front, and of the variables those that begin with `WAYBILL_` count.
    pub fn new(
        section: &str,
        flags: BTreeMap<String, String>,
        env: impl IntoIterator<Item = (String, OsString)>,
        file: Option<(PathBuf, toml::Table)>,
    ) -> Settings {
        let variables = env
            .into_iter()
            .filter(|(name, value)| name.starts_with("WAYBILL_") && !value.is_empty())
            .map(|(name, value)| {
                (name, value.into_string().map_err(|_| "is not UTF-8".to_owned()))
            });
        Settings {
            flags,
            variables: variables.collect(),
            file: file.map(|(path, table)| File::new(path, table, section)),
            asked: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// Reads the file of settings. Any failure is a problem that names it.
    pub fn read_file(path: &Path) -> Result<(PathBuf, toml::Table), Problems> {
        file::read(path)
    }

    /// The value under `name` (`"ops-listen"`), or the default. A bad value is a problem that names who
    /// said it, and the default goes on in its place so that other problems are found too.
    pub fn get<T>(
        &mut self,
        name: &'static str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        self.optional(name, parse).unwrap_or(default)
    }

    /// The value under `name`, if there is one.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.parsed(name, |text| parse(text).map_err(|why| format!("{text:?}: {why}")))
    }

    /// The same for a value that may hold a password: a problem does not repeat it.
    pub fn optional_secret<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.parsed(name, parse)
    }

    fn parsed<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.asked.insert(name);
        let Said { source, text } = self.said(name)?;
        match text.and_then(|text| parse(&text)) {
            Ok(value) => Some(value),
            Err(text) => {
                self.problems.push(Problem::new(source, &text));
                None
            }
        }
    }

    /// The value under `name`, which has no default: that it is missing is a problem.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.said(name).is_none() {
            self.asked.insert(name);
            self.problem(name, format!("must be given, here or as {}", variable(name)));
            return None;
        }
        self.optional(name, parse)
    }

    /// A problem with the value under `name`, such as one that does not go together with another. It is
    /// reported under whoever said the value.
    pub fn problem(&mut self, name: &str, text: impl Into<String>) {
        let source = self.said(name).map_or_else(|| Source::flag(name), |said| said.source);
        self.problems.push(Problem::new(source, &text.into()));
    }

    /// All problems, those of unknown keys in the file's section included. A variable that is nearly the
    /// name of a setting is warned of in the log.
    pub fn finish(mut self) -> Result<(), Problems> {
        self.unknown_keys();
        self.unknown_variables();
        if self.problems.is_empty() { Ok(()) } else { Err(Problems::from(self.problems)) }
    }

    fn said(&self, name: &str) -> Option<Said> {
        let flag = || {
            let text = self.flags.get(name)?.clone();
            Some(Said { source: Source::flag(name), text: Ok(text) })
        };
        let from_variable = || {
            let variable = variable(name);
            let text = self.variables.get(&variable)?.clone();
            Some(Said { source: Source::Variable(variable), text })
        };
        let key = || self.file.as_ref()?.said(name);
        flag().or_else(from_variable).or_else(key)
    }

    fn unknown_keys(&mut self) {
        let Some(file) = &self.file else { return };
        let known: Vec<String> = self.asked.iter().map(|name| said::key(name)).collect();
        for (source, key) in file.section_keys() {
            if !known.contains(&key) {
                let near = near::nearest(&key, known.iter().map(String::as_str));
                let hint = near.map(|near| format!(", did you mean {near}?")).unwrap_or_default();
                self.problems.push(Problem::new(source, &format!("no such setting{hint}")));
            }
        }
    }

    fn unknown_variables(&self) {
        let known: Vec<String> = self.asked.iter().map(|name| variable(name)).collect();
        for name in self.variables.keys() {
            if known.contains(name) || OTHER_VARIABLES.contains(&name.as_str()) {
                continue;
            }
            // Several commands may share one environment, and Kubernetes puts WAYBILL_FLEET_PORT and
            // the like there: only what looks like a slip of the pen deserves a warning.
            match near::nearest(name, known.iter().map(String::as_str)) {
                Some(near) => {
                    tracing::warn!(variable = name, did_you_mean = near, "unknown variable");
                }
                None => tracing::debug!(variable = name, "variable is not one of this command"),
            }
        }
    }
}

#[cfg(test)]
mod tests;

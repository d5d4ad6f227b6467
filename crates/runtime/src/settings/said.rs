//! Who said what.

use std::{fmt, path::PathBuf};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Flag(String),
    Variable(String),
    Key { file: PathBuf, key: String },
    File(PathBuf),
}

impl Source {
    pub(super) fn flag(name: &str) -> Self {
        Source::Flag(name.to_owned())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(name) => write!(f, "--{name}"),
            Source::Variable(name) => f.write_str(name),
            Source::Key { file, key } => write!(f, "{}: {key}", file.display()),
            Source::File(file) => write!(f, "{}", file.display()),
        }
    }
}

/// A value as text, or why it is none.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) source: Source,
    pub(super) text: Result<String, String>,
}

/// The variable of a setting.
pub(super) fn variable(name: &str) -> String {
    format!("WAYBILL_{}", name.replace('-', "_").to_uppercase())
}

/// The key of a setting in the file.
pub(super) fn key(name: &str) -> String {
    name.replace('-', "_")
}

/// A file of settings, seen by one command.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    table: toml::Table,
    section: String,
}

impl File {
    pub(super) fn new(path: PathBuf, table: toml::Table, section: &str) -> Self {
        Self { path, table, section: section.to_owned() }
    }

    /// What the section says, or else the top level.
    pub(super) fn said(&self, name: &str) -> Option<Said> {
        let key = key(name);
        let in_section = || {
            let value = self.section()?.get(&key)?;
            Some((format!("{}.{key}", self.section), value))
        };
        // A table at the top level is the section of some command, whatever its name.
        let at_top = || {
            let value = self.table.get(&key).filter(|value| !value.is_table())?;
            Some((key.clone(), value))
        };
        let (key, value) = in_section().or_else(at_top)?;
        let source = Source::Key { file: self.path.clone(), key };
        Some(Said { source, text: text(value) })
    }

    /// The keys of the section.
    pub(super) fn section_keys(&self) -> Vec<(Source, String)> {
        let keys = self.section().into_iter().flat_map(toml::Table::keys);
        keys.map(|key| {
            let source =
                Source::Key { file: self.path.clone(), key: format!("{}.{key}", self.section) };
            (source, key.clone())
        })
        .collect()
    }

    fn section(&self) -> Option<&toml::Table> {
        self.table.get(&self.section)?.as_table()
    }
}

fn text(value: &toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Float(number) => Ok(number.to_string()),
        toml::Value::Boolean(switch) => Ok(switch.to_string()),
        toml::Value::Datetime(time) => Ok(time.to_string()),
        toml::Value::Array(_) => Err("expected one value, not a list".to_owned()),
        toml::Value::Table(_) => Err("expected one value, not a table".to_owned()),
    }
}

//! The settings of a command: declared once in a table, which makes the flags, their help, and the
//! layers of flag, variable and file that `runtime::settings` gives a meaning to.

mod words;

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    marker::PhantomData,
    path::{Path, PathBuf},
};

use clap::{
    Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint, parser::ValueSource,
};
use runtime::settings::Settings;

use self::words::Words;
use crate::error::Error;

/// The flag, beside a command's own, that names the file of settings.
const CONFIG: &str = "config";

/// One setting of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    name: &'static str,
    /// What stands for the value in the help; `""` for a switch.
    value: &'static str,
    help: &'static str,
    more: &'static str,
    default: &'static str,
    values: &'static [&'static str],
    hint: ValueHint,
}

impl Setting {
    /// `--name VALUE`.
    pub(crate) const fn new(name: &'static str, value: &'static str, help: &'static str) -> Self {
        let hint = ValueHint::Other;
        Self { name, value, help, more: "", default: "", values: &[], hint }
    }

    /// `--name`, without a value: on where it stands.
    pub(crate) const fn switch(name: &'static str, help: &'static str) -> Self {
        Self::new(name, "", help)
    }

    /// What counts when nothing is said, as the help shows it. Where the value is read decides.
    pub(crate) const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    /// What the long help says behind the short.
    pub(crate) const fn more(self, more: &'static str) -> Self {
        Self { more, ..self }
    }

    /// All values there are, for the help and completions.
    pub(crate) const fn values(self, values: &'static [&'static str]) -> Self {
        Self { values, ..self }
    }

    /// What a shell completes.
    pub(crate) const fn hint(self, hint: ValueHint) -> Self {
        Self { hint, ..self }
    }

    /// The variable that says the same.
    fn variable(&self) -> String {
        format!("WAYBILL_{}", self.name.replace('-', "_").to_uppercase())
    }

    fn is_switch(&self) -> bool {
        self.value.is_empty()
    }

    fn argument(&self) -> Arg {
        let default = match self.default {
            "" => String::new(),
            default => format!(" [default: {default}]"),
        };
        let short = format!("{}{default}", self.help);
        let more = if self.more.is_empty() { String::new() } else { format!("\n\n{}", self.more) };
        let long = format!("{short}{more}\n\n[variable: {}]", self.variable());
        let arg = Arg::new(self.name).long(self.name).help(short).long_help(long);
        if self.is_switch() {
            return arg.action(ArgAction::SetTrue);
        }
        let arg = arg.value_name(self.value).value_hint(self.hint).overrides_with(self.name);
        // So that -5 and -5s are refused as what they are, by the name of the flag.
        let arg = arg.allow_negative_numbers(true).allow_hyphen_values(self.value == "TIME");
        arg.value_parser(Words { known: self.values })
    }
}

/// A command that has settings.
pub(crate) trait Declared {
    /// Its table in the file of settings.
    const SECTION: &'static str;
    /// All of them.
    const SETTINGS: &'static [Setting];
    /// Settings of other commands that share the table; they may stand in it too.
    const SIBLINGS: &'static [&'static [Setting]] = &[];
    /// Names of those whose value may be two words: `--drivers roster NAME`.
    const TWO_WORDS: &'static [&'static str] = &[];
}

/// What was said on the command line to a command.
#[derive(Debug)]
pub(crate) struct Flags<D> {
    pub(crate) said: BTreeMap<String, String>,
    config: Option<PathBuf>,
    command: PhantomData<D>,
}

impl<D: Declared> Flags<D> {
    /// All that was said, on the command line, in variables and in the file.
    pub(crate) fn settings(self) -> Result<Settings, Error> {
        let file = self.file()?;
        let mut settings = Settings::new(D::SECTION, self.said, variables(), file);
        for sibling in D::SIBLINGS.iter().copied().flatten() {
            if D::SETTINGS.iter().all(|own| own.name != sibling.name) {
                settings.optional(sibling.name, |_| Ok(()));
            }
        }
        Ok(settings)
    }

    /// The file of settings, if one is named.
    pub(crate) fn file(&self) -> Result<Option<(PathBuf, toml::Table)>, Error> {
        let named = || env::var_os("WAYBILL_CONFIG").filter(|path| !path.is_empty());
        let path = self.config.clone().or_else(|| named().map(PathBuf::from));
        let Some(path) = path else { return Ok(None) };
        let (path, table) = Settings::read_file(&path)?;
        known_sections(&path, &table)?;
        Ok(Some((path, table)))
    }
}

/// The tables that a file may have: one file serves all commands.
const SECTIONS: [&str; 9] =
    ["up", "producer", "fleet", "analytics", "assign", "generate", "run", "plans", "bench"];

fn known_sections(path: &Path, table: &toml::Table) -> Result<(), Error> {
    let unknown =
        table.iter().find(|(name, value)| value.is_table() && !SECTIONS.contains(&name.as_str()));
    let Some((name, _)) = unknown else { return Ok(()) };
    let text = format!(
        "{}: [{name}]: no such section; there are {}",
        path.display(),
        SECTIONS.map(|section| format!("[{section}]")).join(", ")
    );
    Err(Error::Usage(text))
}

/// The variables of this process, but those whose name is not text: no setting has such a name.
pub(crate) fn variables() -> impl Iterator<Item = (String, OsString)> {
    env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
}

impl<D: Declared> Args for Flags<D> {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new(CONFIG)
            .long(CONFIG)
            .value_name("FILE")
            .value_hint(ValueHint::FilePath)
            .value_parser(clap::value_parser!(PathBuf))
            .help("TOML file of settings; flags and variables win over it")
            .long_help(format!(
                "TOML file of settings; flags and variables win over it\n\n\
                 A key is the flag's name with _ for -, in the section [{}] or at the top level.\n\n\
                 [variable: WAYBILL_CONFIG]",
                D::SECTION
            ));
        D::SETTINGS
            .iter()
            .fold(command, |command, setting| {
                let arg = setting.argument();
                let two = D::TWO_WORDS.contains(&setting.name);
                command.arg(if two { arg.num_args(1..=2) } else { arg })
            })
            .arg(config)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<D: Declared> FromArgMatches for Flags<D> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let said = D::SETTINGS.iter().filter_map(|setting| {
            let name = setting.name;
            if matches.value_source(name) != Some(ValueSource::CommandLine) {
                return None;
            }
            let value = if setting.is_switch() {
                "true".to_owned()
            } else {
                let words: Vec<&str> =
                    matches.get_many::<String>(name)?.map(String::as_str).collect();
                words.join(" ")
            };
            Some((name.to_owned(), value))
        });
        let config = matches.get_one::<PathBuf>(CONFIG).cloned();
        Ok(Self { said: said.collect(), config, command: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

//! A value that is taken as it is, so that what is wrong with it is told together with all other
//! problems; but help and completions know what it may be.

use std::ffi::OsStr;

use clap::{
    Arg, Command, Error,
    builder::{PossibleValue, StringValueParser, TypedValueParser},
};

#[derive(Debug, Clone)]
pub(super) struct Words {
    /// All values, where they can be counted.
    pub(super) known: &'static [&'static str],
}

impl TypedValueParser for Words {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        if self.known.is_empty() {
            return None;
        }
        Some(Box::new(self.known.iter().map(|value| PossibleValue::new(*value))))
    }
}

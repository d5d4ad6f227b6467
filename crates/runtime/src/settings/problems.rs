//! Everything that is wrong with the settings of a command.

use std::{error::Error, fmt};

use super::said::Source;

/// One thing that is wrong: who said it, what was said, what is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    source: Source,
    text: String,
}

impl Problem {
    pub(super) fn new(source: Source, text: &str) -> Self {
        Self { source, text: without_passwords(text) }
    }
}

/// The text with `***` for the password of each URL in it: problems are read in logs.
fn without_passwords(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(scheme) = rest.find("://") {
        let (before, authority) = rest.split_at(scheme + 3);
        kept.push_str(before);
        let end = authority.find(['/', '"', ' ', '?', '#']).unwrap_or(authority.len());
        let (authority, behind) = authority.split_at(end);
        match authority
            .rsplit_once('@')
            .and_then(|(who, host)| Some((who.split_once(':')?.0, host)))
        {
            Some((user, host)) => kept.push_str(&format!("{user}:***@{host}")),
            None => kept.push_str(authority),
        }
        rest = behind;
    }
    kept + rest
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.text)
    }
}

/// All of them, one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Each of them, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// Adds those of another part of the same command.
    pub fn extend(&mut self, other: Problems) {
        for problem in other.0 {
            if !self.0.contains(&problem) {
                self.0.push(problem);
            }
        }
    }
}

impl From<Vec<Problem>> for Problems {
    fn from(problems: Vec<Problem>) -> Self {
        Self(problems)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            [one] => write!(f, "{one}"),
            all => {
                write!(f, "{} settings are wrong", all.len())?;
                all.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_url_is_not_repeated() {
        for (said, shown) in [
            ("\"postgres://me:secret@db:5432/x\": no", "\"postgres://me:***@db:5432/x\": no"),
            ("http://me:s@a@b and http://c:80/", "http://me:***@b and http://c:80/"),
            ("http://me@host", "http://me@host"),
            ("no url: at@all", "no url: at@all"),
        ] {
            assert_eq!(without_passwords(said), shown);
        }
    }
}

//! `--store`: which store, and where.

use std::path::PathBuf;

/// Where plans are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file on this machine.
    Sqlite(PathBuf),
}

impl StoreUrl {
    /// Reads `sqlite:DIR/analytics.db`.
    ///
    /// # Errors
    /// One line that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<StoreUrl, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            // sqlite:///srv/x is the same place as sqlite:/srv/x.
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err("names no file: write sqlite:DIR/analytics.db".into());
            }
            if path == ":memory:" {
                return Err("keeps nothing in memory alone: write sqlite:DIR/analytics.db".into());
            }
            return Ok(StoreUrl::Sqlite(path.into()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            // The text may hold a password, so it is not repeated.
            return Err(
                "PostgreSQL is not built into this version: use sqlite:DIR/analytics.db".into()
            );
        }
        Err("is neither sqlite:DIR/analytics.db nor postgres://…".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_a_relative_or_an_absolute_path() {
        for (text, path) in [
            ("sqlite:./waybill-data/analytics.db", "./waybill-data/analytics.db"),
            ("sqlite:/srv/a.db", "/srv/a.db"),
            ("sqlite:///srv/a.db", "/srv/a.db"),
        ] {
            assert_eq!(StoreUrl::parse(text), Ok(StoreUrl::Sqlite(path.into())));
        }
    }

    #[test]
    fn everything_else_says_what_to_write() {
        for (text, problem) in [
            ("sqlite:", "names no file"),
            ("sqlite::memory:", "in memory alone"),
            ("postgres://me:secret@db/waybill", "PostgreSQL is not built into this version"),
            ("waybill.db", "neither sqlite:"),
        ] {
            let said = StoreUrl::parse(text).expect_err("a bad URL");
            assert!(said.contains(problem) && !said.contains("secret"), "{text}: {said}");
        }
    }
}

//! `--store`: which store, and where.

use std::fmt;
use std::path::PathBuf;

use super::PostgresUrl;

/// Where plans are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// A database that several replicas share.
    Postgres(Box<PostgresUrl>),
}

impl StoreUrl {
    /// Reads `sqlite:DIR/analytics.db` or `postgres://USER@HOST:PORT/DATABASE`.
    ///
    /// # Errors
    /// One line that says what is wrong with the text, without repeating it: it may hold a password.
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
            return PostgresUrl::parse(text).map(Box::new).map(StoreUrl::Postgres);
        }
        Err("is neither sqlite:DIR/analytics.db nor postgres://USER@HOST:5432/DATABASE".into())
    }
}

/// Without a password.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreUrl::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            StoreUrl::Postgres(url) => url.fmt(f),
        }
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
    fn a_database_is_named_by_either_scheme() {
        for text in ["postgres://me@db/plans", "postgresql://me@db/plans"] {
            let url = StoreUrl::parse(text).expect("a good URL");
            assert_eq!(url.to_string(), "postgres://me@db:5432/plans");
        }
    }

    #[test]
    fn everything_else_says_what_to_write() {
        for (text, problem) in [
            ("sqlite:", "names no file"),
            ("sqlite::memory:", "in memory alone"),
            ("postgres://me:secret@db:x/waybill", "not a URL of PostgreSQL"),
            ("me:secret@waybill.db", "neither sqlite:"),
        ] {
            let said = StoreUrl::parse(text).expect_err("a bad URL");
            assert!(said.contains(problem) && !said.contains("secret"), "{text}: {said}");
        }
    }
}

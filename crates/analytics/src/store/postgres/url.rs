//! `postgres://…`: where the database is, who we are there, and how far it is trusted.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// What TLS is asked for, as `sslmode` of PostgreSQL's own clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    /// None.
    Disable,
    /// Where the server has it; whoever the server is.
    Prefer,
    /// Always; whoever the server is. With `sslrootcert` the same as `VerifyCa`.
    Require,
    /// Always, with a certificate of an authority that is trusted.
    VerifyCa,
    /// And for the name of the host.
    VerifyFull,
}

/// A PostgreSQL database. Shows no password, neither as text nor in debug output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresUrl {
    pub(super) config: Config,
    pub(super) tls: Tls,
    /// Certificates of the authorities that are trusted; `None`: those of the system.
    pub(super) root_cert: Option<PathBuf>,
    /// The file with the password, read at every connection, so that a new password needs no restart.
    pub(super) password_file: Option<PathBuf>,
}

impl PostgresUrl {
    /// Reads `postgres://USER@HOST:PORT/DATABASE?sslmode=…`.
    ///
    /// # Errors
    /// One line that says what is wrong with the text, without repeating it.
    pub fn parse(text: &str) -> Result<PostgresUrl, String> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut tls, mut root_cert) = (Tls::Prefer, None);
        let mut rest = Vec::new();
        for word in query.split('&').filter(|word| !word.is_empty()) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            match name {
                "sslmode" => tls = sslmode(value)?,
                "sslrootcert" if value != "system" => root_cert = Some(path(value)?),
                "sslrootcert" => {}
                "password" => {
                    return Err("has its password behind ?: write it before @, \
                    or better in a file"
                        .into());
                }
                // The store must be writable whatever is asked for, and has a schema of its own.
                "target_session_attrs" => {}
                _ => rest.push(word),
            }
        }
        let text = format!("{address}?{}", rest.join("&"));
        let mut config = Config::from_str(&text).map_err(|error| {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            format!("is not a URL of PostgreSQL: {}", source.unwrap_or_else(|| error.to_string()))
        })?;
        let odd = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
        if config.get_hosts().iter().any(odd) {
            return Err("has more than one @: in a password it is written %40".into());
        }
        if config.get_hosts().is_empty() {
            return Err("names no host: write postgres://USER@HOST:5432/DATABASE".into());
        }
        config.ssl_mode(match tls {
            Tls::Disable => SslMode::Disable,
            Tls::Prefer => SslMode::Prefer,
            Tls::Require | Tls::VerifyCa | Tls::VerifyFull => SslMode::Require,
        });
        if tls == Tls::Require && root_cert.is_some() {
            tls = Tls::VerifyCa;
        }
        Ok(PostgresUrl { config, tls, root_cert, password_file: None })
    }

    /// The same database, with the password in a file, which is read at every connection.
    ///
    /// # Errors
    /// The URL has a password already.
    pub fn with_password_file(self, file: PathBuf) -> Result<PostgresUrl, String> {
        if self.config.get_password().is_some() {
            return Err("the URL of the store has a password already".into());
        }
        Ok(PostgresUrl { password_file: Some(file), ..self })
    }

    /// The user, as PostgreSQL is told.
    pub(super) fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    /// The database; by default it has the name of the user.
    pub(super) fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_else(|| self.user())
    }

    /// Hosts with their ports.
    pub(super) fn hosts(&self) -> impl Iterator<Item = (String, u16)> {
        let ports = self.config.get_ports();
        self.config.get_hosts().iter().enumerate().map(move |(i, host)| {
            let host = match host {
                Host::Tcp(name) => name.clone(),
                #[cfg(unix)]
                Host::Unix(folder) => folder.display().to_string(),
            };
            (host, ports.get(i).or(ports.first()).copied().unwrap_or(5432))
        })
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if !self.user().is_empty() {
            write!(f, "{}@", self.user())?;
        }
        for (i, (host, port)) in self.hosts().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            if host.contains(':') {
                write!(f, "{comma}[{host}]:{port}")?;
            } else {
                write!(f, "{comma}{host}:{port}")?;
            }
        }
        write!(f, "/{}", self.database())
    }
}

fn sslmode(text: &str) -> Result<Tls, String> {
    Ok(match text {
        "disable" => Tls::Disable,
        "prefer" => Tls::Prefer,
        "require" => Tls::Require,
        "verify-ca" => Tls::VerifyCa,
        "verify-full" => Tls::VerifyFull,
        _ => {
            return Err("has an sslmode that is not one of disable, prefer, require, verify-ca, \
                verify-full"
                .into());
        }
    })
}

/// A path with its %XX read.
fn path(text: &str) -> Result<PathBuf, String> {
    let bad = || "has an sslrootcert that is not a path".to_owned();
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit().ok_or_else(bad)?, digit().ok_or_else(bad)?);
        bytes.push((high << 4 | low) as u8);
    }
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    if text.is_empty() { Err(bad()) } else { Ok(text.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> PostgresUrl {
        PostgresUrl::parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}"))
    }

    #[test]
    fn it_names_the_database_and_never_the_password() {
        for (text, shown) in [
            ("postgres://me:s3cret@db.example:6432/plans", "postgres://me@db.example:6432/plans"),
            ("postgresql://me:s3%40cret@db/plans?sslmode=require", "postgres://me@db:5432/plans"),
            ("postgres://me:s3cret@a:1,b:2/plans", "postgres://me@a:1,b:2/plans"),
            ("postgres://me:s3cret@[::1]:5432", "postgres://me@[::1]:5432/me"),
            ("postgres:///plans?host=/run/pg&user=me", "postgres://me@/run/pg:5432/plans"),
        ] {
            let url = parse(text);
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("s3"), "{url:?}");
        }
    }

    #[test]
    fn every_sslmode_of_postgresql_is_one_of_ours() {
        let mode = |query| parse(&format!("postgres://me@db/plans{query}")).tls;
        assert_eq!(mode(""), Tls::Prefer);
        assert_eq!(mode("?sslmode=disable"), Tls::Disable);
        assert_eq!(mode("?sslmode=require"), Tls::Require);
        assert_eq!(mode("?sslmode=require&sslrootcert=/ca.pem"), Tls::VerifyCa);
        assert_eq!(mode("?connect_timeout=3&sslmode=verify-ca"), Tls::VerifyCa);
        let full = parse("postgres://me@db/plans?sslmode=verify-full&sslrootcert=/c%20a.pem");
        assert_eq!((full.tls, full.root_cert), (Tls::VerifyFull, Some("/c a.pem".into())));
        let system = parse("postgres://me@db/plans?sslmode=verify-full&sslrootcert=system");
        assert_eq!(system.root_cert, None);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (text, problem) in [
            ("postgres://me:s3@cret@db/plans", "more than one @"),
            ("postgres://me:s3cret@/plans", "names no host"),
            ("postgres://me:s3cret@db:port/plans", "not a URL of PostgreSQL"),
            ("postgres://me:s3cret@db/plans?sslmode=allow", "sslmode"),
            ("postgres://me@db/plans?password=s3cret", "behind ?"),
            ("postgres://me:s3cret@db/plans?sslcert=/x", "unknown option"),
        ] {
            let said = PostgresUrl::parse(text).expect_err("a bad URL");
            assert!(said.contains(problem) && !said.contains("cret"), "{text}: {said}");
        }
        let url = parse("postgres://me:s3cret@db/plans");
        let said = url.with_password_file("/run/secret".into()).expect_err("two passwords");
        assert!(said.contains("a password already"), "{said}");
    }
}

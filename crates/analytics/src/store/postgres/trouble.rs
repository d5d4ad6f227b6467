//! What goes wrong with the database: whether it passes, and how it is told.

use std::error::Error as _;
use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::error::SqlState;

use crate::Error;

/// An error on its way to become one of [`Error`].
#[derive(Debug)]
pub(super) enum Trouble {
    /// PostgreSQL, or the way to it.
    Postgres(tokio_postgres::Error),
    /// A number is larger than the store can hold, or not what the store wrote.
    Number,
    /// One of ours already.
    Ours(Error),
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Try again, on a new connection.
    Reconnect,
    /// Try again at once: another transaction came first.
    Repeat,
    /// Tell the caller.
    Tell,
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Trouble {
        Trouble::Postgres(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Ours(error)
    }
}

impl Trouble {
    /// The name of the constraint that was violated; `""` for a day that has no partition.
    pub(super) fn violated(&self) -> Option<&str> {
        let Trouble::Postgres(error) = self else { return None };
        let error = error.as_db_error()?;
        let of_constraint = *error.code() == SqlState::UNIQUE_VIOLATION
            || *error.code() == SqlState::CHECK_VIOLATION;
        of_constraint.then(|| error.constraint().unwrap_or_default())
    }

    pub(super) fn remedy(&self) -> Remedy {
        let error = match self {
            Trouble::Postgres(error) => error,
            Trouble::Ours(Error::DatabaseAway { .. }) => return Remedy::Reconnect,
            Trouble::Number | Trouble::Ours(_) => return Remedy::Tell,
        };
        let Some(code) = error.code() else {
            return if refuses(error) { Remedy::Tell } else { Remedy::Reconnect };
        };
        match *code {
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Remedy::Repeat,
            SqlState::DISK_FULL => Remedy::Tell,
            _ if away(code) => Remedy::Reconnect,
            _ => Remedy::Tell,
        }
    }

    /// The error, with the database it came from.
    pub(super) fn told(self, database: &str) -> Error {
        let database = database.to_owned();
        let error = match self {
            Trouble::Postgres(error) => error,
            Trouble::Ours(error) => return error,
            Trouble::Number => {
                let reason = "a number is larger than the store can hold".into();
                return Error::Database { database, reason };
            }
        };
        let reason = reason(&error);
        match error.code() {
            Some(code) if away(code) => Error::DatabaseAway { database, reason },
            Some(code) if closed_to_us(code) => Error::DatabaseRefuses { database, reason },
            None if refuses(&error) => Error::DatabaseRefuses { database, reason },
            None if error.is_closed() => {
                Error::DatabaseAway { database, reason: "the connection was lost".into() }
            }
            None => Error::DatabaseAway { database, reason },
            Some(_) => Error::Database { database, reason },
        }
    }
}

/// States of a server that pass: it starts, stops, is full, is a standby, ended the session, or took
/// too long over a lock.
fn away(code: &SqlState) -> bool {
    // Connections, resources, intervention of an operator, errors of the system.
    ["08", "53", "57", "58"].iter().any(|class| code.code().starts_with(class))
        || [
            SqlState::READ_ONLY_SQL_TRANSACTION,
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
        ]
        .contains(code)
}

/// What somebody has to change before it works.
fn closed_to_us(code: &SqlState) -> bool {
    [
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        SqlState::INVALID_CATALOG_NAME,
        SqlState::INSUFFICIENT_PRIVILEGE,
    ]
    .contains(code)
}

/// Whether TLS or the login failed on our side of the connection. The library keeps the kind of an
/// error to itself; its first words tell it.
fn refuses(error: &tokio_postgres::Error) -> bool {
    let said = error.to_string();
    ["error performing TLS handshake", "authentication error", "invalid configuration"]
        .iter()
        .any(|kind| said.starts_with(kind))
}

/// All that is known, in one line.
fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return match (error.code(), error.detail()) {
            (&SqlState::DISK_FULL, _) => format!("its disk is full: {}", error.message()),
            (_, Some(detail)) => format!("{} ({detail})", error.message()),
            (_, None) => error.message().to_owned(),
        };
    }
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let said = inner.to_string();
        if !reason.contains(&said) {
            reason = format!("{reason}: {said}");
        }
        source = inner.source();
    }
    if reason.contains("database does not allow writes") {
        reason.push_str(" (a standby, or default_transaction_read_only is on)");
    }
    reason
}

/// A number as PostgreSQL keeps it.
pub(super) fn signed(number: u64) -> Result<i64, Trouble> {
    i64::try_from(number).map_err(|_| Trouble::Number)
}

/// A number as it was given to PostgreSQL.
pub(super) fn unsigned(number: i64) -> Result<u64, Trouble> {
    u64::try_from(number).map_err(|_| Trouble::Number)
}

/// A moment as it was given to PostgreSQL.
pub(super) fn instant(microseconds: i64) -> Result<Timestamp, Trouble> {
    Timestamp::from_microsecond(microseconds).map_err(|_| Trouble::Number)
}

/// A duration as PostgreSQL keeps it; 292 years are for ever.
pub(super) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

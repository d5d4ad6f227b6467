//! What can go wrong, as a closed list, and which gRPC status each is.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// When a caller may come back after the store could not be written or read.
const RETRY: Duration = Duration::from_secs(1);

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder of the store cannot be made, or files in it cannot be opened.
    #[error("store: {}: {source}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is a folder where the store's file should be.
    #[error("store: {} is a folder, not a file", path.display())]
    NotAFile {
        /// The folder.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("store: {} is not a store of waybill", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// A later version of this program wrote the file.
    #[error(
        "store: {} has version {found} of the tables, and this program knows versions up to \
         {known}: use a later release of waybill",
        path.display()
    )]
    NewerStore {
        /// The file.
        path: PathBuf,
        /// The version it has.
        found: i64,
        /// The newest version that this program knows.
        known: usize,
    },
    /// Another process has the store open.
    #[error("store: {} is in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// What is committed would not be sure to be on disk.
    #[error(
        "store: {} cannot promise that a commit is on disk: journal mode {mode}, synchronous \
         {synchronous}, where wal and 2 are needed",
        path.display()
    )]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// The journal mode it has.
        mode: String,
        /// The level of synchronous it has.
        synchronous: i64,
    },
    /// The store cannot be used now: a full disk, an error of the disk, a lock. It may pass.
    #[error("store: {}: {reason}", path.display())]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// What the store said.
        reason: String,
    },
    /// The file is damaged.
    #[error("store: {} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the store said.
        reason: String,
    },
    /// SQLite refused a statement of ours.
    #[error("store: {}: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// PostgreSQL cannot be used now: it is away, starts, is a standby, is full. It may pass.
    #[error("store: {database}: not available: {reason}")]
    DatabaseAway {
        /// The database, without its password.
        database: String,
        /// What is known.
        reason: String,
    },
    /// PostgreSQL does not let us in, or not do what a store needs: password, database, rights, TLS.
    #[error("store: {database}: {reason}")]
    DatabaseRefuses {
        /// The database, without its password.
        database: String,
        /// What is known.
        reason: String,
    },
    /// The server, or the database in it, is not one that can hold a store.
    #[error("store: {database}: {setting} is {found}, where {needed} is needed")]
    DatabaseUnfit {
        /// The database, without its password.
        database: String,
        /// The setting of the server.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it has to be.
        needed: String,
    },
    /// A later version of this program made the tables.
    #[error(
        "store: {database} has version {found} of the tables, and this program knows versions up to \
         {known}: use a later release of waybill"
    )]
    NewerDatabase {
        /// The database, without its password.
        database: String,
        /// The version it has.
        found: i64,
        /// The newest version that this program knows.
        known: usize,
    },
    /// The schema is something else's.
    #[error("store: {database}: its schema {schema} is not a store of waybill")]
    NotOurSchema {
        /// The database, without its password.
        database: String,
        /// The schema.
        schema: &'static str,
    },
    /// PostgreSQL refused a statement of ours.
    #[error("store: {database}: {reason}")]
    Database {
        /// The database, without its password.
        database: String,
        /// What it said.
        reason: String,
    },
    /// A plan in the store does not read as one.
    #[error("store: part {part} of plan {sequence} does not read: {reason}")]
    Unreadable {
        /// The plan.
        sequence: u64,
        /// The part.
        part: u32,
        /// Why.
        reason: String,
    },
    /// The work was dropped half way: it panicked, or the service stops.
    #[error("work was not finished: {0}")]
    Worker(#[from] runtime::workers::WorkerGone),
    /// No plan of this batch is recorded.
    #[error("batch {0}: no plan of it is recorded")]
    NoSuchPlan(proto::BatchId),
    /// The service stops.
    #[error("the service stops")]
    Stopping,
    /// A port cannot be opened.
    #[error(transparent)]
    Bind(#[from] runtime::server::BindError),
    /// A port cannot be served.
    #[error(transparent)]
    Serve(#[from] runtime::server::ServeError),
}

impl Error {
    /// The one place where an error becomes a status. The code says who should act; what is ours to
    /// know, such as paths and statements, goes to the log instead.
    pub(crate) fn status(&self) -> Status {
        match self {
            Error::NoSuchPlan(_) => Status::not_found(self.to_string()),
            Error::Stopping => come_back(self.to_string()),
            Error::Unavailable { .. }
            | Error::Folder { .. }
            | Error::InUse { .. }
            | Error::DatabaseAway { .. }
            | Error::DatabaseRefuses { .. } => {
                tracing::warn!(error = %self, "store not available");
                come_back("the store is not available".into())
            }
            Error::Damaged { .. } | Error::Unreadable { .. } => {
                tracing::error!(error = %self, "store damaged");
                Status::data_loss("the store is damaged")
            }
            Error::NotAFile { .. }
            | Error::NotAStore { .. }
            | Error::NewerStore { .. }
            | Error::NotDurable { .. }
            | Error::Sqlite { .. }
            | Error::DatabaseUnfit { .. }
            | Error::NewerDatabase { .. }
            | Error::NotOurSchema { .. }
            | Error::Database { .. }
            | Error::Bind(_)
            | Error::Serve(_)
            | Error::Worker(_) => {
                tracing::error!(error = %self, "internal error");
                Status::internal("internal error, the log of the analytics service says more")
            }
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Status {
        error.status()
    }
}

/// UNAVAILABLE with the time to come back.
pub(crate) fn come_back(message: String) -> Status {
    Status::with_error_details(
        Code::Unavailable,
        message,
        ErrorDetails::with_retry_info(Some(RETRY)),
    )
}

/// RESOURCE_EXHAUSTED with the time to come back.
pub(crate) fn no_room(message: String) -> Status {
    let details = ErrorDetails::with_retry_info(Some(RETRY));
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// ALREADY_EXISTS: the batch id has another plan.
pub(crate) fn taken(batch_id: proto::BatchId) -> Status {
    Status::already_exists(format!("batch {batch_id}: the id is taken by other content"))
}

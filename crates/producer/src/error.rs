//! What can go wrong, as a closed list, and what callers are told of it.

use std::{io, path::PathBuf};

use prost::Message;
use proto::{RunId, Violations};
use runtime::{
    peers::NoResolver,
    server::{BindError, ServeError},
    workers::WorkerGone,
};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{source::columns::Damaged, store::StoreError};

/// Why the producer cannot do something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request makes no sense; every bad field is named.
    #[error("{}", .0.message())]
    Invalid(Violations),
    /// There is no such run.
    #[error("run {0}: not found")]
    NoRun(RunId),
    /// There is no such roster.
    #[error("roster {0}: not found")]
    NoRoster(String),
    /// The id belongs to a run that was started otherwise.
    #[error("run {0}: exists already, with other settings")]
    OtherRun(RunId),
    /// The name belongs to a roster with other drivers.
    #[error("roster {0}: exists already, with other drivers")]
    OtherRoster(String),
    /// No more runs at once.
    #[error("{limit} runs are active, and no more are allowed at once; stop one first")]
    TooManyRuns {
        /// Runs at once.
        limit: usize,
    },
    /// The producer is coming to an end.
    #[error("the producer is draining; try again")]
    Draining,
    /// The data folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Kept records make no sense.
    #[error("run {run}: batch {number}: {source}")]
    Content {
        /// The run.
        run: RunId,
        /// The batch.
        number: u64,
        /// What is wrong.
        source: Damaged,
    },
    /// The records of a batch are gone from the store.
    #[error("run {run}: batch {number}: its records are gone from the store")]
    NoContent {
        /// The run.
        run: RunId,
        /// The batch.
        number: u64,
    },
    /// The inbox is another producer's.
    #[error("inbox {}: is in use by another producer", folder.display())]
    InboxInUse {
        /// The inbox.
        folder: PathBuf,
    },
    /// The inbox cannot be made or opened.
    #[error("inbox {}: {source}", folder.display())]
    Inbox {
        /// The inbox.
        folder: PathBuf,
        /// By the system's word.
        source: io::Error,
    },
    /// A task of the run panicked: a mistake of ours.
    #[error("run {0}: broke off by a mistake of the producer")]
    Panicked(RunId),
    /// A worker panicked.
    #[error(transparent)]
    Worker(#[from] WorkerGone),
    /// A port cannot be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Names cannot be resolved, and the fleet service is one.
    #[error(transparent)]
    NoResolver(#[from] NoResolver),
    /// Serving failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

impl Error {
    /// Who should act: the caller's data, its timing, or us.
    fn code(&self) -> Code {
        match self {
            Self::Invalid(_) => Code::InvalidArgument,
            Self::NoRun(_) | Self::NoRoster(_) => Code::NotFound,
            Self::OtherRun(_) | Self::OtherRoster(_) => Code::AlreadyExists,
            Self::TooManyRuns { .. } | Self::Store(StoreError::Full { .. }) => {
                Code::ResourceExhausted
            }
            Self::Draining | Self::Store(StoreError::Failed { .. } | StoreError::Closed { .. }) => {
                Code::Unavailable
            }
            Self::Store(_)
            | Self::Content { .. }
            | Self::NoContent { .. }
            | Self::InboxInUse { .. }
            | Self::Inbox { .. }
            | Self::Panicked(_)
            | Self::Worker(_)
            | Self::Bind(_)
            | Self::NoResolver(_)
            | Self::Serve(_) => Code::Internal,
        }
    }

    /// As a run keeps it: an encoded `google.rpc.Status`.
    pub(crate) fn to_stored(&self) -> Vec<u8> {
        let status = Status::new(self.code(), self.to_string());
        proto::to_rpc_status(&status).encode_to_vec()
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let code = error.code();
        if code == Code::Internal {
            tracing::error!(%error, "a call failed");
        }
        match error {
            Error::Invalid(violations) => {
                let message = violations.message();
                violations.into_status().unwrap_or_else(|| Self::new(code, message))
            }
            Error::TooManyRuns { .. } | Error::Draining | Error::Store(_)
                if matches!(code, Code::ResourceExhausted | Code::Unavailable) =>
            {
                let mut details = ErrorDetails::new();
                details.set_retry_info(Some(RETRY_AFTER));
                Self::with_error_details(code, error.to_string(), details)
            }
            error => Self::new(code, error.to_string()),
        }
    }
}

/// When a caller should come back: what is in the way passes in seconds or not at all.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(5);

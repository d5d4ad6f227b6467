//! What can be wrong with a batch, and the one place where it becomes a status.

use std::time::Duration;

use assignment::Flaw;
use proto::Violations;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// When a caller that was too early should come back.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Why a batch is refused. Closed: every reason is here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchError {
    /// The caller's data, field by field.
    #[error("{}", .0.message())]
    Invalid(Violations),
    /// Its id is being used for other content right now.
    #[error("batch_id: is in use for a batch with other content")]
    OtherContent,
    /// The time that the caller gave is over.
    #[error("timeout: the batch was not solved in the time it had")]
    TooLate,
    /// There is no memory for it now.
    #[error("no room for a batch of {bytes} bytes now, send it again later")]
    NoRoom {
        /// Bytes of the batch.
        bytes: u64,
    },
    /// More records than a plan can have.
    #[error("shipments, drivers: {0}")]
    TooManyRecords(assignment::Error),
    /// Our fault: the plan could not be proven.
    #[error("the plan was not certified: {0}")]
    NotCertified(Flaw),
    /// Our fault: the solver ended without a plan.
    #[error("the solver ended without a plan: {0}")]
    SolverGone(String),
    /// What analytics said.
    #[error("{}", .0.message())]
    Store(Status),
    /// The service stops before the plan is durable.
    #[error("the service stops, send the batch again")]
    Stopping,
}

impl BatchError {
    /// One violation.
    pub(crate) fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        let mut violations = Violations::new();
        violations.add(field, problem);
        Self::Invalid(violations)
    }
}

impl From<BatchError> for Status {
    fn from(error: BatchError) -> Self {
        let message = error.to_string();
        match error {
            BatchError::Invalid(violations) => {
                violations.into_status().unwrap_or_else(|| Status::invalid_argument(message))
            }
            BatchError::OtherContent => Status::already_exists(message),
            BatchError::TooLate => Status::deadline_exceeded(message),
            BatchError::NoRoom { .. } => Status::with_error_details(
                Code::ResourceExhausted,
                message,
                ErrorDetails::with_retry_info(Some(RETRY_AFTER)),
            ),
            BatchError::TooManyRecords(_) => Status::invalid_argument(message),
            BatchError::NotCertified(_) | BatchError::SolverGone(_) => Status::internal(message),
            BatchError::Store(status) => status,
            BatchError::Stopping => Status::with_error_details(
                Code::Unavailable,
                message,
                ErrorDetails::with_retry_info(Some(RETRY_AFTER)),
            ),
        }
    }
}

//! What is wrong with a request, field by field.

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// How many violations one answer names; a million bad records make no larger answer.
const NAMED: usize = 20;

/// Collects every violation of a request, so that the caller hears all of them at once.
#[derive(Debug, Clone, Default)]
pub struct Violations {
    named: Vec<FieldViolation>,
    more: usize,
}

impl Violations {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one: the path of the field, such as `shipments[3].address`, and what is wrong, such as
    /// `is empty`.
    pub fn add(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        if self.named.len() < NAMED {
            self.named.push(FieldViolation::new(field, problem));
        } else {
            self.more += 1;
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// All in one line: `interval: is negative; batch_limit: …`.
    pub fn message(&self) -> String {
        let mut parts: Vec<String> =
            self.named.iter().map(|v| format!("{}: {}", v.field, v.description)).collect();
        if self.more > 0 {
            parts.push(format!("and {} more", self.more));
        }
        parts.join("; ")
    }

    /// INVALID_ARGUMENT with a BadRequest detail, or nothing if there are none.
    pub fn into_status(self) -> Option<Status> {
        if self.is_empty() {
            return None;
        }
        let message = self.message();
        let details = ErrorDetails::with_bad_request(self.named);
        Some(Status::with_error_details(Code::InvalidArgument, message, details))
    }
}

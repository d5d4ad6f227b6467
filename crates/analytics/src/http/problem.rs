//! Errors over HTTP, as RFC 9457 says them.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A problem with a sentence that says what it is.
pub(super) fn problem(status: StatusCode, detail: impl Into<String>) -> Response {
    let body = serde_json::json!({
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail.into(),
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], format!("{body}\n"))
        .into_response()
}

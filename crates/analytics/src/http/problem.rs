//! Errors over HTTP, as RFC 9457 says them.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Characters of what was asked that are said again, at most.
const SAID_AGAIN: usize = 100;

/// A text of the caller's, cut where it goes on for long.
pub(super) fn said(text: &str) -> String {
    match text.char_indices().nth(SAID_AGAIN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

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

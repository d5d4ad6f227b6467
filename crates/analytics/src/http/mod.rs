//! What a browser asks for: the page, `/profile`, and plans as files.

mod about;
mod export;
mod page;
mod problem;

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use proto::{BatchId, RunId};
use runtime::profile::Profile;

use crate::Analytics;
use problem::{problem, said};

/// What the page may do: load its own files, talk to its own origin, and nothing else. The one policy of
/// trusted types starts the relay, a worker that all windows of a browser share.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; \
    img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types relay";

/// Headers of everything that a browser is given here.
const HEADERS: [(header::HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// A part of the path. What is not UTF-8 once it is decoded is the address of nothing.
type Segment = Result<Path<String>, PathRejection>;

/// The pages. Also answers for every path that nothing else is at.
pub(crate) fn routes(analytics: Arc<Analytics>, profile: Profile) -> Router {
    let about = about::About::new(Arc::clone(&analytics), profile);
    let views =
        page::VIEWS.iter().fold(Router::new(), |views, at| views.route(at, get(page::view)));
    views
        .route("/plan/{batch_id}", get(view_of::<BatchId>))
        .route("/run/{run_id}", get(view_of::<RunId>))
        // The word by which the page leads there.
        .route("/about", get(async || Redirect::permanent("/profile")))
        .route("/profile.json", get(async move || about.json().await))
        .route("/assets/{*path}", get(page::asset))
        .route("/plans/{file}", get(export::plan))
        .with_state(analytics)
        .fallback(nothing_here)
        .layer(middleware::map_response_with_state((), secure))
        .layer(middleware::from_fn(grpc_apart))
}

async fn secure(State(()): State<()>, mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
    }
    response
}

/// A call of a method that is not there is answered as gRPC answers, not with a page.
async fn grpc_apart(request: Request, next: Next) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let grpc =
        kind.and_then(|kind| kind.to_str().ok()).filter(|k| k.starts_with("application/grpc"));
    if grpc.is_none() {
        return next.run(request).await;
    }
    // 12 is UNIMPLEMENTED.
    let headers = [("content-type", "application/grpc"), ("grpc-status", "12")];
    (StatusCode::OK, headers).into_response()
}

/// The view of one plan or run. What is not an id is the address of nothing.
async fn view_of<Id: FromStr>(id: Segment, uri: Uri, headers: HeaderMap) -> Response {
    match id.map(|Path(id)| id.parse::<Id>()) {
        Ok(Ok(_)) => page::view(headers).await,
        _ => nothing_here(uri, headers).await,
    }
}

/// For a browser the page, which says so in its own words; for a program a problem.
async fn nothing_here(uri: Uri, headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let mut response = if accepted.is_some_and(|kinds| kinds.contains("text/html")) {
        (StatusCode::NOT_FOUND, page::view(headers).await).into_response()
    } else {
        problem(StatusCode::NOT_FOUND, format!("there is nothing at {}", said(uri.path())))
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

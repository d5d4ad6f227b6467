//! The page's files, which are in the program.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use super::problem::problem;

/// What `make page` left in `web/dist`.
#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Files;

/// Names of these files hold a digest of their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Where the page would be.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Waybill</title>\
    <p>This program was built without its page: run <code>make page</code>, which needs Node.js, and build \
    it again.</p></html>\n";

pub(super) async fn index() -> Response {
    page("index.html")
}

pub(super) async fn profile() -> Response {
    page("profile.html")
}

pub(super) async fn asset(Path(path): Path<String>) -> Response {
    match Files::get(&format!("assets/{path}")) {
        Some(file) => {
            let headers = [
                (header::CONTENT_TYPE, kind(&path).to_owned()),
                (header::CACHE_CONTROL, FOR_EVER.to_owned()),
            ];
            (headers, file.data).into_response()
        }
        None => problem(StatusCode::NOT_FOUND, format!("there is nothing at /assets/{path}")),
    }
}

/// The type of a file that the build of the page leaves.
fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn page(name: &str) -> Response {
    let html = |body| {
        // Asked again each time: it names the files of this version.
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        (headers, body).into_response()
    };
    match Files::get(name) {
        Some(file) => html(file.data),
        None => html(NOT_BUILT.as_bytes().into()),
    }
}

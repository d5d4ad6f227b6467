//! The page's files, which are in the program.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::Segment;
use super::problem::{problem, said};

/// What `make page` left in `web/dist`.
#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Files;

/// Addresses of the page's views but for those of one plan or run. The page itself reads the rest of the
/// address, and says what is not there.
pub(super) const VIEWS: [&str; 5] = ["/", "/drivers", "/driver", "/runs", "/profile"];

/// Names of these files hold a digest of their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Asked again each time: the page names the files of this version.
const ASK_AGAIN: &str = "no-cache";

/// Where the page would be.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Waybill</title>\
    <p>This program was built without its page: run <code>make page</code>, which needs Node.js, and build \
    it again.</p></html>\n";

/// Codings in which the build of the page leaves each file, the smallest first, with the ends of their names.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

pub(super) async fn view(headers: HeaderMap) -> Response {
    file("index.html", ASK_AGAIN, &headers).unwrap_or_else(|| {
        let headers =
            [(header::CONTENT_TYPE, kind("index.html")), (header::CACHE_CONTROL, ASK_AGAIN)];
        (headers, NOT_BUILT).into_response()
    })
}

pub(super) async fn asset(path: Segment, headers: HeaderMap) -> Response {
    let path = path.map(|Path(path)| path).unwrap_or_default();
    file(&format!("assets/{path}"), FOR_EVER, &headers).unwrap_or_else(|| {
        let detail = format!("there is nothing at /assets/{}", said(&path));
        problem(StatusCode::NOT_FOUND, detail)
    })
}

/// A file in the smallest coding that the browser takes.
fn file(name: &str, cached: &'static str, headers: &HeaderMap) -> Option<Response> {
    let plain = Files::get(name)?;
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let coded = CODINGS
        .iter()
        .filter(|(coding, _)| accepts(accepted.unwrap_or_default(), coding))
        .find_map(|(coding, end)| Some((*coding, Files::get(&format!("{name}{end}"))?)));
    let fixed = [
        (header::CONTENT_TYPE, kind(name)),
        (header::CACHE_CONTROL, cached),
        (header::VARY, "accept-encoding"),
    ];
    Some(match coded {
        Some((coding, EmbeddedFile { data, .. })) => {
            (fixed, [(header::CONTENT_ENCODING, coding)], data).into_response()
        }
        None => (fixed, plain.data).into_response(),
    })
}

/// Whether an Accept-Encoding names a coding, and not only to refuse it (`br;q=0`).
fn accepts(accepted: &str, coding: &str) -> bool {
    accepted.split(',').any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(coding) && weight.is_some_and(|weight| weight > 0.0)
    })
}

/// The type of a file that the build of the page leaves.
fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn a_coding_is_taken_only_where_the_browser_names_it() {
        assert!(accepts("gzip, deflate, br, zstd", "br"));
        assert!(accepts("GZIP;q=0.5", "gzip"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("", "gzip"));
        assert!(!accepts("brotli", "br"));
    }
}

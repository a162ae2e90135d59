//! The page: files built into the program.

use std::collections::HashMap;
use std::io::Write;
use std::sync::OnceLock;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::ApiState;
use super::problem::Refusal;

/// What the build of `web/` left; empty when it was never built.
#[derive(rust_embed::RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// Files smaller than this are not worth compressing.
const GZIP_BYTES_MIN: usize = 860;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\"><title>Bellwether</title>\
<h1>Bellwether is running</h1>\
<p>The page was not built into this program. Build it with <code>npm ci</code> and \
<code>npm run build</code> in <code>web/</code>, then build the program again; or run \
<code>make run</code>, which does both.</p>\
<p>The API is here all the same: see <a href=\"/docs/\">its reference</a>.</p></html>";

/// The files of the page by path without the leading slash.
#[derive(Debug)]
pub struct Page {
    files: HashMap<String, File>,
}

#[derive(Debug)]
struct File {
    bytes: Bytes,
    /// Compressed when first asked for; `None` inside where that does not pay.
    gzip: OnceLock<Option<Bytes>>,
    content_type: &'static str,
    etag: HeaderValue,
}

impl Page {
    /// The page built into the program. (A development build reads it from `web/dist` now.)
    pub fn embedded() -> Self {
        Self::new(Dist::iter().filter_map(|path| {
            let file = Dist::get(&path)?;
            Some((path.into_owned(), Bytes::from(file.data.into_owned())))
        }))
    }

    /// Of these files: path without the leading slash, and content.
    pub fn new(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let files = files.into_iter().map(|(path, bytes)| {
            let file = File::new(&path, bytes);
            (path, file)
        });
        Self { files: files.collect() }
    }

    fn answer(&self, path: &str, headers: &HeaderMap) -> Option<Response> {
        let path = path.trim_start_matches('/');
        let file = self.files.get(path)?;
        // Files under assets/ carry a hash of their content in their name; the rest is asked for again.
        let cache =
            if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        Some(file.answer(cache, headers))
    }
}

impl File {
    fn new(path: &str, bytes: Bytes) -> Self {
        // FNV-1a: tells versions of a file apart; nothing depends on it being hard to forge.
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let etag = HeaderValue::from_str(&format!("W/\"{hash:016x}\""));
        Self {
            bytes,
            gzip: OnceLock::new(),
            content_type: content_type(path),
            etag: etag.unwrap_or_else(|_| HeaderValue::from_static("W/\"0\"")),
        }
    }

    fn answer(&self, cache: &'static str, request: &HeaderMap) -> Response {
        let mut response = Response::default();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        let known = request.get_all(header::IF_NONE_MATCH).iter();
        if known.filter_map(|v| v.to_str().ok()).any(|v| v == "*" || v.contains(self.etag_text())) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        let body = match self.gzip().filter(|_| takes_gzip(request)) {
            Some(gzip) => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                gzip.clone()
            }
            None => self.bytes.clone(),
        };
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        *response.body_mut() = body.into();
        response
    }

    fn etag_text(&self) -> &str {
        self.etag.to_str().unwrap_or_default()
    }

    fn gzip(&self) -> Option<&Bytes> {
        let compress = || {
            let binary = !(self.content_type.contains("text/")
                || self.content_type.contains("json")
                || self.content_type.contains("svg")
                || self.content_type.contains("wasm"));
            if binary || self.bytes.len() < GZIP_BYTES_MIN {
                return None;
            }
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&self.bytes).ok()?;
            let small = encoder.finish().ok()?;
            (small.len() < self.bytes.len()).then(|| small.into())
        };
        self.gzip.get_or_init(compress).as_ref()
    }
}

/// Everything that is no route: files of the page, the page itself for its own paths, or 404.
pub(super) async fn fallback(State(state): State<ApiState>, request: Request) -> Response {
    let path = request.uri().path();
    let head = *request.method() == Method::HEAD;
    if path == "/api" || path.starts_with("/api/") {
        return Refusal::not_found(path).into_response();
    }
    if !head && *request.method() != Method::GET {
        return Refusal::not_found(path).into_response();
    }
    let mut response = answer(&state.page, path, request.headers());
    if head {
        // Same head, no body.
        *response.body_mut() = axum::body::Body::empty();
    }
    response
}

fn answer(page: &Page, path: &str, headers: &HeaderMap) -> Response {
    if path != "/"
        && let Some(response) = page.answer(path, headers)
    {
        return response;
    }
    // The page draws its own paths; a missing script or picture must not turn into HTML.
    if path != "/" && !wants_html(headers) {
        return Refusal::not_found(path).into_response();
    }
    page.answer("index.html", headers)
        .unwrap_or_else(|| ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response())
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok());
    accepted.flat_map(|v| v.split(',')).any(|v| {
        let media = v.split(';').next().unwrap_or_default().trim();
        media.eq_ignore_ascii_case("text/html") || media.eq_ignore_ascii_case("application/xhtml+xml")
    })
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok());
    accepted.flat_map(|v| v.split(',')).any(|v| {
        let mut parts = v.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
        (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
    })
}

/// By the ending of the name; browsers are told not to guess.
pub(super) fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

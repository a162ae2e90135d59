//! `/openapi.json` and `/docs`.

use std::sync::{Arc, OnceLock};

use axum::http::{Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use utoipa::OpenApi;
use utoipa_swagger_ui::Config;
use wire::client::ClientFrameSchema;
use wire::frames::ServerFrame;
use wire::problem::Problem;

use super::problem::Refusal;
use super::{bars, health, quotes, session, status, symbols};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bellwether",
        description = "Live and stored market data. Numbers are exact decimals, times RFC 3339 in UTC. \
            Market data may be read by pages of any origin, without credentials. The frames of the \
            WebSocket at `/ws` are the components `ClientFrame` and `ServerFrame`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/")),
    tags(
        (name = "market data", description = "Instruments, quotes, bars"),
        (name = "sessions", description = "Where data comes from, and sessions of clients"),
        (name = "operation", description = "Health and metrics"),
    ),
    paths(
        symbols::search, symbols::detail, quotes::quotes, bars::bars, quotes::sparklines, status::status,
        session::sources, session::create, health::healthz, health::readyz, health::metrics,
    ),
    components(schemas(ClientFrameSchema, ServerFrame, Problem)),
)]
struct Document;

/// The OpenAPI 3.1 document as indented JSON, with a line end at its end.
pub fn document() -> String {
    // The document is made of plain maps and texts: it always serialises.
    let mut text = Document::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// `GET /openapi.json`.
pub(super) async fn openapi() -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(document).as_str();
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

/// `GET /docs`: its files are found beside it only with the slash.
pub(super) async fn docs_redirect() -> Redirect {
    Redirect::permanent("/docs/")
}

/// `GET /docs/…`: the browsable reference, all of it from here.
pub(super) async fn docs(uri: Uri) -> Response {
    static CONFIG: OnceLock<Arc<Config<'static>>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        // Without this the page would send the document to a validator elsewhere.
        let config = Config::new(["/openapi.json"]).validator_url("none");
        Arc::new(config.use_base_layout().try_it_out_enabled(true))
    });
    let file = uri.path().trim_start_matches("/docs/");
    match utoipa_swagger_ui::serve(file, Arc::clone(config)) {
        Ok(Some(file)) => {
            let mut response = (
                [(header::CONTENT_TYPE, file.content_type), (header::CACHE_CONTROL, "no-cache".to_owned())],
                file.bytes.into_owned(),
            )
                .into_response();
            if file.gzpipped {
                let gzip = header::HeaderValue::from_static("gzip");
                response.headers_mut().insert(header::CONTENT_ENCODING, gzip);
            }
            response
        }
        Ok(None) => Refusal::not_found(uri.path()).into_response(),
        Err(error) => {
            tracing::error!(%error, "a file of the reference cannot be read");
            Refusal::unavailable("the reference cannot be shown now").into_response()
        }
    }
}

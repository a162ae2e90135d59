//! `/openapi.json` and `/docs`.

use std::sync::{Arc, OnceLock};

use axum::http::{Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};
use utoipa_swagger_ui::Config;
use wire::client::ClientFrameSchema;
use wire::frames::ServerFrame;
use wire::problem::{PROBLEM_JSON, Problem};

use super::problem::Refusal;
use super::who::COOKIE;
use super::{
    alerts, bars, channels, desk, gaps, health, lists, news, people, quotes, session, status, streams,
    symbols,
};
use crate::people::identity::Access;

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
        (name = "trading", description = "Day trading with paper money: durable before it is answered"),
        (name = "lists", description = "Watch lists, and boards that show them to others"),
        (name = "alerts", description = "Alerts decided on every trade, what they said, and what one would have said"),
        (name = "notices", description = "Ways of reaching people with the page closed, and what was sent"),
        (name = "news", description = "Articles, what followed them and what moved; what is taken in, set while everything runs"),
        (name = "people", description = "Signing in, logins, keys, users"),
        (name = "operation", description = "Health and metrics"),
    ),
    paths(
        symbols::search, symbols::detail, quotes::quotes, bars::bars, gaps::gaps, quotes::sparklines, status::status,
        session::sources, session::create, health::healthz, health::readyz, health::metrics,
        desk::account::account, desk::account::deposit, desk::tickets::open, desk::tickets::commit,
        desk::tickets::cancel, desk::triggers::set, desk::triggers::remove, desk::transactions::list,
        desk::audit::audit, desk::proof::ledger, desk::commands::commands, desk::admin::accounts,
        people::sign_in::sign_in, people::sign_in::sign_out, people::me::me, people::me::change_password,
        people::logins::list, people::logins::end, people::logins::end_others, people::keys::list,
        people::keys::create, people::keys::delete, people::users::create, people::users::list,
        people::users::change, people::invites::accept, people::invites::create, people::invites::list,
        people::invites::delete, people::oidc::provider, people::oidc::start, people::oidc::start_invited,
        people::oidc::callback, people::identities::list, people::identities::remove, lists::watchlists::list, lists::watchlists::create, lists::watchlists::get,
        lists::watchlists::replace, lists::watchlists::delete, lists::watchlists::order,
        lists::watchlists::for_visitors, lists::portable::import, lists::boards::list, lists::boards::create,
        lists::boards::view, lists::boards::delete, alerts::own::list, alerts::own::create, alerts::own::get,
        alerts::own::replace, alerts::own::pause, alerts::own::delete, alerts::own::restore, alerts::firings::list,
        alerts::backtest::backtest,
        channels::channel::list, channels::channel::create,
        channels::channel::change, channels::channel::delete, channels::channel::confirm, channels::deliveries::test,
        channels::deliveries::history, channels::deliveries::dead, channels::deliveries::retry, channels::web_push::key,
        news::articles::list, news::articles::get, news::moves::moves, streams::list, streams::create, streams::change,
        streams::delete, streams::pause_provider,
    ),
    components(schemas(ClientFrameSchema, ServerFrame, Problem)),
)]
struct Document;

/// The OpenAPI 3.1 document as indented JSON, with a line end at its end.
pub fn document() -> String {
    let mut document = Document::openapi();
    say_access(&mut document);
    // The document is made of plain maps and texts: it always serialises.
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// Writes to each operation who may use it, as the table of routes has it: `x-access`, the ways to show it, and
/// the refusals that stand before every handler.
fn say_access(document: &mut utoipa::openapi::OpenApi) {
    let schemes = [
        ("login", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE)))),
        ("key", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer))),
    ];
    let components = document.components.get_or_insert_default();
    components.security_schemes.extend(schemes.map(|(name, scheme)| (name.to_owned(), scheme.into())));
    let (_, table) = super::routes().merge(super::desk::command_routes()).into_parts();
    for (path, method, access) in table.iter() {
        let Some(item) = document.paths.paths.get_mut(&path.replace("{*", "{")) else { continue };
        let operation = match method.as_str() {
            "GET" => &mut item.get,
            "POST" => &mut item.post,
            "PUT" => &mut item.put,
            "PATCH" => &mut item.patch,
            "DELETE" => &mut item.delete,
            _ => continue,
        };
        let Some(operation) = operation else { continue };
        operation.extensions.get_or_insert_default().insert("x-access".into(), access.name().into());
        refuse(operation, &of_parts(operation));
        let refusals: &[(&str, &str)] = match access {
            Access::Anyone => continue,
            Access::Prices => &[("401", "Prices are shown to those only who signed in")],
            Access::User(_) => &[
                ("401", "Nobody signed in, or the key or the login has ended"),
                ("403", "The key does not allow this, or a page of another site asked"),
            ],
            Access::Operator => &[
                ("401", "Nobody signed in, or the key or the login has ended"),
                ("403", "Not an operator, or a page of another site asked"),
            ],
        };
        refuse(operation, refusals);
        if access != Access::Prices {
            let ways = ["login", "key"].map(|way| SecurityRequirement::new(way, [""; 0]));
            operation.security = Some(ways.into());
        }
    }
}

/// What is refused before a handler looks at what was sent, by the parts that a request of this operation has.
fn of_parts(operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let is_idempotency = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.name == "Idempotency-Key");
    let mut refusals = Vec::new();
    if operation.request_body.is_some() {
        refusals.extend([
            ("400", "The body, a parameter or a header cannot be read"),
            ("413", "The body is too long"),
            ("415", "The content type is not that of the body"),
            ("422", "The body is not the JSON of this call, or says what cannot be; `detail` says why"),
        ]);
    }
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    if !parameters.is_empty() {
        refusals.push(("400", "A parameter or a header cannot be read"));
    }
    if parameters.iter().any(is_idempotency) {
        refusals.push(("422", "The idempotency key came with another request before"));
    }
    refusals
}

/// Adds refusals, where the operation does not say more of them itself.
fn refuse(operation: &mut Operation, refusals: &[(&str, &str)]) {
    for (status, description) in refusals {
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        let response =
            ResponseBuilder::new().description(*description).content(PROBLEM_JSON, problem).build();
        operation.responses.responses.entry((*status).to_owned()).or_insert_with(|| response.into());
    }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    #[test]
    fn every_operation_says_who_may_use_it_and_every_route_is_described() {
        let document: Value = serde_json::from_str(&super::document()).unwrap();
        let mut described = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["x-access"].is_string(), "{method} {path}");
                described.insert((method.to_uppercase(), path.clone()));
            }
        }
        let routes = crate::http::routes().merge(crate::http::desk::command_routes());
        let (_, table) = routes.into_parts();
        let routes: BTreeSet<_> =
            table.iter().map(|(path, method, _)| (method.to_string(), path.replace("{*", "{"))).collect();
        let undescribed: Vec<_> = routes.difference(&described).map(|(_, path)| path.as_str()).collect();
        assert_eq!(undescribed, ["/docs", "/docs/", "/docs/{file}", "/openapi.json"]);
        assert_eq!(described.difference(&routes).count(), 0);
    }
}

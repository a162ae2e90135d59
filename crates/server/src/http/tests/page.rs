use axum::body::Bytes;
use axum::http::{Method, StatusCode, header};

use super::fixture::{app, call, get};
use crate::http::document;

const HTML: &[(&str, &str)] = &[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];

#[tokio::test]
async fn the_page_answers_for_its_own_paths() {
    for path in ["/", "/index.html", "/symbol/AAPL", "/apiary"] {
        let reply = call(&app(), Method::GET, path, HTML).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        assert_eq!(reply.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(reply.header(header::CACHE_CONTROL), "no-cache");
        assert!(reply.text().contains("<title>page</title>"));
    }
    // A missing script must not turn into HTML, nor a path nobody of the page asks for.
    for accept in ["*/*", "text/css", "image/*"] {
        call(&app(), Method::GET, "/assets/gone.js", &[("accept", accept)]).await.problem(404);
    }
    get("/symbol/AAPL").await.problem(404);
    get("/../Cargo.toml").await.problem(404);
    get("/%2e%2e/Cargo.toml").await.problem(404);
}

#[tokio::test]
async fn assets_are_typed_compressed_and_kept() {
    let path = "/assets/index-4f3a.js";
    let plain = get(path).await;
    assert_eq!(plain.header(header::CONTENT_TYPE), "text/javascript; charset=utf-8");
    assert_eq!(plain.header(header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    assert_eq!(plain.header(header::CONTENT_ENCODING), "");
    let small = call(&app(), Method::GET, path, &[("accept-encoding", "br, gzip")]).await;
    assert_eq!(small.header(header::CONTENT_ENCODING), "gzip");
    assert_eq!(small.header(header::CONTENT_LENGTH), small.body.len().to_string());
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&small.body[..]), &mut text).unwrap();
    assert_eq!(text, plain.body);
    let refused = call(&app(), Method::GET, path, &[("accept-encoding", "gzip;q=0")]).await;
    assert_eq!(refused.header(header::CONTENT_ENCODING), "");
    let again = call(&app(), Method::GET, path, &[("if-none-match", plain.header(header::ETAG))]).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    for path in ["/", "/api/v1/status", "/api/v1/nothing", "/assets/index-4f3a.js", "/docs/", "/healthz"] {
        let reply = get(path).await;
        assert_eq!(
            reply.header(header::CONTENT_SECURITY_POLICY),
            "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
             img-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'"
        );
        assert_eq!(reply.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(reply.header(header::REFERRER_POLICY), "no-referrer");
        assert_eq!(reply.header(header::X_FRAME_OPTIONS), "DENY");
        let shared = path.starts_with("/api/");
        let expected = if shared { "*" } else { "" };
        assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), expected, "{path}");
        assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "");
    }
}

#[tokio::test]
async fn without_a_page_it_says_how_to_build_one() {
    use std::sync::Arc;

    use prometheus_client::registry::Registry;

    use crate::http::{ApiParts, HttpMetrics, Page, router};

    let mut registry = Registry::default();
    let metrics = HttpMetrics::register(&mut registry);
    let market = Arc::new(super::fixture::Fixture::new());
    let mut state = ApiParts::new(market, Arc::new(registry), metrics, vec![]);
    state.page = Arc::new(Page::new(Vec::<(String, Bytes)>::new()));
    let reply = call(&router(state, axum::Router::new()), Method::GET, "/", HTML).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.text().contains("npm run build"));
}

/// The policy lets no script run that is written into the page, and fetches nothing from outside.
#[tokio::test]
async fn the_reference_lives_within_the_policy() {
    let redirect = get("/docs").await;
    assert_eq!((redirect.status.as_u16(), redirect.header(header::LOCATION)), (308, "/docs/"));
    let page = get("/docs/").await;
    let html = page.text();
    assert_eq!(page.header(header::CONTENT_TYPE), "text/html");
    assert!(html.contains("swagger-ui"));
    for tag in html.split("<script").skip(1) {
        let (attributes, rest) = tag.split_once('>').unwrap();
        assert!(attributes.contains("src=\"./"), "a script of another origin: {attributes}");
        assert!(
            rest.starts_with("</script>") || rest.trim_start().starts_with("</script>"),
            "an inline script"
        );
    }
    for attribute in ["onload=", "onclick=", "src=\"http", "href=\"http", "//cdn", "@import"] {
        assert!(!html.contains(attribute), "{attribute}");
    }
    let initializer = get("/docs/swagger-initializer.js").await;
    assert!(initializer.text().contains("/openapi.json"));
    assert!(initializer.text().contains(r#""validatorUrl": "none""#), "{}", initializer.text());
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js"] {
        assert_eq!(get(&format!("/docs/{file}")).await.status, StatusCode::OK, "{file}");
    }
}

#[tokio::test]
async fn the_document_is_the_one_committed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let document = document();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == document,
        "crates/server/openapi.json is stale: run `UPDATE_EXPECT=1 cargo test -p server` and commit it"
    );
    assert_eq!(get("/openapi.json").await.text(), document);
}

#[test]
fn the_document_describes_routes_and_frames() {
    let document: serde_json::Value = serde_json::from_str(&document()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/api/v1/symbols",
        "/api/v1/symbols/{symbol}",
        "/api/v1/quotes",
        "/api/v1/bars/{symbol}",
        "/api/v1/sparklines",
        "/api/v1/status",
        "/sources",
        "/session",
        "/healthz",
        "/readyz",
        "/metrics",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for schema in
        ["ClientFrame", "ServerFrame", "PriceUpdate", "QuoteUpdate", "BarUpdate", "ErrorFrame", "Problem"]
    {
        assert!(schemas.contains_key(schema), "{schema}: {:?}", schemas.keys());
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is referred to and missing");
    }
}

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use market::{
    Bar, Hours, Instrument, Kind, Price, SessionFilter, Symbol, SymbolId, Timestamp, Universe, Volume,
};
use prometheus_client::registry::Registry;
use serde_json::Value;
use tower::ServiceExt;
use wire::Freshness;
use wire::http::{Card, FeedBody, MarketBody, Sparkline, StatusAnswer, SymbolGapBody};
use wire::names::{FeedStateName, IntervalName, MarketSession};
use wire::quote::{Quote, QuoteRow};

use crate::http::page::Page;
use crate::http::source::{Answer, BarsError, BarsPage, BarsQuery, MarketData};
use crate::http::{ApiParts, HttpMetrics, router};

/// Bars the made-up market has of each symbol, one a minute.
pub(super) const BARS: i64 = 25;

/// Start of the first.
pub(super) const FIRST_BAR: &str = "2026-01-05T14:30:00Z";

pub(super) struct Fixture {
    universe: Arc<Universe>,
    pub(super) ready: Result<(), String>,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let mut list: Vec<Instrument> = [
            ("AAPL", "Apple Inc.", Kind::Stock, 3_000),
            ("MSFT", "Microsoft Corporation", Kind::Stock, 2_900),
            ("GM", "General Motors Company", Kind::Stock, 70),
            ("NEW", "Not Traded Yet", Kind::Stock, 0),
            ("BRK.B", "Berkshire Hathaway", Kind::Stock, 800),
            ("BINANCE:BTC/USDT", "Bitcoin / Tether", Kind::Crypto, 1_500),
            ("IC MARKETS:1", "One", Kind::Forex, 1),
            ("SLOW", "Never Answers", Kind::Other, 0),
            ("DOWN", "Cannot Be Read", Kind::Other, 0),
            ("PANIC", "Secret Bug", Kind::Other, 0),
        ]
        .map(|(symbol, name, kind, activity)| instrument(symbol, name, kind, activity))
        .into();
        list.extend(
            (0..300).map(|n| instrument(&format!("Z{n}"), &format!("Paging Number {n}"), Kind::Stock, 0)),
        );
        let mut universe = Universe::new();
        universe.refresh(list);
        Self { universe: Arc::new(universe), ready: Ok(()) }
    }

    fn text(&self, id: SymbolId) -> String {
        self.universe.symbol(id).map(|s| s.to_string()).unwrap_or_default()
    }
}

fn instrument(symbol: &str, name: &str, kind: Kind, activity: u64) -> Instrument {
    Instrument {
        symbol: Symbol::new(symbol).unwrap(),
        name: name.into(),
        exchange: "NYSE".into(),
        kind,
        currency: "USD".into(),
        sector: (symbol == "GM").then(|| "Consumer Discretionary".into()),
        industry: None,
        hours: Hours::UsEquity,
        activity,
    }
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn bar(n: i64) -> Bar {
    Bar {
        start: at(FIRST_BAR).saturating_add_nanos(n * 60_000_000_000),
        open: price("1.5"),
        high: price("1.6"),
        low: price("1.5"),
        close: price("1.55"),
        volume: Volume::from_units(1_200 * 100_000_000),
        trades: 7,
        vwap_micros: 1_537_000,
    }
}

impl MarketData for Fixture {
    fn universe(&self) -> Arc<Universe> {
        Arc::clone(&self.universe)
    }

    fn quotes(&self, ids: &[SymbolId]) -> Vec<QuoteRow> {
        let row = |&id: &SymbolId| {
            let symbol = self.universe.symbol(id).unwrap();
            let quote = match symbol.as_str() {
                "NEW" => Quote::waiting(),
                "PANIC" => panic!("secret: key=hunter2"),
                _ => Quote {
                    price: Some(price("150.23")),
                    timestamp: Some(at("2026-01-05T15:00:00Z")),
                    seq: 812,
                    source: Some("sim".into()),
                    state: Freshness::Simulated,
                    previous_close: Some(price("149.5")),
                    open: Some(price("149.8")),
                    ..Quote::waiting()
                }
                .with_changes()
                .at(at("2026-01-05T15:00:00.120Z")),
            };
            QuoteRow { symbol: symbol.into(), quote }
        };
        ids.iter().map(row).collect()
    }

    fn bars(&self, query: BarsQuery) -> Answer<'_, Result<BarsPage, BarsError>> {
        let text = self.text(query.symbol);
        Box::pin(async move {
            match text.as_str() {
                "SLOW" => std::future::pending().await,
                "DOWN" => Err(BarsError::Unavailable("/secret/path: disk I/O error".into())),
                "NEW" => Ok(BarsPage::default()),
                _ => {
                    assert_ne!(query.session, SessionFilter::All, "no test asks for it");
                    let inside = |bar: &Bar| {
                        query.from.is_none_or(|from| bar.start >= from)
                            && query.to.is_none_or(|to| bar.start < to)
                    };
                    let mut bars: Vec<Bar> = (0..BARS).map(bar).filter(inside).collect();
                    if query.from.is_some() {
                        bars.truncate(query.limit);
                    } else {
                        bars.drain(..bars.len().saturating_sub(query.limit));
                    }
                    Ok(BarsPage { source: Some("sim".into()), bars })
                }
            }
        })
    }

    fn sparklines(&self, ids: &[SymbolId]) -> Answer<'_, Vec<Sparkline>> {
        let closes = vec![price("1.5"), price("1.6")];
        let line = Sparkline { interval: IntervalName::M5, closes };
        Box::pin(std::future::ready(vec![line; ids.len()]))
    }

    fn gaps(&self, id: SymbolId) -> Vec<SymbolGapBody> {
        let gap = SymbolGapBody {
            feed: "sim".into(),
            from: at("2026-01-05T14:59:00Z"),
            to: at("2026-01-05T14:59:04.5Z"),
        };
        if self.text(id) == "AAPL" { vec![gap] } else { Vec::new() }
    }

    fn status(&self) -> StatusAnswer {
        StatusAnswer {
            server_time: at("2026-01-05T15:00:00Z"),
            version: "0.1.0".into(),
            epoch: "e1".into(),
            market: MarketBody {
                session: MarketSession::Regular,
                opens_at: Some(at("2026-01-05T14:30:00Z")),
                closes_at: Some(at("2026-01-05T21:00:00Z")),
            },
            feeds: vec![FeedBody {
                name: "sim".into(),
                source: "sim".into(),
                state: FeedStateName::Up,
                detail: None,
                symbols_subscribed: 12,
                symbols_waiting: 0,
                symbol_limit: None,
                last_event_at: Some(at("2026-01-05T15:00:00Z")),
                delay_ms: Some(3),
                reconnects: 0,
                gaps: 1,
                recent_gaps: vec![wire::http::GapBody {
                    from: "2026-01-05T14:59:00Z".parse().unwrap(),
                    to: "2026-01-05T14:59:04Z".parse().unwrap(),
                    symbols: None,
                }],
            }],
        }
    }

    fn card(&self, id: SymbolId) -> Answer<'_, Card> {
        let text = self.text(id);
        Box::pin(async move {
            match text.as_str() {
                "SLOW" => std::future::pending().await,
                "GM" => Card {
                    week_52_high: Some(price("61.24")),
                    market_cap: Some(Volume::from_units(70_000_000_000 * 100_000_000)),
                    as_of: Some(at(FIRST_BAR)),
                    source: Some("finnhub".into()),
                    ..Card::default()
                },
                _ => Card::default(),
            }
        })
    }

    fn is_ready(&self) -> Result<(), String> {
        self.ready.clone()
    }
}

/// The router over a market, with a page of a few files.
pub(super) fn app_of(market: Fixture, timeout: Duration) -> Router {
    let mut registry = Registry::default();
    let metrics = HttpMetrics::register(&mut registry);
    let sources = vec!["https://finnhub.io".to_owned()];
    let mut state = ApiParts::new(Arc::new(market), Arc::new(registry), metrics, sources);
    state.request_timeout = timeout;
    let script = "console.log(1);".repeat(200);
    state.page = Arc::new(Page::new([
        ("index.html".into(), Bytes::from_static(b"<!doctype html><title>page</title>")),
        ("assets/index-4f3a.js".into(), Bytes::from(script)),
        ("favicon.svg".into(), Bytes::from_static(b"<svg/>")),
    ]));
    let ws = Router::new().route("/ws", axum::routing::any(|| async { "websocket" }));
    router(state, ws)
}

/// The usual router.
pub(super) fn app() -> Router {
    app_of(Fixture::new(), Duration::from_millis(200))
}

pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The detail of a problem, after checking that it is one of this status.
    #[track_caller]
    pub(super) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json");
        let problem: wire::problem::Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!((problem.kind.as_str(), problem.status), ("about:blank", status));
        assert!(!problem.title.is_empty());
        problem.detail
    }
}

pub(super) async fn send(app: &Router, request: Request<Body>) -> Reply {
    let response = app.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Reply { status: head.status, headers: head.headers, body }
}

pub(super) async fn call(app: &Router, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(app, request.body(Body::empty()).unwrap()).await
}

pub(super) async fn get(path: &str) -> Reply {
    call(&app(), Method::GET, path, &[]).await
}

pub(super) async fn post(path: &str, body: impl Into<Body>) -> Reply {
    let request = Request::post(path).header("content-type", "application/json").body(body.into()).unwrap();
    send(&app(), request).await
}

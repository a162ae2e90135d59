//! The client with real sockets, against answers made by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use market::{Hours, Kind, MarketEvent, Timestamp, Universe};
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::desk::{Cards, Links, Quoted, fetch_quotes};
use super::*;
use crate::Metrics;
use crate::Retry;
use crate::adapter::Secret;
use crate::interest::Demand;

/// Serves one answer a request, by path and query; returns the address and the count of requests.
async fn serve(
    answer: impl Fn(&str) -> (u16, String, Vec<u8>) + Send + 'static,
) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/api/v1/", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    tokio::spawn(async move {
        loop {
            let Ok((mut tcp, _)) = listener.accept().await else { return };
            let mut request = vec![0; 8192];
            let n = tcp.read(&mut request).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..n]).into_owned();
            assert!(text.to_ascii_lowercase().contains("x-finnhub-token: testkey"));
            counted.fetch_add(1, Ordering::SeqCst);
            let (status, headers, body) = answer(text.split(' ').nth(1).unwrap_or_default());
            let head = format!(
                "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = tcp.write_all(head.as_bytes()).await;
            let _ = tcp.write_all(&body).await;
        }
    });
    (address, calls)
}

fn rest(address: String) -> Rest {
    let settings = Settings { key: Secret::new("testkey"), rest_url: address, ..Settings::default() };
    let metrics = Metrics::register(&mut Registry::default()).feed("main");
    Rest::new(settings, crate::clock::system(), metrics).unwrap()
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

async fn quote(rest: &Rest) -> Result<Option<Reference>, FeedError> {
    rest.quote(SymbolId(0), symbol("IC MARKETS:1"), Urgency::Asked).await
}

const QUOTE: &[u8] = include_bytes!("../fixtures/quote.json");

#[tokio::test]
async fn asks_where_and_how_the_provider_expects() {
    let (address, _) = serve(|path| {
        let body = match path {
            "/api/v1/quote?symbol=IC+MARKETS%3A1" => QUOTE.to_vec(),
            "/api/v1/stock/symbol?exchange=US" => include_bytes!("../fixtures/symbols.json").to_vec(),
            other => panic!("{other}"),
        };
        (200, String::new(), body)
    })
    .await;
    let rest = rest(address);
    assert!(quote(&rest).await.unwrap().is_some());
    let list = rest.symbols("US").await.unwrap();
    assert_eq!(list.len(), 4);
    let pair = Instrument {
        symbol: symbol("BINANCE:BTCUSDT"),
        kind: Kind::Crypto,
        hours: Hours::Always,
        ..list[0].clone()
    };
    assert_eq!(with_extra(list.clone(), [pair, list[1].clone()]).len(), 5);
}

#[tokio::test]
async fn tells_its_errors_apart() {
    for (status, headers, kind) in [
        (401, "", ErrorKind::Key),
        (403, "", ErrorKind::Plan),
        (429, "retry-after: 7\r\n", ErrorKind::Limit),
        (302, "location: http://example.com/\r\n", ErrorKind::Status(302)),
        (500, "", ErrorKind::Status(500)),
        (200, "", ErrorKind::Garbage),
    ] {
        let (address, _) = serve(move |_| (status, headers.to_owned(), b"<html>".to_vec())).await;
        let error = quote(&rest(address)).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(!error.chain().contains("testkey"));
        if status == 429 {
            assert_eq!(error.retry(), Retry::After(Duration::from_secs(7)));
        }
    }
    let error = quote(&rest("http://127.0.0.1:9/".into())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    let (address, _) = serve(|_| (200, String::new(), vec![b' '; SMALL_BODY_BYTES_MAX + 1])).await;
    assert_eq!(quote(&rest(address)).await.unwrap_err().kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn a_spent_budget_is_not_spent_further() {
    let (address, calls) = serve(|_| {
        let headers = "x-ratelimit-limit: 60\r\nx-ratelimit-remaining: 0\r\n".to_owned();
        (429, headers + "retry-after: 3600\r\n", Vec::new())
    })
    .await;
    let rest = rest(address);
    assert_eq!(quote(&rest).await.unwrap_err().kind(), ErrorKind::Limit);
    let ahead = rest.quote(SymbolId(0), symbol("A"), Urgency::Ahead);
    assert!(tokio::time::timeout(Duration::from_millis(100), ahead).await.is_err(), "it must wait");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_card_is_fetched_once_for_all_who_ask() {
    let (address, calls) = serve(|path| {
        if path.contains("metric") {
            (403, String::new(), Vec::new())
        } else {
            (200, String::new(), include_bytes!("../fixtures/profile2.json").to_vec())
        }
    })
    .await;
    let cards = Cards::new(Arc::new(rest(address)), crate::clock::system());
    let (a, b) = tokio::join!(cards.get(symbol("AAPL")), cards.get(symbol("AAPL")));
    assert_eq!(a.unwrap().name.as_deref(), Some("Apple Inc"));
    assert!(b.unwrap().week_52_high.is_none());
    cards.get(symbol("AAPL")).await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn quotes_come_for_the_most_watched_first_and_once_a_day() {
    let (address, calls) = serve(|path| {
        let body = if path.contains("symbol=C") { b"nonsense".to_vec() } else { QUOTE.to_vec() };
        (200, String::new(), body)
    })
    .await;
    let mut universe = Universe::new();
    let (list, _) = read_symbols(br#"[{"symbol":"A"},{"symbol":"B"},{"symbol":"C"}]"#).unwrap();
    universe.refresh(list);
    let demand = Demand { stream: vec![SymbolId(1), SymbolId(2)], waiting: vec![SymbolId(0)] };
    let (demand_tx, demand) = watch::channel(Arc::new(demand));
    let (_universe_tx, universe) = watch::channel(Arc::new(universe));
    let (events, mut got) = mpsc::channel(4);
    let links = Links { demand, universe, events };
    let task = tokio::spawn(fetch_quotes(
        Arc::new(rest(address)),
        links,
        crate::clock::system(),
        |_| 1,
        std::future::pending(),
    ));
    let mut order = Vec::new();
    for _ in 0..2 {
        for event in got.recv().await.unwrap() {
            let MarketEvent::Reference(reference) = event else { panic!("only references") };
            order.push(reference.symbol.0);
        }
    }
    assert_eq!(order, [1, 0]);
    drop(demand_tx);
    task.await.unwrap();
    // B and A once, C as often as a failing symbol is tried.
    assert_eq!(calls.load(Ordering::SeqCst), 5);
}

#[test]
fn wants_each_symbol_once_a_day_best_first() {
    let demand = Demand { stream: vec![SymbolId(2), SymbolId(1)], waiting: vec![SymbolId(3)] };
    let mut quoted = Quoted::default();
    assert_eq!(quoted.next(&demand, 1), Some(SymbolId(2)));
    quoted.answered(SymbolId(2), 1);
    for _ in 0..3 {
        assert_eq!(quoted.next(&demand, 1), Some(SymbolId(1)));
        quoted.failed(SymbolId(1), 1);
    }
    assert_eq!(quoted.next(&demand, 1), Some(SymbolId(3)));
    quoted.answered(SymbolId(3), 1);
    assert_eq!(quoted.next(&demand, 1), None);
    assert_eq!(quoted.next(&demand, 2), Some(SymbolId(2)));
}

#[test]
fn refuses_settings_it_cannot_use() {
    let metrics = Metrics::register(&mut Registry::default()).feed("main");
    for (url, key, kind) in [
        ("nonsense", "k", ErrorKind::Settings),
        ("ftp://example.com", "k", ErrorKind::Settings),
        ("https://example.com", "", ErrorKind::Key),
    ] {
        let settings = Settings { key: Secret::new(key), rest_url: url.into(), ..Settings::default() };
        let clock: Clock = Arc::new(|| Timestamp::EPOCH);
        assert_eq!(Rest::new(settings, clock, metrics.clone()).unwrap_err().kind(), kind, "{url}");
    }
}

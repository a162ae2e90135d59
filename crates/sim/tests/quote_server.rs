//! The quote server's look-alike, seen through plain sockets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use market::Timestamp;
use sim::finnhub::faults::{BadQuote, Request};
use sim::quote_server::{Delays, QuoteServer, Settings, check_key};
use sim::{Options, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
const PATIENCE: Duration = Duration::from_secs(20);

fn quick() -> Settings {
    Settings { delays: Delays::None, patience: Duration::from_millis(300), ..Settings::default() }
}

fn alone(settings: Settings) -> Arc<QuoteServer> {
    let clock = Arc::new(|| Timestamp::from_nanos(1_578_000_000_000_000_000));
    Arc::new(QuoteServer::new(settings, clock, Arc::default()))
}

/// All that comes until the connection is closed.
async fn rest(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    // A dropped connection has whatever came before.
    let _ = timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("an end within 20 s");
    answer
}

async fn say(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    rest(stream).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_port_serves_quotes_and_http() {
    let options = Options { listen: ANY, quotes: quick(), quote_listen: Some(ANY), ..Options::default() };
    let server = serve(options).await.unwrap();
    let address = server.local_addr();
    assert_eq!(server.quote_url(), format!("tcp://{address}"));
    let mut prices = Vec::new();
    for from in [address, server.quote_port().unwrap().local_addr(), address] {
        let answer = say(from, "abc,oY01WVirLr\n").await;
        assert!(check_key(1, &answer) && answer.contains(",ABC,oY01WVirLr,"), "{answer}");
        prices.push(answer.split(',').next().unwrap().to_owned());
    }
    prices.dedup();
    assert!(prices.len() > 1, "the walk is one, and moves: {prices:?}");
    let ask = "GET /sim/quotes HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n";
    let shown = say(address, ask).await;
    assert!(shown.contains(r#"{"count":3,"cost_cents":15,"bad_keys":0,"#), "{shown}");
    // Even when the first bytes come one by one.
    let mut stream = TcpStream::connect(address).await.unwrap();
    for byte in ask.as_bytes() {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert!(rest(stream).await.starts_with("HTTP/1.1 200"));
    // On its own port there is no HTTP, and what is no request is not answered.
    assert_eq!(say(server.quote_port().unwrap().local_addr(), ask).await, "");
    assert_eq!(say(address, "HELLO\n").await, "");
    // Faults are for all look-alikes.
    let refuse = Request { refuse_s: Some(60.0), ..Request::default() };
    server.faults().apply(&refuse).unwrap();
    assert_eq!(say(address, "ABC,u\n").await, "");
    server.faults().clear();
    assert!(check_key(1, &say(address, "ABC,u\n").await));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_is_named() {
    let taken = alone(quick()).listen(ANY).await.unwrap();
    let options = Options { listen: ANY, quote_listen: Some(taken.local_addr()), ..Options::default() };
    let error = serve(options).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {}", taken.local_addr()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_silent_the_wordy_and_the_unreadable_are_dropped() {
    let server = alone(quick());
    let port = Arc::clone(&server).listen(ANY).await.unwrap();
    let address = port.local_addr();
    let since = Instant::now();
    assert_eq!(rest(TcpStream::connect(address).await.unwrap()).await, "");
    assert_eq!(say(address, "ABC,half a line").await, "");
    assert!(since.elapsed() >= Duration::from_millis(600));
    for bad in
        ["ABC\n", ",u\n", "ABC,\n", "A,b,c\n", "\n", &"A".repeat(256), &format!("A,{}\n", "u".repeat(254))]
    {
        assert_eq!(say(address, bad).await, "", "{bad:?}");
    }
    assert!(check_key(1, &say(address, &format!("A,{}\n", "u".repeat(253))).await));
    let counts = server.counts();
    assert_eq!((counts.count, counts.unreadable, counts.open), (1, 9, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_reset_owes_nothing_and_one_that_listens_is_answered() {
    let delays = Delays::Given([Duration::from_millis(300)].into());
    let server = alone(Settings { delays, ..quick() });
    let port = Arc::clone(&server).listen(ANY).await.unwrap();
    let mut gone = TcpStream::connect(port.local_addr()).await.unwrap();
    gone.write_all(b"ABC,u\n").await.unwrap();
    // It has asked by the time another one is answered.
    let mut half = TcpStream::connect(port.local_addr()).await.unwrap();
    half.write_all(b"ABC,u\n").await.unwrap();
    half.shutdown().await.unwrap();
    gone.set_zero_linger().unwrap();
    drop(gone);
    assert!(check_key(1, &rest(half).await));
    assert_eq!((server.counts().count, server.counts().cost_cents), (1, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_gets_keys_that_fail() {
    let delays = Delays::Given([Duration::from_millis(300)].into());
    let server = alone(Settings { delays, crowd: 2, connections_max: 4, ..quick() });
    let port = Arc::clone(&server).listen(ANY).await.unwrap();
    let ask = || async { say(port.local_addr(), "ABC,oY01WVirLr\n").await };
    let (a, b, c, d, e) = tokio::join!(ask(), ask(), ask(), ask(), ask());
    let answers = [a, b, c, d, e];
    assert_eq!(answers.iter().filter(|answer| answer.is_empty()).count(), 1, "one too many");
    assert!(answers.iter().any(|answer| !answer.is_empty() && !check_key(1, answer)));
    assert!(check_key(1, &ask().await), "alone again");
    let counts = server.counts();
    assert_eq!((counts.count, counts.refused, counts.most_open), (5, 1, 4));
    assert!(counts.bad_keys >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_answers_come_on_demand_once_each() {
    let server = alone(quick());
    let port = Arc::clone(&server).listen(ANY).await.unwrap();
    let request = Request { bad_quotes: BadQuote::ALL.to_vec(), ..Request::default() };
    server.faults().apply(&request).unwrap();
    for bad in BadQuote::ALL {
        let answer = say(port.local_addr(), "ABC,u\n").await;
        let passes = answer.contains(",ABC,u,") && answer.ends_with('\n') && check_key(1, &answer);
        let price = matches!(bad, BadQuote::PriceZero | BadQuote::PriceNan);
        assert_eq!(passes, price, "{bad:?}: {answer:?}");
        assert!(!price || answer.starts_with("0.0,") || answer.starts_with("NaN,"));
    }
    assert!(check_key(1, &say(port.local_addr(), "ABC,u\n").await));
    assert_eq!(server.faults().report().bad_quotes, 9);
    let many = Request { bad_quotes: vec![BadQuote::Garbage; 1_001], ..Request::default() };
    assert!(server.faults().apply(&many).is_err());
}

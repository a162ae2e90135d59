//! The look-alike's stream, seen through a plain WebSocket client.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sim::finnhub::faults::{BadFrame, Request};
use sim::finnhub::{SecondConnection, Settings};
use sim::{Options, Server, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const PATIENCE: Duration = Duration::from_secs(20);

async fn start(finnhub: Settings) -> Server {
    let listen: SocketAddr = ([127, 0, 0, 1], 0).into();
    let options = Options { listen, rate: 50_000, finnhub, ..Options::default() };
    serve(options).await.expect("the look-alike starts")
}

async fn connect(server: &Server, token: &str) -> Result<Socket, tungstenite::Error> {
    let url = format!("{}?token={token}", server.finnhub_stream_url());
    connect_async(url).await.map(|(socket, _)| socket)
}

async fn open(server: &Server) -> Socket {
    connect(server, "simkey").await.expect("the handshake is accepted")
}

fn status(result: Result<Socket, tungstenite::Error>) -> u16 {
    match result {
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

async fn say(socket: &mut Socket, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.expect("the connection is open");
}

async fn hear(socket: &mut Socket) -> Option<Message> {
    timeout(PATIENCE, socket.next()).await.expect("something within 20 s").and_then(Result::ok)
}

async fn hear_json(socket: &mut Socket) -> Value {
    let message = hear(socket).await.expect("a frame");
    serde_json::from_str(message.to_text().expect("text")).expect("JSON")
}

/// The trades of the next frames, until there are so many.
async fn trades(socket: &mut Socket, many: usize) -> Vec<Value> {
    let mut trades = Vec::new();
    while trades.len() < many {
        let frame = hear_json(socket).await;
        if frame["type"] == "trade" {
            trades.extend(frame["data"].as_array().expect("a list").iter().cloned());
        }
    }
    trades
}

async fn call(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.local_addr()).await.expect("the port is open");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    // A dropped connection has whatever came before.
    let _ = timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("an answer within 20 s");
    answer
}

async fn post(server: &Server, body: Value) -> String {
    let body = body.to_string();
    let length = body.len();
    let head =
        format!("POST /sim/faults HTTP/1.1\r\nHost: sim\r\nConnection: close\r\nContent-Length: {length}");
    call(server, &format!("{head}\r\n\r\n{body}")).await
}

async fn get(server: &Server, path: &str) -> String {
    call(server, &format!("GET {path} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n")).await
}

#[tokio::test]
async fn streams_what_is_asked_for() {
    let server = start(Settings::default()).await;
    let mut socket = open(&server).await;
    for symbol in ["AAPL", "BINANCE:BTCUSDT", "NOSUCH", "AAPL"] {
        say(&mut socket, json!({"type": "subscribe", "symbol": symbol})).await;
    }
    let (mut ids, mut has_fractions) = (HashSet::new(), false);
    // News make one or the other much livelier for a while: rounds, until both have shown what is theirs.
    for _ in 0..50 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64;
        for trade in trades(&mut socket, 300).await {
            let (price, size) = (trade["p"].as_f64().expect("price"), trade["v"].as_f64().expect("volume"));
            assert!((now - trade["t"].as_i64().expect("time")).abs() < 60_000);
            match trade["s"].as_str().expect("symbol") {
                "AAPL" => {
                    assert!((80.0..700.0).contains(&price) && size.fract() == 0.0, "{trade}");
                }
                "BINANCE:BTCUSDT" => {
                    assert!((15_000.0..600_000.0).contains(&price) && size > 0.0, "{trade}");
                    has_fractions |= size.fract() > 0.0;
                }
                other => panic!("{other} was not asked for"),
            }
            let conditions = trade["c"].as_array().into_iter().flatten();
            ids.extend(conditions.map(|id| id.as_str().expect("text").to_owned()));
        }
        if has_fractions && ids.contains("37") && ids.contains("14") {
            break;
        }
    }
    assert!(has_fractions, "fractions of a coin");
    assert!(ids.contains("37") && ids.contains("14"), "odd lots and sweeps: {ids:?}");
    say(&mut socket, json!({"type": "unsubscribe", "symbol": "BINANCE:BTCUSDT"})).await;
    // What was under way may still come.
    let _ = trades(&mut socket, 200).await;
    assert!(trades(&mut socket, 50).await.iter().all(|t| t["s"] == "AAPL"));
    server.stop().await;
    while let Some(message) = hear(&mut socket).await {
        if let Message::Close(frame) = message {
            assert_eq!(frame.map(|f| u16::from(f.code)), Some(1001));
        }
    }
}

#[tokio::test]
async fn keeps_the_limits_of_the_plan() {
    let server = start(Settings { symbols: 2, ping_seconds: 1, ..Settings::default() }).await;
    assert_eq!(status(connect(&server, "wrong").await), 401);
    assert_eq!(status(connect(&server, "").await), 429);
    let mut socket = open(&server).await;
    assert_eq!(status(connect(&server, "simkey").await), 429);
    for symbol in ["AAPL", "MSFT", "NVDA"] {
        say(&mut socket, json!({"type": "subscribe", "symbol": symbol})).await;
    }
    let (mut refused, mut pinged, mut seen) = (false, false, HashSet::new());
    while !(refused && pinged && seen.len() == 2) {
        let frame = hear_json(&mut socket).await;
        match frame["type"].as_str() {
            Some("error") => {
                assert_eq!(frame["msg"], "Subscribing to too many symbols");
                refused = true;
            }
            Some("ping") => pinged = true,
            _ => seen.extend(frame["data"].as_array().into_iter().flatten().map(|t| t["s"].to_string())),
        }
    }
    assert!(!seen.contains("\"NVDA\""));
    socket.send(Message::text("not json")).await.expect("the connection is open");
    loop {
        let frame = hear_json(&mut socket).await;
        if frame["type"] == "error" {
            break;
        }
    }
    // The place is free again once the first is gone.
    drop(socket);
    let free = async { while connect(&server, "simkey").await.is_err() {} };
    timeout(PATIENCE, free).await.expect("the place becomes free");
}

#[tokio::test]
async fn both_drop_where_the_plan_says_so() {
    let plan = Settings { second_connection: SecondConnection::DropBoth, ..Settings::default() };
    let server = start(plan).await;
    let (mut first, mut second) = (open(&server).await, open(&server).await);
    assert!(hear(&mut first).await.is_none() && hear(&mut second).await.is_none());
}

#[tokio::test]
async fn goes_wrong_on_demand() {
    let server = start(Settings::default()).await;
    let mut socket = open(&server).await;
    say(&mut socket, json!({"type": "subscribe", "symbol": "AAPL"})).await;
    trades(&mut socket, 1).await;

    // Every bad frame arrives as it is, and the stream goes on.
    let answer = post(&server, json!({"send": BadFrame::ALL})).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (mut odd, mut largest) = (0, 0);
    while odd < 12 {
        let message = hear(&mut socket).await.expect("a frame");
        largest = largest.max(message.len());
        let good = message.to_text().is_ok_and(|text| {
            serde_json::from_str::<Value>(text).is_ok_and(|frame| {
                let plausible = |t: &Value| {
                    t["p"].as_f64().is_some_and(|p| (1.0..10_000.0).contains(&p))
                        && t["t"]
                            .as_i64()
                            .is_some_and(|t| (1_700_000_000_000..4_000_000_000_000).contains(&t))
                };
                let data = frame["data"].as_array();
                frame["type"] == "ping" || data.is_some_and(|d| !d.is_empty() && d.iter().all(plausible))
            })
        });
        odd += usize::from(!good);
    }
    assert!(largest > 10_000_000);
    trades(&mut socket, 1).await;

    // Silence is silence.
    post(&server, json!({"silent_s": 1.5})).await;
    assert!(server.faults().report().silent);
    while timeout(Duration::from_millis(700), socket.next()).await.is_ok() {}
    trades(&mut socket, 1).await;

    // A cut is a cut: no closing handshake.
    post(&server, json!({"cut": true})).await;
    loop {
        match timeout(PATIENCE, socket.next()).await.expect("an end within 20 s") {
            Some(Ok(Message::Close(_))) => panic!("a cut says nothing"),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break,
        }
    }
    post(&server, json!({"cut_every_s": 0.2})).await;
    for _ in 0..3 {
        let mut socket = open(&server).await;
        while hear(&mut socket).await.is_some() {}
    }
    assert!(server.faults().report().cuts >= 4);
}

#[tokio::test]
async fn refuses_and_limits_on_demand() {
    let server = start(Settings::default()).await;
    let quote = "/finnhub/api/v1/quote?symbol=AAPL&token=simkey";
    assert!(get(&server, quote).await.contains("\"pc\":"));
    assert!(get(&server, &quote.replace("v1/", "v1//")).await.contains("\"pc\":"));
    post(&server, json!({"limit_s": 60, "retry_after_s": 7})).await;
    let answer = get(&server, quote).await;
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("retry-after: 7"), "{answer}");
    assert_eq!(status(connect(&server, "simkey").await), 429);
    server.faults().clear();
    assert!(get(&server, quote).await.starts_with("HTTP/1.1 200"));

    let asked = tokio::time::Instant::now();
    post(&server, json!({"slow_ms": 300})).await;
    get(&server, quote).await;
    assert!(asked.elapsed() >= Duration::from_millis(300));

    for bad in [json!({"silent_s": -1}), json!({"silence": 1}), json!({"send": ["nonsense"]})] {
        assert!(post(&server, bad).await.starts_with("HTTP/1.1 400"));
    }
    server.faults().apply(&Request { refuse_s: Some(60.0), ..Request::default() }).expect("a good request");
    assert_eq!(get(&server, quote).await, "");
    assert!(connect(&server, "simkey").await.is_err());
    server.faults().clear();
    open(&server).await;
}

#[tokio::test]
async fn says_why_it_cannot_listen() {
    let server = start(Settings::default()).await;
    let taken = Options { listen: server.local_addr(), ..Options::default() };
    let error = serve(taken).await.expect_err("the port is taken");
    assert_eq!(error.to_string(), format!("cannot listen on {}", server.local_addr()));
    let keyless = Options { key: String::new(), ..Options::default() };
    assert_eq!(serve(keyless).await.expect_err("no key").to_string(), "the key must not be empty");
}

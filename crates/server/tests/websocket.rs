//! The hub over real sockets: what `docs/protocol.md` promises, as a client sees it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use market::tape::Limits;
use market::{
    Conditions, FeedState, FeedStatus, Hours, Instrument, Kind, MarketEvent, Price, Size, Symbol, SymbolId,
    Timestamp, Trade, Universe,
};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use server::hub::{Config, Hub, Metrics};
use server::live::Live;
use server::live::publish::{Changes, Way};
use server::live::source::LiveSource;
use server::ws::upgrade::route;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const NOW: &str = "2018-01-03T15:00:00Z";

fn instrument(symbol: &str) -> Instrument {
    Instrument {
        symbol: Symbol::new(symbol).unwrap(),
        name: symbol.into(),
        exchange: "NYSE".into(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours: Hours::UsEquity,
        activity: 0,
    }
}

struct House {
    live: Arc<Live>,
    hub: Arc<Hub>,
    address: SocketAddr,
    changes: Changes,
    registry: Registry,
}

/// A server over a handful of symbols, with a listener on a free port.
async fn house(config: Config) -> House {
    let mut universe = Universe::new();
    universe.refresh(
        ["AAPL", "TSLA", "BRK.B", "BINANCE:BTCUSDT"]
            .map(instrument)
            .into_iter()
            .chain((0..3_000).map(|n| instrument(&format!("S{n}")))),
    );
    let clock = Arc::new(|| NOW.parse::<Timestamp>().unwrap());
    let live = Arc::new(Live::new(Arc::new(universe), Limits::default(), "epoch-1", clock));
    live.set_feeds(vec![FeedStatus {
        name: "feed".into(),
        source: "test".into(),
        state: FeedState::Up,
        timeliness: market::feed::Timeliness::Live,
        detail: None,
        subscribed: (0..3_004).map(SymbolId).collect(),
        waiting: Vec::new(),
        symbol_limit: None,
        last_event: None,
        delay_ms: None,
        reconnects: 0,
    }]);
    let (stored, _requests) = tokio::sync::mpsc::channel(1);
    let mut registry = Registry::default();
    let source = Arc::new(LiveSource::new(Arc::clone(&live), stored));
    let hub = Arc::new(Hub::start(&config, source, &Metrics::register(&mut registry)).unwrap());
    let app = axum::Router::new().route("/ws", route(Arc::clone(&hub)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    House { live, hub, address, changes: Changes::default(), registry }
}

impl House {
    fn trade(&mut self, symbol: &str, price: &str, at_ms: i64) {
        let events = [self.event(symbol, price, at_ms)];
        self.live.apply("feed", &events, Way::Log, false, &mut self.changes, |block| self.hub.publish(block));
    }

    fn event(&self, symbol: &str, price: &str, at_ms: i64) -> MarketEvent {
        let ts = NOW.parse::<Timestamp>().unwrap().saturating_add_nanos(at_ms * 1_000_000);
        MarketEvent::Trade(Trade {
            symbol: self.live.resolve(&Symbol::new(symbol).unwrap()).unwrap(),
            ts_event: ts,
            ts_recv: ts,
            seq: 1,
            price: price.parse::<Price>().unwrap(),
            size: Size::from_whole(100).unwrap(),
            conditions: Conditions::REGULAR,
        })
    }

    async fn client(&self) -> Client {
        let (socket, _) = connect_async(format!("ws://{}/ws", self.address)).await.unwrap();
        Client(socket)
    }

    fn metric(&self, name: &str) -> u64 {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        let line = text.lines().find(|l| l.starts_with(name)).unwrap_or("x 0");
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }
}

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next message, within a bound that only a fault exceeds.
    async fn message(&mut self) -> Message {
        tokio::time::timeout(Duration::from_secs(10), self.0.next())
            .await
            .expect("a message comes")
            .unwrap()
            .unwrap()
    }

    async fn hear(&mut self) -> Value {
        loop {
            match self.message().await {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// Everything that came before the answer to a ping sent now.
    async fn drain(&mut self) -> Vec<Value> {
        self.say(json!({"type": "ping", "id": "drain"})).await;
        let mut heard = Vec::new();
        loop {
            let frame = self.hear().await;
            if frame["type"] == "pong" {
                return heard;
            }
            heard.push(frame);
        }
    }

    async fn close_code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.message().await {
                return frame.unwrap().code.into();
            }
        }
    }
}

fn subscribe(symbols: &[&str]) -> Value {
    json!({"type": "subscribe", "symbols": symbols})
}

#[tokio::test]
async fn the_contract_word_by_word() {
    let mut house = house(Config::default()).await;
    house.trade("AAPL", "150.23", 0);
    let mut client = house.client().await;
    client.say(subscribe(&["AAPL", "XYZ", "TSLA"])).await;
    let error = client.hear().await;
    assert_eq!((&error["type"], &error["message"]), (&json!("error"), &json!("Invalid stock symbol: XYZ")));
    let snapshot = client.hear().await;
    assert_eq!(
        snapshot,
        json!({"type": "price_update", "data": {"AAPL": {
        "price": 150.23, "timestamp": "2018-01-03T15:00:00Z", "seq": 1, "source": "test", "state": "live"}}})
    );
    house.trade("TSLA", "0.12345678", 5);
    let update = client.hear().await;
    assert_eq!(update["data"]["TSLA"]["price"].to_string(), "0.12345678");
    assert_eq!(update["data"]["TSLA"]["timestamp"], "2018-01-03T15:00:00.005Z");
    client.say(json!({"type": "unsubscribe", "symbols": ["AAPL"]})).await;
    assert_eq!(client.drain().await, Vec::<Value>::new());
    house.trade("AAPL", "151", 10);
    house.trade("BRK.B", "300", 10);
    house.trade("TSLA", "8", 10);
    assert_eq!(client.hear().await["data"]["TSLA"]["price"], 8);
    assert_eq!(client.drain().await, Vec::<Value>::new());
}

#[tokio::test]
async fn nonsense_is_answered_and_changes_nothing() {
    let mut house = house(Config::default()).await;
    let mut client = house.client().await;
    client.say(subscribe(&["AAPL"])).await;
    for nonsense in [
        "",
        "{",
        "[]",
        "null",
        "{\"type\":\"dance\"}",
        "{\"type\":\"subscribe\"}",
        "{\"type\":\"subscribe\",\"symbols\":\"AAPL\"}",
        "{\"type\":\"subscribe\",\"symbols\":[7]}",
    ] {
        client.0.send(Message::text(nonsense)).await.unwrap();
        let answer = client.hear().await;
        assert_eq!(answer["type"], "error", "{nonsense}");
        assert!(!answer["message"].as_str().unwrap().is_empty());
    }
    house.trade("AAPL", "1", 0);
    assert_eq!(client.hear().await["data"]["AAPL"]["price"], 1);
    assert_eq!(house.metric("ws_client_errors_total"), 8);
}

#[tokio::test]
async fn breaches_of_the_protocol_are_closed_with_their_code() {
    let house = house(Config::default()).await;
    let mut binary = house.client().await;
    binary.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(binary.close_code().await, 1003);
    let mut big = house.client().await;
    // The server may close before all of it is sent.
    let _ = big.0.send(Message::text("x".repeat(1_000_000))).await;
    assert_eq!(big.close_code().await, 1009);
}

#[tokio::test]
async fn a_hundred_thousand_symbols_are_refused_by_number() {
    let house = house(Config { topics_per_client: 1_000, ..Config::default() }).await;
    let mut client = house.client().await;
    let symbols: Vec<String> = (0..3_000).map(|n| format!("S{n}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    client.say(subscribe(&symbols)).await;
    let heard = client.drain().await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0]["code"], "too_many_symbols");
    assert_eq!(house.metric("ws_subscriptions"), 1_000);
    let unknown: Vec<String> = (0..5_000).map(|n| format!("NO{n}")).collect();
    client.say(json!({"type": "subscribe", "symbols": unknown})).await;
    assert_eq!(client.drain().await.len(), 101);
    drop(client);
}

#[tokio::test]
async fn a_slow_client_gets_the_newest_of_each_and_the_fast_get_all() {
    let mut house = house(Config::default()).await;
    let mut slow = house.client().await;
    let mut fast = house.client().await;
    for client in [&mut slow, &mut fast] {
        client.say(subscribe(&["AAPL", "TSLA"])).await;
        assert_eq!(client.drain().await.len(), 0);
    }
    // More than the sockets' buffers hold, while one of the two reads nothing.
    const ROUNDS: i64 = 120_000;
    let mut heard = 0;
    for chunk in 0..ROUNDS / 1_000 {
        let events: Vec<_> = (0..1_000)
            .flat_map(|i| {
                let n = chunk * 1_000 + i;
                ["AAPL", "TSLA"].map(|s| house.event(s, &format!("{}", n + 1), n))
            })
            .collect();
        house
            .live
            .apply("feed", &events, Way::Log, false, &mut house.changes, |block| house.hub.publish(block));
        while heard < (chunk + 1) * 2_000 {
            assert_eq!(fast.hear().await["type"], "price_update");
            heard += 1;
        }
    }
    assert!(house.metric("ws_conflated_total") > 0, "the slow client was never behind");
    let mut newest = std::collections::HashMap::new();
    for frame in slow.drain().await {
        for (symbol, value) in frame["data"].as_object().unwrap() {
            let seq = value["seq"].as_i64().unwrap();
            let before = newest.insert(symbol.clone(), seq).unwrap_or(0);
            assert!(before < seq, "{symbol}: {seq} came after {before}");
        }
    }
    // The pong can overtake the catching up of a client whose buffer was full; what is owed comes.
    while newest.get("AAPL") != Some(&ROUNDS) || newest.get("TSLA") != Some(&ROUNDS) {
        for (symbol, value) in slow.hear().await["data"].as_object().unwrap() {
            newest.insert(symbol.clone(), value["seq"].as_i64().unwrap());
        }
    }
}

#[tokio::test]
async fn rows_bars_and_status_come_by_their_channels() {
    let mut house = house(Config::default()).await;
    let mut client = house.client().await;
    client.say(json!({"type": "subscribe", "channel": "quotes", "symbols": ["AAPL"], "id": 1})).await;
    let answer = client.hear().await;
    assert_eq!(
        answer,
        json!({"type": "subscribed", "id": 1, "channel": "quotes", "symbols": ["AAPL"], "epoch": "epoch-1"})
    );
    let row = client.hear().await;
    assert_eq!((&row["type"], &row["data"]["AAPL"]["state"]), (&json!("quote_update"), &json!("waiting")));
    client.say(json!({"type": "subscribe", "channel": "bars", "interval": "1m", "symbols": ["AAPL"]})).await;
    client.say(json!({"type": "subscribe", "channel": "status"})).await;
    assert_eq!(client.hear().await["feeds"][0]["state"], "up");
    house.trade("AAPL", "10", 0);
    house.trade("AAPL", "12", 1_000);
    let (live, hub) = (Arc::clone(&house.live), Arc::clone(&house.hub));
    hub.publish(live.rows(&mut house.changes));
    hub.publish(live.bars(&mut house.changes));
    let row = client.hear().await;
    assert_eq!((&row["data"]["AAPL"]["price"], &row["data"]["AAPL"]["volume"]), (&json!(12), &json!(200)));
    let bars = client.hear().await;
    assert_eq!((&bars["interval"], &bars["session"]), (&json!("1m"), &json!("extended")));
    assert_eq!(
        bars["data"]["AAPL"],
        json!([{"start": "2018-01-03T15:00:00Z", "open": 10, "high": 12, "low": 10, "close": 12, "volume": 200, "trades": 2, "vwap": 11}])
    );
}

#[tokio::test]
async fn rows_due_together_come_in_one_frame_each_client_its_own() {
    let mut house = house(Config::default()).await;
    let many: Vec<String> = (0..1_000).map(|n| format!("S{n}")).collect();
    let rows = |symbols: &[String]| json!({"type": "subscribe", "channel": "quotes", "symbols": symbols});
    let mut all = house.client().await;
    all.say(rows(&many)).await;
    all.say(subscribe(&["S1"])).await;
    let mut two = house.client().await;
    two.say(rows(&["S1".into(), "S7".into()])).await;
    all.drain().await;
    two.drain().await;
    for symbol in &many {
        house.trade(symbol, "10.25", 0);
    }
    let (live, hub) = (Arc::clone(&house.live), Arc::clone(&house.hub));
    hub.publish(live.rows(&mut house.changes));
    house.trade("S7", "11", 1_000);
    hub.publish(live.rows(&mut house.changes));

    // Twice the same symbol is twice a frame, and the newest is the last.
    let heard = two.drain().await;
    let prices: Vec<Value> = heard.iter().map(|frame| frame["data"]["S7"]["price"].clone()).collect();
    assert_eq!(prices, [json!(10.25), json!(11)]);
    assert_eq!(heard[0]["data"].as_object().unwrap().len(), 2, "{}", heard[0]);

    let mut heard = all.drain().await;
    assert_eq!(heard.remove(0)["type"], "price_update");
    assert!(heard.iter().all(|frame| frame["type"] == "quote_update"));
    let seen: Vec<&String> =
        heard.iter().flat_map(|frame| frame["data"].as_object().unwrap().keys()).collect();
    assert_eq!(seen.len(), 1_001);
    assert_eq!(seen.iter().collect::<std::collections::HashSet<_>>().len(), 1_000);
    assert!((5..20).contains(&heard.len()), "{} frames", heard.len());
    assert!(heard.iter().all(|frame| frame.to_string().len() < 65_536));
    assert_eq!(house.metric("ws_delivered_total"), 1_001 + 1 + 3);
}

#[tokio::test]
async fn stopping_says_goodbye_with_everything_sent() {
    let mut house = house(Config::default()).await;
    let mut client = house.client().await;
    client.say(subscribe(&["AAPL"])).await;
    assert_eq!(client.drain().await.len(), 0);
    house.trade("AAPL", "7", 0);
    let hub = Arc::clone(&house.hub);
    let stopping = tokio::task::spawn_blocking(move || hub.stop(Duration::from_secs(10)));
    assert_eq!(client.hear().await["data"]["AAPL"]["price"], 7);
    assert_eq!(client.close_code().await, 1001);
    drop(client);
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_silent_client_is_pinged_and_let_go() {
    let config = Config {
        ping_after: Duration::from_millis(10),
        hopeless_after: Duration::from_millis(10),
        ..Config::default()
    };
    let house = house(config).await;
    let mut client = house.client().await;
    // The library answers pings only while it is read, so not reading is not answering.
    while house.metric("ws_connections") > 0 || house.metric("ws_closed_total") == 0 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(client.message().await, Message::Ping(_)));
    assert_eq!(client.close_code().await, 4000);
}

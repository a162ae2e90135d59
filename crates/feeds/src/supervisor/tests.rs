//! The supervisor with real sockets, against a provider that misbehaves on command.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use market::{Instrument, Kind, Price, Symbol};
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::*;
use crate::Metrics;
use crate::adapter::{Secret, Skip};
use crate::finnhub::{self, Finnhub};

/// Nothing here waits so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(20);

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn universe(names: &[&str]) -> Arc<Universe> {
    let mut universe = Universe::new();
    universe.refresh(names.iter().map(|name| Instrument {
        symbol: Symbol::new(name).unwrap(),
        name: String::new(),
        exchange: String::new(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours: Hours::Always,
        activity: 0,
    }));
    Arc::new(universe)
}

fn ids(list: &[u32]) -> Vec<SymbolId> {
    list.iter().copied().map(SymbolId).collect()
}

/// A supervisor with short pauses, and both of its ends.
struct Rig {
    listener: TcpListener,
    demand: watch::Sender<Arc<Demand>>,
    universe: watch::Sender<Arc<Universe>>,
    events: mpsc::Receiver<Vec<MarketEvent>>,
    pending: Vec<MarketEvent>,
    status: watch::Receiver<FeedStatus>,
    metrics: FeedMetrics,
    stop: tokio::sync::oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn rig(adjust: impl FnOnce(&mut Settings)) -> Rig {
    let mut settings = Settings {
        backoff: BackoffSettings { first: ms(1), max: ms(4), refused_first: ms(20), ..Default::default() },
        tick: ms(5),
        ..Default::default()
    };
    adjust(&mut settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let adapter = Finnhub::new(finnhub::Settings {
        key: Secret::new("testkey"),
        stream_url: format!("ws://{}", listener.local_addr().unwrap()),
        ..Default::default()
    });
    let (demand, demand_rx) = watch::channel(Arc::new(Demand::from(ids(&[0, 1]))));
    let (universe, universe_rx) = watch::channel(universe(&["A", "B", "C", "D"]));
    let (events_tx, events) = mpsc::channel(4);
    let (status_tx, status) = watch::channel(initial_status("main", adapter.about()));
    let metrics = Metrics::register(&mut Registry::default()).feed("main");
    let links = Links { demand: demand_rx, universe: universe_rx, events: events_tx, status: status_tx };
    let is_open: IsOpen = Arc::new(|_, _| true);
    let supervisor =
        Supervisor::new(adapter, settings, links, crate::clock::system(), is_open, metrics.clone());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(supervisor.run(async {
        let _ = stopped.await;
    }));
    Rig { listener, demand, universe, events, pending: Vec::new(), status, metrics, stop, task }
}

type Line = WebSocketStream<TcpStream>;

impl Rig {
    async fn tcp(&self) -> TcpStream {
        timeout(LIMIT, self.listener.accept()).await.expect("an attempt to connect").unwrap().0
    }

    async fn accept(&self) -> Line {
        accept_async(self.tcp().await).await.unwrap()
    }

    /// Answers a handshake with a status.
    async fn refuse(&self, head: &str) {
        let mut tcp = self.tcp().await;
        let mut request = [0; 4096];
        let _ = tcp.read(&mut request).await.unwrap();
        let answer = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        tcp.write_all(answer.as_bytes()).await.unwrap();
    }

    async fn event(&mut self) -> MarketEvent {
        while self.pending.is_empty() {
            self.pending = timeout(LIMIT, self.events.recv()).await.expect("an event").unwrap();
        }
        self.pending.remove(0)
    }

    async fn price(&mut self) -> Price {
        match self.event().await {
            MarketEvent::Trade(trade) => trade.price,
            other => panic!("{other:?}"),
        }
    }

    async fn state(&mut self, state: FeedState) -> FeedStatus {
        let status = timeout(LIMIT, self.status.wait_for(|s| s.state == state)).await;
        status.unwrap_or_else(|_| panic!("never {state:?}")).unwrap().clone()
    }

    async fn stop(self) -> FeedStatus {
        self.stop.send(()).unwrap();
        timeout(LIMIT, self.task).await.expect("it stops").unwrap();
        self.status.borrow().clone()
    }
}

/// The next `n` requests of the client, as `+A` and `-A`.
async fn requests(line: &mut Line, n: usize) -> Vec<String> {
    let mut seen = Vec::new();
    while seen.len() < n {
        let message = timeout(LIMIT, line.next()).await.expect("a request").unwrap().unwrap();
        let Message::Text(text) = message else { continue };
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let sign = if value["type"] == "subscribe" { '+' } else { '-' };
        seen.push(format!("{sign}{}", value["symbol"].as_str().unwrap()));
    }
    seen.sort();
    seen
}

fn trade(symbol: &str, price: u32) -> String {
    let now = crate::clock::system()().millis();
    format!(r#"{{"data":[{{"c":null,"p":{price},"s":"{symbol}","t":{now},"v":1}}],"type":"trade"}}"#)
}

async fn send(line: &mut Line, text: impl Into<String>) {
    line.send(Message::text(text.into())).await.unwrap();
}

fn dollars(n: i64) -> Price {
    Price::from_whole(n).unwrap()
}

#[tokio::test]
async fn subscribes_exactly_what_is_wanted() {
    let mut rig = rig(|_| {}).await;
    let mut line = rig.accept().await;
    assert_eq!(requests(&mut line, 2).await, ["+A", "+B"]);
    rig.demand.send(Arc::new(ids(&[2, 1, 1, 9]).into())).unwrap();
    assert_eq!(requests(&mut line, 2).await, ["+C", "-A"]);
    // Symbol 9 cannot be named until a newer universe knows it.
    rig.universe.send(universe(&["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"])).unwrap();
    assert_eq!(requests(&mut line, 1).await, ["+J"]);
    send(&mut line, trade("J", 7)).await;
    assert_eq!(rig.price().await, dollars(7));
    let status = rig.state(FeedState::Up).await;
    assert_eq!((status.subscribed, status.waiting), (ids(&[1, 2, 9]), vec![]));
    let stopped = rig.stop().await;
    assert_eq!((stopped.state, stopped.detail.as_deref()), (FeedState::Down, Some("stopped")));
    assert!(matches!(timeout(LIMIT, line.next()).await.unwrap(), Some(Ok(Message::Close(_)))));
}

#[tokio::test]
async fn a_hundred_cuts_lose_and_double_nothing() {
    let mut rig = rig(|_| {}).await;
    let (mut last_seen, mut gaps) = (Timestamp::MIN, 0);
    for n in 0..100 {
        let mut line = rig.accept().await;
        assert_eq!(requests(&mut line, 2).await, ["+A", "+B"], "connection {n}");
        send(&mut line, trade("B", n + 1)).await;
        if n > 0 {
            let MarketEvent::Gap { symbols, from, to } = rig.event().await else { panic!("no gap told") };
            assert_eq!(symbols, ids(&[0, 1]));
            assert!(last_seen <= from && from <= to);
            gaps += 1;
        }
        let MarketEvent::Trade(trade) = rig.event().await else { panic!("no trade") };
        assert_eq!(trade.price, dollars(i64::from(n) + 1));
        last_seen = trade.ts_recv;
        // Half of them politely, half of them not.
        if n % 2 == 0 {
            let _ = line.close(None).await;
        }
    }
    assert_eq!((gaps, rig.metrics.gaps.get()), (99, 99));
    let mut line = rig.accept().await;
    assert_eq!(requests(&mut line, 2).await, ["+A", "+B"]);
    assert_eq!(rig.state(FeedState::Up).await.reconnects, 100);
    rig.stop().await;
    // Had anything been sent twice, it would be before the close frame.
    assert!(matches!(timeout(LIMIT, line.next()).await.unwrap(), Some(Ok(Message::Close(_)))));
}

#[tokio::test]
async fn what_changed_while_down_is_right_when_up() {
    let mut rig = rig(|_| {}).await;
    let mut line = rig.accept().await;
    requests(&mut line, 2).await;
    drop(line);
    // Several attempts fail; the gap still reaches back to the first cut.
    for _ in 0..3 {
        drop(rig.tcp().await);
    }
    rig.demand.send(Arc::new(ids(&[1, 3]).into())).unwrap();
    let mut line = rig.accept().await;
    assert_eq!(requests(&mut line, 2).await, ["+B", "+D"]);
    let MarketEvent::Gap { symbols, .. } = rig.event().await else { panic!("no gap told") };
    assert_eq!(symbols, ids(&[1]));
}

#[tokio::test]
async fn a_dead_line_is_pinged_and_replaced() {
    let mut rig = rig(|s| {
        s.silence.ping_after = ms(30);
        s.silence.pong_wait = ms(30);
    })
    .await;
    let mut line = rig.accept().await;
    requests(&mut line, 2).await;
    // From here on this line is open and no one reads it, so the ping stays unanswered.
    let mut second = rig.accept().await;
    assert_eq!(requests(&mut second, 2).await, ["+A", "+B"]);
    assert!(matches!(rig.event().await, MarketEvent::Gap { .. }));
    assert_eq!(rig.metrics.failures_of("silent"), 1);
    drop(line);
}

#[tokio::test]
async fn a_line_that_only_answers_pings_is_silent_too() {
    let mut rig = rig(|s| {
        s.silence.quiet_max = ms(80);
        s.silence.ping_after = ms(10);
    })
    .await;
    let mut line = rig.accept().await;
    requests(&mut line, 2).await;
    let polite = tokio::spawn(async move {
        // Answers pings by being read, and sends the provider's own heartbeat.
        while let Some(Ok(_)) = line.next().await {
            if line.send(Message::text(r#"{"type":"ping"}"#)).await.is_err() {
                break;
            }
        }
    });
    let status = rig.state(FeedState::Silent).await;
    assert!(status.detail.unwrap().contains("no trades"));
    let mut second = rig.accept().await;
    requests(&mut second, 2).await;
    // Still silent until a trade shows otherwise.
    assert_eq!(rig.status.borrow().state, FeedState::Silent);
    send(&mut second, trade("A", 5)).await;
    assert!(matches!(rig.event().await, MarketEvent::Gap { .. }));
    assert_eq!(rig.price().await, dollars(5));
    rig.state(FeedState::Up).await;
    polite.abort();
}

#[tokio::test]
async fn garbage_costs_only_itself() {
    let mut rig = rig(|_| {}).await;
    let mut line = rig.accept().await;
    requests(&mut line, 2).await;
    for garbage in ["", "hello", "{", r#"{"type":7}"#, r#"{"type":"trade","data":{"s":1}}"#] {
        send(&mut line, garbage).await;
    }
    line.send(Message::binary(vec![0xff; 64])).await.unwrap();
    send(&mut line, r#"{"type":"trade","data":[{"s":"A","p":true,"t":"x","v":[]},5]}"#).await;
    send(&mut line, r#"{"type":"surprise"}"#).await;
    send(&mut line, r#"{"type":"error","msg":"something else"}"#).await;
    send(&mut line, "x".repeat(10 << 20)).await;
    send(&mut line, trade("A", 9)).await;
    assert_eq!(rig.price().await, dollars(9));
    let skipped = |reason| rig.metrics.skipped(reason);
    assert_eq!(skipped(Skip::Garbage), 6);
    assert_eq!((skipped(Skip::TooLarge), skipped(Skip::UnknownKind)), (1, 1));
    assert_eq!((skipped(Skip::Price), skipped(Skip::Malformed)), (1, 1));
    assert_eq!((rig.metrics.complaints.get(), rig.metrics.reconnects.get()), (1, 0));
}

#[tokio::test]
async fn frames_beyond_all_limits_cost_the_connection_and_no_more() {
    let mut rig = rig(|s| s.socket.frame_bytes_hard_max = 2 << 20).await;
    let mut line = rig.accept().await;
    requests(&mut line, 2).await;
    let _ = line.send(Message::text("x".repeat(3 << 20))).await;
    let mut line = rig.accept().await;
    assert_eq!(requests(&mut line, 2).await, ["+A", "+B"]);
    assert!(matches!(rig.event().await, MarketEvent::Gap { .. }));
    assert_eq!(rig.metrics.skipped(Skip::TooLarge), 1);
}

#[tokio::test]
async fn waits_as_long_as_a_refusal_asks() {
    let mut rig = rig(|_| {}).await;
    rig.refuse("429 Too Many Requests\r\nretry-after: 1").await;
    let refused = Instant::now();
    let status = rig.state(FeedState::Down).await;
    assert!(status.detail.unwrap().contains("429"));
    let mut line = rig.accept().await;
    assert!(refused.elapsed() >= ms(990), "{:?}", refused.elapsed());
    assert_eq!(requests(&mut line, 2).await, ["+A", "+B"]);
    rig.state(FeedState::Up).await;
}

#[tokio::test]
async fn a_wrong_key_is_not_tried_again() {
    let mut rig = rig(|_| {}).await;
    rig.refuse("401 Unauthorized").await;
    let status = rig.state(FeedState::Down).await;
    let detail = status.detail.unwrap();
    assert!(detail.contains("key") && !detail.contains("testkey"), "{detail}");
    assert!(timeout(ms(200), rig.listener.accept()).await.is_err(), "it tried again");
    rig.stop().await;
}

#[tokio::test]
async fn learns_the_limit_it_is_refused_at() {
    let mut rig = rig(|_| {}).await;
    let mut line = rig.accept().await;
    requests(&mut line, 2).await;
    rig.demand.send(Arc::new(ids(&[0, 1, 2, 3]).into())).unwrap();
    assert_eq!(requests(&mut line, 2).await, ["+C", "+D"]);
    for _ in 0..2 {
        send(&mut line, r#"{"type":"error","msg":"Subscribing to too many symbols"}"#).await;
    }
    assert_eq!(requests(&mut line, 6).await, ["+A", "+B", "-A", "-B", "-C", "-D"]);
    let status = timeout(LIMIT, rig.status.wait_for(|s| s.symbol_limit == Some(2))).await.unwrap();
    let status = status.unwrap().clone();
    assert_eq!((status.subscribed, status.waiting), (ids(&[0, 1]), ids(&[2, 3])));
}

#[tokio::test]
async fn a_full_channel_holds_the_socket_back_and_loses_nothing() {
    let mut rig = rig(|_| {}).await;
    let mut line = rig.accept().await;
    requests(&mut line, 2).await;
    const N: u32 = 30_000;
    let sender = tokio::spawn(async move {
        for n in 1..=N {
            line.feed(Message::text(trade("A", n))).await.unwrap();
        }
        line.flush().await.unwrap();
        line
    });
    while rig.metrics.stalls.get() == 0 {
        tokio::task::yield_now().await;
    }
    for n in 1..=N {
        assert_eq!(rig.price().await, dollars(n.into()));
    }
    let _line = sender.await.unwrap();
    assert_eq!(rig.metrics.trades.get(), u64::from(N));
}

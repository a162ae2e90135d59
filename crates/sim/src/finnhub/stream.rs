//! The trade stream: one WebSocket connection, from handshake to end.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use market::Symbol;
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};

use super::faults::{BadFrame, Command};
use super::{Look, SecondConnection, Shared, Slot, Token, members, rest};
use crate::market::{Print, Sale, What};
use crate::tap::Tap;

/// How often trades are gathered into frames.
const EVERY: Duration = Duration::from_millis(50);

/// The most trades in one frame.
const FRAME_TRADES_MAX: usize = 250;

/// Longer messages from a client end its stream.
const WISH_BYTES_MAX: usize = 4_096;

/// A client that takes nothing for so long is cut.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);

/// A stalled stream goes back at most this far.
const CATCH_UP_SECONDS: u32 = 2;

const TOO_MANY: &str = r#"{"type":"error","msg":"Subscribing to too many symbols"}"#;
const NO_ACCESS: &str = r#"{"type":"error","msg":"You don't have access to this resource."}"#;
const UNREADABLE: &str = r#"{"type":"error","msg":"Invalid message"}"#;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The handshake.
pub(super) async fn connect(State(look): Shared, mut request: Request) -> Response<Body> {
    look.faults.delay().await;
    if let Some(retry_after) = look.faults.limited() {
        return rest::limited(Some(retry_after));
    }
    let query = members(request.uri());
    match look.token(&query, request.headers()) {
        Token::Good => {}
        Token::Bad => return rest::error(StatusCode::UNAUTHORIZED, rest::BAD_KEY),
        Token::Empty => return rest::limited(None),
    }
    let Some(accept) = accept_key(request.headers()) else {
        return rest::error(StatusCode::BAD_REQUEST, "a WebSocket handshake is expected here");
    };
    let (slot, before) = Slot::take(&look);
    let crowds = look.crowds.load(Ordering::SeqCst);
    match look.settings.second_connection {
        SecondConnection::Refuse if before > 0 => return rest::limited(None),
        // Every stream that knows an older number drops, this one too.
        SecondConnection::DropBoth if before > 0 => {
            look.crowds.fetch_add(1, Ordering::SeqCst);
        }
        _ => {}
    }
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        // A client that goes away within its handshake is no one's fault.
        let Ok(upgraded) = upgrade.await else { return };
        // No wish of a client is longer than a line.
        let config = WebSocketConfig::default()
            .max_message_size(Some(WISH_BYTES_MAX))
            .max_frame_size(Some(WISH_BYTES_MAX))
            .read_buffer_size(WISH_BYTES_MAX);
        let io = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        Stream::new(look, slot, crowds).run(socket).await;
    });
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

fn accept_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let is = |name, value: &str| {
        headers.get(name).is_some_and(|v: &HeaderValue| v.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
    };
    if !is(header::UPGRADE, "websocket") || !is(header::SEC_WEBSOCKET_VERSION, "13") {
        return None;
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

/// What a client says.
#[derive(Deserialize)]
struct Wish {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    symbol: String,
}

/// How a stream ends.
enum End {
    /// As the protocol wants it.
    Closed,
    /// Without a word.
    Cut,
}

/// One connection.
struct Stream {
    look: Arc<Look>,
    slot: Slot,
    /// How often there had been more streams than the plan allows when this one came.
    crowds: u64,
    tap: Tap,
    /// What was asked for, with the listing's number where there is one.
    symbols: HashMap<String, Option<u32>>,
    indices: Vec<u32>,
    opened: Instant,
    ping_due: Instant,
}

impl Stream {
    fn new(look: Arc<Look>, slot: Slot, crowds: u64) -> Self {
        let now = Instant::now();
        Self {
            tap: Tap::new(Arc::clone(&look.market), look.now(), CATCH_UP_SECONDS),
            ping_due: now + Duration::from_secs(look.settings.ping_seconds.into()),
            opened: now,
            slot,
            crowds,
            symbols: HashMap::new(),
            indices: Vec::new(),
            look,
        }
    }

    async fn run(mut self, mut socket: Socket) {
        let end = self.serve(&mut socket).await;
        // The place is free before the client notices, so that it may come back at once.
        drop(self.slot);
        if let End::Closed = end {
            let frame = CloseFrame { code: CloseCode::Away, reason: "".into() };
            let _ = timeout(Duration::from_secs(1), socket.close(Some(frame))).await;
        }
    }

    async fn serve(&mut self, socket: &mut Socket) -> End {
        let mut commands = self.look.faults.commands();
        let mut stopping = self.look.stopping.clone();
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut frames = Vec::new();
            tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => frames.extend(self.wish(&text)),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Closed,
                    Some(Ok(_)) => {}
                },
                command = commands.recv() => match command {
                    Ok(Command::Cut) => return self.cut(),
                    Ok(Command::Send(bad)) => {
                        frames.push(self.bad_frame(bad));
                        self.look.faults.count_bad_frame();
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return End::Closed,
                },
                _ = stopping.changed() => return End::Closed,
                _ = ticks.tick() => {
                    if self.look.faults.cut_due(self.opened) || self.must_drop() {
                        return self.cut();
                    }
                    frames = self.advance();
                }
            }
            match timeout(WRITE_PATIENCE, send(socket, frames)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return End::Cut,
            }
        }
    }

    fn cut(&self) -> End {
        self.look.faults.count_cut();
        End::Cut
    }

    /// A second connection has come, and the settings say that then both drop.
    fn must_drop(&self) -> bool {
        self.crowds != self.look.crowds.load(Ordering::SeqCst)
    }

    /// Takes up what a client says; there is an answer only when it cannot be had.
    fn wish(&mut self, text: &str) -> Option<Message> {
        let Ok(wish) = serde_json::from_str::<Wish>(text) else { return Some(Message::text(UNREADABLE)) };
        match wish.kind.as_str() {
            "subscribe" => {
                if self.symbols.contains_key(&wish.symbol) {
                    return None;
                }
                if self.symbols.len() >= self.look.settings.symbols {
                    return Some(Message::text(TOO_MANY));
                }
                let index =
                    Symbol::new(&wish.symbol).ok().and_then(|s| self.look.market.universe().index(&s));
                self.symbols.insert(wish.symbol, index);
            }
            "unsubscribe" => {
                self.symbols.remove(&wish.symbol);
            }
            "subscribe-news" | "subscribe-pr" => return Some(Message::text(NO_ACCESS)),
            _ => return None,
        }
        self.indices = self.symbols.values().filter_map(|index| *index).collect();
        self.indices.sort_unstable();
        None
    }

    /// What is due: trades, and now and then a ping.
    fn advance(&mut self) -> Vec<Message> {
        let mut prints = Vec::new();
        let wanted: HashSet<u32> = self.indices.iter().copied().collect();
        self.tap.advance(self.look.now(), &self.indices, |index| wanted.contains(&index), &mut prints);
        if self.look.faults.report().silent {
            return Vec::new();
        }
        let mut frames: Vec<Message> =
            prints.chunks(FRAME_TRADES_MAX).map(|prints| Message::text(self.frame(prints))).collect();
        if Instant::now() >= self.ping_due {
            self.ping_due = Instant::now() + Duration::from_secs(self.look.settings.ping_seconds.into());
            frames.push(Message::text(r#"{"type":"ping"}"#));
        }
        frames
    }

    fn frame(&self, prints: &[Print]) -> String {
        let mut text = String::with_capacity(90 * prints.len() + 40);
        text.push_str(r#"{"type":"trade","data":["#);
        for (at, print) in prints.iter().enumerate() {
            // The market of a look-alike takes nothing back, since the wire has no words for it.
            let What::Trade(sale) = print.what else { continue };
            let Some(listing) = self.look.market.universe().get(print.index) else { continue };
            if at > 0 {
                text.push(',');
            }
            write_trade(listing.symbol.as_str(), &sale, &mut text);
        }
        text.push_str("]}");
        text
    }

    fn bad_frame(&self, bad: BadFrame) -> Message {
        let symbol = self.symbols.keys().next().map_or("AAPL", String::as_str);
        let now = self.look.now().millis();
        let trade = |price: &str, millis: i64| {
            Message::text(format!(
                r#"{{"type":"trade","data":[{{"s":"{symbol}","p":{price},"t":{millis},"v":100,"c":null}}]}}"#
            ))
        };
        match bad {
            BadFrame::Garbage => Message::text("\u{7}%%% <html>502 Bad Gateway</html> }{"),
            BadFrame::Truncated => Message::text(r#"{"type":"trade","data":[{"s":"AAPL","p":19"#),
            BadFrame::Binary => Message::binary(vec![0x00, 0xff, 0xfe, 0x80, 0x7b, 0x22]),
            BadFrame::WrongTypes => Message::text(
                r#"{"type":"trade","data":[{"s":7,"p":"high","t":"now","v":[],"c":{"a":1}},null,"x"]}"#,
            ),
            BadFrame::UnknownType => Message::text(r#"{"type":"weather","data":{"sky":"blue"}}"#),
            BadFrame::PriceZero => trade("0", now),
            BadFrame::PriceNegative => trade("-12.5", now),
            BadFrame::PriceHuge => trade("1e300", now),
            BadFrame::PriceNan => trade("NaN", now),
            BadFrame::Time1970 => trade("100.5", 0),
            BadFrame::Time3000 => trade("100.5", 32_503_680_000_000),
            BadFrame::HugeFrame => Message::text(format!(
                r#"{{"type":"trade","filler":"{}","data":[]}}"#,
                "x".repeat(10_000_000)
            )),
        }
    }
}

/// Sends frames with one flush, which also sends what answers protocol pings.
async fn send(
    socket: &mut Socket,
    frames: Vec<Message>,
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    for frame in frames {
        socket.feed(frame).await?;
    }
    socket.flush().await
}

/// One trade: times in milliseconds, prices and volumes with all their digits.
fn write_trade(symbol: &str, sale: &Sale, text: &mut String) {
    let conditions = Conditions(sale);
    // Writing to a string does not fail.
    let _ = write!(
        text,
        r#"{{"s":"{symbol}","p":{},"t":{},"v":{}{conditions}}}"#,
        sale.price,
        sale.ts_event.millis(),
        sale.size
    );
}

/// The `c` member: ids of conditions as strings; for a regular sale the id 0, null or nothing, since
/// Finnhub sends all three.
struct Conditions<'a>(&'a Sale);

impl std::fmt::Display for Conditions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const IDS: [(u8, u8); 5] = [(b'F', 14), (b'I', 37), (b'T', 12), (b'O', 25), (b'6', 8)];
        let conditions = self.0.conditions;
        let mut ids = IDS.iter().filter(|(letter, _)| conditions.has(*letter)).map(|(_, id)| id);
        match (ids.next(), (self.0.seq >> 1) & 3) {
            (None, 0) => f.write_str(r#","c":["0"]"#),
            (None, 1) => Ok(()),
            (None, _) => f.write_str(r#","c":null"#),
            (Some(first), _) => {
                write!(f, r#","c":["{first}""#)?;
                for id in ids {
                    write!(f, r#","{id}""#)?;
                }
                f.write_str("]")
            }
        }
    }
}

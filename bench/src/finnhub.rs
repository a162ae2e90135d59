//! The provider's end of the way: enough of Finnhub, stream and REST, for Bellwether's own adapter to
//! be what brings the values in.

use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use mio::net::TcpListener;
use mio::{Interest, Registry, Token};
use serde::Deserialize;

use crate::frame::{self, Opcode};
use crate::load::{self, Clock, Publication};
use crate::pipe::Pipe;

/// Trades in a frame, at most.
pub(crate) const TRADES_PER_FRAME: usize = 20;
/// The key that is asked for.
pub(crate) const KEY: &str = "simkey";
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// The look-alike, served from the generator's own loop.
#[derive(Debug)]
pub(crate) struct Finnhub {
    listener: TcpListener,
    address: SocketAddr,
    /// Tokens from here on are ours: the first the listener's, then one a connection.
    token: usize,
    connections: Vec<Option<Connection>>,
    stream: Option<usize>,
    list: Vec<u8>,
    subscribed: Vec<bool>,
    count: usize,
    refusals: u64,
}

#[derive(Debug)]
struct Connection {
    pipe: Pipe,
    heard: Vec<u8>,
    is_stream: bool,
}

#[derive(Deserialize)]
struct Ask<'a> {
    r#type: &'a str,
    symbol: &'a str,
}

impl Finnhub {
    /// Listens, with a universe of that many symbols.
    pub(crate) fn start(registry: &Registry, token: usize, universe: usize) -> Result<Self> {
        let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        registry.register(&mut listener, Token(token), Interest::READABLE)?;
        Ok(Self {
            listener,
            address,
            token,
            connections: Vec::new(),
            stream: None,
            list: symbol_list(universe),
            subscribed: vec![false; universe],
            count: 0,
            refusals: 0,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Symbols subscribed on the stream.
    pub(crate) fn subscribed(&self) -> usize {
        self.count
    }

    /// Queues trades on the stream; `false` when none is connected.
    pub(crate) fn publish(&mut self, publications: &[Publication], clock: &Clock) -> bool {
        let Some(connection) = self.stream.and_then(|at| self.connections[at].as_mut()) else { return false };
        let mut text = Vec::with_capacity(TRADES_PER_FRAME * 80);
        for trades in publications.chunks(TRADES_PER_FRAME) {
            text.clear();
            text.extend_from_slice(br#"{"data":["#);
            for (at, trade) in trades.iter().enumerate() {
                text.extend_from_slice(if at == 0 { br#"{"c":["1"],"p":"# } else { br#",{"c":["1"],"p":"# });
                trade.write_price(&mut text);
                text.extend_from_slice(br#","s":""#);
                load::write_symbol(&mut text, trade.symbol);
                text.extend_from_slice(br#"","t":"#);
                load::write_number(&mut text, clock.trade_millis(trade.due_micros).unsigned_abs());
                text.extend_from_slice(br#","v":100}"#);
            }
            text.extend_from_slice(br#"],"type":"trade"}"#);
            frame::write(&mut connection.pipe.out, Opcode::Text, false, &text);
        }
        true
    }

    /// Writes what waits for the stream.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self.stream.and_then(|at| self.connections[at].as_mut()) {
            Some(connection) => connection.pipe.flush(),
            None => Ok(()),
        }
    }

    /// Something happened to a socket of ours.
    pub(crate) fn on_event(&mut self, registry: &Registry, token: usize) -> Result<()> {
        if token == self.token {
            return self.accept(registry);
        }
        let at = token - self.token - 1;
        if let Some(Some(connection)) = self.connections.get_mut(at) {
            let open = connection.pipe.read(&mut connection.heard).unwrap_or(false);
            let fine = self.answer(at).is_ok();
            let Some(Some(connection)) = self.connections.get_mut(at) else { return Ok(()) };
            if !open || !fine || connection.pipe.flush().is_err() {
                self.drop_connection(at);
            }
        }
        Ok(())
    }

    fn drop_connection(&mut self, at: usize) {
        self.connections[at] = None;
        if self.stream == Some(at) {
            self.stream = None;
            self.subscribed.fill(false);
            self.count = 0;
        }
    }

    fn accept(&mut self, registry: &Registry) -> Result<()> {
        loop {
            match self.listener.accept() {
                Ok((mut stream, _)) => {
                    let at = self.connections.len();
                    stream.set_nodelay(true)?;
                    registry.register(
                        &mut stream,
                        Token(self.token + 1 + at),
                        Interest::READABLE | Interest::WRITABLE,
                    )?;
                    self.connections.push(Some(Connection {
                        pipe: Pipe::new(stream),
                        heard: Vec::new(),
                        is_stream: false,
                    }));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn answer(&mut self, at: usize) -> Result<()> {
        loop {
            let Some(Some(connection)) = self.connections.get_mut(at) else { return Ok(()) };
            let mut heard = std::mem::take(&mut connection.heard);
            let is_stream = connection.is_stream;
            let used = if is_stream { self.on_frame(at, &mut heard)? } else { self.on_request(at, &heard)? };
            heard.drain(..used);
            if let Some(Some(connection)) = self.connections.get_mut(at) {
                connection.heard = heard;
            }
            if used == 0 {
                return Ok(());
            }
        }
    }

    /// Takes one frame; tells how many bytes that used.
    fn on_frame(&mut self, at: usize, heard: &mut [u8]) -> Result<usize> {
        let Some(header) = frame::header(heard)? else { return Ok(0) };
        let end = header.header + header.payload;
        let Some(payload) = heard.get_mut(header.header..end) else { return Ok(0) };
        if let Some(key) = header.mask {
            frame::unmask(payload, key);
        }
        match header.opcode {
            Opcode::Text => {
                if let Ok(ask) = serde_json::from_slice::<Ask<'_>>(payload) {
                    let wanted = ask.r#type == "subscribe";
                    match load::symbol_number(ask.symbol.as_bytes()).and_then(|n| self.subscribed.get_mut(n))
                    {
                        Some(subscribed) if *subscribed != wanted => {
                            *subscribed = wanted;
                            self.count = if wanted { self.count + 1 } else { self.count - 1 };
                        }
                        Some(_) => {}
                        None => self.refusals += 1,
                    }
                }
            }
            Opcode::Ping => {
                let payload = payload.to_vec();
                if let Some(Some(connection)) = self.connections.get_mut(at) {
                    frame::write(&mut connection.pipe.out, Opcode::Pong, false, &payload);
                }
            }
            Opcode::Close => anyhow::bail!("closed"),
            _ => {}
        }
        Ok(end)
    }

    /// Takes one request; tells how many bytes that used.
    fn on_request(&mut self, at: usize, heard: &[u8]) -> Result<usize> {
        let Some(end) = memchr::memmem::find(heard, b"\r\n\r\n") else {
            anyhow::ensure!(heard.len() <= REQUEST_BYTES_MAX, "a request without an end");
            return Ok(0);
        };
        let request = String::from_utf8_lossy(&heard[..end]).into_owned();
        let mut lines = request.split("\r\n");
        let target = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
        let header = |name: &str| {
            lines.clone().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parameter = |name: &str| {
            query.split('&').find_map(|p| p.split_once('=').filter(|(k, _)| *k == name).map(|(_, v)| v))
        };
        let key = parameter("token").map(str::to_owned).or_else(|| header("x-finnhub-token"));
        let socket_key = header("sec-websocket-key");
        let Some(Some(connection)) = self.connections.get_mut(at) else { return Ok(0) };
        let out = &mut connection.pipe.out;
        if key.as_deref() != Some(KEY) {
            respond(out, "401 Unauthorized", br#"{"error":"Invalid API key"}"#);
        } else if let Some(socket_key) = socket_key {
            out.extend_from_slice(&frame::consent(&socket_key));
            connection.is_stream = true;
            self.stream = Some(at);
            self.subscribed.fill(false);
            self.count = 0;
        } else {
            let path = path.replace("//", "/");
            match path.strip_prefix("/finnhub/api/v1").unwrap_or(&path) {
                "/stock/symbol" if parameter("exchange") == Some("US") => respond(out, "200 OK", &self.list),
                "/stock/symbol" | "/crypto/symbol" | "/forex/symbol" => respond(out, "200 OK", b"[]"),
                "/quote" => respond(
                    out,
                    "200 OK",
                    br#"{"c":0,"d":null,"dp":null,"h":0,"l":0,"o":0,"pc":0,"t":0}"#,
                ),
                "/stock/metric" => respond(out, "200 OK", br#"{"metric":{},"metricType":"all","series":{}}"#),
                "/stock/market-status" => respond(
                    out,
                    "200 OK",
                    br#"{"exchange":"US","holiday":null,"isOpen":true,"session":"regular","timezone":"America/New_York","t":0}"#,
                ),
                "/stock/market-holiday" => respond(out, "200 OK", br#"{"data":[],"exchange":"US"}"#),
                "/search" => respond(out, "200 OK", br#"{"count":0,"result":[]}"#),
                _ => respond(out, "200 OK", b"{}"),
            }
        }
        Ok(end + 4)
    }
}

fn respond(out: &mut Vec<u8>, status: &str, body: &[u8]) {
    out.extend_from_slice(
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .as_bytes(),
    );
    out.extend_from_slice(body);
}

fn symbol_list(universe: usize) -> Vec<u8> {
    const WORDS: [&str; 8] =
        ["UNITED", "PACIFIC", "GENERAL", "NORTHERN", "DIGITAL", "ATLANTIC", "SUMMIT", "PIONEER"];
    const TRADES: [&str; 8] =
        ["MOTORS", "ENERGY", "PHARMACEUTICALS", "SYSTEMS", "BANCORP", "FOODS", "MATERIALS", "PROPERTIES"];
    let mut list = String::from("[");
    for number in 0..universe {
        let symbol = load::symbol(number);
        let (word, trade) = (WORDS[number % 8], TRADES[number / 8 % 8]);
        // Writing to a String does not fail.
        let _ = write!(
            list,
            r#"{}{{"currency":"USD","description":"{word} {trade} {number}","displaySymbol":"{symbol}","figi":"BBG{number:09}","isin":null,"mic":"XNAS","shareClassFIGI":"BBH{number:09}","symbol":"{symbol}","symbol2":"","type":"Common Stock"}}"#,
            if number == 0 { "" } else { "," }
        );
    }
    list.push(']');
    list.into_bytes()
}

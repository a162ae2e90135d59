//! A NATS server of our own, and small events.

#![allow(dead_code, reason = "each test program uses some of it")]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bus::{EventBatch, NatsConfig};
use market::{
    Conditions, Hours, Instrument, Kind, MarketEvent, Price, Size, Symbol, SymbolId, Timestamp, Trade,
    Universe,
};
use tempfile::TempDir;

/// Nothing here takes this long unless it never happens.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LONG, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: nothing happened for {} s", LONG.as_secs()),
    }
}

/// A server on a free loopback port, with its data in a temporary folder. Killed when dropped.
pub(crate) struct NatsServer {
    child: Child,
    port: u16,
    folder: TempDir,
    flags: Vec<String>,
}

impl NatsServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(Vec::new()).await
    }

    /// One with flags of its own.
    pub(crate) async fn start_with(flags: Vec<String>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let child = run(port, folder.path(), &flags);
        let server = Self { child, port, folder, flags };
        server.ready().await;
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// `kill -9`, by its id.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) async fn start_again(&mut self) {
        self.child = run(self.port, self.folder.path(), &self.flags);
        self.ready().await;
    }

    async fn ready(&self) {
        let connected = async {
            // Not synchronisation by sleep: the port opens when the server is ready, and is asked until then.
            while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon("nats-server opens its port", connected).await;
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(port: u16, folder: &Path, flags: &[String]) -> Child {
    let command = |program: &str| {
        Command::new(program)
            .args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"])
            .arg(folder)
            .args(flags)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    };
    // Debian installs it where an ordinary user's path does not lead.
    match command("nats-server").or_else(|_| command("/usr/sbin/nats-server")) {
        Ok(child) => child,
        Err(error) => panic!("these tests need nats-server, in Debian the package nats-server: {error}"),
    }
}

pub(crate) const SYMBOLS: [&str; 6] =
    ["AAPL", "BRK.B", "BINANCE:BTCUSDT", "IC MARKETS:1", "BTC/USD", "^GSPC$"];

pub(crate) fn instrument(symbol: &str) -> Instrument {
    Instrument {
        symbol: Symbol::new(symbol).unwrap(),
        name: format!("{symbol} Incorporated"),
        exchange: "NYSE".into(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: Some("Energy".into()),
        industry: None,
        hours: Hours::UsEquity,
        activity: 7,
    }
}

pub(crate) fn universe() -> Arc<Universe> {
    let mut universe = Universe::new();
    universe.refresh(SYMBOLS.map(instrument));
    Arc::new(universe)
}

pub(crate) fn trade(id: u32, seq: u64) -> MarketEvent {
    MarketEvent::Trade(Trade {
        symbol: SymbolId(id),
        ts_event: Timestamp::from_nanos(1_763_735_400_000_000_000 + seq as i64),
        ts_recv: Timestamp::from_nanos(1_763_735_400_001_000_000 + seq as i64),
        seq,
        price: Price::from_units(15_023_000_000 + seq as i64),
        size: Size::from_units(10_000_000_000),
        conditions: Conditions::REGULAR,
    })
}

/// Trades `from..to` of every symbol, in turn.
pub(crate) fn batch(from: u64, to: u64) -> EventBatch {
    let n = SYMBOLS.len() as u32;
    EventBatch {
        feed: "sim".into(),
        events: (from..to).flat_map(|seq| (0..n).map(move |id| trade(id, seq))).collect(),
    }
}

pub(crate) fn nats_config(url: &str, instance: &str) -> NatsConfig {
    NatsConfig { status_lease: Duration::from_millis(400), ..NatsConfig::new(url, instance) }
}

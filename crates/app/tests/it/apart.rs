//! The roles in processes of their own, joined by NATS, behave as one.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use market::Timestamp;
use serde_json::json;

use crate::bars::served;
use crate::house::{Bellwether, Process, ended, soon, subscribe};

/// A NATS server on a free port with a folder of its own.
pub(crate) struct Nats {
    port: u16,
    folder: tempfile::TempDir,
    process: Process,
}

impl Nats {
    pub(crate) async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let process = Self::run(port, folder.path());
        let nats = Self { port, folder, process };
        nats.ready().await;
        nats
    }

    fn run(port: u16, folder: &Path) -> Process {
        // Debian installs it where an ordinary user's path does not lead.
        let program = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .expect("these tests need nats-server, in Debian the package nats-server");
        let mut command = Command::new(program);
        command
            .args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"])
            .arg(folder)
            .stdin(Stdio::null());
        Process::start(&mut command)
    }

    async fn ready(&self) {
        soon("nats-server opens its port", || async {
            tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.ok()
        })
        .await;
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// `kill -9`, and back after a while.
    async fn kill_for(&mut self, absence: Duration) {
        self.process.kill();
        tokio::time::sleep(absence).await;
        self.process = Self::run(self.port, self.folder.path());
        self.ready().await;
    }
}

#[tokio::test]
async fn two_processes_are_as_one() {
    let nats = Nats::start().await;
    let folder = tempfile::tempdir().unwrap();
    let [feeds_data, server_data, other_data] =
        ["feeds", "server", "other"].map(|name| folder.path().join(name));
    let server = Bellwether::serve("server", &nats.url(), &server_data, &[]);
    assert_eq!(server.get("/").await.status, 200);
    assert_eq!(server.get("/readyz").await.status, 503);
    let mut feeds = Bellwether::serve("feeds", &nats.url(), &feeds_data, &[]);
    soon("readiness", || async { Some(server.get("/readyz").await).filter(|got| got.status == 200) }).await;
    // The search follows a new list a moment later.
    soon("the search knows the list", || async {
        let page = server.json("/api/v1/symbols?q=motors&limit=1").await;
        (page["symbols"][0]["symbol"] == "GM").then_some(())
    })
    .await;
    let mut client = server.client().await;
    client.say(subscribe(&["AAPL", "BRK.B", "BINANCE:BTCUSDT"])).await;
    for symbol in ["AAPL", "BRK.B", "BINANCE:BTCUSDT"] {
        assert_eq!(client.price(symbol).await["state"], "simulated");
    }
    let detail = server.json("/api/v1/symbols/AAPL").await;
    assert!(detail["card"]["week_52_high"].is_number(), "{detail}");
    let history = server.json("/api/v1/bars/AAPL?interval=1d&limit=5").await;
    assert_eq!(history["bars"].as_array().unwrap().len(), 5);
    let feed = server.feed().await;
    assert_eq!(
        (&feed["name"], &feed["state"], &feed["symbols_subscribed"]),
        (&json!("sim"), &json!("up"), &json!(3))
    );

    // Feeds that were given a port show how they are, and no pages.
    assert_eq!((feeds.get("/readyz").await.status, feeds.get("/").await.status), (200, 404));
    assert_eq!(feeds.metric("bellwether_nats_connected", "").await, 1.0);
    assert!(feeds.metric("bellwether_nats_log_messages_total", "").await > 0.0);

    // Another server beside it, whose viewers do not take the first one's away.
    let other = Bellwether::serve("server", &nats.url(), &other_data, &[]);
    soon("the list at the other server", || async {
        Some(other.get("/readyz").await).filter(|got| got.status == 200)
    })
    .await;
    let mut visitor = other.client().await;
    visitor.say(subscribe(&["MSFT"])).await;
    visitor.price("MSFT").await;
    server.feed_is("both servers' symbols", |feed| feed["symbols_subscribed"] == 4).await;
    client.drain().await;
    client.price("BRK.B").await;
    drop(visitor);
    other.stop();

    // The feeds die: the page stays up and says so; they come back and all goes on.
    feeds.process.kill();
    let mut watcher = server.client().await;
    watcher.say(json!({"type": "subscribe", "channel": "quotes", "symbols": ["AAPL"]})).await;
    watcher.hear_until("stale", |frame| (frame["data"].get("AAPL")?["state"] == "stale").then_some(())).await;
    assert_eq!(server.get("/").await.status, 200);
    assert_eq!(server.get("/readyz").await.status, 503);
    assert_eq!(server.feed().await["state"], "down");
    let feeds = Bellwether::serve("feeds", &nats.url(), &feeds_data, &[]);
    watcher
        .hear_until("live", |frame| (frame["data"].get("AAPL")?["state"] == "simulated").then_some(()))
        .await;
    client.drain().await;
    client.price("AAPL").await;
    feeds.stop();
    server.stop();
}

/// Trades of three symbols over the hour before the last: what is older is not kept over a restart.
fn trade_file() -> String {
    let mut text = "time,exchange,symbol,conditions,size,price,correction\n".to_owned();
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let begins = (i64::try_from(since_epoch.as_secs()).unwrap() / 60 - 120) * 60_000;
    let mut chance = 1u64;
    for n in 0..24_000u32 {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let time = Timestamp::from_millis(begins + i64::from(n) * 150).unwrap().to_string();
        let symbol = ["AAPL", "BRK.B", "MSFT"][n as usize % 3];
        let (size, cents) = (1 + (chance >> 40 & 255), 10_000 + (chance >> 20 & 1_023));
        let (time, dollars, cents) = (time.trim_end_matches('Z'), cents / 100, cents % 100);
        let _ = writeln!(text, "{time},N,{symbol},@,{size},{dollars}.{cents:02},0");
    }
    text
}

#[tokio::test]
async fn no_trade_is_lost_when_the_bus_and_a_server_are_killed() {
    let mut nats = Nats::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trades.csv");
    std::fs::write(&file, trade_file()).unwrap();
    let settings = folder.path().join("bellwether.toml");
    let text = format!("[[feeds]]\nkind = \"replay\"\nfile = \"{}\"\nspeed = \"300x\"\n", file.display());
    std::fs::write(&settings, text).unwrap();
    let [feeds_data, data, killed_data] = ["feeds", "server", "killed"].map(|name| folder.path().join(name));
    let server = Bellwether::serve("server", &nats.url(), &data, &[]);
    let mut killed = Bellwether::serve("server", &nats.url(), &killed_data, &[]);
    let feeds =
        Bellwether::serve("feeds", &nats.url(), &feeds_data, &["--config", settings.to_str().unwrap()]);
    for house in [&server, &killed] {
        soon("some trades", || async {
            (house.metric("bellwether_tape_trades_total", "").await > 2_000.0).then_some(())
        })
        .await;
    }
    nats.kill_for(Duration::from_millis(1_500)).await;
    let before = server.metric("bellwether_tape_trades_total", "").await;
    soon("trades again", || async {
        (server.metric("bellwether_tape_trades_total", "").await > before + 2_000.0).then_some(())
    })
    .await;
    killed.process.kill();
    let killed = Bellwether::serve("server", &nats.url(), &killed_data, &[]);
    server.feed_is("the end of the file", |feed| feed["detail"] == "the file has ended").await;
    soon("the last trade", || async {
        (server.metric("bellwether_tape_trades_total", "").await == 24_000.0).then_some(())
    })
    .await;
    for interval in ["1s", "1m", "1h", "1d"] {
        let ended = ended(&["bars", file.to_str().unwrap(), "--interval", interval]);
        assert_eq!(ended.status, Some(0), "{}", ended.stderr);
        for symbol in ["AAPL", "BRK.B", "MSFT"] {
            let of_symbol =
                |line: &&str| line.starts_with("symbol,") || line.starts_with(&format!("{symbol},"));
            let expected: Vec<&str> = ended.stdout.lines().filter(of_symbol).collect();
            let expected = expected.join("\n");
            for (name, house) in [("server", &server), ("killed", &killed)] {
                let mut got = String::new();
                for _ in 0..200 {
                    got = served(house, symbol, interval, "all").await;
                    if got == expected {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                for (got, expected) in got.lines().zip(expected.lines()) {
                    assert_eq!(got, expected, "{name} {interval}");
                }
                assert_eq!(got.lines().count(), expected.lines().count(), "{name} {interval} {symbol}");
            }
        }
    }
    feeds.stop();
    server.stop();
    killed.stop();
}

//! What is measured, how each is started, and how each is spoken to.

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use mio::{Interest, Registry, Token};

use crate::finnhub::{self, Finnhub};
use crate::frame::{self, Opcode};
use crate::load::{self, Clock, Publication, Wanted};
use crate::pipe::Pipe;
use crate::process::{Process, free_port};

/// How long a server may take to start.
const START: Duration = Duration::from_secs(30);
/// Publications in one frame to the JavaScript peers: as many as trades in a provider's frame.
const BATCH: usize = finnhub::TRADES_PER_FRAME;

/// A server to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// Bellwether, fed by its own Finnhub adapter, everything on.
    Bellwether,
    /// nats-server's own WebSocket listener.
    Nats,
    /// Node with the npm package ws.
    Ws,
    /// Bun with its own topics.
    Bun,
}

/// A server and the settings it is measured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// Which server.
    pub(crate) peer: Peer,
    /// Bellwether only: how long each client lets its updates be gathered; the server's default if
    /// `None`.
    pub(crate) coalesce_ms: Option<u32>,
}

impl From<Peer> for Target {
    fn from(peer: Peer) -> Self {
        Self { peer, coalesce_ms: None }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.peer {
            Peer::Bellwether => "bellwether",
            Peer::Nats => "nats-server",
            Peer::Ws => "ws",
            Peer::Bun => "bun",
        };
        match self.coalesce_ms {
            Some(ms) => f.pad(&format!("{name}, {ms} ms")),
            None => f.pad(name),
        }
    }
}

/// Where the programs are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Programs {
    /// Bellwether's binary.
    #[arg(long, value_name = "FILE", default_value = "target/release/bellwether")]
    pub(crate) bellwether: PathBuf,
    /// The NATS server's binary.
    #[arg(long, value_name = "FILE", default_value = "/usr/sbin/nats-server")]
    pub(crate) nats_server: PathBuf,
    /// Node's binary.
    #[arg(long, value_name = "FILE", default_value = "/usr/bin/node")]
    pub(crate) node: PathBuf,
    /// The folder of the JavaScript peers, where `npm ci` has been run.
    #[arg(long, value_name = "FOLDER", default_value = "bench/peers")]
    pub(crate) peers_folder: PathBuf,
}

impl Programs {
    /// Installs the JavaScript peers by their lock file, unless they are there.
    pub(crate) fn install_peers(&self) -> Result<()> {
        if self.peers_folder.join("node_modules/ws").exists()
            && self.peers_folder.join("node_modules/bun").exists()
        {
            return Ok(());
        }
        println!("installing the JavaScript peers: npm ci --prefix {}", self.peers_folder.display());
        let status = Command::new("npm")
            .args(["ci", "--no-fund", "--no-audit", "--prefix"])
            .arg(&self.peers_folder)
            .status()
            .context("cannot start npm: install Node 20 or newer")?;
        ensure!(status.success(), "npm ci failed ({status})");
        Ok(())
    }

    /// What version a peer is, where that is easy to tell.
    pub(crate) fn version(&self, peer: Peer) -> String {
        let package = |name: &str| -> Option<String> {
            let text =
                fs::read(self.peers_folder.join("node_modules").join(name).join("package.json")).ok()?;
            let package: serde_json::Value = serde_json::from_slice(&text).ok()?;
            Some(format!("{name} {}", package.get("version")?.as_str()?))
        };
        let said = |program: &Path| -> Option<String> {
            let out = Command::new(program).arg("--version").output().ok()?;
            Some(String::from_utf8_lossy(&out.stdout).lines().next()?.trim().to_owned())
        };
        match peer {
            Peer::Bellwether => said(&self.bellwether),
            Peer::Nats => said(&self.nats_server),
            Peer::Ws => package("ws").zip(said(&self.node)).map(|(ws, node)| format!("{ws} on Node {node}")),
            Peer::Bun => package("bun"),
        }
        .unwrap_or_else(|| "unknown".into())
    }

    /// Absolute paths, because servers run in a folder of their own; says what is missing.
    pub(crate) fn check(&self, peer: Peer) -> Result<Self> {
        let mut programs = self.clone();
        match peer {
            Peer::Bellwether => {
                programs.bellwether = found(&self.bellwether, "cargo build --release -p app")?;
            }
            Peer::Nats => programs.nats_server = found(&self.nats_server, "apt-get install nats-server")?,
            Peer::Ws => {
                programs.node = match found(&self.node, "install Node 20 or newer") {
                    Ok(node) => node,
                    Err(error) => on_path("node").ok_or(error)?,
                };
                programs.peers_folder = found(&self.peers_folder, "bench/peers belongs to the repository")?;
                found(&self.peers_folder.join("node_modules/ws"), "npm ci --prefix bench/peers")?;
            }
            Peer::Bun => {
                programs.peers_folder = found(&self.peers_folder, "bench/peers belongs to the repository")?;
                bun(&programs.peers_folder)?;
            }
        }
        Ok(programs)
    }
}

fn found(path: &Path, mend: &str) -> Result<PathBuf> {
    path.canonicalize().with_context(|| format!("{} is not there: {mend}", path.display()))
}

fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|p| p.exists())
}

/// Bun's binary: where the package's own install script puts it, or where its platform package has
/// it, when install scripts are off.
fn bun(peers: &Path) -> Result<PathBuf> {
    let platform = format!(
        "node_modules/@oven/bun-linux-{}/bin/bun",
        match std::env::consts::ARCH {
            "x86_64" => "x64",
            other => other,
        }
    );
    ["node_modules/bun/bin/bun.exe", platform.as_str()]
        .iter()
        .map(|path| peers.join(path))
        .find(|path| fs::metadata(path).is_ok_and(|m| m.len() > 1 << 20))
        .with_context(|| format!("no bun under {}: npm ci --prefix bench/peers", peers.display()))
}

/// How a server's subscribers speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A JSON message a frame.
    Json,
    /// The NATS protocol, cut into frames anywhere.
    Nats,
}

/// A running server and the way in.
#[derive(Debug)]
pub(crate) struct Server {
    /// Its process.
    pub(crate) process: Process,
    /// Where subscribers connect.
    pub(crate) address: SocketAddr,
    /// And with which path.
    pub(crate) path: &'static str,
    /// How they speak.
    pub(crate) dialect: Dialect,
    /// How values get in.
    pub(crate) ingest: Ingest,
    target: Target,
    _folder: tempfile::TempDir,
}

/// How values get in.
#[derive(Debug)]
pub(crate) enum Ingest {
    /// By a connection of ours.
    Pipe(Pipe),
    /// By the server's own adapter.
    Finnhub(Box<Finnhub>),
}

/// The configuration that makes `bellwether up` take its prices from the look-alike, and take all
/// subscribers from one address.
fn bellwether_config(feed: SocketAddr, symbols: usize) -> String {
    let key = finnhub::KEY;
    format!(
        r#"connections = 20000
connections_per_address = 20000
symbols_per_connection = 5000

[[feeds]]
kind = "finnhub"
key = "{key}"
rest = "http://{feed}/finnhub/api/v1"
stream = "ws://{feed}/finnhub/ws"
symbol_limit = {symbols}
"#
    )
}

fn nats_config(port: u16, websocket: u16) -> String {
    format!(
        "host: 127.0.0.1\nport: {port}\nwebsocket {{\n  host: 127.0.0.1\n  port: {websocket}\n  \
         no_tls: true\n  compression: false\n}}\n"
    )
}

impl Server {
    /// Starts a server with nothing in it. `token` is where event tokens of the way in begin.
    ///
    /// Bellwether needs its provider served while it starts, so the caller waits for it; the others
    /// are ready when this returns.
    pub(crate) fn start(
        target: Target,
        programs: &Programs,
        registry: &Registry,
        token: usize,
        universe: usize,
    ) -> Result<Self> {
        let programs = programs.check(target.peer)?;
        let folder = tempfile::Builder::new().prefix("bellwether-bench-").tempdir()?;
        let at = folder.path();
        let port = free_port()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let text = |path: &Path| path.display().to_string();
        match target.peer {
            Peer::Bellwether => {
                let feed = Finnhub::start(registry, token, universe)?;
                let config = at.join("bellwether.toml");
                fs::write(&config, bellwether_config(feed.address(), universe))?;
                let arguments = [
                    "up",
                    "--listen",
                    &address.to_string(),
                    "--data",
                    &text(&at.join("data")),
                    "--config",
                    &text(&config),
                ]
                .map(str::to_owned);
                let process = Process::start(&programs.bellwether, &arguments, at)?;
                let ingest = Ingest::Finnhub(Box::new(feed));
                Ok(Self {
                    process,
                    address,
                    path: "/ws",
                    dialect: Dialect::Json,
                    ingest,
                    target,
                    _folder: folder,
                })
            }
            Peer::Nats => {
                let websocket = free_port()?;
                let config = at.join("nats.conf");
                fs::write(&config, nats_config(port, websocket))?;
                let mut process =
                    Process::start(&programs.nats_server, &["-c".to_owned(), text(&config)], at)?;
                let mut stream = dial(&mut process, address)?;
                stream.write_all(b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n")?;
                read_until(&mut stream, b"PONG\r\n")?;
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, websocket));
                drop(dial(&mut process, address)?);
                let ingest = Ingest::Pipe(pipe(stream, registry, token)?);
                Ok(Self {
                    process,
                    address,
                    path: "/",
                    dialect: Dialect::Nats,
                    ingest,
                    target,
                    _folder: folder,
                })
            }
            Peer::Ws | Peer::Bun => {
                let (program, script) = match target.peer {
                    Peer::Ws => (programs.node.clone(), "ws.mjs"),
                    _ => (bun(&programs.peers_folder)?, "bun.mjs"),
                };
                let arguments = [text(&programs.peers_folder.join(script)), port.to_string()];
                let mut process = Process::start(&program, &arguments, at)?;
                let mut stream = dial(&mut process, address)?;
                stream.write_all(&frame::request(&address.to_string(), "/ingest"))?;
                read_until(&mut stream, b"\r\n\r\n")?;
                let ingest = Ingest::Pipe(pipe(stream, registry, token)?);
                Ok(Self {
                    process,
                    address,
                    path: "/",
                    dialect: Dialect::Json,
                    ingest,
                    target,
                    _folder: folder,
                })
            }
        }
    }

    /// Appends the frames by which a subscriber asks for its symbols.
    pub(crate) fn write_subscription(&self, wanted: Wanted, out: &mut Vec<u8>) {
        let mut text = Vec::new();
        match self.dialect {
            Dialect::Nats => {
                text.extend_from_slice(b"CONNECT {\"verbose\":false,\"pedantic\":false,\"protocol\":1}\r\n");
                for (at, symbol) in wanted.iter().enumerate() {
                    text.extend_from_slice(b"SUB px.");
                    load::write_symbol(&mut text, symbol);
                    text.push(b' ');
                    load::write_number(&mut text, at as u64 + 1);
                    text.extend_from_slice(b"\r\n");
                }
                text.extend_from_slice(b"PING\r\n");
            }
            Dialect::Json => {
                text.extend_from_slice(br#"{"type":"subscribe","id":1,"symbols":["#);
                for (at, symbol) in wanted.iter().enumerate() {
                    text.extend_from_slice(if at == 0 { b"\"" } else { b",\"" });
                    load::write_symbol(&mut text, symbol);
                    text.push(b'"');
                }
                text.push(b']');
                if let Some(ms) = self.target.coalesce_ms {
                    text.extend_from_slice(br#","coalesce_ms":"#);
                    load::write_number(&mut text, u64::from(ms));
                }
                text.push(b'}');
            }
        }
        let opcode = if self.dialect == Dialect::Nats { Opcode::Binary } else { Opcode::Text };
        frame::write(out, opcode, true, &text);
    }

    /// Queues publications; nothing is written yet.
    pub(crate) fn publish(&mut self, publications: &[Publication], clock: &Clock) -> Result<()> {
        let pipe = match &mut self.ingest {
            Ingest::Finnhub(feed) => {
                ensure!(feed.publish(publications, clock), "the server has closed its provider's stream");
                return Ok(());
            }
            Ingest::Pipe(pipe) => pipe,
        };
        let mut message = Vec::with_capacity(160);
        match self.dialect {
            Dialect::Nats => {
                for publication in publications {
                    message.clear();
                    publication.write_message(clock, &mut message);
                    pipe.out.extend_from_slice(b"PUB px.");
                    load::write_symbol(&mut pipe.out, publication.symbol);
                    pipe.out.push(b' ');
                    load::write_number(&mut pipe.out, message.len() as u64);
                    pipe.out.extend_from_slice(b"\r\n");
                    pipe.out.extend_from_slice(&message);
                    pipe.out.extend_from_slice(b"\r\n");
                }
            }
            Dialect::Json => {
                for batch in publications.chunks(BATCH) {
                    message.clear();
                    for publication in batch {
                        load::write_symbol(&mut message, publication.symbol);
                        message.push(b' ');
                        publication.write_message(clock, &mut message);
                        message.push(b'\n');
                    }
                    frame::write(&mut pipe.out, Opcode::Text, true, &message);
                }
            }
        }
        Ok(())
    }

    /// Writes what waits on the way in.
    pub(crate) fn flush(&mut self) -> Result<()> {
        match &mut self.ingest {
            Ingest::Finnhub(feed) => feed.flush(),
            Ingest::Pipe(pipe) => pipe.flush(),
        }
        .context("the way in is broken")
    }

    /// Something happened to a socket of the way in.
    pub(crate) fn on_event(&mut self, registry: &Registry, token: usize) -> Result<()> {
        match &mut self.ingest {
            Ingest::Finnhub(feed) => feed.on_event(registry, token),
            Ingest::Pipe(pipe) => {
                // Pings of the server; nothing else is due.
                let mut heard = Vec::new();
                let open = pipe.read(&mut heard)?;
                ensure!(open, "the server has closed the way in: {}", self.process.last_words());
                if self.dialect == Dialect::Nats && memchr::memmem::find(&heard, b"PING").is_some() {
                    pipe.out.extend_from_slice(b"PONG\r\n");
                }
                pipe.flush().context("the way in is broken")
            }
        }
    }
}

/// Connects as soon as the server listens.
fn dial(process: &mut Process, address: SocketAddr) -> Result<TcpStream> {
    let deadline = Instant::now() + START;
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(START))?;
                return Ok(stream);
            }
            Err(error) => {
                process.check()?;
                ensure!(Instant::now() < deadline, "no one listens on {address}: {error}");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

fn read_until(stream: &mut TcpStream, end: &[u8]) -> Result<()> {
    let mut heard = Vec::new();
    let mut scratch = [0; 4 * 1024];
    while memchr::memmem::find(&heard, end).is_none() {
        let n = stream.read(&mut scratch).context("waiting for the server's greeting")?;
        ensure!(
            n > 0 && heard.len() < 1 << 20,
            "the server did not greet: {}",
            String::from_utf8_lossy(&heard)
        );
        heard.extend_from_slice(&scratch[..n]);
    }
    Ok(())
}

fn pipe(stream: TcpStream, registry: &Registry, token: usize) -> Result<Pipe> {
    stream.set_nonblocking(true)?;
    let mut stream = mio::net::TcpStream::from_std(stream);
    registry.register(&mut stream, Token(token), Interest::READABLE | Interest::WRITABLE)?;
    Ok(Pipe::new(stream))
}

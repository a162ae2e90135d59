//! The desk as its users meet it: classic workloads over HTTP, against `bellwether up` with prices of the
//! legacy quote server's look-alike, client and servers on this machine.
//!
//! A run ends when the log of everything has been written, as the last line of a workload asks.

use std::fmt;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::engine::median;
use crate::http;
use crate::peer::{Peer, Programs};
use crate::process::{Process, free_port};

/// The operator's key of the servers measured, which nobody else reaches.
const KEY: &str = "benchmark-operator-key";
const READY: Duration = Duration::from_secs(20);

/// What to play.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    programs: Programs,
    /// Rounds; medians are told.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Users and commands of the workload that is made.
    #[arg(long, num_args = 2, default_values_t = [1_000, 1_000_000])]
    generate: Vec<u64>,
    /// Connections the workload that is made is played over.
    #[arg(long, value_delimiter = ',', default_values_t = [8, 32, 256, 1_000])]
    connections: Vec<usize>,
    /// A workload file of ten users; without it the one beside the repository, if it is there.
    #[arg(long)]
    file: Option<PathBuf>,
}

/// What the report of a run says, as far as it is of interest here.
#[derive(Debug, Clone, Deserialize)]
struct Played {
    commands: u64,
    complete: bool,
    seconds: f64,
    closing_seconds: f64,
    commands_per_second: f64,
    latency: Latency,
    quotes: Quotes,
}

#[derive(Debug, Clone, Deserialize)]
struct Latency {
    p50_us: u64,
    p99_us: u64,
    p99_9_us: u64,
}

#[derive(Debug, Clone, Deserialize)]
struct Quotes {
    fetched: Option<u64>,
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |us: u64| us as f64 / 1e3;
        write!(
            f,
            "{:.0} commands/s ({} in {:.2} s, {:.2} s of it the log), p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, {} quotes fetched",
            self.commands_per_second,
            self.commands,
            self.seconds,
            self.closing_seconds,
            ms(self.latency.p50_us),
            ms(self.latency.p99_us),
            ms(self.latency.p99_9_us),
            self.quotes.fetched.unwrap_or_default()
        )
    }
}

/// A server with an empty desk, and the quote server it asks.
struct House {
    server: Process,
    address: SocketAddr,
    _quotes: Process,
    folder: tempfile::TempDir,
}

impl House {
    fn start(programs: &Programs) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bellwether-bench-").tempdir()?;
        let local = || Ok::<_, anyhow::Error>(SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)));
        let (market, address) = (local()?, local()?);
        let quotes_folder = folder.path().join("sim");
        std::fs::create_dir(&quotes_folder)?;
        let texts = |arguments: &[&str]| arguments.iter().map(ToString::to_string).collect::<Vec<_>>();
        let at = market.to_string();
        let arguments = texts(&["sim", "--listen", &at, "--quote-delays", "none"]);
        let quotes = Process::start(&programs.bellwether, &arguments, &quotes_folder)?;
        wait_for_port(market).with_context(|| quotes.last_words())?;
        let data = folder.path().join("data").display().to_string();
        let (at, from) = (address.to_string(), format!("tcp://{market}"));
        let arguments =
            texts(&["up", "--listen", &at, "--data", &data, "--desk-quotes", &from, "--operator-key", KEY]);
        let server = Process::start(&programs.bellwether, &arguments, folder.path())?;
        let ready = http::wait_for(address, "/readyz", READY).recv().context("asking for readiness")?;
        ready.with_context(|| server.last_words())?;
        Ok(Self { server, address, _quotes: quotes, folder })
    }
}

fn wait_for_port(address: SocketAddr) -> Result<()> {
    let mut last = None;
    for _ in 0..2_000 {
        match TcpStream::connect(address) {
            Ok(_) => return Ok(()),
            Err(error) => last = Some(error),
        }
        thread::sleep(Duration::from_millis(5));
    }
    Err(last.map_or_else(|| anyhow::anyhow!("nobody listens"), anyhow::Error::from))
}

/// Plays a file against a new server. Where a moment is named, the log of everything is asked for once, so long
/// after the load began; tells how long that took.
fn play(
    programs: &Programs,
    file: &Path,
    flags: &[String],
    dump_after: Option<Duration>,
) -> Result<(Played, Option<Duration>)> {
    let house = House::start(programs)?;
    let address = house.address;
    let (played, dumped) = thread::scope(|scope| {
        let dumping = dump_after.map(|after| {
            scope.spawn(move || {
                thread::sleep(after);
                let begun = Instant::now();
                dump(address).map(|()| begun.elapsed())
            })
        });
        let played = workload(programs, &house, file, flags);
        let dumped =
            dumping.map(|dumping| dumping.join().map_err(|_| anyhow::anyhow!("the DUMPLOG died"))?);
        anyhow::Ok((played?, dumped.transpose()?))
    })?;
    ensure!(played.complete, "not every command was answered: {}", house.server.last_words());
    Ok((played, dumped))
}

fn workload(programs: &Programs, house: &House, file: &Path, flags: &[String]) -> Result<Played> {
    let output = Command::new(&programs.bellwether)
        .arg("workload")
        .arg(file)
        .args(["--url", &format!("http://{}", house.address), "--report", "json"])
        .args(flags)
        .env("BELLWETHER_OPERATOR_KEY", KEY)
        .current_dir(house.folder.path())
        .output()
        .context("cannot start bellwether workload")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Has the log of everything written.
fn dump(address: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let line = "[1] DUMPLOG,./meanwhile";
    write!(
        stream,
        "POST /api/v1/commands HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n\
         Content-Type: text/plain\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{line}",
        line.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.contains("\"status\":\"accepted\""), "{answer}");
    Ok(())
}

/// The classic file beside the repository.
fn classic() -> Option<PathBuf> {
    let named = std::env::var_os("BELLWETHER_SHARED_DATA").map(PathBuf::from);
    let folders = named.into_iter().chain(["../shared/data", "../../shared/data"].map(PathBuf::from));
    let mut files = folders.map(|folder| folder.join("day-trading/10-user.txt.gz"));
    files.find(|file| file.exists())?.canonicalize().ok()
}

/// Medians over rounds, printed.
fn rounds(what: &str, rounds: usize, mut run: impl FnMut() -> Result<Played>) -> Result<()> {
    let played = (0..rounds.max(1)).map(|_| run()).collect::<Result<Vec<_>>>()?;
    let rates: Vec<f64> = played.iter().map(|one| one.commands_per_second).collect();
    let middle = median(&rates);
    // With an even number of rounds no run has the median itself.
    let nearest = played.iter().min_by(|a, b| {
        let off = |one: &Played| (one.commands_per_second - middle).abs();
        off(a).total_cmp(&off(b))
    });
    if let Some(nearest) = nearest {
        let all: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
        println!("{what}: {nearest}; rounds {}", all.join(" "));
    }
    Ok(())
}

/// Plays everything and prints it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let programs = &arguments.programs.check(Peer::Bellwether)?;
    let text = |flags: &[&str]| flags.iter().map(ToString::to_string).collect::<Vec<_>>();
    match arguments.file.clone().or_else(classic) {
        Some(file) => rounds("ten users, one request a command", arguments.rounds, || {
            Ok(play(programs, &file, &[], None)?.0)
        })?,
        None => println!("ten users: left out, since 10-user.txt.gz is not beside the repository"),
    }
    let folder = tempfile::Builder::new().prefix("bellwether-bench-").tempdir()?;
    let [users, commands] = [arguments.generate[0], arguments.generate[1]];
    let file = made(programs, folder.path(), users, commands)?;
    for connections in &arguments.connections {
        let flags = text(&["--connections", &connections.to_string()]);
        let what = format!("{users} users, {connections} connections, one request a command");
        rounds(&what, arguments.rounds, || Ok(play(programs, &file, &flags, None)?.0))?;
    }
    let flags = text(&["--connections", "8", "--batch", "100", "--pipeline", "8"]);
    let what = format!("{users} users, 8 connections, up to 100 commands a request");
    rounds(&what, arguments.rounds, || Ok(play(programs, &file, &flags, None)?.0))?;
    dumps(arguments, programs, &made(programs, folder.path(), users, commands / 2)?)
}

/// A workload of the classic mix.
fn made(programs: &Programs, folder: &Path, users: u64, commands: u64) -> Result<PathBuf> {
    let path = folder.join(format!("{users}-{commands}.txt"));
    let status = Command::new(&programs.bellwether)
        .args(["workload", "--generate", &users.to_string(), &commands.to_string()])
        .stdout(std::fs::File::create(&path)?)
        .status()?;
    ensure!(status.success(), "bellwether workload --generate failed ({status})");
    Ok(path)
}

/// What writing the log of everything, half way through, does to the others.
fn dumps(arguments: &Arguments, programs: &Programs, file: &Path) -> Result<()> {
    let (mut ratios, mut told) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds.max(1) {
        let (without, _) = play(programs, file, &[], None)?;
        let half = Duration::from_secs_f64((without.seconds - without.closing_seconds).max(0.0) / 2.0);
        let (with, took) = play(programs, file, &[], Some(half))?;
        ratios.push(with.latency.p99_us as f64 / without.latency.p99_us.max(1) as f64);
        told.push(format!(
            "{:.2} to {:.2} ms, the log in {:.1} s",
            without.latency.p99_us as f64 / 1e3,
            with.latency.p99_us as f64 / 1e3,
            took.unwrap_or_default().as_secs_f64()
        ));
    }
    println!(
        "p99 when the whole log is written once, half way through: {:+.0} % (rounds: {})",
        (median(&ratios) - 1.0) * 100.0,
        told.join("; ")
    );
    Ok(())
}

//! What came out, for machines and for people.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use market::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::{Closed, Open, median};
use crate::measure::{Loaded, Memory, Search, Stalled, Startup};
use crate::primitives::Primitives;

/// Where and when it was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Machine {
    cpu: String,
    cores: usize,
    kernel: String,
    memory_mib: u64,
    open_files: u64,
    date: String,
    commit: String,
    command: String,
    /// Processes that wanted to run, a minute's mean, before and after: above 0 at the beginning, or
    /// above 2 at the end, others were at work, and only ratios mean something.
    load: (f64, f64),
}

impl Machine {
    /// This one, now.
    pub(crate) fn here() -> Self {
        let cpu = read("/proc/cpuinfo", "model name");
        let memory = read("/proc/meminfo", "MemTotal");
        let kib: u64 = memory.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let mut date = Vec::new();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if let Some(now) = Timestamp::from_seconds(now.as_secs().cast_signed()) {
            now.write(&mut date);
        }
        Self {
            cpu,
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            memory_mib: kib / 1024,
            open_files: crate::process::raise_open_files(),
            date: String::from_utf8_lossy(&date).into_owned(),
            commit: commit(),
            command: std::env::args().collect::<Vec<_>>().join(" "),
            load: (load(), 0.0),
        }
    }
}

fn read(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix(name));
    line.map_or("unknown", |l| l.trim_start_matches([' ', '\t', ':'])).to_owned()
}

fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0.0)
}

fn commit() -> String {
    let git = |arguments: &[&str]| -> Option<String> {
        let out = Command::new("git").args(arguments).output().ok().filter(|o| o.status.success())?;
        Some(String::from_utf8_lossy(&out.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".into() };
    let is_clean = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|s| s.is_empty());
    if is_clean { commit } else { format!("{commit} and changes") }
}

/// A result of one server in one round.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row<T> {
    /// Which server, with which settings.
    pub(crate) server: String,
    /// Which round, from 0.
    pub(crate) round: usize,
    /// What came out.
    pub(crate) result: T,
}

/// Everything that was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Report {
    machine: Machine,
    /// Servers and their versions.
    pub(crate) versions: Vec<(String, String)>,
    /// The machine's own figures.
    pub(crate) primitives: Option<Primitives>,
    /// Closed loop.
    pub(crate) closed: Vec<Row<Closed>>,
    /// Open loop.
    pub(crate) open: Vec<Row<Open>>,
    /// One connection stalled.
    pub(crate) stalled: Vec<Row<Stalled>>,
    /// Idle connections.
    pub(crate) memory: Vec<Row<Memory>>,
    /// All symbols.
    pub(crate) loaded: Option<Loaded>,
    /// Start.
    pub(crate) startup: Option<Startup>,
    /// Search.
    pub(crate) search: Option<Search>,
    failures: Vec<String>,
}

/// Against whom ratios are taken.
const OURS: &str = "bellwether";

impl Report {
    /// Nothing measured yet.
    pub(crate) fn new(machine: Machine) -> Self {
        Self {
            machine,
            versions: Vec::new(),
            primitives: None,
            closed: Vec::new(),
            open: Vec::new(),
            stalled: Vec::new(),
            memory: Vec::new(),
            loaded: None,
            startup: None,
            search: None,
            failures: Vec::new(),
        }
    }

    /// Tells and notes what could not be measured.
    pub(crate) fn failed(&mut self, what: &str, error: &anyhow::Error) {
        println!("{what}: FAILED: {error:#}");
        self.failures.push(format!("{what}: {error:#}"));
    }

    /// Tells what came out, or notes that nothing did.
    pub(crate) fn try_to<T: Display>(&mut self, what: &str, result: Result<T>) -> Option<T> {
        match result {
            Ok(result) => {
                println!("{what}: {result}");
                Some(result)
            }
            Err(error) => {
                self.failed(what, &error);
                None
            }
        }
    }

    /// Notes how busy the machine is at the end.
    pub(crate) fn ended(&mut self) {
        self.machine.load.1 = load();
    }

    /// For people.
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        // Writing to a String does not fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let m = &self.machine;
        writeln!(
            out,
            "{}, {} cores, {} MiB, Linux {}, loopback; {}, commit {}, `{}`. Load of the machine {} before, {} after.\n",
            m.cpu, m.cores, m.memory_mib, m.kernel, m.date, m.commit, m.command, m.load.0, m.load.1
        )?;
        for (server, version) in &self.versions {
            writeln!(out, "- {server}: {version}")?;
        }
        if let Some(primitives) = &self.primitives {
            writeln!(out, "- this machine's sockets: {primitives}")?;
        }
        self.write_closed(out)?;
        self.write_open(out)?;
        if !self.stalled.is_empty() {
            writeln!(out, "\n### One stalled client among 1,000\n")?;
            writeln!(
                out,
                "| server | p99 of the others, all read | one stalled | change |\n|---|---|---|---|"
            )?;
            for (server, rows) in by_server(&self.stalled) {
                let change = of(&rows, |s| s.with.p99 as f64 / s.without.p99.max(1) as f64);
                writeln!(
                    out,
                    "| {server} | {:.2} ms | {:.2} ms | {:+.0} % |",
                    of(&rows, |s| s.without.p99 as f64) / 1e3,
                    of(&rows, |s| s.with.p99 as f64) / 1e3,
                    (change - 1.0) * 100.0
                )?;
            }
        }
        if !self.memory.is_empty() {
            writeln!(out, "\n### Memory of idle connections, ten symbols each\n")?;
            writeln!(out, "| server | connections | KiB each | before | with them |\n|---|---|---|---|---|")?;
            for Row { server, result, .. } in &self.memory {
                writeln!(
                    out,
                    "| {server} | {} | {:.1} | {:.1} MiB | {:.1} MiB |",
                    result.connections,
                    result.per_connection_kib,
                    result.before_kib as f64 / 1024.0,
                    result.with_kib as f64 / 1024.0
                )?;
            }
        }
        if self.loaded.is_some() || self.startup.is_some() || self.search.is_some() {
            writeln!(out, "\n### Bellwether alone\n")?;
        }
        if let Some(loaded) = &self.loaded {
            writeln!(out, "- memory, {loaded}")?;
        }
        if let Some(startup) = &self.startup {
            writeln!(out, "- start: {startup}")?;
        }
        if let Some(search) = &self.search {
            writeln!(out, "- search: {search}")?;
        }
        if !self.failures.is_empty() {
            writeln!(out, "\n### Not measured\n")?;
            for failure in &self.failures {
                writeln!(out, "- {}", failure.replace('\n', " "))?;
            }
        }
        Ok(())
    }

    fn write_closed(&self, out: &mut String) -> std::fmt::Result {
        if self.closed.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "\n### Fan-out, closed loop: 200 connections, 1,000 symbols, 50 each, blocks of 20,000\n"
        )?;
        writeln!(
            out,
            "| server | M values/s | rounds | server µs a value | generator cores | every value once, in order | \
             {OURS} is × |\n|---|---|---|---|---|---|---|"
        )?;
        let servers = by_server(&self.closed);
        let ours = servers.get(OURS);
        for (server, rows) in &servers {
            let rates: Vec<String> =
                rows.iter().map(|r| format!("{:.3}", r.result.values_per_second / 1e6)).collect();
            writeln!(
                out,
                "| {server} | {:.3} | {} | {:.2} | {:.2} | {} | {} |",
                of(rows, |c| c.values_per_second) / 1e6,
                rates.join(" "),
                of(rows, |c| c.server_micros_per_value),
                of(rows, |c| c.generator_cores),
                if rows.iter().all(|r| r.result.is_exact()) { "yes" } else { "NO" },
                ratio(ours, rows, |c| c.values_per_second)
            )?;
        }
        Ok(())
    }

    fn write_open(&self, out: &mut String) -> std::fmt::Result {
        let mut connections: Vec<usize> = self.open.iter().map(|r| r.result.connections).collect();
        connections.sort_unstable();
        connections.dedup();
        for count in connections {
            writeln!(out, "\n### Fan-out, open loop: 100,000 values/s to {count} connections\n")?;
            writeln!(
                out,
                "| server | p50 ms | p99 ms | p99.9 ms | server cores | values passed over | kept up | \
                 {OURS}'s p99 is × |\n|---|---|---|---|---|---|---|---|"
            )?;
            let rows: Vec<Row<Open>> =
                self.open.iter().filter(|r| r.result.connections == count).cloned().collect();
            let servers = by_server(&rows);
            let ours = servers.get(OURS);
            for (server, rows) in &servers {
                writeln!(
                    out,
                    "| {server} | {:.2} | {:.2} | {:.2} | {:.2} | {} | {} | {} |",
                    of(rows, |o| o.p50 as f64) / 1e3,
                    of(rows, |o| o.p99 as f64) / 1e3,
                    of(rows, |o| o.p999 as f64) / 1e3,
                    of(rows, |o| o.server_cores),
                    rows.iter().map(|r| r.result.missing).sum::<u64>(),
                    if rows.iter().all(|r| r.result.kept_up) { "yes" } else { "NO" },
                    ratio(ours, rows, |o| o.p99 as f64)
                )?;
            }
        }
        Ok(())
    }
}

fn by_server<T>(rows: &[Row<T>]) -> BTreeMap<&str, Vec<&Row<T>>> {
    let mut servers: BTreeMap<&str, Vec<&Row<T>>> = BTreeMap::new();
    for row in rows {
        servers.entry(&row.server).or_default().push(row);
    }
    servers
}

fn of<T>(rows: &[&Row<T>], figure: impl Fn(&T) -> f64) -> f64 {
    median(&rows.iter().map(|r| figure(&r.result)).collect::<Vec<_>>())
}

/// The median of ours over theirs, round by round.
fn ratio<T>(ours: Option<&Vec<&Row<T>>>, theirs: &[&Row<T>], figure: impl Fn(&T) -> f64) -> String {
    let Some(ours) = ours else { return "–".into() };
    let ratios: Vec<f64> = theirs
        .iter()
        .filter_map(|their| {
            let our = ours.iter().find(|our| our.round == their.round)?;
            Some(figure(&our.result) / figure(&their.result).max(f64::MIN_POSITIVE))
        })
        .collect();
    if ratios.is_empty() { "–".into() } else { format!("{:.2}", median(&ratios)) }
}

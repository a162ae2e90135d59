//! The desk over SQLite with full sync: commands a second, the time of one, and the time of a start.
//!
//! `cargo bench -p desk --bench durable` plays the mix of the classic 10-user file (or one made up like it) as a
//! thousand users. Each figure stands beside what bare SQLite does in the same run on the same disk.
//! `-- --entries 10000000` says how long the journal is from which the desk starts.

#![allow(clippy::unwrap_used, reason = "a measurement stops at what it did not expect")]

#[path = "../../ledger/benches/mix/mod.rs"]
mod mix;

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use desk::request::Nobody;
use desk::{Answer, Asked, Closed, Desk, Parts, Prices, Submission, Wants};
use ledger::{Action, Dialect, Millis, Quote, Source, UserName, parse_line};
use market::{Symbol, Timestamp};
use mimalloc::MiMalloc;
use rusqlite::{Connection, params};
use store::journal::SqliteJournals;
use tokio::sync::oneshot;

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Users are spread over so many times the users of the file.
const CROWDS: usize = 100;
/// How long each rate is measured.
const SPAN: Duration = Duration::from_secs(5);
const ENTRIES: u64 = 10_000_000;

/// The same price for a symbol always, at hand.
struct Fixed(HashMap<Symbol, Quote>);

impl Prices for Fixed {
    fn price(&self, symbol: &Symbol, _: &UserName) -> Asked {
        Asked::Now(self.0[symbol].clone())
    }
}

/// The commands, again and again.
struct Mix {
    lines: Vec<(UserName, Action)>,
    at: usize,
}

impl Mix {
    fn read() -> (Self, Fixed) {
        let text = mix::file("10-user.txt.gz").unwrap_or_else(|| mix::made_up(10, 50));
        let lines: Vec<_> = text.lines().filter_map(|line| parse_line(line, Dialect::Classic).ok()).collect();
        let source = Source::new("fixed").unwrap();
        let quote = |symbol: Symbol| Quote {
            price: mix::price(&symbol),
            source,
            provider_time: Millis(0),
            arrived: Millis(0),
            fresh: false,
            answer: None,
        };
        let symbols = lines.iter().filter_map(|line| line.action.symbol());
        let prices = symbols.map(|symbol| (symbol, quote(symbol))).collect();
        let own = lines.into_iter().filter(|line| line.action.verb().is_some_and(|v| v.name() != "DUMPLOG"));
        // Neighbours are of different users, as they are where many trade at once. Made beforehand, since it is the
        // desk that is to be measured.
        let spread = own.flat_map(|line| {
            let user = move |crowd| UserName::new(&format!("{}{crowd}", line.user)).unwrap();
            (0..CROWDS).map(move |crowd| (user(crowd), line.action.clone()))
        });
        (Self { lines: spread.collect(), at: 0 }, Fixed(prices))
    }

    fn next(&mut self) -> (UserName, Action) {
        let line = self.lines[self.at].clone();
        self.at = (self.at + 1) % self.lines.len();
        line
    }
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap()).unwrap()
}

fn start(folder: &Path, prices: Fixed, runtime: &tokio::runtime::Runtime) -> Desk {
    let parts = Parts {
        journals: Arc::new(SqliteJournals::open(folder).unwrap()),
        prices: Arc::new(prices),
        observer: Arc::new(Nobody),
        clock: Arc::new(now),
        shards: 1,
        runtime: runtime.handle().clone(),
        snapshot_every: 1_000_000,
    };
    Desk::start(parts).unwrap()
}

fn hand_in(desk: &Desk, (user, action): (UserName, Action)) -> oneshot::Receiver<Result<Answer, Closed>> {
    let (reply, answer) = oneshot::channel();
    desk.submit(Submission { user, n: 0, key: None, action, wants: Wants::Nothing, reply }).unwrap();
    answer
}

/// What playing for a while came to.
struct Played {
    rate: f64,
    /// Times of commands, ascending.
    each: Vec<Duration>,
    entries_a_block: f64,
}

/// Plays with so many commands in flight until it is over.
fn play(desk: &Desk, mix: &mut Mix, in_flight: usize, is_over: impl Fn(usize, Duration) -> bool) -> Played {
    let counted = |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
    let before = (counted(&desk.counters().entries), counted(&desk.counters().blocks));
    let (begun, mut waiting, mut each) = (Instant::now(), VecDeque::with_capacity(in_flight), Vec::new());
    let mut submitted = 0;
    loop {
        let now = Instant::now();
        let over = is_over(submitted, now - begun);
        if over && waiting.is_empty() {
            break;
        }
        if !over && waiting.len() < in_flight {
            waiting.push_back((now, hand_in(desk, mix.next())));
            submitted += 1;
            continue;
        }
        let (from, answer): (Instant, oneshot::Receiver<_>) = waiting.pop_front().unwrap();
        answer.blocking_recv().unwrap().unwrap();
        each.push(from.elapsed());
    }
    let rate = each.len() as f64 / begun.elapsed().as_secs_f64();
    each.sort_unstable();
    let after = (counted(&desk.counters().entries), counted(&desk.counters().blocks));
    let entries_a_block = (after.0 - before.0) as f64 / (after.1 - before.1).max(1) as f64;
    Played { rate, each, entries_a_block }
}

fn quantile(each: &[Duration], quantile: f64) -> f64 {
    each[((each.len() as f64 * quantile) as usize).min(each.len() - 1)].as_secs_f64() * 1e6
}

/// Rows a second, and the median time of a commit in microseconds.
fn bare_sqlite(folder: &Path, rows: usize, row_bytes: usize) -> (f64, f64) {
    let mut connection = Connection::open(folder.join(format!("bare-{rows}.db"))).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.execute_batch("CREATE TABLE entry (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)").unwrap();
    let bytes = vec![0x5a_u8; row_bytes];
    let (begun, mut each) = (Instant::now(), Vec::new());
    while begun.elapsed() < SPAN {
        let from = Instant::now();
        let transaction = connection.transaction().unwrap();
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO entry (seq, bytes) VALUES (?1, ?2)").unwrap();
            for row in 0..rows {
                insert.execute(params![(each.len() * rows + row) as i64, bytes]).unwrap();
            }
        }
        transaction.commit().unwrap();
        each.push(from.elapsed());
    }
    let rate = (each.len() * rows) as f64 / begun.elapsed().as_secs_f64();
    each.sort_unstable();
    (rate, quantile(&each, 0.5))
}

fn file_bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).unwrap().filter_map(|file| file.unwrap().metadata().ok());
    files.map(|file| file.len()).sum()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test` runs benchmarks, too: once is enough to see that they run.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let named = arguments.iter().position(|argument| argument == "--entries");
    let wanted = named.map_or(ENTRIES, |at| arguments[at + 1].parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let data = folder.path().join("data");
    let (mut mix, prices) = Mix::read();
    let desk = start(&data, prices, &runtime);

    for in_flight in [1_000, 4_000] {
        let played = play(&desk, &mut mix, in_flight, |_, elapsed| elapsed > SPAN);
        let rows = (played.entries_a_block as usize).max(1);
        let (bare, _) = bare_sqlite(folder.path(), rows, 64);
        println!(
            "{in_flight} in flight: {:.0} commands/s, p50 {:.0} us, p99 {:.0} us, {rows} entries a commit; \
             bare SQLite with as many rows of 64 bytes a commit {bare:.0} rows/s, the desk is {:.2} x",
            played.rate,
            quantile(&played.each, 0.5),
            quantile(&played.each, 0.99),
            played.rate / bare
        );
    }
    let played = play(&desk, &mut mix, 1, |_, elapsed| elapsed > SPAN);
    let (_, commit) = bare_sqlite(folder.path(), 1, 64);
    let median = quantile(&played.each, 0.5);
    println!(
        "one in flight: p50 {median:.0} us, p99 {:.0} us; one commit of bare SQLite p50 {commit:.0} us, the desk is {:.2} x",
        quantile(&played.each, 0.99),
        median / commit
    );

    let entries = |desk: &Desk| desk.counters().entries.load(std::sync::atomic::Ordering::Relaxed);
    while entries(&desk) < wanted {
        let left = usize::try_from(wanted - entries(&desk)).unwrap_or(usize::MAX);
        play(&desk, &mut mix, 4_000, |submitted, _| submitted >= left.min(1_000_000));
    }
    let (kept, shard) = (entries(&desk), desk.shards().next().unwrap());
    let begun = Instant::now();
    desk.stop();
    drop(desk);
    let stopped = begun.elapsed();
    let (_, prices) = Mix::read();
    let begun = Instant::now();
    let desk = start(&data, prices, &runtime);
    let head = runtime.block_on(desk.head(shard)).unwrap();
    println!(
        "start from a journal of {kept} entries ({:.0} MB) with a snapshot: {:.2?} to the first answer; the stop took {stopped:.2?}",
        file_bytes(&data) as f64 / 1e6,
        begun.elapsed()
    );
    assert_eq!(head.entries(), kept);
}

//! How fast a journal is, beside what it is built upon, in one run on one disk: `cargo bench -p store`.
//!
//! Every figure is of durable commits: nothing counts before it is synced.

#![allow(clippy::unwrap_used, reason = "a measurement stops at what it did not expect")]

#[path = "../tests/support/postgres.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod server;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use market::Timestamp;
use rusqlite::{Connection, params};
use server::PostgresServer;
use store::journal::{
    Head, Journal, JournalError, Journals, NewBlock, PostgresConfig, PostgresJournals, Reader, Shard,
    SqliteJournals,
};

const SHARD: Shard = Shard::new(0).unwrap();
const ENTRIES: usize = 1_000;
const ENTRY_BYTES: usize = 80;
/// How long each is measured.
const SPAN: Duration = Duration::from_secs(4);

/// Durations of a step that was repeated for a while.
struct Figures {
    took: Duration,
    each: Vec<Duration>,
}

fn measure(mut step: impl FnMut(u64)) -> Figures {
    for n in 0..20 {
        step(n);
    }
    let (begun, mut each) = (Instant::now(), Vec::new());
    while begun.elapsed() < SPAN {
        let start = Instant::now();
        step(20 + each.len() as u64);
        each.push(start.elapsed());
    }
    let took = begun.elapsed();
    each.sort_unstable();
    Figures { took, each }
}

impl Figures {
    fn rate(&self) -> f64 {
        self.each.len() as f64 / self.took.as_secs_f64()
    }

    fn quantile_us(&self, quantile: f64) -> f64 {
        let at = (self.each.len() as f64 * quantile) as usize;
        self.each[at.min(self.each.len() - 1)].as_secs_f64() * 1e6
    }

    fn say(&self, what: &str, entries: usize) {
        println!(
            "{what:<44} {:>9.0} entries/s {:>7.0} commits/s   p50 {:>6.0} us  p99 {:>6.0} us  max {:>7.0} us",
            self.rate() * entries as f64,
            self.rate(),
            self.quantile_us(0.5),
            self.quantile_us(0.99),
            self.quantile_us(1.0)
        );
    }
}

fn appends(journal: &mut dyn Journal, entries: usize) -> Figures {
    let bytes = vec![0x5a_u8; entries * ENTRY_BYTES];
    let time = Timestamp::from_nanos(1_763_735_400_000_000_000);
    measure(|_| {
        let next = journal.head().next_seq;
        journal.append(next, &NewBlock { count: entries as u32, time, bytes: &bytes }).unwrap();
    })
}

fn syncs(folder: &Path) -> Figures {
    let mut file = File::create(folder.join("plain")).unwrap();
    file.write_all(&vec![0; 4 << 20]).unwrap();
    file.sync_all().unwrap();
    measure(|n| {
        file.seek(SeekFrom::Start(n % 1_024 * 4_096)).unwrap();
        file.write_all(&[n as u8; 4_096]).unwrap();
        file.sync_data().unwrap();
    })
}

fn bare_sqlite(folder: &Path, rows: usize) -> Figures {
    let mut connection = Connection::open(folder.join(format!("bare-{rows}.db"))).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.execute_batch("CREATE TABLE entry (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)").unwrap();
    let bytes = [0x5a_u8; ENTRY_BYTES];
    measure(|n| {
        let transaction = connection.transaction().unwrap();
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO entry (seq, bytes) VALUES (?1, ?2)").unwrap();
            for row in 0..rows {
                insert.execute(params![(n as usize * rows + row) as i64, bytes]).unwrap();
            }
        }
        transaction.commit().unwrap();
    })
}

fn walk(journals: std::sync::Arc<dyn Journals>) {
    let reader = Reader::new(journals, SHARD);
    let (begun, mut bytes) = (Instant::now(), 0);
    let head = reader.walk(Head::genesis(SHARD), |block| {
        bytes += block.bytes.len();
        Ok::<_, JournalError>(())
    });
    let took = begun.elapsed().as_secs_f64();
    let entries = head.unwrap().entries() as f64;
    println!(
        "walked and checked: {:.1} M entries/s, {:.0} MB/s ({entries} entries)",
        entries / took / 1e6,
        bytes as f64 / took / 1e6
    );
}

/// Transactions a second of `pgbench -N` with 32 clients, on the same server.
fn pgbench(server: &PostgresServer) -> f64 {
    let url = server.new_database();
    let database = url.rsplit('/').next().unwrap_or_default().to_owned();
    let port = server.port().to_string();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(server.programs().join("pgbench"));
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", "bellwether"]).args(arguments).arg(&database);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["-i", "-q", "-s", "20"]);
    let told = run(&["-N", "-c", "32", "-j", "2", "-T", "10", "-M", "prepared"]);
    let rate = told.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.unwrap_or_else(|| panic!("no rate in {told}"))
}

fn on_postgres() {
    // Its defaults, among them fsync.
    let server = PostgresServer::start(&[]);
    let journals = PostgresJournals::open(&PostgresConfig::new(server.new_database())).unwrap();
    let mut journal = journals.writer(SHARD).unwrap();
    appends(&mut *journal, 1).say("journal on PostgreSQL, 1 entry a block", 1);
    let large = appends(&mut *journal, ENTRIES);
    large.say("journal on PostgreSQL, 1,000 entries a block", ENTRIES);
    let peer = pgbench(&server);
    println!(
        "pgbench -N -c 32: {peer:.0} transactions/s; the journal holds {:.0} times as many entries/s",
        large.rate() * ENTRIES as f64 / peer
    );
    walk(std::sync::Arc::new(journals));
}

fn main() {
    // `cargo test` runs benchmarks, too: once is enough to see that they run.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    syncs(folder.path()).say("plain file, 4 KiB and fdatasync", 1);
    bare_sqlite(folder.path(), 1).say("bare SQLite, 1 row a commit", 1);
    bare_sqlite(folder.path(), ENTRIES).say("bare SQLite, 1,000 rows a commit", ENTRIES);
    let data = folder.path().join("data");
    let journals = SqliteJournals::open(&data).unwrap();
    let mut journal = journals.writer(SHARD).unwrap();
    appends(&mut *journal, 1).say("journal on SQLite, 1 entry a block", 1);
    appends(&mut *journal, 100).say("journal on SQLite, 100 entries a block", 100);
    appends(&mut *journal, ENTRIES).say("journal on SQLite, 1,000 entries a block", ENTRIES);
    appends(&mut *journal, 4_096).say("journal on SQLite, 4,096 entries a block", 4_096);
    drop(journal);
    walk(std::sync::Arc::new(journals));
    let state = vec![3; 200_000_000];
    let journals = SqliteJournals::open(&data).unwrap();
    let mut journal = journals.writer(SHARD).unwrap();
    let head = journal.head();
    let saved = std::thread::scope(|scope| {
        let saving = scope.spawn(|| {
            let (begun, mut saved) = (Instant::now(), Vec::new());
            while begun.elapsed() < SPAN {
                let begun = Instant::now();
                journals.save_snapshot(SHARD, head, &state).unwrap();
                saved.push(begun.elapsed());
            }
            saved
        });
        appends(&mut *journal, ENTRIES).say("the same, beside snapshots of 200 MB", ENTRIES);
        saving.join().unwrap()
    });
    let saved = saved.iter().sum::<Duration>() / saved.len() as u32;
    let begun = Instant::now();
    assert_eq!(journals.latest_snapshot(SHARD).unwrap().unwrap().bytes.len(), state.len());
    println!("snapshot of 200 MB: saved in {saved:.2?}, loaded in {:.2?}", begun.elapsed());
    on_postgres();
}

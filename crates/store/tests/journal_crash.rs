//! Journals in SQLite whose process is killed, whose disk loses or spoils the end of a file, or is full.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use market::Timestamp;
use store::journal::{
    Block, Hash, Head, Journal, JournalError, Journals, NewBlock, Reader, Shard, SqliteJournals,
};
use tempfile::TempDir;

const SHARDS: [Shard; 2] = [Shard::new(0).unwrap(), Shard::new(1).unwrap()];
/// Tells the test that is a process of its own where to append.
const FOLDER: &str = "BELLWETHER_TEST_JOURNAL";

/// Numbers that look random, the same ones for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// What is appended at an entry follows from its number alone, so that who reads it knows what it must be.
fn content(shard: Shard, first_seq: u64) -> (u32, Vec<u8>) {
    let mut chance = Chance(first_seq * 2 + u64::from(shard.number()));
    let count = match chance.below(3) {
        0 => 1,
        1 => 1 + chance.below(50),
        _ => 1_000 + chance.below(1_000),
    };
    let length = (count as usize * 80).min(100_000) + chance.below(100) as usize;
    let mut bytes = vec![chance.below(256) as u8; length];
    bytes[..8].copy_from_slice(&first_seq.to_le_bytes());
    (count as u32, bytes)
}

fn append(journal: &mut dyn Journal) -> Result<Head, JournalError> {
    let first_seq = journal.head().next_seq;
    let (count, bytes) = content(journal.shard(), first_seq);
    journal.append(first_seq, &NewBlock { count, time: Timestamp::from_nanos(7), bytes: &bytes })
}

fn walk(journals: &Arc<dyn Journals>, shard: Shard) -> Result<Vec<Head>, JournalError> {
    let mut heads = Vec::new();
    Reader::new(Arc::clone(journals), shard).walk(Head::genesis(shard), |block| {
        let (count, bytes) = content(shard, block.first_seq);
        assert!((block.count, &block.bytes) == (count, &bytes), "the block at {}", block.first_seq);
        heads.push(block.head());
        Ok::<_, JournalError>(())
    })?;
    Ok(heads)
}

fn open(folder: &Path) -> Arc<dyn Journals> {
    Arc::new(SqliteJournals::open(folder).unwrap())
}

fn tell(what: &str, shard: Shard, head: Head) {
    let line = format!("{what} {shard} {} {}\n", head.next_seq, head.hash);
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

/// Not a test: the process that is killed. It tells what it finds, then each block that was acknowledged.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let journals = open(Path::new(&folder));
    // What says that a test runs has no end of line.
    println!();
    thread::scope(|scope| {
        for shard in SHARDS {
            let mut journal = journals.writer(shard).unwrap();
            tell("found", shard, journal.head());
            scope.spawn(move || {
                loop {
                    match append(&mut *journal) {
                        Ok(head) => tell("stored", shard, head),
                        Err(error) => {
                            println!("\nrefused {error}");
                            return;
                        }
                    }
                }
            });
        }
    });
}

/// What a child has told of each shard, in order.
#[derive(Default)]
struct Told {
    found: BTreeMap<Shard, Head>,
    stored: BTreeMap<Shard, Vec<Head>>,
    refused: Vec<String>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        if let Some(refused) = line.strip_prefix("refused ") {
            self.refused.push(refused.to_owned());
        } else if let [what @ ("found" | "stored"), shard, next_seq, hash] = words[..] {
            // The last line may be cut short.
            let Some(hash) = Hash::parse(hash) else { return };
            let shard = Shard::new(shard.parse().unwrap()).unwrap();
            let head = Head { next_seq: next_seq.parse().unwrap(), hash };
            if what == "found" {
                self.found.insert(shard, head);
            } else {
                self.stored.entry(shard).or_default().push(head);
            }
        }
    }
}

fn spawn(folder: &Path, command: &mut Command) -> (Child, BufReader<ChildStdout>) {
    command.args(["child", "--exact", "--ignored", "--nocapture", "--test-threads=1"]).env(FOLDER, folder);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

/// How long a child needs on this machine and its disk until its first append is acknowledged.
fn time_to_first_append() -> Duration {
    let (folder, begun) = (tempfile::tempdir().unwrap(), Instant::now());
    let (mut child, lines) = spawn(folder.path(), &mut Command::new(std::env::current_exe().unwrap()));
    let has_stored = lines.lines().map_while(Result::ok).any(|line| line.starts_with("stored "));
    let needed = begun.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(has_stored, "the child ended by itself");
    needed
}

fn start(folder: &Path, command: &mut Command) -> (Child, thread::JoinHandle<Told>) {
    let (child, lines) = spawn(folder, command);
    let hearing = thread::spawn(move || {
        let mut told = Told::default();
        lines.lines().map_while(Result::ok).for_each(|line| told.hear(&line));
        told
    });
    (child, hearing)
}

#[test]
fn what_was_acknowledged_survives_a_hundred_kills() {
    const KILLS: usize = 110;
    let folder = tempfile::tempdir().unwrap();
    let mut chance = Chance(u64::from(std::process::id()));
    let mut acknowledged: BTreeMap<Shard, Vec<Head>> = BTreeMap::new();
    let (mut unheard, mut early) = (0, 0);
    let first = time_to_first_append();
    for _ in 0..KILLS {
        let (mut child, hearing) = start(folder.path(), &mut Command::new(std::env::current_exe().unwrap()));
        // Some die while they open it, most while they append.
        thread::sleep(Duration::from_millis(5 + chance.below(150.max(4 * first.as_millis() as u64))));
        child.kill().unwrap();
        child.wait().unwrap();
        let told = hearing.join().unwrap();
        early += usize::from(told.stored.is_empty());
        for shard in SHARDS {
            let known = acknowledged.entry(shard).or_default();
            let last = known.last().copied().unwrap_or_else(|| Head::genesis(shard));
            if let Some(found) = told.found.get(&shard)
                && *found != last
            {
                // At most the one that was on its way.
                let (count, bytes) = content(shard, last.next_seq);
                let block = NewBlock { count, time: Timestamp::from_nanos(7), bytes: &bytes };
                assert_eq!(*found, last.after(shard, &block));
                known.push(*found);
                unheard += 1;
            }
            known.extend(told.stored.get(&shard).into_iter().flatten());
        }
    }
    let journals = open(folder.path());
    for shard in SHARDS {
        let stored = walk(&journals, shard).unwrap();
        let known = &acknowledged[&shard];
        assert!(stored.starts_with(known), "shard {shard}");
        assert!(stored.len() - known.len() <= 1, "shard {shard}");
        assert!(
            Reader::new(Arc::clone(&journals), shard).verify(Timestamp::EPOCH, |_| Ok(())).unwrap().is_ok()
        );
        append(&mut *journals.writer(shard).unwrap()).unwrap();
    }
    let blocks: usize = acknowledged.values().map(Vec::len).sum();
    println!("{KILLS} kills, {early} before the first append; {blocks} blocks, {unheard} of them unheard of");
    assert!(blocks > KILLS && early < KILLS / 2, "{blocks} blocks, {early} early");
}

#[test]
fn a_file_that_may_not_grow_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Files of more than 24 MiB are refused, as they are when a quota is used up.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 49152; exec \"$0\" \"$@\""]);
    shell.arg(std::env::current_exe().unwrap());
    let (mut child, hearing) = start(folder.path(), &mut shell);
    let told = hearing.join().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(told.refused.len(), SHARDS.len(), "{:?}", told.refused);
    let journals = open(folder.path());
    for shard in SHARDS {
        let stored = walk(&journals, shard).unwrap();
        let known = &told.stored[&shard];
        assert!(stored.starts_with(known), "shard {shard}");
        // One whose commit failed may be there all the same, and was not said to be.
        assert!(stored.len() - known.len() <= 1);
        append(&mut *journals.writer(shard).unwrap()).unwrap();
    }
}

/// A database and its log, as a disk may have them after a power cut: not closed.
struct Disk {
    database: Vec<u8>,
    log: Vec<u8>,
    /// Where in the log each append's last frame ends.
    ends: Vec<usize>,
    heads: Vec<Head>,
}

/// Ends of the frames of a log that end a commit. See the file format of SQLite.
fn commits(log: &[u8]) -> Vec<usize> {
    const FRAME: usize = 24 + 4_096;
    let salt = &log[16..24];
    let frames = log[32..].chunks_exact(FRAME).take_while(|frame| &frame[8..16] == salt);
    let is_commit = |frame: &&[u8]| frame[4..8] != [0; 4];
    frames.enumerate().filter(|(_, f)| is_commit(f)).map(|(at, _)| 32 + (at + 1) * FRAME).collect()
}

impl Disk {
    fn written() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journals = open(folder.path());
        let mut journal = journals.writer(SHARDS[0]).unwrap();
        let heads: Vec<Head> = (0..30).map(|_| append(&mut *journal).unwrap()).collect();
        // Read while it is open: closing would move the log.
        let [database, log] =
            ["journal.db", "journal.db-wal"].map(|name| fs::read(folder.path().join(name)).unwrap());
        let all = commits(&log);
        let ends = all[all.len() - heads.len()..].to_vec();
        Self { database, log, ends, heads }
    }

    fn put(&self, log: &[u8]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("journal.db"), &self.database).unwrap();
        fs::write(folder.path().join("journal.db-wal"), log).unwrap();
        folder
    }
}

#[test]
fn a_log_that_lost_its_end_gives_what_was_synced_before() {
    let disk = Disk::written();
    let end = *disk.ends.last().unwrap();
    let mut chance = Chance(3);
    for round in 0..60 {
        let at = chance.below(end as u64) as usize;
        let mut log = disk.log.clone();
        match round % 3 {
            // The file is shorter than it was.
            0 => log.truncate(at),
            // A torn write: what comes after holds something else.
            1 => log[at..end].iter_mut().for_each(|byte| *byte = chance.below(256) as u8),
            _ => log[at] ^= 1 << chance.below(8),
        }
        let folder = disk.put(&log);
        let journals = open(folder.path());
        let stored = walk(&journals, SHARDS[0]).unwrap();
        let synced = disk.ends.iter().filter(|end| **end <= at).count();
        assert!(
            stored == disk.heads[..synced],
            "round {round}, cut at {at} of {end}: {} of {synced}",
            stored.len()
        );
        append(&mut *journals.writer(SHARDS[0]).unwrap()).unwrap();
        assert_eq!(walk(&journals, SHARDS[0]).unwrap().len(), synced + 1);
    }
    // What lies behind the end means nothing.
    let mut log = disk.log.clone();
    log.truncate(end);
    let folder = disk.put(&log);
    assert_eq!(walk(&open(folder.path()), SHARDS[0]).unwrap(), disk.heads);
}

#[test]
fn a_spoiled_file_never_passes_for_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let (blocks, whole) = {
        let journals = open(folder.path());
        let mut journal = journals.writer(SHARDS[0]).unwrap();
        for _ in 0..60 {
            append(&mut *journal).unwrap();
        }
        let reader = Reader::new(Arc::clone(&journals), SHARDS[0]);
        assert!(reader.verify(Timestamp::EPOCH, |_| Ok(())).unwrap().is_ok());
        let blocks = reader.read(1, usize::MAX).unwrap();
        drop((journal, reader, journals));
        (blocks, fs::read(folder.path().join("journal.db")).unwrap())
    };
    let mut chance = Chance(5);
    let (mut refused, mut found, mut harmless) = (0, 0, 0);
    for round in 0..150u64 {
        let mut spoiled = whole.clone();
        // Every third time where the tree is, which is small, or the end of a page that holds a row.
        let at = match round % 3 {
            0 => chance.below(5 * 4_096),
            _ => chance.below(whole.len() as u64),
        };
        spoiled[at as usize] ^= 1 << chance.below(8);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("journal.db"), &spoiled).unwrap();
        let Ok(journals) = SqliteJournals::open(folder.path()) else {
            refused += 1;
            continue;
        };
        let mut seen: Vec<Block> = Vec::new();
        let reader = Reader::new(Arc::new(journals), SHARDS[0]);
        let verified = reader.verify(Timestamp::EPOCH, |block| {
            seen.push(block.clone());
            Ok(())
        });
        assert!(blocks.starts_with(&seen), "bit at {at}");
        match verified {
            Ok(verified) if verified.is_ok() => {
                assert_eq!(seen.len(), blocks.len(), "bit at {at}");
                harmless += 1;
            }
            Ok(verified) => {
                assert_eq!(verified.entries(), seen.last().map_or(0, |block| block.next_seq() - 1));
                found += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!("{found} found, {refused} refused, {harmless} in what means nothing");
    assert!(found > 50, "{found} found, {refused} refused, {harmless} harmless");
}

//! Journals in PostgreSQL whose session, server or connection ends while they append.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ::postgres::{Client, NoTls};
use market::Timestamp;
use store::journal::{
    Head, Journal, JournalError, Journals, NewBlock, PostgresConfig, PostgresJournals, Reader, Shard,
};
use support::postgres::PostgresServer;

const SHARD: Shard = Shard::new(0).unwrap();
/// Nothing here takes this long unless it never happens.
const LONG: Duration = Duration::from_secs(60);

/// What is appended at an entry follows from its number alone.
fn content(first_seq: u64) -> (u32, Vec<u8>) {
    let count = 1 + (first_seq * 7 % 900) as u32;
    (count, first_seq.to_le_bytes().repeat(10 * count as usize))
}

/// Appends, and tells the head it would have had.
fn append(journal: &mut dyn Journal) -> (Head, Result<Head, JournalError>) {
    let before = journal.head();
    let (count, bytes) = content(before.next_seq);
    let block = NewBlock { count, time: Timestamp::from_nanos(7), bytes: &bytes };
    (before.after(SHARD, &block), journal.append(before.next_seq, &block))
}

fn open(url: &str) -> Arc<dyn Journals> {
    Arc::new(PostgresJournals::open(&PostgresConfig::new(url)).unwrap())
}

fn walk(journals: &Arc<dyn Journals>) -> Vec<Head> {
    let mut heads = Vec::new();
    let walked = Reader::new(Arc::clone(journals), SHARD).walk(Head::genesis(SHARD), |block| {
        let (count, bytes) = content(block.first_seq);
        assert!((block.count, &block.bytes) == (count, &bytes), "the block at {}", block.first_seq);
        heads.push(block.head());
        Ok::<_, JournalError>(())
    });
    walked.unwrap();
    heads
}

/// Tries until it works: the server may be on its way back.
fn recover(journal: &mut dyn Journal) -> Head {
    let begun = Instant::now();
    loop {
        match journal.recover() {
            Ok(head) => return head,
            Err(error) => assert!(begun.elapsed() < LONG, "{error}"),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// The sessions that append.
fn appending(url: &str) -> Vec<i32> {
    let Ok(mut client) = Client::connect(url, NoTls) else { return Vec::new() };
    let sessions = client.query(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        &[],
    );
    sessions.unwrap_or_default().iter().map(|row| row.get(0)).collect()
}

#[test]
fn a_server_that_is_killed_keeps_what_it_acknowledged() {
    let server = PostgresServer::start(&[]);
    let url = server.new_database();
    let journals = open(&url);
    let mut journal = journals.writer(SHARD).unwrap();
    let (is_over, appended) = (AtomicBool::new(false), AtomicU64::new(0));
    let (acknowledged, cuts) = thread::scope(|scope| {
        let appending_thread = scope.spawn(|| {
            let (mut acknowledged, mut cuts) = (Vec::new(), [0, 0]);
            while !is_over.load(Ordering::Relaxed) {
                let (expected, answer) = append(&mut *journal);
                match answer {
                    Ok(head) => {
                        assert_eq!(head, expected);
                        acknowledged.push(head);
                        appended.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(JournalError::Unknown { .. }) => {
                        let before = journal.head();
                        let (_, refused) = append(&mut *journal);
                        assert!(matches!(refused, Err(JournalError::Unknown { .. })), "{refused:?}");
                        let head = recover(&mut *journal);
                        assert!(head == before || head == expected, "{before:?} {expected:?} {head:?}");
                        cuts[usize::from(head == expected)] += 1;
                        acknowledged.extend((head == expected).then_some(head));
                    }
                    // It is away; nothing was written.
                    Err(JournalError::Unavailable { .. }) => thread::sleep(Duration::from_millis(10)),
                    Err(other) => panic!("{other}"),
                }
            }
            (acknowledged, cuts)
        });
        for round in 0..24u64 {
            let target = appended.load(Ordering::Relaxed) + 5;
            let begun = Instant::now();
            while appended.load(Ordering::Relaxed) < target {
                assert!(begun.elapsed() < LONG && !appending_thread.is_finished(), "no appends any more");
                thread::sleep(Duration::from_millis(1));
            }
            thread::sleep(Duration::from_micros(round * 531 % 7_000));
            match round % 8 {
                // The server starts all sessions anew when one is killed.
                3 => appending(&url).iter().for_each(|pid| {
                    let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
                }),
                7 => {
                    server.kill();
                    server.start_again();
                }
                _ => appending(&url).iter().for_each(|pid| {
                    let mut client = Client::connect(&url, NoTls).unwrap();
                    client.execute("SELECT pg_terminate_backend($1)", &[pid]).unwrap();
                }),
            }
        }
        is_over.store(true, Ordering::Relaxed);
        appending_thread.join().unwrap()
    });
    println!("{} blocks; of those cut, {} were lost and {} stored", acknowledged.len(), cuts[0], cuts[1]);
    assert!(walk(&journals) == acknowledged, "what is stored is not what was acknowledged");
    assert!(Reader::new(journals, SHARD).verify(Timestamp::EPOCH, |_| Ok(())).unwrap().is_ok());
}

/// Stands between a client and the server, and stops passing on when told.
struct Between {
    port: u16,
    /// Nothing passes towards the server, or towards the client.
    is_held: Arc<[AtomicBool; 2]>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Between {
    fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_held = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let streams = Arc::<Mutex<Vec<TcpStream>>>::default();
        let (held, all) = (Arc::clone(&is_held), Arc::clone(&streams));
        // Ends with the process: a listener has no other end.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                all.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                let ends = [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)];
                for (way, (from, into)) in ends.into_iter().enumerate() {
                    let held = Arc::clone(&held);
                    thread::spawn(move || pass(from, into, &held[way]));
                }
            }
        });
        Self { port, is_held, streams }
    }

    fn hold(&self, way: usize, is_held: bool) {
        self.is_held[way].store(is_held, Ordering::Release);
    }

    fn cut(&self) {
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.is_held.iter().for_each(|held| held.store(false, Ordering::Release));
    }
}

fn pass(mut from: TcpStream, mut into: TcpStream, is_held: &AtomicBool) {
    let mut bytes = [0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if is_held.load(Ordering::Acquire) {
            // Swallowed: what is held never arrives.
            continue;
        }
        if into.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = into.shutdown(Shutdown::Both);
}

#[test]
fn a_connection_that_is_cut_in_mid_commit_leaves_all_or_nothing() {
    let server = PostgresServer::shared();
    let direct = server.new_database();
    let between = Between::start(server.port());
    let through = direct.replace(&format!(":{}/", server.port()), &format!(":{}/", between.port));
    let witness = open(&direct);
    let journals = open(&through);
    let mut journal = journals.writer(SHARD).unwrap();
    append(&mut *journal).1.unwrap();
    // The append never arrives: nothing is stored.
    between.hold(0, true);
    let (expected, answer) = thread::scope(|scope| {
        let waiting = scope.spawn(|| append(&mut *journal));
        thread::sleep(Duration::from_millis(50));
        between.cut();
        waiting.join().unwrap()
    });
    assert!(matches!(answer, Err(JournalError::Unknown { .. })), "{answer:?}");
    let head = recover(&mut *journal);
    assert_ne!(head, expected);
    assert_eq!((append(&mut *journal).1.unwrap(), head.next_seq), (expected, 1 + u64::from(content(1).0)));
    // Its answer never arrives: it is stored, once.
    between.hold(1, true);
    let (expected, answer) = thread::scope(|scope| {
        let before = journal.head();
        let waiting = scope.spawn(|| append(&mut *journal));
        let begun = Instant::now();
        while witness.head(SHARD).unwrap() == before {
            assert!(begun.elapsed() < LONG, "the append does not arrive");
        }
        between.cut();
        waiting.join().unwrap()
    });
    assert!(matches!(answer, Err(JournalError::Unknown { .. })), "{answer:?}");
    assert_eq!(recover(&mut *journal), expected);
    append(&mut *journal).1.unwrap();
    assert_eq!(walk(&witness).len(), 4);
}

#[test]
fn a_second_writer_is_told_who_holds_the_shard() {
    let server = PostgresServer::shared();
    let url = server.new_database();
    let journals = open(&url);
    let mut first = journals.writer(SHARD).unwrap();
    append(&mut *first).1.unwrap();
    let config = PostgresConfig { wait: Duration::from_millis(50), ..PostgresConfig::new(&url) };
    let others = PostgresJournals::open(&config).unwrap();
    let refused = others.writer(SHARD).unwrap_err();
    let is_named = refused.to_string().contains(&format!("bellwether {}", std::process::id()));
    assert!(matches!(refused, JournalError::Held { .. }) && is_named, "{refused}");
    others.writer(Shard::new(1).unwrap()).unwrap();
    // Reading is for everybody.
    assert_eq!(others.head(SHARD).unwrap(), first.head());
    drop(first);
    let mut second = others.writer(SHARD).unwrap();
    append(&mut *second).1.unwrap();
}

#[test]
fn what_cannot_be_reached_says_so_without_the_password() {
    let server = PostgresServer::shared();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let cases = [
        (format!("postgresql://me:secret@127.0.0.1:{port}/desk"), "PostgreSQL me@127.0.0.1"),
        (format!("{}x", server.url("none")), "createdb"),
        (format!("{}?sslmode=require", server.url("none")), "TLS"),
        ("postgresql:///desk".to_owned(), "no host"),
        ("nonsense secret".to_owned(), "postgresql://USER"),
    ];
    for (url, expected) in cases {
        let refused = PostgresJournals::open(&PostgresConfig::new(&url)).unwrap_err();
        let told = format!("{refused} {:?}", PostgresConfig::new(&url));
        assert!(matches!(refused, JournalError::Unavailable { .. }), "{told}");
        assert!(told.contains(expected) && !told.contains("secret"), "{told}");
    }
    // Tables of a newer version are left alone.
    let url = server.new_database();
    open(&url);
    let mut client = Client::connect(&url, NoTls).unwrap();
    client.execute("UPDATE bellwether.journal_version SET version = 1000", &[]).unwrap();
    let refused = PostgresJournals::open(&PostgresConfig::new(&url)).unwrap_err();
    assert!(matches!(refused, JournalError::Newer { found: 1_000, .. }), "{refused}");
    // Rows are neither changed nor deleted.
    let url = server.new_database();
    append(&mut *open(&url).writer(SHARD).unwrap()).1.unwrap();
    let mut client = Client::connect(&url, NoTls).unwrap();
    for sql in
        ["UPDATE bellwether.block SET count = 3", "DELETE FROM bellwether.block", "TRUNCATE bellwether.block"]
    {
        client.execute(sql, &[]).unwrap_err();
    }
}

#[test]
fn many_may_open_an_empty_database_at_once() {
    let server = PostgresServer::shared();
    let url = server.new_database();
    thread::scope(|scope| {
        for number in 0..6 {
            let url = &url;
            scope.spawn(move || {
                let mut journal = open(url).writer(Shard::new(number).unwrap()).unwrap();
                journal.append(1, &NewBlock { count: 1, time: Timestamp::EPOCH, bytes: b"x" }).unwrap();
            });
        }
    });
    assert_eq!(open(&url).shards().unwrap().len(), 6);
}

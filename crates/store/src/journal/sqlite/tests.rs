use market::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::journal::NewBlock;

const SHARD: Shard = Shard::new(0).unwrap();

fn block(bytes: &[u8]) -> NewBlock<'_> {
    NewBlock { count: 10, time: Timestamp::EPOCH, bytes }
}

fn open(folder: &TempDir) -> SqliteJournals {
    SqliteJournals::open(folder.path()).unwrap()
}

#[test]
fn a_full_disk_loses_nothing_and_appends_work_again() {
    let folder = tempfile::tempdir().unwrap();
    let journals = open(&folder);
    let mut journal = journals.writer(SHARD).unwrap();
    let bytes = vec![7; 100_000];
    for _ in 0..3 {
        journal.append(journal.head().next_seq, &block(&bytes)).unwrap();
    }
    let before = journal.head();
    let pages: i64 =
        journals.shared.writer().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let limit = |pages: i64| {
        journals.shared.writer().pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    };
    limit(pages + 3);
    for _ in 0..3 {
        let refused = journal.append(before.next_seq, &block(&bytes)).unwrap_err();
        assert!(matches!(refused, JournalError::Full { .. }), "{refused}");
        assert!(refused.to_string().contains(&folder.path().display().to_string()), "{refused}");
        assert_eq!((journal.head(), journals.head(SHARD).unwrap()), (before, before));
    }
    // A small block finds room where a large one does not.
    journal.append(before.next_seq, &block(b"small")).unwrap();
    limit(pages + 1_000);
    let after = journal.append(before.next_seq + 10, &block(&bytes)).unwrap();
    assert_eq!(journals.head(SHARD).unwrap(), after);
}

#[test]
fn the_log_stays_bounded_when_the_writer_never_pauses() {
    let folder = tempfile::tempdir().unwrap();
    let journals = open(&folder);
    let mut journal = journals.writer(SHARD).unwrap();
    let bytes = vec![7; 1 << 20];
    let mut largest = 0;
    for _ in 0..200 {
        journal.append(journal.head().next_seq, &block(&bytes)).unwrap();
        largest = largest.max(fs::metadata(folder.path().join("journal.db-wal")).unwrap().len());
    }
    // What may come while it is moved comes on top.
    assert!(largest < 64 << 20, "{largest} bytes");
}

#[test]
fn what_was_left_of_an_interrupted_commit_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let journals = open(&folder);
    let mut journal = journals.writer(SHARD).unwrap();
    journal.append(1, &block(b"one")).unwrap();
    let head = journal.recover().unwrap();
    assert_eq!(head.next_seq, 11);
    let log = fs::read(folder.path().join("journal.db-wal")).unwrap();
    assert!(log.iter().all(|byte| *byte == 0));
    journal.append(11, &block(b"two")).unwrap();
}

#[test]
fn a_newer_file_and_a_file_that_is_none_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let journals = open(&folder);
    journals.shared.writer().pragma_update(None, "user_version", 1_000).unwrap();
    drop(journals);
    let refused = SqliteJournals::open(folder.path()).unwrap_err();
    assert!(matches!(refused, JournalError::Newer { found: 1_000, .. }), "{refused}");
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("journal.db"), [b'x'; 5_000]).unwrap();
    let refused = SqliteJournals::open(other.path()).unwrap_err();
    assert!(refused.to_string().contains("not a database"), "{refused}");
    let refused = SqliteJournals::open(&other.path().join("journal.db")).unwrap_err();
    assert!(matches!(refused, JournalError::Unavailable { .. }), "{refused}");
}

#[test]
fn rows_are_not_changed_and_not_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let journals = open(&folder);
    journals.writer(SHARD).unwrap().append(1, &block(b"one")).unwrap();
    for sql in ["UPDATE block SET count = 3", "DELETE FROM block"] {
        let refused = journals.shared.writer().execute(sql, []).unwrap_err();
        assert!(refused.to_string().contains("only appended to"), "{refused}");
    }
}

#[test]
fn another_program_that_locks_the_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let journals = open(&folder);
    let mut journal = journals.writer(SHARD).unwrap();
    let other = Connection::open(folder.path().join("journal.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    journals.shared.writer().busy_timeout(Duration::from_millis(1)).unwrap();
    let refused = journal.append(1, &block(b"one")).unwrap_err();
    assert!(matches!(refused, JournalError::Unavailable { .. }), "{refused}");
    other.execute_batch("ROLLBACK").unwrap();
    journal.append(1, &block(b"one")).unwrap();
}

#[test]
fn snapshots_beyond_the_end_are_removed_with_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let files = SnapshotFiles::of(folder.path());
    let head = |next_seq| Head { next_seq, ..Head::genesis(SHARD) };
    for next_seq in [5, 10, 15, 20] {
        files.save(SHARD, head(next_seq), b"state").unwrap();
    }
    let seqs = || {
        let mut seqs: Vec<u64> = files.heads(SHARD).unwrap().iter().map(|head| head.next_seq).collect();
        seqs.sort_unstable();
        seqs
    };
    assert_eq!(seqs(), [15, 20]);
    files.save(SHARD, head(16), b"state").unwrap();
    assert_eq!(seqs(), [15, 16]);
    assert_eq!(files.heads(Shard::new(1).unwrap()).unwrap(), []);
}

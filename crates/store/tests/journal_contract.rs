//! What a journal promises, tried on both kinds: the same tests, told which to make.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use market::Timestamp;
use store::journal::{
    BLOCK_BYTES_MAX, BLOCK_ENTRIES_MAX, Block, Damage, Head, Journal, JournalError, NewBlock, Reader, Shard,
};
use support::{House, Kind};

const ONE: Shard = Shard::new(0).unwrap();
const TWO: Shard = Shard::new(1).unwrap();

fn at(nanos: i64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

fn block(count: u32, bytes: &[u8]) -> NewBlock<'_> {
    NewBlock { count, time: at(1_763_735_400_000_000_000 + i64::from(count)), bytes }
}

/// Appends at the handle's own head.
fn append(journal: &mut dyn Journal, count: u32, bytes: &[u8]) -> Head {
    let next = journal.head().next_seq;
    journal.append(next, &block(count, bytes)).unwrap()
}

fn walk(reader: &Reader) -> Result<Vec<Block>, JournalError> {
    let mut blocks = Vec::new();
    reader.walk(Head::genesis(reader.shard()), |block| {
        blocks.push(block.clone());
        Ok::<_, JournalError>(())
    })?;
    Ok(blocks)
}

fn damage(reader: &Reader) -> Damage {
    match walk(reader) {
        Err(JournalError::Damaged { damage, .. }) => damage,
        other => panic!("not found to be damaged: {other:?}"),
    }
}

fn an_empty_journal(house: &House) {
    let journals = house.journals();
    let reader = Reader::new(Arc::clone(&journals), ONE);
    let journal = journals.writer(ONE).unwrap();
    let genesis = Head::genesis(ONE);
    assert_eq!((journal.head(), reader.head().unwrap()), (genesis, genesis));
    assert_eq!((genesis.next_seq, genesis.entries()), (1, 0));
    for seq in [0, 1, 2, u64::MAX] {
        assert_eq!(reader.read(seq, 1_000).unwrap(), []);
        assert_eq!(reader.block_at(seq).unwrap(), None);
    }
    assert_eq!(walk(&reader).unwrap(), []);
    assert_eq!(journals.shards().unwrap(), []);
    assert_eq!(journals.latest_snapshot(ONE).unwrap(), None);
    let verified = reader.verify(at(5), |_| Ok(())).unwrap();
    assert_eq!((verified.entries(), verified.is_ok()), (0, true));
}

fn what_is_appended_is_read(house: &House) {
    let journals = house.journals();
    let mut journal = journals.writer(ONE).unwrap();
    let mut other = journals.writer(TWO).unwrap();
    let reader = Reader::new(Arc::clone(&journals), ONE);
    let mut expected = Vec::new();
    for (count, bytes) in [(1, &b"a"[..]), (3, b"bcd"), (4_096, &[0, 255, 0]), (1, b"e")] {
        let before = journal.head();
        let head = append(&mut *journal, count, bytes);
        append(&mut *other, 7, b"of the other shard");
        assert_eq!((head, head), (journal.head(), reader.head().unwrap()));
        assert_eq!(head, before.after(ONE, &block(count, bytes)));
        let time = block(count, bytes).time;
        let (first_seq, bytes, hash) = (before.next_seq, bytes.to_vec(), head.hash);
        expected.push(Block { first_seq, count, time, bytes, hash });
    }
    assert_eq!(journal.shard(), ONE);
    assert_eq!(walk(&reader).unwrap(), expected);
    assert_eq!(journals.shards().unwrap(), [ONE, TWO]);
    assert_eq!(reader.read(0, usize::MAX).unwrap(), expected);
    assert_eq!(reader.read(1, usize::MAX).unwrap(), expected);
    assert_eq!(reader.read(1, 4).unwrap(), expected[..2]);
    assert_eq!(reader.read(1, 0).unwrap(), expected[..1]);
    assert_eq!(reader.read(3, 1).unwrap(), expected[1..2]);
    assert_eq!(reader.read(5, 4).unwrap(), expected[2..]);
    assert_eq!(reader.read(4_102, 4).unwrap(), []);
    for (seq, at) in [(1, 0), (2, 1), (4, 1), (5, 2), (4_100, 2), (4_101, 3)] {
        assert_eq!(reader.block_at(seq).unwrap().as_ref(), Some(&expected[at]), "{seq}");
    }
    for seq in [0, 4_102, u64::MAX] {
        assert_eq!(reader.block_at(seq).unwrap(), None);
    }
    // From a head in the middle on, as after a snapshot.
    let mut seen = 0;
    let end = reader.walk(expected[1].head(), |block| {
        seen += block.count;
        Ok::<_, JournalError>(())
    });
    assert_eq!((end.unwrap(), seen), (journal.head(), 4_097));
    // Who folds may stop early.
    let stopped = reader.walk(Head::genesis(ONE), |block| match block.first_seq {
        1 => Ok(()),
        _ => Err(Stop::Early),
    });
    assert!(matches!(stopped, Err(Stop::Early)));
}

#[derive(Debug)]
enum Stop {
    Early,
    Failed,
}

impl From<JournalError> for Stop {
    fn from(_: JournalError) -> Self {
        Self::Failed
    }
}

fn it_is_there_after_it_was_closed(house: &House) {
    let (head, other) = {
        let journals = house.journals();
        let (mut journal, mut other) = (journals.writer(ONE).unwrap(), journals.writer(TWO).unwrap());
        append(&mut *journal, 5, b"five");
        (append(&mut *journal, 2, b"two"), append(&mut *other, 1, b"one"))
    };
    let journals = house.journals();
    let mut journal = journals.writer(ONE).unwrap();
    assert_eq!((journal.head(), journals.head(TWO).unwrap()), (head, other));
    append(&mut *journal, 1, b"more");
    let reader = Reader::new(journals, ONE);
    let found: Vec<_> =
        walk(&reader).unwrap().into_iter().map(|block| (block.first_seq, block.bytes)).collect();
    assert_eq!(found, [(1, b"five".to_vec()), (6, b"two".to_vec()), (8, b"more".to_vec())]);
}

fn what_is_no_block_is_refused(house: &House) {
    let journals = house.journals();
    let mut journal = journals.writer(ONE).unwrap();
    let large = vec![1; BLOCK_BYTES_MAX + 1];
    for (count, bytes) in [(0, &b"x"[..]), (BLOCK_ENTRIES_MAX + 1, b"x"), (1, b""), (1, &large)] {
        let refused = journal.append(1, &block(count, bytes)).unwrap_err();
        assert!(matches!(refused, JournalError::Invalid { .. }), "{refused}");
    }
    assert_eq!(journals.head(ONE).unwrap(), Head::genesis(ONE));
    append(&mut *journal, 1, b"x");
}

fn large_blocks(house: &House) {
    let journals = house.journals();
    let mut journal = journals.writer(ONE).unwrap();
    let reader = Reader::new(Arc::clone(&journals), ONE);
    let large: Vec<u8> = (0..BLOCK_BYTES_MAX).map(|n| ((n * n) >> 7) as u8).collect();
    append(&mut *journal, 1, b"small");
    append(&mut *journal, BLOCK_ENTRIES_MAX, &large);
    append(&mut *journal, 1, b"small");
    let blocks = walk(&reader).unwrap();
    assert!(blocks.len() == 3 && blocks[1].bytes == large);
    assert_eq!(reader.read(1, 1_000).unwrap().len(), 1);
}

fn a_second_writer_is_fenced(house: &House) {
    let (journals, rivals) = (house.unguarded(), house.unguarded());
    let (mut first, mut second) = (journals.writer(ONE).unwrap(), rivals.writer(ONE).unwrap());
    append(&mut *first, 3, b"first");
    let refused = second.append(1, &block(1, b"second")).unwrap_err();
    assert!(matches!(refused, JournalError::Fenced { expected: 1, found: 4, .. }), "{refused}");
    // Again and again, until it looks.
    second.append(1, &block(1, b"second")).unwrap_err();
    assert_eq!(second.recover().unwrap(), first.head());
    append(&mut *second, 1, b"second");
    let refused = first.append(4, &block(1, b"first")).unwrap_err();
    assert!(matches!(refused, JournalError::Fenced { expected: 4, found: 5, .. }), "{refused}");
    // A number that is not its own head's is refused, too.
    for expected in [0, 1, 4, 6, u64::MAX] {
        let refused = second.append(expected, &block(1, b"x")).unwrap_err();
        assert!(matches!(refused, JournalError::Fenced { found: 5, .. }), "{refused}");
    }
    let reader = Reader::new(journals, ONE);
    let found: Vec<_> = walk(&reader).unwrap().into_iter().map(|block| block.bytes).collect();
    assert_eq!(found, [b"first".to_vec(), b"second".to_vec()]);
}

fn racing_writers_never_both_win(house: &House) {
    const WRITERS: u8 = 4;
    const WINS: usize = 25;
    let won: Vec<Vec<Head>> = thread::scope(|scope| {
        let racers: Vec<_> = (0..WRITERS)
            .map(|racer| {
                scope.spawn(move || {
                    let mut journal = house.unguarded().writer(ONE).unwrap();
                    let mut won = Vec::new();
                    while won.len() < WINS {
                        let next = journal.head().next_seq;
                        match journal.append(next, &block(1 + u32::from(racer), &[racer; 50])) {
                            Ok(head) => won.push(head),
                            Err(JournalError::Fenced { .. }) => drop(journal.recover().unwrap()),
                            Err(other) => panic!("{other}"),
                        }
                    }
                    won
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let blocks = walk(&Reader::new(house.journals(), ONE)).unwrap();
    assert_eq!(blocks.len(), WINS * usize::from(WRITERS));
    for (racer, won) in won.iter().enumerate() {
        let stored = blocks.iter().filter(|block| usize::from(block.bytes[0]) == racer);
        assert_eq!(&stored.map(Block::head).collect::<Vec<_>>(), won);
    }
}

fn readers_go_on_beside_the_writer(house: &House) {
    let journals = house.journals();
    let mut journal = journals.writer(ONE).unwrap();
    append(&mut *journal, 1, &[0; 2_000]);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let reader = Reader::new(Arc::clone(&journals), ONE);
                let is_over = &is_over;
                scope.spawn(move || {
                    let (mut walks, mut longest) = (0, 0);
                    while !is_over.load(Ordering::Relaxed) || walks == 0 {
                        let blocks = walk(&reader).unwrap();
                        assert!(blocks.len() >= longest);
                        (walks, longest) = (walks + 1, blocks.len());
                        reader.block_at(longest as u64).unwrap().unwrap();
                    }
                    longest
                })
            })
            .collect();
        for n in 1..200u8 {
            append(&mut *journal, 1, &[n; 2_000]);
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(readers.into_iter().all(|reader| reader.join().unwrap() > 0));
    });
    assert_eq!(journals.head(ONE).unwrap().entries(), 200);
}

fn anything_tampered_with_is_found(house: &House) {
    let fresh = || {
        let house = house.another();
        let journals = house.journals();
        let mut journal = journals.writer(ONE).unwrap();
        for n in 0..5 {
            append(&mut *journal, 10, &[n; 40]);
        }
        drop(journal);
        let reader = Reader::new(journals, ONE);
        (house, reader)
    };
    // Of the third block, which begins with entry 21.
    let third = "first_seq = 21";
    let changes = [
        ("bytes".to_owned(), "cc".repeat(39) + "02"),
        ("bytes".to_owned(), "02".repeat(39)),
        ("bytes".to_owned(), "02".repeat(41)),
        ("hash".to_owned(), "02".repeat(32)),
    ];
    for (column, hex) in &changes {
        let (house, reader) = fresh();
        house.tamper(&format!("UPDATE block SET {column} = {} WHERE {third}", house.bytes(hex)));
        assert_eq!(damage(&reader).seq, 21, "{column}");
    }
    for change in ["count = 9", "count = 11", "count = 0", "time = time + 1"] {
        let (house, reader) = fresh();
        house.tamper(&format!("UPDATE block SET {change} WHERE {third}"));
        assert_eq!(damage(&reader).seq, 21, "{change}");
    }
    let (house, reader) = fresh();
    house.tamper(&format!("DELETE FROM block WHERE {third}"));
    assert_eq!(damage(&reader).seq, 21);
    let (house, reader) = fresh();
    house.tamper("DELETE FROM block WHERE first_seq = 1");
    assert_eq!(damage(&reader).seq, 1);
    // Two blocks of the same length change places.
    let (house, reader) = fresh();
    house.swap(11, 31);
    assert_eq!(damage(&reader).seq, 11);
    // A shard's block under another shard.
    let (house, reader) = fresh();
    house.tamper("UPDATE block SET shard = 1");
    let other = Reader::new(house.journals(), TWO);
    assert_eq!((damage(&other).seq, walk(&reader).unwrap().len()), (1, 0));
    // What follows the change is refused to a writer's fold, not to its appends: those are chained on.
    let (_house, reader) = fresh();
    assert_eq!(walk(&reader).unwrap().len(), 5);
}

fn a_verification_is_kept(house: &House) {
    let journals = house.journals();
    let mut journal = journals.writer(ONE).unwrap();
    let reader = Reader::new(Arc::clone(&journals), ONE);
    assert_eq!(journals.last_verification(ONE).unwrap(), None);
    for n in 0..4 {
        append(&mut *journal, 10, &[n; 9]);
    }
    let mut seen = Vec::new();
    let verified = reader.verify(at(99), |block| {
        seen.push(block.first_seq);
        Ok(())
    });
    let verified = verified.unwrap();
    assert_eq!(seen, [1, 11, 21, 31]);
    assert_eq!((verified.time, verified.entries(), &verified.damage), (at(99), 40, &None));
    assert_eq!(journals.last_verification(ONE).unwrap().as_ref(), Some(&verified));
    assert_eq!(journals.last_verification(TWO).unwrap(), None);
    // The caller may find what the chain cannot.
    let refuse = |block: &Block| match block.first_seq {
        21 => Err(Damage::new(25, "does not balance")),
        _ => Ok(()),
    };
    let verified = reader.verify(at(100), refuse).unwrap();
    assert_eq!((verified.entries(), &verified.damage), (20, &Some(Damage::new(25, "does not balance"))));
    assert_eq!(journals.last_verification(ONE).unwrap(), Some(verified));
    reader.verify(at(101), |_| Ok(())).unwrap();
    // An end that is gone is missed, although what is left is a chain.
    house.tamper("DELETE FROM block WHERE first_seq = 31");
    assert_eq!(walk(&reader).unwrap().len(), 3);
    let verified = reader.verify(at(102), |_| Ok(())).unwrap();
    assert_eq!((verified.entries(), verified.damage.map(|damage| damage.seq)), (30, Some(31)));
    // So is an end that was written anew.
    reader.verify(at(103), |_| Ok(())).unwrap();
    house.tamper("DELETE FROM block WHERE first_seq = 21");
    journal.recover().unwrap();
    append(&mut *journal, 11, b"something else");
    let verified = reader.verify(at(104), |_| Ok(())).unwrap();
    assert_eq!((verified.entries(), verified.damage.map(|damage| damage.seq)), (20, Some(21)));
}

fn snapshots(house: &House) {
    let journals = house.journals();
    let mut journal = journals.writer(ONE).unwrap();
    let state = |n: u8| (0..20_000_000u32).map(|at| (at >> 12) as u8 ^ n).collect::<Vec<_>>();
    let empty = journal.head();
    journals.save_snapshot(ONE, empty, b"nothing yet").unwrap();
    assert_eq!(journals.latest_snapshot(ONE).unwrap().unwrap().bytes, b"nothing yet");
    let heads = [1u8, 2, 3].map(|n| {
        let head = append(&mut *journal, 10, &[n]);
        journals.save_snapshot(ONE, head, &state(n)).unwrap();
        head
    });
    append(&mut *journal, 1, b"after");
    let newest = |expected: usize| {
        let found = journals.latest_snapshot(ONE).unwrap().unwrap();
        assert!(found.head == heads[expected] && found.bytes == state(expected as u8 + 1));
    };
    newest(2);
    assert_eq!(journals.latest_snapshot(TWO).unwrap(), None);
    // The same again, and the empty one, are saved like any.
    journals.save_snapshot(ONE, heads[2], &state(3)).unwrap();
    newest(2);
    house.damage_snapshot(ONE, heads[2]);
    newest(1);
    house.damage_snapshot(ONE, heads[1]);
    assert_eq!(journals.latest_snapshot(ONE).unwrap(), None, "two were kept, both damaged");
    // One that is not of this chain is not gone on from.
    let foreign = Head::genesis(TWO).after(TWO, &block(31, b"x"));
    assert_eq!(foreign.next_seq, journal.head().next_seq);
    journals.save_snapshot(ONE, foreign, b"foreign").unwrap();
    assert_eq!(journals.latest_snapshot(ONE).unwrap(), None);
    let inside = Head { next_seq: 15, ..heads[1] };
    journals.save_snapshot(ONE, inside, b"inside a block").unwrap();
    assert_eq!(journals.latest_snapshot(ONE).unwrap(), None);
    journals.save_snapshot(ONE, journal.head(), b"").unwrap();
    assert_eq!(journals.latest_snapshot(ONE).unwrap().unwrap().bytes, b"");
}

fn appends_go_on_while_a_snapshot_is_saved(house: &House) {
    let journals = house.journals();
    let mut journal = journals.writer(ONE).unwrap();
    let head = append(&mut *journal, 1, b"first");
    let state = vec![5; 60_000_000];
    let is_saved = AtomicBool::new(false);
    let appended = thread::scope(|scope| {
        scope.spawn(|| {
            journals.save_snapshot(ONE, head, &state).unwrap();
            is_saved.store(true, Ordering::Relaxed);
        });
        let mut appended = 0;
        while !is_saved.load(Ordering::Relaxed) {
            append(&mut *journal, 1, b"beside");
            appended += 1;
        }
        appended
    });
    assert!(appended > 3, "{appended} appends");
    assert_eq!(journals.latest_snapshot(ONE).unwrap().unwrap().bytes.len(), state.len());
}

fn values_beside_the_journals(house: &House) {
    let journals = house.journals();
    assert_eq!(journals.meta("shards").unwrap(), None);
    let set: Vec<Vec<u8>> = thread::scope(|scope| {
        let race = (0..4u8).map(|n| {
            let journals = Arc::clone(&journals);
            scope.spawn(move || journals.init_meta("shards", &[n]).unwrap())
        });
        race.collect::<Vec<_>>().into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert!(set.iter().all(|value| value == &set[0] && value.len() == 1), "{set:?}");
    assert_eq!(journals.init_meta("shards", b"other").unwrap(), set[0]);
    journals.set_meta("format", b"1").unwrap();
    journals.set_meta("format", &[0, 255]).unwrap();
    journals.set_meta("empty", b"").unwrap();
    drop(journals);
    let journals = house.journals();
    assert_eq!(journals.meta("format").unwrap(), Some(vec![0, 255]));
    assert_eq!(journals.meta("empty").unwrap(), Some(vec![]));
    assert_eq!(journals.meta("shards").unwrap().as_ref(), Some(&set[0]));
}

macro_rules! contract {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[test]
            fn $test() {
                super::$test(&super::House::new(super::Kind::Sqlite));
            })*
        }

        mod postgres {
            $(#[test]
            fn $test() {
                super::$test(&super::House::new(super::Kind::Postgres));
            })*
        }
    };
}

contract! {
    an_empty_journal
    what_is_appended_is_read
    it_is_there_after_it_was_closed
    what_is_no_block_is_refused
    large_blocks
    a_second_writer_is_fenced
    racing_writers_never_both_win
    readers_go_on_beside_the_writer
    anything_tampered_with_is_found
    a_verification_is_kept
    snapshots
    appends_go_on_while_a_snapshot_is_saved
    values_beside_the_journals
}

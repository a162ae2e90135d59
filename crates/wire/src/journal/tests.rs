use expect_test::expect_file;
use ledger::{Cents, Entry, Event, Fill, Ledger, Outcome, UserId, UserName, Verb};
use proptest::collection::vec;
use proptest::prelude::*;

use super::day::a_day;
use super::*;

fn block<'a>(entries: impl IntoIterator<Item = (&'a UserName, &'a Entry)>) -> Vec<u8> {
    let mut out = Vec::new();
    begin_block(&mut out);
    for (user, entry) in entries {
        write_entry(entry, user, &mut out);
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The same without the ids, as a reader has it.
fn as_read(user: UserName, entry: &Entry) -> Record {
    Record { user, entry: Entry { user: UserId::SYSTEM, ..entry.clone() } }
}

/// What version 1 looked like when it was first written, one record a line. It must be readable for
/// ever: never change the file, add another version instead.
#[test]
fn version_1_reads_as_it_was_written() {
    let (_, entries) = a_day();
    let mut now = hex(&block([]));
    for (user, entry) in &entries {
        now.push('\n');
        now.push_str(&hex(&block([(user, entry)])[1..]));
    }
    now.push('\n');
    expect_file!["../../tests/golden/journal-block-v1.hex"].assert_eq(&now);
    let then = include_str!("../../tests/golden/journal-block-v1.hex");
    let read: Result<Vec<Record>, RecordError> = read_records(&unhex(then), 1).collect();
    let expected: Vec<Record> = entries.iter().map(|(user, entry)| as_read(*user, entry)).collect();
    assert_eq!(read.unwrap(), expected);
}

#[test]
fn snapshot_version_1_reads_as_it_was_written() {
    let (ledger, _) = a_day();
    let snapshot = ledger.snapshot();
    let mut now = hex(&write_snapshot(&snapshot));
    now.push('\n');
    expect_file!["../../tests/golden/journal-snapshot-v1.hex"].assert_eq(&now);
    let then = include_str!("../../tests/golden/journal-snapshot-v1.hex");
    let read = read_snapshot(&unhex(then)).unwrap();
    assert_eq!(read, snapshot);
    assert_eq!(Ledger::restore(read).unwrap().snapshot(), snapshot);
}

#[test]
fn a_ledger_is_made_again_from_a_block() {
    let (ledger, entries) = a_day();
    let bytes = block(entries.iter().map(|(user, entry)| (user, entry)));
    let mut again = Ledger::new();
    for record in read_records(&bytes, 1) {
        let mut record = record.unwrap();
        record.entry.user = again.intern(&record.user).unwrap();
        again.replay(&record.entry).unwrap();
    }
    assert_eq!(again.snapshot(), ledger.snapshot());
}

#[test]
fn something_of_every_kind_is_in_the_golden_file() {
    let (_, entries) = a_day();
    let mut actions = [false; 21];
    let mut effects = [false; 11];
    let mut kinds = [false; 4];
    for (_, entry) in &entries {
        match &entry.event {
            Event::Command { action, outcome, .. } => {
                kinds[0] = true;
                actions[usize::from(code::of_action(action))] = true;
                if let Outcome::Done(effect) = outcome {
                    effects[usize::from(code::of_effect(effect))] = true;
                }
            }
            Event::Expired(_) => kinds[1] = true,
            Event::Fired(_) => kinds[2] = true,
            Event::Quoted { .. } => kinds[3] = true,
        }
    }
    assert!(actions[1..].iter().all(|there| *there), "{actions:?}");
    assert!(effects.iter().all(|there| *there), "{effects:?}");
    assert!(kinds.iter().all(|there| *there), "{kinds:?}");
}

#[test]
fn records_are_small() {
    let (_, entries) = a_day();
    for (user, entry) in &entries {
        let length = block([(user, entry)]).len() - 1;
        let answer =
            entry.quote.as_ref().and_then(|quote| quote.answer.as_ref()).map_or(0, |text| text.len());
        assert!(length - answer < 100, "{length} bytes: {entry:?}");
    }
}

#[test]
fn a_record_cut_anywhere_is_an_error() {
    let (ledger, entries) = a_day();
    for (user, entry) in &entries {
        let bytes = block([(user, entry)]);
        for cut in (0..bytes.len()).filter(|cut| *cut != 1) {
            let read = read_records(&bytes[..cut], entry.seq).next().unwrap();
            assert_eq!(read, Err(RecordError::Truncated), "{entry:?} cut at {cut}");
        }
        // Cut behind an intact length.
        let body = &bytes[bytes.len() - skim_length(&bytes)..];
        for cut in 0..body.len().min(127) {
            let mut short = vec![BLOCK_VERSION, cut as u8];
            short.extend_from_slice(&body[..cut]);
            assert!(read_records(&short, entry.seq).next().unwrap().is_err(), "{entry:?} cut to {cut}");
        }
    }
    let bytes = write_snapshot(&ledger.snapshot());
    for cut in 0..bytes.len() {
        assert!(read_snapshot(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(read_snapshot(&longer), Err(RecordError::Malformed("length")));
}

fn skim_length(block: &[u8]) -> usize {
    let mut cursor = crate::varint::Cursor::new(&block[1..]);
    cursor.u64().unwrap() as usize
}

#[test]
fn refuses_other_versions_and_lies() {
    assert_eq!(read_records(&[2, 0], 1).next(), Some(Err(RecordError::Version(2))));
    assert_eq!(read_records(&[], 1).next(), Some(Err(RecordError::Truncated)));
    assert_eq!(read_records(&[BLOCK_VERSION], 1).next(), None);
    assert_eq!(read_snapshot(&[9]), Err(RecordError::Version(9)));
    assert_eq!(read_snapshot(&[]), Err(RecordError::Truncated));
    let (_, entries) = a_day();
    let (user, entry) = &entries[1];
    let good = block([(user, entry)]);
    for (at, byte, field) in
        [(2, 0x80, "flags"), (2, flag_of_nothing(), "flags"), (3, 99, "action"), (5, b',', "user")]
    {
        let mut bad = good.clone();
        bad[at] = byte;
        assert_eq!(read_records(&bad, 2).next(), Some(Err(RecordError::Malformed(field))));
    }
    for previous in [2, 3] {
        let bad = block([(user, &Entry { previous, ..entry.clone() })]);
        assert_eq!(read_records(&bad, 2).next(), Some(Err(RecordError::Malformed("previous"))));
    }
    let event = Event::Fired(Fill { total: Cents(-1), ..any_fill() });
    let bad = block([(user, &Entry { event, ..entry.clone() })]);
    assert_eq!(read_records(&bad, 2).next(), Some(Err(RecordError::Malformed("amount"))));
    let mut longer = good.clone();
    longer[1] += 1;
    longer.push(0);
    assert_eq!(read_records(&longer, 2).next(), Some(Err(RecordError::Malformed("length"))));
    // After an error nothing is believed.
    let mut bad = block([(user, entry), (user, entry)]);
    bad[2] = 0x80;
    assert_eq!(read_records(&bad, 1).count(), 1);
    assert_eq!(skim(&bad, 1).count(), 1);
    // Four billion users in a snapshot of ten bytes.
    assert!(read_snapshot(&[1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
}

fn any_fill() -> Fill {
    let (_, entries) = a_day();
    let fill = entries.iter().find_map(|(_, entry)| match entry.event {
        Event::Fired(fill) => Some(fill),
        _ => None,
    });
    fill.unwrap()
}

/// Fresh, without a quote.
fn flag_of_nothing() -> u8 {
    code::flag::FRESH
}

#[test]
fn codes_are_their_own_inverse() {
    for verb in Verb::ALL {
        assert_eq!(code::verb(code::of_verb(verb)), Some(verb));
    }
    for fault in any::faults() {
        assert_eq!(code::fault(code::of_fault(fault)), Some(fault));
    }
    for refusal in any::plain_refusals() {
        assert_eq!(code::refusal(code::of_refusal(refusal)), Some(refusal));
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        first_seq in 1..u64::MAX - 12,
        written in vec((any::user(), any::entry()), 0..12),
    ) {
        let written: Vec<(UserName, Entry)> = written
            .into_iter()
            .zip(0u64..)
            .map(|((user, entry), at)| {
                let seq = first_seq + at;
                (user, Entry { seq, previous: entry.previous % seq, ..entry })
            })
            .collect();
        let bytes = block(written.iter().map(|(user, entry)| (user, entry)));
        let read: Result<Vec<Record>, RecordError> = read_records(&bytes, first_seq).collect();
        let expected: Vec<Record> = written.iter().map(|(user, entry)| as_read(*user, entry)).collect();
        prop_assert_eq!(read.as_ref(), Ok(&expected));
        for (front, record) in skim(&bytes, first_seq).zip(&expected) {
            let front = front.unwrap();
            prop_assert_eq!(front.user, record.user.as_bytes());
            prop_assert_eq!((front.seq, front.previous), (record.entry.seq, record.entry.previous));
            prop_assert_eq!(front.at, record.entry.at);
        }
    }

    #[test]
    fn a_snapshot_that_is_written_is_read(snapshot in any::snapshot()) {
        prop_assert_eq!(read_snapshot(&write_snapshot(&snapshot)), Ok(snapshot));
    }

    #[test]
    fn no_bytes_make_it_panic(mut bytes in vec(proptest::num::u8::ANY, 0..300)) {
        let _ = read_records(&bytes, 1).count();
        let _ = read_snapshot(&bytes);
        if let Some(version) = bytes.first_mut() {
            *version = 1;
        }
        let _ = read_records(&bytes, u64::MAX).count();
        let _ = read_snapshot(&bytes);
    }

    #[test]
    fn one_wrong_byte_makes_nothing_panic(user in any::user(), entry in any::entry(), at in proptest::num::usize::ANY, byte in proptest::num::u8::ANY) {
        let mut bytes = block([(&user, &entry)]);
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read_records(&bytes, 0).count();
    }

    #[test]
    fn one_wrong_byte_of_a_snapshot_makes_nothing_panic(snapshot in any::snapshot(), at in proptest::num::usize::ANY, byte in proptest::num::u8::ANY) {
        let mut bytes = write_snapshot(&snapshot);
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read_snapshot(&bytes);
    }
}

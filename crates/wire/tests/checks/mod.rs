//! What must hold for any bytes at all. Shared by the tests here and the fuzzers in `fuzz/`.

use ledger::{Dialect, parse_line};
use market::SymbolId;
use wire::bus::{BatchView, InterestReport, Part, decode_instruments, decode_status, unpack};
use wire::journal::{Record, begin_block, read_records, read_snapshot, write_entry, write_snapshot};
use wire::parse_client_frame;

/// A line of the classic protocol is read the same whatever space stands around it, and what cannot be read says what
/// of it could.
pub(crate) fn command_line(data: &[u8]) {
    let Ok(line) = std::str::from_utf8(data) else { return };
    for dialect in [Dialect::Classic, Dialect::Wide] {
        let read = parse_line(line, dialect);
        assert_eq!(read, parse_line(&format!(" \t{line}\r\n"), dialect));
        match read {
            Ok(read) => assert!(read.user.as_str().len() <= 64),
            Err(bad) => assert!(!bad.malformed.fault.to_string().is_empty()),
        }
    }
}

/// Whatever entries are read from a block are the same once written and read again; a snapshot, too.
pub(crate) fn journal_block(data: &[u8]) {
    let records: Vec<Record> = read_records(data, 1).map_while(Result::ok).collect();
    let mut again = Vec::new();
    begin_block(&mut again);
    for record in &records {
        write_entry(&record.entry, &record.user, &mut again);
    }
    let reread: Vec<Record> =
        read_records(&again, 1).map(|record| record.expect("what was written")).collect();
    assert_eq!(records, reread);
    if let Ok(snapshot) = read_snapshot(data) {
        let written = write_snapshot(&snapshot);
        assert_eq!(read_snapshot(&written).expect("what was written"), snapshot);
    }
}

/// A frame of a client is read, or refused in words that fit into an answer.
pub(crate) fn client_frame(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = parse_client_frame(text) {
        let told = serde_json::to_string(&error.into_frame()).expect("an error is JSON");
        assert!(told.len() < 2_048, "{told}");
    }
}

/// Nothing that comes over the bus makes a reader panic or hold more than it was sent.
pub(crate) fn bus_message(data: &[u8]) {
    for body in unpack(data).unwrap_or_default().into_iter().chain([data]) {
        let Ok(view) = BatchView::new(body) else { continue };
        let ids: Vec<_> = (0..view.symbols.len()).map(|at| Some(SymbolId(at as u32))).collect();
        if let Ok((events, left_out)) = view.events(&ids) {
            assert!(events.len() + left_out <= body.len());
        }
    }
    if let Ok(part) = Part::decode(data) {
        assert_eq!(Part::decode(&part.encode()).ok().map(|p| (p.set, p.index)), Some((part.set, part.index)));
    }
    if let Ok((report, number)) = InterestReport::decode(data) {
        let again = report.encode(number).expect("what was read fits");
        assert_eq!(InterestReport::decode(&again).ok(), Some((report, number)));
    }
    let _ = decode_instruments(data);
    let _ = decode_status(data, |_| None);
}

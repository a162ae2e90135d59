//! What is sent and how it is told apart again: symbols, publications, and the price that carries
//! them.
//!
//! A price's whole dollars are the sequence of its symbol and its eight decimals the microseconds at
//! which it was due, so that one number, carried exactly from end to end, proves order and
//! completeness and measures the way. It is the same for every peer.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use market::calendar::{DayHours, Session};
use market::{Hours, Timestamp, calendar};
use memchr::{memchr, memmem};

/// Microseconds a price's decimals can hold.
pub(crate) const MICROS_WRAP: u64 = 100_000_000;
/// Letters of a symbol.
const LETTERS: usize = 4;

/// Who subscribes to what: connection `c` wants `per` symbols in a row from `c × per` on, so that
/// every symbol goes to as many connections as any other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Connections.
    pub(crate) connections: usize,
    /// Symbols published.
    pub(crate) symbols: usize,
    /// Symbols of one connection.
    pub(crate) per: usize,
}

impl Layout {
    /// Checks that every symbol has as many subscribers as any other.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(self.connections > 0 && self.symbols > 0 && self.per > 0, "nothing can be zero of a load");
        ensure!(self.per <= self.symbols, "{} symbols a connection of only {}", self.per, self.symbols);
        ensure!(
            (self.connections * self.per).is_multiple_of(self.symbols),
            "{} connections of {} symbols do not spread evenly over {} symbols",
            self.connections,
            self.per,
            self.symbols
        );
        ensure!(self.symbols <= 26usize.pow(LETTERS as u32), "too many symbols");
        Ok(())
    }

    /// Connections a symbol goes to.
    pub(crate) fn fan_out(&self) -> usize {
        self.connections * self.per / self.symbols
    }

    /// The symbols of a connection.
    pub(crate) fn symbols_of(&self, connection: usize) -> Wanted {
        Wanted { first: connection * self.per % self.symbols, count: self.per, of: self.symbols }
    }
}

/// Symbols in a row, from the last on to the first again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// The first.
    pub(crate) first: usize,
    /// How many.
    pub(crate) count: usize,
    /// Of how many there are.
    pub(crate) of: usize,
}

impl Wanted {
    /// The symbols' numbers.
    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        (self.first..self.first + self.count).map(move |s| s % self.of)
    }

    /// Which of them a symbol is.
    pub(crate) fn slot(self, symbol: usize) -> Option<usize> {
        if symbol >= self.of {
            return None;
        }
        let slot = (symbol + self.of - self.first) % self.of;
        (slot < self.count).then_some(slot)
    }
}

/// Appends the text of a symbol: `AAAA`, `AAAB`, …
pub(crate) fn write_symbol(out: &mut Vec<u8>, symbol: usize) {
    let mut text = [b'A'; LETTERS];
    let mut rest = symbol;
    for letter in text.iter_mut().rev() {
        // Below 26, so it fits.
        *letter = b'A' + (rest % 26) as u8;
        rest /= 26;
    }
    out.extend_from_slice(&text);
}

/// The text of a symbol.
pub(crate) fn symbol(symbol: usize) -> String {
    let mut text = Vec::new();
    write_symbol(&mut text, symbol);
    String::from_utf8(text).unwrap_or_default()
}

/// The number of a symbol's text.
pub(crate) fn symbol_number(text: &[u8]) -> Option<usize> {
    if text.len() != LETTERS || !text.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    Some(text.iter().fold(0, |n, letter| n * 26 + usize::from(letter - b'A')))
}

/// One value to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Publication {
    /// Of which symbol.
    pub(crate) symbol: usize,
    /// Its sequence within the symbol, from 1.
    pub(crate) seq: u32,
    /// When it was due.
    pub(crate) due_micros: u64,
}

impl Publication {
    /// Appends the price that carries it.
    pub(crate) fn write_price(&self, out: &mut Vec<u8>) {
        write_number(out, u64::from(self.seq));
        out.push(b'.');
        let mut digits = [0; 8];
        let mut rest = self.due_micros % MICROS_WRAP;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out.extend_from_slice(&digits);
    }

    /// Appends the message a subscriber gets, as Bellwether writes it, for peers that pass messages
    /// on as they are.
    pub(crate) fn write_message(&self, clock: &Clock, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"type":"price_update","data":{""#);
        write_symbol(out, self.symbol);
        out.extend_from_slice(br#"":{"price":"#);
        self.write_price(out);
        out.extend_from_slice(br#","timestamp":""#);
        if let Some(time) = Timestamp::from_millis(clock.trade_millis(self.due_micros)) {
            time.write(out);
        }
        out.extend_from_slice(br#"","seq":"#);
        write_number(out, u64::from(self.seq));
        out.extend_from_slice(br#","source":"finnhub","state":"live"}}}"#);
    }
}

/// Appends a whole number.
pub(crate) fn write_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// A value as it came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value {
    /// Of which symbol.
    pub(crate) symbol: usize,
    /// Its sequence within the symbol.
    pub(crate) seq: u32,
    /// When it was due, without what does not fit into eight digits.
    pub(crate) micros: u64,
}

const OPENING: &[u8] = br#"{"type":"price_update","data":{"#;

/// Calls for each value of a `price_update`; `None` if it is something else or not of the shape.
pub(crate) fn read_values(text: &[u8], mut each: impl FnMut(Value)) -> Option<()> {
    let mut rest = text.strip_prefix(OPENING)?;
    loop {
        let name = rest.strip_prefix(b"\"")?;
        let end = memchr(b'"', name)?;
        let symbol = symbol_number(&name[..end]);
        let row = name[end..].strip_prefix(br#"":{"#)?;
        // Neither times nor names of sources and states hold a brace.
        let close = memchr(b'}', row)?;
        let members = &row[..close];
        let price = match members.strip_prefix(br#""price":"#) {
            Some(price) => price,
            None => &members[memmem::find(members, br#""price":"#)? + br#""price":"#.len()..],
        };
        let (seq, micros) = read_price(price)?;
        if let Some(symbol) = symbol {
            each(Value { symbol, seq, micros });
        }
        rest = &row[close + 1..];
        match rest {
            [b',', more @ ..] => rest = more,
            [b'}', b'}'] => return Some(()),
            _ => return None,
        }
    }
}

/// Sequence and microseconds of the price that `text` begins with.
fn read_price(text: &[u8]) -> Option<(u32, u64)> {
    let mut at = 0;
    let mut seq: u32 = 0;
    while let Some(digit @ b'0'..=b'9') = text.get(at) {
        seq = seq.checked_mul(10)?.checked_add(u32::from(digit - b'0'))?;
        at += 1;
    }
    if at == 0 {
        return None;
    }
    let mut micros = 0;
    let mut unit = MICROS_WRAP;
    if text.get(at) == Some(&b'.') {
        at += 1;
        while let Some(digit @ b'0'..=b'9') = text.get(at) {
            unit /= 10;
            micros += u64::from(digit - b'0') * unit;
            at += 1;
        }
    }
    Some((seq, micros))
}

/// The generator's clock: microseconds since it began, and the times trades are given.
///
/// Trades are given times within a regular session, today's if it is open and else the last one, so
/// that every bar a real day makes is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    began: Instant,
    trades_begin_millis: i64,
}

impl Clock {
    /// Begins now.
    pub(crate) fn start() -> Self {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp::from_millis(elapsed.as_millis() as i64).unwrap_or(Timestamp::from_nanos(0));
        let today = DayHours::at(now, Hours::UsEquity);
        let begin = if today.session(now) == Session::Regular {
            now
        } else if today.is_trading_day() && now >= today.closes {
            today.opens
        } else {
            let date = calendar::previous_trading_date(today.date, Hours::UsEquity);
            DayHours::of(date, Hours::UsEquity).opens
        };
        Self { began: Instant::now(), trades_begin_millis: begin.millis() }
    }

    /// Microseconds since the beginning.
    pub(crate) fn micros(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    /// The moment that many microseconds after the beginning.
    pub(crate) fn instant(&self, micros: u64) -> Instant {
        self.began + Duration::from_micros(micros)
    }

    /// UNIX time in milliseconds of a trade at that moment.
    pub(crate) fn trade_millis(&self, micros: u64) -> i64 {
        self.trades_begin_millis + (micros / 1_000) as i64
    }
}

/// Publishes in an order that changes with every turn through the symbols, each symbol once a turn.
#[derive(Debug)]
pub(crate) struct Publisher {
    seqs: Vec<u32>,
    turn: Vec<u32>,
    at: usize,
    random: u64,
}

impl Publisher {
    /// For that many symbols.
    pub(crate) fn new(symbols: usize) -> Self {
        Self {
            seqs: vec![0; symbols],
            turn: (0..symbols as u32).collect(),
            at: symbols,
            random: 0x9E37_79B9_7F4A_7C15,
        }
    }

    /// The next value.
    pub(crate) fn next(&mut self, due_micros: u64) -> Publication {
        if self.at == self.turn.len() {
            self.at = 0;
            for place in (1..self.turn.len()).rev() {
                self.random ^= self.random << 13;
                self.random ^= self.random >> 7;
                self.random ^= self.random << 17;
                self.turn.swap(place, (self.random % (place as u64 + 1)) as usize);
            }
        }
        let symbol = self.turn[self.at] as usize;
        self.at += 1;
        self.seqs[symbol] += 1;
        Publication { symbol, seq: self.seqs[symbol], due_micros }
    }

    /// The newest sequence of each symbol.
    pub(crate) fn seqs(&self) -> &[u32] {
        &self.seqs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_read_back_and_are_symbols() {
        for number in [0, 1, 25, 26, 999, 25_999] {
            let text = symbol(number);
            assert_eq!(symbol_number(text.as_bytes()), Some(number));
            assert!(market::Symbol::new(&text).is_ok());
        }
        assert_eq!(symbol_number(b"AAPLX"), None);
    }

    #[test]
    fn every_symbol_has_as_many_subscribers() {
        let layout = Layout { connections: 200, symbols: 1_000, per: 50 };
        layout.check().unwrap();
        let mut counts = vec![0; layout.symbols];
        for connection in 0..layout.connections {
            let wanted = layout.symbols_of(connection);
            for (slot, symbol) in wanted.iter().enumerate() {
                counts[symbol] += 1;
                assert_eq!(wanted.slot(symbol), Some(slot));
            }
        }
        assert!(counts.iter().all(|&n| n == layout.fan_out()));
        assert!(Layout { connections: 3, symbols: 100, per: 50 }.check().is_err());
    }

    #[test]
    fn values_read_back() {
        let clock = Clock::start();
        let mut text = Vec::new();
        Publication { symbol: 42, seq: 812, due_micros: 3 * MICROS_WRAP + 1_200 }
            .write_message(&clock, &mut text);
        assert!((125..=150).contains(&text.len()), "{}", text.len());
        let mut got = Vec::new();
        read_values(&text, |v| got.push(v)).unwrap();
        assert_eq!(got, [Value { symbol: 42, seq: 812, micros: 1_200 }]);
    }

    #[test]
    fn reads_many_values_and_any_order_of_members() {
        let text =
            br#"{"type":"price_update","data":{"AAAA":{"price":7.5,"seq":1},"AAAB":{"seq":1,"price":12}}}"#;
        let mut got = Vec::new();
        read_values(text, |v| got.push(v)).unwrap();
        assert_eq!(
            got,
            [Value { symbol: 0, seq: 7, micros: 50_000_000 }, Value { symbol: 1, seq: 12, micros: 0 }]
        );
        assert_eq!(read_values(br#"{"type":"subscribed"}"#, |_| {}), None);
        assert_eq!(read_values(br#"{"type":"price_update","data":{"AAAA":{"#, |_| {}), None);
    }

    #[test]
    fn a_turn_has_every_symbol_once() {
        let mut publisher = Publisher::new(100);
        for turn in 1..=3 {
            let mut seen: Vec<usize> = (0..100).map(|_| publisher.next(0)).map(|p| p.symbol).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..100).collect::<Vec<_>>());
            assert!(publisher.seqs().iter().all(|&s| s == turn));
        }
    }
}

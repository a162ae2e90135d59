//! From Finnhub's frames to our trades: the full parser, and what both parsers share.
//!
//! `scan` reads the usual shape directly; anything else comes here. Both hand what
//! they read to the same [`Sink`], so they can differ only in reading, and tests and fuzzers
//! hold them to that.

use market::time::NANOS_PER_SECOND;
use market::{Conditions, MarketEvent, Price, Size, SymbolId, Timestamp, Trade};
use serde_json::value::RawValue;

use super::message::{Frame, Record};
use super::scan;
use crate::adapter::{Skip, SkipCounts};
use crate::{ErrorKind, FeedError, SymbolMap};

/// 1990-01-01T00:00:00Z. No feed existed before; a smaller number is a wrong unit or a default.
const TIME_MILLIS_MIN: i64 = 631_152_000_000;
/// How far a venue's clock may run ahead of ours.
const AHEAD_NANOS_MAX: i64 = 86_400 * NANOS_PER_SECOND;

/// What a frame turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameKind {
    /// Trades; they and what was left out are in the sink.
    Trades,
    /// The heartbeat.
    Ping,
    /// A complaint, in the provider's words.
    Error(String),
    /// News and press releases, which this product takes elsewhere.
    Unused,
    /// A kind the documentation does not have.
    Unknown,
}

/// Where parsed trades go, and the checks each must pass.
#[derive(Debug)]
pub struct Sink<'a> {
    symbols: &'a SymbolMap,
    ts_recv: Timestamp,
    time_millis_max: i64,
    next_seq: &'a mut u64,
    out: &'a mut Vec<MarketEvent>,
    /// What was left out.
    pub skipped: SkipCounts,
    /// Trades appended.
    pub trades: u32,
    /// Trades among them with a condition that is not in the table.
    pub unknown_conditions: u32,
}

/// A record's members as read, before judgement; `None` is absent, unreadable or out of range.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw {
    pub symbol: Option<SymbolId>,
    pub price: Option<Price>,
    pub size: Option<Size>,
    pub time_millis: Option<i64>,
    pub conditions: Conditions,
}

/// A point to return to when a reading is given up half-way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    len: usize,
    next_seq: u64,
    skipped: SkipCounts,
    trades: u32,
    unknown_conditions: u32,
}

impl<'a> Sink<'a> {
    /// A sink for one frame. `next_seq` is the number the next trade gets.
    pub fn new(
        symbols: &'a SymbolMap,
        ts_recv: Timestamp,
        next_seq: &'a mut u64,
        out: &'a mut Vec<MarketEvent>,
    ) -> Self {
        let time_millis_max = ts_recv.saturating_add_nanos(AHEAD_NANOS_MAX).millis();
        let skipped = SkipCounts::default();
        Self { symbols, ts_recv, time_millis_max, next_seq, out, skipped, trades: 0, unknown_conditions: 0 }
    }

    #[inline(always)]
    pub(super) fn id(&self, symbol: &[u8]) -> Option<SymbolId> {
        self.symbols.get(symbol)
    }

    #[inline(always)]
    pub(super) fn id_of_word(&self, word: u64, len: usize) -> Option<SymbolId> {
        self.symbols.get_word(word, len)
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            len: self.out.len(),
            next_seq: *self.next_seq,
            skipped: self.skipped,
            trades: self.trades,
            unknown_conditions: self.unknown_conditions,
        }
    }

    pub(super) fn undo(&mut self, mark: Mark) {
        self.out.truncate(mark.len);
        *self.next_seq = mark.next_seq;
        self.skipped = mark.skipped;
        self.trades = mark.trades;
        self.unknown_conditions = mark.unknown_conditions;
    }

    /// Judges a record; the first thing wrong with it, in this order, is what is counted.
    #[inline(always)]
    pub(super) fn push(&mut self, raw: Raw) {
        match self.judge(raw) {
            Ok(trade) => {
                *self.next_seq += 1;
                self.trades += 1;
                self.unknown_conditions += u32::from(trade.conditions.has_unknown());
                self.out.push(MarketEvent::Trade(trade));
            }
            Err(reason) => self.skipped.add(reason),
        }
    }

    #[inline(always)]
    fn judge(&self, raw: Raw) -> Result<Trade, Skip> {
        let symbol = raw.symbol.ok_or(Skip::Symbol)?;
        let price = raw.price.filter(|p| p.is_positive()).ok_or(Skip::Price)?;
        let size = raw.size.filter(|s| *s >= Size::ZERO).ok_or(Skip::Size)?;
        let ts_event = raw
            .time_millis
            .filter(|t| (TIME_MILLIS_MIN..=self.time_millis_max).contains(t))
            .and_then(Timestamp::from_millis)
            .ok_or(Skip::Time)?;
        if size == Size::ZERO {
            return Err(Skip::NoTrade);
        }
        let seq = *self.next_seq;
        Ok(Trade { symbol, ts_event, ts_recv: self.ts_recv, seq, price, size, conditions: raw.conditions })
    }
}

/// Reads a frame: the usual shape directly, anything else with the full parser.
///
/// # Errors
/// The frame as a whole is not of the provider's format; the sink is as it was.
pub fn frame(text: &[u8], sink: &mut Sink<'_>) -> Result<FrameKind, FeedError> {
    match scan::frame(text, sink) {
        Some(kind) => Ok(kind),
        None => full(text, sink),
    }
}

/// Reads a frame with the full parser only. The reference that the direct reading is held to.
///
/// # Errors
/// As [`frame`].
pub fn full(text: &[u8], sink: &mut Sink<'_>) -> Result<FrameKind, FeedError> {
    let first = match serde_json::from_slice::<Frame<'_>>(text) {
        Ok(frame) => return read(&frame, sink),
        Err(error) => error,
    };
    // Some JSON writers spell numbers that are none as NaN and Infinity. That spoils one
    // record; the others of the frame are still good.
    if let Some(mended) = without_nan(text)
        && let Ok(frame) = serde_json::from_slice::<Frame<'_>>(&mended)
    {
        return read(&frame, sink);
    }
    Err(FeedError::new(ErrorKind::Garbage, "reading a finnhub frame").caused_by(first))
}

fn read(frame: &Frame<'_>, sink: &mut Sink<'_>) -> Result<FrameKind, FeedError> {
    Ok(match &*frame.kind {
        "trade" => {
            let records: Vec<&RawValue> = match frame.data {
                Some(data) => serde_json::from_str(data.get()).map_err(|e| {
                    FeedError::new(ErrorKind::Garbage, "reading the data of a finnhub trade frame")
                        .caused_by(e)
                })?,
                None => Vec::new(),
            };
            for text in records {
                // A list would pass for an object whose members come in the order declared.
                let object = text.get().starts_with('{');
                match serde_json::from_str::<Record<'_>>(text.get()) {
                    Ok(record) if object => sink.push(raw(&record, sink)),
                    _ => sink.skipped.add(Skip::Malformed),
                }
            }
            FrameKind::Trades
        }
        "ping" => FrameKind::Ping,
        "error" => FrameKind::Error(frame.msg.as_deref().unwrap_or_default().to_owned()),
        "news" | "pr" | "press-release" => FrameKind::Unused,
        _ => FrameKind::Unknown,
    })
}

fn raw(record: &Record<'_>, sink: &Sink<'_>) -> Raw {
    Raw {
        symbol: sink.id(record.s.as_bytes()),
        price: record.p.and_then(|p| Price::parse(p.get().as_bytes()).ok()),
        size: record.v.and_then(|v| Size::parse(v.get().as_bytes()).ok()),
        time_millis: record.t.and_then(|t| t.get().parse().ok()),
        conditions: conditions(record.c),
    }
}

/// A list of ids, as strings or numbers. What is neither counts as an unknown condition, so
/// that it is seen in the metric rather than taken for a regular sale in silence.
fn conditions(list: Option<&RawValue>) -> Conditions {
    let unknown = |set: Conditions| set.with_numeric(u32::MAX);
    let Some(list) = list else { return Conditions::REGULAR };
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(list.get()) else {
        return unknown(Conditions::REGULAR);
    };
    items.iter().fold(Conditions::REGULAR, |set, item| match item.get().trim_matches('"').parse::<u32>() {
        Ok(id) => set.with_numeric(id),
        Err(_) => unknown(set),
    })
}

/// The text with bare `NaN`, `Infinity` and `-Infinity` made `null`; `None` if it has none.
fn without_nan(text: &[u8]) -> Option<Vec<u8>> {
    const WORDS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
    let mut out = Vec::with_capacity(text.len());
    let (mut at, mut quoted, mut found) = (0, false, false);
    while at < text.len() {
        let rest = &text[at..];
        let word = WORDS.iter().find(|w| !quoted && rest.starts_with(w));
        match (word, text[at]) {
            (Some(word), _) => {
                out.extend_from_slice(b"null");
                at += word.len();
                found = true;
                continue;
            }
            (None, b'\\') if quoted => {
                out.extend_from_slice(&rest[..rest.len().min(2)]);
                at += 2;
                continue;
            }
            (None, b'"') => quoted = !quoted,
            _ => {}
        }
        out.push(text[at]);
        at += 1;
    }
    found.then_some(out)
}

//! Market events, many to a payload.
//!
//! A payload is the version (one byte) and one or more bodies, each after its length. A body is
//! one feed's batch:
//!
//! ```text
//! feed's length, feed | n symbols, each: length, text | n events, each: kind (one byte), fields
//! ```
//!
//! Lengths, counts and fields are the integers of `varint`. An event names its symbol by its place
//! in the body's list. Times and sequences are differences to the event before, arrivals are
//! differences to the event's own time: a trade takes some 20 bytes instead of 100.

use std::collections::HashMap;
use std::sync::Arc;

use market::event::Reference;
use market::{Conditions, MarketEvent, Price, Size, Symbol, SymbolId, Timestamp, Trade, TradeRef, Volume};

use super::{DecodeError, EncodeError};
use crate::varint::{Cursor, write_i64, write_i128, write_u64};

/// The version this program writes, and the only one it reads.
pub const MESSAGE_VERSION: u8 = 1;

/// The longest name of a feed, in bytes.
const FEED_BYTES_MAX: usize = 64;
/// A gap that concerns more symbols than this is written as several, so that one event cannot
/// outgrow a message.
const GAP_SYMBOLS_MAX: usize = 1_024;

const TRADE: u8 = 1;
const CANCEL: u8 = 2;
const CORRECTION: u8 = 3;
const REFERENCE: u8 = 4;
const GAP: u8 = 5;

/// What one feed reported together, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBatch {
    /// The feed's name in the configuration, 1 to 64 bytes.
    pub feed: Arc<str>,
    /// In the order the feed reported them.
    pub events: Vec<MarketEvent>,
}

/// The event before, from which times and sequences are counted.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    nanos: i64,
    seq: u64,
}

/// Writes one body, event by event.
#[derive(Debug)]
pub struct BatchEncoder {
    feed: String,
    ids: HashMap<SymbolId, u64>,
    symbols: Vec<u8>,
    events: Vec<u8>,
    n_events: u64,
    before: Before,
}

impl BatchEncoder {
    /// An empty body of a feed.
    pub fn new(feed: &str) -> Result<Self, EncodeError> {
        if feed.is_empty() || feed.len() > FEED_BYTES_MAX {
            return Err(EncodeError::FeedName);
        }
        Ok(Self {
            feed: feed.to_owned(),
            ids: HashMap::new(),
            symbols: Vec::new(),
            events: Vec::new(),
            n_events: 0,
            before: Before::default(),
        })
    }

    /// Adds an event; `symbol_of` is the universe's. After an error the body holds the events it held before.
    pub fn push(
        &mut self,
        event: &MarketEvent,
        symbol_of: impl Fn(SymbolId) -> Option<Symbol>,
    ) -> Result<(), EncodeError> {
        match event {
            MarketEvent::Trade(trade) => {
                let symbol = self.symbol(trade.symbol, &symbol_of)?;
                self.events.push(TRADE);
                self.trade(symbol, trade);
            }
            MarketEvent::Cancel { symbol, original, ts_recv } => {
                let symbol = self.symbol(*symbol, &symbol_of)?;
                self.events.push(CANCEL);
                write_u64(symbol, &mut self.events);
                self.key(*original);
                self.arrival(*ts_recv);
            }
            MarketEvent::Correction { original, replacement } => {
                let symbol = self.symbol(replacement.symbol, &symbol_of)?;
                self.events.push(CORRECTION);
                self.key(*original);
                self.trade(symbol, replacement);
            }
            MarketEvent::Reference(reference) => {
                let symbol = self.symbol(reference.symbol, &symbol_of)?;
                self.reference(symbol, reference);
            }
            MarketEvent::Gap { symbols, from, to } => return self.gap(symbols, *from, *to, &symbol_of),
        }
        self.n_events += 1;
        Ok(())
    }

    /// Nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.n_events == 0
    }

    /// Length of the body so far, in bytes, within a few.
    pub fn len_bytes(&self) -> usize {
        self.feed.len() + self.symbols.len() + self.events.len() + 16
    }

    /// The body; pack it with [`pack`].
    pub fn finish(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len_bytes());
        write_u64(self.feed.len() as u64, &mut out);
        out.extend_from_slice(self.feed.as_bytes());
        write_u64(self.ids.len() as u64, &mut out);
        out.extend_from_slice(&self.symbols);
        write_u64(self.n_events, &mut out);
        out.extend_from_slice(&self.events);
        out
    }

    fn symbol(
        &mut self,
        id: SymbolId,
        symbol_of: &impl Fn(SymbolId) -> Option<Symbol>,
    ) -> Result<u64, EncodeError> {
        if let Some(&at) = self.ids.get(&id) {
            return Ok(at);
        }
        let symbol = symbol_of(id).ok_or(EncodeError::UnknownSymbol(id.0))?;
        let at = self.ids.len() as u64;
        self.ids.insert(id, at);
        write_u64(symbol.as_bytes().len() as u64, &mut self.symbols);
        self.symbols.extend_from_slice(symbol.as_bytes());
        Ok(at)
    }

    /// Wrapping, here and when read: any two times have a difference that leads back.
    fn time(&mut self, time: Timestamp) {
        write_i64(time.nanos().wrapping_sub(self.before.nanos), &mut self.events);
        self.before.nanos = time.nanos();
    }

    fn key(&mut self, key: TradeRef) {
        self.time(key.ts_event);
        write_i64(key.seq.wrapping_sub(self.before.seq) as i64, &mut self.events);
        self.before.seq = key.seq;
    }

    fn arrival(&mut self, ts_recv: Timestamp) {
        write_i64(ts_recv.nanos().wrapping_sub(self.before.nanos), &mut self.events);
    }

    fn trade(&mut self, symbol: u64, trade: &Trade) {
        write_u64(symbol, &mut self.events);
        self.key(trade.key());
        self.arrival(trade.ts_recv);
        write_i64(trade.price.units(), &mut self.events);
        write_i64(trade.size.units(), &mut self.events);
        write_u64(trade.conditions.bits(), &mut self.events);
    }

    fn reference(&mut self, symbol: u64, reference: &Reference) {
        let prices = reference_prices(reference);
        let mut present =
            prices.iter().enumerate().fold(0, |bits, (at, p)| bits | u8::from(p.is_some()) << at);
        present |= u8::from(reference.volume.is_some()) << prices.len();
        self.events.push(REFERENCE);
        write_u64(symbol, &mut self.events);
        self.time(reference.ts_event);
        self.events.push(present);
        for price in prices.into_iter().flatten() {
            write_i64(price.units(), &mut self.events);
        }
        if let Some(volume) = reference.volume {
            write_i128(volume.units(), &mut self.events);
        }
    }

    fn gap(
        &mut self,
        symbols: &[SymbolId],
        from: Timestamp,
        to: Timestamp,
        symbol_of: &impl Fn(SymbolId) -> Option<Symbol>,
    ) -> Result<(), EncodeError> {
        let places: Vec<u64> =
            symbols.iter().map(|id| self.symbol(*id, symbol_of)).collect::<Result<_, _>>()?;
        // No symbols at all is a gap too: it concerns the whole feed.
        for part in std::iter::once(&places[..places.len().min(GAP_SYMBOLS_MAX)])
            .chain(places.get(GAP_SYMBOLS_MAX..).unwrap_or_default().chunks(GAP_SYMBOLS_MAX))
        {
            self.events.push(GAP);
            self.time(from);
            self.time(to);
            write_u64(part.len() as u64, &mut self.events);
            for place in part {
                write_u64(*place, &mut self.events);
            }
            self.n_events += 1;
        }
        Ok(())
    }
}

fn reference_prices(reference: &Reference) -> [Option<Price>; 5] {
    [reference.previous_close, reference.open, reference.high, reference.low, reference.last]
}

/// One payload of bodies, in their order.
pub fn pack<'a>(bodies: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = vec![MESSAGE_VERSION];
    for body in bodies {
        write_u64(body.len() as u64, &mut out);
        out.extend_from_slice(body);
    }
    out
}

/// The bodies of a payload, at least one. They are not read yet: see [`BatchView::new`].
pub fn unpack(payload: &[u8]) -> Result<Vec<&[u8]>, DecodeError> {
    let mut cursor = Cursor::new(payload);
    let version = cursor.byte()?;
    if version != MESSAGE_VERSION {
        return Err(DecodeError::Version(u64::from(version)));
    }
    let mut bodies = Vec::new();
    while cursor.remaining() > 0 {
        let length = cursor.count(1)?;
        bodies.push(cursor.bytes(length)?);
    }
    if bodies.is_empty() { Err(DecodeError::Truncated) } else { Ok(bodies) }
}

/// A body whose feed and symbols were read, and whose events were not: the reader first finds out
/// what the symbols are called here.
#[derive(Debug, Clone)]
pub struct BatchView<'a> {
    /// The feed's name.
    pub feed: &'a str,
    /// The symbols its events name, by place.
    pub symbols: Vec<Symbol>,
    n_events: usize,
    events: Cursor<'a>,
}

impl<'a> BatchView<'a> {
    /// Reads the head of a body.
    pub fn new(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(body);
        let length = cursor.count(1)?;
        if length == 0 || length > FEED_BYTES_MAX {
            return Err(DecodeError::Malformed("feed"));
        }
        let feed = std::str::from_utf8(cursor.bytes(length)?).map_err(|_| DecodeError::Malformed("feed"))?;
        // A symbol takes its length and at least one letter.
        let n_symbols = cursor.count(2)?;
        let mut symbols = Vec::with_capacity(n_symbols);
        for _ in 0..n_symbols {
            let length = cursor.count(1)?;
            let text = cursor.bytes(length)?;
            symbols.push(Symbol::from_bytes(text).map_err(|_| DecodeError::Malformed("symbol"))?);
        }
        // The shortest event, a gap of a whole feed, takes four bytes.
        let n_events = cursor.count(4)?;
        Ok(Self { feed, symbols, n_events, events: cursor })
    }

    /// Reads the events, naming symbols by the ids given for [`Self::symbols`]. An event of a symbol
    /// without an id is left out, and so is a gap none of whose symbols has one; the second figure
    /// counts them.
    pub fn events(&self, ids: &[Option<SymbolId>]) -> Result<(Vec<MarketEvent>, usize), DecodeError> {
        let mut reader = EventReader {
            cursor: self.events.clone(),
            n_symbols: self.symbols.len(),
            ids,
            before: Before::default(),
        };
        let mut events = Vec::with_capacity(self.n_events);
        let mut n_left_out = 0;
        for _ in 0..self.n_events {
            match reader.event()? {
                Some(event) => events.push(event),
                None => n_left_out += 1,
            }
        }
        if reader.cursor.remaining() > 0 {
            return Err(DecodeError::Malformed("bytes after the last event"));
        }
        Ok((events, n_left_out))
    }
}

struct EventReader<'a> {
    cursor: Cursor<'a>,
    n_symbols: usize,
    ids: &'a [Option<SymbolId>],
    before: Before,
}

impl EventReader<'_> {
    fn event(&mut self) -> Result<Option<MarketEvent>, DecodeError> {
        Ok(match self.cursor.byte()? {
            TRADE => self.trade()?.map(MarketEvent::Trade),
            CANCEL => {
                let symbol = self.symbol()?;
                let original = self.key()?;
                let ts_recv = self.arrival()?;
                symbol.map(|symbol| MarketEvent::Cancel { symbol, original, ts_recv })
            }
            CORRECTION => {
                let original = self.key()?;
                self.trade()?.map(|replacement| MarketEvent::Correction { original, replacement })
            }
            REFERENCE => self.reference()?.map(Box::new).map(MarketEvent::Reference),
            GAP => self.gap()?,
            _ => return Err(DecodeError::Malformed("kind of event")),
        })
    }

    fn symbol(&mut self) -> Result<Option<SymbolId>, DecodeError> {
        let place = usize::try_from(self.cursor.u64()?).unwrap_or(usize::MAX);
        if place >= self.n_symbols {
            return Err(DecodeError::Malformed("symbol's place"));
        }
        Ok(self.ids.get(place).copied().flatten())
    }

    fn time(&mut self) -> Result<Timestamp, DecodeError> {
        self.before.nanos = self.before.nanos.wrapping_add(self.cursor.i64()?);
        Ok(Timestamp::from_nanos(self.before.nanos))
    }

    fn key(&mut self) -> Result<TradeRef, DecodeError> {
        let ts_event = self.time()?;
        self.before.seq = self.before.seq.wrapping_add(self.cursor.i64()? as u64);
        Ok(TradeRef { ts_event, seq: self.before.seq })
    }

    fn arrival(&mut self) -> Result<Timestamp, DecodeError> {
        Ok(Timestamp::from_nanos(self.before.nanos.wrapping_add(self.cursor.i64()?)))
    }

    fn trade(&mut self) -> Result<Option<Trade>, DecodeError> {
        let symbol = self.symbol()?;
        let TradeRef { ts_event, seq } = self.key()?;
        let ts_recv = self.arrival()?;
        let price = Price::from_units(self.cursor.i64()?);
        let size = Size::from_units(self.cursor.i64()?);
        let conditions = Conditions::from_bits(self.cursor.u64()?);
        Ok(symbol.map(|symbol| Trade { symbol, ts_event, ts_recv, seq, price, size, conditions }))
    }

    fn reference(&mut self) -> Result<Option<Reference>, DecodeError> {
        let symbol = self.symbol()?;
        let ts_event = self.time()?;
        let present = self.cursor.byte()?;
        if present >= 1 << 6 {
            return Err(DecodeError::Malformed("figures of a reference"));
        }
        let mut prices = [None; 5];
        for (at, price) in prices.iter_mut().enumerate() {
            if present & 1 << at != 0 {
                *price = Some(Price::from_units(self.cursor.i64()?));
            }
        }
        let volume = if present & 1 << 5 != 0 { Some(Volume::from_units(self.cursor.i128()?)) } else { None };
        let [previous_close, open, high, low, last] = prices;
        Ok(symbol.map(|symbol| Reference { symbol, ts_event, previous_close, open, high, low, last, volume }))
    }

    fn gap(&mut self) -> Result<Option<MarketEvent>, DecodeError> {
        let (from, to) = (self.time()?, self.time()?);
        let n = self.cursor.count(1)?;
        let mut symbols = Vec::with_capacity(n);
        for _ in 0..n {
            symbols.extend(self.symbol()?);
        }
        // An empty list means the whole feed, which is not what was said.
        Ok((n == 0 || !symbols.is_empty()).then_some(MarketEvent::Gap { symbols, from, to }))
    }
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;

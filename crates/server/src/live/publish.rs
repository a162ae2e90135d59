//! From what changed to the frames that say so.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use market::bar::Window;
use market::tape::Update;
use market::{Interval, MarketEvent, SessionFilter, SymbolId, Timestamp};
use wire::Freshness;
use wire::encode;
use wire::frames::{BarChange, PriceValue, RemovedBar, ServerFrame};
use wire::http::BarBody;

use super::{Live, Moved, NO_FEED, State};
use crate::hub::block::Block;
use crate::hub::topic::Topic;

/// Events applied under one lock; readers wait no longer than these take.
const EVENTS_PER_LOCK: usize = 1_024;
/// A block is closed at this size, so that the shards can begin.
const BLOCK_BYTES: usize = 256 * 1024;
/// Symbols in one message of a snapshot.
const SYMBOLS_PER_MESSAGE: usize = 500;
/// Bars sent at most on a subscription that names no start.
const BARS_WITHOUT_SINCE: usize = 1;

/// What changed and has not been sent or stored in every form yet.
#[derive(Debug, Default)]
pub struct Changes {
    /// Symbols whose rows changed since the last rows were sent.
    rows: Touched,
    /// Seconds in which trades of a symbol joined or left since bars were last sent.
    bars: Touched,
    /// The same since windows were last stored.
    unsaved: Touched,
    /// Symbols whose prices were held back while the hub was behind.
    held: HashSet<SymbolId>,
}

/// Symbols, and the seconds in which something happened to them. Noting a trade in the second of the one
/// before it, which is nearly every trade, costs a comparison.
#[derive(Debug, Default)]
struct Touched {
    /// By symbol id; empty for those untouched.
    seconds: Vec<Vec<i64>>,
    symbols: Vec<SymbolId>,
}

/// Seconds noted of one symbol before duplicates are looked for.
const SECONDS_UNSORTED_MAX: usize = 4_096;

impl Touched {
    fn note(&mut self, symbol: SymbolId, second: i64) {
        if self.seconds.len() <= symbol.index() {
            self.seconds.resize_with(symbol.index() + 1, Vec::new);
        }
        let seconds = &mut self.seconds[symbol.index()];
        if seconds.last() == Some(&second) {
            return;
        }
        if seconds.is_empty() {
            self.symbols.push(symbol);
        }
        seconds.push(second);
        if seconds.len().is_multiple_of(SECONDS_UNSORTED_MAX) {
            seconds.sort_unstable();
            seconds.dedup();
        }
    }

    /// Takes everything: each symbol once, its seconds ascending, each once.
    fn drain(&mut self) -> impl Iterator<Item = (SymbolId, Vec<i64>)> {
        std::mem::take(&mut self.symbols).into_iter().map(|symbol| {
            let mut seconds = std::mem::take(&mut self.seconds[symbol.index()]);
            seconds.sort_unstable();
            seconds.dedup();
            (symbol, seconds)
        })
    }
}

impl Changes {
    fn note(&mut self, update: &Update, way: Way, wants_bars: bool) {
        let second = update.ts_event.seconds();
        // A row is sent whole, whatever changed of it.
        self.rows.note(update.symbol, 0);
        if way == Way::Log {
            if wants_bars {
                self.bars.note(update.symbol, second);
            }
            self.unsaved.note(update.symbol, second);
        }
    }

    /// Takes the symbols and seconds whose windows are to be stored.
    pub fn take_unsaved(&mut self) -> impl Iterator<Item = (SymbolId, Vec<i64>)> {
        self.unsaved.drain()
    }

    /// Prices were held back and wait to be sent.
    pub fn has_held(&self) -> bool {
        !self.held.is_empty()
    }
}

/// Which way events came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The complete and ordered log.
    Log,
    /// The fast way, which may lose and moves last prices only.
    Live,
}

impl Live {
    /// Takes events in and hands out blocks of price frames as they fill. With `hold`, prices are only
    /// noted, for a hub that is behind.
    pub fn apply(
        &self,
        feed: &str,
        events: &[MarketEvent],
        way: Way,
        hold: bool,
        changes: &mut Changes,
        mut publish: impl FnMut(Block),
    ) {
        let wants_bars = self.viewers.wants_bars();
        let universe = self.universe();
        let mut updates: Vec<Update> = Vec::with_capacity(EVENTS_PER_LOCK);
        let mut block = Block::default();
        for some in events.chunks(EVENTS_PER_LOCK) {
            let mut state = self.write();
            updates.clear();
            state.tape.expect(some);
            for event in some {
                if let MarketEvent::Gap { symbols, from, to } = event {
                    state.note_gap(feed, symbols, *from, *to);
                }
                match way {
                    Way::Log => state.tape.apply(event, &mut updates),
                    Way::Live => state.tape.apply_live(event, &mut updates),
                }
            }
            let feed_at = state.feed_index(feed);
            state.note_rate(feed, self.now(), some.len());
            let (now, watch) = (self.now(), self.watch.get().filter(|watch| !watch.is_idle()));
            let mut moved = Vec::new();
            for update in &updates {
                if let Some(last) = &update.last {
                    state.note_arrival(update.symbol, now);
                    if let (Some(_), Some(symbol)) = (watch, universe.symbol(update.symbol)) {
                        moved.push(Moved { symbol, priced: state.priced(update.symbol, last) });
                    }
                }
                state.note_feed(update.symbol, feed_at);
                changes.note(update, way, wants_bars);
                let Some(last) = update.last.filter(|_| self.viewers.wants_price(update.symbol)) else {
                    continue;
                };
                if hold {
                    changes.held.insert(update.symbol);
                    continue;
                }
                let Some(symbol) = universe.symbol(update.symbol) else { continue };
                let value = state.price(update.symbol, &last, state.trade_freshness(feed_at));
                block.push(Topic::Price(update.symbol), self.next_position(), |out| {
                    encode::price_update(&symbol, &value, out);
                });
                if block.len_bytes() >= BLOCK_BYTES {
                    publish(std::mem::take(&mut block));
                }
            }
            drop(state);
            if let (Some(watch), false) = (watch, moved.is_empty()) {
                watch.moved(&moved);
            }
        }
        publish(block);
    }

    /// The newest prices of symbols that were held back.
    pub fn held_prices(&self, changes: &mut Changes) -> Block {
        let mut block = Block::default();
        let universe = self.universe();
        let state = self.read();
        let now = self.now();
        for id in changes.held.drain() {
            if let (Some(symbol), Some(value)) = (universe.symbol(id), state.price_now(id, now, &universe)) {
                block.push(Topic::Price(id), self.next_position(), |out| {
                    encode::price_update(&symbol, &value, out)
                });
            }
        }
        block
    }

    /// The rows that changed and that somebody wants.
    pub fn rows(&self, changes: &mut Changes) -> Block {
        let wanted = self.viewers.wanting_quotes(changes.rows.drain().map(|(symbol, _)| symbol));
        self.row_block(&wanted)
    }

    /// The rows of these symbols.
    pub fn row_block(&self, symbols: &[SymbolId]) -> Block {
        let mut block = Block::default();
        let universe = self.universe();
        let now = self.now();
        let state = self.read();
        for id in symbols {
            let Some(instrument) = universe.get(*id) else { continue };
            let quote = state.quote(*id, now, instrument.hours);
            block.push_row(Topic::Quote(*id), self.next_position(), |out| {
                encode::quote_entry(&instrument.symbol, &quote, out);
            });
        }
        block
    }

    /// The bars that changed and that somebody wants.
    pub fn bars(&self, changes: &mut Changes) -> Block {
        let mut block = Block::default();
        let universe = self.universe();
        for (id, seconds) in changes.bars.drain() {
            let Some(symbol) = universe.symbol(id) else { continue };
            for (interval, session) in self.viewers.bars(id) {
                let starts: BTreeSet<Timestamp> = seconds
                    .iter()
                    .filter_map(|s| Timestamp::from_seconds(*s))
                    .map(|time| interval.start_of(time))
                    .collect();
                let state = self.read();
                let bars: Vec<BarChange> =
                    starts.iter().map(|start| state.bar(id, interval, session, *start)).collect();
                block.push(Topic::Bars(id, interval, session), self.next_position(), |out| {
                    encode::bar_update(interval.into(), session.into(), &symbol, &bars, out);
                });
            }
        }
        block
    }

    /// The status frame.
    pub fn status_block(&self) -> Block {
        let mut block = Block::default();
        let status = ServerFrame::Status(self.status()).to_json();
        let _state = self.read();
        block.push(Topic::Status, self.next_position(), |out| out.extend_from_slice(&status));
        block
    }

    /// Messages with the current value of each topic that has one, and the position they contain.
    pub fn snapshot(&self, topics: &[Topic], since: Option<Timestamp>, messages: &mut Vec<Vec<u8>>) -> u64 {
        let universe = self.universe();
        let now = self.now();
        let status = topics.contains(&Topic::Status).then(|| ServerFrame::Status(self.status()).to_json());
        let state = self.read();
        let mut prices = Message::new(encode::PRICE_UPDATE_HEAD);
        let mut rows = Message::new(encode::QUOTE_UPDATE_HEAD);
        for topic in topics {
            match *topic {
                Topic::Price(id) => {
                    if let (Some(symbol), Some(value)) =
                        (universe.symbol(id), state.price_now(id, now, &universe))
                    {
                        prices.entry(messages, |out| encode::price_entry(&symbol, &value, out));
                    }
                }
                Topic::Quote(id) => {
                    if let Some(instrument) = universe.get(id) {
                        let quote = state.quote(id, now, instrument.hours);
                        rows.entry(messages, |out| encode::quote_entry(&instrument.symbol, &quote, out));
                    }
                }
                Topic::Bars(id, interval, session) => {
                    let Some(symbol) = universe.symbol(id) else { continue };
                    let bars = state.bars_for_snapshot(id, interval, session, since);
                    if !bars.is_empty() {
                        let mut message = Vec::new();
                        encode::bar_update(interval.into(), session.into(), &symbol, &bars, &mut message);
                        messages.push(message);
                    }
                }
                Topic::Status => messages.extend(status.clone()),
                Topic::Account(viewer) => messages.extend(self.accounts.frame(viewer)),
                Topic::Lists(owner) => messages.extend(self.lists.frame(owner)),
                Topic::Alerts(owner) => messages.extend(self.lists.alerts_frame(owner)),
                // Only what comes; what was there is asked for over HTTP.
                Topic::News => {}
            }
        }
        prices.finish(messages);
        rows.finish(messages);
        self.position.load(Ordering::Relaxed)
    }
}

/// A message with many entries, cut into several when it grows long.
struct Message {
    head: &'static [u8],
    bytes: Vec<u8>,
    entries: usize,
}

impl Message {
    fn new(head: &'static [u8]) -> Self {
        Self { head, bytes: Vec::new(), entries: 0 }
    }

    fn entry(&mut self, messages: &mut Vec<Vec<u8>>, write: impl FnOnce(&mut Vec<u8>)) {
        if self.entries == SYMBOLS_PER_MESSAGE {
            self.finish(messages);
        }
        self.bytes.extend_from_slice(if self.entries == 0 { self.head } else { b"," });
        self.entries += 1;
        write(&mut self.bytes);
    }

    fn finish(&mut self, messages: &mut Vec<Vec<u8>>) {
        if self.entries > 0 {
            self.bytes.extend_from_slice(encode::DATA_END);
            messages.push(std::mem::take(&mut self.bytes));
            self.entries = 0;
        }
    }
}

impl State {
    fn feed_index(&self, feed: &str) -> u8 {
        // There are fewer feeds than 255; see `set_feeds`.
        self.feeds.iter().position(|f| f.status.name == feed).map_or(NO_FEED, |at| at as u8)
    }

    fn note_rate(&mut self, feed: &str, now: Timestamp, n: usize) {
        if let Some(rate) = self.rates.get_mut(feed) {
            rate.count(now, n);
        } else if self.rates.len() < usize::from(NO_FEED) {
            // As many as there may be feeds; see `set_feeds`.
            self.rates.entry(feed.to_owned()).or_default().count(now, n);
        }
    }

    fn note_feed(&mut self, symbol: SymbolId, feed: u8) {
        if self.feed_of.len() <= symbol.index() {
            self.feed_of.resize(symbol.index() + 1, NO_FEED);
        }
        self.feed_of[symbol.index()] = feed;
    }

    /// The word for a trade that has just come in.
    fn trade_freshness(&self, feed: u8) -> Freshness {
        use market::feed::Timeliness;
        match self.feeds.get(usize::from(feed)).map(|f| f.status.timeliness) {
            Some(Timeliness::Simulated) => Freshness::Simulated,
            Some(Timeliness::Delayed) => Freshness::Delayed,
            Some(Timeliness::Live) | None => Freshness::Live,
        }
    }

    fn price_now(
        &self,
        symbol: SymbolId,
        now: Timestamp,
        universe: &Arc<market::Universe>,
    ) -> Option<PriceValue> {
        let last = self.tape.last(symbol)?;
        let state = self.freshness(symbol, now, universe.get(symbol)?.hours);
        Some(self.price(symbol, &last, state))
    }

    fn bar(
        &self,
        symbol: SymbolId,
        interval: Interval,
        session: SessionFilter,
        start: Timestamp,
    ) -> BarChange {
        let end = start.saturating_add_nanos(interval.nanos());
        let windows = self.tape.windows(symbol, interval, session, start, end);
        match windows.first().and_then(Window::bar) {
            Some(bar) => BarChange::Bar(BarBody::from(bar)),
            None => BarChange::Removed(RemovedBar::new(start)),
        }
    }

    fn bars_for_snapshot(
        &self,
        symbol: SymbolId,
        interval: Interval,
        session: SessionFilter,
        since: Option<Timestamp>,
    ) -> Vec<BarChange> {
        let from = since.map_or(Timestamp::MIN, |s| interval.start_of(s));
        let bars = self.tape.bars(symbol, interval, session, from, Timestamp::MAX);
        let skip = if since.is_none() { bars.len().saturating_sub(BARS_WITHOUT_SINCE) } else { 0 };
        bars.into_iter().skip(skip).map(|b| BarChange::Bar(b.into())).collect()
    }
}

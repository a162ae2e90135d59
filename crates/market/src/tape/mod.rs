//! Events in, truth out: last prices, day figures, bars.
//!
//! The tape is a fold over the events of the log. Trades may come late, out of order or twice, and
//! may be cancelled or corrected, even before they arrive; what the tape says afterwards is what it
//! would say had everything come once and in order. The proof is a property test at the end of
//! `tape/tests.rs`.
//!
//! How: every figure of a window is either a sum, an extreme, or a first or last by key, so order
//! never matters; and the recent trades themselves are kept (`log`), so that a duplicate is known
//! and a window that lost its extreme can be made anew.
//!
//! What bounds it: windows older than `series::windows_kept` and trades beyond
//! `Limits::trades` are let go. A trade or cancellation that reaches further back than that is
//! counted in `Counters` rather than guessed at.

mod day;
mod front;
pub mod log;
mod open;
pub mod series;
mod symbol;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

pub use symbol::{Class, Span};
use symbol::{Removal, SymbolTape};
pub use view::{Quote, merge_by_start};

use crate::bar::Window;
use crate::event::Reference;
use crate::{
    Bar, Hours, Interval, MarketEvent, Price, SessionFilter, SymbolId, Timestamp, Trade, TradeRef, Universe,
};
use log::{Inserted, Logged};

/// How much the tape may keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Recent trades of all symbols together; 56 bytes each.
    pub trades: usize,
    /// Cancellations of trades that have not arrived.
    pub pending_cancels: usize,
}

impl Default for Limits {
    /// About 28 MB of trades: half an hour of the whole US market, days of a watch list.
    fn default() -> Self {
        Self { trades: 500_000, pending_cancels: 65_536 }
    }
}

impl Limits {
    /// Keeps everything, for work off-line on a file.
    pub const UNLIMITED: Self = Self { trades: usize::MAX, pending_cancels: usize::MAX };
}

/// What the tape met, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Trades that entered.
    pub trades: u64,
    /// Trades reported twice.
    pub duplicates: u64,
    /// Trades with a price or size that is not above zero, or of an unknown symbol.
    pub refused: u64,
    /// Trades that carried a condition letter outside the table.
    pub unknown_conditions: u64,
    /// Trades that came after a later trade of their symbol.
    pub late: u64,
    /// Windows a late trade or cancellation belonged to, but that were let go long before.
    pub beyond_reach: u64,
    /// Cancellations and corrections carried out.
    pub cancelled: u64,
    /// Cancellations whose trade has not arrived, or is too old to be found.
    pub cancels_pending: u64,
    /// Windows whose high or low may still include a cancelled trade, because the trades that would
    /// tell were let go.
    pub uncertain: u64,
    /// Times at which a feed said that it may have missed something.
    pub gaps: u64,
}

/// One change, in the order in which it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Update {
    /// Whose.
    pub symbol: SymbolId,
    /// Time of the trade that joined or left: the windows that hold it have changed.
    pub ts_event: Timestamp,
    /// The last price, if this changed it.
    pub last: Option<Last>,
}

/// The last price of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Last {
    /// The price.
    pub price: Price,
    /// The trade's own time and sequence.
    pub key: TradeRef,
    /// Grows by one with every change of this symbol's last price.
    pub seq: u64,
}

/// Last prices, day figures and bars of all symbols seen.
#[derive(Debug)]
pub struct Tape {
    universe: Arc<Universe>,
    limits: Limits,
    symbols: Vec<Option<Box<SymbolTape>>>,
    counters: Counters,
    trades_kept: usize,
    /// A symbol for each chunk of trades begun, oldest first: whose oldest chunk goes next.
    chunks: VecDeque<SymbolId>,
    /// Cancellations that came before their trade.
    pending_cancels: HashSet<(SymbolId, TradeRef)>,
}

impl Tape {
    /// An empty tape over these instruments.
    pub fn new(universe: Arc<Universe>, limits: Limits) -> Self {
        Self {
            universe,
            limits,
            symbols: Vec::new(),
            counters: Counters::default(),
            trades_kept: 0,
            chunks: VecDeque::new(),
            pending_cancels: HashSet::new(),
        }
    }

    /// Takes a newer universe, whose ids are those of the old one and more.
    pub fn set_universe(&mut self, universe: Arc<Universe>) {
        self.universe = universe;
    }

    /// Begins to fetch what the trades among these events touch first, all at once. Changes nothing; for
    /// the events of one frame or block, before they are applied one after the other.
    pub fn expect(&self, events: &[MarketEvent]) {
        for event in events {
            if let MarketEvent::Trade(trade) = event {
                std::hint::black_box(self.known(trade.symbol).map(SymbolTape::newest_key));
            }
        }
    }

    /// Takes an event of the log in and tells what changed.
    pub fn apply(&mut self, event: &MarketEvent, updates: &mut Vec<Update>) {
        match event {
            MarketEvent::Trade(trade) => self.trade(trade, updates),
            MarketEvent::Cancel { symbol, original, .. } => self.cancel(*symbol, *original, updates),
            MarketEvent::Correction { original, replacement } => {
                self.cancel(replacement.symbol, *original, updates);
                self.trade(replacement, updates);
            }
            MarketEvent::Reference(reference) => self.reference(reference, updates),
            // Nothing is made up for what was missed: bars lack it, and the count says so.
            MarketEvent::Gap { .. } => self.counters.gaps += 1,
        }
    }

    /// Moves the last price alone, for an event that also comes, or came, by the log. Doing so twice,
    /// or in any order with the log, changes nothing more.
    pub fn apply_live(&mut self, event: &MarketEvent, updates: &mut Vec<Update>) {
        if let MarketEvent::Trade(trade) = event
            && trade.price.is_positive()
            && let Some(tape) = symbol_tape(&mut self.symbols, &self.universe, trade.symbol)
            && let Some(last) = tape.move_last(trade)
        {
            updates.push(Update { symbol: trade.symbol, ts_event: trade.ts_event, last: Some(last) });
        }
    }

    fn trade(&mut self, trade: &Trade, updates: &mut Vec<Update>) {
        if !trade.price.is_positive() || !trade.size.is_positive() {
            self.counters.refused += 1;
            return;
        }
        let Some(tape) = symbol_tape(&mut self.symbols, &self.universe, trade.symbol) else {
            self.counters.refused += 1;
            return;
        };
        let cancelled =
            !self.pending_cancels.is_empty() && self.pending_cancels.remove(&(trade.symbol, trade.key()));
        if !cancelled && let Some(taken) = tape.take_in_order(trade) {
            self.trades_kept += 1;
            self.counters.trades += 1;
            self.counters.unknown_conditions += u64::from(trade.conditions.has_unknown());
            self.counters.late += u64::from(taken.late);
            updates.push(Update { symbol: trade.symbol, ts_event: trade.ts_event, last: taken.last });
            if taken.is_full {
                settle(tape, trade.symbol, &mut self.chunks);
            }
        } else {
            self.trade_alone(trade, cancelled, updates);
        }
        if self.trades_kept > self.limits.trades {
            self.let_go_of_trades();
        }
    }

    /// Takes a trade in that may be late, double or cancelled, or is the first of its day.
    #[cold]
    fn trade_alone(&mut self, trade: &Trade, cancelled: bool, updates: &mut Vec<Update>) {
        let Some(tape) = symbol_tape(&mut self.symbols, &self.universe, trade.symbol) else { return };
        settle(tape, trade.symbol, &mut self.chunks);
        let chunks = tape.log().chunks();
        match tape.insert(Logged { cancelled, ..Logged::from(trade) }) {
            Inserted::Duplicate => {
                self.counters.duplicates += 1;
                return;
            }
            Inserted::New => {
                self.trades_kept += 1;
                if tape.log().chunks() > chunks {
                    self.chunks.push_back(trade.symbol);
                }
            }
            Inserted::TooOld => {}
        }
        self.counters.trades += 1;
        self.counters.unknown_conditions += u64::from(trade.conditions.has_unknown());
        if cancelled {
            self.counters.cancelled += 1;
        } else {
            let joined = tape.join(trade);
            self.counters.late += u64::from(joined.late);
            self.counters.beyond_reach += joined.beyond_reach;
            updates.push(Update { symbol: trade.symbol, ts_event: trade.ts_event, last: joined.last });
        }
    }

    fn let_go_of_trades(&mut self) {
        while self.trades_kept > self.limits.trades {
            let Some(symbol) = self.chunks.pop_front() else { break };
            if let Some(Some(tape)) = self.symbols.get_mut(symbol.index()) {
                self.trades_kept -= tape.log_mut().let_go_of_oldest();
            }
        }
    }

    fn cancel(&mut self, symbol: SymbolId, original: TradeRef, updates: &mut Vec<Update>) {
        let Some(tape) = symbol_tape(&mut self.symbols, &self.universe, symbol) else {
            self.counters.refused += 1;
            return;
        };
        settle(tape, symbol, &mut self.chunks);
        match tape.remove(original) {
            Removal::Done { last, uncertain, beyond_reach } => {
                self.counters.cancelled += 1;
                self.counters.uncertain += uncertain;
                self.counters.beyond_reach += beyond_reach;
                updates.push(Update { symbol, ts_event: original.ts_event, last });
            }
            Removal::AlreadyGone => {}
            Removal::NotHere => {
                self.counters.cancels_pending += 1;
                if self.pending_cancels.len() < self.limits.pending_cancels {
                    self.pending_cancels.insert((symbol, original));
                }
            }
        }
    }

    fn reference(&mut self, reference: &Reference, updates: &mut Vec<Update>) {
        let Some(tape) = symbol_tape(&mut self.symbols, &self.universe, reference.symbol) else {
            self.counters.refused += 1;
            return;
        };
        settle(tape, reference.symbol, &mut self.chunks);
        let last = tape.refer(reference);
        updates.push(Update { symbol: reference.symbol, ts_event: reference.ts_event, last });
    }

    /// Last price and day figures; `None` for a symbol nothing was heard of.
    pub fn quote(&self, symbol: SymbolId) -> Option<Quote> {
        self.known(symbol)?.quote()
    }

    /// The last price; `None` while there is none.
    pub fn last(&self, symbol: SymbolId) -> Option<Last> {
        self.known(symbol)?.last()
    }

    /// Bars in memory with `from <= start < to`, ascending.
    pub fn bars(
        &self,
        symbol: SymbolId,
        interval: Interval,
        session: SessionFilter,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Bar> {
        self.windows(symbol, interval, session, from, to).iter().filter_map(Window::bar).collect()
    }

    /// Windows in memory with `from <= start < to`, ascending, the sets of trades of the session merged.
    pub fn windows(
        &self,
        symbol: SymbolId,
        interval: Interval,
        session: SessionFilter,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Window> {
        self.known(symbol).map(|t| t.windows(interval, session, from, to)).unwrap_or_default()
    }

    /// The windows to be stored that hold any of these seconds (since 1970, ascending), one for each span and set
    /// of trades that has one. Much sooner after [`Tape::settle`].
    pub fn windows_at(&self, symbol: SymbolId, seconds: &[i64]) -> Vec<(Span, Class, Window)> {
        self.known(symbol).map(|t| t.windows_at(seconds)).unwrap_or_default()
    }

    /// Counts trades of a symbol that wait for their order into its windows. Changes nothing that can be seen.
    pub fn settle(&mut self, symbol: SymbolId) {
        if let Some(Some(tape)) = self.symbols.get_mut(symbol.index()) {
            settle(tape, symbol, &mut self.chunks);
        }
    }

    /// Puts a stored window back, before any event is applied.
    pub fn restore(&mut self, symbol: SymbolId, span: Span, class: Class, window: Window) {
        if let Some(tape) = symbol_tape(&mut self.symbols, &self.universe, symbol) {
            settle(tape, symbol, &mut self.chunks);
            tape.restore(span, class, window);
        }
    }

    /// Lets windows go that are older than [`series::windows_kept`], counted from each symbol's newest.
    /// To be called now and then, once they are stored.
    pub fn let_go_of_windows(&mut self) {
        self.let_go_of_windows_in(0, 1);
    }

    /// The same for one of `parts` equal shares of the symbols, so that no single call takes long.
    pub fn let_go_of_windows_in(&mut self, part: usize, parts: usize) {
        for (at, tape) in self.symbols.iter_mut().enumerate().skip(part).step_by(parts.max(1)) {
            let Some(tape) = tape else { continue };
            settle(tape, SymbolId(at as u32), &mut self.chunks);
            tape.let_go_of_windows();
        }
    }

    /// What was met so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Symbols of which something was heard.
    pub fn symbols(&self) -> impl Iterator<Item = SymbolId> {
        self.symbols.iter().enumerate().filter(|(_, t)| t.is_some()).map(|(at, _)| SymbolId(at as u32))
    }

    /// Trading hours of a symbol.
    pub fn hours(&self, symbol: SymbolId) -> Option<Hours> {
        self.universe.get(symbol).map(|i| i.hours)
    }

    fn known(&self, symbol: SymbolId) -> Option<&SymbolTape> {
        self.symbols.get(symbol.index())?.as_deref()
    }
}

/// Puts the trades of a symbol that wait into its log and windows, and notes the chunks this begins.
fn settle(tape: &mut SymbolTape, symbol: SymbolId, chunks: &mut VecDeque<SymbolId>) {
    let before = tape.log().chunks();
    tape.settle();
    chunks.extend(std::iter::repeat_n(symbol, tape.log().chunks() - before));
}

/// The tape of a symbol of the universe, made on first use. A function of the fields it needs, so that
/// the counters stay free to count.
fn symbol_tape<'a>(
    symbols: &'a mut Vec<Option<Box<SymbolTape>>>,
    universe: &Universe,
    symbol: SymbolId,
) -> Option<&'a mut SymbolTape> {
    if symbols.len() <= symbol.index() {
        universe.get(symbol)?;
        symbols.resize_with(universe.len(), || None);
    }
    let place = &mut symbols[symbol.index()];
    if place.is_none() {
        *place = Some(Box::new(SymbolTape::new(universe.get(symbol)?.hours)));
    }
    place.as_deref_mut()
}

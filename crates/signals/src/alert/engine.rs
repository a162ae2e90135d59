//! The fold itself: events of the log in, messages out.

use std::collections::{BTreeSet, HashMap};
use std::hint::{black_box, select_unpredictable};

use foldhash::fast::FixedState;
use market::calendar::{DayHours, Session, new_york_date};
use market::event::Reference;
use market::time::NANOS_PER_SECOND;
use market::{Hours, MarketEvent, Price, SymbolId, Timestamp, Trade, TradeRef};

use super::book::{Book, Close};
use super::firing::{Cause, CauseId, Firing, Measured, Mention, Way};
use super::rule::{Alert, AlertId, Rule, RuleError};
use super::silence::silence;
use super::slot::{Slot, Slots, Standing};
use super::snapshot::AlertState;
use super::state::{Leg, State};
use super::volume::{Tally, UsualVolume};
use super::window::{Span, over};

/// So many events fit the fastest memory with what they look at: see [`Alerts::look_ahead`].
const AT_ONCE: usize = 32;

/// The place of no book, where nothing is ever looked up: nobody watches this symbol.
const NONE: u32 = 0;

/// What every trade of a symbol looks at: one line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Hot {
    /// Prices strictly between these change nothing before `until`.
    below: i64,
    above: i64,
    until: Timestamp,
    /// The newest trade that moved the price; [`NEVER`] while there is none.
    pub(super) key: TradeRef,
    /// Its price in units; 0 once it was cancelled.
    pub(super) price: i64,
    pub(super) book: u32,
    /// The same where there are alerts on volume, which look at every trade.
    tally: u32,
    /// The same where there are alerts over windows, which want to know of every price.
    span: u32,
    /// The newest trade moved the official last price too; if not, the book knows that.
    is_official: bool,
    hours: Hours,
}

const _: () = assert!(size_of::<Hot>() == 64, "one line of the cache");

/// Before every trade.
pub(super) const NEVER: TradeRef = TradeRef { ts_event: Timestamp::MIN, seq: 0 };

impl Hot {
    const UNWATCHED: Self = Self {
        below: i64::MAX,
        above: i64::MIN,
        until: Timestamp::MIN,
        key: NEVER,
        price: 0,
        book: NONE,
        tally: NONE,
        span: NONE,
        is_official: false,
        hours: Hours::Always,
    };
}

impl Hot {
    /// The trade is newer than all before, and nothing changes with its price.
    #[inline]
    fn is_quiet(&self, trade: &Trade) -> bool {
        let (price, time) = (trade.price.units(), trade.ts_event);
        let is_newer =
            (time > self.key.ts_event) | ((time == self.key.ts_event) & (trade.seq > self.key.seq));
        (price > self.below) & (price < self.above) & (time < self.until) & is_newer
    }

    /// The last official price in units; 0 while there is none.
    pub(super) fn official(&self, book: &Book) -> i64 {
        if self.is_official { self.price } else { book.official }
    }

    /// Remembers a trade that moves the price.
    fn take(&mut self, book: &mut Book, trade: &Trade) {
        book.official = self.official(book);
        self.is_official = trade.conditions.eligibility().last;
        (self.key, self.price) = (trade.key(), trade.price.units());
    }

    /// Remembers a trade that may move the price, and does so officially if it does.
    #[inline]
    fn take_if(&mut self, moves: bool, trade: &Trade) {
        let (key, price) = (trade.key(), trade.price.units());
        self.key.ts_event = select_unpredictable(moves, key.ts_event, self.key.ts_event);
        self.key.seq = select_unpredictable(moves, key.seq, self.key.seq);
        self.price = select_unpredictable(moves, price, self.price);
        self.is_official |= moves;
    }
}

/// A price in units, if there is one: prices are above zero, so 0 is none.
pub(super) fn known(units: i64) -> Option<Price> {
    (units > 0).then(|| Price::from_units(units))
}

/// Why an alert was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is one of this name.
    #[error("there is an alert of this id already")]
    Known,
    /// The rule cannot be.
    #[error(transparent)]
    Rule(#[from] RuleError),
}

/// Where an alert stands, for its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Armed, resting, over.
    pub state: State,
    /// Messages in this life.
    pub fired: u32,
    /// What the last of them was about.
    pub last: Option<CauseId>,
}

/// All alerts, and what they need to remember of the market. See [`crate::alert`].
#[derive(Debug)]
pub struct Alerts {
    /// By symbol.
    pub(super) hot: Vec<Hot>,
    /// From 1 on; see [`NONE`].
    pub(super) books: Vec<Option<Box<Book>>>,
    /// By book.
    pub(super) tallies: Vec<Tally>,
    /// By book.
    pub(super) spans: Vec<Span>,
    free_books: Vec<u32>,
    pub(super) slots: Slots,
    places: HashMap<AlertId, u32, FixedState>,
    /// When to look at rules on silence, and whose.
    look: BTreeSet<(Timestamp, u32)>,
    /// When alerts expire, and which.
    expiries: BTreeSet<(Timestamp, u32)>,
    /// Regular hours of the day last looked at, by kind of hours.
    today: [Option<DayHours>; 2],
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            hot: Vec::new(),
            books: vec![None],
            tallies: vec![Tally::EMPTY],
            spans: vec![Span::EMPTY],
            free_books: Vec::new(),
            slots: Slots::default(),
            places: HashMap::default(),
            look: BTreeSet::new(),
            expiries: BTreeSet::new(),
            today: [None; 2],
        }
    }
}

impl Alerts {
    /// No alerts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an alert on a symbol with these hours. What happened before is not looked at again.
    ///
    /// # Errors
    /// The id is in use, or the rule cannot be.
    pub fn add(&mut self, alert: Alert, hours: Hours) -> Result<(), Refused> {
        self.put(Slot::new(alert), hours)
    }

    /// Takes an alert that stood like this, as it was last stored, in a life of the same generation: what another
    /// server has decided of it is not decided again.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn resume(&mut self, alert: Alert, hours: Hours, stand: AlertState) -> Result<(), Refused> {
        let mut slot = Slot::new(alert);
        if stand.id == slot.alert.id && stand.generation == slot.alert.generation {
            (slot.state, slot.fired, slot.last) = (stand.state, stand.fired, stand.last);
        }
        self.put(slot, hours)
    }

    pub(super) fn put(&mut self, slot: Slot, hours: Hours) -> Result<(), Refused> {
        let alert = &slot.alert;
        alert.rule.check(alert.repeat)?;
        if self.places.contains_key(&alert.id) {
            return Err(Refused::Known);
        }
        let (id, symbol, expires_at) = (alert.id, alert.symbol, alert.expires_at);
        let at = self.slots.put(slot);
        self.places.insert(id, at);
        if let Some(end) = expires_at {
            self.expiries.insert((end, at));
        }
        let place = self.book_of(symbol, hours);
        // A window that begins now has none of it.
        self.widen(symbol);
        if let Some(book) = &mut self.books[place as usize] {
            book.add(&mut self.tallies[place as usize], &self.slots, at);
        }
        self.listen(at);
        self.refresh(symbol);
        Ok(())
    }

    /// Where the book of a symbol is, made if there is none.
    pub(super) fn book_of(&mut self, symbol: SymbolId, hours: Hours) -> u32 {
        if self.hot.len() <= symbol.index() {
            self.hot.resize(symbol.index() + 1, Hot::UNWATCHED);
        }
        let hot = &mut self.hot[symbol.index()];
        if hot.book == NONE {
            hot.book = self.free_books.pop().unwrap_or_else(|| {
                self.books.push(None);
                self.tallies.push(Tally::EMPTY);
                self.spans.push(Span::EMPTY);
                // No more books than symbols.
                (self.books.len() - 1) as u32
            });
            hot.hours = hours;
            self.books[hot.book as usize] = Some(Box::new(Book::new(symbol, hours)));
        }
        hot.book
    }

    /// Takes an alert away. When it was a symbol's last, what was remembered of the symbol goes too.
    pub fn remove(&mut self, id: AlertId) -> Option<Alert> {
        let at = self.places.remove(&id)?;
        let slot = self.slots.take(at)?;
        if let Some(end) = slot.alert.expires_at {
            self.expiries.remove(&(end, at));
        }
        if let Some(time) = slot.look_at {
            self.look.remove(&(time, at));
        }
        let symbol = slot.alert.symbol;
        let place = self.hot.get(symbol.index()).map_or(NONE, |hot| hot.book);
        if let Some(Some(book)) = self.books.get_mut(place as usize) {
            book.remove(&mut self.tallies[place as usize], &slot, at);
        }
        self.forget(symbol);
        Some(slot.alert)
    }

    /// Forgets of a symbol what no alert is about any more.
    pub(super) fn forget(&mut self, symbol: SymbolId) {
        let Some(hot) = self.hot.get_mut(symbol.index()) else { return };
        let Some(place) = self.books.get_mut(hot.book as usize) else { return };
        if let Some(book) = place {
            book.tidy(&mut self.tallies[hot.book as usize], &self.slots);
            if book.alerts.is_empty() {
                *place = None;
                self.free_books.push(hot.book);
                *hot = Hot::UNWATCHED;
            }
        }
        self.refresh(symbol);
    }

    /// Counts on from a number of messages, where another server that decides the same has counted further. Never back.
    pub fn count_from(&mut self, id: AlertId, fired: u32) {
        if let Some(slot) = self.places.get(&id).and_then(|at| self.slots.get_mut(*at)) {
            slot.fired = slot.fired.max(fired);
        }
    }

    /// Number of alerts.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// No alerts.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Where an alert stands; `None` for one that is not here.
    pub fn status(&self, id: AlertId) -> Option<Status> {
        let slot = self.slots.get(*self.places.get(&id)?)?;
        Some(Status { state: slot.state, fired: slot.fired, last: slot.last })
    }

    /// Price of the newest trade of a watched symbol that moved it, unless that was cancelled.
    pub fn last_price(&self, symbol: SymbolId) -> Option<Price> {
        known(self.hot.get(symbol.index())?.price)
    }

    /// Takes the next events of the log in until something fires: how many it has taken, of which the last fired, if
    /// any did. The same as [`Self::apply`] for one after the other, but faster.
    pub fn advance(&mut self, events: &[MarketEvent], out: &mut Vec<Firing>) -> usize {
        let mut taken = 0;
        for some in events.chunks(AT_ONCE) {
            self.look_ahead(some);
            for event in some {
                taken += 1;
                match event {
                    MarketEvent::Trade(trade) => self.trade(trade, out),
                    _ => self.apply(event, out),
                }
                if !out.is_empty() {
                    in_order(out);
                    return taken;
                }
            }
        }
        taken
    }

    /// Fetches what these events will look at. One by one, each would wait for the memory of its symbol; together they
    /// wait about as long as one.
    fn look_ahead(&self, events: &[MarketEvent]) {
        let hot = |event: &MarketEvent| match event {
            MarketEvent::Trade(trade) => self.hot.get(trade.symbol.index()),
            _ => None,
        };
        let mut seen = 0;
        for hot in events.iter().filter_map(hot) {
            seen ^= hot.price
                ^ self.spans[hot.span as usize].glance()
                ^ self.tallies[hot.tally as usize].glance();
        }
        black_box(seen);
    }

    /// Takes the next event of the log in and tells what fires, in the order of the alerts' ids.
    pub fn apply(&mut self, event: &MarketEvent, out: &mut Vec<Firing>) {
        let from = out.len();
        match event {
            MarketEvent::Trade(trade) => self.trade(trade, out),
            MarketEvent::Cancel { symbol, original, .. } => self.cancel(*symbol, *original),
            MarketEvent::Correction { original, replacement } => {
                self.cancel(replacement.symbol, *original);
                self.trade(replacement, out);
            }
            MarketEvent::Reference(reference) => self.reference(reference),
            // What was missed crossed nothing that anybody can name; the next trade says where prices are.
            MarketEvent::Gap { .. } => {}
        }
        in_order(&mut out[from..]);
    }

    #[inline]
    fn trade(&mut self, trade: &Trade, out: &mut Vec<Firing>) {
        let Some(hot) = self.hot.get_mut(trade.symbol.index()) else { return };
        let moves = trade.conditions.eligibility().last;
        // All in one, without branches: odd lots, which do not move the price, come as heads and tails do.
        let is_quiet = hot.is_quiet(trade) & (trade.size.units() > 0);
        let is_plain = (moves | !trade.conditions.eligibility_extended().last) & (hot.tally == NONE);
        if is_quiet & is_plain {
            // Where there are no windows it is noted where nobody looks.
            self.spans[hot.span as usize].take_if(moves, trade.price.units());
            hot.take_if(moves, trade);
        } else {
            self.trade_with_care(trade, out);
        }
    }

    #[inline(never)]
    fn trade_with_care(&mut self, trade: &Trade, out: &mut Vec<Firing>) {
        let hot = &mut self.hot[trade.symbol.index()];
        if hot.book == NONE || !trade.price.is_positive() || !trade.size.is_positive() {
            return;
        }
        if hot.tally != NONE
            && trade.conditions.eligibility().volume
            && !self.tallies[hot.book as usize].count(trade)
        {
            self.count_closely(trade, out);
        }
        let hot = &mut self.hot[trade.symbol.index()];
        let is_regular = || is_regular(&mut self.today, trade.ts_event, hot.hours);
        if hot.is_quiet(trade) {
            if trade.conditions.may_move_last(is_regular)
                && let Some(Some(book)) = self.books.get_mut(hot.book as usize)
            {
                self.spans[hot.span as usize].take_if(true, trade.price.units());
                hot.take(book, trade);
            }
        } else if trade.key() > hot.key && trade.conditions.may_move_last(is_regular) {
            self.look_closely(trade, out);
        }
    }

    #[inline(never)]
    fn count_closely(&mut self, trade: &Trade, out: &mut Vec<Firing>) {
        let place = self.hot[trade.symbol.index()].book as usize;
        if let Some(Some(book)) = self.books.get_mut(place)
            && let Some(minute) = &mut book.minute
        {
            minute.take(&mut self.tallies[place], &mut self.slots, trade, out);
        }
    }

    /// Tells a symbol's windows of the prices they have not been told of.
    fn widen(&mut self, symbol: SymbolId) {
        let Some(hot) = self.hot.get(symbol.index()) else { return };
        if let Some(Some(book)) = self.books.get_mut(hot.book as usize) {
            let span = std::mem::replace(&mut self.spans[hot.book as usize], Span::EMPTY);
            book.windows.iter_mut().for_each(|window| window.widen(span));
        }
    }

    #[inline(never)]
    fn look_closely(&mut self, trade: &Trade, out: &mut Vec<Firing>) {
        self.widen(trade.symbol);
        let hot = &mut self.hot[trade.symbol.index()];
        let Some(Some(book)) = self.books.get_mut(hot.book as usize) else { return };
        book.take_price(&mut self.slots, (hot.key, known(hot.official(book))), trade, out);
        (hot.below, hot.above, hot.until) = book.quiet_band();
        hot.take(book, trade);
    }

    fn cancel(&mut self, symbol: SymbolId, original: TradeRef) {
        self.widen(symbol);
        let Some(hot) = self.hot.get_mut(symbol.index()) else { return };
        let Some(Some(book)) = self.books.get_mut(hot.book as usize) else { return };
        book.cancel(&mut self.slots, original, (hot.key, known(hot.price)));
        if hot.key == original {
            let official = hot.official(book);
            book.official = if official == hot.price { 0 } else { official };
            (hot.price, hot.is_official) = (0, false);
        }
        (hot.below, hot.above, hot.until) = book.quiet_band();
    }

    fn reference(&mut self, reference: &Reference) {
        if let Some(price) = reference.previous_close {
            self.previous_close(reference.symbol, new_york_date(reference.ts_event), price);
        }
    }

    /// Tells the previous close of a day, for feeds whose log does not. It is to be told at the same place
    /// of the log everywhere: best at the first event of the day.
    pub fn previous_close(&mut self, symbol: SymbolId, date: market::Date, price: Price) {
        let Some(hot) = self.hot.get(symbol.index()) else { return };
        if let Some(Some(book)) = self.books.get_mut(hot.book as usize)
            && price.is_positive()
        {
            book.set_close(&mut self.slots, Close { date, price });
            self.refresh(symbol);
        }
    }

    /// Tells the usual volume of a symbol's hours; see [`super::usual_volume`].
    pub fn usual_volume(&mut self, symbol: SymbolId, usual: UsualVolume) {
        let Some(hot) = self.hot.get(symbol.index()) else { return };
        if let Some(Some(book)) = self.books.get_mut(hot.book as usize)
            && let Some(minute) = &mut book.minute
        {
            minute.set_usual(&mut self.tallies[hot.book as usize], Some(Box::new(usual)));
        }
    }

    /// Tells of an article; each is to be told once.
    pub fn mention(&mut self, mention: &Mention<'_>, out: &mut Vec<Firing>) {
        let from = out.len();
        let cause = Cause::Headline { id: mention.headline, at: mention.at };
        let text = [mention.title, mention.summary].map(str::to_lowercase);
        let mut symbols = mention.symbols.to_vec();
        symbols.sort_unstable();
        symbols.dedup();
        for symbol in symbols {
            let Some(hot) = self.hot.get(symbol.index()) else { continue };
            let Some(Some(book)) = self.books.get(hot.book as usize) else { continue };
            for at in &book.news {
                let Some(slot) = self.slots.get_mut(*at) else { continue };
                let Rule::News { words } = &slot.alert.rule else { continue };
                let says =
                    |word: &String| text.iter().any(|text| has_word(text, &word.trim().to_lowercase()));
                if slot.standing(mention.at) == Standing::Counts
                    && (words.is_empty() || words.iter().any(says))
                {
                    slot.fire(cause, Measured::Mention, out);
                }
            }
        }
        in_order(&mut out[from..]);
    }

    /// Tells the time: alerts expire, and silences are noticed. To be told only when the log has been read
    /// up to about then; a reader that is behind would take its own lag for silence.
    pub fn tick(&mut self, now: Timestamp, out: &mut Vec<Firing>) {
        let from = out.len();
        while let Some((time, at)) = self.look.first().copied().filter(|(time, _)| *time <= now) {
            self.look.remove(&(time, at));
            self.look_for_silence(at, now, out);
        }
        // Only now: a silence may have been long enough before the end.
        while let Some((end, at)) = self.expiries.first().copied().filter(|(end, _)| *end <= now) {
            self.expiries.remove(&(end, at));
            self.expire(at);
        }
        in_order(&mut out[from..]);
    }

    fn expire(&mut self, at: u32) {
        let Some(slot) = self.slots.get(at) else { return };
        let symbol = slot.alert.symbol;
        let place = self.hot.get(symbol.index()).map_or(NONE, |hot| hot.book);
        if let Some(Some(book)) = self.books.get_mut(place as usize)
            && !slot.state.is_over()
        {
            book.withdraw(&mut self.tallies[place as usize], slot, at);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            slot.state = over(slot.state);
        }
        self.refresh(symbol);
    }

    /// Puts a rule on silence where it is looked at next, as long as it is not over.
    fn listen(&mut self, at: u32) {
        let Some(slot) = self.slots.get_mut(at) else { return };
        let Rule::Stale { seconds } = slot.alert.rule else { return };
        let hot = self.hot.get(slot.alert.symbol.index());
        let book = hot.and_then(|hot| self.books.get(hot.book as usize)?.as_ref());
        let heard = hot.map_or(Timestamp::MIN, |hot| hot.key.ts_event);
        let time = match (slot.state, book) {
            (State::Single(Leg::Armed), Some(book)) => {
                silence(heard.max(slot.alert.active_from), seconds, book.hours).1
            }
            // Looked at with the next tick, which finds out whether anything was heard since.
            (State::Single(Leg::Resting), _) => Timestamp::MIN,
            _ => return,
        };
        slot.look_at = Some(time);
        self.look.insert((time, at));
    }

    fn look_for_silence(&mut self, at: u32, now: Timestamp, out: &mut Vec<Firing>) {
        let Some(slot) = self.slots.get_mut(at) else { return };
        slot.look_at = None;
        let Rule::Stale { seconds } = slot.alert.rule else { return };
        let hot = self.hot.get(slot.alert.symbol.index());
        let Some(book) = hot.and_then(|hot| self.books.get(hot.book as usize)?.as_ref()) else { return };
        let heard = hot.map_or(Timestamp::MIN, |hot| hot.key.ts_event);
        let (since, reached_at) = silence(heard.max(slot.alert.active_from), seconds, book.hours);
        let is_told = slot.last == Some(CauseId::Silence(since));
        if !is_told {
            slot.arm(Way::Up);
        }
        if reached_at <= now && !is_told && slot.standing(reached_at) == Standing::Counts {
            slot.fire(Cause::Silence { since, reached_at }, Measured::Age { seconds }, out);
        }
        // A trade from now on is followed by that much silence at the earliest after as much time, so
        // nothing is noticed late.
        let again = now.saturating_add_nanos(i64::from(seconds) * NANOS_PER_SECOND);
        let next = if reached_at > now { reached_at } else { again };
        if !slot.state.is_over() {
            slot.look_at = Some(next);
            self.look.insert((next, at));
        }
    }

    /// Works out anew what a symbol's trades look at.
    pub(super) fn refresh(&mut self, symbol: SymbolId) {
        let Some(hot) = self.hot.get_mut(symbol.index()) else { return };
        if let Some(Some(book)) = self.books.get(hot.book as usize) {
            (hot.below, hot.above, hot.until) = book.quiet_band();
            hot.tally = if book.minute.is_some() { hot.book } else { NONE };
            hot.span = if book.windows.is_empty() { NONE } else { hot.book };
        }
    }
}

fn is_regular(today: &mut [Option<DayHours>; 2], time: Timestamp, hours: Hours) -> bool {
    let day = &mut today[usize::from(hours == Hours::Always)];
    let hours = match day {
        Some(day) if day.covers(time) => *day,
        _ => *day.insert(DayHours::at(time, hours)),
    };
    hours.session(time) == Session::Regular
}

#[inline]
fn in_order(firings: &mut [Firing]) {
    if firings.len() > 1 {
        firings.sort_by_key(|firing| firing.id);
    }
}

/// The word stands in the text by itself, both in lower case.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        is_apart(text[..at].chars().next_back()) && is_apart(text[at + word.len()..].chars().next())
    })
}

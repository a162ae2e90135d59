//! What the engine remembers, as plain data, for whoever stores it.

use market::{Date, Hours, Price, SymbolId, TradeRef, Volume};

use super::book::Close;
use super::engine::{Alerts, NEVER, Refused, known};
use super::firing::CauseId;
use super::rule::{Alert, AlertId};
use super::slot::Slot;
use super::state::State;
use super::volume::UsualVolume;
use super::window::{Bucket, Span, Window};

/// Everything that follows from the events so far. The alerts themselves are not in it: they have their
/// own place, and may have changed meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Watched symbols, ascending.
    pub symbols: Vec<SymbolState>,
    /// Alerts, by id.
    pub alerts: Vec<AlertState>,
}

/// What is remembered of a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolState {
    /// Which. A number of this process; what is stored is its text.
    pub symbol: SymbolId,
    /// When it trades.
    pub hours: Hours,
    /// The newest trade that moved the price.
    pub newest: Option<TradeRef>,
    /// Its price, unless it was cancelled.
    pub price: Option<Price>,
    /// The last official price.
    pub official: Option<Price>,
    /// The previous close, and the day it is of.
    pub close: Option<(Date, Price)>,
    /// Windows of percent rules, by length.
    pub windows: Vec<WindowState>,
    /// The minute's volume, if there are rules on it.
    pub minute: Option<MinuteState>,
}

/// A window of percent rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowState {
    /// Its length, and the length of its buckets in seconds.
    pub minutes: u32,
    /// At most 61, ascending.
    pub buckets: Vec<BucketState>,
}

/// Lowest and highest price of a part of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketState {
    /// Seconds since the epoch over the window's minutes, rounded down.
    pub number: i64,
    /// Lowest price.
    pub low: Price,
    /// Highest price.
    pub high: Price,
}

/// The volume of a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinuteState {
    /// The newest trade counted, which says which minute it is.
    pub newest: Option<TradeRef>,
    /// Volume of its minute so far.
    pub volume: Volume,
    /// The usual volume, as it was told.
    pub usual: Option<Box<UsualVolume>>,
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertState {
    /// Which.
    pub id: AlertId,
    /// In which of its lives.
    pub generation: u32,
    /// Armed, resting, over.
    pub state: State,
    /// Messages in this life.
    pub fired: u32,
    /// What the last of them was about.
    pub last: Option<CauseId>,
}

impl Alerts {
    /// What is remembered. The same state gives the same snapshot.
    pub fn snapshot(&self) -> Snapshot {
        let symbols = self.hot.iter().filter_map(|hot| {
            let book = self.books.get(hot.book as usize)?.as_ref()?;
            let span = *self.spans.get(hot.book as usize)?;
            let mut windows: Vec<WindowState> =
                book.windows.iter().map(|window| window_state(window, span)).collect();
            windows.sort_by_key(|window| window.minutes);
            let tally = self.tallies.get(hot.book as usize)?;
            let minute = book.minute.as_ref().map(|minute| minute.state(tally));
            Some(SymbolState {
                symbol: book.symbol,
                hours: book.hours,
                newest: Some(hot.key).filter(|key| *key != NEVER),
                price: known(hot.price),
                official: known(hot.official(book)),
                close: book.close.map(|close| (close.date, close.price)),
                windows,
                minute,
            })
        });
        let mut alerts: Vec<AlertState> = self.slots.all().map(alert_state).collect();
        alerts.sort_by_key(|alert| alert.id);
        Snapshot { symbols: symbols.collect(), alerts }
    }

    /// Goes on where a snapshot was taken, with the alerts as they are now. An alert that is new, or whose
    /// generation is another, begins anew.
    ///
    /// # Errors
    /// As [`Alerts::add`], for the first alert that is refused.
    pub fn restore(
        alerts: impl IntoIterator<Item = (Alert, Hours)>,
        snapshot: &Snapshot,
    ) -> Result<Self, Refused> {
        let mut engine = Self::new();
        for state in &snapshot.symbols {
            engine.restore_symbol(state);
        }
        for (alert, hours) in alerts {
            let at = snapshot.alerts.binary_search_by_key(&alert.id, |state| state.id);
            let mut slot = Slot::new(alert);
            if let Some(state) = at.ok().map(|at| snapshot.alerts[at])
                && state.generation == slot.alert.generation
            {
                (slot.state, slot.fired, slot.last) = (state.state, state.fired, state.last);
            }
            engine.put(slot, hours)?;
        }
        for state in &snapshot.symbols {
            engine.forget(state.symbol);
        }
        Ok(engine)
    }

    fn restore_symbol(&mut self, state: &SymbolState) {
        let place = self.book_of(state.symbol, state.hours);
        let hot = &mut self.hot[state.symbol.index()];
        hot.key = state.newest.unwrap_or(NEVER);
        hot.price = state.price.map_or(0, Price::units);
        let Some(book) = &mut self.books[place as usize] else { return };
        book.official = state.official.map_or(0, Price::units);
        book.close = state.close.map(|(date, price)| Close { date, price });
        book.windows = state.windows.iter().map(restored_window).collect();
        if let Some(saved) = &state.minute {
            let minute = book.minute.get_or_insert_default();
            minute.restore(&mut self.tallies[place as usize], saved);
        }
    }
}

/// What a window knows, with the prices it has not been told of yet.
fn window_state(window: &Window, span: Span) -> WindowState {
    let state = |b: Bucket| BucketState {
        number: b.number,
        low: Price::from_units(b.low),
        high: Price::from_units(b.high),
    };
    let mut buckets: Vec<BucketState> = window.buckets.iter().copied().map(state).collect();
    if let (Some(newest), Some(last)) = (window.buckets.back(), buckets.last_mut()) {
        *last = state(newest.widened(span));
    }
    WindowState { minutes: window.minutes, buckets }
}

fn restored_window(state: &WindowState) -> Window {
    let bucket = |b: &BucketState| Bucket { number: b.number, low: b.low.units(), high: b.high.units() };
    Window::with_buckets(state.minutes, state.buckets.iter().map(bucket))
}

fn alert_state(slot: &Slot) -> AlertState {
    AlertState {
        id: slot.alert.id,
        generation: slot.alert.generation,
        state: slot.state,
        fired: slot.fired,
        last: slot.last,
    }
}

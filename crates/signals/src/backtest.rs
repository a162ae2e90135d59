//! Alerts over the past, by the code that decides them live.
//!
//! An alert is run as if it had been set before the first stored trade, without expiry, and as if it were
//! armed again after each firing: one that fires once is told of every crossing, so that its owner sees
//! how often it would have been true.

use market::{Bar, Conditions, Hours, Interval, MarketEvent, Price, Size, SymbolId, Timestamp, Trade};

use crate::alert::{Alert, Alerts, Cause, Firing, Measured, Repeat, Rule, RuleError, UsualVolume};

/// Once it would have fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired {
    /// When: the crossing trade's time, or the start of the bar.
    pub timestamp: Timestamp,
    /// At which price; for a silence the last before it, if there was one.
    pub price: Option<Price>,
    /// Against what it was measured.
    pub measured: Measured,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BacktestError {
    /// The rule cannot be.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// Articles are not stored with prices.
    #[error("a news alert cannot be tried on stored prices")]
    News,
    /// Silence does not show in bars.
    #[error("silence can be tried on stored trades only, and there are none for this time")]
    NeedsTrades,
    /// The bars are longer than what the rule looks at.
    #[error("the rule looks at minutes; the stored bars are longer")]
    TooCoarse,
}

/// Runs an alert over stored events of its symbol, in the order of the log.
///
/// # Errors
/// The rule cannot be, or is about articles.
pub fn over_trades<'a>(
    alert: &Alert,
    hours: Hours,
    usual: Option<UsualVolume>,
    events: impl IntoIterator<Item = &'a MarketEvent>,
) -> Result<Vec<Fired>, BacktestError> {
    if let Rule::News { .. } = alert.rule {
        return Err(BacktestError::News);
    }
    let mut events = events.into_iter().peekable();
    let begins = events.peek().map_or(Timestamp::MIN, |event| time_of(event));
    let mut run = Run::new(alert, hours, usual, begins)?;
    for event in events {
        run.take(event);
    }
    Ok(run.fired)
}

/// Runs an alert over stored bars of its symbol, ascending, for times of which no trades are stored.
///
/// A bar stands for four trades at its start: open, low, high, close where it closes at or above its
/// open, else open, high, low, close. Of the ways through a bar this one crosses any price the fewest
/// times: a back-test over bars tells of no crossing that did not happen, and of one that went back again
/// only if the bar shows it (a bar that closes at the threshold itself does not show its side). The price told is that of the point that crossed: the bar's
/// open, high, low or close. Its volume counts with the close.
///
/// # Errors
/// The rule cannot be, or does not show in such bars: percent windows shorter than a bar, volume in bars
/// longer than a minute, silence, articles.
pub fn over_bars(
    alert: &Alert,
    hours: Hours,
    usual: Option<UsualVolume>,
    interval: Interval,
    bars: &[Bar],
) -> Result<Vec<Fired>, BacktestError> {
    match alert.rule {
        Rule::News { .. } => return Err(BacktestError::News),
        Rule::Stale { .. } => return Err(BacktestError::NeedsTrades),
        Rule::PercentInWindow { minutes, .. } if interval.seconds() > i64::from(minutes) * 60 => {
            return Err(BacktestError::TooCoarse);
        }
        Rule::VolumeAboveUsual { .. } if interval.seconds() > 60 => return Err(BacktestError::TooCoarse),
        _ => {}
    }
    let mut run = Run::new(alert, hours, usual, Timestamp::MIN)?;
    for bar in bars {
        for trade in way_through(alert, bar) {
            run.take(&MarketEvent::Trade(trade));
        }
    }
    Ok(run.fired)
}

fn time_of(event: &MarketEvent) -> Timestamp {
    match event {
        MarketEvent::Trade(trade) => trade.ts_event,
        MarketEvent::Cancel { ts_recv, .. } => *ts_recv,
        MarketEvent::Correction { replacement, .. } => replacement.ts_event,
        MarketEvent::Reference(reference) => reference.ts_event,
        MarketEvent::Gap { to, .. } => *to,
    }
}

/// The least that counts as a size: three of the four points of a bar carry it.
const CRUMB: i64 = 1;

fn way_through(alert: &Alert, bar: &Bar) -> [Trade; 4] {
    let (first, second) = if bar.close >= bar.open { (bar.low, bar.high) } else { (bar.high, bar.low) };
    let volume = i64::try_from(bar.volume.units()).unwrap_or(i64::MAX);
    let point = |seq: u64, price: Price, size: i64| Trade {
        symbol: alert.symbol,
        ts_event: bar.start,
        ts_recv: bar.start,
        seq,
        price,
        size: Size::from_units(size),
        conditions: Conditions::REGULAR,
    };
    [
        point(0, bar.open, CRUMB),
        point(1, first, CRUMB),
        point(2, second, CRUMB),
        point(3, bar.close, (volume - 3 * CRUMB).max(CRUMB)),
    ]
}

/// The live engine with one alert.
struct Run {
    alerts: Alerts,
    firings: Vec<Firing>,
    symbol: SymbolId,
    fired: Vec<Fired>,
}

impl Run {
    fn new(
        alert: &Alert,
        hours: Hours,
        usual: Option<UsualVolume>,
        begins: Timestamp,
    ) -> Result<Self, RuleError> {
        alert.rule.check(alert.repeat)?;
        let repeat = match alert.repeat {
            Repeat::Once => Repeat::Rearm { hysteresis: 0 },
            again @ Repeat::Rearm { .. } => again,
        };
        let alert =
            Alert { repeat, active_from: begins, expires_at: None, quiet: None, seen: None, ..alert.clone() };
        let (mut alerts, symbol) = (Alerts::new(), alert.symbol);
        // Checked above, and there is no other alert.
        let _ = alerts.add(alert, hours);
        if let Some(usual) = usual {
            alerts.usual_volume(symbol, usual);
        }
        Ok(Self { alerts, firings: Vec::new(), symbol, fired: Vec::new() })
    }

    fn take(&mut self, event: &MarketEvent) {
        if let MarketEvent::Trade(trade) = event {
            // Any silence ends with this trade, so it is noticed just before.
            self.alerts.tick(trade.ts_event.saturating_add_nanos(-1), &mut self.firings);
            self.tell();
        }
        self.alerts.apply(event, &mut self.firings);
        self.tell();
    }

    fn tell(&mut self) {
        for firing in self.firings.drain(..) {
            let price = match firing.cause {
                Cause::Trade { price, .. } => Some(price),
                Cause::Silence { .. } | Cause::Headline { .. } => self.alerts.last_price(self.symbol),
            };
            let timestamp = firing.cause.time();
            self.fired.push(Fired { timestamp, price, measured: firing.measured });
        }
    }
}

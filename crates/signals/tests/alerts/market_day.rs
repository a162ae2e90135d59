//! What the tests are made of.

use market::{Conditions, Hours, MarketEvent, Price, Size, SymbolId, Timestamp, Trade};
use signals::alert::{Alert, AlertId, Alerts, Firing, Repeat, Rule};

pub(crate) const SYMBOL: SymbolId = SymbolId(3);
pub(crate) const AGAIN: Repeat = Repeat::Rearm { hysteresis: 0 };

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// An alert on [`SYMBOL`] that counts from the beginning of time.
pub(crate) fn alert(id: u64, rule: Rule, repeat: Repeat) -> Alert {
    Alert {
        id: AlertId(id),
        owner: 100 + id,
        symbol: SYMBOL,
        rule,
        repeat,
        generation: 0,
        active_from: Timestamp::MIN,
        expires_at: None,
        quiet: None,
        seen: None,
    }
}

/// A round lot on a Wednesday, at this time of the day in UTC.
pub(crate) fn trade(time: &str, seq: u64, paid: &str, letters: &str) -> Trade {
    let ts_event = at(&format!("2018-01-03T{time}Z"));
    Trade {
        symbol: SYMBOL,
        ts_event,
        ts_recv: ts_event,
        seq,
        price: price(paid),
        size: Size::from_whole(100).unwrap(),
        conditions: Conditions::from_letters(letters.as_bytes()),
    }
}

pub(crate) fn engine(alerts: impl IntoIterator<Item = Alert>) -> Alerts {
    let mut engine = Alerts::new();
    for alert in alerts {
        engine.add(alert, Hours::UsEquity).unwrap();
    }
    engine
}

pub(crate) fn run(engine: &mut Alerts, trades: &[Trade]) -> Vec<Firing> {
    let mut out = Vec::new();
    for trade in trades {
        engine.apply(&MarketEvent::Trade(*trade), &mut out);
    }
    out
}

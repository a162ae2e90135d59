//! What the engine remembers, as it is stored: JSON, in which symbols stand by their texts.

use market::{Date, Price, SymbolId, Timestamp, TradeRef, Universe, Volume};
use serde::{Deserialize, Serialize};
use signals::alert::{
    AlertId, AlertState, BucketState, CauseId, Leg, MinuteState, Snapshot, State, SymbolState, UsualVolume,
    Way, WindowState,
};

use super::stand;

#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    symbols: Vec<SavedSymbol>,
    alerts: Vec<SavedAlert>,
}

type Key = (i64, u64);
/// Number, low and high.
type SavedBucket = (i64, i64, i64);

#[derive(Debug, Serialize, Deserialize)]
struct SavedSymbol {
    symbol: String,
    newest: Option<Key>,
    price: Option<i64>,
    official: Option<i64>,
    close: Option<(String, i64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    windows: Vec<(u32, Vec<SavedBucket>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minute: Option<SavedMinute>,
}

/// Volumes are wider than JSON's numbers are safe for.
#[derive(Debug, Serialize, Deserialize)]
struct SavedMinute {
    newest: Option<Key>,
    volume: String,
    usual: Option<Vec<String>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedAlert {
    id: u64,
    generation: u32,
    state: String,
    fired: u32,
    last: Option<String>,
}

fn key(key: TradeRef) -> Key {
    (key.ts_event.nanos(), key.seq)
}

fn read_key((nanos, seq): Key) -> TradeRef {
    TradeRef { ts_event: Timestamp::from_nanos(nanos), seq }
}

fn cause(cause: CauseId) -> String {
    match cause {
        CauseId::Trade(key, way) => {
            let way = if way == Way::Up { 'u' } else { 'd' };
            format!("t{} {} {way}", key.ts_event.nanos(), key.seq)
        }
        CauseId::Silence(since) => format!("s{}", since.nanos()),
        CauseId::Headline(id) => format!("h{id}"),
    }
}

fn read_cause(text: &str) -> Option<CauseId> {
    let (kind, rest) = text.split_at_checked(1)?;
    match kind {
        "t" => {
            let mut words = rest.split(' ');
            let ts_event = Timestamp::from_nanos(words.next()?.parse().ok()?);
            let seq = words.next()?.parse().ok()?;
            let way = if words.next()? == "u" { Way::Up } else { Way::Down };
            Some(CauseId::Trade(TradeRef { ts_event, seq }, way))
        }
        "s" => rest.parse().ok().map(|nanos| CauseId::Silence(Timestamp::from_nanos(nanos))),
        "h" => rest.parse().ok().map(CauseId::Headline),
        _ => None,
    }
}

fn volume(volume: Volume) -> String {
    volume.units().to_string()
}

fn read_volume(text: &str) -> Option<Volume> {
    text.parse().ok().map(Volume::from_units)
}

/// An alert that has not moved since its beginning is not worth storing. Which side one on crossing is on is.
fn is_worth_storing(alert: &AlertState) -> bool {
    let is_fresh = match alert.state {
        State::Legs { up, down } => up != Leg::Resting && down != Leg::Resting,
        State::Single(leg) => leg == Leg::Armed,
        State::Cross(_) | State::Done | State::Expired => false,
    };
    alert.fired > 0 || !is_fresh
}

/// The bytes of a snapshot.
pub(super) fn write(snapshot: &Snapshot, universe: &Universe) -> Vec<u8> {
    let symbols = snapshot.symbols.iter().filter_map(|state| {
        let windows = state.windows.iter().map(|window| {
            let buckets = window.buckets.iter().map(|b| (b.number, b.low.units(), b.high.units()));
            (window.minutes, buckets.collect())
        });
        let minute = state.minute.as_ref().map(|minute| SavedMinute {
            newest: minute.newest.map(key),
            volume: volume(minute.volume),
            usual: minute.usual.as_ref().map(|usual| usual.hours.iter().copied().map(volume).collect()),
        });
        Some(SavedSymbol {
            symbol: universe.symbol(state.symbol)?.to_string(),
            newest: state.newest.map(key),
            price: state.price.map(Price::units),
            official: state.official.map(Price::units),
            close: state.close.map(|(date, price)| (date.to_string(), price.units())),
            windows: windows.collect(),
            minute,
        })
    });
    let alerts = snapshot.alerts.iter().filter(|alert| is_worth_storing(alert)).map(|alert| SavedAlert {
        id: alert.id.0,
        generation: alert.generation,
        state: stand::write(alert.state),
        fired: alert.fired,
        last: alert.last.map(cause),
    });
    let saved = Saved { symbols: symbols.collect(), alerts: alerts.collect() };
    // Numbers and texts: it always serialises.
    serde_json::to_vec(&saved).unwrap_or_default()
}

/// A snapshot from its bytes; `None` where they are of no known form. What this universe does not have is left out.
pub(super) fn read(bytes: &[u8], universe: &Universe) -> Option<Snapshot> {
    let saved: Saved = serde_json::from_slice(bytes).ok()?;
    let symbols = saved.symbols.iter().filter_map(|state| read_symbol(state, universe));
    let alerts = saved.alerts.iter().filter_map(|alert| {
        Some(AlertState {
            id: AlertId(alert.id),
            generation: alert.generation,
            state: stand::read(&alert.state)?,
            fired: alert.fired,
            last: alert.last.as_deref().and_then(read_cause),
        })
    });
    let mut alerts: Vec<AlertState> = alerts.collect();
    alerts.sort_by_key(|alert| alert.id);
    Some(Snapshot { symbols: symbols.collect(), alerts })
}

fn read_symbol(saved: &SavedSymbol, universe: &Universe) -> Option<SymbolState> {
    let symbol: SymbolId = universe.id(&saved.symbol.parse().ok()?)?;
    let windows = saved.windows.iter().map(|(minutes, buckets)| {
        let bucket = |(number, low, high): &SavedBucket| BucketState {
            number: *number,
            low: Price::from_units(*low),
            high: Price::from_units(*high),
        };
        WindowState { minutes: *minutes, buckets: buckets.iter().map(bucket).collect() }
    });
    let minute = saved.minute.as_ref().and_then(|minute| {
        let usual = minute.usual.as_ref().and_then(|hours| {
            let hours: Vec<Volume> = hours.iter().filter_map(|text| read_volume(text)).collect();
            Some(Box::new(UsualVolume { hours: hours.try_into().ok()? }))
        });
        Some(MinuteState { newest: minute.newest.map(read_key), volume: read_volume(&minute.volume)?, usual })
    });
    let close = saved
        .close
        .as_ref()
        .and_then(|(date, units)| Some((Date::parse(date.as_bytes())?, Price::from_units(*units))));
    Some(SymbolState {
        symbol,
        hours: universe.get(symbol)?.hours,
        newest: saved.newest.map(read_key),
        price: saved.price.map(Price::from_units),
        official: saved.official.map(Price::from_units),
        close,
        windows: windows.collect(),
        minute,
    })
}

#[cfg(test)]
mod tests {
    use market::{Conditions, Hours, Instrument, Kind, MarketEvent, Size, Trade};
    use signals::alert::{Alert, Alerts, Direction, Repeat, Rule};

    use super::*;

    fn universe() -> Universe {
        let mut universe = Universe::new();
        universe.refresh(["AAPL", "TSLA"].map(|symbol| Instrument {
            symbol: symbol.parse().unwrap(),
            name: symbol.into(),
            exchange: "NYSE".into(),
            kind: Kind::Stock,
            currency: "USD".into(),
            sector: None,
            industry: None,
            hours: Hours::Always,
            activity: 0,
        }));
        universe
    }

    #[test]
    fn a_snapshot_is_read_as_it_was_written() {
        let price = |units| Price::from_units(units);
        let rules = [
            Rule::PriceAbove(price(1_000)),
            Rule::PriceCrosses(price(900)),
            Rule::PercentInWindow { ppm: 10, direction: Direction::Either, minutes: 5 },
            Rule::PercentFromClose { ppm: 10, direction: Direction::Up },
            Rule::VolumeAboveUsual { times_thousandths: 1_000 },
            Rule::Stale { seconds: 5 },
            Rule::News { words: vec![] },
        ];
        let alerts: Vec<(Alert, Hours)> = (0..14u64)
            .map(|n| {
                let alert = Alert {
                    id: AlertId(n),
                    owner: 0,
                    symbol: SymbolId((n / 7) as u32),
                    rule: rules[(n % 7) as usize].clone(),
                    repeat: if n % 2 == 0 { Repeat::Once } else { Repeat::Rearm { hysteresis: 0 } },
                    generation: 3,
                    active_from: Timestamp::MIN,
                    expires_at: None,
                    quiet: None,
                    seen: None,
                };
                (alert, Hours::Always)
            })
            .collect();
        let mut engine = Alerts::new();
        for (alert, hours) in &alerts {
            engine.add(alert.clone(), *hours).unwrap();
        }
        engine.previous_close(SymbolId(0), Date::from_ymd(2026, 1, 5), price(950));
        engine.usual_volume(SymbolId(0), UsualVolume { hours: [Volume::from_units(i128::MAX / 1_000); 24] });
        let mut out = Vec::new();
        for (n, units) in [900, 1_100, 950, 1_200].into_iter().enumerate() {
            let time = Timestamp::from_nanos(1_767_625_200_000_000_000 + n as i64 * 30_000_000_000);
            let trade = Trade {
                symbol: SymbolId(0),
                ts_event: time,
                ts_recv: time,
                seq: n as u64,
                price: price(units),
                size: Size::from_units(7),
                conditions: Conditions::REGULAR,
            };
            engine.apply(&MarketEvent::Trade(trade), &mut out);
            engine.tick(time.saturating_add_nanos(20_000_000_000), &mut out);
        }
        assert!(out.len() > 4, "{out:?}");
        let universe = universe();
        let snapshot = engine.snapshot();
        let read = read(&write(&snapshot, &universe), &universe).unwrap();
        // What is left out begins as it was.
        let restored = Alerts::restore(alerts, &read).unwrap();
        assert_eq!(restored.snapshot(), snapshot);
        assert!(super::read(b"{}", &universe).is_none());
    }
}

//! The rules word by word: every alert is looked at with every trade, and whatever it needs to know is
//! looked up in the list of all trades.

use std::collections::BTreeMap;

use market::calendar::{Session, new_york_date, new_york_offset_seconds, session_at};
use market::{Date, Hours, MarketEvent, Price, SymbolId, Timestamp, Trade, TradeRef, Volume};
use signals::alert::{
    Alert, AlertId, Cause, CauseId, Direction, Firing, FiringId, Measured, Mention, Repeat, Rule,
    UsualVolume, Way,
};

const MILLION: i128 = 1_000_000;

#[derive(Debug, Clone, Default)]
struct Kept {
    newest: Option<TradeRef>,
    price: Option<Price>,
    official: Option<Price>,
    close: Option<(Date, Price)>,
    /// By length of window in minutes: trades since the first alert on it.
    movers: BTreeMap<u32, Vec<(Timestamp, Price)>>,
    /// Trades counted for volume, since the first alert on it.
    counted: Option<Vec<Trade>>,
    usual: Option<UsualVolume>,
}

#[derive(Debug, Clone)]
struct Watched {
    alert: Alert,
    hours: Hours,
    up_armed: bool,
    down_armed: bool,
    /// Of a crossing: -1 below, 1 above.
    side: Option<i8>,
    has_crossed: bool,
    done: bool,
    last: Option<CauseId>,
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    alerts: BTreeMap<AlertId, Watched>,
    symbols: BTreeMap<SymbolId, Kept>,
}

impl Watched {
    fn new(alert: Alert, hours: Hours) -> Self {
        let side = match (&alert.rule, alert.seen) {
            (Rule::PriceCrosses(price), Some(seen)) if seen > *price => Some(1),
            (Rule::PriceCrosses(price), Some(seen)) if seen < *price => Some(-1),
            _ => None,
        };
        Self {
            alert,
            hours,
            up_armed: true,
            down_armed: true,
            side,
            has_crossed: false,
            done: false,
            last: None,
        }
    }

    fn counts(&self, time: Timestamp) -> bool {
        !self.done && time >= self.alert.active_from && self.alert.expires_at.is_none_or(|end| time < end)
    }

    fn back(&self, least: i64) -> i64 {
        match self.alert.repeat {
            Repeat::Once => least,
            Repeat::Rearm { hysteresis } => hysteresis.max(least),
        }
    }

    fn fire(&mut self, cause: Cause, measured: Measured, out: &mut Vec<Firing>) {
        let once = self.alert.repeat == Repeat::Once;
        out.push(Firing {
            id: FiringId {
                alert: self.alert.id,
                generation: self.alert.generation,
                cause: if once { None } else { Some(cause.id()) },
            },
            owner: self.alert.owner,
            symbol: self.alert.symbol,
            cause,
            measured,
            not_before: self.alert.quiet.and_then(|q| q.end_of(cause.time())),
        });
        self.done = once;
        self.last = Some(cause.id());
    }

    /// One direction of a rule that fires when `reached` and is armed again when `back`.
    fn leg(
        &mut self,
        way: Way,
        reached: bool,
        back: bool,
        cause: Cause,
        measured: Measured,
        out: &mut Vec<Firing>,
    ) {
        let armed = if way == Way::Up { self.up_armed } else { self.down_armed };
        let armed = if armed && reached && !self.done {
            self.fire(cause, measured, out);
            false
        } else {
            armed || back
        };
        *(if way == Way::Up { &mut self.up_armed } else { &mut self.down_armed }) = armed;
    }

    fn on_price(&mut self, kept: &Kept, key: TradeRef, price: Price, out: &mut Vec<Firing>) {
        if !self.counts(key.ts_event) {
            return;
        }
        let paid = i128::from(price.units());
        let cause = |way: Way| Cause::Trade { key, price, way };
        match self.alert.rule.clone() {
            Rule::PriceAbove(mark) => {
                let back = price.units() <= mark.units() - self.back(0);
                self.leg(Way::Up, price > mark, back, cause(Way::Up), Measured::Threshold(mark), out);
            }
            Rule::PriceBelow(mark) => {
                let back = price.units() >= mark.units() + self.back(0);
                self.leg(Way::Down, price < mark, back, cause(Way::Down), Measured::Threshold(mark), out);
            }
            Rule::PriceCrosses(mark) => self.cross(mark, key, price, out),
            Rule::PercentFromClose { ppm, direction } => {
                let Some((date, close)) = kept.close else { return };
                let from = i128::from(close.units());
                let measured = Measured::Close { close, date, ppm: towards_zero(from, paid) };
                self.percent(direction, ppm, (from, from), (measured, measured), key, price, out);
            }
            Rule::PercentInWindow { ppm, direction, minutes } => {
                let bucket = |time: Timestamp| time.seconds().div_euclid(i64::from(minutes));
                let first = bucket(key.ts_event) - 60;
                let within: Vec<(i64, i64)> = kept.movers[&minutes]
                    .iter()
                    .map(|(time, price)| (price.units(), bucket(*time)))
                    .filter(|(_, number)| *number >= first)
                    .collect();
                let low = within.iter().copied().min().unwrap();
                let high = within.iter().copied().max_by_key(|(p, number)| (*p, -number)).unwrap();
                let measured = |(from, number): (i64, i64)| Measured::Window {
                    from: Price::from_units(from),
                    bucket: Timestamp::from_seconds(number * i64::from(minutes)).unwrap(),
                    ppm: towards_zero(i128::from(from), paid),
                };
                let from = (i128::from(low.0), i128::from(high.0));
                self.percent(direction, ppm, from, (measured(low), measured(high)), key, price, out);
            }
            Rule::VolumeAboveUsual { .. } | Rule::Stale { .. } | Rule::News { .. } => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a rule has that many parts")]
    fn percent(
        &mut self,
        direction: Direction,
        ppm: i64,
        (low, high): (i128, i128),
        (rise, fall): (Measured, Measured),
        key: TradeRef,
        price: Price,
        out: &mut Vec<Firing>,
    ) {
        let paid = i128::from(price.units()) * MILLION;
        let (ppm, back) = (i128::from(ppm), i128::from(ppm - self.back(1)));
        let cause = |way: Way| Cause::Trade { key, price, way };
        if direction != Direction::Down {
            let (reached, is_back) = (paid >= low * (MILLION + ppm), paid <= low * (MILLION + back));
            self.leg(Way::Up, reached, is_back, cause(Way::Up), rise, out);
        }
        if direction != Direction::Up {
            let (reached, is_back) = (paid <= high * (MILLION - ppm), paid >= high * (MILLION - back));
            self.leg(Way::Down, reached, is_back, cause(Way::Down), fall, out);
        }
    }

    fn cross(&mut self, mark: Price, key: TradeRef, price: Price, out: &mut Vec<Firing>) {
        let away = price.units() - mark.units();
        if self.side.is_some_and(|side| away.signum() == -i64::from(side)) {
            let way = if away > 0 { Way::Up } else { Way::Down };
            self.fire(Cause::Trade { key, price, way }, Measured::Threshold(mark), out);
            (self.side, self.has_crossed) = (None, true);
        }
        let enough = if self.has_crossed { self.back(1) } else { 1 };
        if self.side.is_none() && away.abs() >= enough {
            self.side = Some(if away > 0 { 1 } else { -1 });
        }
    }
}

fn towards_zero(from: i128, to: i128) -> i64 {
    i64::try_from((to - from) * MILLION / from).unwrap()
}

impl Model {
    pub(crate) fn add(&mut self, alert: Alert, hours: Hours) {
        let kept = self.symbols.entry(alert.symbol).or_default();
        match alert.rule {
            Rule::PercentInWindow { minutes, .. } => {
                kept.movers.entry(minutes).or_default();
            }
            Rule::VolumeAboveUsual { .. } => {
                kept.counted.get_or_insert_default();
            }
            _ => {}
        }
        self.alerts.insert(alert.id, Watched::new(alert, hours));
    }

    pub(crate) fn remove(&mut self, id: AlertId) {
        let Some(gone) = self.alerts.remove(&id) else { return };
        let left: Vec<&Rule> = self
            .alerts
            .values()
            .filter(|w| w.alert.symbol == gone.alert.symbol)
            .map(|w| &w.alert.rule)
            .collect();
        if left.is_empty() {
            self.symbols.remove(&gone.alert.symbol);
            return;
        }
        let kept = self.symbols.get_mut(&gone.alert.symbol).unwrap();
        let has = |length: u32| {
            left.iter()
                .any(|rule| matches!(rule, Rule::PercentInWindow { minutes, .. } if *minutes == length))
        };
        kept.movers.retain(|minutes, _| has(*minutes));
        if !left.iter().any(|rule| matches!(rule, Rule::VolumeAboveUsual { .. })) {
            (kept.counted, kept.usual) = (None, None);
        }
    }

    pub(crate) fn apply(&mut self, event: &MarketEvent, out: &mut Vec<Firing>) {
        let from = out.len();
        match event {
            MarketEvent::Trade(trade) => self.trade(trade, out),
            MarketEvent::Cancel { symbol, original, .. } => self.cancel(*symbol, *original),
            MarketEvent::Correction { original, replacement } => {
                self.cancel(replacement.symbol, *original);
                self.trade(replacement, out);
            }
            MarketEvent::Reference(reference) => {
                if let Some(close) = reference.previous_close {
                    self.close(reference.symbol, new_york_date(reference.ts_event), close);
                }
            }
            MarketEvent::Gap { .. } => {}
        }
        out[from..].sort_by_key(|firing| firing.id);
    }

    fn trade(&mut self, trade: &Trade, out: &mut Vec<Firing>) {
        let Some(hours) = self.alerts.values().find(|w| w.alert.symbol == trade.symbol).map(|w| w.hours)
        else {
            return;
        };
        self.count(trade, out);
        let kept = self.symbols.get_mut(&trade.symbol).unwrap();
        let regular = session_at(trade.ts_event, hours) == Session::Regular
            || trade.conditions.has(b'O')
            || trade.conditions.has(b'6');
        let may = if regular {
            trade.conditions.eligibility().last
        } else {
            trade.conditions.eligibility().last || trade.conditions.eligibility_extended().last
        };
        if !may || kept.newest.is_some_and(|newest| trade.key() <= newest) {
            return;
        }
        let today = new_york_date(trade.ts_event);
        let own_close = kept
            .official
            .filter(|_| kept.newest.is_some_and(|newest| new_york_date(newest.ts_event) < today))
            .filter(|_| kept.close.is_none_or(|(date, _)| date < today));
        let (newest, official) = (trade.key(), trade.conditions.eligibility().last.then_some(trade.price));
        let watches_close = self
            .alerts
            .values()
            .any(|w| w.alert.symbol == trade.symbol && matches!(w.alert.rule, Rule::PercentFromClose { .. }));
        if let (Some(close), true) = (own_close, watches_close) {
            self.close(trade.symbol, today, close);
        }
        let kept = self.symbols.get_mut(&trade.symbol).unwrap();
        (kept.newest, kept.price) = (Some(newest), Some(trade.price));
        kept.official = official.or(kept.official);
        for movers in kept.movers.values_mut() {
            movers.push((trade.ts_event, trade.price));
        }
        for watched in self.alerts.values_mut().filter(|w| w.alert.symbol == trade.symbol) {
            watched.on_price(kept, trade.key(), trade.price, out);
        }
    }

    fn count(&mut self, trade: &Trade, out: &mut Vec<Firing>) {
        let kept = self.symbols.get_mut(&trade.symbol).unwrap();
        let Some(counted) = &mut kept.counted else { return };
        let newest = counted.last().copied();
        if !trade.conditions.eligibility().volume || newest.is_some_and(|n| trade.key() <= n.key()) {
            return;
        }
        let minute = |t: &Trade| t.ts_event.seconds().div_euclid(60);
        let sum = |counted: &[Trade], number: i64| -> i128 {
            counted.iter().filter(|t| minute(t) == number).map(|t| i128::from(t.size.units())).sum()
        };
        let usual = |number: i64| {
            let time = Timestamp::from_seconds(number * 60).unwrap();
            let hour = (time.seconds() + new_york_offset_seconds(time)).div_euclid(3_600).rem_euclid(24);
            kept.usual.map_or(0, |usual| usual.hours[usize::try_from(hour).unwrap()].units())
        };
        let begins = newest.is_none_or(|n| minute(&n) != minute(trade));
        let before = sum(counted, minute(trade) - 1) * 60_000;
        counted.push(*trade);
        let (volume, hour) = (sum(counted, minute(trade)), usual(minute(trade)));
        for watched in self.alerts.values_mut().filter(|w| w.alert.symbol == trade.symbol) {
            let Rule::VolumeAboveUsual { times_thousandths } = watched.alert.rule else { continue };
            let back = i128::from(times_thousandths - watched.back(1));
            if begins && before <= back * usual(minute(trade) - 1) {
                watched.up_armed = true;
            }
            let reached = hour > 0 && volume * 60_000 >= hour * i128::from(times_thousandths);
            if watched.up_armed && reached && watched.counts(trade.ts_event) {
                watched.up_armed = false;
                let cause = Cause::Trade { key: trade.key(), price: trade.price, way: Way::Up };
                let measured =
                    Measured::Usual { volume: Volume::from_units(volume), hour: Volume::from_units(hour) };
                watched.fire(cause, measured, out);
            }
        }
    }

    fn cancel(&mut self, symbol: SymbolId, original: TradeRef) {
        let Some(kept) = self.symbols.get_mut(&symbol) else { return };
        for (minutes, movers) in &mut kept.movers {
            let bucket = |time: Timestamp| time.seconds().div_euclid(i64::from(*minutes));
            movers.retain(|(time, _)| bucket(*time) != bucket(original.ts_event));
        }
        for watched in self.alerts.values_mut().filter(|w| w.alert.symbol == symbol && !w.done) {
            let (Rule::PriceCrosses(mark), Some(CauseId::Trade(key, way))) =
                (&watched.alert.rule, watched.last)
            else {
                continue;
            };
            let origin: i8 = if way == Way::Up { -1 } else { 1 };
            let is_there =
                kept.price.is_some_and(|price| i64::from(origin) == (price.units() - mark.units()).signum());
            if key == original && (kept.newest == Some(original) || is_there) {
                watched.side = Some(origin);
            }
        }
        if kept.newest == Some(original) {
            if kept.official == kept.price {
                kept.official = None;
            }
            kept.price = None;
        }
    }

    pub(crate) fn close(&mut self, symbol: SymbolId, date: Date, price: Price) {
        let Some(kept) = self.symbols.get_mut(&symbol) else { return };
        if kept.close.is_some_and(|(known, _)| known > date) {
            return;
        }
        let is_new = kept.close.is_none_or(|(known, _)| known < date);
        kept.close = Some((date, price));
        for watched in self.alerts.values_mut().filter(|w| w.alert.symbol == symbol) {
            if matches!(watched.alert.rule, Rule::PercentFromClose { .. }) && is_new {
                (watched.up_armed, watched.down_armed) = (true, true);
            }
        }
    }

    pub(crate) fn usual(&mut self, symbol: SymbolId, usual: UsualVolume) {
        if let Some(kept) = self.symbols.get_mut(&symbol)
            && kept.counted.is_some()
        {
            kept.usual = Some(usual);
        }
    }

    pub(crate) fn mention(&mut self, mention: &Mention<'_>, out: &mut Vec<Firing>) {
        for watched in self.alerts.values_mut() {
            let Rule::News { words } = watched.alert.rule.clone() else { continue };
            let text = format!("{} {}", mention.title, mention.summary).to_lowercase();
            let spoken: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
            let says = words.is_empty() || words.iter().any(|w| spoken.contains(&w.to_lowercase().as_str()));
            if says && mention.symbols.contains(&watched.alert.symbol) && watched.counts(mention.at) {
                let cause = Cause::Headline { id: mention.headline, at: mention.at };
                watched.fire(cause, Measured::Mention, out);
            }
        }
    }

    /// Silence, of symbols that always trade.
    pub(crate) fn tick(&mut self, now: Timestamp, out: &mut Vec<Firing>) {
        for watched in self.alerts.values_mut() {
            let Rule::Stale { seconds } = watched.alert.rule else { continue };
            assert_eq!(watched.hours, Hours::Always, "the model knows no market hours");
            let newest = self.symbols[&watched.alert.symbol].newest.map(|key| key.ts_event);
            let since = newest.unwrap_or(Timestamp::MIN).max(watched.alert.active_from);
            let reached_at = since.saturating_add_nanos(i64::from(seconds) * 1_000_000_000);
            let is_told = watched.last == Some(CauseId::Silence(since));
            if reached_at <= now && !is_told && watched.counts(reached_at) {
                watched.fire(Cause::Silence { since, reached_at }, Measured::Age { seconds }, out);
            }
        }
        // What is told to be over stays over, even if a trade of before comes late.
        for watched in self.alerts.values_mut() {
            watched.done |= watched.alert.expires_at.is_some_and(|end| end <= now);
        }
    }
}

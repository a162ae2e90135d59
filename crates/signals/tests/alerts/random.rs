//! Any day, any alerts: the engine against the model, in one go and with restarts anywhere.

use std::collections::BTreeMap;

use market::event::Reference;
use market::{Conditions, Date, Hours, MarketEvent, Price, Size, SymbolId, Timestamp, Trade, Volume};
use proptest::prelude::*;
use signals::alert::{
    Alert, AlertId, Alerts, Direction, Firing, Mention, QuietHours, Repeat, Rule, UsualVolume, Zone,
};

use crate::model::Model;

/// Tuesday, 2018-01-02, 14:00 UTC: half an hour before the open.
const BEGIN: i64 = 1_514_901_600;
const UNIT: i64 = 1_000_000;
const HOURS: [Hours; 2] = [Hours::UsEquity, Hours::Always];

#[derive(Debug, Clone)]
enum Step {
    /// A trade: symbol, seconds since the one before (below zero is late), price, size, letters.
    Trade(usize, i64, i64, i64, String),
    /// An earlier trade again, counted back.
    Twice(usize),
    /// An earlier trade is taken back; with a price, it is replaced.
    Cancel(usize, Option<i64>),
    Close(usize, i64, i64),
    Usual(usize, i64),
    Mention(usize, &'static str),
    Tick(i64),
    Add(Draft),
    Remove(usize),
    Restart,
}

#[derive(Debug, Clone)]
struct Draft {
    symbol: usize,
    rule: Rule,
    repeat: Repeat,
    quiet: bool,
    /// Seconds from now.
    from: i64,
    lasts: Option<i64>,
    seen: Option<i64>,
}

fn any_price() -> impl Strategy<Value = i64> {
    90i64..110
}

fn any_direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Up), Just(Direction::Down), Just(Direction::Either)]
}

/// A rule, and how much hysteresis of its unit makes a step.
fn any_rule() -> impl Strategy<Value = (Rule, i64)> {
    let price = || any_price().prop_map(|p| Price::from_units(p * UNIT));
    let window = (1i64..12, any_direction(), prop_oneof![Just(1u32), Just(2), Just(5), Just(60)]);
    prop_oneof![
        price().prop_map(|p| (Rule::PriceAbove(p), UNIT)),
        price().prop_map(|p| (Rule::PriceBelow(p), UNIT)),
        price().prop_map(|p| (Rule::PriceCrosses(p), UNIT)),
        window.prop_map(|(percent, direction, minutes)| {
            (Rule::PercentInWindow { ppm: percent * 10_000, direction, minutes }, 5_000)
        }),
        (1i64..12, any_direction()).prop_map(|(percent, direction)| {
            (Rule::PercentFromClose { ppm: percent * 10_000, direction }, 5_000)
        }),
        (500i64..4_000).prop_map(|times| (Rule::VolumeAboveUsual { times_thousandths: times }, 100)),
        (1u32..200).prop_map(|seconds| (Rule::Stale { seconds }, 0)),
        prop_oneof![Just(vec![]), Just(vec!["Merger".to_owned()])]
            .prop_map(|words| (Rule::News { words }, 0)),
    ]
}

prop_compose! {
    fn any_draft()(
        symbol in 0usize..2,
        (rule, unit) in any_rule(),
        again in proptest::option::weighted(0.7, 0i64..4),
        quiet in any::<bool>(),
        from in prop_oneof![4 => Just(i64::MIN), 1 => 0i64..300],
        lasts in proptest::option::weighted(0.2, 1i64..3_000),
        seen in proptest::option::of(any_price()),
    ) -> Draft {
        let repeat = again.map_or(Repeat::Once, |steps| Repeat::Rearm { hysteresis: steps * unit });
        // The model knows no market hours, so silence is of the symbol that always trades.
        let symbol = if matches!(rule, Rule::Stale { .. }) { 1 } else { symbol };
        Draft { symbol, rule, repeat, quiet, from, lasts, seen }
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let pause = prop_oneof![20 => 0i64..40, 3 => -60i64..0, 2 => 300i64..4_000, 1 => 20_000i64..90_000];
    prop_oneof![
        30 => (0usize..2, pause, any_price(), 1i64..50, "[@FTIZOM6GU9]{0,1}")
            .prop_map(|(symbol, pause, price, size, letters)| Step::Trade(symbol, pause, price, size, letters)),
        1 => (1usize..4).prop_map(Step::Twice),
        2 => (1usize..4, proptest::option::of(any_price())).prop_map(|(back, price)| Step::Cancel(back, price)),
        1 => (0usize..2, 0i64..2, any_price()).prop_map(|(symbol, day, price)| Step::Close(symbol, day, price)),
        1 => (0usize..2, 1i64..2_000).prop_map(|(symbol, volume)| Step::Usual(symbol, volume)),
        1 => (0usize..2, prop_oneof![Just("A merger, at last"), Just("Submerger")])
            .prop_map(|(symbol, title)| Step::Mention(symbol, title)),
        3 => (0i64..300).prop_map(Step::Tick),
        6 => any_draft().prop_map(Step::Add),
        1 => (0usize..8).prop_map(Step::Remove),
        1 => Just(Step::Restart),
    ]
}

/// Plays a story to the engine and to the model.
#[derive(Default)]
struct Stage {
    engine: Alerts,
    /// The same with a restart after every step.
    restless: Alerts,
    model: Model,
    defined: BTreeMap<AlertId, (Alert, Hours)>,
    trades: Vec<Trade>,
    now: i64,
    ticked: i64,
    n: u64,
    told: [Vec<Firing>; 3],
}

fn seconds(count: i64) -> Timestamp {
    Timestamp::from_seconds(count).unwrap()
}

impl Stage {
    fn play(&mut self, step: &Step) {
        self.n += 1;
        match step {
            Step::Trade(symbol, pause, price, size, letters) => {
                // Ticks are not ahead of the log.
                let time = (self.now + pause).max(self.ticked);
                self.now = self.now.max(time);
                let trade = Trade {
                    symbol: SymbolId(*symbol as u32),
                    ts_event: seconds(time),
                    ts_recv: seconds(time),
                    seq: self.n,
                    price: Price::from_units(price * UNIT),
                    size: Size::from_whole(*size).unwrap(),
                    conditions: Conditions::from_letters(letters.as_bytes()),
                };
                self.trades.push(trade);
                self.event(&MarketEvent::Trade(trade));
            }
            Step::Twice(back) => {
                if let Some(at) = self.trades.len().checked_sub(*back) {
                    self.event(&MarketEvent::Trade(self.trades[at]));
                }
            }
            Step::Cancel(back, price) => {
                let Some(at) = self.trades.len().checked_sub(*back) else { return };
                let trade = self.trades[at];
                let event = match price {
                    Some(price) => MarketEvent::Correction {
                        original: trade.key(),
                        replacement: Trade { price: Price::from_units(price * UNIT), seq: self.n, ..trade },
                    },
                    None => MarketEvent::Cancel {
                        symbol: trade.symbol,
                        original: trade.key(),
                        ts_recv: seconds(self.now),
                    },
                };
                self.event(&event);
            }
            Step::Close(symbol, day, price) => self.close(*symbol, *day, *price),
            Step::Usual(symbol, volume) => {
                let usual =
                    UsualVolume { hours: [Volume::from_units(i128::from(*volume) * 100_000_000); 24] };
                let symbol = SymbolId(*symbol as u32);
                self.engine.usual_volume(symbol, usual);
                self.restless.usual_volume(symbol, usual);
                self.model.usual(symbol, usual);
            }
            Step::Mention(symbol, title) => {
                let symbols = [SymbolId(*symbol as u32)];
                let mention = Mention {
                    headline: self.n,
                    symbols: &symbols,
                    title,
                    summary: "",
                    at: seconds(self.now),
                };
                self.engine.mention(&mention, &mut self.told[0]);
                self.restless.mention(&mention, &mut self.told[1]);
                self.model.mention(&mention, &mut self.told[2]);
            }
            Step::Tick(pause) => {
                self.now += pause;
                self.ticked = self.now;
                let now = seconds(self.now);
                self.engine.tick(now, &mut self.told[0]);
                self.restless.tick(now, &mut self.told[1]);
                self.model.tick(now, &mut self.told[2]);
            }
            Step::Add(draft) => self.add(draft),
            Step::Remove(at) => {
                let Some(id) = self.defined.keys().nth(*at).copied() else { return };
                self.defined.remove(&id);
                assert!(self.engine.remove(id).is_some());
                assert!(self.restless.remove(id).is_some());
                self.model.remove(id);
            }
            Step::Restart => self.engine = self.restarted(&self.engine),
        }
        self.restless = self.restarted(&self.restless);
    }

    fn event(&mut self, event: &MarketEvent) {
        self.engine.apply(event, &mut self.told[0]);
        self.restless.apply(event, &mut self.told[1]);
        self.model.apply(event, &mut self.told[2]);
    }

    fn close(&mut self, symbol: usize, day: i64, price: i64) {
        let price = Price::from_units(price * UNIT);
        let (symbol, time) = (SymbolId(symbol as u32), seconds(self.now + day * 86_400));
        if day == 0 {
            self.event(&MarketEvent::Reference(Box::new(Reference {
                symbol,
                ts_event: time,
                previous_close: Some(price),
                open: None,
                high: None,
                low: None,
                last: None,
                volume: None,
            })));
            return;
        }
        let date: Date = market::calendar::new_york_date(time);
        self.engine.previous_close(symbol, date, price);
        self.restless.previous_close(symbol, date, price);
        self.model.close(symbol, date, price);
    }

    fn add(&mut self, draft: &Draft) {
        let alert = Alert {
            id: AlertId(self.n),
            owner: self.n,
            symbol: SymbolId(draft.symbol as u32),
            rule: draft.rule.clone(),
            repeat: draft.repeat,
            generation: 0,
            active_from: seconds(if draft.from == i64::MIN { BEGIN } else { self.now + draft.from }),
            expires_at: draft.lasts.map(|lasts| seconds(self.now + lasts)),
            quiet: draft.quiet.then_some(QuietHours {
                from_minute: 600,
                to_minute: 720,
                zone: Zone::NewYork,
            }),
            seen: draft.seen.map(|price| Price::from_units(price * UNIT)),
        };
        let hours = HOURS[draft.symbol];
        if self.engine.add(alert.clone(), hours).is_ok() {
            self.restless.add(alert.clone(), hours).unwrap();
            self.model.add(alert.clone(), hours);
            self.defined.insert(alert.id, (alert, hours));
        }
    }

    fn restarted(&self, engine: &Alerts) -> Alerts {
        let snapshot = engine.snapshot();
        let again = Alerts::restore(self.defined.values().cloned(), &snapshot).unwrap();
        assert_eq!(again.snapshot(), snapshot, "a snapshot restores to itself");
        again
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn engine_and_model_tell_the_same(steps in proptest::collection::vec(any_step(), 1..120)) {
        let mut stage = Stage { now: BEGIN, ..Stage::default() };
        for (n, step) in steps.iter().enumerate() {
            stage.play(step);
            let [engine, restless, model] = &mut stage.told;
            prop_assert_eq!(&*engine, &*model, "step {} {:?}", n, step);
            prop_assert_eq!(&*restless, &*model, "restarts, step {} {:?}", n, step);
            engine.clear();
            restless.clear();
            model.clear();
        }
    }
}

/// Something must happen in the stories, or their agreement would say nothing.
#[test]
fn the_stories_are_not_dull() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let stories = proptest::collection::vec(any_step(), 100);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..200 {
        let steps = stories.new_tree(&mut runner).unwrap().current();
        let mut stage = Stage { now: BEGIN, ..Stage::default() };
        steps.iter().for_each(|step| stage.play(step));
        for firing in &stage.told[0] {
            let rule = format!("{:?}", stage.defined.get(&firing.id.alert).map(|(alert, _)| &alert.rule));
            let name: String = rule.chars().skip(5).take_while(|c| c.is_alphanumeric()).collect();
            *kinds.entry(name).or_default() += 1;
        }
    }
    for kind in [
        "PriceAbove",
        "PriceBelow",
        "PriceCrosses",
        "PercentInWindow",
        "PercentFromClose",
        "VolumeAboveUsual",
        "Stale",
        "News",
    ] {
        assert!(kinds.get(kind).is_some_and(|n| *n >= 50), "{kind} hardly ever fires: {kinds:?}");
    }
}

//! What an alert says when it fires, in words and as it is stored.

use std::sync::Arc;

use market::{Size, Timestamp, Volume};
use serde::{Deserialize, Serialize};
use signals::alert::{Cause, Firing, Measured, Way};
use store::records::{alert, firing};
use wire::alerts::{AlertBody, CrossingTrade, FiringBody, RuleBody};
use wire::names::RuleType;

use super::rule::{percent, read_quiet, read_rule, rearm_of, rule_of, words_of};
use super::stand::state_name;

/// What is known of an alert when it fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    /// On what.
    pub(super) symbol: String,
    /// About what.
    pub(super) rule: RuleBody,
    /// Its owner's words.
    pub(super) note: String,
}

/// A firing as it is stored beside its columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    text: String,
    rule: String,
    note: String,
    trade: Option<CrossingTrade>,
    /// Not there in what earlier versions have stored.
    #[serde(default)]
    terms: Option<RuleBody>,
    #[serde(default)]
    source: Option<String>,
}

/// What made an alert fire, beside what the engine tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Occasion {
    /// Size of the trade.
    pub(super) size: Option<Size>,
    /// Title of the article.
    pub(super) title: Option<String>,
    /// Where prices of the symbol come from.
    pub(super) source: Option<Arc<str>>,
}

/// What is stored of a firing.
pub(super) fn stored(firing: &Firing, about: &About, occasion: &Occasion) -> String {
    let trade = match firing.cause {
        Cause::Trade { key, price, .. } => Some(CrossingTrade {
            price,
            size: occasion.size.unwrap_or_default(),
            timestamp: key.ts_event,
            seq: key.seq,
        }),
        Cause::Silence { .. } | Cause::Headline { .. } => None,
    };
    let rule = words_of(&about.symbol, &about.rule);
    let text = words(firing, about, occasion.title.as_deref());
    let source = occasion.source.as_deref().map(str::to_owned);
    let stored =
        Stored { text, rule, note: about.note.clone(), trade, terms: Some(about.rule.clone()), source };
    // Texts and exact numbers: it always serialises.
    serde_json::to_string(&stored).unwrap_or_default()
}

fn words(firing: &Firing, about: &About, title: Option<&str>) -> String {
    let symbol = &about.symbol;
    let (price, way) = match firing.cause {
        Cause::Trade { price, way, .. } => (price, way),
        Cause::Silence { since, reached_at } => {
            let Measured::Age { seconds } = firing.measured else {
                return format!("{symbol} has gone silent at {reached_at}");
            };
            return format!("{symbol} has had no trade for {seconds} s in market hours, since {since}");
        }
        Cause::Headline { .. } => {
            return match title {
                Some(title) => format!("{symbol} is in the news: {title}"),
                None => format!("{symbol} is in the news"),
            };
        }
    };
    let side = if way == Way::Up { "above" } else { "below" };
    match firing.measured {
        Measured::Threshold(threshold) if about.rule.kind == RuleType::PriceCrosses => {
            let way = if way == Way::Up { "upwards" } else { "downwards" };
            format!("{symbol} traded at {price}, crossing {threshold} {way}")
        }
        Measured::Threshold(threshold) => format!("{symbol} traded at {price}, {side} {threshold}"),
        Measured::Window { from, ppm, .. } => {
            let minutes = about.rule.window_s.unwrap_or_default() / 60;
            format!("{symbol} traded at {price}, {} % {side} {from} within {minutes} min", percent(ppm))
        }
        Measured::Close { close, ppm, .. } => {
            format!("{symbol} traded at {price}, {} % {side} the previous close of {close}", percent(ppm))
        }
        Measured::Usual { volume, hour } => {
            format!("{symbol} traded {volume} this minute, {} times the usual", times(volume, hour))
        }
        Measured::Age { .. } | Measured::Mention => format!("{symbol} traded at {price}"),
    }
}

/// How many times a sixtieth of an hour's volume this is, to one place, towards zero.
fn times(volume: Volume, hour: Volume) -> String {
    let tenths = volume.units().saturating_mul(600) / hour.units().max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A firing as it is told; `None` where what is stored cannot be read.
pub fn firing_body(firing: firing::Firing) -> Option<FiringBody> {
    let Stored { text, rule: rule_text, note, trade, terms: rule, source } =
        serde_json::from_str(&firing.body).ok()?;
    Some(FiringBody {
        id: firing.id.to_string(),
        alert: firing.alert.to_string(),
        name: firing.name,
        symbol: firing.symbol,
        text,
        rule,
        rule_text,
        note,
        at: firing.at,
        trade,
        source,
        not_before: firing.not_before,
        recorded_at: firing.recorded_at,
    })
}

/// What type a stored rule is; `None` where it cannot be read.
pub fn rule_type(stored: &str) -> Option<RuleType> {
    read_rule(stored).map(|rule| rule.kind)
}

/// An alert as its owner is told of it; `None` where what is stored cannot be read.
pub fn alert_body(alert: alert::Alert, now: Timestamp) -> Option<AlertBody> {
    let content = alert.content;
    let rule = read_rule(&content.rule)?;
    let terms = rule_of(&rule, (None, None)).ok()?;
    Some(AlertBody {
        id: alert.id.to_string(),
        text: words_of(&content.symbol, &rule),
        state: state_name(&content.state, content.is_paused, content.expires_at, now),
        channels: content.channels.iter().map(i64::to_string).collect(),
        repeat: content.hysteresis.is_some(),
        rearm: rearm_of(&terms.rule, content.hysteresis),
        symbol: content.symbol,
        rule,
        expires_at: content.expires_at,
        quiet: read_quiet(content.quiet.as_deref()),
        note: content.note,
        fired: alert.fired,
        last_fired_at: alert.last_fired_at,
        version: alert.version,
        created_at: alert.created_at,
        updated_at: alert.updated_at,
    })
}

#[cfg(test)]
mod tests {
    use market::{Date, Price, SymbolId, TradeRef};
    use signals::alert::{AlertId, FiringId};

    use super::*;

    #[test]
    fn a_message_names_what_happened() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let key = TradeRef { ts_event: "2026-01-05T15:00:00.5Z".parse().unwrap(), seq: 12 };
        let trade = |way| Cause::Trade { key, price: price("190.05"), way };
        let window = Measured::Window { from: price("185.4"), bucket: key.ts_event, ppm: 25_080 };
        let date = Date::from_ymd(2026, 1, 5);
        let close = Measured::Close { close: price("193"), date, ppm: -15_284 };
        let volume = |units: i128| Volume::from_units(units * 100_000_000);
        let silence = Cause::Silence { since: key.ts_event, reached_at: key.ts_event };
        let above = r#"{"type":"price_above","price":190}"#;
        let crosses = r#"{"type":"price_crosses","price":190}"#;
        for (rule, cause, measured, words) in [
            (above, trade(Way::Up), Measured::Threshold(price("190")), "X traded at 190.05, above 190"),
            (
                crosses,
                trade(Way::Down),
                Measured::Threshold(price("191")),
                "X traded at 190.05, crossing 191 downwards",
            ),
            (
                r#"{"type":"percent_change","percent":2.5,"window_s":300}"#,
                trade(Way::Up),
                window,
                "X traded at 190.05, 2.5 % above 185.4 within 5 min",
            ),
            (above, trade(Way::Down), close, "X traded at 190.05, 1.52 % below the previous close of 193"),
            (
                above,
                trade(Way::Up),
                Measured::Usual { volume: volume(350), hour: volume(6_000) },
                "X traded 350 this minute, 3.5 times the usual",
            ),
            (
                above,
                silence,
                Measured::Age { seconds: 5 },
                "X has had no trade for 5 s in market hours, since 2026-01-05T15:00:00.500Z",
            ),
            (
                above,
                Cause::Headline { id: 1, at: key.ts_event },
                Measured::Mention,
                "X is in the news: X buys Y",
            ),
        ] {
            let id = FiringId { alert: AlertId(1), generation: 0, cause: Some(cause.id()) };
            let firing = Firing { id, owner: 0, symbol: SymbolId(0), cause, measured, not_before: None };
            let rule = serde_json::from_str(rule).unwrap();
            let about = About { symbol: "X".into(), rule, note: "sell".into() };
            let size = "100".parse().ok();
            let occasion = Occasion { size, title: Some("X buys Y".into()), source: Some("sim".into()) };
            let body = stored(&firing, &about, &occasion);
            let body = firing_body(store::records::firing::Firing {
                id: 1,
                owner: 0,
                alert: 1,
                generation: 0,
                number: 1,
                name: id.to_string(),
                symbol: "X".into(),
                at: cause.time(),
                recorded_at: cause.time(),
                not_before: None,
                body,
                channels: Vec::new(),
            });
            let body = body.unwrap();
            assert_eq!((&*body.text, &*body.note), (words, "sell"));
            assert_eq!((body.rule.as_ref(), body.source.as_deref()), (Some(&about.rule), Some("sim")));
            let is_trade = matches!(cause, Cause::Trade { .. });
            assert_eq!(
                body.trade.map(|trade| (trade.seq, trade.size)),
                is_trade.then(|| (12, size.unwrap()))
            );
        }
    }
    #[test]
    fn what_an_earlier_version_has_recorded_is_read() {
        let body = r#"{"text":"t","rule":"X above 190","note":"","trade":{"price":190.05,"size":100,
            "timestamp":"2026-01-05T15:00:00Z","seq":12}}"#;
        let stored: Stored = serde_json::from_str(body).unwrap();
        assert_eq!((&*stored.rule, stored.terms, stored.source), ("X above 190", None, None));
        assert_eq!(stored.trade.unwrap().price, "190.05".parse().unwrap());
    }
}

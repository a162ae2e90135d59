//! Rules as people send them, as the engine takes them, and in words.

use market::decimal::write_units;
use market::{Price, SymbolId};
use serde::Deserialize;
use signals::alert::{Alert, AlertId, Direction, QuietHours, Repeat, Rule, RuleError, Zone};
use store::records::alert::Content;
use wire::alerts::{QuietBody, RearmBody, RuleBody};
use wire::names::{DirectionName, RuleType};
use wire::number::{self, Micros};

/// Millionths of a per cent in a millionth of the whole: 1 % is 10,000 ppm, and 1,000,000 millionths of a per cent.
const MICROS_PER_PPM: i64 = 100;
/// Millionths in a thousandth.
const MICROS_PER_THOUSANDTH: i64 = 1_000;
/// Units of 10⁻⁸ in a millionth of the whole, where the unit counts per cent.
const UNITS_PER_PPM: i64 = 10_000;
/// Units of 10⁻⁸ in a thousandth.
const UNITS_PER_THOUSANDTH: i64 = 100_000;
/// The longest window of a change, in seconds, and what it is a multiple of.
const WINDOW_S_MAX: u32 = 3_600;
const MINUTE_S: u32 = 60;
/// How many times the usual volume where nothing else is said.
const TIMES: Micros = Micros(3_000_000);
/// The silence where nothing else is said, in seconds.
const SILENCE_S: u32 = 60;
/// An alert that repeats is armed again when the value has gone back by this part of the price, or of the change or multiple.
const PRICE_PART: i64 = 1_000;
const CHANGE_PART: i64 = 10;
/// The longest distance of a clock from UTC, in minutes.
const OFFSET_MINUTES_MAX: i32 = 14 * 60;

/// A rule and how it repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// About what.
    pub rule: Rule,
    /// Once, or again and again.
    pub repeat: Repeat,
}

/// Why a rule cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// A member that this type needs is missing.
    #[error("a rule of the type {kind} needs {member}")]
    Missing {
        /// The type.
        kind: RuleType,
        /// What it needs.
        member: &'static str,
    },
    /// A member that this type does not have.
    #[error("a rule of the type {kind} has no {member}; leave it out")]
    Foreign {
        /// The type.
        kind: RuleType,
        /// What it has not.
        member: &'static str,
    },
    /// A number that is out of range.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A window of another length.
    #[error(
        "window_s must be 60 to 3600, in whole minutes: 60, 120, …; leave it out to measure from the previous close"
    )]
    Window,
    /// It is to fire once, and to be armed again.
    #[error("rearm says how an alert repeats: leave it out where repeat is false")]
    Once,
    /// Quiet hours that are none.
    #[error(
        "quiet hours have from and to as HH:MM, and a zone: new_york, or a distance from UTC such as +01:00"
    )]
    Quiet,
}

/// The members a type needs and may have beside `type`.
fn members(kind: RuleType) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        RuleType::PriceAbove | RuleType::PriceBelow | RuleType::PriceCrosses => (&["price"], &[]),
        RuleType::PercentChange => (&["percent"], &["direction", "window_s"]),
        RuleType::VolumeAboveUsual => (&[], &["times"]),
        RuleType::Stale => (&[], &["seconds"]),
        RuleType::News => (&[], &["words"]),
    }
}

/// A rule with what it is where nothing else is said.
pub fn completed(mut rule: RuleBody) -> RuleBody {
    match rule.kind {
        RuleType::VolumeAboveUsual => rule.times = rule.times.or(Some(TIMES)),
        RuleType::Stale => rule.seconds = rule.seconds.or(Some(SILENCE_S)),
        _ => {}
    }
    rule
}

/// A rule as it was stored; `None` for what no version has written.
pub(super) fn read_rule(stored: &str) -> Option<RuleBody> {
    serde_json::from_str(stored).ok().or_else(|| serde_json::from_str::<OldRule>(stored).ok()?.today())
}

/// A rule as it was stored before it had a `type`.
#[derive(Deserialize)]
struct OldRule {
    kind: String,
    #[serde(default, with = "number::price_option")]
    price: Option<Price>,
    #[serde(default, with = "number::micros_option")]
    percent: Option<Micros>,
    direction: Option<DirectionName>,
    minutes: Option<u32>,
    #[serde(default, with = "number::micros_option")]
    times: Option<Micros>,
    seconds: Option<u32>,
    words: Option<Vec<String>>,
}

impl OldRule {
    fn today(self) -> Option<RuleBody> {
        let Self { kind, price, percent, direction, minutes, times, seconds, words } = self;
        let kind = match kind.as_str() {
            "percent_in_window" | "percent_from_close" => RuleType::PercentChange,
            same => same.parse().ok()?,
        };
        let window_s = minutes.map(|minutes| minutes.saturating_mul(MINUTE_S));
        Some(RuleBody { kind, price, percent, direction, window_s, times, seconds, words })
    }
}

/// The rule that a body says, with how it repeats: by `rearm`, which alone says that it does, or else by a part of what the
/// rule waits for.
///
/// # Errors
/// [`BadRule`].
pub fn rule_of(
    body: &RuleBody,
    (repeat, rearm): (Option<bool>, Option<RearmBody>),
) -> Result<Terms, BadRule> {
    let kind = body.kind;
    let (needs, may) = members(kind);
    let has = [
        ("price", body.price.is_some()),
        ("percent", body.percent.is_some()),
        ("direction", body.direction.is_some()),
        ("window_s", body.window_s.is_some()),
        ("times", body.times.is_some()),
        ("seconds", body.seconds.is_some()),
        ("words", body.words.is_some()),
    ];
    for (member, is_there) in has {
        let is_needed = needs.contains(&member);
        if is_needed && !is_there {
            return Err(BadRule::Missing { kind, member });
        }
        if is_there && !is_needed && !may.contains(&member) {
            return Err(BadRule::Foreign { kind, member });
        }
    }
    let price = body.price.unwrap_or_default();
    let ppm = body.percent.unwrap_or_default().0 / MICROS_PER_PPM;
    let direction = match body.direction.unwrap_or(DirectionName::Either) {
        DirectionName::Up => Direction::Up,
        DirectionName::Down => Direction::Down,
        DirectionName::Either => Direction::Either,
    };
    let rule = match kind {
        RuleType::PriceAbove => Rule::PriceAbove(price),
        RuleType::PriceBelow => Rule::PriceBelow(price),
        RuleType::PriceCrosses => Rule::PriceCrosses(price),
        RuleType::PercentChange => match body.window_s {
            None => Rule::PercentFromClose { ppm, direction },
            Some(window)
                if (MINUTE_S..=WINDOW_S_MAX).contains(&window) && window.is_multiple_of(MINUTE_S) =>
            {
                Rule::PercentInWindow { ppm, direction, minutes: window / MINUTE_S }
            }
            Some(_) => return Err(BadRule::Window),
        },
        RuleType::VolumeAboveUsual => Rule::VolumeAboveUsual {
            times_thousandths: body.times.unwrap_or(TIMES).0 / MICROS_PER_THOUSANDTH,
        },
        RuleType::Stale => Rule::Stale { seconds: body.seconds.unwrap_or(SILENCE_S) },
        RuleType::News => Rule::News { words: body.words.clone().unwrap_or_default() },
    };
    let repeat = repeat_of(match (repeat, rearm) {
        (Some(false), Some(_)) => return Err(BadRule::Once),
        (_, Some(rearm)) => Some(rearm.hysteresis.units() / unit(&rule)),
        (Some(true), None) => Some(usual_hysteresis(&rule)),
        (_, None) => None,
    });
    rule.check(repeat)?;
    Ok(Terms { rule, repeat })
}

/// How an alert repeats whose hysteresis is stored in the rule's own unit.
pub(super) fn repeat_of(hysteresis: Option<i64>) -> Repeat {
    hysteresis.map_or(Repeat::Once, |hysteresis| Repeat::Rearm { hysteresis })
}

/// By how much the value must go back where nothing else is said.
const fn usual_hysteresis(rule: &Rule) -> i64 {
    match rule {
        Rule::PriceAbove(price) | Rule::PriceBelow(price) | Rule::PriceCrosses(price) => {
            price.units() / PRICE_PART
        }
        Rule::PercentInWindow { ppm, .. } | Rule::PercentFromClose { ppm, .. } => *ppm / CHANGE_PART,
        Rule::VolumeAboveUsual { times_thousandths } => *times_thousandths / CHANGE_PART,
        Rule::Stale { .. } | Rule::News { .. } => 0,
    }
}

/// Units of 10⁻⁸ in one unit of the hysteresis.
const fn unit(rule: &Rule) -> i64 {
    match rule {
        Rule::PriceAbove(_) | Rule::PriceBelow(_) | Rule::PriceCrosses(_) => 1,
        Rule::PercentInWindow { .. } | Rule::PercentFromClose { .. } => UNITS_PER_PPM,
        Rule::VolumeAboveUsual { .. } => UNITS_PER_THOUSANDTH,
        Rule::Stale { .. } | Rule::News { .. } => 1,
    }
}

/// How an alert is armed again, as it is told.
pub(super) fn rearm_of(rule: &Rule, hysteresis: Option<i64>) -> Option<RearmBody> {
    let told = |units: i64| RearmBody { hysteresis: Price::from_units(units.saturating_mul(unit(rule))) };
    hysteresis.map(told)
}

/// A number of millionths of a per cent or of a multiple, as people write it.
fn decimal(micros: Micros) -> String {
    let mut text = Vec::new();
    micros.write(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Millionths of a whole as per cent with at most two places, towards zero.
pub(super) fn percent(ppm: i64) -> String {
    let mut text = Vec::new();
    // A hundredth of a per cent is a hundred millionths, and a million units.
    write_units((ppm.unsigned_abs() / 100).cast_signed().saturating_mul(1_000_000), &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The rule in words.
pub(super) fn words_of(symbol: &str, rule: &RuleBody) -> String {
    let price = rule.price.unwrap_or_default();
    let percent = decimal(rule.percent.unwrap_or_default());
    let moves = match rule.direction {
        Some(DirectionName::Up) => "up",
        Some(DirectionName::Down) => "down",
        _ => "up or down",
    };
    match rule.kind {
        RuleType::PriceAbove => format!("{symbol} above {price}"),
        RuleType::PriceBelow => format!("{symbol} below {price}"),
        RuleType::PriceCrosses => format!("{symbol} crosses {price}"),
        RuleType::PercentChange => match rule.window_s {
            Some(window) => format!("{symbol} {moves} {percent} % within {} min", window / MINUTE_S),
            None => format!("{symbol} {moves} {percent} % since the previous close"),
        },
        RuleType::VolumeAboveUsual => {
            let times = decimal(rule.times.unwrap_or(TIMES));
            format!("{symbol} trades {times} times its usual volume of a minute")
        }
        RuleType::Stale => {
            let seconds = rule.seconds.unwrap_or(SILENCE_S);
            format!("{symbol} without a trade for {seconds} s in market hours")
        }
        RuleType::News => match rule.words.as_deref() {
            Some(words) if !words.is_empty() => format!("{symbol} in the news: {}", words.join(", ")),
            _ => format!("{symbol} in the news"),
        },
    }
}

/// Minutes of a time of the day.
fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| (part.len() == 2).then(|| part.parse::<u32>().ok()).flatten();
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// Quiet hours as the engine takes them.
///
/// # Errors
/// [`BadRule::Quiet`].
pub fn quiet_of(body: &QuietBody) -> Result<QuietHours, BadRule> {
    let zone = match body.zone.as_str() {
        "new_york" => Some(Zone::NewYork),
        text => text.split_at_checked(1).and_then(|(sign, rest)| {
            let distance = i32::try_from(minutes(rest)?).ok().filter(|most| *most <= OFFSET_MINUTES_MAX)?;
            match sign {
                "+" => Some(Zone::Offset(distance)),
                "-" => Some(Zone::Offset(-distance)),
                _ => None,
            }
        }),
    };
    match (minutes(&body.from), minutes(&body.to), zone) {
        (Some(from_minute), Some(to_minute), Some(zone)) => Ok(QuietHours { from_minute, to_minute, zone }),
        _ => Err(BadRule::Quiet),
    }
}

/// Quiet hours as they are stored; `None` where there are none, or what is stored cannot be read.
pub(super) fn read_quiet(stored: Option<&str>) -> Option<QuietBody> {
    serde_json::from_str(stored?).ok()
}

/// Stored content as the engine takes it, of a first life; `None` where its rule cannot be read.
pub(super) fn engine_alert(content: &Content, symbol: SymbolId) -> Option<Alert> {
    let body = read_rule(&content.rule)?;
    let Terms { rule, .. } = rule_of(&body, (None, None)).ok()?;
    let repeat = repeat_of(content.hysteresis);
    rule.check(repeat).ok()?;
    let quiet = read_quiet(content.quiet.as_deref());
    Some(Alert {
        id: AlertId(0),
        owner: 0,
        symbol,
        rule,
        repeat,
        generation: 0,
        active_from: content.active_from,
        expires_at: content.expires_at,
        quiet: quiet.and_then(|quiet| quiet_of(&quiet).ok()),
        seen: content.seen.map(Price::from_units),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(json: &str) -> RuleBody {
        serde_json::from_str(json).unwrap()
    }

    fn rearm(text: &str) -> Option<RearmBody> {
        Some(RearmBody { hysteresis: text.parse().unwrap() })
    }

    #[test]
    fn rules_are_read_exactly_and_said_in_words() {
        for (json, rule, words) in [
            (
                r#"{"type":"price_above","price":190.05}"#,
                Rule::PriceAbove("190.05".parse().unwrap()),
                "X above 190.05",
            ),
            (
                r#"{"type":"price_crosses","price":0.00000001}"#,
                Rule::PriceCrosses(Price::from_units(1)),
                "X crosses 0.00000001",
            ),
            (
                r#"{"type":"percent_change","percent":"2.5","window_s":300,"direction":"down"}"#,
                Rule::PercentInWindow { ppm: 25_000, direction: Direction::Down, minutes: 5 },
                "X down 2.5 % within 5 min",
            ),
            (
                r#"{"type":"percent_change","percent":0.0001}"#,
                Rule::PercentFromClose { ppm: 1, direction: Direction::Either },
                "X up or down 0.0001 % since the previous close",
            ),
            (
                r#"{"type":"volume_above_usual","times":3.25}"#,
                Rule::VolumeAboveUsual { times_thousandths: 3_250 },
                "X trades 3.25 times its usual volume of a minute",
            ),
            (
                r#"{"type":"stale","seconds":5}"#,
                Rule::Stale { seconds: 5 },
                "X without a trade for 5 s in market hours",
            ),
            (
                r#"{"type":"news","words":["merger","split"]}"#,
                Rule::News { words: vec!["merger".into(), "split".into()] },
                "X in the news: merger, split",
            ),
        ] {
            let body = body(json);
            assert_eq!(rule_of(&body, (None, None)), Ok(Terms { rule, repeat: Repeat::Once }), "{json}");
            assert_eq!(words_of("X", &body), words);
            assert_eq!(
                serde_json::to_string(&body).unwrap().parse::<serde_json::Value>().unwrap()["type"],
                body.kind.as_str()
            );
        }
    }

    #[test]
    fn what_is_missing_foreign_or_out_of_range_is_named() {
        let told = |json: &str| rule_of(&body(json), (None, None)).unwrap_err().to_string();
        assert_eq!(told(r#"{"type":"price_above"}"#), "a rule of the type price_above needs price");
        assert_eq!(
            told(r#"{"type":"stale","seconds":5,"price":1}"#),
            "a rule of the type stale has no price; leave it out"
        );
        for window in [0, 30, 59, 90, 3_601, 3_660] {
            let told = told(&format!(r#"{{"type":"percent_change","percent":1,"window_s":{window}}}"#));
            assert!(told.starts_with("window_s must be 60 to 3600, in whole minutes"), "{window}: {told}");
        }
        assert!(told(r#"{"type":"price_below","price":-1}"#).contains("above zero"));
        let above = body(r#"{"type":"price_above","price":10}"#);
        assert!(rule_of(&above, (None, rearm("10"))).is_err());
    }

    #[test]
    fn what_is_left_out_is_told_as_it_is_then() {
        let whole = |json: &str| serde_json::to_string(&completed(body(json))).unwrap();
        assert_eq!(whole(r#"{"type":"volume_above_usual"}"#), r#"{"type":"volume_above_usual","times":"3"}"#);
        assert_eq!(whole(r#"{"type":"stale"}"#), r#"{"type":"stale","seconds":60}"#);
        assert_eq!(whole(r#"{"type":"stale","seconds":5}"#), r#"{"type":"stale","seconds":5}"#);
        assert_eq!(
            whole(r#"{"type":"price_above","price":"190.00"}"#),
            r#"{"type":"price_above","price":"190.00"}"#
        );
    }

    #[test]
    fn rules_of_an_earlier_version_are_read() {
        for (old, today) in [
            (r#"{"kind":"price_above","price":190.05}"#, r#"{"type":"price_above","price":"190.05"}"#),
            (
                r#"{"kind":"percent_in_window","percent":2.5,"direction":"down","minutes":5}"#,
                r#"{"type":"percent_change","percent":"2.5","direction":"down","window_s":300}"#,
            ),
            (
                r#"{"kind":"percent_from_close","percent":0.0001}"#,
                r#"{"type":"percent_change","percent":"0.0001"}"#,
            ),
            (
                r#"{"kind":"volume_above_usual","times":3.25}"#,
                r#"{"type":"volume_above_usual","times":"3.25"}"#,
            ),
            (r#"{"kind":"news","words":["a"]}"#, r#"{"type":"news","words":["a"]}"#),
        ] {
            let read = read_rule(old).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), today);
            assert_eq!(read_rule(today), Some(read));
        }
        assert_eq!(read_rule(r#"{"kind":"telepathy"}"#), None);
    }

    #[test]
    fn an_alert_repeats_as_it_is_told_or_by_a_part() {
        for (json, part) in [
            (r#"{"type":"price_above","price":"190"}"#, "0.19"),
            (r#"{"type":"percent_change","percent":"2"}"#, "0.2"),
            (r#"{"type":"volume_above_usual"}"#, "0.3"),
            (r#"{"type":"stale"}"#, "0"),
        ] {
            let body = body(json);
            let told = |repeat, rearm| {
                rule_of(&body, (repeat, rearm)).map(|terms| match terms.repeat {
                    Repeat::Once => None,
                    Repeat::Rearm { hysteresis } => rearm_of(&terms.rule, Some(hysteresis)),
                })
            };
            assert_eq!(told(Some(true), None), Ok(rearm(part)));
            assert_eq!((told(None, None), told(Some(false), None)), (Ok(None), Ok(None)));
            assert_eq!(told(Some(true), rearm("0")), told(None, rearm("0")));
            assert_eq!(told(None, rearm("0")), Ok(rearm("0")));
            assert_eq!(told(Some(false), rearm("0")), Err(BadRule::Once));
        }
    }

    #[test]
    fn a_hysteresis_has_the_unit_of_its_rule() {
        for (json, text, kept) in [
            (r#"{"type":"price_above","price":190}"#, "0.5", 50_000_000),
            (r#"{"type":"percent_change","percent":2}"#, "0.25", 2_500),
            (r#"{"type":"volume_above_usual","times":3}"#, "1.5", 1_500),
        ] {
            let terms = rule_of(&body(json), (None, rearm(text))).unwrap();
            assert_eq!(terms.repeat, Repeat::Rearm { hysteresis: kept });
            assert_eq!(rearm_of(&terms.rule, Some(kept)), rearm(text));
        }
    }

    #[test]
    fn quiet_hours_are_read() {
        let quiet = |from: &str, to: &str, zone: &str| {
            quiet_of(&QuietBody { from: from.into(), to: to.into(), zone: zone.into() }).ok()
        };
        let hours = |from_minute, to_minute, zone| Some(QuietHours { from_minute, to_minute, zone });
        assert_eq!(quiet("22:00", "07:30", "new_york"), hours(1_320, 450, Zone::NewYork));
        assert_eq!(quiet("00:00", "23:59", "-05:30"), hours(0, 1_439, Zone::Offset(-330)));
        for (from, to, zone) in [
            ("24:00", "07:00", "new_york"),
            ("7:00", "08:00", "new_york"),
            ("07:00", "08:60", "new_york"),
            ("07:00", "08:00", "Berlin"),
            ("07:00", "08:00", "+15:00"),
            ("07:00", "08:00", ""),
            ("07:00", "08:00", "é1:00"),
        ] {
            assert_eq!(quiet(from, to, zone), None, "{from} {to} {zone}");
        }
    }

    #[test]
    fn per_cents_are_cut_to_two_places() {
        for (ppm, text) in [(25_199, "2.51"), (-25_199, "2.51"), (10_000, "1"), (99, "0")] {
            assert_eq!(percent(ppm), text);
        }
    }
}

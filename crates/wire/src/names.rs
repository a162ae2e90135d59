//! Words of the protocol: channels, intervals, sessions, states.
//!
//! Each enum knows its spelling on the wire, reads it back, and converts from and to the
//! type of `market` it mirrors where there is one.

use market::{FeedState, Hours, Interval, Kind, SessionFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text that is none of the words allowed at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {allowed}")]
pub struct UnknownWord {
    /// The words allowed, comma separated.
    pub allowed: &'static str,
}

// A word is taken as `tt`, not `literal`: what derives the schema does not see through the group
// that a matched literal is handed on in, and would describe the Rust names.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:tt,)+ } allowed $allowed:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of the protocol's description.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The spelling on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { allowed: $allowed }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

macro_rules! mirrors {
    ($wire:ident, $market:ident { $($ours:ident = $theirs:ident),+ $(,)? }) => {
        impl From<$market> for $wire {
            fn from(value: $market) -> Self {
                match value {
                    $($market::$theirs => Self::$ours),+
                }
            }
        }

        impl From<$wire> for $market {
            fn from(value: $wire) -> Self {
                match value {
                    $($wire::$ours => Self::$theirs),+
                }
            }
        }
    };
}

words! {
    /// How far a price can be trusted to be the market's present one.
    Freshness {
        /// The feed is up and the market of this symbol is open.
        Live = "live",
        /// The provider says that its prices are late.
        Delayed = "delayed",
        /// The market is open but the feed is silent, cut or reconnecting.
        Stale = "stale",
        /// The market of this symbol is closed; the price is the last one.
        Closed = "closed",
        /// The price is made up by the simulated market, and the feed is up.
        Simulated = "simulated",
        /// Subscribed, or not yet possible, and no price yet.
        Waiting = "waiting",
    } allowed "live, delayed, stale, closed, simulated, waiting"
}

words! {
    /// What a client subscribes to.
    Channel {
        /// Last prices, each change.
        Prices = "prices",
        /// Whole rows of day figures.
        Quotes = "quotes",
        /// Bars of one interval and session.
        Bars = "bars",
        /// Feeds, market session and server clock.
        Status = "status",
        /// Tickets, fills, triggers and balance of one's own trading account.
        Account = "account",
        /// Which watch lists one has, and in which version.
        Lists = "lists",
        /// Which alerts of one's own changed, and each that fires.
        Alerts = "alerts",
        /// Articles as they come in and change.
        News = "news",
    } allowed "prices, quotes, bars, status, account, lists, alerts, news"
}

words! {
    /// What an alert is about.
    RuleType {
        /// The last price is above `price`.
        PriceAbove = "price_above",
        /// The last price is below `price`.
        PriceBelow = "price_below",
        /// The last price goes from one side of `price` to the other.
        PriceCrosses = "price_crosses",
        /// The last price has changed by `percent` within the last `window_s` seconds; without these since the previous close.
        PercentChange = "percent_change",
        /// The volume of this minute is at least `times` that of a usual minute of this hour.
        VolumeAboveUsual = "volume_above_usual",
        /// No trade has moved the price for `seconds` in regular market hours.
        Stale = "stale",
        /// An article is about the symbol, with one of `words` in it if there are any.
        News = "news",
    } allowed "price_above, price_below, price_crosses, percent_change, volume_above_usual, stale, news"
}

words! {
    /// Which way a price has to go.
    DirectionName {
        /// Rises only.
        Up = "up",
        /// Falls only.
        Down = "down",
        /// Both; each fires by itself.
        Either = "either",
    } allowed "up, down, either"
}

words! {
    /// Where an alert stands.
    AlertState {
        /// Waits for what it is about.
        Armed = "armed",
        /// Has fired, and waits for the value to go back by the hysteresis.
        Resting = "resting",
        /// Has fired, and does so once only.
        Done = "done",
        /// Its time is over.
        Expired = "expired",
        /// Its owner has it wait.
        Paused = "paused",
    } allowed "armed, resting, done, expired, paused"
}

words! {
    /// How long a bar's window is.
    IntervalName {
        /// One second.
        S1 = "1s",
        /// One minute.
        M1 = "1m",
        /// Five minutes.
        M5 = "5m",
        /// A quarter of an hour.
        M15 = "15m",
        /// One hour.
        H1 = "1h",
        /// One UTC day.
        D1 = "1d",
    } allowed "1s, 1m, 5m, 15m, 1h, 1d"
}

words! {
    /// Which trades a bar is made of.
    SessionName {
        /// Regular trading hours, plus opening and closing prints.
        Regular = "regular",
        /// No time filter.
        All = "all",
        /// No time filter, and extended-hours trades count as regular ones do.
        Extended = "extended",
    } allowed "regular, all, extended"
}

words! {
    /// What kind of thing an instrument is.
    KindName {
        /// A share, common or preferred, or a depositary receipt.
        Stock = "stock",
        /// An exchange-traded fund or product.
        Etf = "etf",
        /// A crypto pair.
        Crypto = "crypto",
        /// A currency pair.
        Forex = "forex",
        /// Warrants, units, rights and the rest.
        Other = "other",
    } allowed "stock, etf, crypto, forex, other"
}

words! {
    /// When an instrument trades.
    HoursName {
        /// The US equity calendar: pre-market, regular session, after-hours.
        UsEquity = "us_equity",
        /// Day and night, every day; all of it counts as the regular session.
        Always = "always",
    } allowed "us_equity, always"
}

words! {
    /// Where a feed's connection stands.
    FeedStateName {
        /// Not yet connected, or connecting again.
        Connecting = "connecting",
        /// Connected and heard from.
        Up = "up",
        /// Connected, but silent for longer than an open market explains.
        Silent = "silent",
        /// Cut or refused; the next attempt waits.
        Down = "down",
    } allowed "connecting, up, silent, down"
}

words! {
    /// Where the US equity market's day stands.
    MarketSession {
        /// Pre-market.
        Pre = "pre",
        /// Regular trading hours.
        Regular = "regular",
        /// After-hours.
        Post = "post",
        /// Night, weekend, holiday.
        Closed = "closed",
    } allowed "pre, regular, post, closed"
}

mirrors!(IntervalName, Interval { S1 = S1, M1 = M1, M5 = M5, M15 = M15, H1 = H1, D1 = D1 });
mirrors!(SessionName, SessionFilter { Regular = Regular, All = All, Extended = Extended });
mirrors!(HoursName, Hours { UsEquity = UsEquity, Always = Always });
mirrors!(KindName, Kind { Stock = Stock, Etf = Etf, Crypto = Crypto, Forex = Forex, Other = Other });
mirrors!(FeedStateName, FeedState { Connecting = Connecting, Up = Up, Silent = Silent, Down = Down });

#[cfg(test)]
mod tests {
    use super::*;

    /// Every word reads back, serialises as it is spelt, and is told among the allowed ones.
    macro_rules! check {
        ($name:ident) => {
            let mut spelt = Vec::new();
            for &value in $name::ALL {
                assert_eq!(value.as_str().parse(), Ok(value));
                assert_eq!(serde_json::to_string(&value).unwrap(), format!("\"{value}\""));
                spelt.push(value.as_str());
            }
            let schema = serde_json::to_value(<$name as utoipa::PartialSchema>::schema()).unwrap();
            assert_eq!(schema["enum"], serde_json::json!(spelt), "as described");
            assert_eq!("nonsense".parse::<$name>().unwrap_err().allowed, spelt.join(", "));
        };
    }

    #[test]
    fn words_go_round() {
        check!(Freshness);
        check!(Channel);
        check!(IntervalName);
        check!(SessionName);
        check!(KindName);
        check!(HoursName);
        check!(FeedStateName);
        check!(MarketSession);
        check!(RuleType);
        check!(DirectionName);
        check!(AlertState);
    }
}

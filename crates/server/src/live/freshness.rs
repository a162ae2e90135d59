//! How far a price can be trusted to be the market's present one.

use market::calendar::{Session, session_at};
use market::feed::Timeliness;
use market::{FeedState, Hours, Timestamp};
use wire::Freshness;

/// What the decision needs to know of a symbol and its feed.
#[derive(Debug, Clone, Copy)]
pub struct Situation {
    /// There is a price at all.
    pub has_price: bool,
    /// When the symbol trades.
    pub hours: Hours,
    /// State and timeliness of its feed; `None` while no feed is known.
    pub feed: Option<(FeedState, Timeliness)>,
    /// It is beyond its provider's limit of symbols.
    pub is_waiting: bool,
    /// Its feed was asked for it and sends it.
    pub is_subscribed: bool,
}

/// The word a viewer sees beside the price.
pub fn freshness(situation: Situation, now: Timestamp) -> Freshness {
    let Situation { has_price, hours, feed, is_waiting, is_subscribed } = situation;
    // While the feed is not up everything waits for it: what has a price then is stale.
    let is_up = matches!(feed, Some((FeedState::Up, _)));
    if !has_price || (is_waiting && is_up) {
        return Freshness::Waiting;
    }
    if session_at(now, hours) == Session::Closed {
        return Freshness::Closed;
    }
    match feed {
        Some((FeedState::Up, timeliness)) if is_subscribed => match timeliness {
            Timeliness::Live => Freshness::Live,
            Timeliness::Delayed => Freshness::Delayed,
            Timeliness::Simulated => Freshness::Simulated,
        },
        _ => Freshness::Stale,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_worst_that_is_true() {
        let open: Timestamp = "2018-01-03T15:00:00Z".parse().unwrap();
        let night: Timestamp = "2018-01-03T05:00:00Z".parse().unwrap();
        let good = Situation {
            has_price: true,
            hours: Hours::UsEquity,
            feed: Some((FeedState::Up, Timeliness::Live)),
            is_waiting: false,
            is_subscribed: true,
        };
        let cases = [
            (good, open, Freshness::Live),
            (good, night, Freshness::Closed),
            (Situation { hours: Hours::Always, ..good }, night, Freshness::Live),
            (Situation { has_price: false, ..good }, open, Freshness::Waiting),
            (Situation { is_waiting: true, ..good }, open, Freshness::Waiting),
            (Situation { is_subscribed: false, ..good }, open, Freshness::Stale),
            (Situation { feed: None, ..good }, open, Freshness::Stale),
            (
                Situation { feed: Some((FeedState::Down, Timeliness::Live)), is_waiting: true, ..good },
                open,
                Freshness::Stale,
            ),
            (Situation { feed: Some((FeedState::Silent, Timeliness::Live)), ..good }, open, Freshness::Stale),
            (
                Situation { feed: Some((FeedState::Down, Timeliness::Simulated)), ..good },
                open,
                Freshness::Stale,
            ),
            (
                Situation { feed: Some((FeedState::Up, Timeliness::Simulated)), ..good },
                open,
                Freshness::Simulated,
            ),
            (
                Situation { feed: Some((FeedState::Up, Timeliness::Delayed)), ..good },
                open,
                Freshness::Delayed,
            ),
        ];
        for (situation, now, expected) in cases {
            assert_eq!(freshness(situation, now), expected, "{situation:?}");
        }
    }
}

//! What followed an article and what moved, from the stored bars of a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use market::time::NANOS_PER_SECOND;
use market::{Bar, Hours, Interval, SessionFilter, SymbolId, Timestamp};
use signals::headline::HeadlineId;
use signals::impact::{
    self, Move, MoveSettings, Near, Pooled, References, Study, StudySettings, Unstudied, articles_around,
    unusual_moves,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::news::{ImpactBody, MoveBody, PooledBody, ReferencesName, StudyBody};
use wire::number::Micros;

use super::News;
use crate::http::{BarsError, BarsQuery, MarketData};

/// How far back minutes are looked at: what a study compares with, and a few days of articles.
const REACH_DAYS: i64 = 35;
/// Minutes of that long at all hours.
const BARS_MAX: usize = 50_400;
/// Minutes are read again after so long.
const KEPT_NANOS: i64 = 30 * NANOS_PER_SECOND;
/// Symbols whose minutes are kept at hand; each takes up to 5 MiB.
const SYMBOLS_MAX: usize = 4;
/// Reads and computations at once: each takes a processor for a while.
const AT_ONCE: usize = 2;
/// Articles so long before and after a move are told with it.
const AROUND_SECONDS: i64 = 3_600;

/// What the figures do not say.
pub const MOVES_NOTE: &str = "Association, not cause: an article and a move near each other need not have to do with each \
                              other, and news is often written because a price moved.";

/// Minutes of one symbol, with what was found in them.
#[derive(Debug)]
struct Known {
    read_at: Timestamp,
    hours: Hours,
    bars: Vec<Bar>,
    moves: std::sync::OnceLock<Vec<Move>>,
}

/// Minutes of symbols, kept at hand for a while.
pub(super) struct Minutes {
    market: Arc<dyn MarketData>,
    places: Arc<Semaphore>,
    known: Mutex<HashMap<SymbolId, Arc<Known>>>,
}

impl Minutes {
    pub(super) fn new(market: Arc<dyn MarketData>) -> Self {
        Self { market, places: Arc::new(Semaphore::new(AT_ONCE)), known: Mutex::default() }
    }

    fn at_hand(&self, symbol: SymbolId, now: Timestamp) -> Option<Arc<Known>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(&symbol)?;
        (now.nanos().saturating_sub(found.read_at.nanos()) < KEPT_NANOS).then(|| Arc::clone(found))
    }

    /// Lets go of what would be read again anyway.
    pub(super) fn forget_old(&self, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, one| now.nanos().saturating_sub(one.read_at.nanos()) < KEPT_NANOS);
    }

    /// Reads the minutes of a symbol, unless they are at hand.
    async fn of(&self, symbol: SymbolId, now: Timestamp) -> Result<Arc<Known>, BarsError> {
        if let Some(found) = self.at_hand(symbol, now) {
            return Ok(found);
        }
        let closed = || BarsError::Unavailable("the server ends".into());
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        // Whoever waited for the place finds what was read meanwhile.
        if let Some(found) = self.at_hand(symbol, now) {
            return Ok(found);
        }
        let from = now.saturating_add_nanos(-REACH_DAYS * 86_400 * NANOS_PER_SECOND);
        let query = BarsQuery {
            symbol,
            interval: Interval::M1,
            session: SessionFilter::Extended,
            from: Some(from),
            to: None,
            limit: BARS_MAX,
        };
        let bars = self.market.bars(query).await?.bars;
        let hours = self.market.universe().get(symbol).map_or(Hours::UsEquity, |one| one.hours);
        let found = Arc::new(Known { read_at: now, hours, bars, moves: std::sync::OnceLock::new() });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SYMBOLS_MAX {
            let oldest = known.iter().min_by_key(|(_, one)| one.read_at).map(|(symbol, _)| *symbol);
            oldest.and_then(|symbol| known.remove(&symbol));
        }
        known.insert(symbol, Arc::clone(&found));
        Ok(found)
    }
}

/// What followed articles on one symbol.
#[derive(Debug, Clone)]
pub struct Studied {
    /// One for each moment asked for, in that order.
    pub impacts: Vec<ImpactBody>,
    /// All of them together, if there are enough.
    pub pooled: Option<PooledBody>,
}

/// A move, and the articles around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Around {
    /// The move, without its articles.
    pub body: MoveBody,
    /// Articles, the nearest first.
    pub near: Vec<Near>,
}

fn micros(value: f64) -> Micros {
    // What does not fit is beyond any price; the cast stops at the ends.
    Micros((value * 1_000_000.0).round() as i64)
}

/// Millionths of the whole as per cent, which they are to four places.
fn percent(ppm: i64) -> Micros {
    Micros(ppm.saturating_mul(100))
}

fn study_body(study: &Study) -> StudyBody {
    StudyBody {
        from: study.from,
        to: study.to,
        before: study.before,
        after: study.after,
        change_percent: percent(study.ppm),
        abnormal_percent: micros(study.abnormal * 100.0),
        t: micros(study.t),
        n: study.n,
        references: match study.references {
            References::SameHour => ReferencesName::SameHour,
            References::Earlier => ReferencesName::Earlier,
        },
        volume: study.volume,
        usual_volume: study.usual_volume,
    }
}

fn pooled_body(pooled: Pooled) -> PooledBody {
    PooledBody { n: pooled.n, mean_abnormal_percent: micros(pooled.mean * 100.0), t: micros(pooled.t) }
}

fn move_body(found: &Move) -> MoveBody {
    MoveBody {
        from: found.from,
        to: found.to,
        onset: found.onset,
        before: found.before,
        after: found.after,
        change_percent: percent(found.ppm),
        deviations: micros(found.deviations),
        articles: Vec::new(),
    }
}

/// Studies moments on one symbol's minutes, as of now.
fn studied(known: &Known, symbol: &str, moments: &[Timestamp], now: Timestamp) -> Studied {
    let settings = StudySettings::default();
    let minutes = impact::Minutes::new(&known.bars, known.hours).ok();
    let mut studies = Vec::new();
    let impacts = moments
        .iter()
        .map(|moment| {
            let length = i64::from(settings.minutes) * 60 * NANOS_PER_SECOND;
            let found: Result<Study, String> = match minutes {
                _ if moment.saturating_add_nanos(length) > now => {
                    Err(format!("{} minutes have not passed yet", settings.minutes))
                }
                Some(minutes) => {
                    impact::study(minutes, *moment, settings).map_err(|error: Unstudied| error.to_string())
                }
                None => Err("the stored minutes are out of order".into()),
            };
            studies.extend(found.as_ref().ok().copied());
            let (study, why_not) = match found {
                Ok(study) => (Some(study_body(&study)), None),
                Err(why) => (None, Some(why)),
            };
            ImpactBody { symbol: symbol.to_owned(), minutes: settings.minutes, study, why_not }
        })
        .collect();
    Studied { impacts, pooled: impact::pooled(&studies).map(pooled_body) }
}

impl News {
    /// What followed these moments on a symbol, by the stored minutes.
    ///
    /// # Errors
    /// Bars cannot be read now.
    pub async fn studied(
        &self,
        symbol: SymbolId,
        text: &str,
        moments: Vec<Timestamp>,
    ) -> Result<Studied, BarsError> {
        let now = self.live.now();
        let (known, text) = (self.minutes.of(symbol, now).await?, text.to_owned());
        self.compute(move || studied(&known, &text, &moments, now)).await
    }

    /// Unusual moves of a symbol within a time, the newest first, and when the first stored minute begins.
    ///
    /// # Errors
    /// Bars cannot be read now.
    pub async fn moves(
        &self,
        symbol: SymbolId,
        (from, to): (Timestamp, Timestamp),
        most: usize,
    ) -> Result<(Vec<Move>, Option<Timestamp>), BarsError> {
        let known = self.minutes.of(symbol, self.live.now()).await?;
        self.compute(move || {
            let moves = known.moves.get_or_init(|| {
                let minutes = impact::Minutes::new(&known.bars, known.hours);
                minutes.map(|minutes| unusual_moves(minutes, MoveSettings::default())).unwrap_or_default()
            });
            let within = moves.iter().rev().filter(|one| one.onset >= from && one.onset < to);
            (within.take(most).copied().collect(), known.bars.first().map(|bar| bar.start))
        })
        .await
    }

    /// Moves with the articles around them.
    pub fn around(moves: &[Move], articles: &[(HeadlineId, Timestamp)]) -> Vec<Around> {
        let near = |one: &Move| articles_around(one, articles, AROUND_SECONDS, AROUND_SECONDS);
        moves.iter().map(|one| Around { body: move_body(one), near: near(one) }).collect()
    }

    /// From and to when articles may stand near these moves.
    pub fn reach(moves: &[Move]) -> Option<(Timestamp, Timestamp)> {
        let first = moves.iter().map(|one| one.onset).min()?;
        let last = moves.iter().map(|one| one.to).max()?;
        let reach = (AROUND_SECONDS + 1) * NANOS_PER_SECOND;
        Some((first.saturating_add_nanos(-reach), last.saturating_add_nanos(reach)))
    }

    /// A place for what takes the records or a processor for a while; there are few.
    ///
    /// # Errors
    /// The server ends.
    pub async fn place(&self) -> Result<OwnedSemaphorePermit, BarsError> {
        let place = Arc::clone(&self.minutes.places).acquire_owned().await;
        place.map_err(|_| BarsError::Unavailable("the server ends".into()))
    }

    /// Carries out what takes a processor for a while, a few at a time.
    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, BarsError> {
        let failed = |_| BarsError::Unavailable("a computation ended badly".into());
        let place = self.place().await?;
        tokio::task::spawn_blocking(move || {
            // Until the work is done, whether or not whoever asked is still there.
            let _place = place;
            work()
        })
        .await
        .map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use market::{Price, Volume};

    use super::*;

    fn bar(minute: i64, close: i64) -> Bar {
        let price = Price::from_units(close * 1_000_000);
        let start = Timestamp::from_seconds(1_767_625_200 + minute * 60).unwrap();
        Bar {
            start,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Volume::from_units(100),
            trades: 1,
            vwap_micros: close * 1_000_000,
        }
    }

    fn known(bars: Vec<Bar>) -> Known {
        Known { read_at: Timestamp::EPOCH, hours: Hours::Always, bars, moves: std::sync::OnceLock::new() }
    }

    #[test]
    fn says_what_followed_or_why_not() {
        // Two days of minutes that go up and down a little, and a jump at the end.
        let mut bars: Vec<Bar> =
            (0..2_880).map(|n| bar(n, 10_000 + [0, 7, 3, 9, 1, 4, 8][n as usize % 7])).collect();
        bars.extend((2_880..2_940).map(|n| bar(n, 10_400 + n % 3)));
        let known = known(bars);
        let moment = |minute: i64| Timestamp::from_seconds(1_767_625_200 + minute * 60).unwrap();
        let found = studied(&known, "X", &[moment(2_880), moment(2_930), moment(-60)], moment(2_940));
        let study = found.impacts[0].study.as_ref().unwrap();
        assert!(study.t.0 > 10_000_000, "{study:?}");
        assert!((3_800_000..4_200_000).contains(&study.change_percent.0), "{study:?}");
        let why: Vec<_> = found.impacts.iter().map(|one| one.why_not.as_deref()).collect();
        assert_eq!(
            why,
            [None, Some("30 minutes have not passed yet"), Some("no price shortly before the article")]
        );
        assert_eq!(found.pooled, None);
    }
}

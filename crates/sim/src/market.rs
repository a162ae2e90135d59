//! The simulated market: a pure function of seed, symbol and time.
//!
//! Any second of any symbol can be asked for, in any order, and always gives the same trades; two
//! processes with one seed show one market. Only the path of each price and the number of trades in
//! each second are given, both from hashes; everything else follows. News are a part of the path: a
//! company's price jumps `LAG_SECONDS` after an article (`crate::news`).

use std::cmp::Reverse;
use std::collections::HashMap;

use market::calendar::{DayHours, previous_trading_date};
use market::time::{NANOS_PER_MILLI, NANOS_PER_SECOND};
use market::{Price, Timestamp};

/// Figures of the day and of the company.
mod figures;
/// Bars of times past.
mod history;
/// What happens to companies.
pub(crate) mod news;
/// How many trades there are in a second.
mod pace;
/// Where a price stands at any moment.
mod path;
/// The single trade: price, size, conditions, mishaps.
mod print;
/// What the market prints.
mod sale;

pub use figures::{Card, Day};
pub use history::BARS_MAX;
pub use news::{BURST_SECONDS, LAG_SECONDS, SETTLE_SECONDS};
pub use sale::{Mishaps, Print, Sale, What};

use crate::hash;
use crate::universe::{Listing, Security, Universe};
use news::News;
use pace::Moment;
use path::{Common, Path};

/// The largest rate that can be asked for, in trades a second.
pub const RATE_MAX: u64 = 20_000_000;

/// When the simulated session is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoursMode {
    /// Always: every instrument trades round the clock, on a volume shape that repeats every eight
    /// hours, so that a demonstration lives on a Saturday night.
    Open,
    /// As the US exchanges: pre-market, regular session with its auctions, after-hours, holidays.
    /// Crypto pairs still never sleep.
    Us,
}

/// What makes one simulated market differ from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketConfig {
    /// Everything random comes from it.
    pub seed: u64,
    /// Trades a second over all instruments, on average over the regular session; more than
    /// [`RATE_MAX`] counts as that.
    pub rate: u64,
    /// When the session is open.
    pub hours: HoursMode,
    /// How often things go wrong.
    pub mishaps: Mishaps,
}

impl Default for MarketConfig {
    fn default() -> Self {
        Self { seed: 1, rate: 2_000, hours: HoursMode::Open, mishaps: Mishaps::USUAL }
    }
}

/// The simulated market. It never changes; share it behind an `Arc`.
#[derive(Debug, Clone)]
pub struct Market {
    config: MarketConfig,
    universe: Universe,
    movers: Vec<Mover>,
    /// The listings that have news of their own, by number.
    newsworthy: Vec<u32>,
}

/// What is needed to move one listing, close together.
#[derive(Debug, Clone, Copy)]
struct Mover {
    path: Path,
    key: u64,
    /// Mean trades a second in units of 2⁻³².
    rate: u64,
    /// Units of the price at the path's zero.
    base: i64,
    tick: i64,
    lot: i64,
    /// Units of its currency that are worth a dollar.
    dollar: i64,
    crypto: bool,
}

/// What a second is like for shares and for pairs: the same for all symbols, so computed once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Second {
    at: i64,
    shares: Moment,
    pairs: Moment,
    /// Where the market as a whole stands at its start and at its end.
    common: (Common, Common),
}

impl Market {
    /// The market of a configuration, with the universe of its seed.
    pub fn new(config: MarketConfig) -> Self {
        let universe = Universe::new(config.seed);
        let weights: u128 = universe.listings().iter().map(|l| u128::from(pace::weight(l))).sum();
        let rate = u128::from(config.rate.min(RATE_MAX)) << 32;
        let (news, newsworthy) = news_of(&universe);
        let movers = universe
            .listings()
            .iter()
            .map(|listing| {
                // The share of the rate is at most the rate, which has 25 bits.
                let share = (rate * u128::from(pace::weight(listing)) / weights.max(1)) as u64;
                Mover::new(listing, config.seed, share, news.get(&listing.path).copied().unwrap_or_default())
            })
            .collect();
        Self { config, universe, movers, newsworthy }
    }

    /// What it was made from.
    pub fn config(&self) -> &MarketConfig {
        &self.config
    }

    /// What happens to companies: each listing with news of its own, by number.
    pub(crate) fn newsworthy(&self) -> impl Iterator<Item = (u32, News)> {
        self.newsworthy
            .iter()
            .filter_map(|index| Some((*index, self.movers.get(*index as usize)?.path.news())))
    }

    /// What happens to the company of a listing, and the listing that its news are about.
    pub(crate) fn news_about(&self, index: u32) -> Option<(u32, News)> {
        let path = self.universe.get(index)?.path;
        let is_first = |other: &u32| self.universe.get(*other).is_some_and(|l| l.path == path);
        let first = *self.newsworthy.iter().find(|other| is_first(other))?;
        Some((first, self.movers.get(first as usize)?.path.news()))
    }

    /// What trades in it.
    pub fn universe(&self) -> &Universe {
        &self.universe
    }

    /// Appends the prints about trades of one listing with times in `[from, to)`, in the order of
    /// those times. A print that arrives later than its trade (late trades, duplicates, cancels,
    /// corrections) stands directly after the trade it is about. A number without a listing has none.
    pub fn trades_in(&self, index: u32, from: Timestamp, to: Timestamp, out: &mut Vec<Print>) {
        let mut at = from;
        while at < to {
            let second = self.second(at.seconds());
            let end = second_start(at.seconds() + 1).min(to);
            self.trades_within(index, &second, at, end, out);
            at = end;
        }
    }

    /// Appends the prints of all listings for a second since the epoch, listing by listing.
    pub fn trades_of_all(&self, second: i64, out: &mut Vec<Print>) {
        let (from, to) = (second_start(second), second_start(second + 1));
        let second = self.second(second);
        for index in 0..self.movers.len() as u32 {
            self.trades_within(index, &second, from, to, out);
        }
    }

    /// What a second is like.
    pub(crate) fn second(&self, at: i64) -> Second {
        let pairs = Moment::always(at);
        let shares = match self.config.hours {
            HoursMode::Open => pairs,
            HoursMode::Us => {
                let day = DayHours::at(second_start(at), market::Hours::UsEquity);
                Moment::of_shares(at, HoursMode::Us, &day)
            }
        };
        let common = [at, at + 1].map(|at| Common::of(self.config.seed, at));
        Second { at, shares, pairs, common: (common[0], common[1]) }
    }

    /// As [`trades_in`](Self::trades_in), for times within one second.
    pub(crate) fn trades_within(
        &self,
        index: u32,
        second: &Second,
        from: Timestamp,
        to: Timestamp,
        out: &mut Vec<Print>,
    ) {
        let Some(mover) = self.movers.get(index as usize) else { return };
        let moment = if mover.crypto { second.pairs } else { second.shares };
        let count = mover.trades(&moment, second.at);
        if count > 0 {
            mover.print(index, second, &moment, count, &self.config.mishaps, (from, to), out);
        }
    }

    /// The price at a moment, on a tick: the middle of what trades then. When the listing's session
    /// is closed, the price at which it closed. `None` for a number without a listing.
    pub fn price_at(&self, index: u32, at: Timestamp) -> Option<Price> {
        let mover = self.movers.get(index as usize)?;
        Some(mover.price_at(self.last_open_moment(index, at)))
    }

    /// The moment itself when the listing trades then, otherwise the last one at which it did.
    fn last_open_moment(&self, index: u32, at: Timestamp) -> Timestamp {
        let Some(listing) = self.universe.get(index) else { return at };
        let hours = pace::hours(listing, self.config.hours);
        if hours == market::Hours::Always {
            return at;
        }
        let day = DayHours::at(at, hours);
        if day.is_trading_day() && at >= day.pre_opens {
            return at.min(day.post_closes);
        }
        DayHours::of(previous_trading_date(day.date, hours), hours).post_closes
    }
}

/// The news of each path, and the listings that they are about. What shares a path (classes of shares, pairs of
/// one coin) shares its news, which name the first listing of it. Funds have none, nor have second classes with a symbol
/// of their own.
fn news_of(universe: &Universe) -> (HashMap<u64, News>, Vec<u32>) {
    let is_company = |listing: &Listing| match listing.security {
        Security::Common | Security::Adr => !listing.name.ends_with("Class C"),
        Security::Pair => listing.currency() != "BTC",
        Security::Preferred | Security::Fund | Security::Warrant | Security::Unit => false,
    };
    let mut news = HashMap::new();
    let mut newsworthy: Vec<(u32, &Listing)> = Vec::new();
    for (index, listing) in universe.listings().iter().enumerate().filter(|(_, l)| is_company(l)) {
        if news.insert(listing.path, News::default()).is_none() {
            newsworthy.push((index as u32, listing));
        }
    }
    newsworthy.sort_by_key(|(index, listing)| (Reverse(listing.activity), *index));
    for (rank, (_, listing)) in newsworthy.iter().enumerate() {
        news.insert(listing.path, News::of_rank(listing.path, rank));
    }
    (news, newsworthy.into_iter().map(|(index, _)| index).collect())
}

impl Mover {
    fn new(listing: &Listing, seed: u64, rate: u64, news: News) -> Self {
        Self {
            path: Path::new(listing.path, seed, listing.volatility, listing.beta).with_news(news),
            key: hash::text(seed, listing.symbol.as_str()),
            rate,
            base: listing.base.units(),
            tick: listing.tick.units(),
            lot: listing.lot.units(),
            dollar: match listing.currency() {
                "BTC" => market::decimal::SCALE / 96_500,
                _ => market::decimal::SCALE,
            },
            crypto: listing.is_crypto(),
        }
    }

    /// How many trades there are in a second. Whether news makes it livelier is looked up only where that could matter:
    /// most listings trade seldom, and this is asked of all of them.
    fn trades(&self, moment: &Moment, second: i64) -> u64 {
        let mood = self.path.mood(second);
        if moment.trades(self.key, second, self.rate, mood * news::BURST_MOST) == 0 {
            return 0;
        }
        moment.trades(self.key, second, self.rate, self.path.bustle(second))
    }

    /// Units of the price at the start of a second, between ticks.
    fn middle(&self, second: i64) -> i64 {
        self.at_log(self.path.log_at(second))
    }

    /// As [`middle`](Self::middle), with the market's own part worked out before.
    fn middle_with(&self, second: i64, common: Common) -> i64 {
        self.at_log(self.path.log_with(second, common))
    }

    fn at_log(&self, log: i64) -> i64 {
        let factor = path::exp2(log);
        let units = (self.base as i128 * i128::from(factor)) >> 32;
        // A tenth of what can be held leaves room for spreads; no listing comes near it.
        units.clamp(i128::from(self.tick_at(0)), i128::from(i64::MAX / 10)) as i64
    }

    /// Units of the price at a moment, between ticks.
    fn middle_at(&self, at: Timestamp) -> i64 {
        let second = at.seconds();
        let micros = at.nanos().rem_euclid(NANOS_PER_SECOND) / 1_000;
        let from = self.middle(second);
        if micros == 0 {
            return from;
        }
        between(from, self.middle(second + 1), micros)
    }

    fn price_at(&self, at: Timestamp) -> Price {
        Price::from_units(self.on_tick(self.middle_at(at)))
    }

    /// The step of a price: shares below a dollar step by a hundredth of a cent.
    fn tick_at(&self, units: i64) -> i64 {
        if !self.crypto && units < market::decimal::SCALE { self.tick / 100 } else { self.tick }
    }

    /// The nearest price on a tick, never zero.
    fn on_tick(&self, units: i64) -> i64 {
        let tick = self.tick_at(units).max(1);
        ((units + tick / 2) / tick * tick).max(tick)
    }
}

/// From one price to another, so many millionths of the way.
fn between(from: i64, to: i64, millionths: i64) -> i64 {
    from + ((i128::from(to - from) * i128::from(millionths)) / 1_000_000) as i64
}

/// The moment a second since the epoch begins, stopping at the ends of time.
pub(crate) fn second_start(second: i64) -> Timestamp {
    Timestamp::from_nanos(second.saturating_mul(NANOS_PER_SECOND))
}

/// A moment some milliseconds later.
fn after_millis(at: Timestamp, millis: i64) -> Timestamp {
    at.saturating_add_nanos(millis.saturating_mul(NANOS_PER_MILLI))
}

#[cfg(test)]
mod tests;

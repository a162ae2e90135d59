//! What the simulated market trades: the well-known names, and thousands of invented ones.

use std::collections::HashMap;

use market::{Instrument, Price, Size, Symbol};

/// The well-known instruments, read from their tables.
mod known;
/// One simulated instrument.
mod listing;
/// Names that no two companies share.
mod names;

pub use listing::{Listing, Security};

use crate::hash::{self, Draws};
use names::{Industry, Names};

/// How many instruments there are in all.
pub const LISTINGS: usize = 26_400;

const FUNDS: usize = 4_600;
const PREFERRED: usize = 900;
const WARRANTS: usize = 700;
const UNITS: usize = 500;
const CLASSES: usize = 260;

/// The simulated instruments. Their order, and so their numbers, depends on the seed alone.
#[derive(Debug, Clone)]
pub struct Universe {
    listings: Vec<Listing>,
    indices: HashMap<Symbol, u32>,
}

impl Universe {
    /// The universe of a seed: the well-known instruments first, then the pairs, then the invented.
    pub fn new(seed: u64) -> Self {
        let mut listings = known::listings(seed);
        listings.extend(known::pairs(seed));
        let taken = listings.iter().map(|l| (l.symbol.to_string(), l.name.clone())).collect::<Vec<_>>();
        let mut maker =
            Maker { seed, draws: Draws::new(hash::mix(seed ^ 0x1157)), names: Names::new(taken), listings };
        maker.fill();
        let indices = maker.listings.iter().enumerate().map(|(at, l)| (l.symbol, at as u32)).collect();
        Self { listings: maker.listings, indices }
    }

    /// The listings in the order of their numbers.
    pub fn listings(&self) -> &[Listing] {
        &self.listings
    }

    /// The listing of a number.
    pub fn get(&self, index: u32) -> Option<&Listing> {
        self.listings.get(index as usize)
    }

    /// The number of a symbol.
    pub fn index(&self, symbol: &Symbol) -> Option<u32> {
        self.indices.get(symbol).copied()
    }

    /// The listings as the rest of the product knows them, in the order of their numbers; see
    /// [`Listing::instrument`] for `always`.
    pub fn instruments(&self, always: bool) -> impl ExactSizeIterator<Item = Instrument> {
        self.listings.iter().map(move |l| l.instrument(always))
    }
}

/// Invents what the tables do not name.
struct Maker {
    seed: u64,
    draws: Draws,
    names: Names,
    listings: Vec<Listing>,
}

impl Maker {
    fn fill(&mut self) {
        for _ in 0..FUNDS {
            self.fund();
        }
        let companies_from = self.listings.len();
        while self.listings.len() < LISTINGS - PREFERRED - WARRANTS - UNITS - CLASSES {
            self.company();
        }
        let companies = self.listings.len() - companies_from;
        for (count, suffix, name, security) in [
            (CLASSES, ".B", "Class B", Security::Common),
            (PREFERRED, ".PR", "Preferred Stock", Security::Preferred),
            (WARRANTS, ".WS", "Warrants", Security::Warrant),
            (UNITS, ".U", "Units", Security::Unit),
        ] {
            let full = self.listings.len() + count;
            while self.listings.len() < full {
                let parent = companies_from + self.draws.below(companies as u64) as usize;
                self.derived(parent, suffix, name, security);
            }
        }
    }

    fn company(&mut self) {
        let industry: Industry = self.names.industry(&mut self.draws).clone();
        let name = self.names.company(&industry, &mut self.draws);
        let len = match self.draws.below(100) {
            0 => 2,
            1..=24 => 3,
            25..=96 => 4,
            _ => 5,
        };
        let symbol = self.names.symbol(&name, len, &mut self.draws);
        // Values halve in number with each doubling, as real ones roughly do, up to 24 billion, so
        // that no invented company outshines a well-known one.
        let doublings = self.draws.next().trailing_zeros().min(10);
        let value = (12_000_000 + self.draws.below(12_000_000)) << doublings;
        // Large companies rarely have small prices.
        let base = match (doublings, self.draws.below(20)) {
            (0..=2, 0..=1) => 10 + self.draws.below(90),
            (0..=3, 2..=11) => 100 + self.draws.below(900),
            (_, 19) => 5_000 + self.draws.below(25_000),
            _ => 600 + self.draws.below(7_000),
        };
        let exchange = match self.draws.below(100) {
            0..=58 => "NASDAQ",
            59..=92 => "NYSE",
            _ => "NYSE American",
        };
        let small = doublings < 4;
        let earns = self.draws.below(100) < if small { 35 } else { 75 };
        let listing = Listing {
            sector: Some(industry.sector),
            industry: Some(industry.industry),
            pe_tenths: earns.then(|| 60 + self.draws.below(340) as u32),
            volatility: if small { 45 } else { 26 } + self.draws.below(40) as u32,
            beta: 30 + self.draws.below(130) as u32,
            ..self.plain(&symbol, name, exchange, Security::Common, base, value)
        };
        self.listings.push(listing);
    }

    fn fund(&mut self) {
        let (name, leveraged) = self.names.fund(&mut self.draws);
        let symbol = self.names.symbol(&name, if self.draws.below(4) == 0 { 3 } else { 4 }, &mut self.draws);
        let value =
            (8_000_000 + self.draws.below(8_000_000)) << (self.draws.next().trailing_zeros() + 1).min(9);
        let base = 1_500 + self.draws.below(7_500);
        let exchange = *self.draws.pick(&["NYSE Arca", "NYSE Arca", "NYSE Arca", "NASDAQ", "Cboe BZX"]);
        let listing = Listing {
            industry: Some("Exchange Traded Fund"),
            volatility: 4 + self.draws.below(8) as u32,
            beta: if leveraged { 200 } else { 40 + self.draws.below(80) as u32 },
            ..self.plain(&symbol, name, exchange, Security::Fund, base, value)
        };
        self.listings.push(listing);
    }

    /// Another security of an invented company; none when it has one of the kind already.
    fn derived(&mut self, parent: usize, suffix: &str, kind: &str, security: Security) {
        let of = self.listings[parent].clone();
        let symbol = format!("{}{suffix}", of.symbol);
        if of.symbol.as_str().len() > 4 || !self.names.claim(&symbol) {
            return;
        }
        let base = match security {
            Security::Common => (of.base.units() / 1_000_000).max(1) as u64,
            Security::Preferred => 2_000 + self.draws.below(600),
            Security::Warrant => 5 + self.draws.below(150),
            _ => 950 + self.draws.below(150),
        };
        let value = (of.shares / 8).max(1_000_000) * base / 100;
        let name = format!("{} {kind}", of.name);
        let listing = Listing {
            sector: of.sector,
            industry: of.industry,
            pe_tenths: of.pe_tenths.filter(|_| security == Security::Common),
            volatility: if security == Security::Warrant { 90 } else { of.volatility },
            beta: of.beta,
            ..self.plain(&symbol, name, of.exchange, security, base, value)
        };
        self.listings.push(listing);
    }

    /// The members that all invented listings fill alike; base price in cents, value in dollars.
    fn plain(
        &mut self,
        symbol: &str,
        name: String,
        exchange: &'static str,
        security: Security,
        base_cents: u64,
        value: u64,
    ) -> Listing {
        let base = Price::from_units(base_cents as i64 * 1_000_000);
        Listing {
            symbol: Symbol::new(symbol).expect("invented symbols are letters and dots"),
            name,
            exchange,
            security,
            sector: None,
            industry: None,
            base,
            tick: Price::from_units(1_000_000),
            lot: Size::from_units(market::decimal::SCALE),
            shares: known::shares(value, base),
            pe_tenths: None,
            volatility: 30,
            beta: 100,
            activity: known::turnover(value, security, self.draws.next()),
            path: known::path_key(self.seed, symbol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::Kind;
    use std::collections::HashSet;

    #[test]
    fn every_symbol_and_name_is_its_own() {
        let universe = Universe::new(1);
        let listings = universe.listings();
        assert_eq!(listings.len(), LISTINGS);
        assert_eq!(universe.indices.len(), LISTINGS);
        assert_eq!(listings.iter().map(|l| &l.name).collect::<HashSet<_>>().len(), LISTINGS);
        for (at, listing) in listings.iter().enumerate() {
            assert_eq!(universe.index(&listing.symbol), Some(at as u32));
            assert!(listing.base.is_positive() && listing.activity > 0, "{listing:?}");
            assert!(listing.is_crypto() || listing.symbol.as_str().len() <= 8, "{listing:?}");
        }
    }

    #[test]
    fn depends_on_the_seed_alone() {
        let [a, b, c] = [1, 1, 2].map(Universe::new);
        assert_eq!(a.listings(), b.listings());
        assert_ne!(a.listings(), c.listings());
    }

    #[test]
    fn looks_like_a_market() {
        let universe = Universe::new(1);
        let count = |kind| universe.listings().iter().filter(|l| l.security.kind() == kind).count();
        assert!(count(Kind::Stock) > 18_000);
        assert!(count(Kind::Etf) > 4_000);
        assert_eq!(count(Kind::Crypto), 17);
        let mut activity: Vec<u64> = universe.listings().iter().map(|l| l.activity).collect();
        activity.sort_unstable();
        let all: u64 = activity.iter().sum();
        let top: u64 = activity[LISTINGS - 264..].iter().sum();
        assert!(top * 10 > all * 6, "the busiest hundredth has {top} of {all}");
        let sectors: HashSet<_> = universe.listings().iter().filter_map(|l| l.sector).collect();
        assert_eq!(sectors.len(), 11);
    }

    #[test]
    fn the_session_is_open_for_downstream_too() {
        let universe = Universe::new(1);
        assert!(universe.instruments(true).all(|i| i.hours == market::Hours::Always));
        let us = universe.instruments(false).filter(|i| i.hours == market::Hours::UsEquity).count();
        assert_eq!(us, LISTINGS - 17);
    }
}

//! Armed triggers by symbol and price, so that a price finds those it fires and no other.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use foldhash::fast::RandomState;
use market::{Price, Symbol};

use crate::money::UNITS_PER_CENT;
use crate::{Cents, Side, UserId};

/// Where a trigger stands: how far the price must go, then who was first. Buys are counted
/// downwards, so that in either map the first key fires first.
type Place = (i64, u64);

#[derive(Debug, Default)]
struct Book {
    buys: BTreeMap<Place, UserId>,
    sells: BTreeMap<Place, UserId>,
}

/// The armed triggers of a ledger.
#[derive(Debug, Default)]
pub(crate) struct Triggers {
    books: HashMap<Symbol, Book, RandomState>,
}

/// The price at which an automatic buy fires: its trigger, but no more than the whole reserve,
/// since below one share it stays armed (rule A12).
pub(crate) fn buy_at(trigger: Price, reserve: Cents) -> Price {
    reserve.as_price().map_or(trigger, |all| trigger.min(all))
}

/// The price at which an automatic sell fires: its trigger, but no less than what brings one
/// whole cent for all its shares.
pub(crate) fn sell_at(trigger: Price, shares: i64) -> Price {
    let least = UNITS_PER_CENT / shares.max(1) + i64::from(UNITS_PER_CENT % shares.max(1) != 0);
    trigger.max(Price::from_units(least))
}

fn place(side: Side, at: Price, armed: u64) -> Place {
    match side {
        Side::Buy => (-at.units(), armed),
        Side::Sell => (at.units(), armed),
    }
}

impl Book {
    fn side(&self, side: Side) -> &BTreeMap<Place, UserId> {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Place, UserId> {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }
}

impl Triggers {
    /// Adds a trigger that fires at a price and was armed by the entry at `armed`.
    pub(crate) fn arm(&mut self, symbol: &Symbol, side: Side, at: Price, armed: u64, user: UserId) {
        self.books.entry(*symbol).or_default().side_mut(side).insert(place(side, at, armed), user);
    }

    /// Takes it out again.
    pub(crate) fn disarm(&mut self, symbol: &Symbol, side: Side, at: Price, armed: u64) {
        let Some(book) = self.books.get_mut(symbol) else { return };
        book.side_mut(side).remove(&place(side, at, armed));
        if book.buys.is_empty() && book.sells.is_empty() {
            self.books.remove(symbol);
        }
    }

    /// The next trigger after `after` that a price meets.
    pub(crate) fn next(
        &self,
        symbol: &Symbol,
        side: Side,
        price: Price,
        after: Option<Place>,
    ) -> Option<(Place, UserId)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let (&place, &user) = self.books.get(symbol)?.side(side).range((from, Bound::Unbounded)).next()?;
        let meets = match side {
            Side::Buy => price.units() <= -place.0,
            Side::Sell => price.units() >= place.0,
        };
        meets.then_some((place, user))
    }

    /// The prices at which the first buy and the first sell of a symbol fire.
    pub(crate) fn nearest(&self, symbol: &Symbol) -> Option<(Option<Price>, Option<Price>)> {
        let book = self.books.get(symbol)?;
        let buy = book.buys.first_key_value().map(|(place, _)| Price::from_units(-place.0));
        let sell = book.sells.first_key_value().map(|(place, _)| Price::from_units(place.0));
        Some((buy, sell))
    }

    /// Whose trigger is nearest, and of which side: a buy if there is one.
    pub(crate) fn first(&self, symbol: &Symbol) -> Option<(UserId, Side)> {
        let book = self.books.get(symbol)?;
        let buy = book.buys.first_key_value().map(|(_, &user)| (user, Side::Buy));
        buy.or_else(|| book.sells.first_key_value().map(|(_, &user)| (user, Side::Sell)))
    }

    /// The symbols with triggers, in no order.
    pub(crate) fn symbols(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.books.keys().copied()
    }

    /// Whose trigger stands at a place.
    pub(crate) fn holder(&self, symbol: &Symbol, side: Side, at: Price, armed: u64) -> Option<UserId> {
        self.books.get(symbol)?.side(side).get(&place(side, at, armed)).copied()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.books.values().map(|book| book.buys.len() + book.sells.len()).sum()
    }
}

//! Automatic buys and sells: set, watched, fired.

use market::Symbol;

use crate::ledger::Ledger;
use crate::money::{cost, proceeds, whole_shares};
use crate::snapshot::SettingState;
use crate::trigger::{buy_at, sell_at};
use crate::{Armed, BATCH_MAX, Cents, Effect, Entry, Event, Fill, Millis, Quote, Shares, Side, UserId};

impl Ledger {
    /// The nearest armed triggers of a symbol; `None` when there are none.
    pub fn armed(&self, symbol: &Symbol) -> Option<Armed> {
        let (buy_at, sell_at) = self.triggers.nearest(symbol)?;
        Some(Armed { buy_at, sell_at })
    }

    /// The symbols with armed triggers, in no order.
    pub fn armed_symbols(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.triggers.symbols()
    }

    /// In whose name a price is fetched for a symbol's triggers, and the transaction number to
    /// enter it under: those of the nearest buy, else of the nearest sell.
    pub fn watcher(&self, symbol: &Symbol) -> Option<(UserId, u64)> {
        let (user, side) = self.triggers.first(symbol)?;
        Some((user, self.setting(user, symbol, side)?.trigger?.n))
    }

    /// Fires every trigger of a symbol that the price meets, one entry each: first buys from the
    /// highest price down, then sells from the lowest up, the one armed earlier first among
    /// equals (rules A11 to A13). A price that is not positive fires nothing.
    ///
    /// At most [`BATCH_MAX`] fire in one call. `true`: call again with the same price, there may be more.
    #[must_use = "what is left must be fired too"]
    pub fn on_price(&mut self, symbol: &Symbol, quote: &Quote, now: Millis, out: &mut Vec<Entry>) -> bool {
        if !quote.price.is_positive() {
            return false;
        }
        let (now, quote) = (self.clamped(now), quote.reused());
        let before = out.len();
        for side in [Side::Buy, Side::Sell] {
            let mut after = None;
            while let Some((place, user)) = self.triggers.next(symbol, side, quote.price, after) {
                if out.len() - before >= BATCH_MAX {
                    return true;
                }
                // One that cannot fire, since a balance would overflow, stays and is passed over.
                after = Some(place);
                let fired = self.fire(user, symbol, side, &quote, now);
                debug_assert!(fired.is_none() || self.is_sound(user), "{:?}", self.check_invariants(user));
                out.extend(fired);
            }
        }
        false
    }

    pub(crate) fn setting(&self, user: UserId, symbol: &Symbol, side: Side) -> Option<SettingState> {
        let position = self.positions.get(user, symbol)?;
        match side {
            Side::Buy => position.buy,
            Side::Sell => position.sell,
        }
    }

    /// Replaces an automatic buy or sell, and what of it is armed. The shares of a sell have been
    /// reserved already.
    pub(crate) fn set(&mut self, user: UserId, symbol: &Symbol, side: Side, setting: Option<SettingState>) {
        let list = &mut self.users[user.index()].positions;
        let slot = self.positions.ensure(user, symbol, list);
        let position = self.positions.slot_mut(slot);
        let field = match side {
            Side::Buy => &mut position.buy,
            Side::Sell => &mut position.sell,
        };
        let old = std::mem::replace(field, setting);
        if let Some((old, trigger)) = old.and_then(|old| Some((old, old.trigger?))) {
            let at = match side {
                Side::Buy => buy_at(trigger.price, old.amount),
                // The same number that reserved the shares.
                Side::Sell => {
                    let shares = whole_shares(old.amount, trigger.price).map_or(0, |shares| shares.0);
                    sell_at(trigger.price, shares)
                }
            };
            self.triggers.disarm(symbol, side, at, trigger.seq);
        }
        if let Some((new, trigger)) = setting.and_then(|new| Some((new, new.trigger?))) {
            let at = match side {
                Side::Buy => buy_at(trigger.price, new.amount),
                Side::Sell => sell_at(trigger.price, position.shares[2]),
            };
            self.triggers.arm(symbol, side, at, trigger.seq, user);
        }
        if setting.is_none() {
            self.positions.release_if_blank(slot, &mut self.users[user.index()].positions);
        }
    }

    /// What a trigger would buy or sell, if the price meets it, and the number of the command that
    /// armed it.
    fn fill(&self, user: UserId, symbol: &Symbol, side: Side, quote: &Quote) -> Option<(Fill, u64)> {
        let position = self.positions.get(user, symbol)?;
        let price = quote.price;
        let (trigger, shares, total, reserved, basis) = match side {
            Side::Buy => {
                let reserved = position.buy?.amount;
                let trigger = position.buy?.trigger.filter(|trigger| price <= trigger.price)?;
                // Below one share it stays armed (rule A12).
                let shares = whole_shares(reserved, price).filter(|shares| shares.is_positive())?;
                let total = cost(shares, price)?;
                position.cost.0.checked_add(total.0)?;
                (trigger, shares, total, reserved, Cents::ZERO)
            }
            Side::Sell => {
                let trigger = position.sell?.trigger.filter(|trigger| price >= trigger.price)?;
                // All that is reserved (rule A13).
                let shares = Shares(position.shares[2]);
                let total = proceeds(shares, price).filter(|total| total.is_positive())?;
                (trigger, shares, total, Cents::ZERO, position.basis(shares.0))
            }
        };
        let (armed, n) = (trigger.seq, trigger.n);
        let trigger = trigger.price;
        Some((Fill { side, symbol: *symbol, shares, total, reserved, basis, trigger, armed }, n))
    }

    /// Fires a trigger, if the price meets it.
    pub(crate) fn fire(
        &mut self,
        user: UserId,
        symbol: &Symbol,
        side: Side,
        quote: &Quote,
        now: Millis,
    ) -> Option<Entry> {
        if self.broken.is_some() {
            return None;
        }
        let (fill, n) = self.fill(user, symbol, side, quote)?;
        // Too large a balance leaves it armed.
        self.post(user, &fill.postings()).ok()?;
        self.exchanged(user, side, symbol, fill.shares, fill.total, fill.basis);
        self.set(user, symbol, side, None);
        Some(self.enter(user, n, Some(quote.clone()), now, Event::Fired(fill)))
    }
}

impl Effect {
    /// The trigger it set, if it set one.
    pub(crate) fn armed(&self) -> Option<(Symbol, Side)> {
        match *self {
            Self::BuySet { symbol, price: Some(_), .. } | Self::BuyArmed { symbol, .. } => {
                Some((symbol, Side::Buy))
            }
            Self::SellArmed { symbol, .. } => Some((symbol, Side::Sell)),
            _ => None,
        }
    }
}

//! What a command would do, without doing it.
//!
//! Tickets that have expired count as gone here, whether or not somebody has noticed, so that
//! the answer is the same before and after (rule A5).

use market::{Price, Symbol};

use crate::ledger::Ledger;
use crate::money::{cost, covers, proceeds, whole_shares};
use crate::snapshot::TicketEnd;
use crate::user::User;
use crate::{
    AMOUNT_MAX, Action, Cents, Command, Effect, Millis, Quote, Refusal, SYMBOLS_PER_USER_MAX, Shares, Side,
    TICKETS_MAX, TICKETS_PER_USER_MAX, TRIGGER_MAX, Ticket, UserId,
};

/// Why there is no effect.
pub(crate) enum Stop {
    Refused(Refusal),
    /// It hangs on the price of this symbol, and none was given.
    NeedsPrice(Symbol),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn amount_in_bounds(amount: Cents) -> Result<(), Refusal> {
    match amount {
        _ if !amount.is_positive() => Err(Refusal::AmountNotPositive),
        _ if amount > AMOUNT_MAX => Err(Refusal::AmountTooLarge),
        _ => Ok(()),
    }
}

fn price_in_bounds(price: Price) -> Result<(), Refusal> {
    match price {
        _ if !price.is_positive() => Err(Refusal::PriceNotPositive),
        _ if price > TRIGGER_MAX => Err(Refusal::PriceTooLarge),
        _ => Ok(()),
    }
}

/// Amount and price together, in the order of precedence.
fn both_in_bounds(amount: Cents, price: Price) -> Result<(), Refusal> {
    let (amount, price) = (amount_in_bounds(amount), price_in_bounds(price));
    match (amount, price) {
        (Err(a), Err(p)) => Err(if a.rank() < p.rank() { a } else { p }),
        (Err(refusal), Ok(())) | (Ok(()), Err(refusal)) => Err(refusal),
        (Ok(()), Ok(())) => Ok(()),
    }
}

fn price_of(quote: Option<&Quote>, symbol: &Symbol) -> Result<Price, Stop> {
    match quote {
        Some(quote) if quote.price.is_positive() => Ok(quote.price),
        Some(_) => Err(Refusal::NoPrice.into()),
        None => Err(Stop::NeedsPrice(*symbol)),
    }
}

/// What shares are worth, rounded down; for showing.
fn worth(shares: Shares, price: Price) -> Cents {
    proceeds(shares, price).unwrap_or(Cents(i64::MAX))
}

/// The whole shares of an amount, at least one (rule A1).
fn some_shares(amount: Cents, price: Price) -> Result<Shares, Refusal> {
    whole_shares(amount, price).filter(|shares| shares.is_positive()).ok_or(Refusal::BelowOneShare)
}

impl Ledger {
    /// What a command would do at a price and time. The entry it makes would stand at `seq`.
    pub(crate) fn decide(
        &self,
        user: UserId,
        command: &Command,
        quote: Option<&Quote>,
        now: Millis,
        seq: u64,
    ) -> Result<Effect, Stop> {
        if self.broken.is_some() {
            return Err(Refusal::Closed.into());
        }
        match command.action {
            Action::Add { amount } => {
                amount_in_bounds(amount)?;
                if user == UserId::SYSTEM {
                    return Err(Refusal::NoAccount.into());
                }
                Ok(Effect::Deposited { amount })
            }
            Action::Quote { symbol } => price_of(quote, &symbol).map(|_| Effect::Noted),
            Action::DumpLog { .. } | Action::DisplaySummary => Ok(Effect::Noted),
            Action::Malformed(malformed) => Err(Refusal::Malformed(malformed.fault).into()),
            Action::Buy { symbol, amount } => {
                amount_in_bounds(amount)?;
                let account = self.open_account(user)?;
                self.cash_for(account, now, amount, Cents::ZERO)?;
                self.room_for_ticket(account, now)?;
                self.room_for_symbol(user, account, &symbol)?;
                let price = price_of(quote, &symbol)?;
                let shares = some_shares(amount, price)?;
                // Within the amount, so within the cash (rule A3).
                let total = cost(shares, price).ok_or(Refusal::BalanceTooLarge)?;
                Ok(Effect::Opened(Ticket {
                    id: seq,
                    side: Side::Buy,
                    symbol,
                    shares,
                    price,
                    total,
                    n: command.n,
                    opened: now,
                }))
            }
            Action::Sell { symbol, amount } => {
                amount_in_bounds(amount)?;
                let account = self.open_account(user)?;
                let available = self.available_shares(user, account, &symbol, now);
                if available == Shares::ZERO {
                    return Err(Refusal::NoShares.into());
                }
                self.room_for_ticket(account, now)?;
                let price = price_of(quote, &symbol)?;
                if !covers(available, price, amount) {
                    let available = worth(available, price);
                    return Err(Refusal::InsufficientValue { needed: amount, available }.into());
                }
                let shares = some_shares(amount, price)?;
                let total = proceeds(shares, price).ok_or(Refusal::BalanceTooLarge)?;
                if total == Cents::ZERO {
                    return Err(Refusal::BelowOneCent.into());
                }
                Ok(Effect::Opened(Ticket {
                    id: seq,
                    side: Side::Sell,
                    symbol,
                    shares,
                    price,
                    total,
                    n: command.n,
                    opened: now,
                }))
            }
            Action::CommitBuy => self.commit(user, self.newest(user, Side::Buy, now)?),
            Action::CommitSell => self.commit(user, self.newest(user, Side::Sell, now)?),
            Action::CommitTicket { id } => self.commit(user, self.ticket_by_id(user, id, now)?),
            Action::CancelBuy => Ok(Effect::Cancelled(self.newest(user, Side::Buy, now)?)),
            Action::CancelSell => Ok(Effect::Cancelled(self.newest(user, Side::Sell, now)?)),
            Action::CancelTicket { id } => Ok(Effect::Cancelled(self.ticket_by_id(user, id, now)?)),
            Action::SetBuyAmount { symbol, amount } => {
                amount_in_bounds(amount)?;
                self.set_buy(user, symbol, amount, None, now)
            }
            Action::SetTrigger { side: Side::Buy, symbol, amount, price } => {
                both_in_bounds(amount, price)?;
                self.set_buy(user, symbol, amount, Some(price), now)
            }
            Action::SetBuyTrigger { symbol, price } => {
                price_in_bounds(price)?;
                self.open_account(user)?;
                let set = self.positions.get(user, &symbol).and_then(|position| position.buy);
                set.ok_or(Refusal::NothingSet(Side::Buy))?;
                Ok(Effect::BuyArmed { symbol, price })
            }
            Action::CancelSetBuy { symbol } => {
                self.open_account(user)?;
                let set = self.positions.get(user, &symbol).and_then(|position| position.buy);
                let returned = set.ok_or(Refusal::NothingSet(Side::Buy))?.amount;
                Ok(Effect::BuyUnset { symbol, returned })
            }
            Action::SetSellAmount { symbol, amount } => {
                amount_in_bounds(amount)?;
                let (_, returned) = self.set_sell(user, symbol, amount, None, quote, now)?;
                Ok(Effect::SellSet { symbol, amount, returned })
            }
            Action::SetTrigger { side: Side::Sell, symbol, amount, price } => {
                both_in_bounds(amount, price)?;
                let (shares, returned) = self.set_sell(user, symbol, amount, Some(price), quote, now)?;
                Ok(Effect::SellArmed { symbol, amount, price, shares, returned })
            }
            Action::SetSellTrigger { symbol, price } => {
                price_in_bounds(price)?;
                let account = self.open_account(user)?;
                let set = self.positions.get(user, &symbol).and_then(|position| position.sell);
                let amount = set.ok_or(Refusal::NothingSet(Side::Sell))?.amount;
                let (usable, returned) = self.usable_shares(user, account, &symbol, now);
                let shares = reserve(amount, price, usable)?;
                Ok(Effect::SellArmed { symbol, amount, price, shares, returned })
            }
            Action::CancelSetSell { symbol } => {
                self.open_account(user)?;
                let position = self.positions.get(user, &symbol);
                let set = position.filter(|position| position.sell.is_some());
                let position = set.ok_or(Refusal::NothingSet(Side::Sell))?;
                Ok(Effect::SellUnset { symbol, returned: Shares(position.shares[2]) })
            }
        }
    }

    /// The user's account, which an accepted ADD has opened (rule A8).
    fn open_account(&self, user: UserId) -> Result<&User, Refusal> {
        Some(&self.users[user.index()]).filter(|account| account.is_open).ok_or(Refusal::NoAccount)
    }

    /// Pending tickets of one side that have expired and not been noticed; nearly always none.
    fn expired<'a>(&'a self, account: &'a User, side: Side, now: Millis) -> impl Iterator<Item = &'a Ticket> {
        let some = self.pending.has_expired(now);
        let tickets = account.stack(side).iter().map(|&slot| self.pending.ticket(slot));
        tickets.take_while(move |ticket| some && ticket.is_expired(now))
    }

    fn available_cash(&self, account: &User, now: Millis) -> Cents {
        let back: i64 = self.expired(account, Side::Buy, now).map(|ticket| ticket.total.0).sum();
        // Both are parts of one balance.
        Cents(account.cash[0].saturating_add(back))
    }

    fn available_shares(&self, user: UserId, account: &User, symbol: &Symbol, now: Millis) -> Shares {
        let Some(position) = self.positions.get(user, symbol) else { return Shares::ZERO };
        let expired = self.expired(account, Side::Sell, now).filter(|ticket| ticket.symbol == *symbol);
        let back: i64 = expired.map(|ticket| ticket.shares.0).sum();
        // Both are parts of one balance.
        Shares(position.shares[0].saturating_add(back))
    }

    /// The shares an automatic sell may stand for, and those of them it has reserved already.
    fn usable_shares(&self, user: UserId, account: &User, symbol: &Symbol, now: Millis) -> (Shares, Shares) {
        let available = self.available_shares(user, account, symbol, now);
        let reserved = self.positions.get(user, symbol).map_or(0, |position| position.shares[2]);
        (Shares(available.0.saturating_add(reserved)), Shares(reserved))
    }

    fn cash_for(&self, account: &User, now: Millis, needed: Cents, returned: Cents) -> Result<(), Refusal> {
        let available = Cents(self.available_cash(account, now).0.saturating_add(returned.0));
        if available < needed {
            return Err(Refusal::InsufficientCash { needed, available });
        }
        Ok(())
    }

    fn room_for_ticket(&self, account: &User, now: Millis) -> Result<(), Refusal> {
        let is_full = self.pending.len() >= TICKETS_MAX && !self.pending.has_expired(now);
        let mut own = account.ticket_count();
        if own >= TICKETS_PER_USER_MAX {
            own -= self.expired(account, Side::Buy, now).count()
                + self.expired(account, Side::Sell, now).count();
        }
        if is_full || own >= TICKETS_PER_USER_MAX {
            return Err(Refusal::TooManyTickets);
        }
        Ok(())
    }

    fn room_for_symbol(&self, user: UserId, account: &User, symbol: &Symbol) -> Result<(), Refusal> {
        let is_full = account.positions.len() >= SYMBOLS_PER_USER_MAX;
        if is_full && self.positions.find(user, symbol).is_none() {
            return Err(Refusal::TooManySymbols);
        }
        Ok(())
    }

    /// The newest pending ticket of one side. When it has expired, all have (rule A5).
    fn newest(&self, user: UserId, side: Side, now: Millis) -> Result<Ticket, Refusal> {
        let account = self.open_account(user)?;
        let ticket = account.stack(side).back().map(|&slot| *self.pending.ticket(slot));
        ticket.filter(|ticket| !ticket.is_expired(now)).ok_or(Refusal::NothingPending(side))
    }

    fn ticket_by_id(&self, user: UserId, id: u64, now: Millis) -> Result<Ticket, Refusal> {
        let account = self.open_account(user)?;
        if let Some(slot) = self.pending.by_id(id) {
            let ticket = self.pending.ticket(slot);
            return match (self.pending.user(slot) == user, ticket.is_expired(now)) {
                (true, false) => Ok(*ticket),
                (true, true) => Err(Refusal::TicketExpired),
                (false, false) => Err(Refusal::NotYours),
                // As if it had been noticed already.
                (false, true) => Err(Refusal::NoSuchTicket),
            };
        }
        Err(match account.ended.get(id) {
            Some(TicketEnd::Expired) => Refusal::TicketExpired,
            Some(TicketEnd::Committed) => Refusal::TicketCommitted,
            Some(TicketEnd::Cancelled) => Refusal::TicketCancelled,
            None => Refusal::NoSuchTicket,
        })
    }

    fn commit(&self, user: UserId, ticket: Ticket) -> Result<Effect, Stop> {
        let position = self.positions.get(user, &ticket.symbol);
        let basis = match ticket.side {
            Side::Buy => {
                let held = position.map_or(Cents::ZERO, |position| position.cost);
                held.0.checked_add(ticket.total.0).ok_or(Refusal::BalanceTooLarge)?;
                Cents::ZERO
            }
            Side::Sell => position.map_or(Cents::ZERO, |position| position.basis(ticket.shares.0)),
        };
        Ok(Effect::Committed { ticket, basis })
    }

    fn set_buy(
        &self,
        user: UserId,
        symbol: Symbol,
        amount: Cents,
        price: Option<Price>,
        now: Millis,
    ) -> Result<Effect, Stop> {
        let account = self.open_account(user)?;
        let set = self.positions.get(user, &symbol).and_then(|position| position.buy);
        // The old reserve counts as available (rule A10).
        let returned = set.map_or(Cents::ZERO, |setting| setting.amount);
        self.cash_for(account, now, amount, returned)?;
        self.room_for_symbol(user, account, &symbol)?;
        Ok(Effect::BuySet { symbol, amount, returned, price })
    }

    /// The shares an automatic sell reserves, none without a trigger price, and those of the
    /// earlier setting that go back (rules A10, A14).
    fn set_sell(
        &self,
        user: UserId,
        symbol: Symbol,
        amount: Cents,
        trigger: Option<Price>,
        quote: Option<&Quote>,
        now: Millis,
    ) -> Result<(Shares, Shares), Stop> {
        let account = self.open_account(user)?;
        let (usable, returned) = self.usable_shares(user, account, &symbol, now);
        if usable == Shares::ZERO {
            return Err(Refusal::NoShares.into());
        }
        let shares = match trigger {
            Some(trigger) => reserve(amount, trigger, usable)?,
            None => Shares::ZERO,
        };
        let price = price_of(quote, &symbol)?;
        if !covers(usable, price, amount) {
            let available = worth(usable, price);
            return Err(Refusal::InsufficientValue { needed: amount, available }.into());
        }
        Ok((shares, returned))
    }
}

/// The most shares an amount can stand for at a trigger price (section 3.5).
fn reserve(amount: Cents, trigger: Price, usable: Shares) -> Result<Shares, Refusal> {
    let needed = some_shares(amount, trigger)?;
    if needed > usable {
        return Err(Refusal::InsufficientShares { needed, available: usable });
    }
    Ok(needed)
}

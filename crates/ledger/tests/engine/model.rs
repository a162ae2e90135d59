//! The rules once more, as plainly as possible: written from the rule book, with maps and whole
//! lists, and with nothing of the engine but its words for commands.

use std::collections::{BTreeMap, HashMap};

use ledger::{Action, Side};
use market::{Price, Symbol};

/// Price units in a cent.
const CENT: i128 = 1_000_000;
const MOST: i128 = 1_000_000_000_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pend {
    /// Which ticket this is, counted as they were opened.
    pub(crate) number: usize,
    pub(crate) side: Side,
    pub(crate) symbol: Symbol,
    pub(crate) shares: i128,
    pub(crate) total: i128,
    pub(crate) at: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) exists: bool,
    pub(crate) cash: i128,
    pub(crate) pending: Vec<Pend>,
    pub(crate) shares: BTreeMap<Symbol, i128>,
    pub(crate) cost: BTreeMap<Symbol, i128>,
    pub(crate) profit: BTreeMap<Symbol, i128>,
    /// Reserve, trigger.
    pub(crate) set_buy: BTreeMap<Symbol, (i128, Option<Price>)>,
    /// Amount, trigger with the shares reserved.
    pub(crate) set_sell: BTreeMap<Symbol, (i128, Option<(Price, i128)>)>,
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) people: HashMap<usize, Person>,
    prices: HashMap<Symbol, Price>,
    /// Whose each ticket was, and how it ended.
    tickets: Vec<(usize, Option<&'static str>)>,
    /// The time of the last thing that happened.
    latest: i64,
}

type Answer = Result<(), &'static str>;

fn floor_shares(amount: i128, price: Price) -> i128 {
    amount * CENT / i128::from(price.units())
}

fn cost_of(shares: i128, price: Price) -> i128 {
    (shares * i128::from(price.units()) + CENT - 1) / CENT
}

fn brings(shares: i128, price: Price) -> i128 {
    shares * i128::from(price.units()) / CENT
}

fn amount_ok(amount: i128) -> Answer {
    match amount {
        ..=0 => Err("amount_not_positive"),
        _ if amount > MOST => Err("amount_too_large"),
        _ => Ok(()),
    }
}

fn price_ok(price: Price) -> Answer {
    match i128::from(price.units()) {
        ..=0 => Err("price_not_positive"),
        units if units > MOST * CENT => Err("price_too_large"),
        _ => Ok(()),
    }
}

impl Person {
    fn all_shares(&self, symbol: Symbol) -> i128 {
        let pending = self.pending.iter().filter(|p| p.side == Side::Sell && p.symbol == symbol);
        let in_tickets: i128 = pending.map(|p| p.shares).sum();
        self.available(symbol) + in_tickets + self.reserved(symbol)
    }

    pub(crate) fn available(&self, symbol: Symbol) -> i128 {
        self.shares.get(&symbol).copied().unwrap_or(0)
    }

    pub(crate) fn reserved(&self, symbol: Symbol) -> i128 {
        self.set_sell.get(&symbol).and_then(|set| set.1).map_or(0, |(_, shares)| shares)
    }

    fn give(&mut self, symbol: Symbol, shares: i128) {
        *self.shares.entry(symbol).or_insert(0) += shares;
    }

    fn bought(&mut self, symbol: Symbol, shares: i128, cost: i128) {
        self.give(symbol, shares);
        *self.cost.entry(symbol).or_insert(0) += cost;
    }

    /// To be called while the shares are still counted.
    fn sold(&mut self, symbol: Symbol, shares: i128, proceeds: i128) {
        let all = self.all_shares(symbol);
        let cost = self.cost.get_mut(&symbol).unwrap();
        let part = if shares == all { *cost } else { *cost * shares / all };
        *cost -= part;
        *self.profit.entry(symbol).or_insert(0) += proceeds - part;
        self.cash += proceeds;
    }

    fn give_back(&mut self, pend: &Pend) {
        match pend.side {
            Side::Buy => self.cash += pend.total,
            Side::Sell => self.give(pend.symbol, pend.shares),
        }
    }

    /// Automatic buys and sells of a symbol meet a price. Says whether one fired.
    fn meet(&mut self, symbol: Symbol, price: Price) -> bool {
        let mut fired = false;
        if let Some(&(reserve, Some(trigger))) = self.set_buy.get(&symbol) {
            let shares = floor_shares(reserve, price);
            if price <= trigger && shares >= 1 {
                let cost = cost_of(shares, price);
                self.cash += reserve - cost;
                self.bought(symbol, shares, cost);
                self.set_buy.remove(&symbol);
                fired = true;
            }
        }
        if let Some(&(_, Some((trigger, shares)))) = self.set_sell.get(&symbol) {
            let proceeds = brings(shares, price);
            if price >= trigger && proceeds >= 1 {
                self.sold(symbol, shares, proceeds);
                self.set_sell.remove(&symbol);
                fired = true;
            }
        }
        fired
    }
}

impl Model {
    pub(crate) fn person(&mut self, user: usize) -> &mut Person {
        self.people.entry(user).or_default()
    }

    fn time(&self, now: i64) -> i64 {
        now.max(self.latest)
    }

    /// What a user has at a time: what has expired is back.
    pub(crate) fn seen(&self, user: usize, now: i64) -> Person {
        let mut person = self.people.get(&user).cloned().unwrap_or_default();
        let now = self.time(now);
        let (gone, kept): (Vec<_>, Vec<_>) = person.pending.drain(..).partition(|p| now - p.at > 60_000);
        person.pending = kept;
        for pend in gone {
            person.give_back(&pend);
        }
        person
    }

    pub(crate) fn price(&mut self, symbol: Symbol, price: Price, now: i64) {
        self.prices.insert(symbol, price);
        let mut fired = false;
        for person in self.people.values_mut() {
            fired |= person.meet(symbol, price);
        }
        if fired {
            self.latest = self.time(now);
        }
    }

    /// A timer goes off: what is due of everybody goes back.
    pub(crate) fn tick(&mut self, now: i64) {
        let now = self.time(now);
        let users: Vec<usize> = self.people.keys().copied().collect();
        for user in users {
            if self.expire(user, now) {
                self.latest = now;
            }
        }
    }

    fn expire(&mut self, user: usize, now: i64) -> bool {
        let seen = self.seen(user, now);
        let person = self.person(user);
        let expired: Vec<usize> =
            person.pending.iter().filter(|p| !seen.pending.contains(p)).map(|p| p.number).collect();
        *person = seen;
        for number in &expired {
            self.tickets[*number].1 = Some("ticket_expired");
        }
        !expired.is_empty()
    }

    pub(crate) fn run(&mut self, user: usize, action: &Action, now: i64) -> Answer {
        let now = self.time(now);
        self.person(user);
        self.expire(user, now);
        self.latest = now;
        let answer = self.obey(user, action, now);
        let armed = match *action {
            Action::SetBuyTrigger { symbol, .. }
            | Action::SetSellTrigger { symbol, .. }
            | Action::SetTrigger { symbol, .. } => Some(symbol),
            _ => None,
        };
        if let (Some(symbol), Ok(())) = (armed, answer)
            && let Some(&price) = self.prices.get(&symbol)
        {
            self.person(user).meet(symbol, price);
        }
        answer
    }

    fn obey(&mut self, user: usize, action: &Action, now: i64) -> Answer {
        let prices = self.prices.clone();
        let price_of = |symbol: Symbol| prices.get(&symbol).copied().ok_or("no_price");
        let next = self.tickets.len();
        let exists = self.person(user).exists;
        let account = if exists { Ok(()) } else { Err("no_account") };
        match *action {
            Action::Add { amount } => {
                let amount = i128::from(amount.0);
                amount_ok(amount)?;
                let person = self.person(user);
                person.exists = true;
                person.cash += amount;
                Ok(())
            }
            Action::Quote { symbol } => price_of(symbol).map(|_| ()),
            Action::DisplaySummary | Action::DumpLog { .. } => Ok(()),
            Action::Malformed(_) => Err("malformed"),
            Action::Buy { symbol, amount } => {
                let amount = i128::from(amount.0);
                amount_ok(amount)?;
                account?;
                let person = self.person(user);
                if person.cash < amount {
                    return Err("insufficient_cash");
                }
                let price = price_of(symbol)?;
                let shares = floor_shares(amount, price);
                if shares == 0 {
                    return Err("below_one_share");
                }
                let total = cost_of(shares, price);
                person.cash -= total;
                person.pending.push(Pend { number: next, side: Side::Buy, symbol, shares, total, at: now });
                self.tickets.push((user, None));
                Ok(())
            }
            Action::Sell { symbol, amount } => {
                let amount = i128::from(amount.0);
                amount_ok(amount)?;
                account?;
                let person = self.person(user);
                let available = person.available(symbol);
                if available == 0 {
                    return Err("no_shares");
                }
                let price = price_of(symbol)?;
                if available * i128::from(price.units()) < amount * CENT {
                    return Err("insufficient_value");
                }
                let shares = floor_shares(amount, price);
                if shares == 0 {
                    return Err("below_one_share");
                }
                let total = brings(shares, price);
                if total == 0 {
                    return Err("below_one_cent");
                }
                person.give(symbol, -shares);
                person.pending.push(Pend { number: next, side: Side::Sell, symbol, shares, total, at: now });
                self.tickets.push((user, None));
                Ok(())
            }
            Action::CommitBuy => {
                account.and_then(|()| self.newest(user, Side::Buy)).map(|p| self.commit(user, p))
            }
            Action::CommitSell => {
                account.and_then(|()| self.newest(user, Side::Sell)).map(|p| self.commit(user, p))
            }
            Action::CancelBuy => {
                account.and_then(|()| self.newest(user, Side::Buy)).map(|p| self.cancel(user, p))
            }
            Action::CancelSell => {
                account.and_then(|()| self.newest(user, Side::Sell)).map(|p| self.cancel(user, p))
            }
            // Here an id is the ticket's number.
            Action::CommitTicket { id } => {
                account.and_then(|()| self.named(user, id)).map(|p| self.commit(user, p))
            }
            Action::CancelTicket { id } => {
                account.and_then(|()| self.named(user, id)).map(|p| self.cancel(user, p))
            }
            Action::SetBuyAmount { symbol, amount } => {
                let amount = i128::from(amount.0);
                amount_ok(amount)?;
                account?;
                self.set_buy(user, symbol, amount, None)
            }
            Action::SetBuyTrigger { symbol, price } => {
                price_ok(price)?;
                account?;
                let set = self.person(user).set_buy.get_mut(&symbol).ok_or("no_buy_amount")?;
                set.1 = Some(price);
                Ok(())
            }
            Action::CancelSetBuy { symbol } => {
                account?;
                let person = self.person(user);
                person.cash += person.set_buy.remove(&symbol).ok_or("no_buy_amount")?.0;
                Ok(())
            }
            Action::SetSellAmount { symbol, amount } => {
                let amount = i128::from(amount.0);
                amount_ok(amount)?;
                account?;
                let person = self.person(user);
                let usable = person.available(symbol) + person.reserved(symbol);
                if usable == 0 {
                    return Err("no_shares");
                }
                let price = price_of(symbol)?;
                if usable * i128::from(price.units()) < amount * CENT {
                    return Err("insufficient_value");
                }
                person.give(symbol, person.reserved(symbol));
                person.set_sell.insert(symbol, (amount, None));
                Ok(())
            }
            Action::SetSellTrigger { symbol, price } => {
                price_ok(price)?;
                account?;
                let person = self.person(user);
                let amount = person.set_sell.get(&symbol).ok_or("no_sell_amount")?.0;
                Self::arm_sell(person, symbol, amount, price)
            }
            Action::CancelSetSell { symbol } => {
                account?;
                let person = self.person(user);
                let reserved = person.reserved(symbol);
                person.set_sell.remove(&symbol).ok_or("no_sell_amount")?;
                person.give(symbol, reserved);
                Ok(())
            }
            Action::SetTrigger { side, symbol, amount, price } => {
                let amount = i128::from(amount.0);
                // Not positive is said before too large, whichever of the two it is.
                let (a, p) = (amount_ok(amount), price_ok(price));
                for code in
                    ["amount_not_positive", "price_not_positive", "amount_too_large", "price_too_large"]
                {
                    if a == Err(code) || p == Err(code) {
                        return Err(code);
                    }
                }
                account?;
                if side == Side::Buy {
                    return self.set_buy(user, symbol, amount, Some(price));
                }
                let person = self.person(user);
                let usable = person.available(symbol) + person.reserved(symbol);
                if usable == 0 {
                    return Err("no_shares");
                }
                let shares = floor_shares(amount, price);
                if shares == 0 {
                    return Err("below_one_share");
                }
                if shares > usable {
                    return Err("insufficient_shares");
                }
                if usable * i128::from(price_of(symbol)?.units()) < amount * CENT {
                    return Err("insufficient_value");
                }
                Self::arm_sell(person, symbol, amount, price)
            }
        }
    }

    fn set_buy(&mut self, user: usize, symbol: Symbol, amount: i128, price: Option<Price>) -> Answer {
        let person = self.person(user);
        let old = person.set_buy.get(&symbol).map_or(0, |set| set.0);
        if person.cash + old < amount {
            return Err("insufficient_cash");
        }
        person.cash = person.cash + old - amount;
        person.set_buy.insert(symbol, (amount, price));
        Ok(())
    }

    fn arm_sell(person: &mut Person, symbol: Symbol, amount: i128, price: Price) -> Answer {
        let usable = person.available(symbol) + person.reserved(symbol);
        let shares = floor_shares(amount, price);
        if shares == 0 {
            return Err("below_one_share");
        }
        if shares > usable {
            return Err("insufficient_shares");
        }
        person.shares.insert(symbol, usable - shares);
        person.set_sell.insert(symbol, (amount, Some((price, shares))));
        Ok(())
    }

    fn newest(&mut self, user: usize, side: Side) -> Result<Pend, &'static str> {
        let found = self.person(user).pending.iter().rev().find(|p| p.side == side).cloned();
        found.ok_or(if side == Side::Buy { "no_pending_buy" } else { "no_pending_sell" })
    }

    fn named(&mut self, user: usize, id: u64) -> Result<Pend, &'static str> {
        let number = usize::try_from(id).unwrap_or(usize::MAX);
        match self.tickets.get(number) {
            None => Err("no_such_ticket"),
            Some(&(owner, Some(end))) => Err(if owner == user { end } else { "no_such_ticket" }),
            Some(&(owner, None)) if owner != user => {
                // Another's ticket is there as long as it can be committed.
                let is_open = self.seen(owner, self.latest).pending.iter().any(|p| p.number == number);
                Err(if is_open { "not_yours" } else { "no_such_ticket" })
            }
            Some(_) => Ok(self.person(user).pending.iter().find(|p| p.number == number).unwrap().clone()),
        }
    }

    fn commit(&mut self, user: usize, pend: Pend) {
        self.tickets[pend.number].1 = Some("ticket_committed");
        let person = self.person(user);
        match pend.side {
            Side::Buy => person.bought(pend.symbol, pend.shares, pend.total),
            Side::Sell => person.sold(pend.symbol, pend.shares, pend.total),
        }
        person.pending.retain(|other| other.number != pend.number);
    }

    fn cancel(&mut self, user: usize, pend: Pend) {
        self.tickets[pend.number].1 = Some("ticket_cancelled");
        let person = self.person(user);
        person.pending.retain(|other| other.number != pend.number);
        person.give_back(&pend);
    }
}

//! Whether everything adds up (section 3.8 of the rules).

use std::collections::BTreeMap;

use market::Symbol;

use crate::ledger::{Broken, Ledger};
use crate::money::whole_shares;
use crate::position::Position;
use crate::trigger::{buy_at, sell_at};
use crate::{Shares, Side, UserId, UserName};

impl Ledger {
    /// Checks the invariants of section 3.8 for one user. Takes time with what the user has.
    ///
    /// # Errors
    ///
    /// The first that does not hold.
    pub fn check_invariants(&self, user: UserId) -> Result<(), Broken> {
        let user = self.known(user);
        let owner = &self.users[user.index()];
        self.first_flaw(user).map_or(Ok(()), |reason| Err(Broken { user: owner.name, reason }))
    }

    /// Checks the invariants of every user, and that cash and every symbol sum to zero with the house.
    ///
    /// # Errors
    ///
    /// The first that does not hold.
    pub fn audit(&self) -> Result<(), Broken> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        for id in 0..self.users.len() {
            // At most `USERS_MAX`.
            self.check_invariants(UserId(id as u32))?;
        }
        let flaw = self.flaw_of_sums();
        flaw.map_or(Ok(()), |reason| Err(Broken { user: UserName::SYSTEM, reason }))
    }

    fn flaw_of_sums(&self) -> Option<String> {
        let cash: i128 = self.users.iter().map(|user| user.cash_total()).sum();
        if cash + self.house.cash != 0 {
            return Some(format!("users have {cash} cents, the house {}", self.house.cash));
        }
        let mut shares: BTreeMap<Symbol, i128> = BTreeMap::new();
        let (mut listed, mut tickets, mut armed) = (0, 0, 0);
        for user in &self.users {
            listed += user.positions.len();
            tickets += user.ticket_count();
            for position in user.positions.iter().map(|&slot| self.positions.slot(slot)) {
                *shares.entry(position.symbol).or_default() += position.total();
                let settings = [position.buy, position.sell];
                armed += settings.into_iter().flatten().filter(|setting| setting.trigger.is_some()).count();
            }
        }
        shares.retain(|_, held| *held != 0);
        for (symbol, held) in &shares {
            let house = self.house.shares.get(symbol).copied().unwrap_or_default();
            if held + house != 0 {
                return Some(format!("users have {held} shares of {symbol}, the house {house}"));
            }
        }
        let counts = [
            ("house's symbols", shares.len(), self.house.shares.len()),
            ("positions", listed, self.positions.len()),
            ("tickets", tickets, self.pending.len()),
            ("triggers", armed, self.triggers.len()),
        ];
        let wrong = counts.into_iter().find(|(_, ours, theirs)| ours != theirs);
        wrong.map(|(what, ours, theirs)| format!("users have {ours} {what}, the tables {theirs}"))
    }

    fn first_flaw(&self, user: UserId) -> Option<String> {
        let owner = &self.users[user.index()];
        if owner.cash.iter().any(|&cents| cents < 0) {
            return Some(format!("cash is below zero: {:?}", owner.cash));
        }
        if owner.cash_due() != owner.cash_total() {
            return Some(format!("cash is {}, should be {}", owner.cash_total(), owner.cash_due()));
        }
        if !owner.is_open && (owner.cash_due() != 0 || owner.deposited != 0) {
            return Some("there is cash and no account".to_owned());
        }
        let tickets = self.tickets_of(user);
        let set_aside: i128 =
            tickets.iter().filter(|t| t.side == Side::Buy).map(|t| i128::from(t.total.0)).sum();
        if set_aside != i128::from(owner.cash[1]) {
            return Some(format!("pending buys hold {set_aside}, {} is set aside", owner.cash[1]));
        }
        for side in [Side::Buy, Side::Sell] {
            let stack = owner.stack(side);
            let is_sorted = stack.iter().map(|&slot| self.pending.ticket(slot).id).is_sorted();
            let is_own = stack
                .iter()
                .all(|&slot| self.pending.user(slot) == user && self.pending.ticket(slot).side == side);
            if !is_sorted || !is_own {
                return Some("a ticket is out of its place".to_owned());
            }
        }
        let mut sells: BTreeMap<Symbol, i128> = BTreeMap::new();
        for ticket in tickets.iter().filter(|t| t.side == Side::Sell) {
            *sells.entry(ticket.symbol).or_default() += i128::from(ticket.shares.0);
        }
        let mut reserved = 0i128;
        for &slot in &owner.positions {
            let position = self.positions.slot(slot);
            reserved += position.buy.map_or(0, |setting| i128::from(setting.amount.0));
            let in_tickets = sells.remove(&position.symbol).unwrap_or_default();
            if let Some(flaw) = self.flaw_of_position(user, slot, position, in_tickets) {
                return Some(format!("{}: {flaw}", position.symbol));
            }
        }
        if reserved != i128::from(owner.cash[2]) {
            return Some(format!("automatic buys hold {reserved}, {} is reserved", owner.cash[2]));
        }
        sells.keys().next().map(|symbol| format!("{symbol}: a pending sell of no position"))
    }

    fn flaw_of_position(
        &self,
        user: UserId,
        slot: u32,
        position: &Position,
        in_tickets: i128,
    ) -> Option<String> {
        let symbol = &position.symbol;
        if position.user != user || self.positions.find(user, symbol) != Some(slot) {
            return Some("the position is out of its place".to_owned());
        }
        if position.shares.iter().any(|&shares| shares < 0) || position.cost.0 < 0 {
            return Some(format!("shares or cost are below zero: {position:?}"));
        }
        if position.bought - position.sold != position.total() {
            return Some(format!(
                "{} bought, {} sold, {} held",
                position.bought,
                position.sold,
                position.total()
            ));
        }
        if position.total() == 0 && position.cost.0 != 0 {
            return Some(format!("no shares, but a cost of {}", position.cost));
        }
        if in_tickets != i128::from(position.shares[1]) {
            return Some(format!("pending sells hold {in_tickets}, {} are set aside", position.shares[1]));
        }
        let (mut due, mut places) = (Shares::ZERO, Vec::new());
        if let Some(trigger) = position.sell.and_then(|setting| setting.trigger) {
            due = position.sell.and_then(|s| whole_shares(s.amount, trigger.price)).unwrap_or_default();
            places.push((Side::Sell, sell_at(trigger.price, due.0), trigger.seq));
        }
        if due.0 != position.shares[2] {
            return Some(format!("the automatic sell holds {due}, {} are reserved", position.shares[2]));
        }
        if let Some((setting, trigger)) = position.buy.and_then(|setting| Some((setting, setting.trigger?))) {
            places.push((Side::Buy, buy_at(trigger.price, setting.amount), trigger.seq));
        }
        let lost = places
            .into_iter()
            .find(|&(side, at, armed)| self.triggers.holder(symbol, side, at, armed) != Some(user));
        lost.map(|(side, ..)| format!("the {side:?} trigger is not watched"))
    }
}

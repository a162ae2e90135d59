//! The one place where cash and shares move.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use market::Symbol;

use crate::ledger::Ledger;
use crate::posting::{Account, Postings};
use crate::{Refusal, UserId};

/// What the world outside has given, below zero, or taken.
#[derive(Debug, Default)]
pub(crate) struct House {
    pub(crate) cash: i128,
    /// Without zeros.
    pub(crate) shares: HashMap<Symbol, i128, RandomState>,
}

/// Changes one account. None but the house's falls below zero.
fn shift(cells: &mut [i64; 3], house: &mut i128, account: Account, delta: i64) -> Result<(), Refusal> {
    let cell = match account {
        Account::Available => &mut cells[0],
        Account::InTickets => &mut cells[1],
        Account::InTriggers => &mut cells[2],
        Account::House => {
            *house = house.checked_add(i128::from(delta)).ok_or(Refusal::BalanceTooLarge)?;
            return Ok(());
        }
    };
    let sum = cell.checked_add(delta).ok_or(Refusal::BalanceTooLarge)?;
    if sum < 0 {
        return Err(Refusal::Overdraft);
    }
    *cell = sum;
    Ok(())
}

impl Ledger {
    /// Makes the postings of one user, all or none of them.
    ///
    /// # Errors
    ///
    /// [`Refusal::BalanceTooLarge`] or [`Refusal::Overdraft`], and nothing has moved.
    pub(crate) fn post(&mut self, user: UserId, postings: &Postings) -> Result<(), Refusal> {
        let moves = postings.moves();
        if moves.is_empty() {
            return Ok(());
        }
        // Everything is tried on copies first.
        let mut cash = self.users[user.index()].cash;
        let mut house_cash = self.house.cash;
        let symbol = if moves.iter().all(|m| m.is_cash) { None } else { postings.symbol };
        let slot = symbol.and_then(|symbol| self.positions.find(user, &symbol));
        let mut shares = slot.map_or([0; 3], |slot| self.positions.slot(slot).shares);
        let mut house_shares = 0;
        for m in moves {
            let (cells, house) =
                if m.is_cash { (&mut cash, &mut house_cash) } else { (&mut shares, &mut house_shares) };
            // An amount is not negative, so its negation exists.
            shift(cells, house, m.from, -m.amount)?;
            shift(cells, house, m.to, m.amount)?;
        }
        let owner = &mut self.users[user.index()];
        owner.cash = cash;
        self.house.cash = house_cash;
        if let Some(symbol) = symbol {
            let slot = slot.unwrap_or_else(|| self.positions.ensure(user, &symbol, &mut owner.positions));
            self.positions.slot_mut(slot).shares = shares;
            if house_shares != 0 {
                // Each user's shares fit 64 bits, so the sum of all fits 128.
                let held = self.house.shares.entry(symbol).or_default();
                *held += house_shares;
                if *held == 0 {
                    self.house.shares.remove(&symbol);
                }
            }
        }
        Ok(())
    }
}

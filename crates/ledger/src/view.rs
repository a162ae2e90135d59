//! What a user has, for showing.

use crate::ledger::Ledger;
use crate::{AccountView, Cents, Holding, Millis, Shares, Side, Ticket, TriggerView, UserId};

impl Ledger {
    /// What a user has at a time. Tickets that have expired by then count as gone, noticed or not.
    pub fn account(&self, user: UserId, now: Millis) -> AccountView {
        let user = self.known(user);
        let owner = &self.users[user.index()];
        let now = self.clamped(now);
        let (gone, tickets): (Vec<Ticket>, Vec<Ticket>) =
            self.tickets_of(user).into_iter().partition(|ticket| ticket.is_expired(now));
        let bought = gone.iter().filter(|ticket| ticket.side == Side::Buy);
        let cash_back: i64 = bought.map(|ticket| ticket.total.0).sum();
        let mut positions: Vec<_> = owner.positions.iter().map(|&slot| self.positions.slot(slot)).collect();
        positions.sort_unstable_by_key(|position| position.symbol);
        let mut view = AccountView {
            is_open: owner.is_open,
            available: Cents(owner.cash[0].saturating_add(cash_back)),
            in_tickets: Cents(owner.cash[1].saturating_sub(cash_back)),
            in_triggers: Cents(owner.cash[2]),
            deposited: owner.deposited,
            holdings: Vec::with_capacity(positions.len()),
            tickets,
            triggers: Vec::new(),
            last: owner.last,
        };
        for position in positions {
            let symbol = position.symbol;
            if position.bought != 0 {
                let sold = gone.iter().filter(|t| t.side == Side::Sell && t.symbol == symbol);
                let back: i64 = sold.map(|ticket| ticket.shares.0).sum();
                view.holdings.push(Holding {
                    symbol,
                    available: Shares(position.shares[0].saturating_add(back)),
                    in_tickets: Shares(position.shares[1].saturating_sub(back)),
                    in_triggers: Shares(position.shares[2]),
                    cost: position.cost,
                    realised: position.realised,
                });
            }
            for (side, setting) in [(Side::Buy, position.buy), (Side::Sell, position.sell)] {
                let Some(setting) = setting else { continue };
                view.triggers.push(TriggerView {
                    side,
                    symbol,
                    amount: setting.amount,
                    price: setting.trigger.map(|trigger| trigger.price),
                    shares: if side == Side::Sell { Shares(position.shares[2]) } else { Shares::ZERO },
                    armed: setting.trigger.map(|trigger| trigger.seq),
                });
            }
        }
        view
    }

    /// Pending tickets of a user, oldest first, expired or not.
    pub(crate) fn tickets_of(&self, user: UserId) -> Vec<Ticket> {
        let owner = &self.users[user.index()];
        let slots = owner.stack(Side::Buy).iter().chain(owner.stack(Side::Sell));
        let mut tickets: Vec<Ticket> = slots.map(|&slot| *self.pending.ticket(slot)).collect();
        tickets.sort_unstable_by_key(|ticket| ticket.id);
        tickets
    }
}

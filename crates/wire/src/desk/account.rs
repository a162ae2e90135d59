//! Accounts, tickets and triggers from what the engine says of them.

use ledger::{AccountView, Holding, Millis, Quote, Ticket, TriggerView, UserName};

use super::text::{average_cost, money, place, price, sum, time};
use super::{AccountBody, CashBody, HoldingBody, PriceSource, TicketBody, TicketStatus, TriggerBody};

impl AccountBody {
    /// What a user of a shard has.
    pub fn of(user: &UserName, view: &AccountView, shard: u16) -> Self {
        let (tickets, triggers) = (i128::from(view.in_tickets.0), i128::from(view.in_triggers.0));
        Self {
            user: user.to_string(),
            is_open: view.is_open,
            cash: CashBody {
                balance: money(i128::from(view.available.0) + tickets + triggers),
                available: view.available.to_string(),
                reserved: money(tickets + triggers),
                in_tickets: view.in_tickets.to_string(),
                in_triggers: view.in_triggers.to_string(),
            },
            deposited: money(view.deposited),
            holdings: view.holdings.iter().map(HoldingBody::of).collect(),
            tickets: view
                .tickets
                .iter()
                .map(|ticket| TicketBody::of(ticket, TicketStatus::Open, shard, None))
                .collect(),
            triggers: view.triggers.iter().map(TriggerBody::of).collect(),
            last_transaction: (view.last > 0).then(|| place(shard, view.last)),
        }
    }
}

impl HoldingBody {
    /// What is held of one symbol.
    pub fn of(holding: &Holding) -> Self {
        let shares = sum([holding.available, holding.in_tickets, holding.in_triggers]);
        Self {
            symbol: holding.symbol.to_string(),
            shares: shares.to_string(),
            available: holding.available.to_string(),
            reserved: sum([holding.in_tickets, holding.in_triggers]).to_string(),
            cost: holding.cost.to_string(),
            average_cost: average_cost(holding.cost, shares),
            realised: money(holding.realised),
        }
    }
}

impl TicketBody {
    /// A ticket of a shard, with the price it met and when, where that is known.
    pub fn of(ticket: &Ticket, status: TicketStatus, shard: u16, quote: Option<(&Quote, Millis)>) -> Self {
        Self {
            id: place(shard, ticket.id),
            side: ticket.side.into(),
            symbol: ticket.symbol.to_string(),
            price: price(ticket.price),
            shares: ticket.shares.to_string(),
            total: ticket.total.to_string(),
            status,
            created_at: time(ticket.opened),
            expires_at: time(ticket.expires_at()),
            quote: quote.map(|(quote, used)| PriceSource::of(quote, used)),
        }
    }
}

impl TriggerBody {
    /// An automatic buy or sell.
    pub fn of(trigger: &TriggerView) -> Self {
        Self {
            side: trigger.side.into(),
            symbol: trigger.symbol.to_string(),
            amount: trigger.amount.to_string(),
            price: trigger.price.map(price),
            shares: trigger.shares.to_string(),
        }
    }
}

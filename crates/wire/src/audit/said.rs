//! A command in the words of the log.

use std::fmt::{self, Display};

use ledger::{Action, Cents, Effect, FileName, Outcome, Side, Ticket, Verb};
use market::{Price, Symbol};

use super::{SYMBOL_BYTES_MAX, xml};

/// A command in the words of the log: one of the sixteen, and its arguments.
pub(super) struct Said<'a> {
    pub(super) command: Verb,
    pub(super) symbol: Option<Symbol>,
    pub(super) file: Option<&'a FileName>,
    funds: Funds,
    /// What of it the sixteen commands have no argument for.
    beside: Beside,
}

enum Funds {
    None,
    Amount(Cents),
    Price(Price),
}

enum Beside {
    Nothing,
    Ticket(u64),
    Amount(Cents),
}

impl<'a> Said<'a> {
    /// What a command says; `None` when it was none of the sixteen.
    pub(super) fn by(action: &'a Action, outcome: &Outcome) -> Option<Self> {
        let said = |command| Self {
            command,
            symbol: action.symbol(),
            file: None,
            funds: Funds::None,
            beside: Beside::Nothing,
        };
        Some(match *action {
            Action::CommitTicket { id } => {
                let command = match side_of(outcome) {
                    Side::Buy => Verb::CommitBuy,
                    Side::Sell => Verb::CommitSell,
                };
                Self { beside: Beside::Ticket(id), ..said(command) }
            }
            Action::CancelTicket { id } => {
                let command = match side_of(outcome) {
                    Side::Buy => Verb::CancelBuy,
                    Side::Sell => Verb::CancelSell,
                };
                Self { beside: Beside::Ticket(id), ..said(command) }
            }
            Action::SetTrigger { side, symbol, amount, price } => {
                Self { beside: Beside::Amount(amount), ..Self::by_trigger(side, symbol, price) }
            }
            Action::Add { amount }
            | Action::Buy { amount, .. }
            | Action::Sell { amount, .. }
            | Action::SetBuyAmount { amount, .. }
            | Action::SetSellAmount { amount, .. } => {
                Self { funds: Funds::Amount(amount), ..said(action.verb()?) }
            }
            Action::SetBuyTrigger { price, .. } | Action::SetSellTrigger { price, .. } => {
                Self { funds: Funds::Price(price), ..said(action.verb()?) }
            }
            Action::Malformed(ref malformed) => {
                let funds = malformed.amount.map_or(Funds::None, Funds::Amount);
                Self { funds, ..said(malformed.verb?) }
            }
            Action::DumpLog { ref file } => Self { file: Some(file), ..said(Verb::DumpLog) },
            Action::Quote { .. }
            | Action::CommitBuy
            | Action::CancelBuy
            | Action::CommitSell
            | Action::CancelSell
            | Action::CancelSetBuy { .. }
            | Action::CancelSetSell { .. }
            | Action::DisplaySummary => said(action.verb()?),
        })
    }

    /// The command that armed a trigger.
    pub(super) fn by_trigger(side: Side, symbol: Symbol, price: Price) -> Self {
        let command = match side {
            Side::Buy => Verb::SetBuyTrigger,
            Side::Sell => Verb::SetSellTrigger,
        };
        Self { funds: Funds::Price(price), ..Self::about(command, symbol) }
    }

    /// The command that opened a ticket. Its own amount is not known any more.
    pub(super) fn by_ticket(ticket: &Ticket) -> Self {
        let command = match ticket.side {
            Side::Buy => Verb::Buy,
            Side::Sell => Verb::Sell,
        };
        Self { funds: Funds::Amount(ticket.total), ..Self::about(command, ticket.symbol) }
    }

    /// A price that nobody's command asked for.
    pub(super) fn by_quote(symbol: Symbol) -> Self {
        Self::about(Verb::Quote, symbol)
    }

    fn about(command: Verb, symbol: Symbol) -> Self {
        Self { command, symbol: Some(symbol), file: None, funds: Funds::None, beside: Beside::Nothing }
    }

    /// Its symbol is one that the schema does not admit.
    pub(super) fn is_wide(&self) -> bool {
        self.symbol.as_ref().is_some_and(|symbol| symbol.as_bytes().len() > SYMBOL_BYTES_MAX)
    }

    /// There is something that the schema has no place for.
    pub(super) fn has_details(&self) -> bool {
        self.is_wide() || !matches!(self.beside, Beside::Nothing)
    }

    /// What the schema has no place for.
    pub(super) fn details(&self) -> impl Display {
        fmt::from_fn(|f| {
            if let Some(symbol) = self.symbol.filter(|_| self.is_wide()) {
                write!(f, "symbol {symbol}")?;
                if !matches!(self.beside, Beside::Nothing) {
                    f.write_str(", ")?;
                }
            }
            match self.beside {
                Beside::Nothing => Ok(()),
                Beside::Ticket(id) => write!(f, "ticket {id}"),
                Beside::Amount(amount) => write!(f, "amount {amount}"),
            }
        })
    }

    pub(super) fn write_funds(&self, out: &mut Vec<u8>) {
        if matches!(self.funds, Funds::None) {
            return;
        }
        out.extend_from_slice(b"<funds>");
        match self.funds {
            Funds::None => {}
            Funds::Amount(amount) => xml::write_cents(amount.0, out),
            Funds::Price(price) => xml::write_price(price, out),
        }
        out.extend_from_slice(b"</funds>");
    }
}

/// The side of the ticket a command found; that of a buy when it found none.
fn side_of(outcome: &Outcome) -> Side {
    match outcome {
        Outcome::Done(Effect::Committed { ticket, .. } | Effect::Cancelled(ticket)) => ticket.side,
        _ => Side::Buy,
    }
}

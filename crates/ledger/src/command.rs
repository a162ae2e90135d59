//! What reaches the engine: who wants what.

use market::{Price, Symbol};

use crate::line::{Fault, Verb};
use crate::{Cents, FileName, UserId};

/// Buying or selling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Cash for shares.
    Buy,
    /// Shares for cash.
    Sell,
}

/// What makes a retried command the same command: a client's idempotency key, hashed to 128
/// bits by whoever received it, always in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u128);

/// One command of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Who; from [`Ledger::intern`](crate::Ledger::intern).
    pub user: UserId,
    /// The transaction number: the line of a workload, or one a server made. Positive in any log.
    pub n: u64,
    /// Given when a retry must not be applied twice.
    pub key: Option<Key>,
    /// What.
    pub action: Action,
}

/// What a user wants. The first sixteen are the classic commands (section 3 of the rules).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// ADD: money comes in.
    Add {
        /// How much.
        amount: Cents,
    },
    /// QUOTE: the price is asked for and shown.
    Quote {
        /// Of what.
        symbol: Symbol,
    },
    /// BUY: set cash aside at the current price and wait for the commit.
    Buy {
        /// What.
        symbol: Symbol,
        /// For at most so much.
        amount: Cents,
    },
    /// COMMIT_BUY: the newest pending buy becomes final.
    CommitBuy,
    /// CANCEL_BUY: the newest pending buy is given up.
    CancelBuy,
    /// SELL: set shares aside at the current price and wait for the commit.
    Sell {
        /// What.
        symbol: Symbol,
        /// For at most so much.
        amount: Cents,
    },
    /// COMMIT_SELL: the newest pending sell becomes final.
    CommitSell,
    /// CANCEL_SELL: the newest pending sell is given up.
    CancelSell,
    /// SET_BUY_AMOUNT: reserve cash for an automatic buy.
    SetBuyAmount {
        /// Of what.
        symbol: Symbol,
        /// How much.
        amount: Cents,
    },
    /// CANCEL_SET_BUY: amount and trigger are both removed (rule A15).
    CancelSetBuy {
        /// Of what.
        symbol: Symbol,
    },
    /// SET_BUY_TRIGGER: buy when the price is at or below this.
    SetBuyTrigger {
        /// Of what.
        symbol: Symbol,
        /// Dollars a share.
        price: Price,
    },
    /// SET_SELL_AMOUNT: how much an automatic sell is for.
    SetSellAmount {
        /// Of what.
        symbol: Symbol,
        /// How much.
        amount: Cents,
    },
    /// SET_SELL_TRIGGER: sell when the price is at or above this; reserves the shares.
    SetSellTrigger {
        /// Of what.
        symbol: Symbol,
        /// Dollars a share.
        price: Price,
    },
    /// CANCEL_SET_SELL: amount and trigger are both removed (rule A15).
    CancelSetSell {
        /// Of what.
        symbol: Symbol,
    },
    /// DUMPLOG: of this user, or of everybody when the user is [`UserId::SYSTEM`].
    DumpLog {
        /// Where the log is to go.
        file: FileName,
    },
    /// DISPLAY_SUMMARY: the account is looked at.
    DisplaySummary,
    /// Makes one pending buy or sell final, whichever is newest.
    CommitTicket {
        /// The ticket's id.
        id: u64,
    },
    /// Gives one pending buy or sell up, whichever is newest.
    CancelTicket {
        /// The ticket's id.
        id: u64,
    },
    /// Amount and trigger in one step, or neither.
    SetTrigger {
        /// An automatic buy or sell.
        side: Side,
        /// Of what.
        symbol: Symbol,
        /// How much.
        amount: Cents,
        /// Dollars a share.
        price: Price,
    },
    /// A line or request that could not be read. It is entered with the parts that could be,
    /// since the log must hold every command received, and always refused.
    Malformed(Malformed),
}

/// The readable parts of what could not be read, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// The command, when it was one of the sixteen.
    pub verb: Option<Verb>,
    /// The symbol, when it was one.
    pub symbol: Option<Symbol>,
    /// The amount or the price in cents, when it was one.
    pub amount: Option<Cents>,
    /// What was wrong.
    pub fault: Fault,
}

impl Action {
    /// The classic name; `None` for what the classic commands do not have.
    pub fn verb(&self) -> Option<Verb> {
        Some(match self {
            Self::Add { .. } => Verb::Add,
            Self::Quote { .. } => Verb::Quote,
            Self::Buy { .. } => Verb::Buy,
            Self::CommitBuy => Verb::CommitBuy,
            Self::CancelBuy => Verb::CancelBuy,
            Self::Sell { .. } => Verb::Sell,
            Self::CommitSell => Verb::CommitSell,
            Self::CancelSell => Verb::CancelSell,
            Self::SetBuyAmount { .. } => Verb::SetBuyAmount,
            Self::CancelSetBuy { .. } => Verb::CancelSetBuy,
            Self::SetBuyTrigger { .. } => Verb::SetBuyTrigger,
            Self::SetSellAmount { .. } => Verb::SetSellAmount,
            Self::SetSellTrigger { .. } => Verb::SetSellTrigger,
            Self::CancelSetSell { .. } => Verb::CancelSetSell,
            Self::DumpLog { .. } => Verb::DumpLog,
            Self::DisplaySummary => Verb::DisplaySummary,
            Self::Malformed(malformed) => return malformed.verb,
            Self::CommitTicket { .. } | Self::CancelTicket { .. } | Self::SetTrigger { .. } => return None,
        })
    }

    /// A name for every action: the classic one, or in the same style.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CommitTicket { .. } => "COMMIT_TICKET",
            Self::CancelTicket { .. } => "CANCEL_TICKET",
            Self::SetTrigger { side: Side::Buy, .. } => "SET_BUY",
            Self::SetTrigger { side: Side::Sell, .. } => "SET_SELL",
            _ => self.verb().map_or("MALFORMED", Verb::name),
        }
    }

    /// The symbol it is about, if it names one.
    pub fn symbol(&self) -> Option<Symbol> {
        match *self {
            Self::Quote { symbol }
            | Self::Buy { symbol, .. }
            | Self::Sell { symbol, .. }
            | Self::SetBuyAmount { symbol, .. }
            | Self::CancelSetBuy { symbol }
            | Self::SetBuyTrigger { symbol, .. }
            | Self::SetSellAmount { symbol, .. }
            | Self::SetSellTrigger { symbol, .. }
            | Self::CancelSetSell { symbol }
            | Self::SetTrigger { symbol, .. } => Some(symbol),
            Self::Malformed(ref malformed) => malformed.symbol,
            _ => None,
        }
    }

    /// A number that two commands share only when they ask for the same: FNV-1a over the name
    /// and the arguments. The same in every version, since snapshots keep it.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Fnv::new();
        hash.bytes(self.name().as_bytes());
        if let Some(symbol) = self.symbol() {
            hash.bytes(symbol.as_bytes());
        }
        match *self {
            Self::Add { amount }
            | Self::Buy { amount, .. }
            | Self::Sell { amount, .. }
            | Self::SetBuyAmount { amount, .. }
            | Self::SetSellAmount { amount, .. } => hash.number(amount.0),
            Self::SetBuyTrigger { price, .. } | Self::SetSellTrigger { price, .. } => {
                hash.number(price.units())
            }
            Self::SetTrigger { amount, price, .. } => {
                hash.number(amount.0);
                hash.number(price.units());
            }
            Self::CommitTicket { id } | Self::CancelTicket { id } => hash.bytes(&id.to_le_bytes()),
            Self::DumpLog { ref file } => hash.bytes(file.as_str().as_bytes()),
            Self::Malformed(ref malformed) => {
                hash.bytes(malformed.fault.code().as_bytes());
                hash.number(malformed.amount.map_or(0, |amount| amount.0));
            }
            _ => {}
        }
        hash.0
    }
}

struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// The bytes and an end, so that two texts in a row cannot pass for two others.
    fn bytes(&mut self, bytes: &[u8]) {
        for &b in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn number(&mut self, number: i64) {
        self.bytes(&number.to_le_bytes());
    }
}

//! Where prices come from.

use std::pin::Pin;

use ledger::{Quote, Refusal, UserName};
use market::Symbol;

/// A price that has to be waited for. Fails with [`Refusal::NoPrice`], [`Refusal::StalePrice`] or
/// [`Refusal::UnknownSymbol`].
pub type Later = Pin<Box<dyn Future<Output = Result<Quote, Refusal>> + Send>>;

/// What there is of a price.
pub enum Asked {
    /// It is at hand.
    Now(Quote),
    /// There is none that may be traded on, for this reason.
    Refused(Refusal),
    /// It is on its way; other users' commands go on meanwhile.
    Later(Later),
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Now(quote) => f.debug_tuple("Now").field(quote).finish(),
            Self::Refused(refusal) => f.debug_tuple("Refused").field(refusal).finish(),
            Self::Later(_) => f.write_str("Later"),
        }
    }
}

/// A source of prices to trade on. It decides how old a price may be.
pub trait Prices: Send + Sync {
    /// The price of a symbol, for a command of this user. Called by a shard: it must not block.
    fn price(&self, symbol: &Symbol, user: &UserName) -> Asked;

    /// Prices do not come by themselves: those of symbols with armed triggers have to be asked for again and
    /// again (rule A11).
    fn is_polled(&self) -> bool {
        false
    }
}

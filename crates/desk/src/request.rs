//! What goes to a shard, and what comes back.

use ledger::{AccountView, Action, Entry, Key, Quote, Refusal, UserName};
use market::Symbol;
use store::journal::{Head, Shard};
use tokio::sync::oneshot;

use crate::recent::Newest;

/// Why a command was not taken. Nothing was changed by it, unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// Too many wait already.
    #[error("the desk has too much to do; try again in a moment")]
    Busy,
    /// The journal cannot be written.
    #[error("the desk cannot write its journal now, so nothing is traded; try again later")]
    Journal,
    /// The desk ends. A command under way may have been carried out: repeat it under the same key.
    #[error("the desk is closing; try again later")]
    Ending,
}

/// One command and the way back.
#[derive(Debug)]
pub struct Submission {
    /// Who.
    pub user: UserName,
    /// The transaction number; 0 lets the shard give one.
    pub n: u64,
    /// Given when a retry must not be applied twice.
    pub key: Option<Key>,
    /// What.
    pub action: Action,
    /// What the answer is to tell besides.
    pub wants: Wants,
    /// Where the answer goes once everything of it is durable.
    pub reply: oneshot::Sender<Result<Answer, Closed>>,
}

/// What an answer tells besides what became of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Nothing.
    Nothing,
    /// What the user has afterwards.
    Account,
    /// That, and so many of the user's entries before this one.
    Summary(usize),
}

/// What became of a command.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Whose journal has it.
    pub shard: Shard,
    /// What.
    pub answered: Answered,
    /// What the user has afterwards, if that was asked for.
    pub account: Option<Box<AccountView>>,
    /// What the user did before, if that was asked for.
    pub before: Option<Box<Newest>>,
}

/// What became of a command.
#[derive(Debug, Clone)]
pub enum Answered {
    /// It was entered, carried out or refused.
    Entered {
        /// Its entry.
        entry: Box<Entry>,
        /// The trigger it set, which fired at once.
        fired: Option<Box<Entry>>,
    },
    /// It came before, under the same key: the entry at this place of the journal says what became of it.
    Repeated(u64),
    /// It was refused and could not even be entered: there are too many users.
    NotEntered(Refusal),
}

/// Who is told what happened, once it is durable. Called by the shards: it must not block.
pub trait Observer: Send + Sync {
    /// Somebody watches this user's account.
    fn is_watched(&self, user: &UserName) -> bool;

    /// Entries of a watched user, in order, and what the user has after them.
    fn happened(&self, shard: Shard, user: &UserName, entries: &[Entry], account: &AccountView);
}

/// Nobody is told anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Observer for Nobody {
    fn is_watched(&self, _: &UserName) -> bool {
        false
    }

    fn happened(&self, _: Shard, _: &UserName, _: &[Entry], _: &AccountView) {}
}

type Reply<T> = oneshot::Sender<Result<T, Closed>>;

/// What goes to a shard.
#[derive(Debug)]
pub(crate) enum Request {
    Command(Box<Submission>),
    Commands(Vec<Submission>),
    /// A price that a user's command waits for has come.
    Priced {
        user: UserName,
        result: Result<Quote, Refusal>,
    },
    /// A price that was asked for because of armed triggers has come.
    Watched {
        symbol: Symbol,
        result: Result<Quote, Refusal>,
    },
    /// Prices that triggers may wait for.
    Prices(Vec<(Symbol, Quote)>),
    Account {
        user: UserName,
        reply: Reply<AccountView>,
    },
    Accounts {
        from: usize,
        limit: usize,
        reply: Reply<Vec<(UserName, AccountView)>>,
    },
    Head {
        reply: Reply<Head>,
    },
    Stop,
}

//! The accounts of one shard: a deterministic state machine.

use std::collections::HashMap;

use market::{Price, Symbol};

use crate::balance::House;
use crate::decide::Stop;
use crate::pending::Pending;
use crate::position::Positions;
use crate::trigger::Triggers;
use crate::user::User;
use crate::{Action, Command, Millis, Refusal, Side, USERS_MAX, UserId, UserName};

/// The accounts of one shard: a deterministic state machine.
///
/// An id that [`Ledger::intern`] did not give out counts as [`UserId::SYSTEM`], who has no
/// account.
#[derive(Debug)]
pub struct Ledger {
    pub(crate) seq: u64,
    /// The time of the last entry.
    pub(crate) latest: Millis,
    pub(crate) users: Vec<User>,
    /// Names come from outside: the standard hasher resists names made to collide.
    pub(crate) ids: HashMap<UserName, UserId>,
    pub(crate) positions: Positions,
    pub(crate) pending: Pending,
    pub(crate) triggers: Triggers,
    pub(crate) house: House,
    /// What was found not to add up; from then on everything is refused.
    pub(crate) broken: Option<Broken>,
}

/// What a command needs before it can be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: apply it without a price.
    Nothing,
    /// The price of this symbol. Without one it will be refused.
    Price(Symbol),
    /// The price of this symbol if there is one: a trigger is checked at once when it is set
    /// (rule A11), but is set without a price too.
    PriceIfAny(Symbol),
    /// It will be refused whatever the price: apply it without one, so that the refusal is entered.
    Refused(Refusal),
    /// It was applied before: answer what the entry at this place says. Nothing needs to be applied.
    Repeated(u64),
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// Its entry is at this index of the list it was appended to. Before it stand tickets that
    /// had expired, after it a trigger that fired at once.
    Entry(usize),
    /// The same command came before under the same key and made the entry at this place of the
    /// journal. Nothing was appended.
    Repeated(u64),
}

/// The nearest triggers of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Armed {
    /// A price at or below this fires an automatic buy.
    pub buy_at: Option<Price>,
    /// A price at or above this fires an automatic sell.
    pub sell_at: Option<Price>,
}

/// A replayed entry is not what the engine makes of the same command, price and time.
///
/// The ledger is of no use any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq} does not follow from those before it: {reason}")]
pub struct Divergence {
    /// The place of the entry in the journal.
    pub seq: u64,
    /// What differs.
    pub reason: String,
}

/// An invariant that does not hold (section 3.8 of the rules).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the accounts of '{user}' do not add up: {reason}")]
pub struct Broken {
    /// Whose accounts; the house's are those of the system.
    pub user: UserName,
    /// What does not hold.
    pub reason: String,
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}

impl Ledger {
    /// A ledger without users or entries.
    pub fn new() -> Self {
        Self {
            seq: 0,
            latest: Millis(i64::MIN),
            users: vec![User::new(UserName::SYSTEM)],
            ids: HashMap::from([(UserName::SYSTEM, UserId::SYSTEM)]),
            positions: Positions::default(),
            pending: Pending::default(),
            triggers: Triggers::default(),
            house: House::default(),
            broken: None,
        }
    }

    /// The place of the last entry; 0 at the beginning.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The time of the last entry. What comes with an earlier time happens at this one, so that
    /// a clock set back gives nobody more than 60 seconds twice.
    pub fn latest(&self) -> Millis {
        self.latest
    }

    /// The id of a user, given out at the first time of asking.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooManyUsers`].
    pub fn intern(&mut self, name: &UserName) -> Result<UserId, Refusal> {
        if let Some(&id) = self.ids.get(name) {
            return Ok(id);
        }
        if self.users.len() > USERS_MAX {
            return Err(Refusal::TooManyUsers);
        }
        // At most `USERS_MAX`.
        let id = UserId(self.users.len() as u32);
        self.users.push(User::new(*name));
        self.ids.insert(*name, id);
        Ok(id)
    }

    /// The id of a user, if one was given out.
    pub fn find(&self, name: &UserName) -> Option<UserId> {
        self.ids.get(name).copied()
    }

    /// The name of a user.
    pub fn name(&self, user: UserId) -> &UserName {
        &self.users[self.known(user).index()].name
    }

    /// How many ids were given out, the system's included: they are 0 to this, exclusive.
    pub fn user_count(&self) -> usize {
        self.users.len()
    }

    /// The place of a user's last entry, where their history begins when walked backwards by
    /// [`Entry::previous`](crate::Entry::previous); 0 when there is none.
    pub fn last_entry(&self, user: UserId) -> u64 {
        self.users[self.known(user).index()].last
    }

    /// How many tickets wait for their commit.
    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }

    /// The first thing found not to add up. From then on every command is refused with
    /// [`Refusal::Closed`]; what was appended since the last check must not be answered.
    pub fn broken(&self) -> Option<&Broken> {
        self.broken.as_ref()
    }

    /// What a command needs. Changes nothing, and holds as long as nothing else of the same user
    /// is applied in between; [`Ledger::apply`] checks everything anew anyway.
    pub fn check(&self, command: &Command, now: Millis) -> Need {
        let now = self.clamped(now);
        match self.earlier(command) {
            Ok(None) => {}
            Ok(Some(seq)) => return Need::Repeated(seq),
            Err(refusal) => return Need::Refused(refusal),
        }
        let user = self.known(command.user);
        match self.decide(user, command, None, now, 0) {
            Ok(_) => match command.action {
                Action::SetBuyTrigger { symbol, .. }
                | Action::SetSellTrigger { symbol, .. }
                | Action::SetTrigger { side: Side::Buy, symbol, .. } => Need::PriceIfAny(symbol),
                _ => Need::Nothing,
            },
            Err(Stop::NeedsPrice(symbol)) => Need::Price(symbol),
            Err(Stop::Refused(refusal)) => Need::Refused(refusal),
        }
    }

    /// The time at which something happens that comes with this one.
    pub(crate) fn clamped(&self, now: Millis) -> Millis {
        now.max(self.latest)
    }

    /// The user, or the system for an id that was not given out.
    pub(crate) fn known(&self, user: UserId) -> UserId {
        if user.index() < self.users.len() { user } else { UserId::SYSTEM }
    }

    /// The place of the entry that the same command made before, under the same key.
    ///
    /// # Errors
    ///
    /// [`Refusal::KeyReused`] when the key was another command's.
    pub(crate) fn earlier(&self, command: &Command) -> Result<Option<u64>, Refusal> {
        let Some(key) = command.key else { return Ok(None) };
        let keys = self.users[self.known(command.user).index()].keys.as_ref();
        match keys.and_then(|keys| keys.get(key)) {
            None => Ok(None),
            Some(state) if state.fingerprint == command.action.fingerprint() => Ok(Some(state.seq)),
            Some(_) => Err(Refusal::KeyReused),
        }
    }
}

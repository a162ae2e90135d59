//! The whole state as plain data, for whoever stores it.

use std::collections::HashMap;

use market::{Price, Symbol};

use crate::ledger::Ledger;
use crate::memory::Keys;
use crate::money::whole_shares;
use crate::trigger::{buy_at, sell_at};
use crate::user::User;
use crate::{Cents, Key, Millis, Shares, Side, Ticket, UserId, UserName};

/// The whole state of a ledger after its entry `seq`. The same state gives the same snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The place of the last entry.
    pub seq: u64,
    /// The latest time seen.
    pub latest: Millis,
    /// The cash of the house, in cents: what all users have, below zero.
    pub house_cash: i128,
    /// The shares of the house, by symbol, without zeros.
    pub house_shares: Vec<(Symbol, i128)>,
    /// The users by their ids: the first is [`UserName::SYSTEM`].
    pub users: Vec<UserState>,
}

/// The whole state of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserState {
    /// Who.
    pub name: UserName,
    /// There is an account.
    pub is_open: bool,
    /// Cash available, in tickets, in triggers.
    pub cash: [Cents; 3],
    /// All that was ever added, in cents.
    pub deposited: i128,
    /// The cost of all shares ever bought, in cents.
    pub spent: i128,
    /// The proceeds of all shares ever sold, in cents.
    pub earned: i128,
    /// The place of the last entry; 0 when there is none.
    pub last: u64,
    /// What the user has or had of each symbol, in the order of the symbols.
    pub positions: Vec<PositionState>,
    /// Pending buys and sells, oldest first.
    pub tickets: Vec<Ticket>,
    /// Tickets that ended lately, oldest first.
    pub ended: Vec<(u64, TicketEnd)>,
    /// Idempotency keys, oldest first.
    pub keys: Vec<KeyState>,
}

/// What a user has or had of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositionState {
    /// Of what.
    pub symbol: Symbol,
    /// Shares available, in tickets, in triggers.
    pub shares: [Shares; 3],
    /// What the shares cost.
    pub cost: Cents,
    /// Profit or loss of what was sold, in cents.
    pub realised: i128,
    /// All shares ever bought.
    pub bought: i128,
    /// All shares ever sold.
    pub sold: i128,
    /// The automatic buy.
    pub buy: Option<SettingState>,
    /// The automatic sell.
    pub sell: Option<SettingState>,
}

/// An automatic buy or sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingState {
    /// How much it is for; for a buy the cash reserved.
    pub amount: Cents,
    /// Its trigger.
    pub trigger: Option<ArmedState>,
}

/// A trigger that waits for its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArmedState {
    /// Dollars a share.
    pub price: Price,
    /// The transaction number of the command that armed it.
    pub n: u64,
    /// The place of that command's entry.
    pub seq: u64,
}

/// How a ticket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketEnd {
    /// Nobody committed it in time.
    Expired,
    /// It became final.
    Committed,
    /// It was given up.
    Cancelled,
}

/// A remembered idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyState {
    /// The key.
    pub key: Key,
    /// The place of the entry its command made.
    pub seq: u64,
    /// What the command was, see [`Action::fingerprint`](crate::Action::fingerprint).
    pub fingerprint: u64,
}

/// Why a snapshot is not the state of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the snapshot after entry {seq} is not the state of a ledger: {reason}")]
pub struct SnapshotError {
    /// The snapshot's last entry.
    pub seq: u64,
    /// What does not hold.
    pub reason: String,
}

impl Ledger {
    /// The whole state as plain data.
    pub fn snapshot(&self) -> Snapshot {
        let mut house_shares: Vec<_> =
            self.house.shares.iter().map(|(symbol, held)| (*symbol, *held)).collect();
        house_shares.sort_unstable();
        let users = (0..self.users.len()).map(|id| self.state_of(UserId(id as u32))).collect();
        Snapshot { seq: self.seq, latest: self.latest, house_cash: self.house.cash, house_shares, users }
    }

    fn state_of(&self, user: UserId) -> UserState {
        let owner = &self.users[user.index()];
        let positions = owner.positions.iter().map(|&slot| {
            let position = self.positions.slot(slot);
            PositionState {
                symbol: position.symbol,
                shares: position.shares.map(Shares),
                cost: position.cost,
                realised: position.realised,
                bought: position.bought,
                sold: position.sold,
                buy: position.buy,
                sell: position.sell,
            }
        });
        let mut positions: Vec<PositionState> = positions.collect();
        positions.sort_unstable_by_key(|position| position.symbol);
        UserState {
            name: owner.name,
            is_open: owner.is_open,
            cash: owner.cash.map(Cents),
            deposited: owner.deposited,
            spent: owner.spent,
            earned: owner.earned,
            last: owner.last,
            positions,
            tickets: self.tickets_of(user),
            ended: owner.ended.iter().collect(),
            keys: owner.keys.iter().flat_map(|keys| keys.iter()).collect(),
        }
    }

    /// The ledger of a snapshot. It gives every user the id they had.
    ///
    /// # Errors
    ///
    /// A [`SnapshotError`] when it contradicts itself.
    pub fn restore(snapshot: Snapshot) -> Result<Self, SnapshotError> {
        let seq = snapshot.seq;
        let error = |reason: String| SnapshotError { seq, reason };
        let mut ledger = Self::new();
        ledger.seq = seq;
        ledger.latest = snapshot.latest;
        ledger.house.cash = snapshot.house_cash;
        ledger.house.shares = snapshot.house_shares.into_iter().collect();
        ledger.users.clear();
        ledger.ids = HashMap::new();
        let mut tickets = Vec::new();
        for (id, state) in snapshot.users.into_iter().enumerate() {
            let user = u32::try_from(id).map(UserId).map_err(|_| error("too many users".to_owned()))?;
            let is_system = state.name == UserName::SYSTEM;
            if is_system != (user == UserId::SYSTEM) || ledger.ids.insert(state.name, user).is_some() {
                return Err(error(format!("the name of user {id} is out of its place")));
            }
            tickets.extend(state.tickets.iter().map(|ticket| (user, *ticket)));
            ledger.take_in(user, state).map_err(error)?;
        }
        if ledger.users.is_empty() {
            return Err(error("the system's own user is missing".to_owned()));
        }
        tickets.sort_unstable_by_key(|(_, ticket)| ticket.id);
        // They expire in the order in which they were opened.
        if !tickets.is_sorted_by(|(_, a), (_, b)| a.id < b.id && a.opened <= b.opened) {
            return Err(error("tickets are not in the order of their times".to_owned()));
        }
        for (user, ticket) in tickets {
            if ticket.id > seq || ticket.opened > snapshot.latest {
                return Err(error(format!("ticket {} is from the future", ticket.id)));
            }
            let slot = ledger.pending.push(user, ticket);
            ledger.users[user.index()].stack_mut(ticket.side).push_back(slot);
        }
        ledger.audit().map_err(|broken| error(broken.to_string()))?;
        Ok(ledger)
    }

    /// Adds the next user with everything but tickets.
    fn take_in(&mut self, user: UserId, state: UserState) -> Result<(), String> {
        let mut owner = User::new(state.name);
        owner.is_open = state.is_open;
        owner.cash = state.cash.map(|cents| cents.0);
        (owner.deposited, owner.spent, owner.earned) = (state.deposited, state.spent, state.earned);
        owner.last = state.last;
        for (id, end) in state.ended {
            owner.ended.remember(id, end);
        }
        for key in state.keys {
            owner.keys.get_or_insert_with(Box::<Keys>::default).remember(key);
        }
        for state in state.positions {
            if self.positions.find(user, &state.symbol).is_some() {
                return Err(format!("{} has {} twice", owner.name, state.symbol));
            }
            for (side, setting) in [(Side::Buy, state.buy), (Side::Sell, state.sell)] {
                let Some((amount, trigger)) = setting.and_then(|s| Some((s.amount, s.trigger?))) else {
                    continue;
                };
                if !trigger.price.is_positive() || trigger.seq > self.seq {
                    return Err(format!("{} has an impossible trigger for {}", owner.name, state.symbol));
                }
                let at = match side {
                    Side::Buy => buy_at(trigger.price, amount),
                    Side::Sell => {
                        sell_at(trigger.price, whole_shares(amount, trigger.price).unwrap_or_default().0)
                    }
                };
                self.triggers.arm(&state.symbol, side, at, trigger.seq, user);
            }
            let slot = self.positions.ensure(user, &state.symbol, &mut owner.positions);
            let position = self.positions.slot_mut(slot);
            position.shares = state.shares.map(|shares| shares.0);
            (position.cost, position.realised) = (state.cost, state.realised);
            (position.bought, position.sold) = (state.bought, state.sold);
            (position.buy, position.sell) = (state.buy, state.sell);
        }
        self.users.push(owner);
        Ok(())
    }
}

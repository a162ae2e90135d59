//! Accounts as they are shown live: the newest state of each that is watched, and what happens to it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ledger::UserName;
use wire::desk::{AccountBody, AccountUpdate};
use wire::frames::{AccountFrame, AccountUpdateFrame, ServerFrame};

use super::Live;
use crate::hub::block::Block;
use crate::hub::topic::{Topic, Viewer};

/// The accounts that connections watch.
#[derive(Debug, Default)]
pub struct Accounts {
    watched: RwLock<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    by_name: HashMap<UserName, Account>,
    names: HashMap<Viewer, UserName>,
    given: u32,
}

#[derive(Debug)]
struct Account {
    viewer: Viewer,
    connections: usize,
    newest: Option<AccountBody>,
}

impl Accounts {
    fn read(&self) -> RwLockReadGuard<'_, Watched> {
        self.watched.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Watched> {
        self.watched.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody's connections show this account.
    pub fn is_watched(&self, user: &UserName) -> bool {
        self.read().by_name.contains_key(user)
    }

    /// The frame that says what somebody has, if it is known.
    pub fn frame(&self, viewer: Viewer) -> Option<Vec<u8>> {
        let watched = self.read();
        let data = watched.by_name.get(watched.names.get(&viewer)?)?.newest.clone()?;
        drop(watched);
        Some(ServerFrame::Account(AccountFrame { data }).to_json())
    }

    /// The viewer of an account, with its newest state where it is watched.
    fn set(&self, user: &UserName, body: &AccountBody) -> Option<Viewer> {
        let mut watched = self.write();
        let account = watched.by_name.get_mut(user)?;
        account.newest = Some(body.clone());
        Some(account.viewer)
    }
}

/// A connection watches an account for as long as this is kept.
#[derive(Debug)]
pub struct AccountWatch {
    live: Arc<Live>,
    user: UserName,
    /// Which topic shows it.
    pub viewer: Viewer,
    /// Its state has still to be brought, by [`Live::show_account`].
    pub is_first: bool,
}

impl Drop for AccountWatch {
    fn drop(&mut self) {
        let mut watched = self.live.accounts.write();
        let Some(account) = watched.by_name.get_mut(&self.user) else { return };
        account.connections -= 1;
        if account.connections == 0 {
            watched.by_name.remove(&self.user);
            watched.names.remove(&self.viewer);
        }
    }
}

impl Live {
    /// Begins to show an account.
    pub fn watch_account(self: &Arc<Self>, user: UserName) -> AccountWatch {
        let mut watched = self.accounts.write();
        let next = Viewer(watched.given);
        let account =
            watched.by_name.entry(user).or_insert(Account { viewer: next, connections: 0, newest: None });
        account.connections += 1;
        let (viewer, is_first) = (account.viewer, account.newest.is_none());
        if viewer == next {
            watched.given += 1;
            watched.names.insert(viewer, user);
        }
        drop(watched);
        AccountWatch { live: Arc::clone(self), user, viewer, is_first }
    }

    /// Takes what somebody has, unless something newer was told already.
    pub fn show_account(&self, user: &UserName, body: AccountBody) {
        if let Some(account) = self.accounts.write().by_name.get_mut(user) {
            account.newest.get_or_insert(body);
        }
    }

    /// Takes what happened to an account, and returns the frames that tell it: none where it is not watched.
    pub fn account_block(&self, user: &UserName, updates: Vec<AccountUpdate>) -> Block {
        let mut block = Block::default();
        // A snapshot is taken under the same lock, so that it knows which of these it contains.
        let _state = self.write();
        for update in updates {
            let Some(viewer) = self.accounts.set(user, &update.account) else { break };
            let frame = ServerFrame::AccountUpdate(AccountUpdateFrame { data: update }).to_json();
            block.push(Topic::Account(viewer), self.next_position(), |out| out.extend_from_slice(&frame));
        }
        block
    }
}

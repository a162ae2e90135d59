//! Where triggers wait, for those who bring prices: a price that no trigger of the shard waits for need
//! not travel there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use ledger::Armed;
use market::{Price, Symbol};

/// The nearest triggers of a shard by symbol. Its shard writes, everybody reads.
#[derive(Debug, Default)]
pub struct Board {
    armed: RwLock<HashMap<Symbol, Armed>>,
    /// How many symbols there are, so that the usual answer costs no lock.
    count: AtomicUsize,
    /// Prices were let go, since the shard was too far behind: it is to look at the present ones.
    is_behind: AtomicBool,
}

impl Board {
    /// No trigger waits.
    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Some trigger waits for this price.
    pub fn wants(&self, symbol: &Symbol, price: Price) -> bool {
        if self.is_empty() {
            return false;
        }
        let armed = self.armed.read().unwrap_or_else(PoisonError::into_inner);
        armed.get(symbol).is_some_and(|armed| {
            armed.buy_at.is_some_and(|buy_at| price <= buy_at)
                || armed.sell_at.is_some_and(|sell_at| price >= sell_at)
        })
    }

    /// The symbols for which triggers wait.
    pub fn symbols(&self) -> Vec<Symbol> {
        self.armed.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    pub(crate) fn set_behind(&self) {
        self.is_behind.store(true, Ordering::Release);
    }

    pub(crate) fn take_behind(&self) -> bool {
        self.is_behind.load(Ordering::Relaxed) && self.is_behind.swap(false, Ordering::Acquire)
    }

    /// Says which triggers of a symbol wait now.
    pub(crate) fn set(&self, symbol: Symbol, armed: Option<Armed>) {
        let mut all = self.armed.write().unwrap_or_else(PoisonError::into_inner);
        match armed {
            Some(armed) => drop(all.insert(symbol, armed)),
            None => drop(all.remove(&symbol)),
        }
        self.count.store(all.len(), Ordering::Release);
    }
}

//! The one thread that writes.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use market::{Timestamp, Universe};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::bar::{self, SymbolNumbers};
use crate::error::{Fault, StoreError};
use crate::prune::{self, Cutoffs, Step};
use crate::{Batch, Retention, universe};

/// Orders waiting; the next caller waits for room. They hold their data, so this bounds memory.
const ORDERS_MAX: usize = 32;
/// Free pages given back to the file system after a pruning step: 4 MB.
const PAGES_GIVEN_BACK: i64 = 1_024;

type Reply<T> = SyncSender<Result<T, StoreError>>;

enum Order {
    Write(Batch, Reply<()>),
    Universe(Arc<Universe>, Timestamp, Reply<usize>),
    Prune(Cutoffs, i64, Reply<Step>),
}

/// The way to the thread. Dropped, it waits until all orders are carried out.
#[derive(Debug)]
pub(crate) struct Writer {
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(connection: Connection, path: PathBuf) -> Result<Self, StoreError> {
        let (orders, waiting) = sync_channel(ORDERS_MAX);
        let folder = path.clone();
        let thread = thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || State { connection, path, numbers: SymbolNumbers::default() }.carry_out(&waiting))
            .map_err(|source| StoreError::Folder { folder, source })?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    pub(crate) fn write(&self, batch: Batch) -> Result<(), StoreError> {
        self.order(|reply| Order::Write(batch, reply))
    }

    pub(crate) fn save_universe(&self, universe: Arc<Universe>, at: Timestamp) -> Result<usize, StoreError> {
        self.order(|reply| Order::Universe(universe, at, reply))
    }

    pub(crate) fn prune(&self, retention: &Retention, now: Timestamp) -> Result<u64, StoreError> {
        let cutoffs = Cutoffs::new(retention, now);
        let (mut next, mut n_removed) = (Some(i64::MIN), 0);
        while let Some(from) = next {
            let step = self.order(|reply| Order::Prune(cutoffs, from, reply))?;
            next = step.next;
            n_removed += step.n_removed;
        }
        Ok(n_removed)
    }

    fn order<T>(&self, order: impl FnOnce(Reply<T>) -> Order) -> Result<T, StoreError> {
        let (reply, done) = sync_channel(1);
        self.orders.as_ref().ok_or(StoreError::Closed)?.send(order(reply)).map_err(|_| StoreError::Closed)?;
        done.recv().map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writing thread panicked");
        }
    }
}

struct State {
    connection: Connection,
    path: PathBuf,
    numbers: SymbolNumbers,
}

impl State {
    fn carry_out(&mut self, orders: &Receiver<Order>) {
        // An asker that went away is no error: what it ordered was done.
        for order in orders {
            match order {
                Order::Write(batch, reply) => {
                    let _ = reply.send(self.transaction(|t, numbers| bar::write(t, numbers, &batch)));
                }
                Order::Universe(universe, at, reply) => {
                    let _ = reply.send(self.transaction(|t, _| universe::save(t, &universe, at)));
                }
                Order::Prune(cutoffs, from, reply) => {
                    let step = self.transaction(|t, _| prune::step(t, &cutoffs, from));
                    if matches!(&step, Ok(step) if step.n_removed > 0) {
                        self.give_back();
                    }
                    let _ = reply.send(step);
                }
            }
        }
    }

    fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &mut SymbolNumbers) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let Self { connection, path, numbers } = self;
        let result = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Fault::from)
            .and_then(|transaction| {
                let done = work(&transaction, numbers)?;
                transaction.commit()?;
                Ok(done)
            });
        if result.is_err() {
            numbers.forget();
        }
        result.map_err(|fault| fault.at(path))
    }

    fn give_back(&self) {
        let vacuum = format!("PRAGMA incremental_vacuum({PAGES_GIVEN_BACK})");
        if let Err(error) = self.connection.execute_batch(&vacuum) {
            tracing::debug!(%error, "giving free pages back failed");
        }
    }
}

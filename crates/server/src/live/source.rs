//! The live view as the hub sees it.

use std::sync::Arc;

use market::{Symbol, SymbolId, Timestamp};
use tokio::sync::mpsc;

use super::Live;
use crate::hub::topic::Topic;
use crate::hub::{BarsRequest, Reply, Source};

/// What the hub asks: the live view at once, stored bars by way of a queue.
#[derive(Debug)]
pub struct LiveSource {
    live: Arc<Live>,
    stored: mpsc::Sender<(BarsRequest, Reply)>,
}

impl LiveSource {
    /// Answers from this view; requests for stored bars go to `stored`. When that queue is full the
    /// client gets what memory holds.
    pub fn new(live: Arc<Live>, stored: mpsc::Sender<(BarsRequest, Reply)>) -> Self {
        Self { live, stored }
    }
}

impl Source for LiveSource {
    fn resolve(&self, symbol: &Symbol) -> Option<SymbolId> {
        self.live.resolve(symbol)
    }

    fn watch(&self, topic: Topic, more: bool) {
        self.live.viewers.watch(topic, more);
    }

    fn snapshot(&self, topics: &[Topic], since: Option<Timestamp>, messages: &mut Vec<Vec<u8>>) -> u64 {
        self.live.snapshot(topics, since, messages)
    }

    fn stored_bars(&self, request: BarsRequest, reply: Reply) {
        let refused = match self.stored.try_send((request, reply)) {
            Ok(()) => return,
            Err(mpsc::error::TrySendError::Full(refused) | mpsc::error::TrySendError::Closed(refused)) => {
                refused
            }
        };
        let (BarsRequest { symbol, interval, session, since }, reply) = refused;
        let mut messages = Vec::new();
        let position =
            self.live.snapshot(&[Topic::Bars(symbol, interval, session)], Some(since), &mut messages);
        reply.send(messages, position);
    }

    fn epoch(&self) -> &Arc<str> {
        &self.live.epoch
    }

    fn now(&self) -> Timestamp {
        self.live.now()
    }
}

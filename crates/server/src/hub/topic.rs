//! What a client can subscribe to, and who did.

use std::collections::HashMap;

use market::{Interval, SessionFilter, SymbolId};

/// One thing to be kept informed of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Each change of a last price.
    Price(SymbolId),
    /// The whole row of a symbol, now and then.
    Quote(SymbolId),
    /// Bars of a symbol.
    Bars(SymbolId, Interval, SessionFilter),
    /// Feeds, session, clock.
    Status,
    /// What happens to an account.
    Account(Viewer),
    /// Which watch lists somebody has.
    Lists(Owner),
    /// Somebody's alerts.
    Alerts(Owner),
    /// Articles.
    News,
}

/// Whose account: a number that the live view gave out, and gives nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Viewer(pub u32);

/// Whose records: a person's id, or 0 for those of the local user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner(pub i64);

impl Topic {
    /// The symbol it is about.
    pub const fn symbol(self) -> Option<SymbolId> {
        match self {
            Self::Price(symbol) | Self::Quote(symbol) | Self::Bars(symbol, ..) => Some(symbol),
            Self::Status | Self::Account(_) | Self::Lists(_) | Self::Alerts(_) | Self::News => None,
        }
    }
}

/// A client that wants a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscriber {
    /// Its place in the shard's table.
    pub client: u32,
    /// Publications up to this position are in the snapshot it was sent; only later ones go to it.
    pub since: u64,
}

/// Who wants what, within one shard.
#[derive(Debug, Default)]
pub struct Subscribers {
    prices: Vec<Vec<Subscriber>>,
    quotes: Vec<Vec<Subscriber>>,
    /// Of bars and of what is somebody's own, which are few.
    others: HashMap<Topic, Vec<Subscriber>>,
    status: Vec<Subscriber>,
    news: Vec<Subscriber>,
}

impl Subscribers {
    /// The subscribers of a topic.
    pub fn of(&self, topic: Topic) -> &[Subscriber] {
        match topic {
            Topic::Price(symbol) => self.prices.get(symbol.index()).map_or(&[], Vec::as_slice),
            Topic::Quote(symbol) => self.quotes.get(symbol.index()).map_or(&[], Vec::as_slice),
            Topic::Bars(..) | Topic::Account(_) | Topic::Lists(_) | Topic::Alerts(_) => {
                self.others.get(&topic).map_or(&[], Vec::as_slice)
            }
            Topic::Status => &self.status,
            Topic::News => &self.news,
        }
    }

    fn list(&mut self, topic: Topic) -> &mut Vec<Subscriber> {
        fn grown(table: &mut Vec<Vec<Subscriber>>, symbol: SymbolId) -> &mut Vec<Subscriber> {
            if table.len() <= symbol.index() {
                table.resize_with(symbol.index() + 1, Vec::new);
            }
            &mut table[symbol.index()]
        }
        match topic {
            Topic::Price(symbol) => grown(&mut self.prices, symbol),
            Topic::Quote(symbol) => grown(&mut self.quotes, symbol),
            Topic::Bars(..) | Topic::Account(_) | Topic::Lists(_) | Topic::Alerts(_) => {
                self.others.entry(topic).or_default()
            }
            Topic::Status => &mut self.status,
            Topic::News => &mut self.news,
        }
    }

    /// Adds a client that is not there yet.
    pub fn add(&mut self, topic: Topic, subscriber: Subscriber) {
        self.list(topic).push(subscriber);
    }

    /// Says from which position on a client wants a topic.
    pub fn set_since(&mut self, topic: Topic, client: u32, since: u64) {
        if let Some(subscriber) = self.list(topic).iter_mut().find(|s| s.client == client) {
            subscriber.since = since;
        }
    }

    /// Takes a client off a topic.
    pub fn remove(&mut self, topic: Topic, client: u32) {
        let list = self.list(topic);
        list.retain(|s| s.client != client);
        if list.is_empty() {
            *list = Vec::new();
            if let Topic::Bars(..) | Topic::Account(_) | Topic::Lists(_) | Topic::Alerts(_) = topic {
                self.others.remove(&topic);
            }
        }
    }
}

//! What a client says, carried out.

use std::sync::Arc;
use std::time::Duration;

use market::{SymbolId, Timestamp};
use wire::client::{RequestId, Subscribe, Topic as Asked, Unsubscribe};
use wire::frames::{ErrorCode, ErrorFrame, Pong, ServerFrame, Subscribed};
use wire::{Channel, ClientFrame, SymbolName, parse_client_frame};

use super::BarsRequest;
use super::guest::Guest;
use super::shard::Shard;
use super::topic::Topic;
use crate::people::identity::{Access, Scope};

/// Errors sent in answer to one message; the rest is summed up in the last.
const ERRORS_PER_MESSAGE: usize = 100;

/// Who may use a channel.
pub(super) const fn access(channel: Channel) -> Access {
    match channel {
        Channel::Prices | Channel::Quotes | Channel::Bars | Channel::Status | Channel::News => Access::Prices,
        Channel::Account | Channel::Lists | Channel::Alerts => Access::User(Scope::Read),
    }
}

/// What a guest is to be sent of a channel.
enum Wanted {
    /// This, which is about no symbol.
    One(Topic),
    /// Something of each symbol.
    Each(fn(Asked, SymbolId) -> Topic),
    /// Nothing: it may not.
    Nothing,
}

fn wanted(asked: Asked, guest: Guest) -> Wanted {
    match (access(asked.channel()), asked) {
        (Access::Prices, _) if !guest.sees_prices => Wanted::Nothing,
        (_, Asked::Status) => Wanted::One(Topic::Status),
        (_, Asked::News) => Wanted::One(Topic::News),
        (_, Asked::Account) => {
            guest.account.map_or(Wanted::Nothing, |viewer| Wanted::One(Topic::Account(viewer)))
        }
        (_, Asked::Lists) => guest.owner.map_or(Wanted::Nothing, |owner| Wanted::One(Topic::Lists(owner))),
        (_, Asked::Alerts) => guest.owner.map_or(Wanted::Nothing, |owner| Wanted::One(Topic::Alerts(owner))),
        (_, Asked::Prices) => Wanted::Each(|_, symbol| Topic::Price(symbol)),
        (_, Asked::Quotes) => Wanted::Each(|_, symbol| Topic::Quote(symbol)),
        (_, Asked::Bars { .. }) => Wanted::Each(bars),
    }
}

fn bars(asked: Asked, symbol: SymbolId) -> Topic {
    match asked {
        Asked::Bars { interval, session } => Topic::Bars(symbol, interval.into(), session.into()),
        // Only bars come here.
        _ => Topic::Price(symbol),
    }
}

impl Shard {
    /// Carries out one text message.
    pub(super) fn on_text(&mut self, index: u32, text: &str) {
        match parse_client_frame(text) {
            Ok(ClientFrame::Subscribe(subscribe)) => self.on_subscribe(index, &subscribe),
            Ok(ClientFrame::Unsubscribe(unsubscribe)) => self.on_unsubscribe(index, &unsubscribe),
            Ok(ClientFrame::Ping { id }) => {
                let time = self.source.now();
                self.send(index, &ServerFrame::Pong(Pong { id, time }));
            }
            Err(error) => self.refuse(index, error.into_frame()),
        }
    }

    fn send(&mut self, index: u32, frame: &ServerFrame) {
        if let Some(client) = self.client(index) {
            client.send(&frame.to_json());
        }
    }

    fn refuse(&mut self, index: u32, error: ErrorFrame) {
        self.metrics.client_errors.inc();
        self.send(index, &ServerFrame::Error(error));
    }

    /// The symbols that exist, with their texts; the others are refused by name.
    fn known(&mut self, index: u32, texts: &[String], id: Option<&RequestId>) -> Vec<(SymbolId, SymbolName)> {
        let mut known = Vec::new();
        let mut refused = 0;
        for text in texts {
            let symbol = ErrorFrame::check_symbol(text, id);
            match symbol.and_then(|s| {
                let found = self.source.resolve(&s);
                found
                    .map(|symbol_id| (symbol_id, s.into()))
                    .ok_or_else(|| ErrorFrame::unknown_symbol(text, id.cloned()))
            }) {
                Ok(pair) => known.push(pair),
                Err(error) => {
                    refused += 1;
                    if refused <= ERRORS_PER_MESSAGE {
                        self.refuse(index, error);
                    }
                }
            }
        }
        if let Some(more) = refused.checked_sub(ERRORS_PER_MESSAGE).filter(|more| *more > 0) {
            let message = format!("Invalid stock symbols: {more} more");
            self.refuse(
                index,
                ErrorFrame { message, code: ErrorCode::UnknownSymbol, symbol: None, id: id.cloned() },
            );
        }
        known
    }

    fn on_subscribe(&mut self, index: u32, subscribe: &Subscribe) {
        let Subscribe { id, topic: asked, symbols, since, coalesce_ms } = subscribe;
        let limit = self.config.topics_per_client;
        let Some(guest) = self.client(index).map(|client| client.guest) else { return };
        let wanted: Vec<(Topic, Option<SymbolName>)> = match wanted(*asked, guest) {
            Wanted::Nothing => return self.refuse(index, ErrorFrame::not_allowed(id.clone())),
            Wanted::One(topic) => vec![(topic, None)],
            Wanted::Each(of) => {
                let known = self.known(index, symbols, id.as_ref());
                known.into_iter().map(|(symbol, name)| (of(*asked, symbol), Some(name))).collect()
            }
        };
        let Some(client) = self.client(index) else { return };
        if let Some(milliseconds) = coalesce_ms {
            client.coalesce = Duration::from_millis(u64::from(*milliseconds));
        }
        let mut room = limit.saturating_sub(client.topics.len());
        let mut topics = Vec::new();
        let mut names = Vec::new();
        let mut is_over = false;
        for (topic, name) in wanted {
            if !client.topics.contains(&topic) {
                if room == 0 {
                    is_over = true;
                    continue;
                }
                room -= 1;
            }
            topics.push(topic);
            names.extend(name);
        }
        if is_over {
            self.refuse(index, ErrorFrame::too_many_symbols(limit, id.clone()));
        }
        if let Some(id) = id {
            let (channel, epoch) = (asked.channel(), Arc::clone(self.source.epoch()));
            let answer = Subscribed { id: id.clone(), channel, symbols: names, epoch };
            self.send(index, &ServerFrame::Subscribed(answer));
        }
        match since {
            Some(since) if matches!(asked, Asked::Bars { .. }) => {
                self.subscribe_since(index, &topics, *since)
            }
            _ => self.subscribe_now(index, &topics),
        }
    }

    /// Subscribes to what is published from now on, and sends what is so.
    fn subscribe_now(&mut self, index: u32, topics: &[Topic]) {
        let mut messages = Vec::new();
        let position = self.source.snapshot(topics, None, &mut messages);
        for topic in topics {
            self.subscribe(index, *topic, position);
        }
        if let Some(client) = self.client(index) {
            for message in &messages {
                client.send(message);
            }
        }
    }

    /// Subscribes, and holds what is published until the stored bars have been fetched and sent.
    fn subscribe_since(&mut self, index: u32, topics: &[Topic], since: Timestamp) {
        for topic in topics {
            self.subscribe(index, *topic, u64::MAX);
            if let (Topic::Bars(symbol, interval, session), Some(reply)) =
                (*topic, self.reply_to(index, *topic))
            {
                self.source.stored_bars(BarsRequest { symbol, interval, session, since }, reply);
            }
        }
    }

    fn on_unsubscribe(&mut self, index: u32, unsubscribe: &Unsubscribe) {
        let Unsubscribe { id, topic: asked, symbols } = unsubscribe;
        let Some(guest) = self.client(index).map(|client| client.guest) else { return };
        match wanted(*asked, guest) {
            Wanted::Nothing => {}
            Wanted::One(topic) => self.end(index, topic),
            Wanted::Each(of) => {
                for (symbol, _) in self.known(index, symbols, id.as_ref()) {
                    self.end(index, of(*asked, symbol));
                }
            }
        }
    }
}

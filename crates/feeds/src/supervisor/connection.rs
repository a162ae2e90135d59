//! The life of one open connection: frames in, subscriptions out, until something ends it.

use std::time::Instant;

use futures_util::{FutureExt, SinkExt, StreamExt};
use market::feed::FeedState;
use market::{Hours, MarketEvent, Symbol, SymbolId};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};

use super::silence::Action;
use super::{Outage, Supervisor};
use crate::adapter::{Adapter, Incoming, Opened, Outgoing, Skip};
use crate::{ErrorKind, FeedError, Retry};

/// A batch is passed on when it holds so many events, ready frames or not.
const BATCH_EVENTS_MAX: usize = 1_024;
/// And so many frames, so that a flood of worthless ones cannot keep the loop from its duties.
const BATCH_FRAMES_MAX: usize = 256;

impl<A: Adapter> Supervisor<A> {
    /// Serves the open connection. `Ok` when no one takes the events any more.
    pub(super) async fn serve(&mut self) -> Result<(), FeedError> {
        let opened = Instant::now();
        self.silence.opened(opened);
        self.heard = (self.clock)();
        let mut first = Vec::new();
        let mut ready = self.adapter.on_open(&mut first) == Opened::Ready;
        self.send(first).await?;
        let mut tick = tokio::time::interval(self.settings.tick);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut demand_lives, mut universe_lives) = (true, true);
        let mut batch = Vec::new();
        let mut stale = true;
        loop {
            if ready && stale {
                self.reconcile(&mut batch).await?;
                stale = false;
                if !self.deliver(&mut batch).await {
                    return Ok(());
                }
            }
            let Some(socket) = self.socket.as_mut() else { return Err(cut("the connection is gone")) };
            tokio::select! {
                changed = self.links.demand.changed(), if demand_lives => {
                    demand_lives = changed.is_ok();
                    stale = true;
                }
                changed = self.links.universe.changed(), if universe_lives => {
                    universe_lives = changed.is_ok();
                    stale = true;
                }
                frame = socket.next() => {
                    let took = self.take(frame, &mut batch, &mut ready);
                    let took = took.and_then(|()| self.take_what_is_ready(&mut batch, &mut ready));
                    // What came before the end is still good.
                    if !self.deliver(&mut batch).await {
                        return Ok(());
                    }
                    took?;
                }
                _ = tick.tick() => {
                    if !ready && opened.elapsed() > self.settings.login_wait {
                        return Err(cut("the login was not answered"));
                    }
                    self.look_after_silence().await?;
                    // Complaints settle and learnt limits age without an event.
                    stale |= self.subs.is_due(Instant::now());
                    if ready {
                        self.publish_when_due(false);
                    }
                }
            }
        }
    }

    /// More frames of the same wake-up join the batch: one message downstream for all of them.
    fn take_what_is_ready(
        &mut self,
        batch: &mut Vec<MarketEvent>,
        ready: &mut bool,
    ) -> Result<(), FeedError> {
        for _ in 0..BATCH_FRAMES_MAX {
            if batch.len() >= BATCH_EVENTS_MAX {
                break;
            }
            let Some(socket) = self.socket.as_mut() else { break };
            let Some(frame) = socket.next().now_or_never() else { break };
            self.take(frame, batch, ready)?;
        }
        Ok(())
    }

    /// Takes in one frame. An error ends the connection.
    fn take(
        &mut self,
        frame: Option<Result<Message, WsError>>,
        batch: &mut Vec<MarketEvent>,
        ready: &mut bool,
    ) -> Result<(), FeedError> {
        let message = match frame {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(self.socket_error(error)),
            None => return Err(cut("the connection ended")),
        };
        let now = Instant::now();
        self.silence.heard(now);
        let ts_recv = (self.clock)();
        self.heard = ts_recv;
        let incoming = match &message {
            Message::Text(text) => Incoming::Text(text.as_bytes()),
            Message::Binary(bytes) => Incoming::Binary(bytes),
            Message::Close(close) => return Err(closed(close.as_ref().map(|c| u16::from(c.code)))),
            // The socket answers pings itself.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return Ok(()),
        };
        let len = incoming.bytes().len();
        self.metrics.frames.inc();
        self.metrics.bytes.inc_by(len as u64);
        if len > self.settings.socket.frame_bytes_max {
            self.metrics.skip(Skip::TooLarge);
            return Ok(());
        }
        let before = batch.len();
        match self.adapter.on_frame(incoming, ts_recv, batch) {
            Ok(signals) => {
                self.metrics.signals(&signals);
                *ready |= signals.ready;
                if signals.too_many_symbols {
                    self.subs.refused(now);
                }
                if signals.trades > 0 {
                    self.silence.traded(now);
                    self.note_delay(&batch[before..]);
                }
                match signals.complaint {
                    Some(error) if error.retry() == Retry::Never => return Err(error),
                    Some(error) => self.note_complaint(&error),
                    None => {}
                }
            }
            Err(error) if error.retry() == Retry::Never => return Err(error),
            Err(error) => {
                batch.truncate(before);
                self.metrics.skip(Skip::Garbage);
                tracing::debug!(error = error.chain(), "frame left out");
            }
        }
        Ok(())
    }

    fn note_complaint(&mut self, error: &FeedError) {
        self.metrics.complaints.inc();
        // Debug only: a provider may repeat itself a thousand times a second.
        tracing::debug!(error = error.chain(), "provider complains");
        self.links.status.send_modify(|status| status.detail = Some(error.to_string()));
    }

    /// A moving mean over about sixteen frames, of each frame's last trade.
    fn note_delay(&mut self, events: &[MarketEvent]) {
        let last =
            events.iter().rev().find_map(|e| if let MarketEvent::Trade(t) = e { Some(t) } else { None });
        let Some(trade) = last else { return };
        let ms = trade.ts_recv.millis_since(trade.ts_event).max(0);
        self.metrics.delay.observe(ms as f64 / 1_000.0);
        self.delay_ms = Some(self.delay_ms.map_or(ms, |mean| mean + (ms - mean) / 16));
    }

    /// Passes the batch on, waiting while downstream is full; false when no one listens any more.
    async fn deliver(&mut self, batch: &mut Vec<MarketEvent>) -> bool {
        if batch.is_empty() {
            return true;
        }
        let heard = self.heard;
        self.links.status.send_if_modified(|status| {
            status.last_event = Some(heard);
            // Not worth waking anyone: the next regular status carries it.
            false
        });
        let batch = std::mem::take(batch);
        let batch = match self.links.events.try_send(batch) {
            Ok(()) => return true,
            Err(tokio::sync::mpsc::error::TrySendError::Full(batch)) => batch,
            Err(tokio::sync::mpsc::error::TrySendError::Closed(_)) => return false,
        };
        self.metrics.stalls.inc();
        let sent = self.links.events.send(batch).await.is_ok();
        self.silence.listened_again(Instant::now());
        sent
    }

    /// Makes the provider send what is wanted; after a cut, tells what may be missing.
    async fn reconcile(&mut self, batch: &mut Vec<MarketEvent>) -> Result<(), FeedError> {
        let demand = self.links.demand.borrow_and_update().clone();
        let universe = self.links.universe.borrow_and_update().clone();
        let plan = self.subs.plan(&demand, |id| universe.get(id).is_some(), Instant::now());
        let named = |ids: &[SymbolId]| -> Vec<(SymbolId, Symbol)> {
            ids.iter().filter_map(|id| universe.symbol(*id).map(|s| (*id, s))).collect()
        };
        if !plan.is_empty() {
            let mut frames = Vec::new();
            if !plan.unsubscribe.is_empty() {
                self.adapter.unsubscribe(&named(&plan.unsubscribe), &mut frames);
            }
            if !plan.subscribe.is_empty() {
                self.adapter.subscribe(&named(&plan.subscribe), &mut frames);
            }
            self.send(frames).await?;
        }
        if let Some(Outage { mut symbols, from }) = self.outage.take() {
            let active: std::collections::HashSet<SymbolId> = self.subs.active().collect();
            symbols.retain(|id| active.contains(id));
            // An empty list would mean all of the feed's symbols.
            if !symbols.is_empty() {
                self.metrics.gaps.inc();
                batch.push(MarketEvent::Gap { symbols, from, to: (self.clock)() });
            }
        }
        self.publish_when_due(!plan.is_empty());
        Ok(())
    }

    fn publish_when_due(&mut self, changed: bool) {
        let state = if self.silence.is_mute() { FeedState::Silent } else { FeedState::Up };
        let old = self.status_at.elapsed() >= self.settings.status_every;
        if changed || old || self.links.status.borrow().state != state {
            let detail = (state == FeedState::Silent)
                .then(|| "connected, but no trades come although a market is open".to_owned());
            self.publish(state, detail);
        }
    }

    async fn look_after_silence(&mut self) -> Result<(), FeedError> {
        let due = self.trade_is_due();
        match self.silence.poll(Instant::now(), due) {
            Action::Wait => Ok(()),
            Action::Ping => self.send_messages(vec![Message::Ping(Bytes::new())]).await,
            Action::Dead => Err(self.silent("the provider has gone silent and does not answer a ping")),
            Action::Mute => {
                Err(self.silent("connected, but no trades come although a market is open; connecting anew"))
            }
        }
    }

    fn silent(&mut self, what: &str) -> FeedError {
        self.publish(FeedState::Silent, Some(what.to_owned()));
        FeedError::new(ErrorKind::Silent, what)
    }

    /// Some symbol is subscribed and its market is open.
    fn trade_is_due(&self) -> bool {
        let universe = self.links.universe.borrow();
        let now = (self.clock)();
        [Hours::Always, Hours::UsEquity].into_iter().any(|hours| {
            (self.is_open)(hours, now)
                && self.subs.active().any(|id| universe.get(id).is_some_and(|i| i.hours == hours))
        })
    }

    async fn send(&mut self, frames: Vec<Outgoing>) -> Result<(), FeedError> {
        let messages = frames.into_iter().map(|frame| match frame {
            Outgoing::Text(text) => Message::text(text),
            Outgoing::Binary(bytes) => Message::binary(bytes),
        });
        self.send_messages(messages.collect()).await
    }

    async fn send_messages(&mut self, messages: Vec<Message>) -> Result<(), FeedError> {
        let Some(socket) = self.socket.as_mut() else { return Err(cut("the connection is gone")) };
        if messages.is_empty() {
            return Ok(());
        }
        let sending = async {
            for message in messages {
                socket.feed(message).await?;
            }
            socket.flush().await
        };
        match tokio::time::timeout(self.settings.socket.send_wait, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.socket_error(error)),
            Err(_) => Err(cut("the provider does not take our frames")),
        }
    }

    fn socket_error(&mut self, error: WsError) -> FeedError {
        match error {
            WsError::Capacity(_) => {
                self.metrics.skip(Skip::TooLarge);
                FeedError::new(ErrorKind::TooLarge, "a frame is beyond all limits").caused_by(error)
            }
            WsError::Utf8(_) => {
                self.metrics.skip(Skip::Garbage);
                FeedError::new(ErrorKind::Garbage, "a text frame is not UTF-8").caused_by(error)
            }
            WsError::Protocol(_) => cut("the connection broke the protocol").caused_by(error),
            _ => cut("the connection was cut").caused_by(error),
        }
    }
}

fn cut(what: &str) -> FeedError {
    FeedError::new(ErrorKind::Network, what)
}

/// A close frame. 1008 (policy) and 1013 (try again later) are refusals: hurry makes them worse.
fn closed(code: Option<u16>) -> FeedError {
    match code {
        Some(code @ (1008 | 1013)) => {
            FeedError::new(ErrorKind::Limit, format!("the provider closed the connection ({code})"))
        }
        Some(code) => cut(&format!("the provider closed the connection ({code})")),
        None => cut("the provider closed the connection"),
    }
}

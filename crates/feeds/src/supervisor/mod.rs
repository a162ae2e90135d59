//! One connection to a provider, kept up for as long as the process lives.
//!
//! All decisions are in the pure parts (`backoff`, `silence`, `subscriptions`); this
//! file and `connection` only do what they say. Events go into a bounded channel: when it is
//! full, the socket is not read, and the provider's own buffers fill before ours do.

/// How long to wait before the next attempt.
pub mod backoff;
mod connection;
mod dial;
/// Connected, but is anyone there?
pub mod silence;
/// What to send so that the provider sends what is wanted.
pub mod subscriptions;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use market::feed::FeedStatus;
use market::{FeedState, Hours, MarketEvent, SymbolId, Timestamp, Universe};
use tokio::sync::{mpsc, watch};

use crate::adapter::Adapter;
use crate::interest::Demand;
use crate::metrics::FeedMetrics;
use crate::{Clock, ErrorKind, FeedError};
use backoff::{Backoff, BackoffSettings};
pub use dial::SocketSettings;

pub(crate) use dial::{retry_after, tls};
use silence::{Silence, SilenceSettings};
use subscriptions::Subscriptions;

/// Tells whether an instrument with these hours is in a session so busy that silence is a fault.
pub type IsOpen = Arc<dyn Fn(Hours, Timestamp) -> bool + Send + Sync>;

/// How a supervisor behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Pauses between attempts.
    pub backoff: BackoffSettings,
    /// How long silence may last.
    pub silence: SilenceSettings,
    /// What the connection may cost.
    pub socket: SocketSettings,
    /// For a provider that answers a login, how long that may take.
    pub login_wait: Duration,
    /// How often silence, subscriptions and metrics are looked at.
    pub tick: Duration,
    /// How often the status is given out when nothing changes.
    pub status_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            backoff: BackoffSettings::default(),
            silence: SilenceSettings::default(),
            socket: SocketSettings::default(),
            login_wait: Duration::from_secs(10),
            tick: Duration::from_millis(250),
            status_every: Duration::from_secs(2),
        }
    }
}

/// What a feed is told and tells.
#[derive(Debug)]
pub struct Links {
    /// What is wanted, ranked: [`crate::interest::Interest::demand`] makes it.
    pub demand: watch::Receiver<Arc<Demand>>,
    /// The instruments; a newer universe keeps the ids of the older.
    pub universe: watch::Receiver<Arc<Universe>>,
    /// Events, in the order they came; a batch is what was ready at once. When full, the feed waits.
    pub events: mpsc::Sender<Vec<MarketEvent>>,
    /// How the feed is doing. [`initial_status`] makes the first value.
    pub status: watch::Sender<FeedStatus>,
}

/// A status for a feed that has not begun.
pub fn initial_status(name: &str, about: &crate::adapter::About) -> FeedStatus {
    FeedStatus {
        name: name.to_owned(),
        source: about.id.to_owned(),
        state: FeedState::Connecting,
        timeliness: about.timeliness,
        detail: None,
        subscribed: Vec::new(),
        waiting: Vec::new(),
        symbol_limit: about.limits.symbols,
        last_event: None,
        delay_ms: None,
        reconnects: 0,
    }
}

/// A cut that downstream has not been told of yet.
#[derive(Debug)]
struct Outage {
    symbols: Vec<SymbolId>,
    from: Timestamp,
}

/// Owns one adapter's connection.
pub struct Supervisor<A> {
    adapter: A,
    settings: Settings,
    links: Links,
    clock: Clock,
    is_open: IsOpen,
    metrics: FeedMetrics,
    backoff: Backoff,
    silence: Silence,
    subs: Subscriptions,
    socket: Option<dial::Socket>,
    outage: Option<Outage>,
    /// When the last frame came, by our clock; where a gap begins.
    heard: Timestamp,
    opened_once: bool,
    delay_ms: Option<i64>,
    status_at: Instant,
}

impl<A: Adapter> Supervisor<A> {
    /// A supervisor that has not begun. The status channel's value names the feed.
    pub fn new(
        adapter: A,
        settings: Settings,
        links: Links,
        clock: Clock,
        is_open: IsOpen,
        metrics: FeedMetrics,
    ) -> Self {
        let now = Instant::now();
        Self {
            backoff: Backoff::new(settings.backoff),
            silence: Silence::new(settings.silence, now),
            subs: Subscriptions::new(adapter.about().limits.symbols),
            socket: None,
            outage: None,
            heard: clock(),
            opened_once: false,
            delay_ms: None,
            status_at: now,
            adapter,
            settings,
            links,
            clock,
            is_open,
            metrics,
        }
    }

    /// Runs until `shutdown` is ready or no one takes the events any more, then closes the
    /// connection politely. Never returns because of what a provider does.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        tokio::select! {
            () = shutdown => {}
            () = self.drive() => {}
        }
        if let Some(mut socket) = self.socket.take() {
            // Courtesy only: a provider that counts connections frees ours at once.
            let _ = tokio::time::timeout(Duration::from_secs(1), socket.close(None)).await;
        }
        self.subs.cut();
        self.publish(FeedState::Down, Some("stopped".to_owned()));
    }

    /// Attempts and pauses in turn. Safe to drop at any await: all state is in `self`.
    async fn drive(&mut self) {
        let tls = match tls() {
            Ok(tls) => Arc::new(tls),
            Err(error) => return self.rest_for_ever(&error).await,
        };
        loop {
            self.publish(self.connecting(), None);
            let error = match self.open(&tls).await {
                Ok(()) => {
                    let began = Instant::now();
                    let Err(end) = self.serve().await else { return };
                    self.backoff.lived(began.elapsed());
                    self.note_cut();
                    end
                }
                Err(error) => error,
            };
            self.socket = None;
            self.metrics.failure(reason(&error));
            let Some(pause) = self.backoff.pause(&error) else { return self.rest_for_ever(&error).await };
            tracing::warn!(
                feed = self.name(),
                pause_ms = pause.as_millis() as u64,
                error = error.chain(),
                "feed is down and will be tried again"
            );
            // Silence is shown as such until the next attempt, or no one would ever see it.
            let silent = error.kind() == ErrorKind::Silent || self.silence.is_mute();
            let state = if silent { FeedState::Silent } else { FeedState::Down };
            self.publish(state, Some(error.to_string()));
            tokio::time::sleep(pause).await;
        }
    }

    /// What only a change of settings can mend: stays down and says so.
    async fn rest_for_ever(&mut self, error: &FeedError) {
        tracing::error!(
            feed = self.name(),
            error = error.chain(),
            "feed is down and will not be tried again"
        );
        self.publish(FeedState::Down, Some(error.to_string()));
        std::future::pending::<()>().await;
    }

    async fn open(&mut self, tls: &Arc<rustls::ClientConfig>) -> Result<(), FeedError> {
        let endpoint = self.adapter.endpoint()?;
        let socket = dial::dial(&endpoint, &self.settings.socket, tls, (self.clock)()).await?;
        self.socket = Some(socket);
        if self.opened_once {
            self.metrics.reconnects.inc();
            self.links.status.send_modify(|s| s.reconnects += 1);
        }
        self.opened_once = true;
        tracing::info!(feed = self.name(), endpoint = endpoint.shown, "feed is connected");
        Ok(())
    }

    /// Remembers from when on something may be missing. An outage not told yet reaches further back.
    fn note_cut(&mut self) {
        let symbols = self.subs.cut();
        if !symbols.is_empty() {
            self.outage = Some(Outage { symbols, from: self.heard });
        }
    }

    fn name(&self) -> String {
        self.links.status.borrow().name.clone()
    }

    /// While a mute connection is being replaced it is still silence that the viewer sees.
    fn connecting(&self) -> FeedState {
        if self.silence.is_mute() { FeedState::Silent } else { FeedState::Connecting }
    }

    fn publish(&mut self, state: FeedState, detail: Option<String>) {
        self.status_at = Instant::now();
        let demand = self.links.demand.borrow().clone();
        let subscribed: Vec<SymbolId> = self.subs.active().collect();
        let waiting = self.subs.waiting(&demand);
        self.metrics.subscribed.set(subscribed.len() as i64);
        self.metrics.waiting.set(waiting.len() as i64);
        let delay_ms = self.delay_ms.map(|ms| u32::try_from(ms.max(0)).unwrap_or(u32::MAX));
        let symbol_limit = self.subs.limit();
        self.links.status.send_modify(|status| {
            status.state = state;
            status.detail = detail;
            status.subscribed = subscribed;
            status.waiting = waiting;
            status.symbol_limit = symbol_limit;
            status.delay_ms = delay_ms;
        });
    }
}

/// The label of a failure in metrics.
pub(crate) fn reason(error: &FeedError) -> &'static str {
    use crate::ErrorKind as K;
    match error.kind() {
        K::Settings => "settings",
        K::Key => "key",
        K::Plan => "plan",
        K::Limit => "limit",
        K::Status(_) => "status",
        K::Network => "network",
        K::Silent => "silent",
        K::Garbage => "garbage",
        K::TooLarge => "too_large",
    }
}

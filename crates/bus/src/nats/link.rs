//! The connection, and storing a message for good.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config as StreamConfig, DiscardPolicy, StorageType};
use async_nats::jetstream::{self, context::PublishErrorKind};
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use tokio::sync::watch;
use wire::bus::subject::Subjects;

use super::NatsConfig;
use super::counters::Counts;
use super::writer::{Acknowledged, Recent};
use crate::error::BusError;

/// How long a request to the server may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest pause between two tries of anything.
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// Messages the client holds for one subscription before it drops: what a reader of live values may be
/// behind for one symbol. The log asks for fewer at a time.
const SUBSCRIPTION_MESSAGES_MAX: usize = 1_024;
/// The largest message we send, log, parts of lists and all else.
pub(super) const MESSAGE_BYTES_MAX: usize = 512 * 1024;
/// Within this the server itself knows a message sent twice. Longer absences are covered by looking at
/// what it stored last.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// The name and password, or the token, that the address carries. The client leaves them where they are.
fn login(server: &ServerAddr) -> ConnectOptions {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    match (server.username(), server.password()) {
        (Some(user), Some(password)) => {
            ConnectOptions::with_user_and_password(decoded(user), decoded(password))
        }
        (Some(token), None) => ConnectOptions::with_token(decoded(token)),
        (None, _) => ConnectOptions::new(),
    }
}

/// How the connection stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Rises with every connection made.
    pub(super) generation: u64,
    pub(super) connected: bool,
    pub(super) closed: bool,
}

/// A connection that mends itself. Clones are the same connection.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) jetstream: jetstream::Context,
    pub(super) subjects: Arc<Subjects>,
    pub(super) counts: Arc<Counts>,
    pub(super) config: Arc<NatsConfig>,
    state: Arc<watch::Sender<State>>,
}

/// The two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Log,
    Universe,
}

/// Why a stream's work failed for now, in the client's words.
pub(super) type Failure = async_nats::Error;

impl Link {
    pub(super) async fn connect(config: NatsConfig) -> Result<Self, BusError> {
        let state = Arc::new(watch::channel(State { connected: true, ..State::default() }).0);
        let seen = state.clone();
        let connecting = |source| BusError::Connect { address: config.address(), source };
        let server = ServerAddr::from_str(&config.url).map_err(|error| connecting(error.into()))?;
        let mut options = login(&server);
        if let Some(ca) = &config.ca {
            options = options.add_root_certificates(ca.clone()).require_tls(true);
        }
        let client = options
            .name(format!("bellwether {}", config.instance))
            .connection_timeout(config.connect_timeout)
            .request_timeout(Some(REQUEST_TIMEOUT))
            .ping_interval(Duration::from_secs(10))
            .subscription_capacity(SUBSCRIPTION_MESSAGES_MAX)
            .reconnect_delay_callback(|attempt| pause(u32::try_from(attempt).unwrap_or(u32::MAX)))
            .event_callback(move |event| {
                note(&seen, &event);
                std::future::ready(())
            })
            .connect(server)
            .await
            .map_err(connecting)?;
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(REQUEST_TIMEOUT);
        let subjects = Arc::new(Subjects::new(&config.prefix));
        let link =
            Self { client, jetstream, subjects, counts: Arc::default(), config: Arc::new(config), state };
        // Half as much again, for headers and the protocol's own words.
        if link.client.max_payload() < MESSAGE_BYTES_MAX * 3 / 2 {
            return Err(BusError::JetStream {
                address: link.config.address(),
                hint: format!("its max_payload must be at least {} bytes", MESSAGE_BYTES_MAX * 3 / 2),
                source: None,
            });
        }
        link.ensure_streams().await.map_err(|source| BusError::JetStream {
            address: link.config.address(),
            hint: "start it with JetStream, `nats-server -js -sd FOLDER`, and room on its disk".into(),
            source: Some(source),
        })?;
        Ok(link)
    }

    pub(super) fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(super) fn is_connected(&self) -> bool {
        self.state.borrow().connected
    }

    pub(super) fn close(&self) {
        self.state.send_modify(|state| state.closed = true);
    }

    /// Returns when connected; `false` when closed.
    pub(super) async fn connected(&self) -> bool {
        match self.state().wait_for(|state| state.connected || state.closed).await {
            Ok(state) => !state.closed,
            Err(_) => false,
        }
    }

    pub(super) fn stream_name(&self, which: Kept) -> String {
        self.subjects.stream(match which {
            Kept::Log => "log",
            Kept::Universe => "universe",
        })
    }

    /// Makes the streams where they are missing. The owner of the universe also sets their limits anew,
    /// so that one instance decides and not whichever started last.
    pub(super) async fn ensure_streams(&self) -> Result<(), Failure> {
        for which in [Kept::Log, Kept::Universe] {
            let config = self.stream_config(which);
            if self.config.owns_universe {
                self.jetstream.create_or_update_stream(config).await?;
            } else {
                self.jetstream.get_or_create_stream(config).await?;
            }
        }
        Ok(())
    }

    fn stream_config(&self, which: Kept) -> StreamConfig {
        let bytes = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let shared = StreamConfig {
            name: self.stream_name(which),
            // The oldest goes first: a log that refuses to grow would stop the market.
            discard: DiscardPolicy::Old,
            storage: StorageType::File,
            num_replicas: self.config.replicas,
            ..StreamConfig::default()
        };
        match which {
            Kept::Log => StreamConfig {
                subjects: vec![self.subjects.log_all()],
                max_age: self.config.log_age,
                max_bytes: bytes(self.config.log_bytes),
                duplicate_window: DUPLICATE_WINDOW.min(self.config.log_age),
                ..shared
            },
            Kept::Universe => StreamConfig {
                subjects: vec![self.subjects.universe_all()],
                max_bytes: bytes(self.config.universe_bytes),
                duplicate_window: DUPLICATE_WINDOW,
                ..shared
            },
        }
    }

    /// Stores a message, however long the server is away; its sequence in the stream, or `None` when
    /// the bus was closed before.
    ///
    /// One at a time for a subject: then a message that was sent and not acknowledged can only be the
    /// last of its subject, so looking there tells whether it arrived, after any absence; and a later
    /// message can never overtake an earlier one that has to be sent again.
    pub(super) async fn store(&self, which: Kept, subject: &str, id: &str, payload: Bytes) -> Option<u64> {
        self.store_after(which, subject, id, payload, None).await
    }

    /// As [`store`](Self::store), to the log and behind everything acknowledged before, which a server
    /// that came back may lack.
    pub(super) async fn store_in_log(&self, message: &Acknowledged, recent: &mut Recent) -> Option<u64> {
        self.store_after(Kept::Log, &message.subject, &message.id, message.payload.clone(), Some(recent))
            .await
    }

    /// Stores the newest acknowledged messages again, if the connection is another than the one they went
    /// over. The server leaves out those it has.
    pub(super) async fn store_again(&self, recent: &mut Recent) -> Result<(), Failure> {
        let generation = self.generation();
        if generation == recent.generation {
            return Ok(());
        }
        for Acknowledged { subject, id, payload } in recent.messages() {
            self.try_store(Kept::Log, subject, id, payload.clone()).await?;
        }
        recent.generation = generation;
        Ok(())
    }

    /// Counts connections; grows with each.
    pub(super) fn generation(&self) -> u64 {
        self.state.borrow().generation
    }

    async fn store_after(
        &self,
        which: Kept,
        subject: &str,
        id: &str,
        payload: Bytes,
        mut recent: Option<&mut Recent>,
    ) -> Option<u64> {
        let mut failures = 0;
        loop {
            if !self.connected().await {
                return None;
            }
            let mut state = self.state();
            let generation = state.borrow_and_update().generation;
            let recent = recent.as_deref_mut();
            let attempt = async {
                if let Some(recent) = recent {
                    self.store_again(recent).await?;
                }
                if failures > 0
                    && let Some(sequence) = self.stored(which, subject, id).await?
                {
                    return Ok(sequence);
                }
                self.try_store(which, subject, id, payload.clone()).await
            };
            let result = tokio::select! {
                result = attempt => result,
                // No need to wait for an answer that was cut off.
                _ = state.wait_for(|s| s.generation != generation || !s.connected || s.closed) => {
                    Err("the connection was cut".into())
                }
            };
            match result {
                Ok(sequence) => return Some(sequence),
                Err(error) => {
                    self.counts.retried();
                    tracing::debug!(error = &*error, "storing a message on NATS failed, trying again");
                }
            }
            tokio::time::sleep(pause(failures)).await;
            failures = failures.saturating_add(1);
        }
    }

    async fn try_store(&self, which: Kept, subject: &str, id: &str, payload: Bytes) -> Result<u64, Failure> {
        let message =
            PublishMessage::build().payload(payload).message_id(id).expected_stream(self.stream_name(which));
        let acknowledged = match self.jetstream.send_publish(subject.to_owned(), message).await {
            Ok(pending) => pending.await,
            Err(error) => Err(error),
        };
        match acknowledged {
            Ok(ack) => Ok(ack.sequence),
            Err(error) => {
                if error.kind() == PublishErrorKind::StreamNotFound {
                    self.ensure_streams().await?;
                }
                Err(error.into())
            }
        }
    }

    /// The sequence of this message, if it is the last of its subject.
    async fn stored(&self, which: Kept, subject: &str, id: &str) -> Result<Option<u64>, Failure> {
        use async_nats::jetstream::stream::LastRawMessageErrorKind as Kind;
        let stream = self.jetstream.get_stream_no_info(self.stream_name(which)).await?;
        match stream.get_last_raw_message_by_subject(subject).await {
            Ok(last) => {
                let is_it =
                    last.headers.get(async_nats::header::NATS_MESSAGE_ID).is_some_and(|h| h.as_str() == id);
                Ok(is_it.then_some(last.sequence))
            }
            Err(error) => match error.kind() {
                Kind::NoMessageFound => Ok(None),
                Kind::JetStream(inner) if inner.error_code() == jetstream::ErrorCode::STREAM_NOT_FOUND => {
                    Ok(None)
                }
                _ => Err(error.into()),
            },
        }
    }
}

fn note(state: &watch::Sender<State>, event: &Event) {
    match event {
        Event::Connected => state.send_modify(|s| {
            s.generation += 1;
            s.connected = true;
        }),
        Event::Disconnected | Event::Closed => state.send_modify(|s| s.connected = false),
        Event::SlowConsumer(_) => tracing::debug!("values were dropped for a reader that is too slow"),
        other => tracing::debug!(event = %other, "word from the NATS client"),
    }
}

/// The pause after so many failures: 20 ms, doubling, up to two seconds, each up to a quarter shorter, so
/// that many instances do not come back in step.
pub(super) fn pause(failures: u32) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let full = Duration::from_millis(20).saturating_mul(1 << failures.min(10)).min(PAUSE_MAX);
    // A fresh hasher is seeded at random, which is all the randomness needed here.
    let quarters = (RandomState::new().hash_one(0u8) % 1_000) as u32;
    full - full / 4 * quarters / 1_000
}

//! Records in a folder of their own, a courier that can be ended and begun, and a receiver over HTTP.

use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use market::Timestamp;
use notify::email::{Email, SmtpConfig};
use notify::policy::Policy;
use notify::push::{Push, VapidKey};
use notify::reach::Reach;
use notify::{Adapters, Courier, CourierParts, Metrics, Notice, Outbox, Put, Web, webhook};
use store::records::channel::{self, Channel, NewChannel};
use store::records::delivery::{self, Entry, State as Step};
use store::records::{RecordError, Records, Sql};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Nothing here takes so long unless it never happens.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Looks until there is something to see.
pub(crate) async fn soon<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let until = Instant::now() + LONG;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < until, "{what}: not within {} s", LONG.as_secs());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) fn now() -> Timestamp {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    Timestamp::from_nanos(i64::try_from(nanos).unwrap())
}

/// A policy that does not keep a test waiting.
pub(crate) fn quick() -> Policy {
    Policy {
        tries_max: 3,
        pause_first: Duration::from_millis(10),
        pause_max: Duration::from_millis(40),
        ..Policy::default()
    }
}

/// How a world differs from others.
pub(crate) struct Setting {
    pub(crate) policy: Policy,
    pub(crate) networks: &'static [&'static str],
    pub(crate) smtp: Option<String>,
    /// Who may have signed the mail server's certificate.
    pub(crate) authorities: Option<PathBuf>,
    pub(crate) name: &'static str,
    pub(crate) is_alone: bool,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            policy: quick(),
            networks: &["127.0.0.0/8", "::1"],
            smtp: None,
            authorities: None,
            name: "one",
            is_alone: true,
        }
    }
}

/// Records, and a courier at work.
pub(crate) struct World {
    folder: Arc<TempDir>,
    pub(crate) records: Arc<Records>,
    pub(crate) outbox: Outbox,
    pub(crate) adapters: Arc<Adapters>,
    stop: watch::Sender<bool>,
    courier: JoinHandle<()>,
}

impl World {
    pub(crate) async fn new(setting: Setting) -> Self {
        Self::in_folder(Arc::new(tempfile::tempdir().unwrap()), setting).await
    }

    async fn in_folder(folder: Arc<TempDir>, setting: Setting) -> Self {
        let path: &Path = folder.path();
        let records = Arc::new(Records::in_folder(path).unwrap());
        let keys = Arc::clone(&records);
        let key = tokio::task::spawn_blocking(move || VapidKey::of(&keys)).await.unwrap().unwrap();
        let networks: Vec<String> = setting.networks.iter().map(|n| (*n).to_owned()).collect();
        let web = Web::new(Reach::read(&networks).unwrap()).unwrap();
        let push = Push::new(web.clone(), key, "mailto:ops@example.com".into());
        let email = setting.smtp.map(|server| {
            let config = SmtpConfig::read(&server, "Bellwether <bell@example.com>").unwrap();
            Email::new(&config, setting.authorities.as_deref()).unwrap()
        });
        let page = Some("https://bell.example".to_owned());
        let adapters = Arc::new(Adapters::new(web, push, email, page));
        let metrics = Metrics::default();
        let clock: notify::Clock = Arc::new(now);
        let outbox = Outbox::new(Arc::clone(&records), Arc::clone(&clock), metrics.clone());
        let courier = Courier::new(CourierParts {
            records: Arc::clone(&records),
            outbox: outbox.clone(),
            adapters: Arc::clone(&adapters),
            policy: setting.policy,
            name: setting.name.into(),
            is_alone: setting.is_alone,
            clock,
            metrics,
        });
        let (stop, stopping) = watch::channel(false);
        let courier = tokio::spawn(courier.run(stopping));
        Self { folder, records, outbox, adapters, stop, courier }
    }

    /// Ends in order, and begins again over the same records.
    pub(crate) async fn restarted(self, setting: Setting) -> Self {
        let folder = Arc::clone(&self.folder);
        self.stop.send_replace(true);
        self.courier.await.unwrap();
        Self::in_folder(folder, setting).await
    }

    /// Ends at once, as a process that is killed, and begins again over the same records.
    pub(crate) async fn killed(self, setting: Setting) -> Self {
        let folder = Arc::clone(&self.folder);
        self.courier.abort();
        let _ = self.courier.await;
        Self::in_folder(folder, setting).await
    }

    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Sql) -> Result<T, RecordError> + Send + 'static,
    ) -> T {
        self.records.run(work).await.unwrap()
    }

    /// A channel of somebody's, with settings as they are stored.
    pub(crate) async fn channel(&self, owner: i64, kind: &str, settings: String) -> Channel {
        let new = NewChannel {
            kind: kind.into(),
            name: format!("a {kind}"),
            mark: settings.clone(),
            settings,
            code: None,
        };
        self.run(move |sql| channel::insert(sql, owner, &new, now())).await
    }

    pub(crate) async fn webhook(&self, owner: i64, url: &str, secret: &str) -> Channel {
        let settings = webhook::Settings {
            url: url.into(),
            content: webhook::Content::Json,
            template: None,
            headers: Vec::new(),
            secret: secret.into(),
        };
        self.channel(owner, "webhook", serde_json::to_string(&settings).unwrap()).await
    }

    pub(crate) async fn put(&self, owner: i64, dedupe: &str) -> Put {
        self.outbox.put(notice(owner, dedupe)).await.unwrap()
    }

    pub(crate) async fn history(&self, owner: i64, channel: i64) -> Vec<Entry> {
        self.run(move |sql| delivery::history(sql, (owner, channel), 1_000)).await
    }

    pub(crate) async fn get(&self, owner: i64, id: i64) -> Option<Channel> {
        self.run(move |sql| channel::get(sql, owner, id)).await
    }

    /// Waits until no delivery of a channel waits any more.
    pub(crate) async fn settled(&self, owner: i64, channel: i64) -> Vec<Entry> {
        soon("every delivery ends", || async {
            let entries = self.history(owner, channel).await;
            entries.iter().all(|entry| entry.state != Step::Waiting).then_some(entries)
        })
        .await
    }
}

pub(crate) fn notice(owner: i64, dedupe: &str) -> Notice {
    Notice {
        owner,
        dedupe: dedupe.into(),
        kind: "alert".into(),
        title: "AAPL above 231".into(),
        body: "AAPL traded at 231.40 \"at the open\" — naïve & co.".into(),
        symbol: Some("AAPL".into()),
        price: Some("231.40".into()),
        link: "/symbol/AAPL".into(),
        happened_at: Timestamp::from_nanos(1_763_735_400_000_000_000),
        details: Some(
            r#"{"alert_id":"42","rule":{"type":"price_above","price":"231"},"trade_time":"2025-11-21T14:30:00Z","source":"sim"}"#.into(),
        ),
        channels: Vec::new(),
    }
}

/// What a receiver was sent.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) at: Instant,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {:?}", self.headers)).to_str().unwrap()
    }
}

/// What a receiver answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Status(u16),
    /// With one header.
    With(u16, &'static str, &'static str),
    /// None, ever.
    Never,
}

#[derive(Clone)]
struct Behaviour {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    rest: Answer,
    sent: mpsc::UnboundedSender<Received>,
}

/// A receiver on a free loopback port.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    received: mpsc::UnboundedReceiver<Received>,
    server: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Receiver {
    /// Answers so, in this order, and then always with `rest`.
    pub(crate) async fn new(answers: &[Answer], rest: Answer) -> Self {
        let (sent, received) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(answers.iter().cloned().collect()));
        let app = axum::Router::new().fallback(take).with_state(Behaviour { answers, rest, sent });
        let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = door.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(door, app).await.unwrap() });
        Self { address, received, server }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Received {
        tokio::time::timeout(LONG, self.received.recv()).await.expect("a request comes").unwrap()
    }

    /// There was no other request so far.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}

async fn take(
    State(behaviour): State<Behaviour>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let answer = behaviour.answers.lock().unwrap().pop_front().unwrap_or(behaviour.rest);
    let _ = behaviour.sent.send(Received { at: Instant::now(), method, path, headers, body });
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::With(status, name, value) => {
            (StatusCode::from_u16(status).unwrap(), [(name, value)], "said").into_response()
        }
        Answer::Never => std::future::pending().await,
    }
}

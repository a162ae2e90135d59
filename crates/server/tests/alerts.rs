//! Alerts beside the log: killed, read again, decided by two at a time; against one that was never interrupted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use bus::{EventBatch, LogPosition};
use futures_util::future::BoxFuture;
use market::tape::Limits;
use market::{
    Conditions, Hours, Instrument, Kind, MarketEvent, Price, Size, Symbol, SymbolId, Timestamp, Trade,
    Universe,
};
use prometheus_client::registry::Registry;
use server::alerts::{AlertTask, Alerting, Firing, NewsItem, Outbox, Parts, Runner, position, start};
use server::http::source::Answer;
use server::http::{BarsError, BarsPage, BarsQuery, MarketData};
use server::hub::{Config, Hub, Metrics};
use server::live::Live;
use server::live::publish::{Changes, Way};
use server::live::source::LiveSource;
use store::records::alert::{Alert, Content};
use store::records::{Records, alert, firing};
use tokio::sync::watch;
use tokio::task::JoinSet;
use wire::http::{Card, Sparkline, StatusAnswer, SymbolGapBody};
use wire::quote::QuoteRow;

const BEGIN: &str = "2026-01-05T15:00:00Z";

/// A market that knows no bars.
struct NoBars(Arc<Live>);

impl MarketData for NoBars {
    fn universe(&self) -> Arc<Universe> {
        self.0.universe()
    }
    fn quotes(&self, _: &[SymbolId]) -> Vec<QuoteRow> {
        Vec::new()
    }
    fn bars(&self, _: BarsQuery) -> Answer<'_, Result<BarsPage, BarsError>> {
        Box::pin(async { Ok(BarsPage::default()) })
    }
    fn sparklines(&self, _: &[SymbolId]) -> Answer<'_, Vec<Sparkline>> {
        Box::pin(async { Vec::new() })
    }
    fn gaps(&self, _: SymbolId) -> Vec<SymbolGapBody> {
        Vec::new()
    }
    fn status(&self) -> StatusAnswer {
        self.0.status()
    }
    fn card(&self, _: SymbolId) -> Answer<'_, Card> {
        Box::pin(async { Card::default() })
    }
    fn is_ready(&self) -> Result<(), String> {
        Ok(())
    }
}

/// What was handed on, by name.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Outbox for Heard {
    fn put(&self, firings: Vec<Firing>) -> BoxFuture<'_, Result<(), String>> {
        self.0.lock().unwrap().extend(firings.into_iter().map(|firing| firing.body.name));
        Box::pin(async { Ok(()) })
    }
}

fn universe() -> Arc<Universe> {
    let mut universe = Universe::new();
    universe.refresh(["AAPL", "TSLA"].map(|symbol| Instrument {
        symbol: Symbol::new(symbol).unwrap(),
        name: symbol.into(),
        exchange: "NYSE".into(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours: Hours::Always,
        activity: 0,
    }));
    Arc::new(universe)
}

/// One life of a server, as far as alerts go.
struct Life {
    runner: Option<Runner>,
    alerting: Arc<Alerting>,
    live: Arc<Live>,
    records: Arc<Records>,
    heard: Arc<Heard>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    changes: Changes,
    /// Up to where it reads again what a life before has decided.
    from: Option<LogPosition>,
}

impl Life {
    async fn begin(folder: &Path, reader: &str, is_log_kept: bool) -> Self {
        let records = Arc::new(Records::in_folder(folder).unwrap());
        let clock = Arc::new(|| BEGIN.parse::<Timestamp>().unwrap());
        let live = Arc::new(Live::new(universe(), Limits::default(), "epoch", clock));
        let (stored, _requests) = tokio::sync::mpsc::channel(1);
        let source = Arc::new(LiveSource::new(Arc::clone(&live), stored));
        let metrics = Metrics::register(&mut Registry::default());
        let hub = Arc::new(Hub::start(&Config::default(), source, &metrics).unwrap());
        let heard = Arc::new(Heard::default());
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let (of, name) = (Arc::clone(&records), reader.to_owned());
        let from = tokio::task::spawn_blocking(move || position(&of, &name).unwrap()).await.unwrap();
        let parts = Parts {
            records: Arc::clone(&records),
            live: Arc::clone(&live),
            market: Arc::new(NoBars(Arc::clone(&live))),
            hub,
            outbox: Arc::clone(&heard) as Arc<dyn Outbox>,
            reader: reader.into(),
            is_log_kept,
            is_shared: false,
            stop: stopping,
        };
        let started = start(parts, &mut tasks).await.unwrap();
        Self {
            runner: Some(started.runner),
            alerting: started.alerting,
            live,
            records,
            heard,
            stop,
            tasks,
            changes: Changes::default(),
            from,
        }
    }

    fn runner(&mut self) -> &mut Runner {
        self.runner.as_mut().unwrap()
    }

    /// Reads a part of the log, as the task that folds it does.
    fn read(&mut self, log: &[MarketEvent], part: std::ops::Range<usize>) {
        for at in part {
            let events = &log[at..=at];
            self.live.apply("feed", events, Way::Log, false, &mut self.changes, drop);
            self.runner().take(place(at), events);
        }
    }

    /// The first event of the log that was not decided by the life before.
    fn first_unread(&self, log: &[MarketEvent]) -> usize {
        (0..log.len()).find(|at| self.from.is_none_or(|from| place(*at).is_after(from))).unwrap_or(log.len())
    }

    /// Ends without a word, once what it told is recorded.
    async fn die(mut self) -> (Arc<Records>, Vec<String>) {
        self.runner = None;
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        let heard = self.heard.0.lock().unwrap().clone();
        (self.records, heard)
    }
}

fn place(at: usize) -> LogPosition {
    let mut bytes = [0; 20];
    bytes[0] = 1;
    bytes[8..16].copy_from_slice(&(at as u64 + 1).to_le_bytes());
    LogPosition::from_bytes(&bytes).unwrap()
}

struct Draw(u64);

impl Draw {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// A walk of both symbols around 100, with leaps, a trade every second.
fn walk(seed: u64, length: usize) -> Vec<MarketEvent> {
    let mut draw = Draw(seed);
    let mut cents = [10_000i64; 2];
    let begin: Timestamp = BEGIN.parse().unwrap();
    (0..length)
        .map(|at| {
            let symbol = draw.below(2) as usize;
            let leap = if draw.below(10) == 0 { 10 } else { 1 };
            cents[symbol] += (draw.below(41) as i64 - 20) * leap + (10_000 - cents[symbol]) / 20;
            let time = begin.saturating_add_nanos(at as i64 * 1_000_000_000);
            MarketEvent::Trade(Trade {
                symbol: SymbolId(symbol as u32),
                ts_event: time,
                ts_recv: time,
                seq: at as u64,
                price: Price::from_units(cents[symbol] * 1_000_000),
                size: Size::from_whole(1 + at as i64).unwrap(),
                conditions: Conditions::REGULAR,
            })
        })
        .collect()
}

fn content(symbol: &str, rule: &str, hysteresis: Option<i64>) -> Content {
    let mut content = Content {
        symbol: symbol.into(),
        rule: rule.into(),
        hysteresis,
        expires_at: None,
        quiet: None,
        note: String::new(),
        is_paused: false,
        active_from: Timestamp::MIN,
        seen: None,
        state: String::new(),
        channels: Vec::new(),
    };
    content.state = server::alerts::state_at_beginning(&content).unwrap();
    content
}

fn rules() -> Vec<Content> {
    let cent = 1_000_000;
    let mut all = Vec::new();
    for symbol in ["AAPL", "TSLA"] {
        for (rule, hysteresis) in [
            (r#"{"type":"price_above","price":100}"#, Some(0)),
            (r#"{"type":"price_above","price":101}"#, Some(50 * cent)),
            (r#"{"type":"price_above","price":100.5}"#, None),
            (r#"{"type":"price_below","price":99.5}"#, Some(10 * cent)),
            (r#"{"type":"price_crosses","price":100}"#, Some(0)),
            (r#"{"type":"price_crosses","price":100.2}"#, Some(30 * cent)),
            (r#"{"type":"percent_change","percent":1,"window_s":60}"#, Some(1_000)),
        ] {
            all.push(content(symbol, rule, hysteresis));
        }
    }
    all
}

async fn set(folder: &Path, all: Vec<Content>) -> Vec<Alert> {
    let records = Records::in_folder(folder).unwrap();
    let now = BEGIN.parse().unwrap();
    records.run(move |sql| all.iter().map(|one| alert::insert(sql, 1, one, now)).collect()).await.unwrap()
}

/// The names of all crossings, each as recorded, oldest first.
async fn recorded(records: &Records) -> Vec<String> {
    let all = records.run(|sql| firing::list(sql, 1, None, i64::MAX, 9_999)).await.unwrap();
    all.into_iter().rev().map(|firing| firing.name).collect()
}

/// What is recorded where nothing is ever interrupted.
async fn uninterrupted(log: &[MarketEvent]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    set(folder.path(), rules()).await;
    let mut life = Life::begin(folder.path(), "own", true).await;
    life.read(log, 0..log.len());
    let (records, heard) = life.die().await;
    let names = recorded(&records).await;
    assert_eq!(heard, names);
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_anywhere_and_read_again_the_log_gives_the_same_firings() {
    for seed in 1..=4 {
        let log = walk(seed, 600);
        let expected = uninterrupted(&log).await;
        assert!(expected.len() > 60, "{}", expected.len());
        let folder = tempfile::tempdir().unwrap();
        set(folder.path(), rules()).await;
        let mut draw = Draw(seed);
        let mut heard_by_all = Vec::new();
        let mut read_to = 0;
        while read_to < log.len() {
            let mut life = Life::begin(folder.path(), "own", true).await;
            let from = life.first_unread(&log);
            assert!(from <= read_to);
            // Some way on, what is known is stored; some way further it dies.
            let saved = (from + draw.below(60) as usize).min(log.len());
            let to = (saved + draw.below(60) as usize).clamp(read_to.min(log.len()), log.len());
            life.read(&log, from..saved);
            life.runner().save();
            life.read(&log, saved..to);
            read_to = to.max(read_to);
            heard_by_all.extend(life.die().await.1);
        }
        let records = Records::in_folder(folder.path()).unwrap();
        assert_eq!(recorded(&records).await, expected, "seed {seed}");
        assert_eq!(heard_by_all, expected, "each is handed on once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_the_tape_everything_is_decided_in_order_also_what_waits_at_the_end() {
    // More batches than may wait.
    let log = walk(9, 600);
    let whole = uninterrupted(&log).await;
    assert!(whole.len() > 60, "{}", whole.len());
    let folder = tempfile::tempdir().unwrap();
    set(folder.path(), rules()).await;
    let mut life = Life::begin(folder.path(), "own", true).await;
    let mut task = AlertTask::start(life.runner.take().unwrap());
    for (at, event) in log.iter().enumerate() {
        let batch = EventBatch { feed: "feed".into(), events: vec![event.clone()] };
        task.read(place(at), Arc::new(batch)).await;
    }
    task.finish().await;
    assert_eq!(life.die().await.1, whole);
    // What was known at the end is stored, so nothing is read again.
    let next = Life::begin(folder.path(), "own", true).await;
    assert_eq!(next.first_unread(&log), log.len());
    next.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_read_at_their_own_pace_record_each_crossing_once() {
    for seed in 5..=7 {
        let log = walk(seed, 600);
        let mut expected = uninterrupted(&log).await;
        let folder = tempfile::tempdir().unwrap();
        set(folder.path(), rules()).await;
        let mut one = Life::begin(folder.path(), "one", true).await;
        let mut other = Life::begin(folder.path(), "other", true).await;
        let (mut a, mut b, mut draw) = (0, 0, Draw(seed));
        while a < log.len() || b < log.len() {
            let next = (a + draw.below(30) as usize).min(log.len());
            one.read(&log, a..next);
            a = next;
            let next = (b + draw.below(30) as usize).min(log.len());
            other.read(&log, b..next);
            b = next;
        }
        let (records, mut heard) = one.die().await;
        heard.extend(other.die().await.1);
        let mut found = recorded(&records).await;
        for names in [&mut expected, &mut found, &mut heard] {
            names.sort();
        }
        assert_eq!(found, expected, "seed {seed}");
        assert_eq!(heard, expected, "each is handed on by one of them");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_log_is_gone_alerts_go_on_as_they_were_recorded() {
    let folder = tempfile::tempdir().unwrap();
    set(folder.path(), vec![content("AAPL", r#"{"type":"price_above","price":100}"#, Some(0))]).await;
    let begin: Timestamp = BEGIN.parse().unwrap();
    let log: Vec<MarketEvent> = [99, 101, 99, 101, 101, 99, 101]
        .into_iter()
        .enumerate()
        .map(|(at, dollars)| {
            let time = begin.saturating_add_nanos(at as i64 * 1_000_000_000);
            MarketEvent::Trade(Trade {
                symbol: SymbolId(0),
                ts_event: time,
                ts_recv: time,
                seq: at as u64,
                price: Price::from_whole(dollars).unwrap(),
                size: Size::from_whole(1).unwrap(),
                conditions: Conditions::REGULAR,
            })
        })
        .collect();
    let mut life = Life::begin(folder.path(), "own", true).await;
    life.read(&log, 0..1);
    life.runner().save();
    life.read(&log, 1..4);
    assert_eq!(life.die().await.1.len(), 2);
    // It would read again from the second trade on, and cannot.
    let mut life = Life::begin(folder.path(), "own", true).await;
    assert_eq!(life.first_unread(&log), 1);
    life.runner().lost();
    life.read(&log, 4..7);
    let (records, heard) = life.die().await;
    assert_eq!((heard.len(), recorded(&records).await.len()), (1, 3), "{heard:?}");
    assert!(heard[0].contains("-6u"), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_log_ends_with_the_process_nothing_fires_twice() {
    let log = walk(9, 600);
    let folder = tempfile::tempdir().unwrap();
    let alerts = set(folder.path(), rules()).await;
    let mut names = Vec::new();
    for part in 0..12 {
        let mut life = Life::begin(folder.path(), "own", false).await;
        // Nothing is ever stored but what has fired, and nothing is read again.
        life.read(&log, part * 50..(part + 1) * 50);
        names.extend(life.die().await.1);
    }
    let records = Records::in_folder(folder.path()).unwrap();
    assert_eq!(recorded(&records).await, names);
    let once = alerts.iter().filter(|alert| alert.content.hysteresis.is_none());
    for alert in once {
        let id = alert.id;
        let fired = records.run(move |sql| firing::list(sql, 1, Some(id), i64::MAX, 9)).await.unwrap();
        assert_eq!(fired.len(), 1, "{alert:?}");
    }
    // Between two firings of an alert on a price above, it was below by the hysteresis; a life that did not see that
    // must not have fired. So there are at most as many as in one life.
    let all = uninterrupted(&log).await;
    let of =
        |names: &[String], id: i64| names.iter().filter(|name| name.starts_with(&format!("{id}."))).count();
    for alert in alerts.iter().filter(|alert| alert.content.rule.contains("price_above")) {
        assert!(of(&names, alert.id) <= of(&all, alert.id), "{alert:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_fires_by_a_function() {
    let folder = tempfile::tempdir().unwrap();
    set(folder.path(), vec![content("TSLA", r#"{"type":"news","words":["recall"]}"#, Some(0))]).await;
    let mut life = Life::begin(folder.path(), "own", true).await;
    let item = |id, title: &str| NewsItem {
        id,
        symbols: vec![SymbolId(1)],
        title: title.into(),
        summary: String::new(),
        at: BEGIN.parse().unwrap(),
    };
    for (id, title) in
        [(1, "A recall of cars"), (2, "A new car"), (1, "A recall of cars"), (3, "Recall again")]
    {
        life.alerting.mention(item(id, title)).await;
    }
    for _ in 0..4 {
        life.runner().hear().await;
    }
    let (records, heard) = life.die().await;
    assert_eq!(heard.len(), 2, "{heard:?}");
    let all = records.run(|sql| firing::list(sql, 1, None, i64::MAX, 9)).await.unwrap();
    assert!(all[0].body.contains("TSLA is in the news: Recall again"), "{}", all[0].body);
}

//! The real adapters against the look-alikes: every article once, through faults and restarts.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use feeds::adapter::Secret;
use feeds::finnhub::news::FinnhubNews;
use feeds::finnhub::rest::Rest;
use feeds::guardian::{self, Guardian};
use feeds::news::{Ask, Provider, Query, Shelf, StreamState, StreamStatus, read_stream};
use feeds::{Clock, ErrorKind, FeedMetrics, Metrics, Retry};
use futures_util::future::BoxFuture;
use market::{Symbol, Timestamp};
use prometheus_client::registry::Registry;
use signals::headline::{Headline, HeadlineId, Settings, Watermark};
use sim::finnhub::faults::{BadAnswer, Request};
use sim::news::Article;
use sim::{Options, Server, serve};
use tokio::sync::{oneshot, watch};
use tokio::time::sleep;

const MINUTE: i64 = 60 * 1_000_000_000;
const DAY: i64 = 1_440 * MINUTE;
const KEY: &str = "simkey";

/// The time of the market and of the readers, moved by hand.
#[derive(Clone)]
struct Time(Arc<AtomicI64>);

impl Time {
    fn new() -> Self {
        let start: Timestamp = "2026-11-20T15:00:00Z".parse().unwrap();
        Self(Arc::new(AtomicI64::new(start.nanos())))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.load(Ordering::SeqCst))
    }

    fn pass(&self, minutes: i64) {
        self.0.fetch_add(minutes * MINUTE, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let time = self.clone();
        Arc::new(move || time.now())
    }
}

async fn look_alikes(time: &Time, guardian: sim::guardian::Settings) -> Server {
    let finnhub = sim::finnhub::Settings {
        calls_per_minute: 100_000,
        calls_per_second: 100_000,
        ..sim::finnhub::Settings::default()
    };
    let listen = "127.0.0.1:0".parse().unwrap();
    serve(Options { listen, guardian, finnhub, clock: time.clock(), ..Options::default() }).await.unwrap()
}

fn no_limits() -> sim::guardian::Settings {
    sim::guardian::Settings { calls_per_day: 100_000, calls_per_second: 100_000, ..Default::default() }
}

fn metrics() -> FeedMetrics {
    Metrics::register(&mut Registry::default()).feed("news")
}

fn guardian(server: &Server, time: &Time, key: &str) -> Arc<Guardian> {
    let settings = guardian::Settings {
        key: Secret::new(key),
        url: server.guardian_url(),
        // So many that they last at a round a second.
        calls_per_day: 100_000,
        calls_per_second: 10_000,
        pace: Duration::from_secs(1),
    };
    Arc::new(Guardian::new(settings, time.clock(), metrics()).unwrap())
}

fn finnhub(server: &Server, time: &Time) -> Arc<FinnhubNews> {
    let settings = feeds::finnhub::Settings {
        key: Secret::new(KEY),
        rest_url: server.finnhub_url(),
        calls_per_minute: 10_000,
        calls_per_second: 10_000,
        ..Default::default()
    };
    let rest = Rest::new(settings, time.clock(), metrics()).unwrap();
    Arc::new(FinnhubNews::new(Arc::new(rest), Duration::from_secs(1)))
}

#[derive(Default)]
struct Kept {
    watermark: Option<Watermark>,
    /// How often each version was put, by article and text.
    versions: BTreeMap<(HeadlineId, String), u32>,
    articles: BTreeMap<String, Headline>,
}

/// Remembers, and fails now and then.
#[derive(Default)]
struct Memory {
    kept: Mutex<Kept>,
    puts: AtomicI64,
    fails_every: i64,
}

impl Shelf for Memory {
    fn watermark(&self, _: i64) -> BoxFuture<'_, Result<Option<Watermark>, String>> {
        Box::pin(async { Ok(self.kept.lock().unwrap().watermark.clone()) })
    }

    fn put(&self, _: i64, fresh: Vec<Headline>, watermark: Watermark) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let number = self.puts.fetch_add(1, Ordering::SeqCst) + 1;
            if self.fails_every > 0 && number % self.fails_every == 0 {
                return Err("the disk is full".to_owned());
            }
            let mut kept = self.kept.lock().unwrap();
            for article in fresh {
                let text = format!("{} | {}", article.title, article.summary);
                *kept.versions.entry((article.id(), text)).or_default() += 1;
                kept.articles.insert(article.article.clone(), article);
            }
            kept.watermark = Some(watermark);
            Ok(())
        })
    }
}

struct Run {
    status: watch::Receiver<StreamStatus>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
    _query: watch::Sender<Query>,
}

fn start(provider: Arc<dyn Provider>, shelf: &Arc<Memory>, query: &Query, time: &Time) -> Run {
    let (_query, asked) = watch::channel(query.clone());
    let (told, status) = watch::channel(StreamStatus::default());
    let (stop, stopped) = oneshot::channel::<()>();
    let stopping = async {
        let _ = stopped.await;
    };
    let task =
        tokio::spawn(read_stream(provider, Arc::clone(shelf) as _, 1, asked, told, time.clock(), stopping));
    Run { status, stop, task, _query }
}

async fn end(run: Run) {
    let _ = run.stop.send(());
    tokio::time::timeout(Duration::from_secs(1), run.task).await.expect("it stops").unwrap();
}

/// Waits until the shelf has what it should, or fails with what is missing.
async fn until_complete(shelf: &Memory, want: impl Fn(&Kept) -> Vec<String>) {
    let began = Instant::now();
    loop {
        let missing = want(&shelf.kept.lock().unwrap());
        if missing.is_empty() {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{} missing: {:?}",
            missing.len(),
            missing.first()
        );
        sleep(Duration::from_millis(50)).await;
    }
}

/// What stands now and is not on the shelf as it stands.
fn missing(kept: &Kept, standing: &[Article], id: fn(&Article) -> String) -> Vec<String> {
    let is_kept = |article: &Article| {
        let known = kept.articles.get(&id(article));
        known.is_some_and(|known| known.title == article.title && known.summary == article.summary)
    };
    standing.iter().filter(|article| !is_kept(article)).map(|article| article.title.clone()).collect()
}

fn standing(server: &Server, time: &Time, from: Timestamp) -> Vec<Article> {
    let now = time.now();
    sim::news::articles(server.market(), from, now.saturating_add_nanos(1), now)
}

fn all_once(shelf: &Memory) {
    let kept = shelf.kept.lock().unwrap();
    let twice: Vec<_> = kept.versions.iter().filter(|(_, n)| **n != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guardians_articles_come_once_through_a_hundred_restarts() {
    let time = Time::new();
    let server = look_alikes(&time, no_limits()).await;
    // Of the six hours before: a day's pages take a debug build a minute.
    let from = time.now().saturating_add_nanos(-DAY / 4);
    let shelf = Arc::new(Memory { fails_every: 17, ..Memory::default() });
    shelf.kept.lock().unwrap().watermark = Some(Watermark::starting_at(from));
    let query = Query { sections: vec!["business".into(), "technology".into()], ..Query::default() };
    let faults =
        [BadAnswer::Good, BadAnswer::Cut, BadAnswer::Garbage, BadAnswer::Limit, BadAnswer::Unavailable];
    for n in 0..100usize {
        // A provider of its own, as after a restart of the process.
        let run = start(guardian(&server, &time, KEY), &shelf, &query, &time);
        let mut bad_answers = vec![BadAnswer::Good; n % 4];
        bad_answers.push(faults[n % 5]);
        server.faults().apply(&Request { bad_answers, ..Request::default() }).unwrap();
        sleep(Duration::from_millis(5 + (n as u64 * 37) % 60)).await;
        end(run).await;
        time.pass(3);
    }
    assert!(server.faults().report().bad_answers > 10);
    server.faults().clear();
    let run = start(guardian(&server, &time, KEY), &shelf, &query, &time);
    let mut want = standing(&server, &time, from);
    want.retain(|article| article.section != "money");
    assert!(want.len() > 150, "{}", want.len());
    until_complete(&shelf, |kept| missing(kept, &want, |article| article.id.clone())).await;
    // And what changes while it runs.
    for _ in 0..3 {
        time.pass(20);
        let mut want = standing(&server, &time, from);
        want.retain(|article| article.section != "money");
        until_complete(&shelf, |kept| missing(kept, &want, |article| article.id.clone())).await;
    }
    end(run).await;
    all_once(&shelf);
    let kept = shelf.kept.lock().unwrap();
    assert!(kept.articles.values().any(|article| article.updated_at > article.published_at));
    assert!(kept.articles.values().any(|article| article.title.contains('&')), "entities are decoded");
    assert!(kept.articles.keys().all(|id| !id.starts_with("money")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finnhubs_articles_come_once_through_faults_and_restarts() {
    let time = Time::new();
    let server = look_alikes(&time, no_limits()).await;
    let from = time.now().saturating_add_nanos(-DAY);
    let shelf = Arc::new(Memory { fails_every: 7, ..Memory::default() });
    let symbols = ["AAPL", "TSLA", "NVDA"].map(|text| Symbol::new(text).unwrap());
    let words = "NOT (office OR customers)".to_owned();
    let query = Query { words: words.clone(), sections: vec!["crypto".into()], symbols: symbols.to_vec() };
    for n in 0..30usize {
        let run = start(finnhub(&server, &time), &shelf, &query, &time);
        let mut bad_answers = vec![BadAnswer::Good; n % 5];
        bad_answers.push(BadAnswer::ALL[n % 4]);
        server.faults().apply(&Request { bad_answers, ..Request::default() }).unwrap();
        sleep(Duration::from_millis(5 + (n as u64 * 37) % 60)).await;
        end(run).await;
        time.pass(3);
    }
    server.faults().clear();
    let run = start(finnhub(&server, &time), &shelf, &query, &time);
    let words = signals::query::Query::parse(&words).unwrap();
    let market = server.market();
    let listed: Vec<u32> = symbols.iter().filter_map(|symbol| market.universe().index(symbol)).collect();
    let mut want = standing(&server, &time, from);
    // It tells of an article when it appears, and its edits only as long as the overlap.
    want.retain(|article| {
        let is_asked =
            article.category == "crypto" || listed.contains(&article.companies[0]) && !article.is_live;
        is_asked
            && article.version == 0
            && article.published_at >= from
            && words.matches(&article.title, &article.summary)
    });
    assert!(want.len() > 20, "{}", want.len());
    until_complete(&shelf, |kept| missing(kept, &want, |article| article.number.to_string())).await;
    end(run).await;
    all_once(&shelf);
    let kept = shelf.kept.lock().unwrap();
    assert!(kept.articles.values().any(|article| article.symbols == [symbols[0]]));
    assert!(!kept.articles.values().any(|article| article.title.contains("office")));
}

#[tokio::test]
async fn the_guardians_refusals_are_told_apart() {
    let time = Time::new();
    let strict = sim::guardian::Settings { calls_per_day: 4, calls_per_second: 100, ..Default::default() };
    let server = look_alikes(&time, strict).await;
    let query = Query { words: "shares".into(), ..Query::default() };
    let watermark = Watermark::starting_at(time.now().saturating_add_nanos(-DAY));
    let round = watermark.begin(Settings::default(), time.now());
    let ask = Ask { query: &query, round };
    let error = guardian(&server, &time, "wrong").page(ask).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Key, Retry::Never));
    assert!(!error.chain().contains("wrong"), "{}", error.chain());
    let paper = guardian(&server, &time, KEY);
    let batch = paper.page(ask).await.unwrap();
    assert!(!batch.articles.is_empty() && batch.total.unwrap() > 0);
    assert!(batch.articles.is_sorted_by(|a, b| a.updated_at >= b.updated_at));
    // A page beyond the last is the end, with fewer articles than there were.
    let mut beyond = watermark.clone();
    let all = signals::headline::Page { articles: &[], is_last: false, total: Some(100_000) };
    let signals::headline::Next::Page(second) = beyond.take(Settings::default(), round, all).next else {
        panic!("there is a second page")
    };
    let few = Query { words: "\"no article has these words\"".into(), ..Query::default() };
    let batch = paper.page(Ask { query: &few, round: second }).await.unwrap();
    assert_eq!((batch.is_last, batch.total, batch.articles.len()), (true, Some(50), 0));
    let bad = Query { words: "(".into(), ..Query::default() };
    assert_eq!(paper.page(Ask { query: &bad, round }).await.unwrap_err().kind(), ErrorKind::Settings);
    // The wrong key was not counted; the day's calls end.
    for _ in 0..2 {
        paper.page(ask).await.unwrap();
    }
    let error = paper.page(ask).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(error.retry(), Retry::After(Duration::from_secs(9 * 3_600)));
    let calls = paper.calls();
    assert_eq!((calls.used, calls.failed, calls.left), (5, 2, Some(0)));
    assert!(calls.resets_at.unwrap() > time.now());
    // A cut and garbage are what they are, and the key is in no text.
    for (bad, kind) in [
        (BadAnswer::Cut, ErrorKind::Network),
        (BadAnswer::Garbage, ErrorKind::Garbage),
        (BadAnswer::Unavailable, ErrorKind::Status(503)),
    ] {
        let server = look_alikes(&time, no_limits()).await;
        server.faults().apply(&Request { bad_answers: vec![bad], ..Request::default() }).unwrap();
        let error = guardian(&server, &time, KEY).page(ask).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(!format!("{error:?} {}", error.chain()).contains(KEY));
    }
}

#[tokio::test]
async fn no_error_has_the_key_in_it() {
    let settings = guardian::Settings {
        key: Secret::new("secretkey"),
        // Nobody listens there.
        url: "http://127.0.0.1:9".into(),
        ..guardian::Settings::default()
    };
    let shown = format!("{settings:?}");
    let time = Time::new();
    let paper = Guardian::new(settings, time.clock(), metrics()).unwrap();
    let round = Watermark::starting_at(time.now()).begin(Settings::default(), time.now());
    let error = paper.page(Ask { query: &Query::default(), round }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    for text in [error.chain(), format!("{error:?}"), format!("{paper:?}"), shown] {
        assert!(!text.contains("secretkey") && !text.contains("api-key"), "{text}");
    }
    let keyless = guardian::Settings::default();
    assert_eq!(Guardian::new(keyless, time.clock(), metrics()).unwrap_err().kind(), ErrorKind::Key);
}

#[tokio::test]
async fn the_guardian_is_asked_once_a_second_and_so_that_the_day_lasts() {
    let time = Time::new();
    let server = look_alikes(&time, sim::guardian::Settings::default()).await;
    let settings = guardian::Settings {
        key: Secret::new(KEY),
        url: server.guardian_url(),
        ..guardian::Settings::default()
    };
    let paper = Guardian::new(settings, time.clock(), metrics()).unwrap();
    let watermark = Watermark::starting_at(time.now().saturating_add_nanos(-DAY));
    let round = watermark.begin(Settings::default(), time.now());
    let began = Instant::now();
    for words in ["shares", "profit"] {
        paper.page(Ask { query: &Query { words: words.into(), ..Query::default() }, round }).await.unwrap();
        time.pass(1);
    }
    assert!(began.elapsed() > Duration::from_secs(1), "{:?}", began.elapsed());
    // Two streams, 500 calls.
    assert_eq!(paper.pace(), Duration::from_secs(2 * 86_400 / 500 + 1));
    assert_eq!(paper.calls().left, Some(498));
}

#[tokio::test]
async fn a_wrong_key_is_told_in_the_status_and_not_tried_again() {
    let time = Time::new();
    let server = look_alikes(&time, no_limits()).await;
    let shelf = Arc::new(Memory::default());
    let paper = guardian(&server, &time, "secretkey");
    let mut run = start(Arc::clone(&paper) as _, &shelf, &Query::default(), &time);
    run.status.wait_for(|status| status.state == StreamState::Failing).await.unwrap();
    sleep(Duration::from_millis(1_500)).await;
    let status = run.status.borrow().clone();
    let told = status.last_error.unwrap();
    assert!(told.contains("key") && !told.contains("secretkey"), "{told}");
    assert_eq!((status.errors, paper.calls().used), (1, 1));
    end(run).await;
}

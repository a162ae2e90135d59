//! Each version once, whatever fails: a provider and a shelf that fail anywhere, on a stopped clock.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use market::Timestamp;
use proptest::prelude::*;
use signals::headline::{Headline, HeadlineId};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::super::{Batch, Calls, Takes};
use super::*;
use crate::Retry;

const BEGIN: i64 = 1_700_000_000;
const PACE: Duration = Duration::from_secs(60);

fn second(count: i64) -> Timestamp {
    Timestamp::from_seconds(count).unwrap()
}

fn article(id: usize, version: u32, published: i64, updated: i64) -> Headline {
    Headline {
        source: "paper".into(),
        article: format!("a{id}"),
        title: format!("title {id} version {version}"),
        summary: String::new(),
        url: String::new(),
        published_at: second(published),
        updated_at: second(updated),
        symbols: vec![],
    }
}

/// Follows the runtime's clock, which the tests stop.
fn clock() -> Clock {
    let began = Instant::now();
    Arc::new(move || second(BEGIN).saturating_add_nanos(began.elapsed().as_nanos() as i64))
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Good,
    Fail,
    RetryAfter(u64),
    /// Kept, but said to have failed.
    KeptAndFail,
    Slow(u64),
}

fn any_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Good),
        2 => Just(Fate::Fail),
        1 => (1u64..400).prop_map(Fate::RetryAfter),
        1 => Just(Fate::KeptAndFail),
        1 => (1u64..90).prop_map(Fate::Slow),
    ]
}

struct Paper {
    clock: Clock,
    /// All versions that there will be, each with its time.
    versions: Vec<Headline>,
    size: usize,
    fates: Mutex<Vec<Fate>>,
    asked: Mutex<Vec<(String, Timestamp)>>,
}

impl Paper {
    fn new(versions: Vec<Headline>, size: usize, fates: Vec<Fate>) -> Arc<Self> {
        let asked = Mutex::default();
        Arc::new(Self { clock: clock(), versions, size, fates: Mutex::new(fates), asked })
    }

    /// What is listed now: of each article the newest version, newest first.
    fn listed(&self, round: Round) -> Vec<Headline> {
        let now = (self.clock)();
        let mut newest: BTreeMap<&str, &Headline> = BTreeMap::new();
        for version in self.versions.iter().filter(|version| version.updated_at <= now) {
            newest.insert(&version.article, version);
        }
        let in_span =
            |h: &Headline| h.updated_at >= round.from && round.to.is_none_or(|to| h.updated_at < to);
        let mut listed: Vec<Headline> = newest.into_values().filter(|h| in_span(h)).cloned().collect();
        listed.sort_by_key(|h| (h.updated_at, h.article.clone()));
        listed.reverse();
        listed
    }
}

impl Provider for Paper {
    fn takes(&self) -> Takes {
        Takes { words: true, sections: &[], symbols: false }
    }

    fn page<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Batch, FeedError>> {
        Box::pin(async move {
            let fate = self.fates.lock().unwrap().pop().unwrap_or(Fate::Good);
            self.asked.lock().unwrap().push((ask.query.words.clone(), (self.clock)()));
            match fate {
                Fate::Fail | Fate::KeptAndFail => return Err(FeedError::new(ErrorKind::Status(503), "503")),
                Fate::RetryAfter(seconds) => {
                    let retry = Retry::After(Duration::from_secs(seconds));
                    return Err(FeedError::new(ErrorKind::Limit, "429").retrying(retry));
                }
                Fate::Slow(seconds) => sleep(Duration::from_secs(seconds)).await,
                Fate::Good => {}
            }
            let listed = self.listed(ask.round);
            let begin = (ask.round.page as usize - 1) * self.size;
            let articles = listed.iter().skip(begin).take(self.size).cloned().collect();
            let is_last = begin + self.size >= listed.len();
            Ok(Batch { articles, is_last, total: Some(listed.len() as u64) })
        })
    }

    fn calls(&self) -> Calls {
        Calls::default()
    }

    fn pace(&self) -> Duration {
        PACE
    }
}

#[derive(Default)]
struct Kept {
    watermark: Option<Watermark>,
    versions: BTreeMap<(HeadlineId, String), u32>,
    fates: Vec<Fate>,
}

#[derive(Default)]
struct Cupboard(Mutex<Kept>);

impl Shelf for Cupboard {
    fn watermark(&self, _: i64) -> BoxFuture<'_, Result<Option<Watermark>, String>> {
        Box::pin(async {
            let mut kept = self.0.lock().unwrap();
            match kept.fates.pop() {
                Some(Fate::Fail) => Err("locked".to_owned()),
                _ => Ok(kept.watermark.clone()),
            }
        })
    }

    fn put(&self, _: i64, fresh: Vec<Headline>, watermark: Watermark) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let fate = self.0.lock().unwrap().fates.pop().unwrap_or(Fate::Good);
            if let Fate::Slow(seconds) = fate {
                sleep(Duration::from_secs(seconds)).await;
            }
            if fate == Fate::Fail {
                return Err("full".to_owned());
            }
            let mut kept = self.0.lock().unwrap();
            for article in fresh {
                *kept.versions.entry((article.id(), article.title)).or_default() += 1;
            }
            kept.watermark = Some(watermark);
            if fate == Fate::KeptAndFail { Err("the answer was lost".to_owned()) } else { Ok(()) }
        })
    }
}

struct Run {
    query: watch::Sender<Query>,
    status: watch::Receiver<StreamStatus>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

fn start(paper: &Arc<Paper>, shelf: &Arc<Cupboard>) -> Run {
    let (query, asked) = watch::channel(Query::default());
    let (told, status) = watch::channel(StreamStatus::default());
    let (stop, stopped) = oneshot::channel::<()>();
    let clock = Arc::clone(&paper.clock);
    let task = tokio::spawn(read_stream(
        Arc::clone(paper) as _,
        Arc::clone(shelf) as _,
        7,
        asked,
        told,
        clock,
        async {
            let _ = stopped.await;
        },
    ));
    Run { query, status, stop, task }
}

async fn end(run: Run) {
    let before = Instant::now();
    let _ = run.stop.send(());
    run.task.await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO, "it stops at once");
}

fn story(
    published: Vec<(i64, Vec<i64>)>,
    size: usize,
    fates: (Vec<Fate>, Vec<Fate>),
    restarts: Vec<u64>,
) -> Result<(), TestCaseError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut versions = Vec::new();
        for (id, (at, edits)) in published.iter().enumerate() {
            let mut updated = BEGIN + at;
            versions.push(article(id, 0, BEGIN + at, updated));
            for (number, later) in edits.iter().enumerate() {
                // A live blog may be edited within its second; then its time tells nothing.
                updated += later;
                versions.push(article(id, 1 + number as u32, BEGIN + at, updated));
            }
        }
        versions.sort_by_key(|version| version.updated_at);
        let paper = Paper::new(versions, size, fates.0);
        let shelf = Arc::new(Cupboard::default());
        shelf.0.lock().unwrap().fates = fates.1;
        for seconds in restarts {
            let run = start(&paper, &shelf);
            sleep(Duration::from_secs(seconds)).await;
            end(run).await;
        }
        // All has appeared by now, and nothing fails any more.
        sleep(Duration::from_secs(8_000)).await;
        paper.fates.lock().unwrap().clear();
        shelf.0.lock().unwrap().fates.clear();
        let run = start(&paper, &shelf);
        sleep(Duration::from_secs(600)).await;
        prop_assert_eq!(run.status.borrow().state, StreamState::Running);
        end(run).await;
        let kept = shelf.0.lock().unwrap();
        prop_assert!(kept.versions.values().all(|n| *n == 1), "twice: {:?}", kept.versions);
        let mut newest: BTreeMap<&str, &Headline> = BTreeMap::new();
        for version in &paper.versions {
            newest.insert(&version.article, version);
        }
        for article in newest.into_values() {
            let key = (article.id(), article.title.clone());
            prop_assert!(kept.versions.contains_key(&key), "missed {:?}", article);
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_version_is_kept_once(
        // From most of a day before the start (a shelf may fail for two hours), many in one second, some edited.
        published in prop::collection::vec(
            (prop_oneof![-78_000i64..0, 0i64..3, 0i64..3_000], prop::collection::vec(0i64..900, 0..4)), 0..25),
        size in 1usize..6,
        provider in prop::collection::vec(any_fate(), 0..40),
        shelf in prop::collection::vec(any_fate(), 0..40),
        restarts in prop::collection::vec(0u64..900, 0..8),
    ) {
        story(published, size, (provider, shelf), restarts)?;
    }
}

fn many(count: usize) -> Vec<Headline> {
    (0..count).map(|id| article(id, 0, BEGIN - 500, BEGIN - 500)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_first_start_begins_a_day_back() {
    let early = article(0, 0, BEGIN - 90_000, BEGIN - 90_000);
    let paper = Paper::new(vec![early, article(1, 0, BEGIN - 86_000, BEGIN - 86_000)], 50, vec![]);
    let shelf = Arc::new(Cupboard::default());
    let run = start(&paper, &shelf);
    sleep(Duration::from_secs(1)).await;
    let status = run.status.borrow().clone();
    assert_eq!((status.state, status.articles, status.errors), (StreamState::Running, 1, 0));
    assert_eq!(status.last_event, Some(second(BEGIN)));
    end(run).await;
}

#[tokio::test(start_paused = true)]
async fn asks_at_its_pace_and_at_once_by_a_new_query() {
    let paper = Paper::new(many(120), 50, vec![]);
    let run = start(&paper, &Arc::default());
    sleep(Duration::from_secs(150)).await;
    // Three pages, and one at each minute.
    assert_eq!(paper.asked.lock().unwrap().len(), 3 + 3 + 3);
    let words = |text: &str| Query { words: text.into(), ..Query::default() };
    run.query.send_replace(words("chips"));
    sleep(Duration::from_millis(1)).await;
    let asked = paper.asked.lock().unwrap().last().unwrap().clone();
    assert_eq!(asked, ("chips".to_owned(), second(BEGIN + 150)));
    // A call under way is given up for it.
    paper.fates.lock().unwrap().push(Fate::Slow(1_000));
    sleep(PACE).await;
    run.query.send_replace(words("crisps"));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(paper.asked.lock().unwrap().last().unwrap().0, "crisps");
    // Whoever gives queries may go; the stream goes on.
    let before = paper.asked.lock().unwrap().len();
    let Run { query, stop, task, .. } = run;
    drop(query);
    sleep(PACE * 3).await;
    assert_eq!(paper.asked.lock().unwrap().len(), before + 3 * 3);
    drop(stop);
    task.await.unwrap();
    assert_eq!(Arc::strong_count(&paper), 1, "nothing is left of it");
}

#[tokio::test(start_paused = true)]
async fn waits_as_long_as_it_is_told_and_longer_each_time() {
    let paper = Paper::new(many(10), 50, vec![Fate::Fail, Fate::Fail, Fate::RetryAfter(100), Fate::Fail]);
    let run = start(&paper, &Arc::default());
    sleep(Duration::from_secs(1_000)).await;
    let asked: Vec<i64> = paper.asked.lock().unwrap().iter().map(|(_, at)| at.seconds() - BEGIN).collect();
    let pauses: Vec<i64> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((5..=8).contains(&pauses[0]), "{pauses:?}");
    assert!((100..=150).contains(&pauses[1]), "{pauses:?}");
    assert!((20..=31).contains(&pauses[2]), "{pauses:?}");
    assert!((40..=61).contains(&pauses[3]), "{pauses:?}");
    assert!(pauses[4..].iter().all(|pause| *pause == 60), "{pauses:?}");
    let status = run.status.borrow().clone();
    assert_eq!((status.state, status.errors, status.articles), (StreamState::Running, 4, 10));
    assert_eq!(status.last_error.as_deref(), Some("503"));
    end(run).await;
}

/// Refuses every call.
struct Refuser(AtomicUsize);

impl Provider for Refuser {
    fn takes(&self) -> Takes {
        Takes { words: true, sections: &[], symbols: false }
    }

    fn page<'a>(&'a self, _: Ask<'a>) -> BoxFuture<'a, Result<Batch, FeedError>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Err(FeedError::new(ErrorKind::Key, "a wrong key")) })
    }

    fn calls(&self) -> Calls {
        Calls::default()
    }

    fn pace(&self) -> Duration {
        PACE
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_never_work_waits_for_a_change() {
    let refuser = Arc::new(Refuser(AtomicUsize::new(0)));
    let (query, asked) = watch::channel(Query::default());
    let (told, status) = watch::channel(StreamStatus::default());
    let reading = read_stream(
        Arc::clone(&refuser) as _,
        Arc::new(Cupboard::default()),
        1,
        asked,
        told,
        clock(),
        std::future::pending(),
    );
    let task = tokio::spawn(reading);
    sleep(Duration::from_secs(100_000)).await;
    assert_eq!(refuser.0.load(Ordering::SeqCst), 1);
    assert_eq!(status.borrow().state, StreamState::Failing);
    query.send_modify(|query| query.words = "x".into());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(refuser.0.load(Ordering::SeqCst), 2);
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_span_that_never_holds_still_is_read_nevertheless() {
    /// Says of every page but the first that there are fewer.
    struct Shrinking;
    impl Provider for Shrinking {
        fn takes(&self) -> Takes {
            Takes { words: true, sections: &[], symbols: false }
        }
        fn page<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Batch, FeedError>> {
            let page = ask.round.page;
            let articles = vec![article(page as usize, 0, BEGIN, BEGIN)];
            Box::pin(
                async move { Ok(Batch { articles, is_last: page == 3, total: Some(100 - u64::from(page)) }) },
            )
        }
        fn calls(&self) -> Calls {
            Calls::default()
        }
        fn pace(&self) -> Duration {
            PACE
        }
    }
    let (_query, asked) = watch::channel(Query::default());
    let (told, status) = watch::channel(StreamStatus::default());
    let stop = sleep(Duration::from_secs(120));
    let reading =
        read_stream(Arc::new(Shrinking), Arc::new(Cupboard::default()), 1, asked, told, clock(), stop);
    assert!(timeout(Duration::from_secs(121), reading).await.is_ok());
    assert_eq!(status.borrow().articles, 3);
}

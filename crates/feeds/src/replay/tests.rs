//! Replays of small files; the real day when it is at hand.

use std::io::Write;

use market::{Hours, Instrument, Kind};
use prometheus_client::registry::Registry;

use super::*;
use crate::Metrics;

const FILE: &str = "time,exchange,symbol,conditions,size,price,correction\n\
    2018-01-02T10:00:00,P,X,T,2,10,0\n\
    2018-01-02T10:00:10,P,NOSUCH,T,2,10,0\n\
    2018-01-02T10:00:20,P,X,,2,11,8\n\
    garbage\n\
    2018-01-02T10:01:00,P,X,,3,12.5,1\n";

fn universe() -> Arc<Universe> {
    let mut universe = Universe::new();
    universe.refresh([Instrument {
        symbol: Symbol::new("X").unwrap(),
        name: String::new(),
        exchange: String::new(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours: Hours::UsEquity,
        activity: 0,
    }]);
    Arc::new(universe)
}

struct Rig {
    replay: Replay,
    events: mpsc::Receiver<Vec<MarketEvent>>,
    status: watch::Receiver<FeedStatus>,
    metrics: FeedMetrics,
    _file: tempfile::NamedTempFile,
}

fn rig(text: &str, speed: Speed, times: Times, looping: bool) -> Rig {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let settings = Settings { path: file.path().to_owned(), speed, times, looping };
    let (events_tx, events) = mpsc::channel(2);
    let (status_tx, status) = watch::channel(initial_status("past"));
    let (_, universe) = watch::channel(universe());
    let links = Links { universe, events: events_tx, status: status_tx };
    let metrics = Metrics::register(&mut Registry::default()).feed("past");
    let clock: Clock = Arc::new(|| Timestamp::from_nanos(1_700_000_000_000_000_000));
    Rig { replay: Replay::new(settings, links, clock, metrics.clone()), events, status, metrics, _file: file }
}

async fn trades(events: &mut mpsc::Receiver<Vec<MarketEvent>>, n: usize) -> Vec<String> {
    let mut shown = Vec::new();
    while shown.len() < n {
        let Some(batch) = events.recv().await else { break };
        for event in batch {
            let MarketEvent::Trade(t) = event else { panic!("only trades") };
            shown.push(format!("{} {} {} x {} #{}", t.symbol.0, t.ts_event, t.price, t.size, t.seq));
        }
    }
    shown
}

#[tokio::test]
async fn plays_what_counts_and_says_it_ended() {
    let mut rig = rig(FILE, Speed::Max, Times::Kept, false);
    let task = tokio::spawn(rig.replay.run(std::future::pending()));
    let shown = trades(&mut rig.events, 9).await;
    assert_eq!(shown, ["0 2018-01-02T10:00:00Z 10 x 2 #1", "0 2018-01-02T10:01:00Z 12.5 x 3 #5"]);
    task.await.unwrap();
    let status = rig.status.borrow().clone();
    assert_eq!((status.state, status.detail.as_deref()), (FeedState::Down, Some("the file has ended")));
    assert_eq!(status.subscribed, [SymbolId(0)]);
    assert_eq!((rig.metrics.skipped(Skip::Symbol), rig.metrics.skipped(Skip::Malformed)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn keeps_the_pace_it_is_told() {
    let mut rig = rig(FILE, Speed::Thousandths(10_000), Times::Now, false);
    let began = Instant::now();
    tokio::spawn(rig.replay.run(std::future::pending()));
    let shown = trades(&mut rig.events, 2).await;
    assert_eq!(began.elapsed().as_secs(), 6);
    assert_eq!(shown, ["0 2023-11-14T22:13:20Z 10 x 2 #1", "0 2023-11-14T22:13:26Z 12.5 x 3 #5"]);
}

#[tokio::test]
async fn loops_a_day_later_with_numbers_of_its_own_until_stopped() {
    let mut rig = rig(FILE, Speed::Max, Times::Kept, true);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(rig.replay.run(async {
        let _ = stopped.await;
    }));
    let shown = trades(&mut rig.events, 4).await;
    assert_eq!(shown[2..4], ["0 2018-01-03T10:00:00Z 10 x 2 #6", "0 2018-01-03T10:01:00Z 12.5 x 3 #10"]);
    stop.send(()).unwrap();
    task.await.unwrap();
    assert_eq!(rig.status.borrow().detail.as_deref(), Some("stopped"));
}

#[tokio::test]
async fn an_unreadable_or_empty_file_says_so() {
    for (text, looping) in [("a,b\n", false), ("time,symbol,conditions,size,price,correction\n", true)] {
        let rig = rig(text, Speed::Max, Times::Kept, looping);
        rig.replay.run(std::future::pending()).await;
        assert_eq!(rig.status.borrow().state, FeedState::Down);
        assert!(rig.status.borrow().detail.as_ref().unwrap().contains("replay"));
    }
}

/// The publisher's day lies beside the repository, not in it.
#[test]
fn reads_the_real_day_whole() {
    let name = "shared/data/taq-trades-2018-01-02.csv.gz";
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(path) = here.ancestors().map(|at| at.join(name)).find(|path| path.exists()) else {
        eprintln!("skipped: no {name} above {}", here.display());
        return;
    };
    let rows: Vec<Row> = TradeFile::open(&path).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 39_462);
    assert_eq!(rows.last().unwrap().number, 39_462);
    assert!(rows.iter().filter(|r| r.counts()).count() > 39_000);
    assert_eq!(symbols(path).unwrap(), [Symbol::new("XXX").unwrap()]);
}

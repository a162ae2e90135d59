use super::*;
use crate::market::MarketConfig;
use std::sync::atomic::{AtomicI64, Ordering};

/// 2026-11-20T20:00:00Z.
const START_MILLIS: i64 = 1_795_204_800_000;

struct Rig {
    clock: Arc<AtomicI64>,
    interest: watch::Sender<Arc<Vec<SymbolId>>>,
    events: mpsc::Receiver<Vec<MarketEvent>>,
    status: watch::Receiver<FeedStatus>,
    task: tokio::task::JoinHandle<()>,
}

impl Rig {
    fn new() -> Self {
        let market = Arc::new(Market::new(MarketConfig { rate: 500_000, ..MarketConfig::default() }));
        // Elsewhere the listings have other numbers, and the third is not known at all.
        let ids = (0..market.universe().listings().len() as u32)
            .map(|at| (at != 2).then_some(SymbolId(at + 1_000)))
            .collect();
        let clock = Arc::new(AtomicI64::new(START_MILLIS));
        let (interest, interest_rx) = watch::channel(Arc::default());
        let (events_tx, events) = mpsc::channel(4);
        let (status_tx, status) = watch::channel(FeedStatus {
            name: String::new(),
            source: String::new(),
            state: FeedState::Connecting,
            timeliness: Timeliness::Simulated,
            detail: None,
            subscribed: Vec::new(),
            waiting: Vec::new(),
            symbol_limit: None,
            last_event: None,
            delay_ms: None,
            reconnects: 0,
        });
        let time = Arc::clone(&clock);
        let now = move || Timestamp::from_millis(time.load(Ordering::Relaxed)).unwrap();
        let task = tokio::spawn(run(market, Arc::new(Ids::new(ids)), interest_rx, events_tx, status_tx, now));
        Self { clock, interest, events, status, task }
    }

    fn want(&self, symbols: &[u32]) {
        self.interest.send_replace(Arc::new(symbols.iter().map(|s| SymbolId(*s)).collect()));
    }

    /// What comes while the clock goes on by so many milliseconds.
    async fn pass(&mut self, millis: i64) -> Vec<MarketEvent> {
        let mut got = Vec::new();
        for _ in 0..millis / 20 {
            self.clock.fetch_add(20, Ordering::Relaxed);
            tokio::time::sleep(EVERY).await;
            while let Ok(batch) = self.events.try_recv() {
                assert!(!batch.is_empty());
                got.extend(batch);
            }
        }
        got
    }
}

#[tokio::test(start_paused = true)]
async fn sends_what_is_wanted_after_its_reference() {
    let mut rig = Rig::new();
    assert_eq!(rig.pass(500).await, []);
    rig.want(&[1_000, 1_001, 1_002, 7]);
    let events = rig.pass(3_000).await;
    for id in [1_000, 1_001] {
        let mut of_symbol = events.iter().filter(|e| e.symbol() == Some(SymbolId(id)));
        assert!(matches!(of_symbol.next(), Some(MarketEvent::Reference(r)) if r.last.is_some()));
        assert!(of_symbol.clone().count() > 10);
        assert!(of_symbol.all(|e| !matches!(e, MarketEvent::Reference(_))));
    }
    assert!(events.iter().all(|e| matches!(e.symbol(), Some(SymbolId(1_000 | 1_001)))));
    assert_eq!(rig.status.borrow().subscribed, [SymbolId(1_000), SymbolId(1_001)]);
    rig.want(&[1_001]);
    rig.pass(40).await;
    assert!(rig.pass(2_000).await.iter().all(|e| e.symbol() == Some(SymbolId(1_001))));
    // Coming back begins with a reference again.
    rig.want(&[1_000, 1_001]);
    let events = rig.pass(1_000).await;
    assert!(matches!(
        events.iter().find(|e| e.symbol() == Some(SymbolId(1_000))),
        Some(MarketEvent::Reference(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn tells_the_gap_after_a_stall() {
    let mut rig = Rig::new();
    rig.want(&[1_000]);
    rig.pass(200).await;
    rig.clock.fetch_add(60_000, Ordering::Relaxed);
    let events = rig.pass(100).await;
    let gap = events
        .iter()
        .find_map(|e| if let MarketEvent::Gap { from, to, .. } = e { Some((*from, *to)) } else { None });
    let (from, to) = gap.unwrap();
    assert!((54_000..56_000).contains(&to.millis_since(from)));
}

#[tokio::test(start_paused = true)]
async fn refers_again_on_a_new_day() {
    let mut rig = Rig::new();
    rig.want(&[1_000]);
    rig.pass(100).await;
    rig.clock.fetch_add(10 * 3_600_000, Ordering::Relaxed);
    let events = rig.pass(100).await;
    assert!(events.iter().any(|e| matches!(e, MarketEvent::Reference(_))));
}

#[tokio::test(start_paused = true)]
async fn ends_when_a_channel_closes() {
    let rig = Rig::new();
    drop(rig.events);
    rig.task.await.unwrap();
    let rig = Rig::new();
    drop(rig.interest);
    rig.task.await.unwrap();
}

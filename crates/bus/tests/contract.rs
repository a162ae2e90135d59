//! What a bus promises, tried on both kinds: the same tests, told which to make.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bus::{
    Answer, Bus, BusError, EventBatch, EventReader, InterestReport, LocalBus, LocalConfig, LogError,
    LogPosition, LogStart, NatsBus, NatsConfig, Question, Refusal,
};
use market::feed::Timeliness;
use market::{
    Bar, Card, FeedState, FeedStatus, HistoryRequest, Interval, MarketEvent, Price, SessionFilter, Symbol,
    SymbolId, Timestamp, Universe, Volume,
};
use support::{LONG, NatsServer, SYMBOLS, batch, instrument, nats_config, soon, trade, universe};

/// A bus, as the feeds role and as the server role see it.
struct Pair {
    feeds: Bus,
    server: Bus,
    nats: Option<NatsServer>,
}

#[derive(Clone, Copy, PartialEq)]
enum Make {
    Local,
    Nats,
}

impl Make {
    async fn pair(self) -> Pair {
        let pair = match self {
            Self::Local => {
                let config =
                    LocalConfig { status_lease: Duration::from_millis(400), ..LocalConfig::default() };
                let bus = Bus::Local(LocalBus::new(config));
                Pair { feeds: bus.clone(), server: bus, nats: None }
            }
            Self::Nats => {
                let nats = NatsServer::start().await;
                let (feeds, server) = (feeds_bus(&nats).await, server_bus(&nats, "server-1").await);
                Pair { feeds, server, nats: Some(nats) }
            }
        };
        pair.feeds.publish_universe(universe()).await.unwrap();
        pair
    }
}

async fn feeds_bus(nats: &NatsServer) -> Bus {
    let config = NatsConfig { owns_universe: true, ..nats_config(&nats.url(), "feeds-1") };
    Bus::Nats(NatsBus::connect(config).await.unwrap())
}

async fn server_bus(nats: &NatsServer, instance: &str) -> Bus {
    // The server has met these symbols before in another order, so its ids are others.
    let mut known = Universe::new();
    known.refresh(["ZZZ", SYMBOLS[3], SYMBOLS[0]].map(instrument));
    let config = NatsConfig { universe: Arc::new(known), ..nats_config(&nats.url(), instance) };
    Bus::Nats(NatsBus::connect(config).await.unwrap())
}

macro_rules! contract {
    ($($name:ident)+) => {
        mod local {
            $(#[tokio::test] async fn $name() { super::$name(super::Make::Local).await })+
        }
        mod nats {
            $(#[tokio::test] async fn $name() { super::$name(super::Make::Nats).await })+
        }
    };
}

contract! {
    events_of_a_feed_arrive_in_order_at_every_reader
    every_kind_of_event_arrives_as_it_was
    a_slow_reader_loses_nothing
    reading_goes_on_at_a_position
    interest_arrives_and_runs_out
    statuses_arrive_and_go_down_when_silent
    the_universe_reaches_a_late_comer
    what_is_listed_no_longer_is_found_no_longer
    questions_are_answered_once
    a_closed_bus_says_so
}

/// What a reader saw: sequences by symbol, checked to have no hole and no turn.
#[derive(Default)]
struct Seen {
    next: HashMap<String, u64>,
    n: usize,
}

impl Seen {
    fn take(&mut self, bus: &Bus, batch: &EventBatch) {
        let universe = bus.universe().borrow().clone();
        for event in &batch.events {
            let MarketEvent::Trade(trade) = event else { panic!("{event:?}") };
            let symbol = universe.symbol(trade.symbol).unwrap().to_string();
            let next = self.next.entry(symbol.clone()).or_default();
            assert_eq!(trade.seq, *next, "order of {symbol}");
            *next += 1;
            self.n += 1;
        }
    }
}

async fn next(reader: &mut EventReader) -> (LogPosition, Arc<EventBatch>) {
    soon("an event is read", reader.next()).await.unwrap()
}

async fn read(bus: &Bus, reader: &mut EventReader, n: usize) -> (Seen, LogPosition) {
    let mut seen = Seen::default();
    loop {
        let (position, batch) = next(reader).await;
        seen.take(bus, &batch);
        if seen.n >= n {
            assert_eq!(seen.n, n);
            return (seen, position);
        }
    }
}

async fn events_of_a_feed_arrive_in_order_at_every_reader(make: Make) {
    let pair = make.pair().await;
    let mut readers = Vec::new();
    for bus in [&pair.server, &pair.server, &pair.feeds] {
        readers.push((bus.clone(), bus.events(LogStart::New).await.unwrap()));
    }
    let n = 600 * SYMBOLS.len();
    let readers: Vec<_> = readers
        .into_iter()
        .map(|(bus, mut reader)| tokio::spawn(async move { read(&bus, &mut reader, n).await.0 }))
        .collect();
    for at in 0..200 {
        pair.feeds.publish_events(batch(at * 3, at * 3 + 3)).await.unwrap();
    }
    pair.feeds.flush().await.unwrap();
    for reader in readers {
        let seen = soon("a reader gets everything", reader).await.unwrap();
        assert_eq!(seen.next.len(), SYMBOLS.len());
        assert!(SYMBOLS.iter().all(|s| seen.next[*s] == 600));
    }
}

async fn every_kind_of_event_arrives_as_it_was(make: Make) {
    let pair = make.pair().await;
    let mut reader = pair.feeds.events(LogStart::New).await.unwrap();
    let MarketEvent::Trade(one) = trade(2, 5) else { unreachable!() };
    let events = vec![
        trade(1, 1),
        MarketEvent::Cancel { symbol: SymbolId(1), original: one.key(), ts_recv: one.ts_recv },
        MarketEvent::Correction { original: one.key(), replacement: one },
        MarketEvent::Reference(Box::new(market::event::Reference {
            symbol: SymbolId(3),
            ts_event: one.ts_event,
            previous_close: Some(one.price),
            open: None,
            high: None,
            low: None,
            last: None,
            volume: Some(Volume::from_units(1 << 100)),
        })),
        MarketEvent::Gap {
            symbols: vec![SymbolId(4), SymbolId(5)],
            from: Timestamp::EPOCH,
            to: Timestamp::MAX,
        },
        MarketEvent::Gap { symbols: vec![], from: Timestamp::MIN, to: Timestamp::EPOCH },
    ];
    let batch = EventBatch { feed: "the feed: no. 1".into(), events };
    pair.feeds.publish_events(batch.clone()).await.unwrap();
    assert_eq!(*next(&mut reader).await.1, batch);
}

async fn a_slow_reader_loses_nothing(make: Make) {
    let pair = make.pair().await;
    let mut slow = pair.server.events(LogStart::New).await.unwrap();
    // Three times what the log in process holds for a reader; in process the publisher must wait.
    let n_batches = 3 * 65_536 / (100 * SYMBOLS.len() as u64);
    let feeds = pair.feeds.clone();
    let publisher = tokio::spawn(async move {
        for at in 0..n_batches {
            feeds.publish_events(batch(at * 100, at * 100 + 100)).await.unwrap();
        }
        feeds.flush().await.unwrap();
    });
    if make == Make::Nats {
        // The log itself holds what the reader has not read.
        soon("the publisher is done without the reader", publisher).await.unwrap();
    } else {
        tokio::task::yield_now().await;
        assert!(!publisher.is_finished(), "the publisher waits for the reader");
    }
    let (seen, _) = read(&pair.server, &mut slow, n_batches as usize * 100 * SYMBOLS.len()).await;
    assert!(seen.next.values().all(|n| *n == n_batches * 100));
}

async fn reading_goes_on_at_a_position(make: Make) {
    let pair = make.pair().await;
    let mut first = pair.server.events(LogStart::New).await.unwrap();
    for at in 0..50 {
        pair.feeds.publish_events(batch(at, at + 1)).await.unwrap();
    }
    pair.feeds.flush().await.unwrap();
    let mut after_ten = None;
    for at in 0..50 {
        let (position, read) = next(&mut first).await;
        assert_eq!(read.events.len(), SYMBOLS.len());
        if at == 9 {
            after_ten = Some(LogPosition::from_bytes(&position.to_bytes()).unwrap());
        }
    }
    let mut second = pair.server.events(LogStart::At(after_ten.unwrap())).await.unwrap();
    for at in 10..50 {
        let (_, read) = next(&mut second).await;
        let MarketEvent::Trade(trade) = &read.events[0] else { panic!() };
        assert_eq!(trade.seq, at);
    }
    let mut oldest = pair.server.events(LogStart::Oldest).await.unwrap();
    assert!(matches!(&next(&mut oldest).await.1.events[0], MarketEvent::Trade(t) if t.seq == 0));
}

fn interest(instance: &str, full: bool, lease: Duration, counts: &[(&str, u32)]) -> InterestReport {
    let mut counts: Vec<_> = counts.iter().map(|(s, n)| (Symbol::new(s).unwrap(), *n)).collect();
    counts.sort();
    InterestReport { instance: instance.into(), full, lease, counts, paused: vec![] }
}

async fn interest_arrives_and_runs_out(make: Make) {
    let pair = make.pair().await;
    let early =
        interest("server-1", true, LONG, &[("BRK.B", 2), ("BINANCE:BTCUSDT", 1), ("IC MARKETS:1", 9)]);
    pair.server.report_interest(early.clone()).await.unwrap();
    // A reader that comes later asks, and hears what was said before.
    let mut reader = pair.feeds.interest_reports().await.unwrap();
    let mut heard = soon("interest is heard", reader.next()).await.unwrap();
    heard.counts.sort();
    assert_eq!((heard.full, heard.counts), (true, early.counts));
    let delta = interest("server-1", false, Duration::from_millis(150), &[("BRK.B", 0), ("AAPL", 1)]);
    pair.server.report_interest(delta.clone()).await.unwrap();
    let heard = soon("a change is heard", async {
        loop {
            // The answer to the question above may come twice.
            let heard = reader.next().await.unwrap();
            if !heard.full {
                return heard;
            }
        }
    });
    assert_eq!(heard.await, delta);
    // The answer to the question may also come now, a second time: full, and with counts.
    let expired = soon("the lease runs out", async {
        loop {
            let heard = reader.next().await.unwrap();
            if heard.counts.is_empty() {
                return heard;
            }
        }
    });
    assert_eq!(expired.await, interest("server-1", true, Duration::ZERO, &[]));
    let again = interest("server-1", true, LONG, &[("AAPL", 1)]);
    pair.server.report_interest(again.clone()).await.unwrap();
    assert_eq!(soon("it comes back", reader.next()).await.unwrap(), again);
}

fn status(universe: &Universe, state: FeedState) -> FeedStatus {
    FeedStatus {
        name: "main".into(),
        source: "sim".into(),
        state,
        timeliness: Timeliness::Simulated,
        detail: None,
        subscribed: universe.id(&Symbol::new("BRK.B").unwrap()).into_iter().collect(),
        waiting: universe.id(&Symbol::new("BINANCE:BTCUSDT").unwrap()).into_iter().collect(),
        symbol_limit: Some(50),
        last_event: Some(Timestamp::from_nanos(7)),
        delay_ms: Some(3),
        reconnects: 1,
    }
}

async fn statuses_arrive_and_go_down_when_silent(make: Make) {
    let pair = make.pair().await;
    let mut followed = pair.server.universe();
    soon("the universe arrives", followed.wait_for(|u| u.len() >= SYMBOLS.len())).await.unwrap();
    let mut statuses = pair.server.statuses();
    let theirs = pair.feeds.universe().borrow().clone();
    pair.feeds.publish_status(status(&theirs, FeedState::Up)).await.unwrap();
    let seen = soon("a status arrives", statuses.wait_for(|s| s.contains_key("main"))).await.unwrap().clone();
    let ours = pair.server.universe().borrow().clone();
    assert_eq!(seen["main"], status(&ours, FeedState::Up));
    let down = statuses.wait_for(|s| s["main"].state == FeedState::Down);
    assert!(soon("its silence shows", down).await.unwrap()["main"].detail.is_some());
    pair.feeds.publish_status(status(&theirs, FeedState::Silent)).await.unwrap();
    soon("it comes back", statuses.wait_for(|s| s["main"].state == FeedState::Silent)).await.unwrap();
}

async fn the_universe_reaches_a_late_comer(make: Make) {
    let pair = make.pair().await;
    // Also the very first list in an empty stream, which tidying up behind it once removed.
    if let Some(nats) = &pair.nats {
        let first = server_bus(nats, "first").await;
        let mut universe = first.universe();
        soon("the first universe arrives", universe.wait_for(|u| u.len() > SYMBOLS.len())).await.unwrap();
    }
    let mut large = Universe::clone(&universe());
    large.refresh((0..26_000).map(|n| instrument(&format!("T{n}.X:{n}"))));
    pair.feeds.publish_universe(Arc::new(large.clone())).await.unwrap();
    let (late, known_before) = match &pair.nats {
        None => (pair.server.clone(), None),
        Some(nats) => (server_bus(nats, "late").await, Symbol::new("ZZZ").ok()),
    };
    let mut universe = late.universe();
    let merged =
        soon("the universe arrives", universe.wait_for(|u| u.len() >= large.len())).await.unwrap().clone();
    for (_, wanted) in large.iter() {
        assert_eq!(merged.get(merged.id(&wanted.symbol).unwrap()), Some(wanted));
    }
    if let Some(known) = known_before {
        assert_eq!(merged.id(&known), Some(SymbolId(0)), "ids stay");
        assert!(matches!(late.publish_universe(merged).await, Err(BusError::NotTheOwner)));
        let moved = Arc::new(Universe::new());
        assert!(matches!(pair.feeds.publish_universe(moved).await, Err(BusError::UniverseMoved)));
    }
}

async fn what_is_listed_no_longer_is_found_no_longer(make: Make) {
    let pair = make.pair().await;
    let old = Symbol::new("OLD.CO").unwrap();
    let mut listed = Universe::clone(&universe());
    listed.refresh([instrument("OLD.CO")]);
    pair.feeds.publish_universe(Arc::new(listed.clone())).await.unwrap();
    let mut followed = pair.server.universe();
    let met = soon("it is met", followed.wait_for(|u| u.id(&old).is_some())).await.unwrap().id(&old);
    let owners = listed.id(&old).unwrap();
    listed.retire(&[owners]);
    pair.feeds.publish_universe(Arc::new(listed.clone())).await.unwrap();
    let after = soon("it goes", followed.wait_for(|u| u.id(&old).is_none())).await.unwrap().clone();
    assert_eq!(after.symbol(met.unwrap()), Some(old), "its id is nobody else's");
    // What the follower knows from elsewhere is not this publisher's to end.
    assert_eq!(after.len(), SYMBOLS.len() + usize::from(pair.nats.is_some()));
    listed.refresh([instrument("OLD.CO")]);
    pair.feeds.publish_universe(Arc::new(listed)).await.unwrap();
    let back = soon("it returns", followed.wait_for(|u| u.id(&old).is_some())).await.unwrap().id(&old);
    assert_eq!(back, met);
}

async fn questions_are_answered_once(make: Make) {
    let pair = make.pair().await;
    let symbol = Symbol::new("BRK.B").unwrap();
    assert!(matches!(pair.server.card(symbol).await, Err(BusError::NobodyAnswers)));
    let card = Card {
        symbol,
        week_52_high: Some(Price::from_units(1)),
        week_52_low: None,
        market_cap: Some(Volume::from_units(10i128.pow(24))),
        pe_ratio: None,
        shares_outstanding: None,
        as_of: Timestamp::EPOCH,
        source: "sim".into(),
    };
    let bar = Bar {
        start: Timestamp::EPOCH,
        open: Price::from_units(1),
        high: Price::from_units(4),
        low: Price::from_units(1),
        close: Price::from_units(2),
        volume: Volume::from_units(1 << 90),
        trades: 3,
        vwap_micros: 5,
    };
    let mut questions = pair.feeds.questions().await.unwrap();
    let known = card.clone();
    tokio::spawn(async move {
        while let Some(asked) = questions.next().await {
            let answer = match asked.question {
                Question::Card(s) if s == symbol => Answer::Card(Box::new(known.clone())),
                Question::Card(_) => Answer::Refused(Refusal::NotAvailable),
                Question::History(_) => Answer::Bars(vec![bar; 20_000]),
            };
            asked.answer(answer).await;
        }
    });
    // Over NATS the server learns a moment later that somebody listens.
    let answered = soon("the card is answered", async {
        loop {
            match pair.server.card(symbol).await {
                Err(BusError::NobodyAnswers) => tokio::task::yield_now().await,
                other => return other.unwrap(),
            }
        }
    });
    assert_eq!(answered.await, Ok(card));
    let other = Symbol::new("AAPL").unwrap();
    assert_eq!(soon("a refusal", pair.server.card(other)).await.unwrap(), Err(Refusal::NotAvailable));
    let request = HistoryRequest {
        symbol,
        interval: Interval::M1,
        session: SessionFilter::All,
        from: Timestamp::EPOCH,
        to: Timestamp::MAX,
    };
    assert_eq!(soon("bars", pair.server.history(request)).await.unwrap(), Ok(vec![bar; 20_000]));
}

async fn a_closed_bus_says_so(make: Make) {
    let pair = make.pair().await;
    let mut reader = pair.feeds.events(LogStart::New).await.unwrap();
    pair.feeds.publish_events(batch(0, 1)).await.unwrap();
    next(&mut reader).await;
    soon("it closes", pair.feeds.close()).await.unwrap();
    assert!(matches!(soon("the reader ends", reader.next()).await, Err(LogError::Closed)));
}

mod killed {
    //! The server dies and comes back. NATS only: in process there is no server to lose.

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_of_the_log_is_lost_or_turned_while_the_server_dies_again_and_again() {
        let mut pair = Make::Nats.pair().await;
        let n_batches = 1_500;
        let n = n_batches as usize * 2 * SYMBOLS.len();
        let mut readers = Vec::new();
        for bus in [&pair.server, &pair.feeds] {
            let mut reader = bus.events(LogStart::New).await.unwrap();
            let bus = bus.clone();
            readers.push(tokio::spawn(async move { read(&bus, &mut reader, n).await.0 }));
        }
        let (feeds, (progress, mut published)) = (pair.feeds.clone(), tokio::sync::watch::channel(0));
        let publisher = tokio::spawn(async move {
            for at in 0..n_batches {
                feeds.publish_events(batch(at * 2, at * 2 + 2)).await.unwrap();
                progress.send_replace(at);
                // A pace at which there is traffic whenever the server dies.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            feeds.flush().await.unwrap();
        });
        let nats = pair.nats.as_mut().unwrap();
        for death in [200, 500, 510, 900] {
            soon("traffic goes on", published.wait_for(|at| *at >= death)).await.unwrap();
            nats.kill();
            let absent = death + 100;
            soon("publishing goes on without it", published.wait_for(|at| *at >= absent)).await.unwrap();
            nats.start_again().await;
        }
        soon("all is stored", publisher).await.unwrap();
        for reader in readers {
            let seen = soon("a reader gets everything", reader).await.unwrap();
            assert!(seen.next.values().all(|next| *next == n_batches * 2));
        }
        // What is stored is what was published, for one who reads it all again.
        let mut again = pair.server.events(LogStart::Oldest).await.unwrap();
        read(&pair.server, &mut again, n).await;
    }

    #[tokio::test]
    async fn live_values_flow_again_and_interest_and_status_are_said_again() {
        let mut pair = Make::Nats.pair().await;
        let mut followed = pair.server.universe();
        soon("the universe arrives", followed.wait_for(|u| u.len() >= SYMBOLS.len())).await.unwrap();
        let mut live = pair.server.live();
        let watched = ["BRK.B", "IC MARKETS:1", "BINANCE:BTCUSDT", "AAPL"].map(|s| Symbol::new(s).unwrap());
        live.watch(&watched).await.unwrap();
        live.unwatch(&watched[3..]);
        let mut statuses = pair.server.statuses();
        let mut reports = pair.feeds.interest_reports().await.unwrap();
        let theirs = pair.feeds.universe().borrow().clone();
        let ours = followed.borrow().clone();
        for round in 0..2u64 {
            if round > 0 {
                let nats = pair.nats.as_mut().unwrap();
                nats.kill();
                nats.start_again().await;
            }
            pair.server.report_interest(interest("server-1", true, LONG, &[("AAPL", 1)])).await.unwrap();
            let heard = soon("interest is heard", reports.next()).await.unwrap();
            assert_eq!(heard.counts, interest("", true, LONG, &[("AAPL", 1)]).counts);
            // A status may be lost too, and one that came may run out before this task looks: a feed says it again.
            soon("status", async {
                loop {
                    pair.feeds.publish_status(status(&theirs, FeedState::Up)).await.unwrap();
                    let up = statuses.wait_for(|s| s.get("main").is_some_and(|s| s.state == FeedState::Up));
                    if tokio::time::timeout(Duration::from_millis(100), up).await.is_ok() {
                        break;
                    }
                }
            })
            .await;
            // Live values may be lost, so they are published until each symbol's came.
            let mut missing = watched[..3].to_vec();
            soon("live values flow", async {
                let mut seq = round * 1_000_000;
                while !missing.is_empty() {
                    pair.feeds.publish_events(batch(seq, seq + 1)).await.unwrap();
                    seq += 1;
                    let wait = tokio::time::timeout(Duration::from_millis(50), live.next());
                    let Ok(batch) = wait.await else { continue };
                    let symbol = ours.symbol(batch.events[0].symbol().unwrap()).unwrap();
                    assert_ne!(symbol, watched[3], "AAPL is watched no longer");
                    missing.retain(|s| *s != symbol);
                }
            })
            .await;
            if round == 0 {
                let down = statuses.wait_for(|s| s["main"].state == FeedState::Down);
                soon("the status runs out", down).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_publisher_waits_when_its_buffer_is_full_and_loses_nothing() {
        let mut nats = NatsServer::start().await;
        let config = NatsConfig {
            owns_universe: true,
            buffer_bytes: 64 * 1024,
            ..nats_config(&nats.url(), "feeds-1")
        };
        let nats_bus = NatsBus::connect(config).await.unwrap();
        let feeds = Bus::Nats(nats_bus.clone());
        feeds.publish_universe(universe()).await.unwrap();
        let mut reader = feeds.events(LogStart::New).await.unwrap();
        nats.kill();
        let (publishing, (progress, mut published)) = (feeds.clone(), tokio::sync::watch::channel(0));
        let publisher = tokio::spawn(async move {
            for at in 0..2_000 {
                publishing.publish_events(batch(at, at + 1)).await.unwrap();
                progress.send_replace(at);
            }
        });
        // It stops when nothing moves for a while.
        let mut at = 0;
        while tokio::time::timeout(Duration::from_millis(300), published.changed()).await.is_ok() {
            at = *published.borrow_and_update();
        }
        assert!(at > 10 && at < 1_999, "waits with a full buffer, at {at}");
        assert!(nats_bus.counters().log_buffer_bytes <= 64 * 1024);
        nats.start_again().await;
        soon("publishing goes on", publisher).await.unwrap();
        read(&feeds, &mut reader, 2_000 * SYMBOLS.len()).await;
        feeds.flush().await.unwrap();
        assert_eq!(nats_bus.counters().log_buffer_bytes, 0);
    }

    #[tokio::test]
    async fn a_deleted_log_is_told_and_reading_goes_on() {
        let pair = Make::Nats.pair().await;
        let mut reader = pair.server.events(LogStart::New).await.unwrap();
        pair.feeds.publish_events(batch(0, 1)).await.unwrap();
        let (position, _) = next(&mut reader).await;
        let url = pair.nats.as_ref().unwrap().url();
        let outside = async_nats::jetstream::new(async_nats::connect(url).await.unwrap());
        outside.delete_stream("bellwether-log").await.unwrap();
        pair.feeds.publish_events(batch(1, 2)).await.unwrap();
        pair.feeds.flush().await.unwrap();
        let mut again = pair.server.events(LogStart::At(position)).await.unwrap();
        let lost = soon("the loss is told", again.next()).await;
        assert!(matches!(lost, Err(LogError::Lost { .. })), "{lost:?}");
        assert!(matches!(&next(&mut again).await.1.events[0], MarketEvent::Trade(t) if t.seq == 1));
    }

    #[tokio::test]
    async fn no_server_is_one_clear_line() {
        let error =
            NatsBus::connect(NatsConfig::new("nats://someone:secret@127.0.0.1:1", "x")).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot connect to NATS at 127.0.0.1:1");
    }
}

//! The client of the quote server against its look-alike, over real sockets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use feeds::legacy_quotes::{
    AnswerError, LegacyQuote, QuoteError, QuoteMetrics, QuoteServer, Settings, Trouble,
};
use market::{Symbol, Timestamp};
use sim::finnhub::faults::{BadQuote, Request};
use sim::quote_server::{self, Delays, Port, check_key};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

const T: i64 = 1_578_000_000_000;
const SEED: u64 = 7;

/// A clock that stands until it is set.
#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(T)))
    }

    fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::SeqCst);
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }

    fn clock(&self) -> feeds::Clock {
        let hands = self.clone();
        Arc::new(move || hands.now())
    }
}

struct House {
    look: Arc<quote_server::QuoteServer>,
    port: Option<Port>,
    client: QuoteServer,
    hands: Hands,
}

impl House {
    async fn new(look: quote_server::Settings, settings: Settings) -> Self {
        let hands = Hands::new();
        let look = quote_server::Settings { seed: SEED, ..look };
        let look = Arc::new(quote_server::QuoteServer::new(look, hands.clock(), Arc::default()));
        let port = Arc::clone(&look).listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let client = client(&port.url(), settings, &hands);
        Self { look, port: Some(port), client, hands }
    }

    async fn quote(&self, symbol: &str) -> Result<LegacyQuote, QuoteError> {
        self.client.quote(&name(symbol), "oY01WVirLr").await
    }

    fn peek(&self, symbol: &str) -> Option<LegacyQuote> {
        self.client.peek(&name(symbol), self.hands.now())
    }

    fn spoil(&self, bad_quotes: &[BadQuote]) {
        let request = Request { bad_quotes: bad_quotes.to_vec(), ..Request::default() };
        self.look.faults().apply(&request).unwrap();
    }

    /// What the client says it paid is what the server says it is owed.
    fn assert_paid(&self, quotes: u64) {
        let (counts, metrics) = (self.look.counts(), self.client.metrics());
        assert_eq!((metrics.fetched(), metrics.cost_cents()), (quotes, 5 * quotes));
        assert_eq!((counts.count, counts.cost_cents), (quotes, 5 * quotes));
        assert_eq!(metrics.connections(), 0);
    }
}

fn client(url: &str, settings: Settings, hands: &Hands) -> QuoteServer {
    QuoteServer::new(url.parse().unwrap(), settings, hands.clock(), QuoteMetrics::default())
}

fn name(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn quick() -> quote_server::Settings {
    quote_server::Settings { delays: Delays::None, ..quote_server::Settings::default() }
}

/// Nothing is given up because this machine has other work.
fn calm() -> Settings {
    Settings { patience: Duration::from_secs(5), deadline: Duration::from_secs(30), ..Settings::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quote_is_fetched_once_and_fresh_once() {
    let house = House::new(quick(), calm()).await;
    assert_eq!(house.peek("ABC"), None);
    let first = house.quote("ABC").await.unwrap();
    assert!(first.fresh && first.price.is_positive());
    assert_eq!((first.symbol, first.user(), first.server_time_ms), (name("ABC"), "oY01WVirLr", T));
    assert_eq!((first.asked_at, first.arrived_at), (house.hands.now(), house.hands.now()));
    assert_eq!(first.cryptokey().len(), 56);
    assert!(check_key(SEED, &first.line), "{}", first.line);
    // Another user's, and without waiting: the same quote, in the name of the first.
    let second = house.client.quote(&name("ABC"), "somebody").await.unwrap();
    let third = house.peek("ABC").unwrap();
    for again in [&second, &third] {
        assert_eq!((&again.answer, again.fresh), (&first.answer, false));
    }
    assert_eq!(house.client.metrics().hits(), 2);
    house.assert_paid(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quote_lives_exactly_sixty_seconds() {
    // The server's clock agrees, or is minutes off: then the life begins at the arrival.
    for (ahead_ms, born) in [(0, T), (600, T + 600), (-900, T - 900), (180_000, T), (-180_000, T)] {
        let look = quote_server::Settings { clock_ahead_ms: ahead_ms, ..quick() };
        let house = House::new(look, calm()).await;
        let first = house.quote("ABC").await.unwrap();
        assert_eq!(first.server_time_ms, T + ahead_ms);
        house.hands.set(born + 60_000);
        assert_eq!(house.peek("ABC").unwrap().answer, first.answer);
        assert!(!house.quote("ABC").await.unwrap().fresh);
        house.hands.set(born + 60_001);
        assert_eq!(house.peek("ABC"), None);
        let next = house.quote("ABC").await.unwrap();
        assert!(next.fresh && next.line != first.line);
        house.assert_paid(2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_share_fifty_requests_over_few_connections() {
    let look = quote_server::Settings { crowd: 8, ..quick() };
    let house = Arc::new(House::new(look, calm()).await);
    let mut callers = JoinSet::new();
    for at in 0..1_000 {
        let house = Arc::clone(&house);
        callers.spawn(async move {
            let symbol = format!("S{:02}", at % 50);
            house.client.quote(&name(&symbol), &format!("user{at}")).await.unwrap()
        });
    }
    let mut by_symbol: HashMap<Symbol, Vec<LegacyQuote>> = HashMap::new();
    for quote in callers.join_all().await {
        by_symbol.entry(quote.symbol).or_default().push(quote);
    }
    assert_eq!(by_symbol.len(), 50);
    for quotes in by_symbol.values() {
        assert_eq!((quotes.len(), quotes.iter().filter(|q| q.fresh).count()), (20, 1));
        assert!(quotes.iter().all(|q| q.line == quotes[0].line && check_key(SEED, &q.line)));
    }
    let metrics = house.client.metrics();
    assert_eq!(metrics.hits() + metrics.collapsed(), 950);
    assert!((1..=8).contains(&house.look.counts().most_open), "{:?}", house.look.counts());
    house.assert_paid(50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_answers_are_passed_by() {
    let slow = Duration::from_secs(60);
    let delays = Delays::Given([slow, slow, Duration::ZERO].into());
    let settings = Settings { patience: Duration::from_millis(300), ..Settings::default() };
    let house = House::new(quote_server::Settings { delays, ..quick() }, settings).await;
    let started = Instant::now();
    assert!(house.quote("ABC").await.unwrap().fresh);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(house.client.metrics().retries() >= 2);
    assert!(house.client.metrics().troubles(Trouble::Slow) >= 2);
    house.assert_paid(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_always_slow_is_waited_for_in_the_end() {
    let delays = Delays::Given([Duration::from_millis(400)].into());
    let look = quote_server::Settings { delays, ..quick() };
    let house = House::new(look, Settings { deadline: Duration::from_secs(20), ..Settings::default() }).await;
    assert!(house.quote("ABC").await.unwrap().fresh);
    house.assert_paid(1);
    // And not for ever.
    let delays = Delays::Given([Duration::from_secs(600)].into());
    let short = Settings { deadline: Duration::from_millis(300), ..Settings::default() };
    let house = House::new(quote_server::Settings { delays, ..quick() }, short).await;
    let error = house.quote("ABC").await.unwrap_err();
    assert!(matches!(error, QuoteError::Unavailable { last: Trouble::Slow, .. }), "{error:?}");
    house.assert_paid(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_may_go_away_and_come_back() {
    let mut house = House::new(quick(), Settings { attempts: 3, ..calm() }).await;
    let address = house.port.as_ref().unwrap().local_addr();
    let first = house.quote("ABC").await.unwrap();
    drop(house.port.take());
    // What is good stays good; the rest is refused by name, and soon where it is known to be away.
    for (symbol, attempts) in [("XYZ", 3), ("XYZ", 1), ("UVW", 1)] {
        let error = house.quote(symbol).await.unwrap_err();
        let QuoteError::Unavailable { attempts: made, last } = error else { panic!("{error:?}") };
        // A connection of the closing port's queue may still be reset rather than refused.
        assert!(
            made == attempts && matches!(last, Trouble::Connect(_) | Trouble::Cut(_) | Trouble::NoAnswer)
        );
    }
    assert_eq!(house.quote("ABC").await.unwrap().answer, first.answer);
    house.port = Some(Arc::clone(&house.look).listen(address).await.unwrap());
    assert!(house.quote("XYZ").await.unwrap().fresh);
    // Dropped as soon as it is accepted.
    let refuse = Request { refuse_s: Some(60.0), ..Request::default() };
    house.look.faults().apply(&refuse).unwrap();
    let error = house.quote("UVW").await.unwrap_err();
    assert!(matches!(error, QuoteError::Unavailable { attempts: 3, .. }), "{error:?}");
    house.look.faults().clear();
    assert!(house.quote("UVW").await.unwrap().fresh);
    house.assert_paid(3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_answers_are_asked_again_or_refused_by_name() {
    let house = House::new(quick(), calm()).await;
    use BadQuote::*;
    for (bad, trouble) in [
        (Garbage, Trouble::Answer(AnswerError::Characters)),
        (HalfLine, Trouble::HalfLine),
        (NoKey, Trouble::Answer(AnswerError::Fields)),
        (LongLine, Trouble::Answer(AnswerError::TooLong)),
        (NoAnswer, Trouble::NoAnswer),
        (PriceZero, Trouble::Answer(AnswerError::Price)),
        (PriceNan, Trouble::Answer(AnswerError::Price)),
    ] {
        house.hands.set(house.hands.now().millis() + 100_000);
        let before = house.client.metrics().troubles(trouble);
        house.spoil(&[bad]);
        assert!(house.quote("ABC").await.unwrap().fresh, "{bad:?}");
        assert_eq!(house.client.metrics().troubles(trouble), before + 1, "{bad:?}");
    }
    house.assert_paid(7);
    house.spoil(&[PriceZero; 3]);
    assert_eq!(house.quote("XYZ").await, Err(QuoteError::Unreadable(AnswerError::Price)));
    // These are quotes, and paid; but not the one that was asked for.
    house.spoil(&[OtherSymbol]);
    let wrong = QuoteError::WrongSymbol { asked: name("XYZ"), answered: name("ZZZ") };
    assert_eq!(house.quote("XYZ").await, Err(wrong.clone()));
    assert_eq!((house.peek("XYZ"), house.peek("ZZZ")), (None, None));
    house.spoil(&[OtherUser]);
    assert_eq!(house.quote("XYZ").await, Err(QuoteError::WrongUser));
    assert_eq!(house.client.metrics().failures(&wrong), 1);
    house.assert_paid(9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_may_come_in_pieces_and_one_that_stalls_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let hands = Hands::new();
    let client = client(&url, Settings { patience: Duration::from_millis(200), ..calm() }, &hands);
    let server = tokio::spawn(async move {
        let (mut stalled, _) = listener.accept().await.unwrap();
        stalled.write_all(b"1.00,ABC,u,157").await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 6];
        stream.read_exact(&mut request).await.unwrap();
        for piece in ["1.", "00,ABC,u,1578000000000,k", "ey==\r", "\nand more"] {
            stream.write_all(piece.as_bytes()).await.unwrap();
            tokio::task::yield_now().await;
        }
        // The one given up was reset, after what it had asked.
        let mut rest = Vec::new();
        let end = stalled.read_to_end(&mut rest).await;
        (request, end.map_err(|error| error.kind()))
    });
    let quote = client.quote(&name("ABC"), "u").await.unwrap();
    assert_eq!(&*quote.line, "1.00,ABC,u,1578000000000,key==");
    let (request, end) = server.await.unwrap();
    assert_eq!(&request, b"ABC,u\n");
    assert_eq!(end, Err(std::io::ErrorKind::ConnectionReset));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_finished_though_its_caller_has_gone() {
    let delays = Delays::Given([Duration::from_millis(200)].into());
    let house = House::new(quote_server::Settings { delays, ..quick() }, calm()).await;
    assert!(timeout(Duration::ZERO, house.quote("ABC")).await.is_err());
    let quote = house.quote("ABC").await.unwrap();
    assert!(quote.fresh, "nobody has used it before");
    house.assert_paid(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_is_refused_and_costs_nothing() {
    let delays = Delays::Given([Duration::from_secs(600)].into());
    let few = Settings { requests_max: 1, deadline: Duration::from_millis(200), ..Settings::default() };
    let house = House::new(quote_server::Settings { delays, ..quick() }, few).await;
    assert_eq!(house.quote("AAPL").await, Err(QuoteError::Unsupported(name("AAPL"))));
    assert_eq!(house.quote("abc").await, Err(QuoteError::Unsupported(name("abc"))));
    assert_eq!(house.client.quote(&name("ABC"), "a,b").await, Err(QuoteError::User));
    let (one, other) = tokio::join!(house.quote("ABC"), house.quote("XYZ"));
    assert!(matches!(one, Err(QuoteError::Unavailable { .. })), "{one:?}");
    assert_eq!(other, Err(QuoteError::Busy));
    house.assert_paid(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_slow_as_the_real_one() {
    let look = quote_server::Settings { crowd: 8, ..quote_server::Settings::default() };
    let house = Arc::new(House::new(look, Settings::default()).await);
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for at in 0..200 {
        let house = Arc::clone(&house);
        callers.spawn(async move {
            house.quote(&format!("{}{:02}", char::from(b'A' + at / 100), at % 100)).await
        });
    }
    let quotes = callers.join_all().await;
    let took = started.elapsed();
    assert!(quotes.iter().all(|quote| quote.as_ref().is_ok_and(|quote| quote.fresh)), "{quotes:?}");
    let retries = house.client.metrics().retries();
    let counts = house.look.counts();
    eprintln!("200 quotes in {took:?} over 8 connections, {retries} slow answers passed by, {counts:?}");
    // Waiting for each answer would take 0.6 s on average: 15 s over eight connections.
    assert!(took < Duration::from_secs(12), "{took:?}");
    assert_eq!(house.client.metrics().fetched(), 200);
}

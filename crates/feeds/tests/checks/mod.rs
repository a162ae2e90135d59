//! What must hold for any bytes at all. Shared by the tests here and the fuzzers in `fuzz/`.

use std::io::Cursor;

use feeds::SymbolMap;
use feeds::finnhub::card::Card;
use feeds::finnhub::news::read_articles;
use feeds::finnhub::parse::{self, FrameKind, Sink};
use feeds::finnhub::rest::{read_quote, read_symbols};
use feeds::guardian::read_page;
use feeds::legacy_quotes::{ANSWER_BYTES_MAX, Answer};
use feeds::replay::TradeFile;
use market::{MarketEvent, Price, Size, Symbol, SymbolId, Timestamp};

/// 2023-11-14T22:13:21Z, the time of the fixtures.
const RECV: Timestamp = Timestamp::from_nanos(1_700_000_001_000_000_000);
const DAY_NANOS: i64 = 86_400 * 1_000_000_000;

fn symbols() -> SymbolMap {
    let mut map = SymbolMap::default();
    for (at, text) in ["AAPL", "MSFT", "BRK.B", "BINANCE:BTCUSDT", "A"].iter().enumerate() {
        map.insert(&Symbol::new(text).expect("a symbol"), SymbolId(at as u32));
    }
    map
}

type Read = (Option<FrameKind>, Vec<MarketEvent>, u32, Vec<(feeds::adapter::Skip, u32)>);

fn read(data: &[u8], with: fn(&[u8], &mut Sink<'_>) -> Result<FrameKind, feeds::FeedError>) -> Read {
    let (map, mut seq, mut out) = (symbols(), 1, Vec::new());
    let mut sink = Sink::new(&map, RECV, &mut seq, &mut out);
    let kind = with(data, &mut sink).ok();
    let (unknown, skipped) = (sink.unknown_conditions, sink.skipped.iter().collect());
    (kind, out, unknown, skipped)
}

/// The quick reading and the full one agree, and every trade that passes is a possible one.
pub(crate) fn finnhub_frame(data: &[u8]) {
    let quick = read(data, parse::frame);
    assert_eq!(quick, read(data, parse::full));
    for (at, event) in quick.1.iter().enumerate() {
        let MarketEvent::Trade(trade) = event else { panic!("only trades come from this feed") };
        assert!(trade.price.is_positive() && trade.size > Size::ZERO);
        assert!(trade.ts_event.nanos() <= RECV.nanos() + DAY_NANOS);
        assert_eq!((trade.seq, trade.ts_recv), (1 + at as u64, RECV));
    }
}

/// REST answers never panic, and no figure that passes is an impossible one.
pub(crate) fn finnhub_rest(data: &[u8]) {
    if let Ok((list, _)) = read_symbols(data) {
        assert!(list.iter().all(|i| !i.name.is_empty() && i.currency.len() == 3));
    }
    if let Ok(Some(quote)) = read_quote(data, SymbolId(0), RECV) {
        let figures = [quote.last, quote.open, quote.high, quote.low, quote.previous_close];
        assert!(figures.into_iter().flatten().all(|p| p.is_positive()));
        assert!(quote.ts_event.nanos() <= RECV.nanos() + DAY_NANOS + 1_000_000);
    }
    let mut card = Card::default();
    let _ = card.read_profile(data);
    let _ = card.read_metric(data);
    assert!(card.week_52_high.is_none_or(|p| p.is_positive()));
    assert!(card.logo.is_none_or(|url| url.starts_with("https://")));
}

/// News never panic, and what passes is text and an address that a page may link to, with a name and a time.
pub(crate) fn news(data: &[u8]) {
    let page = read_page(data).map(|page| page.articles).unwrap_or_default();
    let list = read_articles(data).unwrap_or_default();
    for article in page.iter().chain(&list) {
        assert!(!article.title.is_empty() && article.title.chars().count() <= 300);
        assert!(article.summary.chars().count() <= 1_000);
        assert!(!article.title.chars().chain(article.summary.chars()).any(char::is_control));
        assert!(
            article.url.is_empty()
                || article.url.starts_with("https://")
                || article.url.starts_with("http://")
        );
        assert!(!(article.article.is_empty() && article.url.is_empty()));
        assert!(article.published_at > Timestamp::EPOCH && article.updated_at >= article.published_at);
    }
}

/// A trade file never panics, numbers its rows without a hole, and ends.
pub(crate) fn trade_file(data: &[u8]) {
    let Ok(file) = TradeFile::read(Cursor::new(data.to_vec())) else { return };
    let mut number = 0;
    // What is compressed a thousandfold takes long to read and teaches nothing new.
    for row in file.take(10_000) {
        number += 1;
        match row {
            Ok(row) => {
                assert_eq!(row.number, number);
                assert!(!row.counts() || row.price.is_positive() && row.size.is_positive());
            }
            Err(error) => assert!(error.line > 0),
        }
    }
}

/// What passes as an answer of the quote server is a possible quote, and its fields are those of the line.
pub(crate) fn quote_answer(data: &[u8]) {
    let Ok(answer) = Answer::parse(data) else { return };
    assert!(data.len() <= ANSWER_BYTES_MAX && data.starts_with(answer.line.as_bytes()));
    let cent = Price::from_whole(1).expect("a price").units() / 100;
    assert!(answer.price.is_positive() && answer.price.units() % cent == 0);
    assert_eq!(answer.price_text().parse(), Ok(answer.price));
    assert_eq!(answer.time_text().parse(), Ok(answer.server_time_ms));
    let fields =
        [answer.price_text(), answer.symbol.as_str(), answer.user(), answer.time_text(), answer.cryptokey()];
    assert_eq!(fields.join(","), *answer.line);
    assert_eq!(Answer::parse(answer.line.as_bytes()), Ok(answer));
}

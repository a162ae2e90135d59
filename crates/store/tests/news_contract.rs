//! What the records promise of articles and streams, tried on both databases.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use market::Timestamp;
use store::records::article::{self, Article, Filter};
use store::records::stream::{self, Change, NewStream};
use store::records::{RecordError, Records, Sql};
use support::{House, Kind};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_nanos(1_763_735_400_000_000_000 + seconds * 1_000_000_000)
}

fn done<T: Send + 'static>(
    records: &Records,
    work: impl FnMut(&mut dyn Sql) -> Result<T, RecordError> + Send + 'static,
) -> T {
    records.run_blocking(work).unwrap()
}

fn article(id: u64, seconds: i64, symbols: &[&str], streams: &[i64]) -> Article {
    Article {
        id,
        source: if id.is_multiple_of(2) { "even".into() } else { "odd".into() },
        own: format!("own/{id}"),
        title: format!("Title {id}; with 'quotes' and ünïcode"),
        summary: String::new(),
        url: format!("https://example.com/{id}"),
        published_at: at(seconds),
        updated_at: at(seconds),
        updates: 0,
        named: vec!["AAPL".into()],
        symbols: symbols.iter().map(|s| (*s).to_owned()).collect(),
        reading: "{}".into(),
        streams: streams.to_vec(),
        revision: 0,
    }
}

fn put(records: &Records, article: Article) -> i64 {
    done(records, move |sql| article::put(sql, &article))
}

fn ids(records: &Records, filter: Filter, most: usize) -> Vec<u64> {
    done(records, move |sql| article::list(sql, &filter, most)).iter().map(|a| a.id).collect()
}

fn articles_are_found_by_time_symbol_stream_and_source(house: &House) {
    let records = house.records();
    // An id beyond what a signed number has.
    let huge = u64::MAX - 1;
    for (id, seconds, symbols, streams) in [
        (1, 10, &["AAPL"][..], &[5i64][..]),
        (2, 20, &["AAPL", "BINANCE:BTCUSDT"], &[5, 6]),
        (3, 20, &[], &[6]),
        (huge, 30, &["AAPL"], &[5]),
    ] {
        put(&records, article(id, seconds, symbols, streams));
    }
    let all = Filter::default;
    assert_eq!(ids(&records, all(), 10), [huge, 3, 2, 1]);
    let of = |symbol: &str| Filter { symbol: Some(symbol.into()), ..all() };
    assert_eq!(ids(&records, of("AAPL"), 10), [huge, 2, 1]);
    assert_eq!(ids(&records, of("BINANCE:BTCUSDT"), 10), [2]);
    assert_eq!(ids(&records, of("MSFT"), 10), [0u64; 0]);
    assert_eq!(ids(&records, Filter { stream: Some(6), ..all() }, 10), [3, 2]);
    assert_eq!(ids(&records, Filter { source: Some("odd".into()), ..all() }, 10), [3, 1]);
    assert_eq!(ids(&records, Filter { from: Some(at(20)), to: Some(at(30)), ..all() }, 10), [3, 2]);
    assert_eq!(ids(&records, Filter { source: Some("even".into()), ..of("AAPL") }, 10), [huge, 2]);
}

fn a_list_pages_to_its_end_without_a_gap_or_a_double(house: &House) {
    let records = house.records();
    // Many in one second, ids on both sides of what a signed number has.
    let made: Vec<u64> = (0..30).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    for (n, id) in made.iter().enumerate() {
        put(&records, article(*id, (n / 7) as i64, &["AAPL"], &[1]));
    }
    for filter in [Filter::default(), Filter { symbol: Some("AAPL".into()), ..Filter::default() }] {
        let whole = ids(&records, filter.clone(), 100);
        assert_eq!(whole.len(), made.len());
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let asked = Filter { after, ..filter.clone() };
            let page = done(&records, move |sql| article::list(sql, &asked, 4));
            let Some(last) = page.last() else { break };
            after = Some((last.published_at, last.id));
            paged.extend(page.iter().map(|a| a.id));
        }
        assert_eq!(paged, whole);
    }
}

fn an_article_changes_in_place(house: &House) {
    let records = house.records();
    let first = put(&records, article(7, 10, &["AAPL"], &[1]));
    let changed = Article {
        title: "Other".into(),
        updates: 1,
        updated_at: at(50),
        ..article(7, 5, &["MSFT"], &[1, 2])
    };
    let second = put(&records, changed.clone());
    assert!(second > first);
    let kept = done(&records, |sql| article::get(sql, 7)).unwrap();
    assert_eq!(kept, Article { revision: second, ..changed });
    let of = |symbol: &str| Filter { symbol: Some(symbol.into()), ..Filter::default() };
    assert_eq!((ids(&records, of("AAPL"), 9), ids(&records, of("MSFT"), 9)), (vec![], vec![7]));
    assert_eq!(ids(&records, Filter { stream: Some(2), to: Some(at(6)), ..Filter::default() }, 9), [7]);
    let changes = done(&records, move |sql| article::changes(sql, first, 9));
    assert_eq!(changes.iter().map(|a| (a.id, a.revision)).collect::<Vec<_>>(), [(7, second)]);
    assert_eq!(done(&records, move |sql| article::changes(sql, second, 9)), []);
    assert_eq!(done(&records, |sql| article::revision_before(sql, at(50))), 0);
    assert_eq!(done(&records, |sql| article::revision_before(sql, at(51))), second);
}

fn the_oldest_articles_go(house: &House) {
    let records = house.records();
    for id in 0..10 {
        put(&records, article(id, id as i64, &["AAPL"], &[1]));
    }
    assert_eq!(done(&records, |sql| article::prune(sql, 4)), 6);
    assert_eq!(done(&records, |sql| article::prune(sql, 4)), 0);
    let of = Filter { symbol: Some("AAPL".into()), ..Filter::default() };
    assert_eq!(ids(&records, of, 99), [9, 8, 7, 6]);
}

fn new(owner: Option<i64>, name: &str) -> NewStream {
    NewStream { owner, provider: "guardian".into(), name: name.into(), query: r#"{"words":"a"}"#.into() }
}

fn streams_come_change_and_go(house: &House) {
    let records = house.records();
    let made = done(&records, |sql| stream::insert(sql, &new(Some(3), "Chips"), Some(2), at(0)));
    let id = made.id;
    done(&records, |sql| stream::insert(sql, &new(None, "Business"), None, at(0)));
    done(&records, |sql| stream::insert(sql, &new(Some(3), "Two"), Some(2), at(1)));
    let third = records.run_blocking(|sql| stream::insert(sql, &new(Some(3), "Three"), Some(2), at(2)));
    assert!(matches!(third, Err(RecordError::TooMany { most: 2 })), "{third:?}");
    let names =
        |records: &Records| done(records, stream::list).into_iter().map(|s| s.name).collect::<Vec<_>>();
    assert_eq!(names(&records), ["Chips", "Business", "Two"]);
    let change = Change { is_paused: Some(true), name: Some("Crisps".into()), query: None };
    let changed = done(&records, move |sql| stream::update(sql, id, &change)).unwrap();
    assert!(changed.is_paused && changed.name == "Crisps" && changed.query == made.query);
    assert_eq!(done(&records, |sql| stream::update(sql, 999, &Change::default())), None);
    assert!(done(&records, move |sql| stream::remove(sql, id)));
    assert!(!done(&records, move |sql| stream::remove(sql, id)));
    assert_eq!(names(&records), ["Business", "Two"]);
}

fn one_reads_a_stream_and_stores_only_while_it_has_it(house: &House) {
    let records = house.records();
    let id = done(&records, |sql| stream::insert(sql, &new(None, "Business"), None, at(0))).id;
    let take = |reader: &'static str, now: i64| {
        done(&records, move |sql| stream::take(sql, id, reader, (at(now), at(now + 30))))
    };
    let advance = |reader: &'static str, mark: &'static str, n: usize| {
        done(&records, move |sql| stream::advance(sql, (id, reader), mark, n, at(1)))
    };
    assert!(take("a", 0) && take("a", 10) && !take("b", 20));
    assert!(advance("a", "m1", 2) && !advance("b", "m2", 1));
    assert_eq!(done(&records, move |sql| stream::watermark(sql, id)).as_deref(), Some("m1"));
    // The first has not said for too long that it goes on.
    assert!(take("b", 41) && !take("a", 42) && !advance("a", "m3", 1) && advance("b", "m4", 0));
    done(&records, move |sql| stream::tried(sql, (id, "a"), Some("not mine"), at(2)));
    done(&records, move |sql| stream::tried(sql, (id, "b"), Some("refused"), at(3)));
    let health = done(&records, move |sql| stream::get(sql, id)).unwrap().health;
    assert_eq!((health.articles, health.last_event), (2, Some(at(1))));
    assert_eq!((health.last_error.as_deref(), health.tried_at), (Some("refused"), Some(at(3))));
    done(&records, move |sql| stream::release(sql, id, "b"));
    assert!(take("a", 43) && !take("b", 44));
    done(&records, stream::release_all);
    assert!(take("b", 45));
    // Another query begins anew; another name does not.
    let rename = Change { name: Some("Other".into()), ..Change::default() };
    done(&records, move |sql| stream::update(sql, id, &rename));
    assert!(done(&records, move |sql| stream::watermark(sql, id)).is_some());
    let query = Change { query: Some(r#"{"words":"b"}"#.into()), ..Change::default() };
    done(&records, move |sql| stream::update(sql, id, &query));
    assert_eq!(done(&records, move |sql| stream::watermark(sql, id)), None);
}

fn a_provider_stays_paused_whatever_it_reports(house: &House) {
    let records = house.records();
    let report =
        |text: &'static str| done(&records, move |sql| stream::report_provider(sql, "guardian", text, at(1)));
    done(&records, |sql| stream::pause_provider(sql, "guardian", true));
    assert!(report("one") && !report("two"));
    let known = done(&records, stream::providers);
    assert_eq!(known.len(), 1);
    assert!(known[0].is_paused && known[0].report == "two" && known[0].reported_at == Some(at(1)));
    done(&records, |sql| stream::pause_provider(sql, "guardian", false));
    assert!(!done(&records, stream::providers)[0].is_paused);
}

fn the_first_operator_takes_over_the_local_users_streams(house: &House) {
    let records = house.records();
    done(&records, |sql| stream::insert(sql, &new(Some(0), "Own"), None, at(0)));
    done(&records, |sql| stream::insert(sql, &new(None, "Business"), None, at(0)));
    done(&records, |sql| stream::take_over(sql, 9));
    let owners: Vec<_> = done(&records, stream::list).into_iter().map(|s| s.owner).collect();
    assert_eq!(owners, [Some(9), None]);
}

macro_rules! contract {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[test]
            fn $test() {
                super::$test(&super::House::new(super::Kind::Sqlite));
            })*
        }

        mod postgres {
            $(#[test]
            fn $test() {
                super::$test(&super::House::new(super::Kind::Postgres));
            })*
        }
    };
}

contract! {
    articles_are_found_by_time_symbol_stream_and_source
    a_list_pages_to_its_end_without_a_gap_or_a_double
    an_article_changes_in_place
    the_oldest_articles_go
    streams_come_change_and_go
    one_reads_a_stream_and_stores_only_while_it_has_it
    a_provider_stays_paused_whatever_it_reports
    the_first_operator_takes_over_the_local_users_streams
}

use market::Symbol;
use signals::headline::{Settings as RoundSettings, Watermark};

use super::*;

fn query(words: &str, sections: &[&str]) -> Query {
    Query {
        words: words.into(),
        sections: sections.iter().map(|s| (*s).to_owned()).collect(),
        symbols: vec![],
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn asks_as_the_provider_documents() {
    let settings = RoundSettings { overlap_seconds: 60, span_seconds: 3_600 };
    let watermark = Watermark::starting_at(time("2026-01-05T10:01:00.5Z"));
    let open = watermark.begin(settings, time("2026-01-05T10:30:00Z"));
    let query = query("chips (rise OR \"big tech\")", &["business", "technology"]);
    let members = search(Ask { query: &query, round: open }).unwrap();
    let member = |name: &str| members.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str());
    assert_eq!(member("q"), Some("chips AND (rise OR \"big tech\")"));
    assert_eq!(member("section"), Some("business|technology"));
    assert_eq!((member("order-by"), member("use-date")), (Some("newest"), Some("last-modified")));
    assert_eq!((member("page"), member("page-size")), (Some("1"), Some("50")));
    // The beginning is rounded down, and a round up to now has no end.
    assert_eq!((member("from-date"), member("to-date")), (Some("2026-01-05T10:00:00Z"), None));
    let over = watermark.begin(settings, time("2026-01-05T18:00:00Z"));
    let members = search(Ask { query: &Query::default(), round: over }).unwrap();
    let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["order-by", "use-date", "from-date", "page", "page-size", "show-fields", "to-date"],
        "nothing is chosen by what is empty"
    );
    // Up to 11:01:00.5 without it is up to 11:01:00 with it.
    assert_eq!(members.last().unwrap().1, "2026-01-05T11:01:00Z");
}

#[test]
fn takes_words_and_its_sections_only() {
    assert_eq!(check(&query("a OR b", &["business"])).map(drop), Ok(()));
    assert!(matches!(check(&query("(a", &[])), Err(QueryError::Words(error)) if error.at == 0));
    assert_eq!(check(&query("", &["sport"])).map(drop), Err(QueryError::Section("sport".into())));
    let symbols = vec![Symbol::new("AAPL").unwrap()];
    let error = check(&Query { symbols, ..Query::default() }).unwrap_err();
    assert_eq!(error, QueryError::NotTaken("symbols"));
}

#[test]
fn reads_a_page_as_plain_text() {
    let page = read_page(include_bytes!("fixtures/search.json")).unwrap();
    assert_eq!((page.total, page.is_last, page.articles.len()), (Some(1234), false, 2));
    let first = &page.articles[0];
    assert_eq!(first.article, "business/2026/jan/05/example");
    assert_eq!(first.title, "Chipmaker’s shares fall after warning");
    assert_eq!(first.summary, "Sales of phones & tablets were weak Analysts had hoped for more");
    assert_eq!(first.published_at, time("2026-01-05T09:59:01Z"));
    assert_eq!(first.updated_at, time("2026-01-05T11:30:05Z"));
    let blog = &page.articles[1];
    assert_eq!((blog.title.as_str(), blog.summary.as_str()), ("Markets open calmly – business live", ""));
    assert_eq!(blog.url, "https://www.theguardian.com/p/fghij", "a script is no address");
    assert_eq!(blog.updated_at, time("2026-01-05T07:00:00Z"));
    let end = br#"{"response":{"total":0,"currentPage":1,"pages":0,"results":[]}}"#;
    assert!(read_page(end).unwrap().is_last);
    for bad in [&b"{}"[..], b"[]", br#"{"message":"x"}"#, b"{\"response\":{\"total\":1"] {
        assert!(read_page(bad).is_err());
    }
}

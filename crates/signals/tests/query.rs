//! The query language: what it finds, what it refuses, and that nothing breaks it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use proptest::prelude::*;
use signals::query::{CHARS_MAX, Query};

fn finds(query: &str, title: &str) -> bool {
    Query::parse(query).unwrap().matches(title, "")
}

#[test]
fn finds_what_is_asked_for() {
    let title = "Apple's chips rise as AT&T falls";
    for (query, want) in [
        ("", true),
        ("apple", true),
        ("APPLE CHIPS", true),
        ("chip", false),
        ("apple crisps", false),
        ("crisps OR apple", true),
        ("crisps OR apple falls", true),
        ("(crisps OR apple) rises", false),
        ("apple AND NOT crisps", true),
        ("apple NOT chips", false),
        ("NOT crisps", true),
        ("NOT NOT crisps", false),
        ("NOT (crisps OR bananas)", true),
        ("\"chips rise\"", true),
        ("\"rise chips\"", false),
        ("AT&T", true),
        ("\"T AT\"", false),
        ("apple & chips", true),
        ("and", false),
        ("((apple))", true),
    ] {
        assert_eq!(finds(query, title), want, "{query}");
    }
    assert!(finds("ΦΩΣ", "το φως"), "capitals do not matter in any script");
    let query = Query::parse("title summary").unwrap();
    assert!(query.matches("A title", "a summary"));
    assert!(
        !Query::parse("\"title a\"").unwrap().matches("A title", "a summary"),
        "a phrase ends with its text"
    );
}

#[test]
fn says_what_is_wrong_and_where() {
    let at = |text: &str| Query::parse(text).unwrap_err().at;
    assert_eq!(at("apple AND"), 9);
    assert_eq!(at("apple OR OR chips"), 9);
    assert_eq!(at("AND apple"), 0);
    assert_eq!(at("äpple (chips"), 6);
    assert_eq!(at("apple) chips"), 5);
    assert_eq!(at("apple ()"), 7);
    assert_eq!(at("say \"something"), 4);
    assert_eq!(at("say \"&\""), 4);
    assert_eq!(at("NOT &"), 5);
    assert_eq!(at(&"a".repeat(CHARS_MAX + 1)), CHARS_MAX);
    assert_eq!(at(&"a ".repeat(65)), 128);
    assert!(Query::parse(&"(".repeat(400)).unwrap_err().why.contains("deep"));
    assert!(Query::parse(&"NOT ".repeat(100)).unwrap_err().why.contains("deep"));
    assert_eq!(
        Query::parse("a AND").unwrap_err().to_string(),
        "at character 6: a word is missing at the end"
    );
}

#[test]
fn is_written_with_all_its_operators() {
    let shown = |text: &str| Query::parse(text).unwrap().to_string();
    assert_eq!(
        shown("Chips rise OR \"big tech\" NOT (a b)"),
        "(chips AND rise) OR (\"big tech\" AND NOT (a AND b))"
    );
    assert_eq!(shown("  "), "");
}

fn any_query() -> impl Strategy<Value = String> {
    let term = prop_oneof![
        4 => prop::sample::select(vec!["apple", "Chips", "rise", "AT&T", "\"big tech\"", "é", "İx", "ß9"]).prop_map(str::to_owned),
        1 => "[a-z0-9]{1,4}",
    ];
    term.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("NOT {a}")),
            inner.clone().prop_map(|a| format!("({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} AND {b}")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a} OR {b})")),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in prop_oneof![any::<String>(), "[()\"a &ANDORNOT]{0,60}"], title in any::<String>()) {
        match Query::parse(&text) {
            Ok(query) => {
                query.matches(&title, &text);
            }
            Err(error) => prop_assert!(error.at <= text.chars().count()),
        }
    }

    #[test]
    fn what_is_written_reads_the_same(text in prop_oneof![any_query(), any::<String>()]) {
        if let Ok(query) = Query::parse(&text)
            && let Ok(again) = Query::parse(&query.to_string())
        {
            prop_assert_eq!(&again, &query, "{}", query);
        }
    }

    #[test]
    fn a_valid_query_can_be_read_back(text in any_query()) {
        prop_assume!(text.chars().count() < 150);
        let query = Query::parse(&text);
        prop_assume!(query.is_ok());
        prop_assert!(Query::parse(&query.unwrap().to_string()).is_ok());
    }

    #[test]
    fn the_laws_of_logic_hold(a in any_query(), b in any_query(), title in "(apple|chips|rise|big tech| |at&t){0,8}") {
        prop_assume!(a.len() + b.len() < 200);
        let ask = |text: String| Query::parse(&text).ok().map(|query| query.matches(&title, ""));
        let (one, other) = (ask(a.clone()), ask(b.clone()));
        prop_assume!(one.is_some() && other.is_some());
        let (one, other) = (one.unwrap(), other.unwrap());
        for (text, want) in [
            (format!("NOT NOT ({a})"), one),
            (format!("NOT ({a})"), !one),
            (format!("({a}) ({b})"), one && other),
            (format!("({a}) AND ({b})"), one && other),
            (format!("({a}) OR ({b})"), one || other),
            (format!("NOT ({a} OR {b})"), ask(format!("NOT (({a}) OR ({b}))")).unwrap_or(false)),
        ] {
            if let Some(got) = ask(text.clone()) {
                prop_assert_eq!(got, want, "{}", text);
            }
        }
    }
}

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command as Program;

use expect_test::{expect, expect_file};
use ledger::{Action, Cents, Command, Dialect, Entry, Ledger, Line, Need, Source, UserId, parse_line};
use market::{Price, Symbol};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use super::*;
use crate::journal::any;
use crate::journal::day::{NOON, a_day};

fn written<'a>(records: impl IntoIterator<Item = &'a Record>) -> String {
    let mut writer = AuditWriter::new("desk");
    let mut out = Vec::new();
    writer.header(&mut out);
    for record in records {
        writer.entry(record, &mut out);
    }
    writer.footer(&mut out);
    String::from_utf8(out).unwrap()
}

/// The events of one record.
fn events(user: &str, entry: Entry) -> String {
    let user = if user.is_empty() { UserName::SYSTEM } else { UserName::new(user).unwrap() };
    let mut out = Vec::new();
    AuditWriter::new("a<b").entry(&Record { user, entry }, &mut out);
    String::from_utf8(out).unwrap()
}

fn of_a_day() -> Vec<Record> {
    a_day().1.into_iter().map(|(user, entry)| Record { user, entry }).collect()
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn asked(symbol: Symbol, quote: Option<Quote>) -> Entry {
    let outcome = Outcome::Done(ledger::Effect::Noted);
    Entry {
        seq: 1,
        previous: 0,
        at: Millis(NOON),
        user: UserId::SYSTEM,
        n: 0,
        quote,
        event: Event::Command { action: Action::Quote { symbol }, key: None, outcome },
    }
}

fn legacy(answer: &str) -> Quote {
    Quote {
        price: Price::from_units(5_000_000_000),
        source: Source::new("legacy").unwrap(),
        provider_time: Millis(NOON - 20),
        arrived: Millis(NOON - 10),
        fresh: true,
        answer: Some(answer.into()),
    }
}

#[test]
fn a_day_as_it_stands_in_the_log() {
    expect_file!["../../tests/golden/audit-log.xml"].assert_eq(&written(&of_a_day()));
}

#[test]
fn text_is_escaped_and_numbers_are_positive() {
    expect![[r#"
        <userCommand><timestamp>1767268800000</timestamp><server>a&lt;b</server><transactionNum>1</transactionNum><command>QUOTE</command><username>x&lt;y&gt;&amp;"z"</username><stockSymbol>S</stockSymbol></userCommand>
        <quoteServer><timestamp>1767268799990</timestamp><server>a&lt;b</server><transactionNum>1</transactionNum><price>50.1</price><stockSymbol>S</stockSymbol><username>x</username><quoteServerTime>17</quoteServerTime><cryptokey>k&lt;��&#13;,=</cryptokey></quoteServer>
    "#]]
    .assert_eq(&events("x<y>&\"z\"", asked(symbol("S"), Some(legacy("50.1,S,x,17,k<\0\u{ffff}\r,=")))));
}

#[test]
fn an_answer_that_is_none_is_told_as_it_is() {
    for bad in
        ["", "50.00,S,x,17", "NaN,S,x,17,k", "1e3,S,x,17,k", "5,LONG,x,17,k", "5,S,x,late,k", "5,S,x,,k"]
    {
        let log = events("x", asked(symbol("S"), Some(legacy(bad))));
        assert!(!log.contains("<quoteServer>"), "{log}");
        let told = format!("<debugMessage>the quote server answered {bad}</debugMessage>");
        assert!(log.contains(&told), "{log}");
    }
}

#[test]
fn a_price_at_hand_is_a_system_event_once_it_is_the_quote_servers() {
    let cached = legacy("").reused();
    assert!(events("x", asked(symbol("S"), Some(cached.clone()))).contains("<systemEvent>"));
    let live = Quote { source: Source::new("finnhub").unwrap(), ..cached };
    assert!(!events("x", asked(symbol("S"), Some(live))).contains("<systemEvent>"));
}

#[test]
fn a_wide_symbol_stands_in_a_debug_event() {
    let log = events("x", asked(symbol("BRK.B"), None));
    assert!(!log.contains("stockSymbol"), "{log}");
    assert!(log.contains("<debugMessage>symbol BRK.B</debugMessage>"), "{log}");
}

#[test]
fn a_day_follows_the_schema() {
    let mut records = of_a_day();
    for answer in ["", "50.1,S,x,17,k<\0\u{ffff}\r,=", "5,LONG,x,17,k", "99999999999999999999,S,x,17,k"] {
        let user = UserName::new("x<y>&\"z\"]]>").unwrap();
        records.push(Record { user, entry: asked(symbol("S"), Some(legacy(answer))) });
    }
    follows_the_schema(&written(&records));
}

#[test]
fn whatever_a_journal_holds_follows_the_schema() {
    let mut runner = TestRunner::deterministic();
    let all = (any::user(), any::entry());
    let records: Vec<Record> = (0..2_000)
        .map(|_| all.new_tree(&mut runner).unwrap().current())
        .map(|(user, entry)| Record { user, entry })
        .collect();
    follows_the_schema(&written(&records));
}

/// The workload of ten users: every command is there once, and the movements come to what the
/// accounts have.
#[test]
fn a_workload_follows_the_schema() {
    let Some(file) = data("10-user.txt.gz") else { return };
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    let (mut ledger, mut entries) = (Ledger::new(), Vec::new());
    let mut quotes = Quotes::default();
    let mut now = Millis(NOON);
    for line in text.lines() {
        now = now.plus(10);
        ledger.expire(now, &mut entries);
        let Line { n, user, action } = parse_line(line, Dialect::Classic).unwrap();
        let command = Command { user: ledger.intern(&user).unwrap(), n: n.unwrap(), key: None, action };
        let quote = match ledger.check(&command, now) {
            Need::Price(symbol) | Need::PriceIfAny(symbol) => Some(quotes.of(symbol, &user, now)),
            _ => None,
        };
        ledger.apply(&command, quote.as_ref(), now, &mut entries);
    }
    let records: Vec<Record> =
        entries.into_iter().map(|entry| Record { user: *ledger.name(entry.user), entry }).collect();
    let log = written(&records);
    assert_eq!(log.matches("<userCommand>").count(), text.lines().count());
    assert_eq!(log.matches("<quoteServer>").count(), quotes.n_fetched);
    for id in 1..ledger.user_count() {
        let user = UserId(id as u32);
        assert_eq!(available(&log, ledger.name(user)), ledger.account(user, now).available);
    }
    follows_the_schema(&log);
}

/// Fixed prices, from a cache of 60 seconds.
#[derive(Default)]
struct Quotes {
    cached: HashMap<Symbol, Millis>,
    n_fetched: usize,
}

impl Quotes {
    fn of(&mut self, symbol: Symbol, user: &UserName, now: Millis) -> Quote {
        let dollars = symbol.as_bytes().iter().map(|b| i64::from(*b)).sum::<i64>();
        let quote = Quote {
            price: Cents(dollars * 100).as_price().unwrap(),
            source: Source::new("legacy").unwrap(),
            provider_time: now,
            arrived: now,
            fresh: true,
            answer: Some(format!("{dollars}.00,{symbol},{user},{},key=", now.0).into()),
        };
        if self.cached.get(&symbol).is_some_and(|at| at.plus(60_000) > now) {
            return quote.reused();
        }
        self.cached.insert(symbol, now);
        self.n_fetched += 1;
        quote
    }
}

/// What the log says a user's available cash comes to.
fn available(log: &str, user: &UserName) -> Cents {
    let own = format!("<username>{user}</username>");
    let lines = log.lines().filter(|line| line.starts_with("<accountTransaction>") && line.contains(&own));
    let sum = lines.map(|line| {
        let funds = line.split("<funds>").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
        let cents: i64 = funds.replace('.', "").parse().unwrap();
        if line.contains("<action>add<") { cents } else { -cents }
    });
    Cents(sum.sum())
}

/// A file of the day-trading data, beside the repository or where `BELLWETHER_SHARED_DATA` says.
fn data(name: &str) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("BELLWETHER_SHARED_DATA").map(PathBuf::from);
    let beside = ["../../../shared/data", "../../../../shared/data"].map(|path| here.join(path));
    let files = named.into_iter().chain(beside).map(|folder| folder.join("day-trading").join(name));
    let found = files.into_iter().find(|file| file.exists());
    if found.is_none() {
        println!("skipped: day-trading/{name} is not here; name its folder with BELLWETHER_SHARED_DATA");
    }
    found
}

/// Holds a log against the schema, whose window of time is opened wide: it is that of a term in 2021.
fn follows_the_schema(log: &str) {
    let Some(schema) = data("logfile.xsd") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (relaxed, file) = (folder.path().join("relaxed.xsd"), folder.path().join("log.xml"));
    let schema = std::fs::read_to_string(schema).unwrap();
    let wide = schema
        .replace("minInclusive value=\"1609459200000\"", "minInclusive value=\"-9223372036854775808\"")
        .replace("maxInclusive value=\"1619827200000\"", "maxInclusive value=\"9223372036854775807\"");
    assert_eq!(wide.matches("9223372036854775").count(), 2, "the window of the schema is another");
    std::fs::write(&relaxed, wide).unwrap();
    std::fs::write(&file, log).unwrap();
    let output = Program::new("xmllint")
        .args(["--noout", "--stream", "--schema"])
        .args([&relaxed, &file])
        .output()
        .expect("these tests need xmllint, in Debian the package libxml2-utils");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}", said.lines().take(20).collect::<Vec<_>>().join("\n"));
}

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{Look, draw};
use crate::message::Article;
use crate::state::{Link, Pane, State, Wish};

/// 2026-01-05T15:00:10Z
const NOW: i64 = 1_767_625_210;

fn state() -> State {
    let mut state = State::new(["AAPL", "BRK.B", "BINANCE:BTCUSDT"].map(str::to_owned).into());
    state.link = Link::Up;
    for frame in [
        r#"{"type":"status","server_time":"2026-01-05T15:00:09.5Z","market":{"session":"regular","opens_at":null},"feeds":[{"name":"sim","state":"up","gaps":0}]}"#,
        r#"{"type":"quote_update","data":{
            "AAPL":{"price":150.1,"timestamp":"2026-01-05T15:00:09Z","state":"live","high":151,"low":149.2,"volume":1203320,"change":0.73,"change_percent":0.488},
            "BRK.B":{"price":512,"timestamp":"2026-01-05T14:58:00Z","state":"stale","high":513,"low":510.5,"volume":912,"change":-1.2,"change_percent":-0.2338}}}"#,
        r#"{"type":"quote_update","data":{"AAPL":{"price":150.23,"timestamp":"2026-01-05T15:00:10Z","state":"live","high":151,"low":149.2,"volume":1203420,"change":0.86,"change_percent":0.576}}}"#,
        r#"{"type":"bar_update","interval":"5m","session":"extended","data":{"AAPL":[
            {"start":"2026-01-05T14:45:00Z","open":149,"high":150,"low":149,"close":149.5,"volume":10,"trades":2,"vwap":149.2},
            {"start":"2026-01-05T14:50:00Z","open":149.5,"high":151,"low":149,"close":150.5,"volume":30,"trades":2,"vwap":149.2},
            {"start":"2026-01-05T14:55:00Z","open":150.5,"high":150.6,"low":149.8,"close":150,"volume":20,"trades":2,"vwap":149.2}]}}"#,
        r#"{"type":"lists","data":{"watchlists":[]}}"#,
    ] {
        state.take(serde_json::from_str(frame).unwrap());
    }
    state
}

/// The screen as text.
fn screen(state: &State, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state, Look { colour: false, now: NOW })).unwrap();
    format!("\n{}\n", crate::text(&terminal).join("\n"))
}

#[test]
fn the_table_tells_direction_by_sign_and_age_by_word() {
    let shown = screen(&state(), 120, 8);
    expect_test::expect![[r#"

        Bellwether                                                                        market regular · sim up · 15:00:09 UTC
        Symbol                    Last      Change         %    Volume           Day's range
        AAPL                  ▲ 150.23       +0.86    +0.58%     1.20M       149.20 – 151.00 ▁█▅              live
        BRK.B                   512.00       -1.20    -0.23%       912       510.50 – 513.00                  stale 2m
        BINANCE:BTCUSDT                                                                                       …


        ↑↓ choose  Enter chart  ←→ bars  a account  n news  t table  ? keys  q quit
    "#]].assert_eq(&shown);
}

#[test]
fn a_narrow_screen_keeps_what_matters_most() {
    let shown = screen(&state(), 44, 7);
    expect_test::expect![[r#"

        Bellwether  market regular · sim up · 15:00:
        Symbol                    Last         %
        AAPL                  ▲ 150.23    +0.58%
        BRK.B                   512.00    -0.23%
        BINANCE:BTCUSDT

        ↑↓ choose  Enter chart  ←→ bars  a account
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_chart_draws_bodies_that_differ_without_colour() {
    let mut state = state();
    let sent = state.wish(Wish::Show(Pane::Chart), NOW).unwrap();
    assert_eq!(
        sent,
        [
            r#"{"channel":"bars","interval":"1m","since":"2026-01-05T09:00:10Z","symbols":["AAPL"],"type":"subscribe"}"#
        ]
    );
    let sent = state.wish(Wish::Longer, NOW).unwrap();
    assert!(sent[0].contains("unsubscribe") && sent[1].contains(r#""interval":"5m""#), "{sent:?}");
    let bars: Vec<String> = (0..12)
        .map(|n| {
            let (open, close) = (100 + n * 3 % 7, 100 + (n + 1) * 3 % 7);
            format!(
                r#"{{"start":"2026-01-05T14:{:02}:00Z","open":{open},"high":{},"low":{},"close":{close},"volume":{}}}"#,
                n * 5,
                open.max(close) + 1,
                open.min(close) - 1,
                n * 10
            )
        })
        .collect();
    let frame = format!(r#"{{"type":"bar_update","interval":"5m","data":{{"AAPL":[{}]}}}}"#, bars.join(","));
    state.take(serde_json::from_str(&frame).unwrap());
    let shown = screen(&state, 60, 16);
    expect_test::expect![[r#"

        AAPL, 5m bars         market regular · sim up · 15:00:09 UTC
        ▲ 150.23   O 105.00  H 106.00  L 100.00  C 101.00  V 110
         ││     ││                                        107.00
         █░││   █░││
         █░││   █░││
         █░█░││ █░█░
        │█░█░█░│█░█░
        ██░█░█░██░█░                                      103.00
        █│░█░█░█│░█░
        █ ││░█░█ ││░
        █ ││░█░█ ││░
        █   ││░█   │
        │     ││                                          99.00
        ▁▂▂▃▄▄▅▅▆▇▇█                                      volume
        01-05 14:00
        ↑↓ choose  Enter chart  ←→ bars  a account  n news  t table
    "#]]
    .assert_eq(&shown);
    // A bar that ceased to exist goes.
    let gone = r#"{"type":"bar_update","interval":"5m","data":{"AAPL":[{"start":"2026-01-05T14:55:00Z","removed":true}]}}"#;
    state.take(serde_json::from_str(gone).unwrap());
    assert_eq!(state.bars().len(), 11);
    assert!(state.wish(Wish::Back, NOW).is_some() && state.wish(Wish::Back, NOW).is_none());
}

#[test]
fn an_account_shows_cash_holdings_and_what_just_happened() {
    let mut state = state();
    state.wish(Wish::Show(Pane::Account), NOW).unwrap();
    assert!(screen(&state, 70, 10).contains("Waiting for the account"));
    let refused = r#"{"type":"error","code":"not_allowed","message":"Sign in to see your account"}"#;
    state.take(serde_json::from_str(refused).unwrap());
    assert!(screen(&state, 110, 10).contains("Sign in to see your account. Show a key with --key"));
    let account = r#"{"user":"ada","is_open":true,"cash":{"balance":"1000.00","available":"549.31","reserved":"450.69"},
        "holdings":[{"symbol":"AAPL","shares":"3","average_cost":"149.0000"}],
        "triggers":[{"side":"sell","symbol":"AAPL","amount":"500.00","price":null}]}"#;
    let update = format!(
        r#"{{"type":"account_update","data":{{"account":{account},"transaction":{{"timestamp":"2026-01-05T15:00:02Z",
        "kind":"ticket_committed","side":"buy","symbol":"AAPL","shares":"3","price":"149.00","amount":"447.00"}}}}}}"#
    );
    state.take(serde_json::from_str(&update).unwrap());
    let shown = screen(&state, 80, 18);
    expect_test::expect![[r#"

        Account                                   market regular · sim up · 15:00:09 UTC
        ada
        Balance                1000.00
        Available               549.31
        Reserved                450.69

        Symbol               Shares    Average cost      Last        Profit
        AAPL                      3        149.0000    150.23         +3.69

        Automatic
        sell  AAPL             for       500.00  no price set yet

        Just now
        15:00:02  ticket committed  buy 3 AAPL at 149.00  $447.00



        ↑↓ choose  Enter chart  ←→ bars  a account  n news  t table  ? keys  q quit
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_lost_connection_and_an_empty_list_say_so() {
    let mut state = state();
    state.link = Link::Lost("connection refused".into());
    assert!(screen(&state, 100, 6).contains("NOT CONNECTED: connection refused; trying again"));
    assert!(screen(&State::new(Vec::new()), 80, 10).contains("Nothing to watch"));
    // No size of screen is too small to be drawn on.
    for (width, height) in [(1, 1), (5, 2), (20, 3), (300, 80)] {
        for pane in [Pane::Table, Pane::Chart, Pane::Account, Pane::News, Pane::Help] {
            state.wish(Wish::Show(pane), NOW).unwrap();
            screen(&state, width, height);
        }
    }
}

#[test]
fn colour_only_adds_to_what_signs_tell() {
    let state = state();
    let mut terminal = Terminal::new(TestBackend::new(100, 6)).unwrap();
    terminal.draw(|frame| draw(frame, &state, Look { colour: true, now: NOW })).unwrap();
    let coloured = crate::text(&terminal).join("\n");
    assert_eq!(format!("\n{coloured}\n"), screen(&state, 100, 6));
}

/// An article as the server sends it.
fn article(id: &str, published: &str, title: &str, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","source":"guardian","title":"{title}","summary":"","url":"https://news.example/{id}",
        "published_at":"{published}","updated_at":"{published}","updates":0,"streams":["7"],"impact":null{more}}}"#
    )
}

const PLUNGE: &str = r#","symbols":[{"symbol":"AAPL","confidence":0.88,"evidence":[{"matched":"Apple shares","field":"title","at":0,
    "rule":"exchange_ticker"},{"matched":"iPhone","field":"summary","at":9,"rule":"name_in_context"}]},
    {"symbol":"MSFT","confidence":0.5,"evidence":[]}],
    "sentiment":{"score":-0.42,"tone":"negative","words":[{"text":"plunge","weight":-0.6,"is_negated":false}]}"#;
const RISE: &str = r#","symbols":[{"symbol":"BRK.B","confidence":1,"evidence":[]}],"sentiment":{"score":0.3,"tone":"positive","words":[]}"#;
const PLAIN: &str = r#","symbols":[],"sentiment":{"score":0,"tone":"neutral","words":[]}"#;

fn stored() -> Vec<Article> {
    let articles = [
        article("a1", "2026-01-05T14:59:40Z", "Apple shares plunge", PLUNGE),
        article("a2", "2026-01-05T13:00:00Z", "Berkshire rises once more, to nobody's surprise", RISE),
    ];
    articles.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn frame(change: &str, article: &str) -> String {
    format!(r#"{{"type":"news","change":"{change}","article":{article}}}"#)
}

#[test]
fn news_come_stored_and_live_newest_first() {
    let mut state = state();
    // What nobody looks at is neither asked for nor kept.
    let early = frame("new", &article("a0", "2026-01-05T12:00:00Z", "Early", PLAIN));
    state.take(serde_json::from_str(&early).unwrap());
    assert!(state.news.wanted().is_none() && state.news.articles().is_empty());
    assert!(!state.subscriptions(NOW).iter().any(|frame| frame.contains("news")));
    let sent = state.wish(Wish::News, NOW).unwrap();
    assert_eq!(sent, [r#"{"channel":"news","type":"subscribe"}"#]);
    assert_eq!((state.news.wanted(), state.news.wanted()), (Some(None), None));
    assert!(screen(&state, 80, 8).contains("Asking for news…"));
    // After a new connection it is said again.
    assert!(state.subscriptions(NOW).iter().any(|frame| frame.contains("news")));
    state.news.filled(&None, Ok(stored()));
    let live = frame("new", &article("a3", "2026-01-05T14:59:59.5Z", r"Weather\u001b[2J stays", PLAIN));
    state.take(serde_json::from_str(&live).unwrap());
    // Half a second before it; as texts they would stand the other way round.
    let before = frame("new", &article("b3", "2026-01-05T14:59:59Z", "Half a second", PLAIN));
    state.take(serde_json::from_str(&before).unwrap());
    let shown = screen(&state, 90, 7);
    expect_test::expect![[r#"

        News                                                market regular · sim up · 15:00:09 UTC
         11s · guardian                    Weather [2J stays
         11s · guardian                    Half a second
         30s − guardian     AAPL +1        Apple shares plunge
          2h + guardian     BRK.B          Berkshire rises once more, to nobody's surprise

        ↑↓ choose  Enter read  n of the chosen symbol  t table  ? keys  q quit
    "#]]
    .assert_eq(&shown);
    let narrow = screen(&state, 40, 6);
    expect_test::expect![[r#"

        News  market regular · sim up · 15:00:09
         11s · Weather [2J stays
         11s · Half a second
         30s − Apple shares plunge
          2h + Berkshire rises once more, to nob
        ↑↓ choose  Enter read  n of the chosen s
    "#]]
    .assert_eq(&narrow);
    // One that changed is shown as it is now, and in its place; the choice stays with its article.
    assert_eq!(state.news.article().unwrap().id, "a3", "the newest");
    state.wish(Wish::Down, NOW).unwrap();
    state.wish(Wish::Down, NOW).unwrap();
    let changed = article("a1", "2026-01-05T14:59:40Z", "Apple shares recover", PLUNGE)
        .replace("\"updates\":0", "\"updates\":2");
    state.take(serde_json::from_str(&frame("updated", &changed)).unwrap());
    let newest = frame("new", &article("a4", "2026-01-05T15:00:05Z", "Newest", PLAIN));
    state.take(serde_json::from_str(&newest).unwrap());
    // An answer that was overtaken by a frame takes nothing back.
    state.news.filled(&None, Ok(stored()));
    let titles: Vec<&str> = state.news.articles().iter().map(|article| &*article.title).collect();
    assert_eq!(titles[0], "Newest");
    assert_eq!(titles[3..], ["Apple shares recover", "Berkshire rises once more, to nobody's surprise"]);
    assert_eq!(state.news.article().unwrap().id, "a1");
}

#[test]
fn an_article_is_shown_whole_with_why_it_is_about_what() {
    let mut state = state();
    state.wish(Wish::News, NOW).unwrap();
    // There is nothing to open yet.
    state.wish(Wish::Open, NOW).unwrap();
    let mut articles = stored();
    articles[0].summary = "The maker of the iPhone fell\nby a tenth.".into();
    articles[0].updates = 1;
    state.news.filled(&None, Ok(articles));
    state.wish(Wish::Open, NOW).unwrap();
    let shown = screen(&state, 72, 13);
    expect_test::expect![[r#"

        News                              market regular · sim up · 15:00:09 UTC
        Apple shares plunge
        guardian · 2026-01-05 14:59 UTC · updated once

        The maker of the iPhone fell by a tenth.

        https://news.example/a1

        Tone  − negative -0.42
        AAPL  88% sure: “Apple shares” in the title (exchange ticker), “iPhone”
        in the summary (name in context)
        MSFT  50% sure: without evidence
        ↑↓ another  Esc back to the list  t table  ? keys  q quit
    "#]]
    .assert_eq(&shown);
    state.wish(Wish::Last, NOW).unwrap();
    assert!(screen(&state, 72, 12).contains("Tone  + positive +0.30"));
    assert!(state.wish(Wish::Back, NOW).is_some() && state.pane == Pane::News && !state.news.is_open);
    assert!(state.wish(Wish::Back, NOW).is_some() && state.pane == Pane::Table);
    // In the table the same key opens the chart.
    state.wish(Wish::Open, NOW).unwrap();
    assert_eq!(state.pane, Pane::Chart);
}

#[test]
fn news_may_be_those_of_the_chosen_symbol() {
    let mut state = state();
    state.wish(Wish::Down, NOW).unwrap();
    state.wish(Wish::News, NOW).unwrap();
    assert_eq!(state.news.wanted(), Some(None));
    assert!(state.wish(Wish::News, NOW).unwrap().is_empty(), "it is watched already");
    let only = Some("BRK.B".to_owned());
    assert_eq!(state.news.wanted(), Some(only.clone()));
    // What was asked before, and what is about others, is not for here.
    state.news.filled(&None, Ok(stored()));
    state.take(
        serde_json::from_str(&frame("new", &article("a5", "2026-01-05T15:00:00Z", "Apple", PLUNGE))).unwrap(),
    );
    assert!(state.news.articles().is_empty());
    state.take(
        serde_json::from_str(&frame("new", &article("a6", "2026-01-05T15:00:00Z", "Buffett", RISE))).unwrap(),
    );
    assert_eq!(state.news.articles().len(), 1);
    state.news.filled(&only, Err("this server has no news".into()));
    assert!(screen(&state, 80, 5).contains("News of BRK.B") && screen(&state, 80, 5).contains("Buffett"));
    // And back to all, where a refusal is said.
    state.wish(Wish::News, NOW).unwrap();
    state.news.filled(&None, Err("this server has no news".into()));
    assert!(screen(&state, 100, 7).contains("Stored news cannot be shown: this server has no news."));
    // No more are kept than anybody reads.
    for n in 0..300 {
        let published = format!("2026-01-05T10:{:02}:{:02}Z", n / 60, n % 60);
        let article = article(&format!("n{n}"), &published, "x", PLAIN);
        state.take(serde_json::from_str(&frame("new", &article)).unwrap());
    }
    assert_eq!(state.news.articles().len(), 200);
    assert_eq!(state.news.articles()[0].id, "n299");
    let mut terminal = Terminal::new(TestBackend::new(90, 9)).unwrap();
    terminal.draw(|frame| draw(frame, &state, Look { colour: true, now: NOW })).unwrap();
    assert_eq!(format!("\n{}\n", crate::text(&terminal).join("\n")), screen(&state, 90, 9));
}

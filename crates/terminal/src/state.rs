//! What is shown, and how keys and frames change it. Pure: no terminal, no socket, no clock.

use std::collections::{BTreeMap, HashMap, VecDeque};

use market::Timestamp;
use serde_json::json;

use crate::message::{Account, Bar, Message, Row, Status, Transaction};
use crate::news::News;

/// Bars kept for a chart; wider than any terminal.
const BARS_MAX: usize = 500;
/// Points of a sparkline.
pub(crate) const SPARK_POINTS: usize = 16;
/// Transactions kept for the account's pane.
const TRANSACTIONS_MAX: usize = 50;
/// Lengths of bars, as the server calls them, and how long the chart looks back in seconds.
const INTERVALS: [(&str, i64); 6] = [
    ("1s", 600),
    ("1m", 6 * 3600),
    ("5m", 2 * 86_400),
    ("15m", 5 * 86_400),
    ("1h", 20 * 86_400),
    ("1d", 720 * 86_400),
];
/// The bars of sparklines.
const SPARK_INTERVAL: usize = 2;

/// What fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// All symbols.
    #[default]
    Table,
    /// Bars of the chosen one.
    Chart,
    /// Cash, holdings, triggers and what just happened.
    Account,
    /// Articles, or one of them.
    News,
    /// What keys do.
    Help,
}

/// What a key asks for, whatever key that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Choose the symbol above.
    Up,
    /// Choose the symbol below.
    Down,
    /// The first.
    First,
    /// The last.
    Last,
    /// Show this.
    Show(Pane),
    /// The news of everything, or where they are shown, of the chosen symbol, and back.
    News,
    /// The chosen symbol's chart, or the chosen article whole.
    Open,
    /// Back to the table; from there, the end.
    Back,
    /// Shorter bars.
    Shorter,
    /// Longer bars.
    Longer,
}

/// How the connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// For the first time.
    Connecting,
    /// It stands.
    Up,
    /// It was lost, or never stood; why, in plain words. It is tried again.
    Lost(String),
}

/// Which way the last price went, to be told by a sign and not by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tick {
    /// Up.
    Up,
    /// Down.
    Down,
    /// Not at all yet.
    #[default]
    None,
}

/// All that is shown.
#[derive(Debug)]
pub struct State {
    /// In the order of the table.
    pub symbols: Vec<String>,
    rows: HashMap<String, (Row, Tick)>,
    sparks: HashMap<String, BTreeMap<String, f64>>,
    /// The chosen symbol's place.
    pub chosen: usize,
    /// What fills the screen.
    pub pane: Pane,
    interval: usize,
    charts: BTreeMap<String, Bar>,
    /// What the bars of the chart are of.
    charted: Option<(String, usize)>,
    /// One's account, once it was sent.
    pub account: Option<Account>,
    /// Why there is no account.
    pub account_refused: Option<String>,
    /// Newest first.
    pub transactions: VecDeque<Transaction>,
    /// Articles.
    pub news: News,
    /// Feeds and session.
    pub status: Option<Status>,
    /// The connection.
    pub link: Link,
    /// Something to be read once.
    pub notice: Option<String>,
}

impl State {
    /// Shows these symbols.
    pub fn new(symbols: Vec<String>) -> Self {
        Self {
            symbols,
            rows: HashMap::new(),
            sparks: HashMap::new(),
            chosen: 0,
            pane: Pane::default(),
            interval: 1,
            charts: BTreeMap::new(),
            charted: None,
            account: None,
            account_refused: None,
            transactions: VecDeque::new(),
            news: News::default(),
            status: None,
            link: Link::Connecting,
            notice: None,
        }
    }

    /// The row of a symbol, and which way it went last.
    pub fn row(&self, symbol: &str) -> Option<(&Row, Tick)> {
        self.rows.get(symbol).map(|(row, tick)| (row, *tick))
    }

    /// Closing prices of a symbol's newest five minutes' bars, oldest first.
    pub fn spark(&self, symbol: &str) -> Vec<f64> {
        let Some(points) = self.sparks.get(symbol) else { return Vec::new() };
        points.values().skip(points.len().saturating_sub(SPARK_POINTS)).copied().collect()
    }

    /// The chosen symbol; `None` without symbols.
    pub fn symbol(&self) -> Option<&str> {
        self.symbols.get(self.chosen).map(String::as_str)
    }

    /// Bars of the chart, ascending.
    pub fn bars(&self) -> impl DoubleEndedIterator<Item = &Bar> + ExactSizeIterator {
        self.charts.values()
    }

    /// Length of the chart's bars, such as `1m`.
    pub fn interval(&self) -> &'static str {
        INTERVALS[self.interval].0
    }

    /// Every symbol has a price.
    pub fn is_complete(&self) -> bool {
        self.symbols.iter().all(|symbol| self.row(symbol).is_some_and(|(row, _)| row.price.is_some()))
    }

    /// What to send over a new connection. `now` is in seconds since 1970.
    pub fn subscriptions(&self, now: i64) -> Vec<String> {
        let (spark, back) = INTERVALS[SPARK_INTERVAL];
        let mut frames = vec![
            json!({"type": "subscribe", "channel": "quotes", "symbols": self.symbols}),
            json!({"type": "subscribe", "channel": "status"}),
            json!({"type": "subscribe", "channel": "account"}),
            json!({"type": "subscribe", "channel": "bars", "symbols": self.symbols, "interval": spark,
                   "since": since(now, back.min(8 * 3600))}),
        ];
        frames.extend(
            self.charted.as_ref().map(|(symbol, interval)| bars("subscribe", symbol, *interval, Some(now))),
        );
        frames.iter().map(ToString::to_string).chain(self.news.subscription()).collect()
    }

    /// Does what a key asks for; what to send, or `None` for the end.
    pub fn wish(&mut self, wish: Wish, now: i64) -> Option<Vec<String>> {
        self.notice = None;
        let last = self.symbols.len().saturating_sub(1);
        match wish {
            // While articles are shown these choose among them.
            Wish::Up | Wish::Down | Wish::First | Wish::Last if self.pane == Pane::News => self.turn(wish),
            Wish::News => return Some(self.show_news(now)),
            Wish::Open if self.pane == Pane::News => self.news.open(),
            Wish::Open => self.pane = Pane::Chart,
            Wish::Back if self.pane == Pane::News && self.news.is_open => self.news.is_open = false,
            Wish::Up => self.chosen = self.chosen.saturating_sub(1),
            Wish::Down => self.chosen = (self.chosen + 1).min(last),
            Wish::First => self.chosen = 0,
            Wish::Last => self.chosen = last,
            Wish::Show(pane) => self.pane = pane,
            Wish::Back if self.pane == Pane::Table => return None,
            Wish::Back => self.pane = Pane::Table,
            Wish::Shorter => self.interval = self.interval.saturating_sub(1),
            Wish::Longer => self.interval = (self.interval + 1).min(INTERVALS.len() - 1),
        }
        Some(self.chart(now))
    }

    /// Chooses another article.
    fn turn(&mut self, wish: Wish) {
        let place = self.news.place();
        self.news.choose(match wish {
            Wish::Up => place.saturating_sub(1),
            Wish::Down => place + 1,
            Wish::First => 0,
            _ => usize::MAX,
        });
    }

    /// Shows the news of everything first, then in turn those of the chosen symbol.
    fn show_news(&mut self, now: i64) -> Vec<String> {
        let is_all = self.pane == Pane::News && self.news.only.is_none();
        let only = self.symbol().map(str::to_owned).filter(|_| is_all);
        self.news.is_open = false;
        self.pane = Pane::News;
        self.news.show(only);
        self.chart(now).into_iter().chain(self.news.watch()).collect()
    }

    /// Watches the bars that the chart is to show, and those before no longer.
    fn chart(&mut self, now: i64) -> Vec<String> {
        let shown = self.pane == Pane::Chart;
        let wanted = self.symbol().filter(|_| shown).map(|symbol| (symbol.to_owned(), self.interval));
        if wanted == self.charted {
            return Vec::new();
        }
        self.charts.clear();
        let before = std::mem::replace(&mut self.charted, wanted);
        // The sparklines go on needing theirs.
        let before = before.filter(|(_, interval)| *interval != SPARK_INTERVAL);
        let over = before.map(|(symbol, interval)| bars("unsubscribe", &symbol, interval, None));
        let next =
            self.charted.as_ref().map(|(symbol, interval)| bars("subscribe", symbol, *interval, Some(now)));
        over.into_iter().chain(next).map(|frame| frame.to_string()).collect()
    }

    /// Takes a frame in.
    pub fn take(&mut self, message: Message) {
        match message {
            Message::QuoteUpdate { data } => {
                for (symbol, row) in data {
                    let before = self.rows.get(&symbol);
                    let tick = match (before.and_then(|(row, _)| row.price), row.price) {
                        (Some(before), Some(now)) if now > before => Tick::Up,
                        (Some(before), Some(now)) if now < before => Tick::Down,
                        _ => before.map_or(Tick::None, |(_, tick)| *tick),
                    };
                    self.rows.insert(symbol, (row, tick));
                }
            }
            Message::BarUpdate { interval, data } => {
                for (symbol, bars) in data {
                    self.take_bars(&symbol, &interval, bars);
                }
            }
            Message::Status(status) => self.status = Some(status),
            Message::Account { data } => self.take_account(data),
            Message::AccountUpdate { data } => {
                self.take_account(data.account);
                self.transactions.push_front(data.transaction);
                self.transactions.truncate(TRANSACTIONS_MAX);
            }
            Message::News { article } => self.news.take(*article),
            Message::Error(refused) if refused.code.as_deref() == Some("not_allowed") => {
                self.account_refused = Some(refused.message);
            }
            Message::Error(refused) => self.notice = Some(refused.message),
            Message::Other => {}
        }
    }

    fn take_account(&mut self, account: Account) {
        self.account = Some(account);
        self.account_refused = None;
    }

    fn take_bars(&mut self, symbol: &str, interval: &str, bars: Vec<Bar>) {
        if interval == INTERVALS[SPARK_INTERVAL].0 {
            let points = self.sparks.entry(symbol.to_owned()).or_default();
            for bar in &bars {
                match bar.removed {
                    true => points.remove(&bar.start),
                    false => points.insert(bar.start.clone(), bar.close),
                };
            }
            while points.len() > BARS_MAX {
                points.pop_first();
            }
        }
        if self.charted.as_ref().is_some_and(|(s, i)| s == symbol && INTERVALS[*i].0 == interval) {
            for bar in bars {
                match bar.removed {
                    true => self.charts.remove(&bar.start),
                    false => self.charts.insert(bar.start.clone(), bar),
                };
            }
            while self.charts.len() > BARS_MAX {
                self.charts.pop_first();
            }
        }
    }
}

fn bars(kind: &str, symbol: &str, interval: usize, now: Option<i64>) -> serde_json::Value {
    let (name, back) = INTERVALS[interval];
    let mut frame = json!({"type": kind, "channel": "bars", "symbols": [symbol], "interval": name});
    if let Some(now) = now {
        frame["since"] = since(now, back).into();
    }
    frame
}

/// A moment so many seconds ago, RFC 3339 in UTC.
fn since(now: i64, back: i64) -> String {
    Timestamp::from_seconds(now - back).unwrap_or(Timestamp::EPOCH).to_string()
}

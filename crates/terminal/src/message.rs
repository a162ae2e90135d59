//! What the server sends, as far as a terminal shows it. Numbers are read as floating point, since here they are only
//! drawn: nothing is ever sent back.

use std::collections::HashMap;

use serde::Deserialize;

/// One frame of the WebSocket.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    /// Rows that changed, by symbol.
    QuoteUpdate {
        /// By symbol.
        data: HashMap<String, Row>,
    },
    /// Bars that changed, by symbol.
    BarUpdate {
        /// Their length, such as `5m`.
        interval: String,
        /// By symbol, ascending.
        data: HashMap<String, Vec<Bar>>,
    },
    /// Feeds, session and clock.
    Status(Status),
    /// All of one's account.
    Account {
        /// The account.
        data: Account,
    },
    /// Something that happened to it, and how it is now.
    AccountUpdate {
        /// Both.
        data: AccountChange,
    },
    /// An article that is new, or has changed.
    News {
        /// As it is now.
        article: Box<Article>,
    },
    /// Something was refused.
    Error(Refused),
    /// What a terminal does not show.
    #[serde(other)]
    Other,
}

/// A row of the table. What a symbol has not is `None`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Row {
    /// Last price.
    pub price: Option<f64>,
    /// When it was traded, RFC 3339.
    pub timestamp: Option<String>,
    /// Freshness: `live`, `delayed`, `stale`, `closed`, `simulated` or `waiting`.
    pub state: String,
    /// The day's high.
    pub high: Option<f64>,
    /// The day's low.
    pub low: Option<f64>,
    /// The day's volume.
    pub volume: Option<f64>,
    /// Against the previous close.
    pub change: Option<f64>,
    /// The same in per cent.
    pub change_percent: Option<f64>,
}

/// A bar, or that there is none any more.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Bar {
    /// Its start, RFC 3339 in UTC, so that texts sort as times do.
    pub start: String,
    /// First price.
    pub open: f64,
    /// Highest.
    pub high: f64,
    /// Lowest.
    pub low: f64,
    /// Last.
    pub close: f64,
    /// Volume.
    pub volume: f64,
    /// It ceased to exist.
    pub removed: bool,
}

/// How the server stands.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Status {
    /// Its clock.
    pub server_time: String,
    /// The session of the US market.
    pub market: Market,
    /// What is taken in.
    pub feeds: Vec<Feed>,
}

/// The US market.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Market {
    /// `pre`, `regular`, `post` or `closed`.
    pub session: String,
}

/// One feed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Feed {
    /// Its name.
    pub name: String,
    /// `connecting`, `up`, `silent` or `down`.
    pub state: String,
}

/// One's trading account.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Whose.
    pub user: String,
    /// Money was added at least once.
    pub is_open: bool,
    /// In dollars.
    pub cash: Cash,
    /// By symbol.
    pub holdings: Vec<Holding>,
    /// Automatic buys and sells.
    pub triggers: Vec<Trigger>,
}

/// Cash, in dollars as text with exact digits.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Cash {
    /// All of it.
    pub balance: String,
    /// To be spent.
    pub available: String,
    /// Set aside.
    pub reserved: String,
}

/// Shares of one symbol.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Holding {
    /// Which.
    pub symbol: String,
    /// How many.
    pub shares: String,
    /// What they cost on average, in dollars.
    pub average_cost: Option<String>,
}

/// An automatic buy or sell.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Trigger {
    /// `buy` or `sell`.
    pub side: String,
    /// Of what.
    pub symbol: String,
    /// For how many dollars.
    pub amount: String,
    /// At which price, once it is set.
    pub price: Option<String>,
}

/// A transaction, and the account after it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AccountChange {
    /// What happened.
    pub transaction: Transaction,
    /// The account now.
    pub account: Account,
}

/// One line of the list of transactions.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Transaction {
    /// When, RFC 3339.
    pub timestamp: String,
    /// What kind, such as `ticket_committed`.
    pub kind: String,
    /// `buy` or `sell`.
    pub side: Option<String>,
    /// Of what.
    pub symbol: Option<String>,
    /// How many.
    pub shares: Option<String>,
    /// At which price.
    pub price: Option<String>,
    /// Dollars.
    pub amount: Option<String>,
    /// Why not, in plain words.
    pub message: Option<String>,
}

/// A refusal.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Refused {
    /// In plain words.
    pub message: String,
    /// `not_allowed`, `unknown_symbol` and others.
    pub code: Option<String>,
}

/// An article.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Article {
    /// Names it.
    pub id: String,
    /// Who published it.
    pub source: String,
    /// Its title.
    pub title: String,
    /// What it says, in short.
    pub summary: String,
    /// Where it stands.
    pub url: String,
    /// When, RFC 3339 in UTC.
    pub published_at: String,
    /// How often it changed since.
    pub updates: u64,
    /// What it is about.
    pub symbols: Vec<Linked>,
    /// What its words weigh.
    pub sentiment: Sentiment,
}

/// A symbol that an article is about.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Linked {
    /// Which.
    pub symbol: String,
    /// How sure that is, 0 to 1.
    pub confidence: f64,
    /// Why.
    pub evidence: Vec<Evidence>,
}

/// Words that tie an article to a symbol.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// The words.
    pub matched: String,
    /// Where they stand: `title`, `summary` or `provider`.
    pub field: String,
    /// By which rule they count.
    pub rule: String,
}

/// What the words of an article weigh.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Sentiment {
    /// −1 to 1.
    pub score: f64,
    /// `positive`, `negative` or `neutral`.
    pub tone: String,
}

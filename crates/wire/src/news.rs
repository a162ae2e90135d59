//! Bodies of news: articles, what followed them, and moves with the articles around them.

use market::{Price, Timestamp, Volume};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::number::{self, Micros};
use crate::time;

/// Where in an article a symbol was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceField {
    /// In the title.
    Title,
    /// In the summary.
    Summary,
    /// Beside the text: the provider says so.
    Provider,
}

/// By which rule a text was taken for a symbol, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceRule {
    /// A ticker with its exchange: `(NASDAQ: AAPL)`.
    ExchangeTicker,
    /// `$AAPL`.
    Cashtag,
    /// A name with its legal form.
    FullName,
    /// The provider says so.
    Provider,
    /// A name of several words.
    LongName,
    /// A name of one word that is no other word.
    Name,
    /// A name that is also a word, among words of business.
    NameInContext,
}

/// Why an article is tied to a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceBody {
    /// The text as it stands there.
    #[schema(example = "Apple shares")]
    pub matched: String,
    /// Where.
    pub field: EvidenceField,
    /// First byte of it in that field, as UTF-8.
    pub at: u32,
    /// Why it counts.
    pub rule: EvidenceRule,
}

/// An article's tie to a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkBody {
    /// The symbol.
    #[schema(example = "AAPL")]
    pub symbol: String,
    /// How sure the surest evidence is, up to 1: an order with distances by judgement, no measured frequency.
    #[serde(with = "number::micros")]
    #[schema(value_type = f64, format = "decimal", example = 0.88)]
    pub confidence: Micros,
    /// All evidence, the surest first.
    pub evidence: Vec<EvidenceBody>,
}

/// What a text sounds like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToneName {
    /// Good news for whom it is about.
    Positive,
    /// Neither.
    Neutral,
    /// Bad news.
    Negative,
}

/// A word or pair that counted for the tone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToneWord {
    /// As the lexicon has it.
    pub text: String,
    /// What it counted here, with negation and degree.
    #[serde(with = "number::micros")]
    #[schema(value_type = f64, format = "decimal", example = -0.6)]
    pub weight: Micros,
    /// It was turned by a negation.
    pub is_negated: bool,
}

/// The tone of an article, by a small lexicon: a hint, no judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SentimentBody {
    /// From -1 to 1.
    #[serde(with = "number::micros")]
    #[schema(value_type = f64, format = "decimal", example = -0.42)]
    pub score: Micros,
    /// What that sounds like.
    pub tone: ToneName,
    /// The words that made it, in the order of the text.
    pub words: Vec<ToneWord>,
}

/// What the return after an article is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReferencesName {
    /// The same time of the day, by New York's clock, on days before.
    SameHour,
    /// Spans of the same length directly before the article, since too few days are known.
    Earlier,
}

/// What followed an article, against the usual. Association, not cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StudyBody {
    /// The article's moment.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// End of what is looked at.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// The last price before.
    #[serde(with = "number::price")]
    #[schema(value_type = f64, format = "decimal", example = 190.12)]
    pub before: Price,
    /// The last price within.
    #[serde(with = "number::price")]
    #[schema(value_type = f64, format = "decimal", example = 191.5)]
    pub after: Price,
    /// The change in per cent.
    #[serde(with = "number::micros")]
    #[schema(value_type = f64, format = "decimal", example = 0.7258)]
    pub change_percent: Micros,
    /// The change less the mean of those it is compared with, in per cent.
    #[serde(with = "number::micros")]
    #[schema(value_type = f64, format = "decimal", example = 0.61)]
    pub abnormal_percent: Micros,
    /// The abnormal change over its standard error: beyond 2 either way is rare by chance.
    #[serde(with = "number::micros")]
    #[schema(value_type = f64, format = "decimal", example = 2.9)]
    pub t: Micros,
    /// How many it is compared with.
    pub n: u32,
    /// With what it is compared.
    pub references: ReferencesName,
    /// Volume in that time.
    #[serde(with = "number::volume")]
    #[schema(value_type = f64, format = "decimal", example = 12345)]
    pub volume: Volume,
    /// Mean volume of those it is compared with.
    #[serde(with = "number::volume")]
    #[schema(value_type = f64, format = "decimal", example = 2345)]
    pub usual_volume: Volume,
}

/// What followed an article for one symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImpactBody {
    /// The symbol.
    #[schema(example = "AAPL")]
    pub symbol: String,
    /// Minutes that are looked at.
    pub minutes: u32,
    /// What followed; `null` where that cannot be said.
    #[schema(required)]
    pub study: Option<StudyBody>,
    /// Why it cannot be said, in words.
    #[schema(required, example = "too few earlier days to compare with")]
    pub why_not: Option<String>,
}

/// An article: its newest version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArticleBody {
    /// Names it in `/api/v1/news/{id}`, the same on every server.
    #[schema(example = "0123456789abcdef")]
    pub id: String,
    /// Whose: `guardian`, `finnhub`.
    pub source: String,
    /// The title.
    pub title: String,
    /// A sentence or two; may be empty.
    pub summary: String,
    /// Where it can be read: `http` or `https`.
    pub url: String,
    /// When its first version appeared.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub published_at: Timestamp,
    /// When this version appeared.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// How often it changed.
    pub updates: u32,
    /// What it is about, the surest first.
    pub symbols: Vec<LinkBody>,
    /// What it sounds like.
    pub sentiment: SentimentBody,
    /// Ids of the streams that found it.
    pub streams: Vec<String>,
    /// What followed for the symbol that was asked for; `null` without one.
    #[schema(required)]
    pub impact: Option<ImpactBody>,
}

/// What followed several articles together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PooledBody {
    /// How many articles.
    pub n: u32,
    /// The mean of their abnormal changes, in per cent.
    #[serde(with = "number::micros")]
    #[schema(value_type = f64, format = "decimal", example = 0.31)]
    pub mean_abnormal_percent: Micros,
    /// The mean over its standard error across articles.
    #[serde(with = "number::micros")]
    #[schema(value_type = f64, format = "decimal", example = 1.9)]
    pub t: Micros,
}

/// `GET /api/v1/news`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewsAnswer {
    /// The newest first.
    pub articles: Vec<ArticleBody>,
    /// What followed those of this page together; `null` without a symbol, or with fewer than three that could be studied.
    #[schema(required)]
    pub pooled: Option<PooledBody>,
    /// Send it as `cursor` for what is older; `null` at the end.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// `GET /api/v1/news/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArticleAnswer {
    /// The article.
    pub article: ArticleBody,
    /// What followed, for each symbol that it is about.
    pub impacts: Vec<ImpactBody>,
}

/// An article near a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NearBody {
    /// Seconds from the start of the move to the article; below zero where the article came first.
    pub lag_s: i64,
    /// The article.
    pub article: ArticleBody,
}

/// A move that is unusual for its time of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoveBody {
    /// Whence it is measured.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Its end.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// Start of the minute of its largest step, from which lags are counted.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub onset: Timestamp,
    /// The price before.
    #[serde(with = "number::price")]
    #[schema(value_type = f64, format = "decimal", example = 190.12)]
    pub before: Price,
    /// The price after.
    #[serde(with = "number::price")]
    #[schema(value_type = f64, format = "decimal", example = 193.5)]
    pub after: Price,
    /// The change in per cent.
    #[serde(with = "number::micros")]
    #[schema(value_type = f64, format = "decimal", example = 1.7778)]
    pub change_percent: Micros,
    /// The change in usual deviations of this half hour.
    #[serde(with = "number::micros")]
    #[schema(value_type = f64, format = "decimal", example = 5.2)]
    pub deviations: Micros,
    /// Articles just before and after, the nearest first.
    pub articles: Vec<NearBody>,
}

/// `GET /api/v1/moves/{symbol}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MovesAnswer {
    /// The symbol.
    pub symbol: String,
    /// Length of a move, in minutes.
    pub minutes: u32,
    /// Unusual moves, the newest first.
    pub moves: Vec<MoveBody>,
    /// Start of the first stored minute that was looked at; `null` where there is none.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub looked_from: Option<Timestamp>,
    /// What this says and what it does not.
    pub note: String,
}

/// What happened to an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArticleChange {
    /// It is the first version.
    New,
    /// It changed.
    Updated,
}

//! Questions to the feeds role, and their answers.

use std::time::Duration;

use market::{Bar, Card, HistoryRequest, Interval, Price, SessionFilter, Symbol, Timestamp, Volume};
use serde::{Deserialize, Serialize};

use super::DecodeError;

const VERSION: u64 = 1;

/// What a server asks of the feeds role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// The card of an instrument.
    Card(Symbol),
    /// Bars of the past.
    History(HistoryRequest),
}

/// What the feeds role answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Question::Card`].
    Card(Box<Card>),
    /// To [`Question::History`]: ascending by start.
    Bars(Vec<Bar>),
    /// Not this time.
    Refused(Refusal),
}

/// Why the feeds role does not answer a question. In order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No provider has this.
    #[error("no provider has this")]
    NotAvailable,
    /// The provider's budget is spent for now.
    #[error("the provider's budget is spent, try again in {} s", .retry_after.as_secs())]
    Busy {
        /// When it may be asked again.
        retry_after: Duration,
    },
    /// The provider was asked and failed.
    #[error("the provider failed: {0}")]
    Failed(String),
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    v: u64,
    #[serde(flatten)]
    body: T,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
enum QuestionBody {
    Card { symbol: String },
    History { symbol: String, interval: String, session: String, from: i64, to: i64 },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AnswerBody {
    Card(CardBody),
    Bars(Vec<BarBody>),
    NotAvailable,
    Busy { retry_after_ms: u64 },
    Failed { why: String },
}

/// Amounts are counts of 10⁻⁸, the wide ones as text, because JSON's numbers end at 64 bits.
#[derive(Serialize, Deserialize)]
struct CardBody {
    symbol: String,
    week_52_high: Option<i64>,
    week_52_low: Option<i64>,
    market_cap: Option<String>,
    pe_ratio: Option<i64>,
    shares_outstanding: Option<String>,
    as_of: i64,
    source: String,
}

/// Start, open, high, low, close, volume, trades, vwap.
#[derive(Serialize, Deserialize)]
struct BarBody(i64, i64, i64, i64, i64, String, u64, i64);

/// The payload of a question.
pub fn encode_question(question: &Question) -> Result<Vec<u8>, DecodeError> {
    let body = match question {
        Question::Card(symbol) => QuestionBody::Card { symbol: symbol.to_string() },
        Question::History(request) => QuestionBody::History {
            symbol: request.symbol.to_string(),
            interval: request.interval.name().into(),
            session: request.session.name().into(),
            from: request.from.nanos(),
            to: request.to.nanos(),
        },
    };
    Ok(serde_json::to_vec(&Versioned { v: VERSION, body })?)
}

/// A question.
pub fn decode_question(payload: &[u8]) -> Result<Question, DecodeError> {
    Ok(match versioned(payload)? {
        QuestionBody::Card { symbol } => Question::Card(symbol_of(&symbol)?),
        QuestionBody::History { symbol, interval, session, from, to } => Question::History(HistoryRequest {
            symbol: symbol_of(&symbol)?,
            interval: Interval::from_name(&interval).ok_or(DecodeError::Malformed("interval"))?,
            session: SessionFilter::from_name(&session).ok_or(DecodeError::Malformed("session"))?,
            from: Timestamp::from_nanos(from),
            to: Timestamp::from_nanos(to),
        }),
    })
}

/// The payload of an answer. Not bounded by a message: the bus compresses it, and refuses what is
/// still too large.
pub fn encode_answer(answer: &Answer) -> Result<Vec<u8>, DecodeError> {
    let body = match answer {
        Answer::Card(card) => AnswerBody::Card(CardBody {
            symbol: card.symbol.to_string(),
            week_52_high: card.week_52_high.map(Price::units),
            week_52_low: card.week_52_low.map(Price::units),
            market_cap: card.market_cap.map(|v| v.units().to_string()),
            pe_ratio: card.pe_ratio.map(Price::units),
            shares_outstanding: card.shares_outstanding.map(|v| v.units().to_string()),
            as_of: card.as_of.nanos(),
            source: card.source.clone(),
        }),
        Answer::Bars(bars) => AnswerBody::Bars(bars.iter().map(bar_body).collect()),
        Answer::Refused(Refusal::NotAvailable) => AnswerBody::NotAvailable,
        Answer::Refused(Refusal::Busy { retry_after }) => {
            AnswerBody::Busy { retry_after_ms: u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX) }
        }
        Answer::Refused(Refusal::Failed(why)) => AnswerBody::Failed { why: why.clone() },
    };
    Ok(serde_json::to_vec(&Versioned { v: VERSION, body })?)
}

/// An answer.
pub fn decode_answer(payload: &[u8]) -> Result<Answer, DecodeError> {
    Ok(match versioned(payload)? {
        AnswerBody::Card(card) => Answer::Card(Box::new(Card {
            symbol: symbol_of(&card.symbol)?,
            week_52_high: card.week_52_high.map(Price::from_units),
            week_52_low: card.week_52_low.map(Price::from_units),
            market_cap: card.market_cap.as_deref().map(volume_of).transpose()?,
            pe_ratio: card.pe_ratio.map(Price::from_units),
            shares_outstanding: card.shares_outstanding.as_deref().map(volume_of).transpose()?,
            as_of: Timestamp::from_nanos(card.as_of),
            source: card.source,
        })),
        AnswerBody::Bars(bars) => Answer::Bars(bars.iter().map(bar).collect::<Result<_, _>>()?),
        AnswerBody::NotAvailable => Answer::Refused(Refusal::NotAvailable),
        AnswerBody::Busy { retry_after_ms } => {
            Answer::Refused(Refusal::Busy { retry_after: Duration::from_millis(retry_after_ms) })
        }
        AnswerBody::Failed { why } => Answer::Refused(Refusal::Failed(why)),
    })
}

fn versioned<T: for<'a> Deserialize<'a>>(payload: &[u8]) -> Result<T, DecodeError> {
    #[derive(Deserialize)]
    struct Version {
        v: u64,
    }
    // The version first: what a newer program says need not have a body that is known here.
    let Version { v } = serde_json::from_slice(payload)?;
    if v != VERSION {
        return Err(DecodeError::Version(v));
    }
    Ok(serde_json::from_slice::<Versioned<T>>(payload)?.body)
}

fn symbol_of(text: &str) -> Result<Symbol, DecodeError> {
    Symbol::new(text).map_err(|_| DecodeError::Malformed("symbol"))
}

fn volume_of(text: &str) -> Result<Volume, DecodeError> {
    text.parse().map(Volume::from_units).map_err(|_| DecodeError::Malformed("volume"))
}

fn bar_body(bar: &Bar) -> BarBody {
    BarBody(
        bar.start.nanos(),
        bar.open.units(),
        bar.high.units(),
        bar.low.units(),
        bar.close.units(),
        bar.volume.units().to_string(),
        bar.trades,
        bar.vwap_micros,
    )
}

fn bar(body: &BarBody) -> Result<Bar, DecodeError> {
    let BarBody(start, open, high, low, close, volume, trades, vwap_micros) = body;
    Ok(Bar {
        start: Timestamp::from_nanos(*start),
        open: Price::from_units(*open),
        high: Price::from_units(*high),
        low: Price::from_units(*low),
        close: Price::from_units(*close),
        volume: volume_of(volume)?,
        trades: *trades,
        vwap_micros: *vwap_micros,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_come_back() {
        let symbol = Symbol::new("OANDA:EUR_USD").unwrap();
        let history = HistoryRequest {
            symbol,
            interval: Interval::M15,
            session: SessionFilter::Extended,
            from: Timestamp::MIN,
            to: Timestamp::MAX,
        };
        for question in [Question::Card(symbol), Question::History(history)] {
            assert_eq!(decode_question(&encode_question(&question).unwrap()).unwrap(), question);
        }
        assert!(matches!(decode_question(br#"{"v":2,"ask":"x"}"#), Err(DecodeError::Version(2))));
        assert!(decode_question(br#"{"v":1,"ask":"card","symbol":""}"#).is_err());
    }

    #[test]
    fn answers_come_back_exactly() {
        let bar = Bar {
            start: Timestamp::from_nanos(i64::MAX),
            open: Price::from_units(i64::MAX),
            high: Price::from_units(1),
            low: Price::from_units(-1),
            close: Price::ZERO,
            volume: Volume::from_units(i128::MAX),
            trades: u64::MAX,
            vwap_micros: i64::MIN,
        };
        let card = Card {
            symbol: Symbol::new("AAPL").unwrap(),
            week_52_high: Some(Price::from_units(28_812_345_678)),
            week_52_low: None,
            market_cap: Some(Volume::from_units(4_000_000_000_000 * 100_000_000)),
            pe_ratio: Some(Price::from_units(3_612_000_000)),
            shares_outstanding: None,
            as_of: Timestamp::from_nanos(1_763_735_400_000_000_001),
            source: "finnhub".into(),
        };
        let answers = [
            Answer::Card(Box::new(card)),
            Answer::Bars(vec![bar, Bar { volume: Volume::from_units(i128::MIN), ..bar }]),
            Answer::Bars(vec![]),
            Answer::Refused(Refusal::NotAvailable),
            Answer::Refused(Refusal::Busy { retry_after: Duration::from_millis(1_500) }),
            Answer::Refused(Refusal::Failed("HTTP 500".into())),
        ];
        for answer in answers {
            assert_eq!(decode_answer(&encode_answer(&answer).unwrap()).unwrap(), answer);
        }
    }
}

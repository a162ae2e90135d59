//! How feeds are doing.

use market::feed::Timeliness;
use market::{FeedState, FeedStatus, Symbol, SymbolId, Timestamp};
use serde::{Deserialize, Serialize};

use super::DecodeError;

const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct Message {
    v: u64,
    name: String,
    source: String,
    state: State,
    timeliness: Honesty,
    detail: Option<String>,
    subscribed: Vec<String>,
    waiting: Vec<String>,
    symbol_limit: Option<u32>,
    /// Nanoseconds since the epoch.
    last_event: Option<i64>,
    delay_ms: Option<u32>,
    reconnects: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Connecting,
    Up,
    Silent,
    Down,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Honesty {
    Live,
    Delayed,
    Simulated,
}

/// The payload. An id without a symbol is left out: the status of a feed is for people to read, and
/// the rest of it is still true.
pub fn encode_status(
    status: &FeedStatus,
    symbol_of: impl Fn(SymbolId) -> Option<Symbol>,
) -> Result<Vec<u8>, DecodeError> {
    let texts =
        |ids: &[SymbolId]| ids.iter().filter_map(|id| symbol_of(*id)).map(|s| s.to_string()).collect();
    Ok(serde_json::to_vec(&Message {
        v: VERSION,
        name: status.name.clone(),
        source: status.source.clone(),
        state: match status.state {
            FeedState::Connecting => State::Connecting,
            FeedState::Up => State::Up,
            FeedState::Silent => State::Silent,
            FeedState::Down => State::Down,
        },
        timeliness: match status.timeliness {
            Timeliness::Live => Honesty::Live,
            Timeliness::Delayed => Honesty::Delayed,
            Timeliness::Simulated => Honesty::Simulated,
        },
        detail: status.detail.clone(),
        subscribed: texts(&status.subscribed),
        waiting: texts(&status.waiting),
        symbol_limit: status.symbol_limit,
        last_event: status.last_event.map(Timestamp::nanos),
        delay_ms: status.delay_ms,
        reconnects: status.reconnects,
    })?)
}

/// A status; symbols that have no id here are left out.
pub fn decode_status(
    payload: &[u8],
    id_of: impl Fn(&Symbol) -> Option<SymbolId>,
) -> Result<FeedStatus, DecodeError> {
    let message: Message = serde_json::from_slice(payload)?;
    if message.v != VERSION {
        return Err(DecodeError::Version(message.v));
    }
    let ids = |texts: &[String]| {
        texts.iter().filter_map(|text| Symbol::new(text).ok()).filter_map(|symbol| id_of(&symbol)).collect()
    };
    Ok(FeedStatus {
        state: match message.state {
            State::Connecting => FeedState::Connecting,
            State::Up => FeedState::Up,
            State::Silent => FeedState::Silent,
            State::Down => FeedState::Down,
        },
        timeliness: match message.timeliness {
            Honesty::Live => Timeliness::Live,
            Honesty::Delayed => Timeliness::Delayed,
            Honesty::Simulated => Timeliness::Simulated,
        },
        subscribed: ids(&message.subscribed),
        waiting: ids(&message.waiting),
        name: message.name,
        source: message.source,
        detail: message.detail,
        symbol_limit: message.symbol_limit,
        last_event: message.last_event.map(Timestamp::from_nanos),
        delay_ms: message.delay_ms,
        reconnects: message.reconnects,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_with_symbols_as_text() {
        let status = FeedStatus {
            name: "main".into(),
            source: "finnhub".into(),
            state: FeedState::Silent,
            timeliness: Timeliness::Delayed,
            detail: Some("nothing heard for 30 s".into()),
            subscribed: vec![SymbolId(5), SymbolId(6)],
            waiting: vec![SymbolId(7)],
            symbol_limit: Some(50),
            last_event: Some(Timestamp::from_nanos(1_763_735_400_123_456_789)),
            delay_ms: Some(12),
            reconnects: 3,
        };
        let letters = ["BRK.B", "IC MARKETS:1", "A"];
        let symbol_of = |id: SymbolId| Symbol::new(letters[id.index() - 5]).ok();
        let payload = encode_status(&status, symbol_of).unwrap();
        assert!(String::from_utf8_lossy(&payload).contains(r#""subscribed":["BRK.B","IC MARKETS:1"]"#));
        let id_of = |symbol: &Symbol| {
            letters.iter().position(|l| *l == symbol.as_str()).map(|at| SymbolId(at as u32 + 5))
        };
        assert_eq!(decode_status(&payload, id_of).unwrap(), status);
        let stranger = decode_status(&payload, |_| None).unwrap();
        assert!(stranger.subscribed.is_empty() && stranger.state == FeedState::Silent);
        assert!(decode_status(br#"{"v":9}"#, id_of).is_err());
    }
}

//! Who watches what.

use std::collections::BTreeMap;
use std::time::Duration;

use market::Symbol;
use serde::{Deserialize, Serialize};

use super::DecodeError;

const VERSION: u64 = 1;
/// The longest lease: what a dead instance wanted is forgotten after this at the latest.
const LEASE_MS_MAX: u64 = 3_600_000;

/// What the viewers of one server instance watch. Counts are absolute, so a report may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterestReport {
    /// The instance whose viewers these are.
    pub instance: String,
    /// `true`: symbols that are not listed have no viewers. `false`: they are as they were.
    pub full: bool,
    /// How long the report counts without another one, at most an hour.
    pub lease: Duration,
    /// Viewers by symbol; 0 is nobody.
    pub counts: Vec<(Symbol, u32)>,
    /// Feeds that an operator has paused: all of them, in every report.
    pub paused: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Message {
    v: u64,
    instance: String,
    /// Counts the instance's reports, so that a lost one is noticed.
    number: u64,
    full: bool,
    lease_ms: u64,
    counts: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    paused: Vec<String>,
}

impl InterestReport {
    /// The payload; `number` counts this instance's reports from any start, one by one.
    pub fn encode(&self, number: u64) -> Result<Vec<u8>, DecodeError> {
        let message = Message {
            v: VERSION,
            instance: self.instance.clone(),
            number,
            full: self.full,
            lease_ms: u64::try_from(self.lease.as_millis()).unwrap_or(LEASE_MS_MAX).min(LEASE_MS_MAX),
            counts: self.counts.iter().map(|(symbol, n)| (symbol.to_string(), *n)).collect(),
            paused: self.paused.clone(),
        };
        Ok(serde_json::to_vec(&message)?)
    }

    /// A report and its number.
    pub fn decode(payload: &[u8]) -> Result<(Self, u64), DecodeError> {
        let message: Message = serde_json::from_slice(payload)?;
        if message.v != VERSION {
            return Err(DecodeError::Version(message.v));
        }
        let counts = message
            .counts
            .into_iter()
            .map(|(text, n)| Ok((Symbol::new(&text).map_err(|_| DecodeError::Malformed("symbol"))?, n)))
            .collect::<Result<_, DecodeError>>()?;
        let report = Self {
            instance: message.instance,
            full: message.full,
            lease: Duration::from_millis(message.lease_ms.min(LEASE_MS_MAX)),
            counts,
            paused: message.paused,
        };
        Ok((report, message.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_json_a_person_can_read_and_comes_back() {
        let report = InterestReport {
            instance: "server-1".into(),
            full: true,
            lease: Duration::from_secs(15),
            counts: vec![(Symbol::new("AAPL").unwrap(), 3), (Symbol::new("BINANCE:BTCUSDT").unwrap(), 0)],
            paused: vec![],
        };
        let payload = report.encode(7).unwrap();
        assert_eq!(
            String::from_utf8(payload.clone()).unwrap(),
            r#"{"v":1,"instance":"server-1","number":7,"full":true,"lease_ms":15000,"counts":{"AAPL":3,"BINANCE:BTCUSDT":0}}"#
        );
        assert_eq!(InterestReport::decode(&payload).unwrap(), (report.clone(), 7));
        let paused = InterestReport { paused: vec!["sim".into()], ..report };
        assert_eq!(InterestReport::decode(&paused.encode(8).unwrap()).unwrap(), (paused, 8));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let of = |v: u64, symbol: &str| {
            format!(
                r#"{{"v":{v},"instance":"s","number":1,"full":true,"lease_ms":1,"counts":{{"{symbol}":1}}}}"#
            )
        };
        assert!(matches!(InterestReport::decode(of(2, "A").as_bytes()), Err(DecodeError::Version(2))));
        assert!(matches!(
            InterestReport::decode(of(1, "*").as_bytes()),
            Err(DecodeError::Malformed("symbol"))
        ));
        assert!(InterestReport::decode(b"{}").is_err());
    }
}

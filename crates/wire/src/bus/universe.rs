//! The list of instruments, as lines of JSON: compresses well, and is read one line at a time.

use market::{Hours, Instrument, Kind, Symbol};
use serde::{Deserialize, Serialize};

use super::DecodeError;

const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct Head {
    v: u64,
    n: usize,
}

#[derive(Serialize, Deserialize)]
struct Row {
    symbol: String,
    name: String,
    exchange: String,
    kind: KindName,
    currency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sector: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    industry: Option<String>,
    hours: HoursName,
    activity: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindName {
    Stock,
    Etf,
    Crypto,
    Forex,
    Other,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HoursName {
    UsEquity,
    Always,
}

/// The list, in its order. Not bounded by a message: the bus compresses and cuts it.
pub fn encode_instruments<'a>(
    instruments: impl ExactSizeIterator<Item = &'a Instrument>,
) -> Result<Vec<u8>, DecodeError> {
    let mut out = serde_json::to_vec(&Head { v: VERSION, n: instruments.len() })?;
    for instrument in instruments {
        out.push(b'\n');
        serde_json::to_writer(&mut out, &row(instrument))?;
    }
    Ok(out)
}

/// The instruments, in the order they were written.
pub fn decode_instruments(bytes: &[u8]) -> Result<Vec<Instrument>, DecodeError> {
    let mut lines = bytes.split(|b| *b == b'\n');
    let head: Head = serde_json::from_slice(lines.next().unwrap_or_default())?;
    if head.v != VERSION {
        return Err(DecodeError::Version(head.v));
    }
    let instruments = lines.map(instrument).collect::<Result<Vec<_>, _>>()?;
    if instruments.len() == head.n { Ok(instruments) } else { Err(DecodeError::Truncated) }
}

/// One of the messages that a compressed list is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// Tells one publication of the list from the next; larger is later.
    pub set: u64,
    /// This part's place, from 0.
    pub index: u16,
    /// Number of parts of the set, at least 1.
    pub n_parts: u16,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Version, set, index, count: what stands before the bytes of a part.
const PART_HEAD_BYTES: usize = 1 + 8 + 2 + 2;

impl<'a> Part<'a> {
    /// The payload.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(PART_HEAD_BYTES + self.bytes.len());
        out.push(VERSION as u8);
        out.extend_from_slice(&self.set.to_le_bytes());
        out.extend_from_slice(&self.index.to_le_bytes());
        out.extend_from_slice(&self.n_parts.to_le_bytes());
        out.extend_from_slice(self.bytes);
        out
    }

    /// A part whose index is below its count.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let (head, bytes) = payload.split_first_chunk::<PART_HEAD_BYTES>().ok_or(DecodeError::Truncated)?;
        let [version, a, b, c, d, e, f, g, h, i0, i1, n0, n1] = *head;
        if u64::from(version) != VERSION {
            return Err(DecodeError::Version(u64::from(version)));
        }
        let part = Self {
            set: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            index: u16::from_le_bytes([i0, i1]),
            n_parts: u16::from_le_bytes([n0, n1]),
            bytes,
        };
        if part.index < part.n_parts { Ok(part) } else { Err(DecodeError::Malformed("part's index")) }
    }
}

fn row(instrument: &Instrument) -> Row {
    Row {
        symbol: instrument.symbol.to_string(),
        name: instrument.name.clone(),
        exchange: instrument.exchange.clone(),
        kind: match instrument.kind {
            Kind::Stock => KindName::Stock,
            Kind::Etf => KindName::Etf,
            Kind::Crypto => KindName::Crypto,
            Kind::Forex => KindName::Forex,
            Kind::Other => KindName::Other,
        },
        currency: instrument.currency.clone(),
        sector: instrument.sector.clone(),
        industry: instrument.industry.clone(),
        hours: match instrument.hours {
            Hours::UsEquity => HoursName::UsEquity,
            Hours::Always => HoursName::Always,
        },
        activity: instrument.activity,
    }
}

fn instrument(line: &[u8]) -> Result<Instrument, DecodeError> {
    let row: Row = serde_json::from_slice(line)?;
    Ok(Instrument {
        symbol: Symbol::new(&row.symbol).map_err(|_| DecodeError::Malformed("symbol"))?,
        name: row.name,
        exchange: row.exchange,
        kind: match row.kind {
            KindName::Stock => Kind::Stock,
            KindName::Etf => Kind::Etf,
            KindName::Crypto => Kind::Crypto,
            KindName::Forex => Kind::Forex,
            KindName::Other => Kind::Other,
        },
        currency: row.currency,
        sector: row.sector,
        industry: row.industry,
        hours: match row.hours {
            HoursName::UsEquity => Hours::UsEquity,
            HoursName::Always => Hours::Always,
        },
        activity: row.activity,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_in_order() {
        let of = |symbol: &str, kind, hours, sector: Option<&str>| Instrument {
            symbol: Symbol::new(symbol).unwrap(),
            name: format!("The {symbol} \"Company\"\nof Änderung"),
            exchange: "NYSE".into(),
            kind,
            currency: "USD".into(),
            sector: sector.map(Into::into),
            industry: None,
            hours,
            activity: u64::MAX,
        };
        let list = [
            of("ZZ", Kind::Other, Hours::UsEquity, Some("Energy")),
            of("BINANCE:BTCUSDT", Kind::Crypto, Hours::Always, None),
            of("A", Kind::Etf, Hours::UsEquity, None),
        ];
        let bytes = encode_instruments(list.iter()).unwrap();
        assert_eq!(decode_instruments(&bytes).unwrap(), list);
        assert_eq!(decode_instruments(&encode_instruments([].iter()).unwrap()).unwrap(), []);
        let cut = bytes.iter().rposition(|b| *b == b'\n').unwrap();
        assert!(matches!(decode_instruments(&bytes[..cut]), Err(DecodeError::Truncated)));
        assert!(decode_instruments(b"").is_err());
    }

    #[test]
    fn parts_come_back() {
        let part = Part { set: 1 << 60, index: 2, n_parts: 3, bytes: b"abc" };
        let payload = part.encode();
        assert_eq!(Part::decode(&payload).unwrap(), part);
        assert!(Part::decode(&payload[..12]).is_err());
        assert!(Part::decode(&Part { index: 3, ..part }.encode()).is_err());
        assert!(matches!(Part::decode(&[9; 20]), Err(DecodeError::Version(9))));
    }
}

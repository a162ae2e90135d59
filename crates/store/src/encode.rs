//! A window as bytes: little-endian numbers of fixed width behind a version and a set of flags.

use market::bar::{FirstLast, Window};
use market::{Price, Timestamp, TradeRef, Volume};

const VERSION: u8 = 1;
const HAS_LAST: u8 = 1;
const HAS_RANGE: u8 = 2;

pub(crate) fn encode(window: &Window) -> Vec<u8> {
    let mut out = Vec::with_capacity(140);
    let flags = u8::from(window.last.is_some()) * HAS_LAST + u8::from(window.range.is_some()) * HAS_RANGE;
    out.extend([VERSION, flags]);
    out.extend(window.volume.units().to_le_bytes());
    out.extend(window.trades.to_le_bytes());
    if let Some(last) = window.last {
        for (key, price) in [last.open, last.close] {
            out.extend(key.ts_event.nanos().to_le_bytes());
            out.extend(key.seq.to_le_bytes());
            out.extend(price.units().to_le_bytes());
        }
        out.extend(last.notional.to_le_bytes());
        out.extend(last.size.to_le_bytes());
    }
    if let Some((high, low)) = window.range {
        out.extend(high.units().to_le_bytes());
        out.extend(low.units().to_le_bytes());
    }
    out
}

/// `None` for bytes that no version of this product wrote.
pub(crate) fn decode(start: Timestamp, bytes: &[u8]) -> Option<Window> {
    let mut reader = Reader(bytes);
    let [version, flags] = reader.take::<2>()?;
    if version != VERSION {
        return None;
    }
    let volume = Volume::from_units(reader.i128()?);
    let trades = reader.u64()?;
    let last = if flags & HAS_LAST != 0 {
        let (open, close) = (reader.trade()?, reader.trade()?);
        Some(FirstLast { open, close, notional: reader.i128()?, size: reader.i128()? })
    } else {
        None
    };
    let range = if flags & HAS_RANGE != 0 { Some((reader.price()?, reader.price()?)) } else { None };
    reader.0.is_empty().then_some(Window { start, last, range, volume, trades })
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn i128(&mut self) -> Option<i128> {
        self.take().map(i128::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn price(&mut self) -> Option<Price> {
        self.take().map(|b| Price::from_units(i64::from_le_bytes(b)))
    }

    fn trade(&mut self) -> Option<(TradeRef, Price)> {
        let ts_event = Timestamp::from_nanos(i64::from_le_bytes(self.take()?));
        Some((TradeRef { ts_event, seq: self.u64()? }, self.price()?))
    }
}

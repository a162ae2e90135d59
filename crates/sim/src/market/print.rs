//! The single trade: its time within the second, its price about the middle, its size and
//! conditions, and what goes wrong with it.

use market::decimal::SCALE;
use market::time::NANOS_PER_SECOND;
use market::{Conditions, Price, Size, Timestamp};

use super::pace::Moment;
use super::sale::{Mishap, Mishaps, Print, Sale, What};
use super::{Mover, Second, after_millis, between, second_start};
use crate::hash::{below, draw};

/// Half the distance between buyers and sellers, in millionths of the price; at least half a tick.
const HALF_SPREAD: i64 = 40;

/// Shares above this price trade in single ones.
const DEAR: i64 = 2_000 * SCALE;

/// One second of one listing.
struct Batch<'a> {
    mover: &'a Mover,
    index: u32,
    second: i64,
    moment: &'a Moment,
    count: u64,
    key: u64,
    /// Units of the price at its start and end.
    ends: (i64, i64),
}

impl Mover {
    /// Appends the prints of a second's `count` trades whose times are in the window.
    #[allow(clippy::too_many_arguments)] // a second, its figures and the window: all are needed
    pub(super) fn print(
        &self,
        index: u32,
        second: &Second,
        moment: &Moment,
        count: u64,
        mishaps: &Mishaps,
        window: (Timestamp, Timestamp),
        out: &mut Vec<Print>,
    ) {
        let start = second_start(second.at);
        let offset = |at: Timestamp| (at.nanos() - start.nanos()).clamp(0, NANOS_PER_SECOND) as u64;
        let (from, to) = (offset(window.0), offset(window.1));
        // The k-th of n trades lies within the k-th n-th of the second, so that a window needs only
        // its own trades and they come in order.
        let slots =
            from * count / NANOS_PER_SECOND as u64..(to * count).div_ceil(NANOS_PER_SECOND as u64).min(count);
        let mut batch = None;
        let key = draw(self.key, second.at as u64);
        for slot in slots {
            let random = draw(key, slot * 2);
            let Some(time) = time_in_slot(slot, count, random, start, window) else { continue };
            // The path is worked out only for seconds that have a trade in the window.
            let batch = batch.get_or_insert_with(|| Batch {
                mover: self,
                index,
                second: second.at,
                moment,
                count,
                key,
                ends: (
                    self.middle_with(second.at, second.common.0),
                    self.middle_with(second.at + 1, second.common.1),
                ),
            });
            batch.push(slot, time, random, mishaps, out);
        }
    }
}

/// The time of a trade, when it is in the window.
fn time_in_slot(
    slot: u64,
    count: u64,
    random: u64,
    start: Timestamp,
    window: (Timestamp, Timestamp),
) -> Option<Timestamp> {
    let nanos = (slot * NANOS_PER_SECOND as u64 + below(random, NANOS_PER_SECOND as u64)) / count;
    let time = start.saturating_add_nanos((nanos / 1_000 * 1_000) as i64);
    (window.0 <= time && time < window.1).then_some(time)
}

impl Batch<'_> {
    fn push(&self, slot: u64, ts_event: Timestamp, random: u64, mishaps: &Mishaps, out: &mut Vec<Print>) {
        let shape = draw(self.key, slot * 2 + 1);
        let micros = (ts_event.nanos() - second_start(self.second).nanos()) / 1_000;
        let middle = between(self.ends.0, self.ends.1, micros);
        let half = (middle / 1_000_000 * HALF_SPREAD).max(self.mover.tick_at(middle) / 2);
        let units = self.mover.on_tick(if shape >> 63 == 0 { middle - half } else { middle + half });
        let (size, conditions) = self.size(slot, units, shape);
        let sale = Sale {
            ts_event,
            seq: ((self.second as u64) << 21) | (slot << 1),
            price: Price::from_units(units),
            size: Size::from_units(size),
            conditions,
        };
        // From the wire's point of view trades arrive within 2 ms of their time.
        let arrives = ts_event.saturating_add_nanos((random & 0x1f_ffff) as i64);
        match mishaps.of(((random >> 21) % 1_000_000) as u32) {
            None => self.trade(sale, arrives, out),
            Some(mishap) => self.go_wrong(mishap, sale, arrives, shape, out),
        }
    }

    fn trade(&self, sale: Sale, arrives: Timestamp, out: &mut Vec<Print>) {
        out.push(Print { index: self.index, arrives, what: What::Trade(sale) });
    }

    fn go_wrong(&self, mishap: Mishap, sale: Sale, arrives: Timestamp, random: u64, out: &mut Vec<Print>) {
        let delay =
            |from, to| after_millis(arrives, from + below(draw(random, 1), (to - from) as u64) as i64);
        match mishap {
            Mishap::Late => self.trade(sale, delay(1_000, 10_000), out),
            Mishap::OutOfOrder => self.trade(sale, delay(5, 250), out),
            Mishap::Duplicate => {
                self.trade(sale, arrives, out);
                self.trade(sale, delay(0, 1_000), out);
            }
            Mishap::Cancel => {
                let original = self.off_market(sale, random);
                self.trade(original, arrives, out);
                let what = What::Cancel(original.key());
                out.push(Print { index: self.index, arrives: delay(200, 5_000), what });
            }
            Mishap::Correction => {
                let original = self.off_market(sale, random);
                self.trade(original, arrives, out);
                let replacement = Sale { seq: sale.seq | 1, ..sale };
                let what = What::Correction { original: original.key(), replacement };
                out.push(Print { index: self.index, arrives: delay(200, 5_000), what });
            }
        }
    }

    /// The same trade with a price that nobody else pays: 1 to 3 % off.
    fn off_market(&self, sale: Sale, random: u64) -> Sale {
        let units = sale.price.units();
        let off = units / 1_000 * (10 + below(draw(random, 2), 21) as i64);
        let units = if random & 1 == 0 { units + off } else { units - off };
        Sale { price: Price::from_units(self.mover.on_tick(units)), ..sale }
    }

    /// Size in units, and conditions.
    fn size(&self, slot: u64, price: i64, random: u64) -> (i64, Conditions) {
        if self.mover.crypto {
            return (self.coins(price, random), Conditions::REGULAR);
        }
        let auction = (self.moment.opening && slot == 0, self.moment.closing && slot + 1 == self.count);
        let shares = match auction {
            (false, false) if price > DEAR => 1 + below(draw(random, 3), 20) as i64,
            (false, false) => shares(random),
            _ => 100 * (1 + below(draw(random, 3), 500) as i64),
        };
        let mut conditions = Conditions::REGULAR;
        match auction {
            (true, _) => conditions = conditions.with(b'O'),
            (_, true) => conditions = conditions.with(b'6'),
            _ if (random >> 60) & 7 < 2 => conditions = conditions.with(b'F'),
            _ => {}
        }
        if shares < 100 {
            conditions = conditions.with(b'I');
        }
        if self.moment.extended {
            conditions = conditions.with(b'T');
        }
        (shares * SCALE, conditions)
    }

    /// Coins worth from five dollars to about fifty thousand, the small ones more often.
    fn coins(&self, price: i64, random: u64) -> i64 {
        let dollars = (5 + below(draw(random, 3), 45) as i128) << (random.trailing_zeros().min(10));
        let coins = dollars * i128::from(self.mover.dollar) * i128::from(SCALE) / i128::from(price.max(1));
        // Ten trillion coins are more than any pair trades at once.
        let lots = coins.min(i128::from(i64::MAX / 2)) as i64 / self.mover.lot.max(1);
        lots.max(1) * self.mover.lot.max(1)
    }
}

/// Shares in a usual trade: a third odd lots, mostly single round lots, now and then a block.
fn shares(random: u64) -> i64 {
    let within = |bound| below(draw(random, 3), bound) as i64;
    match random & 0x3fff {
        0..=5_799 => 1 + within(99),
        5_800..=12_799 => 100,
        12_800..=15_499 => 100 * (2 + within(8)),
        15_500..=16_299 => 100 * (10 + within(40)),
        16_300..=16_375 => 100 * (50 + within(50)),
        _ => 1_000 * (10 + within(90)),
    }
}

/// Shares in a trade on average, in hundredths; what history multiplies counts of trades by.
pub(super) const MEAN_SHARES_HUNDREDTHS: i128 = 34_800;

/// Dollars in a trade of a pair on average.
pub(super) const MEAN_DOLLARS: i128 = 160;

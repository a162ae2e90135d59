//! What happens to a company now and then, and what that does to its price.
//!
//! A path has its events in slots of time, at most one in each, drawn from its key; so any moment can be asked for
//! on its own, as of the path itself. An event's move sets in at once, is over in two minutes, holds for a while,
//! and is then taken back, slowly, so that only the events of two slots count at any moment.

use crate::hash::{below, draw};

/// From an article to the move it brings, in seconds.
pub const LAG_SECONDS: i64 = 30;
/// From the beginning of a move to its end, in seconds; three quarters of it come in the first half.
pub const SETTLE_SECONDS: i64 = 120;
/// Trading is livelier for so long from the beginning of a move, in seconds.
pub const BURST_SECONDS: i64 = 300;
/// How much livelier trading is at most.
pub(super) const BURST_MOST: i64 = 5;
/// From a move to the article that only reports it, in seconds.
pub(crate) const REPORT_SECONDS: std::ops::Range<i64> = 240..600;

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An article, and then a move.
    Shock,
    /// A move, and then an article about it.
    Report,
    /// An article that moves nothing.
    Noise,
}

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: Kind,
    /// The second in which the article appears.
    pub(crate) article_at: i64,
    /// The second in which the price begins to move, where it does.
    pub(crate) moves_at: Option<i64>,
    /// The way it goes.
    pub(crate) up: bool,
    /// How far, in 1/1024 of what is usual for the company.
    size: i64,
    /// For whatever else is to be drawn.
    pub(crate) random: u64,
}

/// The events of one path; without any by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct News {
    key: u64,
    /// Length of a slot, as a power of two seconds.
    level: u32,
    /// How many of 65,536 slots have an event.
    chance: u64,
}

impl News {
    /// The events of a path's key; the lower the rank of its company by trading, the more of them: ten a day for the
    /// sixteen most traded, five for the next, one in two days for what else is known, and for the others three a
    /// year.
    pub(crate) fn of_rank(key: u64, rank: usize) -> Self {
        let (level, chance) = match rank {
            0..16 => (13, 62_000),
            16..60 => (14, 58_000),
            60..400 => (16, 30_000),
            _ => (17, 1_000),
        };
        Self { key: key ^ 0x6e65_7773, level, chance }
    }

    fn length(self) -> i64 {
        1 << self.level
    }

    /// The event that begins in a slot.
    fn in_slot(self, slot: i64) -> Option<Event> {
        let random = draw(self.key, slot as u64);
        if random & 0xffff >= self.chance {
            return None;
        }
        let from = slot * self.length() + below(draw(random, 1), self.length() as u64) as i64;
        let delay = (REPORT_SECONDS.end - REPORT_SECONDS.start) as u64;
        let (kind, article_at, moves_at) = match (random >> 16) % 20 {
            0..11 => (Kind::Shock, from, Some(from + LAG_SECONDS)),
            11..14 => {
                let later = REPORT_SECONDS.start + below(draw(random, 2), delay) as i64;
                (Kind::Report, from + later, Some(from))
            }
            _ => (Kind::Noise, from, None),
        };
        let size = 700 + below(draw(random, 3), 800) as i64;
        Some(Event { kind, article_at, moves_at, up: random >> 63 == 0, size, random: draw(random, 4) })
    }

    /// The events whose articles appear in these seconds, in the order of their slots.
    pub(crate) fn events(self, from: i64, to: i64) -> impl Iterator<Item = Event> {
        let slots = if self.chance == 0 || from >= to {
            0..0
        } else {
            (from - REPORT_SECONDS.end) >> self.level..((to - 1) >> self.level) + 1
        };
        slots.filter_map(move |slot| self.in_slot(slot)).filter(move |e| (from..to).contains(&e.article_at))
    }

    /// The events that may count at a second: of its slot and of the one before.
    fn around(self, second: i64) -> impl Iterator<Item = (Event, i64)> {
        let slots =
            if self.chance == 0 { 0..0 } else { (second >> self.level) - 1..(second >> self.level) + 1 };
        slots
            .filter_map(move |slot| self.in_slot(slot))
            .filter_map(move |event| Some((event, second - event.moves_at?)))
            .filter(|(_, age)| *age > 0)
    }

    /// How far the path is moved at a second, in 1/1024 of what is usual for the company times 1/65536.
    pub(super) fn shift(self, second: i64) -> i64 {
        self.around(second)
            .map(|(event, age)| if event.up { event.size } else { -event.size } * part(age, self.length()))
            .sum()
    }

    /// How much livelier trading is at a second, in 1/256.
    pub(super) fn burst(self, second: i64) -> i64 {
        let live = self.around(second).map(|(_, age)| (BURST_SECONDS - age).max(0)).max().unwrap_or(0);
        256 + live * 256 * (BURST_MOST - 1) / BURST_SECONDS
    }
}

/// How much of a move is there at its age, in 1/65536: in it comes quickly and then slower, half a slot it stays, and it is
/// gone when the next slot is.
fn part(age: i64, length: i64) -> i64 {
    const ONE: i64 = 1 << 16;
    // The latest event of a slot begins to move after its end.
    let gone = length - 2 * LAG_SECONDS;
    if age < SETTLE_SECONDS {
        let left = SETTLE_SECONDS - age;
        ONE - ONE * left * left / (SETTLE_SECONDS * SETTLE_SECONDS)
    } else if age < length / 2 {
        ONE
    } else {
        ONE * (gone - age).max(0) / (gone - length / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn events_come_as_often_as_said() {
        let a_day = |rank| {
            let all = (0..50).map(|key| News::of_rank(key, rank).events(0, 40 * 86_400).count());
            all.sum::<usize>() as f64 / (50.0 * 40.0)
        };
        let days: Vec<f64> = [0, 20, 100, 1_000].map(a_day).into();
        for (got, want) in days.iter().zip([10.0, 4.7, 0.6, 0.01]) {
            assert!((got / want - 1.0).abs() < 0.25, "{days:?}");
        }
        assert_eq!((News::default().shift(5), News::default().burst(5)), (0, 256));
        assert_eq!(News::default().events(0, i64::MAX).count(), 0);
    }

    proptest! {
        #[test]
        fn a_move_is_unbroken_and_begins_when_it_should(key in any::<u64>(), rank in 0usize..500, at in 0i64..4_000_000_000) {
            let news = News::of_rank(key, rank);
            let step = (news.shift(at + 1) - news.shift(at)).abs();
            // Two moves at their steepest.
            prop_assert!(step <= 2 * 1_500 * (65_536 * 2 / SETTLE_SECONDS + 1), "{step}");
            for event in news.events(at, at + 100_000) {
                let Some(moves_at) = event.moves_at else { continue };
                let way = |second| news.shift(second) * if event.up { 1 } else { -1 };
                // Others may be under way, but none moves so fast unless it begins just then.
                let near = news.events(at - 100_000, at + 200_000).filter_map(|e| e.moves_at).filter(|m| (m - moves_at).abs() < 600).count();
                if near == 1 {
                    prop_assert!(way(moves_at + SETTLE_SECONDS) - way(moves_at) > 600 * 65_536);
                    prop_assert!((way(moves_at) - way(moves_at - 60)).abs() < 100 * 65_536);
                    prop_assert!(news.burst(moves_at + 1) > 1_200);
                }
            }
        }

        #[test]
        fn any_cut_of_time_has_the_same_events(key in any::<u64>(), rank in 0usize..500, from in 0i64..4_000_000_000, cut in 0i64..200_000) {
            let news = News::of_rank(key, rank);
            let whole: Vec<Event> = news.events(from, from + 200_000).collect();
            let mut parts: Vec<Event> = news.events(from, from + cut).collect();
            parts.extend(news.events(from + cut, from + 200_000));
            let sorted = |mut events: Vec<Event>| { events.sort_by_key(|e| (e.article_at, e.random)); events };
            prop_assert_eq!(sorted(parts), sorted(whole));
        }
    }
}

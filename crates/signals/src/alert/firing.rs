//! What an alert says when it fires, and what makes that one message unique.

use std::fmt;

use market::{Date, Price, SymbolId, Timestamp, TradeRef, Volume};

use super::rule::AlertId;

/// Which way a price goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Up; also volume, which only rises.
    Up,
    /// Down.
    Down,
}

/// What made an alert fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A trade: the one that crossed.
    Trade {
        /// Its time and sequence.
        key: TradeRef,
        /// Its price.
        price: Price,
        /// Which way it went.
        way: Way,
    },
    /// No trade.
    Silence {
        /// The last trade that moved the price, or the open when there was none since.
        since: Timestamp,
        /// The moment at which the silence had lasted long enough.
        reached_at: Timestamp,
    },
    /// An article.
    Headline {
        /// The article.
        id: u64,
        /// When it was published.
        at: Timestamp,
    },
}

/// What the cause was measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// A fixed price.
    Threshold(Price),
    /// The lowest (for a rise) or highest (for a fall) price of a window.
    Window {
        /// That price.
        from: Price,
        /// Start of the bucket of the window it was paid in.
        bucket: Timestamp,
        /// The change in millionths, towards zero; below zero for a fall.
        ppm: i64,
    },
    /// The previous close.
    Close {
        /// That price.
        close: Price,
        /// The day whose previous close it is.
        date: Date,
        /// The change in millionths, towards zero; below zero for a fall.
        ppm: i64,
    },
    /// The usual volume.
    Usual {
        /// Volume of the minute up to and with the trade.
        volume: Volume,
        /// Volume of a usual hour at this time of the day; a minute of it is a sixtieth.
        hour: Volume,
    },
    /// The time that was asked for.
    Age {
        /// In seconds.
        seconds: u32,
    },
    /// Nothing: an article was there or not.
    Mention,
}

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Firing {
    /// What makes it this message and no other.
    pub id: FiringId,
    /// The alert's owner, as given.
    pub owner: u64,
    /// On what.
    pub symbol: SymbolId,
    /// What happened.
    pub cause: Cause,
    /// Against what.
    pub measured: Measured,
    /// The message waits until then, when the quiet hours of its owner end.
    pub not_before: Option<Timestamp>,
}

/// The identity of a message: the same crossing has the same, on every server and after every restart,
/// so that whoever delivers can tell a second one.
///
/// An alert that fires once has one message a generation, whatever its cause: two servers that were told
/// of the alert at different moments may name different trades, and still send one message. A repeating
/// alert's messages are told apart by their causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FiringId {
    /// Which alert.
    pub alert: AlertId,
    /// Which of its lives.
    pub generation: u32,
    /// Which crossing; `None` for an alert that fires once.
    pub cause: Option<CauseId>,
}

/// The part of a [`Cause`] that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CauseId {
    /// A trade, and which way it went.
    Trade(TradeRef, Way),
    /// The last trade before a silence, or the open.
    Silence(Timestamp),
    /// An article.
    Headline(u64),
}

impl Cause {
    /// What names it.
    pub fn id(&self) -> CauseId {
        match *self {
            Self::Trade { key, way, .. } => CauseId::Trade(key, way),
            Self::Silence { since, .. } => CauseId::Silence(since),
            Self::Headline { id, .. } => CauseId::Headline(id),
        }
    }

    /// When it happened.
    pub fn time(&self) -> Timestamp {
        match *self {
            Self::Trade { key, .. } => key.ts_event,
            Self::Silence { reached_at, .. } => reached_at,
            Self::Headline { at, .. } => at,
        }
    }
}

/// A short text without spaces, the same for the same message: `7.0`, `7.0.t1514903400000000000-12u`.
impl fmt::Display for FiringId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.alert.0, self.generation)?;
        match self.cause {
            None => Ok(()),
            Some(CauseId::Trade(key, way)) => {
                let way = if way == Way::Up { 'u' } else { 'd' };
                write!(f, ".t{}-{}{way}", key.ts_event.nanos(), key.seq)
            }
            Some(CauseId::Silence(since)) => write!(f, ".s{}", since.nanos()),
            Some(CauseId::Headline(id)) => write!(f, ".h{id}"),
        }
    }
}

/// An article that is about symbols, as alerts hear of it. Each article is to be told once.
#[derive(Debug, Clone, Copy)]
pub struct Mention<'a> {
    /// The article.
    pub headline: u64,
    /// What it is about.
    pub symbols: &'a [SymbolId],
    /// Its title.
    pub title: &'a str,
    /// Its summary.
    pub summary: &'a str,
    /// When it was published.
    pub at: Timestamp,
}

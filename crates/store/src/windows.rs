//! Recent bars, as windows.

use market::bar::Window;
use market::tape::{Class, Span};
use market::time::SECONDS_PER_DAY;
use market::{Interval, SymbolId, Timestamp};
use rusqlite::{OptionalExtension, params};

use crate::encode::{decode, encode};
use crate::{Store, StoreError};

/// A window and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// Whose.
    pub symbol: SymbolId,
    /// How long.
    pub span: Span,
    /// Of which trades.
    pub class: Class,
    /// What is known of it.
    pub window: Window,
}

/// How long windows are kept, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// One-second bars.
    pub s1: i64,
    /// One-minute bars.
    pub m1: i64,
    /// Five-minute bars.
    pub m5: i64,
    /// Quarter-hour bars.
    pub m15: i64,
    /// Hourly bars.
    pub h1: i64,
    /// Daily bars and day figures.
    pub d1: i64,
}

impl Default for Kept {
    fn default() -> Self {
        Self { s1: 1, m1: 30, m5: 90, m15: 180, h1: 730, d1: 7_300 }
    }
}

impl Kept {
    const fn days(self, span: Span) -> i64 {
        match span {
            Span::Bar(Interval::S1) => self.s1,
            Span::Bar(Interval::M1) => self.m1,
            Span::Bar(Interval::M5) => self.m5,
            Span::Bar(Interval::M15) => self.m15,
            Span::Bar(Interval::H1) => self.h1,
            Span::Bar(Interval::D1) | Span::Day => self.d1,
        }
    }
}

const SPANS: [Span; 7] = [
    Span::Bar(Interval::S1),
    Span::Bar(Interval::M1),
    Span::Bar(Interval::M5),
    Span::Bar(Interval::M15),
    Span::Bar(Interval::H1),
    Span::Bar(Interval::D1),
    Span::Day,
];

/// Days are not whole intervals, so nothing else is 0 seconds long.
const fn span_code(span: Span) -> i64 {
    match span {
        Span::Bar(interval) => interval.seconds(),
        Span::Day => 0,
    }
}

const fn class_code(class: Class) -> i64 {
    class as i64
}

impl Store {
    /// Saves windows, replacing those of the same start, and notes a checkpoint, all or nothing.
    pub fn save_windows(
        &self,
        windows: &[Saved],
        checkpoint: Option<(&str, &[u8])>,
    ) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        {
            let mut bar = transaction.prepare_cached(
                "INSERT INTO bar (symbol, span, class, start, state) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET state = ?5",
            )?;
            let mut recent = transaction.prepare_cached(
                "INSERT INTO recent (symbol, newest) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET newest = max(newest, ?2)",
            )?;
            for saved in windows {
                let start = saved.window.start.seconds();
                let (span, class) = (span_code(saved.span), class_code(saved.class));
                bar.execute(params![saved.symbol.0, span, class, start, encode(&saved.window)])?;
                if saved.span == Span::Bar(Interval::M1) {
                    recent.execute(params![saved.symbol.0, start])?;
                }
            }
            if let Some((key, value)) = checkpoint {
                transaction
                    .prepare_cached(
                        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
                    )?
                    .execute(params![key, value])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// A checkpoint as last saved.
    pub fn checkpoint(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|c| {
            c.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional()
        })
    }

    /// Windows of one symbol, span and set of trades with `from <= start < to`, ascending: the newest
    /// `limit` of them with `newest`, else the oldest.
    #[allow(clippy::too_many_arguments)]
    pub fn windows(
        &self,
        symbol: SymbolId,
        span: Span,
        class: Class,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
        newest: bool,
    ) -> Result<Vec<Window>, StoreError> {
        let order = if newest { "DESC" } else { "ASC" };
        let sql = format!(
            "SELECT start, state FROM bar
             WHERE symbol = ?1 AND span = ?2 AND class = ?3 AND start >= ?4 AND start < ?5
             ORDER BY start {order} LIMIT ?6"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut windows = self.read(|c| {
            let mut statement = c.prepare_cached(&sql)?;
            // Starts are whole seconds: the first at or after a time between two is the later one.
            let up = |t: Timestamp| t.seconds() + i64::from(t.nanos().rem_euclid(1_000_000_000) != 0);
            let key = params![symbol.0, span_code(span), class_code(class), up(from), up(to), limit];
            let rows =
                statement.query_map(key, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        if newest {
            windows.reverse();
        }
        let decoded =
            windows.into_iter().filter_map(|(start, state)| decode(Timestamp::from_seconds(start)?, &state));
        Ok(decoded.collect())
    }

    /// What the tape needs to go on: of every symbol with news since `since`, the newest windows of each
    /// span and set of trades.
    pub fn recent(&self, since: Timestamp) -> Result<Vec<Saved>, StoreError> {
        let symbols = self.read(|c| {
            let mut statement = c.prepare("SELECT symbol FROM recent WHERE newest >= ?1")?;
            let rows = statement.query_map([since.seconds()], |row| row.get::<_, u32>(0))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let mut found = Vec::new();
        for symbol in symbols.into_iter().map(SymbolId) {
            for span in SPANS {
                let few = match span {
                    Span::Bar(interval) => {
                        usize::try_from(market::tape::series::windows_kept(interval)).unwrap_or(1)
                    }
                    Span::Day => 3,
                };
                for class in Class::ALL {
                    let newest =
                        self.windows(symbol, span, class, Timestamp::MIN, Timestamp::MAX, few, true)?;
                    found.extend(newest.into_iter().map(|window| Saved { symbol, span, class, window }));
                }
            }
        }
        Ok(found)
    }

    /// Deletes what is older than it is kept, counted from each symbol's newest, so that a past day that
    /// was played again stays whole. Tells how many windows that were.
    pub fn prune(&self, kept: Kept) -> Result<usize, StoreError> {
        let symbols = self.read(|c| {
            let mut statement = c.prepare("SELECT symbol, newest FROM recent")?;
            let rows = statement.query_map([], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, i64>(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let mut gone = 0;
        for (symbol, newest) in symbols {
            // A transaction for each symbol, so that saving bars need not wait for all.
            let mut writer = self.writer();
            let transaction = writer.transaction()?;
            for span in SPANS {
                let before = newest - kept.days(span) * SECONDS_PER_DAY;
                for class in Class::ALL {
                    gone += transaction
                        .prepare_cached(
                            "DELETE FROM bar WHERE symbol = ?1 AND span = ?2 AND class = ?3 AND start < ?4",
                        )?
                        .execute(params![symbol, span_code(span), class_code(class), before])?;
                }
            }
            transaction.commit()?;
        }
        Ok(gone)
    }
}

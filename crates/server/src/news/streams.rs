//! What streams ask for, as it is stored, and what is said of providers.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use market::{Symbol, SymbolId, Timestamp};
use serde::{Deserialize, Serialize};
use store::records::Sql;
use store::records::stream::{self, Stream};
use tokio::sync::watch;
use wire::streams::{CallsBody, ProviderState, TakesBody};

use super::News;

/// Limits of a query.
const WORDS_CHARACTERS_MAX: usize = 500;
const SECTIONS_MAX: usize = 20;
/// How often streams are looked at, beside what is told.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What a stream asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamQuery {
    /// Words that articles must have; empty for all.
    pub words: String,
    /// Sections to look in; empty for all.
    pub sections: Vec<String>,
    /// Symbols.
    pub symbols: Vec<String>,
    /// And those that viewers watch most.
    pub follows_viewers: bool,
}

/// A query that cannot be: which member, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {why}")]
pub struct BadQuery {
    /// The member of the request.
    pub member: &'static str,
    /// Why, for its owner.
    pub why: String,
}

fn bad(member: &'static str, why: impl Into<String>) -> BadQuery {
    BadQuery { member, why: why.into() }
}

impl StreamQuery {
    /// Symbols that one may name.
    pub const SYMBOLS_MAX: usize = 100;

    /// As it is stored.
    pub fn text(&self) -> String {
        // Texts: it always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As it was stored; what cannot be read asks for nothing.
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The symbols it names.
    pub fn named(&self) -> impl Iterator<Item = Symbol> {
        self.symbols.iter().filter_map(|text| text.parse().ok())
    }

    /// Brings it into shape, and checks it against what the provider takes.
    ///
    /// # Errors
    /// What cannot be.
    pub fn checked(mut self, takes: &TakesBody) -> Result<Self, BadQuery> {
        self.words = self.words.trim().to_owned();
        if !self.words.is_empty() && !takes.words {
            return Err(bad("words", "this provider does not choose by words"));
        }
        if self.words.chars().count() > WORDS_CHARACTERS_MAX {
            return Err(bad("words", format!("at most {WORDS_CHARACTERS_MAX} characters")));
        }
        signals::query::Query::parse(&self.words).map_err(|error| bad("words", error.to_string()))?;
        let mut seen = HashSet::new();
        self.sections = self.sections.iter().map(|text| text.trim().to_owned()).collect();
        self.sections.retain(|text| !text.is_empty() && seen.insert(text.clone()));
        if self.sections.len() > SECTIONS_MAX {
            return Err(bad("sections", format!("at most {SECTIONS_MAX}")));
        }
        if let Some(section) = self.sections.iter().find(|section| !takes.sections.contains(section)) {
            let known = match takes.sections.is_empty() {
                true => "this provider has none".to_owned(),
                false => format!("there are {}", takes.sections.join(", ")),
            };
            return Err(bad("sections", format!("{:?} is none; {known}", wire::text::excerpt(section))));
        }
        self.check_symbols(takes)?;
        Ok(self)
    }

    fn check_symbols(&mut self, takes: &TakesBody) -> Result<(), BadQuery> {
        if (!self.symbols.is_empty() || self.follows_viewers) && !takes.symbols {
            return Err(bad("symbols", "this provider does not choose by symbols"));
        }
        let mut seen = HashSet::new();
        self.symbols.retain(|text| seen.insert(text.clone()));
        if self.symbols.len() > Self::SYMBOLS_MAX {
            return Err(bad("symbols", format!("at most {}", Self::SYMBOLS_MAX)));
        }
        match self.symbols.iter().find(|text| text.parse::<Symbol>().is_err()) {
            Some(text) => Err(bad("symbols", format!("{:?} is no symbol", wire::text::excerpt(text)))),
            None => Ok(()),
        }
    }
}

/// What whoever reads a provider of news says of it, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderReport {
    /// What its articles are labelled with.
    pub source: String,
    /// How it is doing.
    pub state: ProviderState,
    /// When it last brought something, in nanoseconds.
    pub last_event: Option<i64>,
    /// Calls of its plan.
    pub calls: Option<CallsBody>,
    /// Failures.
    pub errors: u64,
    /// The last of them.
    pub last_error: Option<String>,
    /// What a stream may ask for.
    pub takes: TakesBody,
}

impl ProviderReport {
    /// As it is stored.
    pub fn text(&self) -> String {
        // Texts and numbers: it always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As it was stored; `None` where nobody has said anything, or another version has.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// When it last brought something.
    pub fn last_event(&self) -> Option<Timestamp> {
        self.last_event.map(Timestamp::from_nanos)
    }
}

impl News {
    /// Has the log keep the symbols that streams of prices name, as if somebody looked at them, and finds which feeds are
    /// paused, until `stop` turns true. Streams of providers that no feed is called like pin nothing.
    pub async fn apply_streams(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut changes = self.watch_streams();
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut held: HashSet<SymbolId> = HashSet::new();
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                _ = ticks.tick() => {}
                changed = changes.changed() => if changed.is_err() { return },
            }
            let read = |sql: &mut dyn Sql| Ok((stream::list(sql)?, stream::providers(sql)?));
            let (streams, providers) = match self.records.run(read).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(%error, "streams could not be looked at; it is tried again");
                    continue;
                }
            };
            let paused = providers.into_iter().filter(|one| one.is_paused).map(|one| one.name).collect();
            self.paused.send_replace(paused);
            let wanted = self.pinned(&streams);
            for symbol in wanted.difference(&held) {
                self.live.viewers.hold(*symbol, true);
            }
            for symbol in held.difference(&wanted) {
                self.live.viewers.hold(*symbol, false);
            }
            held = wanted;
        }
    }

    fn pinned(&self, streams: &[Stream]) -> HashSet<SymbolId> {
        let (universe, feeds) = (self.live.universe(), self.live.status().feeds);
        let is_of_prices = |name: &str| feeds.iter().any(|feed| feed.name == name);
        streams
            .iter()
            .filter(|stream| !stream.is_paused && is_of_prices(&stream.provider))
            .flat_map(|stream| StreamQuery::read(&stream.query).named().collect::<Vec<_>>())
            .filter_map(|symbol| universe.id(&symbol))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes() -> TakesBody {
        TakesBody { words: true, sections: vec!["general".into(), "crypto".into()], symbols: true }
    }

    #[test]
    fn a_query_is_brought_into_shape() {
        let query = StreamQuery {
            words: "  chips AND NOT crisps ".into(),
            sections: vec!["general".into(), " general".into(), String::new()],
            symbols: vec!["AAPL".into(), "AAPL".into(), "BINANCE:BTCUSDT".into()],
            follows_viewers: true,
        };
        let checked = query.checked(&takes()).unwrap();
        assert_eq!(
            (&*checked.words, checked.sections.len(), checked.symbols.len()),
            ("chips AND NOT crisps", 1, 2)
        );
        assert_eq!(StreamQuery::read(&checked.text()), checked);
        assert_eq!(StreamQuery::read("no JSON"), StreamQuery::default());
    }

    #[test]
    fn what_cannot_be_is_told_by_its_member() {
        let refused = |query: StreamQuery, takes: &TakesBody| query.checked(takes).unwrap_err().member;
        let words = |text: &str| StreamQuery { words: text.into(), ..Default::default() };
        let sections = |text: &str| StreamQuery { sections: vec![text.into()], ..Default::default() };
        let symbols = |text: &str| StreamQuery { symbols: vec![text.into()], ..Default::default() };
        let nothing = TakesBody::default();
        assert_eq!(refused(words("a AND (b"), &takes()), "words");
        assert_eq!(refused(words("a"), &nothing), "words");
        assert_eq!(refused(sections("sport"), &takes()), "sections");
        assert_eq!(refused(sections("general"), &nothing), "sections");
        assert_eq!(refused(symbols("no symbol at all, this"), &takes()), "symbols");
        assert_eq!(refused(symbols("AAPL"), &nothing), "symbols");
        assert!(StreamQuery::default().checked(&nothing).is_ok());
    }
}

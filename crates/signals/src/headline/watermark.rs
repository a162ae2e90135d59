//! Each article exactly once: up to where a provider's articles have been taken, as a value that is
//! stored together with them.
//!
//! A *round* asks for all articles that changed in a span of time, page by page to the last. With each
//! page come the versions that were not taken before and the watermark to store **in one transaction with
//! them**. The watermark moves on only when the last page was taken; until then it remembers the versions
//! of the pages it had, so that a round that breaks off (a failed page, a restart) is simply begun anew
//! and nothing comes twice. Because every round begins a little before the watermark (the *overlap*),
//! articles of one second, and those a provider lists with delay, are not passed over either.
//!
//! Pages must come **newest first**: then an article that is added or changed between two pages moves to
//! the front and pushes the others back, where they are read again, while the oldest first would slip past
//! the page border. If the total shrinks between two pages, an article was withdrawn (or, in a span that
//! is over, changed) and others may have slipped forward, so the round begins anew. One thing is not
//! noticed: an article withdrawn and an older one listed late between the same two pages.

use std::collections::BTreeMap;

use market::Timestamp;
use market::time::NANOS_PER_SECOND;

use super::{Headline, HeadlineId};

/// How a provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How far before the watermark a round begins, in seconds: longer than a provider delays an article.
    pub overlap_seconds: i64,
    /// The longest time a round covers, in seconds, which bounds what must be remembered.
    pub span_seconds: i64,
}

impl Default for Settings {
    /// A quarter of an hour, and a day.
    fn default() -> Self {
        Self { overlap_seconds: 900, span_seconds: 86_400 }
    }
}

/// A version that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When it appeared.
    pub updated_at: Timestamp,
    /// A hash of its text, for edits that keep their time.
    pub fingerprint: u64,
}

/// Up to where articles were taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watermark {
    /// All that appeared before this was taken.
    pub through: Timestamp,
    /// The newest version of each article that a round may meet again.
    pub seen: BTreeMap<HeadlineId, Seen>,
}

/// A span of time that is being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Articles that changed at or after this.
    pub from: Timestamp,
    /// And before this; `None` is up to now.
    pub to: Option<Timestamp>,
    /// The page to ask for, from 1.
    pub page: u32,
    newest: Option<Timestamp>,
    total: Option<u64>,
}

/// A provider's answer.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Its articles, newest first.
    pub articles: &'a [Headline],
    /// There is no page after it.
    pub is_last: bool,
    /// How many articles all pages have, where the provider says so.
    pub total: Option<u64>,
}

/// What follows a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Ask for this page.
    Page(Round),
    /// Articles were withdrawn meanwhile: ask for everything again.
    Anew(Round),
    /// The span is complete, and there is a later one.
    Later,
    /// Everything up to now is complete.
    Complete,
}

/// What a page brought. The watermark has changed: both are to be stored together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Versions not taken before, by time.
    pub fresh: Vec<Headline>,
    /// What follows.
    pub next: Next,
}

fn plus(time: Timestamp, seconds: i64) -> Timestamp {
    time.saturating_add_nanos(seconds.saturating_mul(NANOS_PER_SECOND))
}

impl Watermark {
    /// Begins with articles that appear from then on.
    pub fn starting_at(time: Timestamp) -> Self {
        Self { through: time, seen: BTreeMap::new() }
    }

    /// The next span to ask for.
    pub fn begin(&self, settings: Settings, now: Timestamp) -> Round {
        let from = plus(self.through, -settings.overlap_seconds);
        // A span must get further than the overlap it begins with.
        let to = plus(self.through, settings.span_seconds.max(1));
        // A span with an end is asked for only once nothing can be listed in it late.
        let is_over = plus(to, settings.overlap_seconds) < now;
        Round { from, to: is_over.then_some(to), page: 1, newest: None, total: None }
    }

    /// Takes a page of a round in.
    pub fn take(&mut self, settings: Settings, round: Round, page: Page<'_>) -> Step {
        let mut fresh: Vec<Headline> = Vec::new();
        let mut newest = round.newest;
        for article in page.articles {
            newest = newest.max(Some(article.updated_at));
            let version = Seen { updated_at: article.updated_at, fingerprint: article.fingerprint() };
            let is_known = self
                .seen
                .get(&article.id())
                .is_some_and(|seen| seen.updated_at > version.updated_at || *seen == version);
            if !is_known {
                self.seen.insert(article.id(), version);
                fresh.push(article.clone());
            }
        }
        fresh.sort_by_key(|article| (article.updated_at, article.id()));
        let has_shrunk = matches!((round.total, page.total), (Some(before), Some(now)) if now < before);
        let next = if has_shrunk {
            Next::Anew(Round { page: 1, newest: None, total: None, ..round })
        } else if !page.is_last {
            let page_after = round.page.saturating_add(1);
            Next::Page(Round { page: page_after, newest, total: page.total.or(round.total), ..round })
        } else {
            self.complete(settings, round, newest)
        };
        Step { fresh, next }
    }

    /// Moves on: to the end of a span that is over, else to the newest article there is. Not to now: the
    /// provider's clock is not ours.
    fn complete(&mut self, settings: Settings, round: Round, newest: Option<Timestamp>) -> Next {
        self.through = self.through.max(round.to.or(newest).unwrap_or(self.through));
        let kept_from = plus(self.through, -settings.overlap_seconds);
        self.seen.retain(|_, seen| seen.updated_at >= kept_from);
        if round.to.is_some() { Next::Later } else { Next::Complete }
    }
}

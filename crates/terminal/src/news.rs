//! The news: newest first, from what is stored and what comes. Pure, as the state it is part of.

use market::Timestamp;
use serde_json::json;

use crate::message::Article;

/// Articles kept; more than anybody scrolls through in a terminal.
const ARTICLES_MAX: usize = 200;

/// How asking for stored articles stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Asked {
    /// Not yet.
    #[default]
    Never,
    /// An answer is waited for.
    Waiting,
    /// It is there.
    Done,
    /// It failed; why, in plain words. What comes is shown all the same.
    Failed(String),
}

/// When an article was published; what cannot be read counts as long ago.
fn published(article: &Article) -> Timestamp {
    Timestamp::parse(article.published_at.as_bytes()).unwrap_or(Timestamp::EPOCH)
}

/// The pane's own.
#[derive(Debug, Clone, Default)]
pub struct News {
    /// Newest first.
    articles: Vec<Article>,
    /// Of this symbol only.
    pub only: Option<String>,
    /// The chosen article's id: those that come above it do not move the choice. Without one it is the newest.
    chosen: Option<String>,
    /// The chosen one is shown whole.
    pub is_open: bool,
    /// How asking stands.
    pub asked: Asked,
    is_watched: bool,
    wants: bool,
}

impl News {
    /// All that is to be shown, newest first.
    pub fn articles(&self) -> &[Article] {
        &self.articles
    }

    /// The chosen article's place.
    pub fn place(&self) -> usize {
        let found = self.chosen.as_ref().and_then(|id| self.articles.iter().position(|a| a.id == *id));
        found.unwrap_or(0)
    }

    /// The chosen article.
    pub fn article(&self) -> Option<&Article> {
        self.articles.get(self.place())
    }

    /// Chooses the article at a place, or the last.
    pub(crate) fn choose(&mut self, place: usize) {
        let place = place.min(self.articles.len().saturating_sub(1));
        self.chosen = self.articles.get(place).map(|article| article.id.clone());
    }

    /// Shows the chosen article whole.
    pub(crate) fn open(&mut self) {
        self.choose(self.place());
        self.is_open = self.chosen.is_some();
    }

    /// Shows all news, or those of a symbol, from the beginning.
    pub(crate) fn show(&mut self, only: Option<String>) {
        if self.asked != Asked::Never && self.only == only {
            return;
        }
        *self =
            Self { only, asked: Asked::Waiting, is_watched: self.is_watched, wants: true, ..Self::default() };
    }

    /// To be sent so that new articles come; nothing while nobody looked at them.
    pub(crate) fn subscription(&self) -> Option<String> {
        self.is_watched.then(|| json!({"type": "subscribe", "channel": "news"}).to_string())
    }

    /// The same, for the first look.
    pub(crate) fn watch(&mut self) -> Option<String> {
        let is_first = !std::mem::replace(&mut self.is_watched, true);
        self.subscription().filter(|_| is_first)
    }

    /// Stored articles are to be asked for, once: of a symbol, or all.
    pub(crate) fn wanted(&mut self) -> Option<Option<String>> {
        std::mem::take(&mut self.wants).then(|| self.only.clone())
    }

    /// After a connection was lost articles may be missing.
    pub(crate) fn ask_again(&mut self) {
        self.wants = self.is_watched;
    }

    /// Takes stored articles in, unless something else is shown by now.
    pub(crate) fn filled(&mut self, only: &Option<String>, told: Result<Vec<Article>, String>) {
        if self.only != *only {
            return;
        }
        match told {
            Ok(articles) => {
                self.asked = Asked::Done;
                articles.into_iter().for_each(|article| self.put(article));
            }
            Err(why) => self.asked = Asked::Failed(why),
        }
    }

    /// Takes an article in, or one that changed.
    pub(crate) fn take(&mut self, article: Article) {
        let is_of = |symbol: &String| article.symbols.iter().any(|linked| linked.symbol == *symbol);
        if !self.is_watched || !self.only.as_ref().is_none_or(is_of) {
            return;
        }
        self.put(article);
    }

    fn put(&mut self, article: Article) {
        // A frame may have overtaken the answer that has the article as it was before.
        if let Some(known) = self.articles.iter().position(|known| known.id == article.id) {
            if self.articles[known].updates > article.updates {
                return;
            }
            self.articles.remove(known);
        }
        let published = published(&article);
        let place = self.articles.partition_point(|other| self::published(other) > published);
        self.articles.insert(place, article);
        self.articles.truncate(ARTICLES_MAX);
    }
}

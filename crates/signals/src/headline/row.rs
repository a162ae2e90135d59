//! Edits of one article, and updates of a live blog, as one row.

use super::Headline;

/// An article as it is shown: its newest version, and how often it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The newest version, published when the first was.
    pub headline: Headline,
    /// Versions after the first that were taken.
    pub updates: u32,
}

/// What a version did to its article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is the first.
    New(Row),
    /// It is newer than what was known.
    Updated(Row),
    /// It is known, or older.
    Unchanged,
}

/// Takes a version in. Which version is newest does not depend on the order in which they come: the
/// later counts, and of two with one time the one whose text sorts last.
pub fn collapse(known: Option<&Row>, version: Headline) -> Change {
    let Some(known) = known else { return Change::New(Row { headline: version, updates: 0 }) };
    let order = |headline: &Headline| (headline.updated_at, headline.title.clone(), headline.summary.clone());
    if order(&version) <= order(&known.headline) {
        return Change::Unchanged;
    }
    let published_at = known.headline.published_at.min(version.published_at);
    let mut symbols = known.headline.symbols.clone();
    symbols.extend(version.symbols.iter().filter(|symbol| !known.headline.symbols.contains(symbol)));
    let headline = Headline { published_at, symbols, ..version };
    Change::Updated(Row { headline, updates: known.updates.saturating_add(1) })
}

//! Companies by name.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use market::{Instrument, Kind, SymbolId, Universe};

use super::LinkRule;
use super::text::{Token, tokens};
use super::words;

/// A name found in a text.
pub(super) struct Named {
    pub(super) symbol: SymbolId,
    pub(super) rule: LinkRule,
    /// In tokens.
    pub(super) length: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    symbol: SymbolId,
    /// The name carries its legal form.
    is_full: bool,
    /// The last word has an `'s` of its own.
    is_possessive: bool,
    /// The name must be written in capitals throughout.
    is_acronym: bool,
}

/// A name, without its first word.
#[derive(Debug)]
struct Name {
    /// The words after the first, with a space between.
    rest: Box<str>,
    /// All its words.
    length: u8,
    entry: Entry,
}

/// Names by their first word; of several words the longest comes first. There are some 80,000 of 26,000 instruments, so
/// they are kept small.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_first: HashMap<Box<str>, Box<[Name]>, FixedState>,
}

/// Who is meant by a name of two companies: a stock before anything else, then the more active.
type Rank = (bool, u64);

/// Names being learned.
#[derive(Debug, Default)]
struct Lesson {
    by_first: HashMap<Box<str>, Vec<(Name, Rank)>, FixedState>,
}

impl Names {
    pub(super) fn new(universe: &Universe) -> Self {
        let mut lesson = Lesson::default();
        for (symbol, instrument) in universe.iter().filter(|(_, i)| i.kind != Kind::Other) {
            lesson.learn(symbol, instrument);
        }
        let learned = lesson.by_first.into_iter().map(|(first, mut names)| {
            names.sort_by_key(|(name, _)| std::cmp::Reverse(name.length));
            (first, names.into_iter().map(|(name, _)| name).collect())
        });
        Self { by_first: learned.collect() }
    }
}

impl Lesson {
    fn learn(&mut self, symbol: SymbolId, instrument: &Instrument) {
        let listed = without_share_class(&instrument.name);
        let is_possessive = |words: &[Token<'_>]| words.last().is_some_and(|t| t.is_possessive);
        let all = tokens(&listed);
        let all = if all.first().is_some_and(|t| t.word == "the") { &all[1..] } else { &all[..] };
        let core = without_forms(all);
        if core.is_empty() {
            return;
        }
        let rank = (instrument.kind == Kind::Stock, instrument.activity);
        let entry = Entry { symbol, is_full: false, is_possessive: is_possessive(core), is_acronym: false };
        let spelt = |words: &[Token<'_>]| words.iter().map(|t| t.word.clone()).collect::<Vec<_>>();
        if core.len() < all.len() {
            let full = all[core.len()].word.as_str();
            // The form may be written out or not.
            for form in words::same_form(full) {
                let mut name = spelt(core);
                name.push(form.to_owned());
                self.put(&name, Entry { is_full: true, is_possessive: false, ..entry }, rank);
            }
        }
        self.put(&spelt(core), entry, rank);
        let short = without_descriptors(core);
        if short.len() < core.len() {
            self.put(&spelt(short), Entry { is_possessive: is_possessive(short), ..entry }, rank);
        }
        for (ticker, first_word, name) in words::ALIASES {
            if *ticker == instrument.symbol.as_str() && all.first().is_some_and(|t| t.word == *first_word) {
                let is_acronym = name.chars().all(|c| !c.is_lowercase());
                self.put(&spelt(&tokens(name)), Entry { is_acronym, ..entry }, rank);
            }
        }
    }

    fn put(&mut self, words: &[String], entry: Entry, rank: Rank) {
        let Some((first, rest)) = words.split_first() else { return };
        // No company's name has more words; what would be cut off is not taken.
        let Ok(length) = u8::try_from(words.len()) else { return };
        let name = Name { rest: rest.join(" ").into(), length, entry };
        let list = self.by_first.entry(first.as_str().into()).or_default();
        match list.iter_mut().find(|(known, _)| known.rest == name.rest) {
            // Two companies, or two classes of one: the better known is meant.
            Some((known, standing)) if *standing < rank => (*known, *standing) = (name, rank),
            Some(_) => {}
            None => list.push((name, rank)),
        }
    }
}

impl Name {
    /// The name is written here, from its second word on, each of its own words with a capital; its first word is.
    fn stands_at(&self, tokens: &[Token<'_>], at: usize) -> bool {
        let Some(here) = tokens.get(at..at + usize::from(self.length)) else { return false };
        let is_small = |word: &str| matches!(word, "of" | "and" | "&" | "the" | "for");
        let is_written = |token: &Token<'_>| {
            let word = token.word.as_str();
            token.is_capital() || is_small(word) || words::FORMS.contains(&word)
        };
        let mut rest = self.rest.split(' ').filter(|word| !word.is_empty());
        let same = is_written(&here[0])
            && here[1..].iter().all(|token| rest.next() == Some(token.word.as_str()) && is_written(token));
        // A possessive within a name ends it: "America's Bank" is not "America Bank".
        let ends_well = here[..here.len() - 1].iter().all(|token| !token.is_possessive);
        let entry = &self.entry;
        let last_fits = !entry.is_possessive || here[here.len() - 1].is_possessive;
        let is_upper = |token: &Token<'_>| !token.text.trim_end_matches("'s").chars().any(char::is_lowercase);
        same && ends_well && last_fits && (!entry.is_acronym || here.iter().all(is_upper))
    }
}

impl Names {
    /// The company whose name begins at this token, if the text means it.
    pub(super) fn at(&self, tokens: &[Token<'_>], at: usize, titled: bool, after_and: bool) -> Option<Named> {
        let first = tokens[at].word.as_str();
        let candidates = self.by_first.get(first)?;
        // The longest name that stands there; a shorter one is then not what was written.
        let Name { length, entry, .. } = candidates.iter().find(|name| name.stands_at(tokens, at))?;
        let length = usize::from(*length);
        let named = |rule: LinkRule| Some(Named { symbol: entry.symbol, rule, length });
        if entry.is_full {
            return named(LinkRule::FullName);
        }
        if length > 1 {
            return named(LinkRule::LongName);
        }
        let before = at.checked_sub(1).map(|at| &tokens[at]);
        if before.is_some_and(|t| t.is_capital() && words::FIRST_NAMES.contains(&t.word.as_str())) {
            return None;
        }
        if !words::ALSO_WORDS.contains(&first) {
            return named(LinkRule::Name);
        }
        let means_company = after_and || speaks_of_company(tokens, at, titled);
        if means_company { named(LinkRule::NameInContext) } else { None }
    }
}

/// The name without what says which share of the company it is.
fn without_share_class(name: &str) -> String {
    let cut = words::SHARE_CLASSES.iter().filter_map(|class| name.find(class)).min().unwrap_or(name.len());
    name[..cut].replace("(The)", " ")
}

fn without_forms<'t, 'a>(mut words: &'t [Token<'a>]) -> &'t [Token<'a>] {
    while let Some((last, rest)) = words.split_last() {
        let is_form = words::FORMS.contains(&last.word.as_str()) || matches!(last.word.as_str(), "&" | "and");
        if !is_form || rest.is_empty() {
            break;
        }
        words = rest;
    }
    words
}

fn without_descriptors<'t, 'a>(mut words: &'t [Token<'a>]) -> &'t [Token<'a>] {
    while let Some((last, rest)) = words.split_last() {
        if rest.is_empty() || !words::DESCRIPTORS.contains(&last.word.as_str()) {
            break;
        }
        words = rest;
    }
    words
}

/// The words around a name that is also a word speak of a company.
fn speaks_of_company(tokens: &[Token<'_>], at: usize, titled: bool) -> bool {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.word.as_str());
    let before = at.checked_sub(1).map(|at| &tokens[at]);
    let is_lead = before.is_some_and(|token| words::LEADS.contains(&token.word.as_str()));
    if let Some(before) = before {
        // "the Amazon", "Tom Ford", "Big Apple".
        let is_proper = before.is_capital() && !before.begins && !titled;
        let begins_name = before.is_capital() && before.begins && !is_lead && !titled;
        let is_article = matches!(before.word.as_str(), "the" | "a" | "an");
        if is_article || ((is_proper || begins_name) && !is_lead) {
            return false;
        }
    }
    let is_shares_of = word(at.wrapping_sub(1)) == "of"
        && matches!(word(at.wrapping_sub(2)), "shares" | "stock" | "stake" | "maker" | "owner" | "chief");
    let next = word(at + 1);
    let acts = words::ACTS.contains(&next) || (next == "to" && words::ACTS_TO.contains(&word(at + 2)));
    let has_business = || tokens.iter().any(|token| words::BUSINESS.contains(&token.word.as_str()));
    let owns = tokens[at].is_possessive && has_business();
    is_lead || is_shares_of || acts || owns
}

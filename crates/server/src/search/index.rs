//! The index: built once for a universe, then only read.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use market::{Instrument, Kind, SymbolId, Universe};

use super::fold::{compact, joined_initials, query_words, words};
use super::hits::Hits;
use super::trie::{Near, Trie};

/// Longest query looked at, in characters; what follows is cut off.
const QUERY_CHARS_MAX: usize = 64;

/// Most words of a query looked at.
const QUERY_WORDS_MAX: usize = 6;

/// Most words of a query that may each be mistyped: every one costs a walk over the trie.
const MISTYPED_WORDS_MAX: usize = 2;

/// What crypto pairs without a separator end in.
const QUOTE_COINS: [&str; 10] = ["usdt", "usdc", "busd", "fdusd", "usd", "eur", "gbp", "btc", "eth", "bnb"];

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The instruments, best first.
    pub ids: Vec<SymbolId>,
    /// There are more after these.
    pub more: bool,
}

/// A way to spell an instrument's symbol.
#[derive(Debug)]
struct Spelling {
    /// Folded: letters and digits alone.
    text: Box<str>,
    rank: u32,
    /// The whole symbol, with or without its venue; not a part.
    whole: bool,
}

/// A search index of one universe.
///
/// Inside, instruments go by rank: more active first, then the shorter symbol, then its text. So
/// the best of any set are its least members.
#[derive(Debug)]
pub struct Index {
    universe: Arc<Universe>,
    /// By rank.
    ids: Vec<SymbolId>,
    /// Sorted by text, then rank.
    spellings: Vec<Spelling>,
    /// All words of all names and symbols, sorted, one after the other in one text.
    text: String,
    /// Where each word starts in `text`, and the end of the last.
    starts: Vec<u32>,
    /// Ranks of the instruments that have a word, those of the first word first.
    postings: Vec<u32>,
    /// Where each word's ranks start in `postings`, and the end of the last.
    posting_starts: Vec<u32>,
    trie: Trie,
}

impl Index {
    /// Builds the index: a tenth of a second or two for 26,000 instruments.
    pub fn build(universe: Arc<Universe>) -> Self {
        let mut ranked: Vec<(SymbolId, &Instrument)> = universe.iter().collect();
        ranked.sort_by_key(|(_, i)| (Reverse(i.activity), i.symbol.as_bytes().len(), i.symbol));

        let mut spellings = Vec::with_capacity(ranked.len());
        let mut by_word: HashMap<String, Vec<u32>> = HashMap::new();
        for (rank, (_, instrument)) in (0u32..).zip(&ranked) {
            let mut add = |word: &str| match by_word.get_mut(word) {
                // Ranks come in ascending order, so a repeated word is the last one's.
                Some(ranks) => {
                    if ranks.last() != Some(&rank) {
                        ranks.push(rank);
                    }
                }
                None => {
                    by_word.insert(word.to_owned(), vec![rank]);
                }
            };
            words(&instrument.name, &mut add);
            joined_initials(&instrument.name, &mut add);
            words(instrument.symbol.as_str(), &mut add);
            spell(instrument, |text, whole| {
                add(&text);
                spellings.push(Spelling { text: text.into(), rank, whole });
            });
        }
        spellings.sort_by(|a, b| a.text.cmp(&b.text).then(a.rank.cmp(&b.rank)));
        spellings.shrink_to_fit();

        let mut by_word: Vec<(String, Vec<u32>)> = by_word.into_iter().collect();
        by_word.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let trie = Trie::build(by_word.iter().map(|(word, _)| word.as_str()));
        let mut text = String::with_capacity(by_word.iter().map(|(word, _)| word.len()).sum());
        let mut postings = Vec::with_capacity(by_word.iter().map(|(_, ranks)| ranks.len()).sum());
        let mut starts = Vec::with_capacity(by_word.len() + 1);
        let mut posting_starts = Vec::with_capacity(by_word.len() + 1);
        for (word, ranks) in &by_word {
            starts.push(text.len() as u32);
            posting_starts.push(postings.len() as u32);
            text.push_str(word);
            postings.extend_from_slice(ranks);
        }
        starts.push(text.len() as u32);
        posting_starts.push(postings.len() as u32);
        let ids = ranked.into_iter().map(|(id, _)| id).collect();
        Self { universe, ids, spellings, text, starts, postings, posting_starts, trie }
    }

    /// The universe this was built from; its instruments are what the ids found mean.
    pub fn universe(&self) -> &Arc<Universe> {
        &self.universe
    }

    /// Bytes of memory held, without the universe.
    pub fn bytes(&self) -> usize {
        self.ids.capacity() * size_of::<SymbolId>()
            + self.spellings.iter().map(|s| size_of::<Spelling>() + s.text.len()).sum::<usize>()
            + self.text.capacity()
            + (self.starts.capacity() + self.postings.capacity() + self.posting_starts.capacity()) * 4
            + self.trie.bytes()
    }

    /// Instruments for what somebody typed, best first: `limit` of them after the first `offset`.
    ///
    /// Nothing typed is all instruments, the most active first; punctuation alone finds none.
    pub fn search(&self, query: &str, offset: usize, limit: usize) -> Found {
        let query = query.trim();
        let query = query.char_indices().nth(QUERY_CHARS_MAX).map_or(query, |(at, _)| &query[..at]);
        let wanted = offset.saturating_add(limit).saturating_add(1);
        let mut order = Order::new(self.ids.len(), wanted);
        if query.is_empty() {
            order.ranks.extend((0..self.ids.len() as u32).take(wanted));
        } else {
            self.fill(query, &mut order);
        }
        let more = order.ranks.len() > offset.saturating_add(limit);
        let ids = order.ranks.iter().skip(offset).take(limit);
        Found { ids: ids.filter_map(|&rank| self.ids.get(rank as usize).copied()).collect(), more }
    }

    /// Goes from the best tier to the last until enough is found.
    fn fill(&self, query: &str, order: &mut Order) {
        let symbol = compact(query);
        let mut terms = query_words(query);
        terms.truncate(QUERY_WORDS_MAX);
        if symbol.is_empty() || terms.is_empty() {
            return;
        }
        self.by_symbol(query, &symbol, order);
        if order.is_full() {
            return;
        }
        let found: Vec<Hits> = terms.iter().map(|term| self.by_prefix(term)).collect();
        order.push_all(&intersection(&found));
        if !order.is_full() {
            self.by_near_words(&terms, found, order);
        }
    }

    /// The exact symbol, then those that begin so.
    fn by_symbol(&self, query: &str, symbol: &str, order: &mut Order) {
        let range = self.spellings_with_prefix(symbol);
        let exact = |s: &&Spelling| s.whole && *s.text == *symbol;
        let mut hits = Hits::new(self.ids.len());
        self.spellings[range.clone()].iter().filter(exact).for_each(|s| hits.add(s.rank));
        // `AAp` and `AAP` are two symbols: the one that was typed comes first.
        let typed = hits.iter().find(|&rank| self.has_symbol(rank, query));
        typed.into_iter().for_each(|rank| order.push(rank));
        order.push_all(&hits);
        let mut hits = Hits::new(self.ids.len());
        self.spellings[range].iter().for_each(|s| hits.add(s.rank));
        order.push_all(&hits);
    }

    fn has_symbol(&self, rank: u32, text: &str) -> bool {
        let id = self.ids.get(rank as usize);
        id.and_then(|&id| self.universe.get(id)).is_some_and(|i| i.symbol.as_str() == text)
    }

    fn spellings_with_prefix(&self, prefix: &str) -> Range<usize> {
        let from = self.spellings.partition_point(|s| *s.text < *prefix);
        let len = self.spellings[from..].partition_point(|s| s.text.starts_with(prefix));
        from..from + len
    }

    /// Instruments with a word that begins with `term`.
    fn by_prefix(&self, term: &str) -> Hits {
        let words = 0..self.starts.len() - 1;
        let from = partition_point(words.clone(), |at| self.word(at) < term);
        let to = partition_point(from..words.end, |at| self.word(at).starts_with(term));
        let mut hits = Hits::new(self.ids.len());
        self.add_words(from..to, &mut hits);
        hits
    }

    /// Instruments that have every word when some are mistyped, fewest errors first; and when there
    /// are none at all, those whose words begin with something near.
    fn by_near_words(&self, terms: &[String], found: Vec<Hits>, order: &mut Order) {
        let nothing: Vec<usize> = (0..terms.len()).filter(|&at| found[at].is_empty()).collect();
        let mistyped = match (terms.len(), nothing.len()) {
            (1, _) => vec![0],
            (_, 0) => return,
            _ => nothing,
        };
        let allowed: u8 = mistyped.iter().map(|&at| errors_allowed(&terms[at])).max().unwrap_or(0);
        if allowed == 0 || mistyped.len() > MISTYPED_WORDS_MAX {
            return;
        }
        let mut by_errors = vec![found; usize::from(allowed)];
        let mut beginnings = vec![Vec::new(); terms.len()];
        for &at in &mistyped {
            let errors = errors_allowed(&terms[at]);
            if errors == 0 {
                continue;
            }
            self.trie.near(&terms[at], errors, |near| match near {
                Near::Word(word, errors) => {
                    for found in by_errors.iter_mut().skip(usize::from(errors.max(1)) - 1) {
                        self.add_words(word as usize..word as usize + 1, &mut found[at]);
                    }
                }
                Near::Prefix(from, to) => beginnings[at].push(from as usize..to as usize),
            });
        }
        for found in &by_errors {
            order.push_all(&intersection(found));
        }
        if order.ranks.is_empty()
            && let Some(mut found) = by_errors.pop()
        {
            for (found, beginnings) in found.iter_mut().zip(beginnings) {
                beginnings.into_iter().for_each(|words| self.add_words(words, found));
            }
            order.push_all(&intersection(&found));
        }
    }

    fn word(&self, at: usize) -> &str {
        &self.text[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Adds the instruments of consecutive words, whose postings are consecutive too.
    fn add_words(&self, words: Range<usize>, hits: &mut Hits) {
        let (from, to) = (self.posting_starts[words.start], self.posting_starts[words.end]);
        self.postings[from as usize..to as usize].iter().for_each(|&rank| hits.add(rank));
    }
}

/// The result as it grows, each instrument once.
struct Order {
    ranks: Vec<u32>,
    seen: Hits,
    wanted: usize,
}

impl Order {
    fn new(len: usize, wanted: usize) -> Self {
        Self { ranks: Vec::with_capacity(wanted.min(len)), seen: Hits::new(len), wanted }
    }

    fn is_full(&self) -> bool {
        self.ranks.len() >= self.wanted
    }

    fn push(&mut self, rank: u32) {
        self.ranks.push(rank);
        self.seen.add(rank);
    }

    fn push_all(&mut self, hits: &Hits) {
        let mut new = hits.clone();
        new.remove(&self.seen);
        let room = self.wanted.saturating_sub(self.ranks.len());
        self.ranks.extend(new.iter().take(room));
        self.seen.join(&new);
    }
}

/// One error for four letters, two for eight.
fn errors_allowed(term: &str) -> u8 {
    match term.chars().count() {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    }
}

fn intersection(found: &[Hits]) -> Hits {
    let mut all = found.first().cloned().unwrap_or_else(|| Hits::new(0));
    found.iter().skip(1).for_each(|hits| all.keep(hits));
    all
}

fn partition_point(range: Range<usize>, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// The ways a symbol may be typed: whole, without its venue, and a pair by either part.
fn spell(instrument: &Instrument, mut add: impl FnMut(String, bool)) {
    let symbol = instrument.symbol.as_str();
    let whole = compact(symbol);
    let bare = symbol.rsplit_once(':').map(|(_, bare)| bare);
    let local = bare.map_or_else(|| whole.clone(), compact);
    if !whole.is_empty() {
        add(whole, true);
    }
    if bare.is_some() && !local.is_empty() {
        add(local.clone(), true);
    }
    if matches!(instrument.kind, Kind::Crypto | Kind::Forex) {
        let name = bare.unwrap_or(symbol);
        let parts = match name.split_once(['/', '-', '_']) {
            Some((base, quote)) => Some((compact(base), compact(quote))),
            None => QUOTE_COINS.iter().find_map(|quote| {
                let base = local.strip_suffix(quote).filter(|base| !base.is_empty())?;
                Some((base.to_owned(), (*quote).to_owned()))
            }),
        };
        if let Some((base, quote)) = parts {
            [base, quote].into_iter().filter(|p| !p.is_empty()).for_each(|part| add(part, false));
        }
    }
}

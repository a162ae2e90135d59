//! Articles tied to symbols by company name and ticker, with the evidence kept.
//!
//! What is looked for, the surest first: a ticker with its exchange, a cashtag, a company's name with its
//! legal form, a name of several words, a name of one word that means nothing else, and a name that is
//! also a word (Apple, Target, Gap), which counts only where the words around it speak of a company. The
//! longest name at a place wins, so that *Apple Hospitality REIT* is not *Apple*. Names must be written
//! with capitals. It errs on the side of saying nothing; `tests/linking.rs` measures how often it is right.

mod names;
mod text;
mod words;

use std::collections::BTreeMap;

use market::{Symbol, SymbolId, Universe};

use names::Names;
use text::{Token, is_title_case, tokens};

/// By which rule a text was taken for a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkRule {
    /// A ticker with its exchange: `(NASDAQ: AAPL)`.
    ExchangeTicker,
    /// `$AAPL`.
    Cashtag,
    /// A name with its legal form: *Target Corporation*.
    FullName,
    /// The provider says so.
    Provider,
    /// A name of several words: *General Motors*.
    LongName,
    /// A name of one word that is no other word: *Nvidia*.
    Name,
    /// A name that is also a word, among words of business: *Apple shares*.
    NameInContext,
}

impl LinkRule {
    /// How sure it is, in thousandths. An order with distances by judgement, not a measured frequency.
    pub const fn confidence(self) -> u16 {
        match self {
            Self::ExchangeTicker => 995,
            Self::Cashtag => 980,
            Self::FullName => 970,
            Self::Provider => 950,
            Self::LongName => 920,
            Self::Name => 880,
            Self::NameInContext => 750,
        }
    }
}

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// In the title.
    Title,
    /// In the summary.
    Summary,
    /// Beside the text.
    Provider,
}

/// Why an article is tied to a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The text as it stands there.
    pub matched: String,
    /// Where.
    pub field: Field,
    /// First byte of it in that field.
    pub at: usize,
    /// Why it counts.
    pub rule: LinkRule,
}

/// An article's tie to a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The symbol.
    pub symbol: SymbolId,
    /// That of the surest evidence, in thousandths.
    pub confidence: u16,
    /// All of it, the surest first.
    pub evidence: Vec<Evidence>,
}

/// Finds symbols in texts; made once for a universe.
#[derive(Debug)]
pub struct Linker {
    names: Names,
    tickers: BTreeMap<Symbol, SymbolId>,
}

/// Codes of exchanges as articles write them before a ticker.
const EXCHANGES: &[&str] = &["NASDAQ", "NYSE", "NYSEARCA", "NYSEAMERICAN", "AMEX", "CBOE", "OTC", "OTCMKTS"];

impl Linker {
    /// Learns the names of all instruments in use.
    pub fn new(universe: &Universe) -> Self {
        let tickers = universe.iter().map(|(id, instrument)| (instrument.symbol, id)).collect();
        Self { names: Names::new(universe), tickers }
    }

    /// What an article is about, by symbol.
    pub fn link(&self, title: &str, summary: &str, provider: &[Symbol]) -> Vec<Link> {
        let mut found: BTreeMap<SymbolId, Vec<Evidence>> = BTreeMap::new();
        for symbol in provider {
            if let Some(id) = self.tickers.get(symbol) {
                let matched = symbol.to_string();
                let evidence = Evidence { matched, field: Field::Provider, at: 0, rule: LinkRule::Provider };
                found.entry(*id).or_default().push(evidence);
            }
        }
        for (field, text) in [(Field::Title, title), (Field::Summary, summary)] {
            self.read(field, text, &mut found);
        }
        let links = found.into_iter().map(|(symbol, mut evidence)| {
            evidence.sort_by_key(|e| (std::cmp::Reverse(e.rule.confidence()), e.field, e.at));
            Link { symbol, confidence: evidence.first().map_or(0, |e| e.rule.confidence()), evidence }
        });
        links.collect()
    }

    fn read(&self, field: Field, text: &str, found: &mut BTreeMap<SymbolId, Vec<Evidence>>) {
        let tokens = tokens(text);
        let titled = is_title_case(&tokens);
        let mut put = |symbol: SymbolId, from: &Token<'_>, to: &Token<'_>, rule: LinkRule| {
            let matched = text.get(from.start..to.end).unwrap_or_default().to_owned();
            found.entry(symbol).or_default().push(Evidence { matched, field, at: from.start, rule });
        };
        let mut at = 0;
        let mut after_and = false;
        while let Some(token) = tokens.get(at) {
            let next = if let Some((symbol, rule, length)) = self.ticker_at(text, &tokens[at..]) {
                put(symbol, token, &tokens[at + length - 1], rule);
                at + length
            } else if let Some(named) = self.names.at(&tokens, at, titled, after_and) {
                put(named.symbol, token, &tokens[at + named.length - 1], named.rule);
                at + named.length
            } else {
                after_and = false;
                at += 1;
                continue;
            };
            // What is joined to a company by "and" is likely one too.
            let joins = tokens.get(next).is_some_and(|t| t.word == "and" || t.word == "&");
            after_and = joins;
            at = next + usize::from(joins);
        }
    }

    /// A ticker that is marked as one, and how many tokens it and its mark are.
    fn ticker_at(&self, text: &str, tokens: &[Token<'_>]) -> Option<(SymbolId, LinkRule, usize)> {
        let first = tokens.first()?;
        let id = |token: &Token<'_>| self.tickers.get(&Symbol::new(token.text).ok()?).copied();
        if text[..first.start].ends_with('$') {
            return Some((id(first)?, LinkRule::Cashtag, 1));
        }
        let second = tokens.get(1)?;
        let between = text.get(first.end..second.start)?.trim();
        let is_marked = EXCHANGES.contains(&first.text.to_ascii_uppercase().as_str()) && between == ":";
        if is_marked { Some((id(second)?, LinkRule::ExchangeTicker, 2)) } else { None }
    }
}

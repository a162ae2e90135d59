//! Invents names that no two companies share, and symbols that look like them.

use std::collections::HashSet;

use crate::hash::Draws;

/// What a company does.
#[derive(Debug, Clone)]
pub(super) struct Industry {
    pub(super) sector: &'static str,
    pub(super) industry: &'static str,
    weight: u64,
    words: Vec<&'static str>,
}

/// The words names are made of, and the names and symbols already given out.
#[derive(Debug)]
pub(super) struct Names {
    first: Vec<&'static str>,
    second: Vec<&'static str>,
    start: Vec<&'static str>,
    middle: Vec<&'static str>,
    end: Vec<&'static str>,
    legal: Vec<&'static str>,
    issuer: Vec<String>,
    style: Vec<String>,
    theme: Vec<String>,
    industries: Vec<Industry>,
    weight_sum: u64,
    names: HashSet<String>,
    symbols: HashSet<String>,
}

impl Names {
    /// With the names and symbols that are taken before any is invented.
    pub(super) fn new(taken: impl IntoIterator<Item = (String, String)>) -> Self {
        let (symbols, names) = taken.into_iter().unzip();
        let industries: Vec<Industry> =
            include_str!("industries.txt").lines().filter_map(read_industry).collect();
        let spaced = |title| words(title).map(|w| w.replace('_', " ")).collect();
        Self {
            first: words("first").collect(),
            second: words("second").collect(),
            start: words("start").collect(),
            middle: words("middle").collect(),
            end: words("end").collect(),
            legal: words("legal").collect(),
            issuer: spaced("issuer"),
            style: spaced("style"),
            theme: spaced("theme"),
            weight_sum: industries.iter().map(|i| i.weight).sum(),
            industries,
            names,
            symbols,
        }
    }

    /// An industry, the common ones more often.
    pub(super) fn industry(&self, draws: &mut Draws) -> &Industry {
        let mut at = draws.below(self.weight_sum);
        for industry in &self.industries {
            match at.checked_sub(industry.weight) {
                Some(rest) => at = rest,
                None => return industry,
            }
        }
        &self.industries[0]
    }

    /// A company's name, with the word that its symbol is made from.
    pub(super) fn company(&mut self, industry: &Industry, draws: &mut Draws) -> String {
        loop {
            let root = self.root(draws);
            let (word, legal) = (draws.pick(&industry.words), draws.pick(&self.legal));
            let name = match draws.below(10) {
                0 => format!("{root} {legal}"),
                1 if !word.ends_with("Holdings") => format!("{root} {word} Holdings {legal}"),
                _ => format!("{root} {word} {legal}"),
            };
            // The key leaves out what people would not hear as a difference.
            if self.names.insert(format!("{root} {word}")) && self.names.insert(name.clone()) {
                return name;
            }
        }
    }

    fn root(&self, draws: &mut Draws) -> String {
        match draws.below(10) {
            0..=2 => format!("{}{}", draws.pick(&self.first), draws.pick(&self.second)),
            3..=4 => format!("{} {}", draws.pick(&self.first), capital(draws.pick::<&str>(&self.second))),
            5..=6 => format!("{}{}", draws.pick(&self.start), draws.pick(&self.end)),
            _ => format!("{}{}{}", draws.pick(&self.start), draws.pick(&self.middle), draws.pick(&self.end)),
        }
    }

    /// A fund's name, and whether it is daily-leveraged.
    pub(super) fn fund(&mut self, draws: &mut Draws) -> (String, bool) {
        loop {
            let (issuer, style) = (draws.pick(&self.issuer), draws.pick(&self.style));
            let name = format!("{issuer} {} {style} ETF", draws.pick(&self.theme));
            let leveraged = style.starts_with("Daily");
            if self.names.insert(name.clone()) {
                return (name, leveraged);
            }
        }
    }

    /// A free symbol of this many letters: made from the name's letters where that goes, any
    /// otherwise.
    pub(super) fn symbol(&mut self, name: &str, len: usize, draws: &mut Draws) -> String {
        let letters: Vec<u8> =
            name.bytes().filter(u8::is_ascii_alphabetic).map(|b| b.to_ascii_uppercase()).collect();
        for attempt in 0..64 {
            let mut symbol = String::new();
            // The first letter of the name, then some of the others in their order.
            let mut from = 0;
            for place in 0..len {
                let letter = if attempt < 8 && from < letters.len() {
                    // Skips are short at first: a symbol usually starts like its name.
                    let skip = if place == 0 { 0 } else { draws.below(1 + attempt) as usize };
                    let at = (from + skip).min(letters.len() - 1);
                    from = at + 1;
                    letters[at]
                } else if place == 0 && attempt < 32 {
                    letters.first().copied().unwrap_or(b'A')
                } else {
                    b'A' + draws.below(26) as u8
                };
                symbol.push(char::from(letter));
            }
            if self.claim(&symbol) {
                return symbol;
            }
        }
        // All short ones near this name are gone; a longer one is free.
        self.symbol(name, (len + 1).min(5), draws)
    }

    /// Takes a symbol unless it is taken.
    pub(super) fn claim(&mut self, symbol: &str) -> bool {
        self.symbols.insert(symbol.to_owned())
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The words under a title of `words.txt`.
fn words(title: &str) -> impl Iterator<Item = &'static str> {
    include_str!("words.txt")
        .lines()
        .skip_while(move |line| line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) != Some(title))
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .flat_map(str::split_whitespace)
}

fn read_industry(line: &'static str) -> Option<Industry> {
    let mut cells = line.split('|').map(str::trim);
    let (sector, industry, weight, words) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
    Some(Industry {
        sector,
        industry,
        weight: weight.parse().ok()?,
        words: words.split(',').map(str::trim).collect(),
    })
}

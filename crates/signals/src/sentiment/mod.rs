//! The tone of a headline, by a small lexicon of the words of business news: a hint, not a judgement.
//!
//! Every word and pair of words that counts is told with what it counted, so that a reader can see why.
//! A negation within the three words before turns the next word that counts to seven tenths of its opposite; a word of degree
//! directly before makes it half as much again, or half. The sum is drawn into -1,000 to 1,000, where
//! beyond `TONE_FROM` either way it is called a tone. How often it agrees with a person stands in
//! `tests/sentiment.rs`, measured on headlines that were not looked at while the words were chosen.

mod lexicon;

use lexicon::{DEGREES, NEGATIONS, PAIRS, WORDS};

/// A score of at least this, or at most its negative, is a tone.
pub const TONE_FROM: i32 = 150;
/// The score approaches a thousand as the sum grows; at a sum of this it is half.
const HALF: i32 = 600;
/// Words before a word in which a negation counts.
const NEGATION_REACH: usize = 3;

/// What a headline sounds like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Good news for whom it is about.
    Positive,
    /// Neither.
    Neutral,
    /// Bad news.
    Negative,
}

/// A word or pair that counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// As the lexicon has it.
    pub text: String,
    /// What it counted here, in thousandths, with negation and degree.
    pub weight: i32,
    /// It was turned by a negation.
    pub is_negated: bool,
}

/// The tone of a text, and the words that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentiment {
    /// -1,000 to 1,000.
    pub score: i32,
    /// In the order of the text.
    pub words: Vec<Weighed>,
}

impl Sentiment {
    /// What it sounds like.
    pub fn tone(&self) -> Tone {
        match self.score {
            TONE_FROM.. => Tone::Positive,
            score if score <= -TONE_FROM => Tone::Negative,
            _ => Tone::Neutral,
        }
    }
}

/// Weighs a text.
pub fn sentiment(text: &str) -> Sentiment {
    let text = text.to_lowercase().replace('’', "'");
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '\''))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .map(|word| word.strip_suffix("'s").unwrap_or(word))
        .filter(|word| !word.is_empty())
        .collect();
    let mut weighed = Vec::new();
    let mut at = 0;
    // A negation turns the next word that counts, and no other after it.
    let mut counted_to = 0;
    while at < words.len() {
        let (name, weight, length) = match pair_at(&words[at..]) {
            Some(found) => found,
            None => match weight_of(WORDS, words[at]) {
                Some(weight) => (words[at].to_owned(), weight, 1),
                None => {
                    at += 1;
                    continue;
                }
            },
        };
        let before = &words[at.saturating_sub(NEGATION_REACH).max(counted_to)..at];
        let is_negated = before.iter().any(|word| NEGATIONS.contains(word));
        let degree = before.last().and_then(|word| weight_of(DEGREES, word)).unwrap_or(1_000);
        let turned = if is_negated { -weight * 7 / 10 } else { weight };
        weighed.push(Weighed { text: name, weight: turned * degree / 1_000, is_negated });
        at += length;
        counted_to = at;
    }
    let sum: i32 = weighed.iter().map(|word| word.weight).sum();
    Sentiment { score: sum * 1_000 / (sum.abs() + HALF), words: weighed }
}

/// A pair of the lexicon that begins here, the second word up to three words later: what lies between
/// belongs to it (*cuts its full-year forecast*).
fn pair_at(words: &[&str]) -> Option<(String, i32, usize)> {
    let first = words.first()?;
    for (length, second) in words.iter().enumerate().take(5).skip(1) {
        let found = PAIRS.iter().find(|(a, b, _)| a.contains(first) && b.contains(second));
        if let Some((_, _, weight)) = found {
            return Some((format!("{first} {second}"), *weight, length + 1));
        }
    }
    None
}

fn weight_of(list: &[(i32, &[&str])], word: &str) -> Option<i32> {
    list.iter().find(|(_, words)| words.contains(&word)).map(|(weight, _)| *weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(text: &str) -> i32 {
        sentiment(text).score
    }

    #[test]
    fn says_which_words_counted() {
        let found = sentiment("Profit did not rise, shares plunge");
        let words: Vec<(&str, bool)> = found.words.iter().map(|w| (w.text.as_str(), w.is_negated)).collect();
        assert_eq!(words, [("rise", true), ("plunge", false)]);
        assert!(found.words.iter().all(|w| w.weight < 0));
        assert_eq!(found.tone(), Tone::Negative);
    }

    #[test]
    fn what_falls_decides_whether_falling_is_bad() {
        assert!(score("Losses narrow") > 0);
        assert!(score("Debt falls") > 0);
        assert!(score("Profit falls") < 0);
        assert!(score("Company cuts its full-year forecast") < 0);
        assert!(score("Company cuts costs") > 0);
    }

    #[test]
    fn degree_and_bounds() {
        assert!(score("shares sharply lower") < score("shares lower"));
        assert!(score("shares slightly lower") > score("shares lower"));
        assert_eq!(score("Board meets on Tuesday"), 0);
        let worst = "crash plunge collapse bankruptcy fraud ".repeat(50);
        assert!((-1_000..-900).contains(&score(&worst)));
        assert_eq!(score(""), 0);
    }
}

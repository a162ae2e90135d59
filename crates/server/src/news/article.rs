//! Articles between their forms: as a feed gives them, as they are stored, and as they are told.

use market::{Symbol, Universe};
use serde::{Deserialize, Serialize};
use signals::headline::{Headline, Row};
use signals::linking::{Evidence, Field, Link, LinkRule, Linker};
use signals::sentiment::{Sentiment, Tone, sentiment};
use store::records::article::Article;
use wire::news::{
    ArticleBody, EvidenceBody, EvidenceField, EvidenceRule, ImpactBody, LinkBody, SentimentBody, ToneName,
    ToneWord,
};
use wire::number::Micros;

/// The longest title and summary that are kept, in characters; what is beyond is cut.
const TITLE_CHARACTERS_MAX: usize = 500;
const SUMMARY_CHARACTERS_MAX: usize = 2_000;
/// The longest address and name that are kept, in bytes. One that is longer cannot be cut and is left out.
const ADDRESS_BYTES_MAX: usize = 2_000;
/// Symbols that an article is tied to at most; those with the surest evidence stay.
const SYMBOLS_MAX: usize = 50;
/// Evidence told of one symbol.
const EVIDENCE_MAX: usize = 5;

/// What was read out of an article, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Reading {
    links: Vec<LinkBody>,
    sentiment: SentimentBody,
}

/// A thousandth as a number.
fn thousandths(number: i32) -> Micros {
    Micros(i64::from(number) * 1_000)
}

/// A version fit to be kept: bounded, and with an address that a page may lead to. `None` where nothing is left.
pub(super) fn fit(mut headline: Headline) -> Option<Headline> {
    let cut = |text: &str, most: usize| -> String {
        let text: String = text.chars().filter(|c| !c.is_control()).take(most).collect();
        text.trim().to_owned()
    };
    headline.title = cut(&headline.title, TITLE_CHARACTERS_MAX);
    headline.summary = cut(&headline.summary, SUMMARY_CHARACTERS_MAX);
    let is_safe = ["https://", "http://"].iter().any(|scheme| headline.url.starts_with(scheme));
    let is_fit = headline.url.len() <= ADDRESS_BYTES_MAX && headline.article.len() <= ADDRESS_BYTES_MAX;
    (is_safe && is_fit && !headline.title.is_empty()).then_some(headline)
}

/// An article as it was stored, as the fold of its versions has it.
pub(super) fn row_of(article: &Article) -> Row {
    Row {
        headline: Headline {
            source: article.source.clone(),
            article: article.own.clone(),
            title: article.title.clone(),
            summary: article.summary.clone(),
            url: article.url.clone(),
            published_at: article.published_at,
            updated_at: article.updated_at,
            symbols: article.named.iter().filter_map(|text| text.parse().ok()).collect(),
        },
        updates: article.updates,
    }
}

/// An article as it is to be stored, read anew.
pub(super) fn stored(row: Row, streams: Vec<i64>, linker: &Linker, universe: &Universe) -> Article {
    let Row { headline, updates } = row;
    let id = headline.id().0;
    let mut links = linker.link(&headline.title, &headline.summary, &headline.symbols);
    links.sort_by_key(|link| std::cmp::Reverse(link.confidence));
    links.truncate(SYMBOLS_MAX);
    let links: Vec<LinkBody> = links.iter().filter_map(|link| link_body(link, universe)).collect();
    let symbols = links.iter().map(|link| link.symbol.clone()).collect();
    let reading = Reading { links, sentiment: sentiment_of(&headline) };
    Article {
        id,
        source: headline.source,
        own: headline.article,
        title: headline.title,
        summary: headline.summary,
        url: headline.url,
        published_at: headline.published_at,
        updated_at: headline.updated_at,
        updates,
        named: headline.symbols.iter().map(Symbol::to_string).collect(),
        symbols,
        // Texts and numbers: it always serialises.
        reading: serde_json::to_string(&reading).unwrap_or_default(),
        streams,
        revision: 0,
    }
}

/// The title decides the tone; the summary is weighed with it, since many titles are plain.
fn sentiment_of(headline: &Headline) -> SentimentBody {
    let Sentiment { score, words } = sentiment(&format!("{}. {}", headline.title, headline.summary));
    let found = Sentiment { score, words };
    SentimentBody {
        score: thousandths(found.score),
        tone: match found.tone() {
            Tone::Positive => ToneName::Positive,
            Tone::Neutral => ToneName::Neutral,
            Tone::Negative => ToneName::Negative,
        },
        words: found
            .words
            .into_iter()
            .map(|word| ToneWord {
                text: word.text,
                weight: thousandths(word.weight),
                is_negated: word.is_negated,
            })
            .collect(),
    }
}

fn link_body(link: &Link, universe: &Universe) -> Option<LinkBody> {
    Some(LinkBody {
        symbol: universe.symbol(link.symbol)?.to_string(),
        confidence: thousandths(i32::from(link.confidence)),
        evidence: link.evidence.iter().take(EVIDENCE_MAX).map(evidence_body).collect(),
    })
}

fn evidence_body(evidence: &Evidence) -> EvidenceBody {
    EvidenceBody {
        matched: evidence.matched.clone(),
        field: match evidence.field {
            Field::Title => EvidenceField::Title,
            Field::Summary => EvidenceField::Summary,
            Field::Provider => EvidenceField::Provider,
        },
        at: u32::try_from(evidence.at).unwrap_or(u32::MAX),
        rule: match evidence.rule {
            LinkRule::ExchangeTicker => EvidenceRule::ExchangeTicker,
            LinkRule::Cashtag => EvidenceRule::Cashtag,
            LinkRule::FullName => EvidenceRule::FullName,
            LinkRule::Provider => EvidenceRule::Provider,
            LinkRule::LongName => EvidenceRule::LongName,
            LinkRule::Name => EvidenceRule::Name,
            LinkRule::NameInContext => EvidenceRule::NameInContext,
        },
    }
}

/// An article as it is told, with what followed it. What cannot be read is left out: it was written by another version.
pub fn article_body(article: Article, impact: Option<ImpactBody>) -> ArticleBody {
    let reading = serde_json::from_str(&article.reading).unwrap_or_else(|_| Reading {
        links: Vec::new(),
        sentiment: SentimentBody { score: Micros(0), tone: ToneName::Neutral, words: Vec::new() },
    });
    ArticleBody {
        id: id_text(article.id),
        source: article.source,
        title: article.title,
        summary: article.summary,
        url: article.url,
        published_at: article.published_at,
        updated_at: article.updated_at,
        updates: article.updates,
        symbols: reading.links,
        sentiment: reading.sentiment,
        streams: article.streams.iter().map(i64::to_string).collect(),
        impact,
    }
}

/// An article's id as text.
pub(super) fn id_text(id: u64) -> String {
    format!("{id:016x}")
}

#[cfg(test)]
mod tests {
    use market::{Hours, Instrument, Kind, Timestamp};

    use super::*;

    fn universe() -> Universe {
        let mut universe = Universe::new();
        universe.refresh([("NVDA", "Nvidia Corporation"), ("MU", "Micron Technology Inc")].map(
            |(symbol, name)| Instrument {
                symbol: symbol.parse().unwrap(),
                name: name.into(),
                exchange: "NASDAQ".into(),
                kind: Kind::Stock,
                currency: "USD".into(),
                sector: None,
                industry: None,
                hours: Hours::UsEquity,
                activity: 1,
            },
        ));
        universe
    }

    fn headline(title: &str, url: &str) -> Headline {
        Headline {
            source: "guardian".into(),
            article: "business/1".into(),
            title: title.into(),
            summary: String::new(),
            url: url.into(),
            published_at: Timestamp::EPOCH,
            updated_at: Timestamp::EPOCH,
            symbols: vec!["MU".parse().unwrap()],
        }
    }

    #[test]
    fn an_article_is_read_once_and_told_with_its_evidence() {
        let universe = universe();
        let row = Row { headline: headline("Nvidia shares plunge", "https://example.com/1"), updates: 2 };
        let article = stored(row.clone(), vec![7], &Linker::new(&universe), &universe);
        assert_eq!(row_of(&article), row);
        let body = article_body(article, None);
        let symbols: Vec<_> =
            body.symbols.iter().map(|link| (&*link.symbol, link.evidence[0].rule)).collect();
        assert_eq!(symbols, [("MU", EvidenceRule::Provider), ("NVDA", EvidenceRule::Name)]);
        assert_eq!(body.symbols[1].evidence[0].matched, "Nvidia");
        assert_eq!((body.sentiment.tone, body.updates), (ToneName::Negative, 2));
        assert_eq!(body.sentiment.words[0].text, "plunge");
        assert_eq!((body.id.len(), &*body.streams), (16, &["7".to_owned()][..]));
    }

    #[test]
    fn what_a_page_must_not_lead_to_is_not_kept() {
        let fits = |title: &str, url: &str| fit(headline(title, url)).is_some();
        assert!(fits("A", "https://example.com/"));
        assert!(!fits("A", "javascript:alert(1)") && !fits("A", "//example.com") && !fits("A", ""));
        assert!(!fits(" \n ", "https://example.com/"));
        assert!(!fits("A", &format!("https://example.com/{}", "x".repeat(3_000))));
        let cut = fit(headline(&"ü".repeat(900), "https://example.com/")).unwrap();
        assert_eq!(cut.title.chars().count(), TITLE_CHARACTERS_MAX);
        assert_eq!(fit(headline("a\u{0}b\u{1b}[1mc", "http://x.y/")).unwrap().title, "ab[1mc");
    }
}

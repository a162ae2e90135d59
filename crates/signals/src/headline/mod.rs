//! Articles: what is kept of one, how its edits become one row, and how each is taken exactly once.

mod row;
mod watermark;

use market::{Symbol, Timestamp};

pub use row::{Change, Row, collapse};
pub use watermark::{Next, Page, Round, Seen, Settings, Step, Watermark};

/// One version of an article, as a provider gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// Whose article: `guardian`, `finnhub`.
    pub source: String,
    /// The provider's own name of it, which its edits share; empty where there is none.
    pub article: String,
    /// The title.
    pub title: String,
    /// A sentence or two.
    pub summary: String,
    /// Where it can be read.
    pub url: String,
    /// When it first appeared.
    pub published_at: Timestamp,
    /// When this version appeared; `published_at` where the provider does not tell.
    pub updated_at: Timestamp,
    /// Symbols the provider names.
    pub symbols: Vec<Symbol>,
}

/// Names an article, the same on every server and after every restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeadlineId(pub u64);

impl Headline {
    /// The article's name: of its source and the provider's own id, or without one its canonical address.
    /// 64 bits of a hash: among a million articles the chance that any two share one is under one in ten
    /// million.
    pub fn id(&self) -> HeadlineId {
        let own = if self.article.is_empty() { canonical_url(&self.url) } else { self.article.clone() };
        HeadlineId(hash([self.source.as_bytes(), own.as_bytes()]))
    }

    /// A hash of what a reader sees, by which a version is known again.
    fn fingerprint(&self) -> u64 {
        hash([self.title.as_bytes(), self.summary.as_bytes(), self.url.as_bytes()])
    }
}

/// FNV-1a of the parts with a mark between them, with its bits mixed once more at the end.
fn hash<const N: usize>(parts: [&[u8]; N]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

/// Query parameters that say where a reader came from, not what is read.
const TRACKING: &[&str] = &["utm_", "fbclid", "gclid", "cmp", "ref", "source", "mc_cid", "mc_eid"];

/// An address without what does not name the article: the scheme, `www.`, the fragment, tracking
/// parameters, a slash at the end; the host in lower case, the parameters in order.
pub fn canonical_url(url: &str) -> String {
    let url = url.trim();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = path.split_once('/').unwrap_or((path, ""));
    let host = host.to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let is_tracking = |part: &str| {
        let name = part.split('=').next().unwrap_or_default().to_ascii_lowercase();
        TRACKING.iter().any(|known| name == *known || (known.ends_with('_') && name.starts_with(known)))
    };
    let mut kept: Vec<&str> =
        query.split('&').filter(|part| !part.is_empty() && !is_tracking(part)).collect();
    kept.sort_unstable();
    let mut canonical = format!("{host}/{}", path.trim_end_matches('/'));
    if !kept.is_empty() {
        canonical.push('?');
        canonical.push_str(&kept.join("&"));
    }
    canonical
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_article_are_one() {
        let want = "example.com/a/B?id=7&x=1";
        for url in [
            "https://www.Example.com/a/B?x=1&id=7",
            "http://example.com/a/B/?id=7&x=1&utm_source=mail&utm_medium=x",
            "https://example.com/a/B?fbclid=9&id=7&x=1#comments",
        ] {
            assert_eq!(canonical_url(url), want, "{url}");
        }
        assert_eq!(canonical_url("https://example.com"), "example.com/");
        assert_ne!(canonical_url("https://example.com/a?id=1"), canonical_url("https://example.com/a?id=2"));
    }

    #[test]
    fn an_articles_name_is_its_providers_or_its_address() {
        let article = |source: &str, article: &str, url: &str| Headline {
            source: source.into(),
            article: article.into(),
            title: "Any".into(),
            summary: String::new(),
            url: url.into(),
            published_at: Timestamp::EPOCH,
            updated_at: Timestamp::EPOCH,
            symbols: vec![],
        };
        let id = |source: &str, own: &str, url: &str| article(source, own, url).id();
        assert_eq!(id("a", "7", "https://x/1"), id("a", "7", "https://x/2"));
        assert_ne!(id("a", "7", "https://x/1"), id("b", "7", "https://x/1"));
        assert_eq!(id("a", "", "https://x/1?utm_id=2"), id("a", "", "http://www.x/1"));
        assert_ne!(id("ab", "c", ""), id("a", "bc", ""));
    }
}

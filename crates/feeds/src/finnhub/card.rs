//! The figures beside a chart, from Finnhub's REST answers: exact, or not at all.

use std::borrow::Cow;

use market::decimal::{SCALE, Volume, parse_units};
use market::{Price, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a card shows of a company. A member the provider does not have is `None`, never zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Card {
    /// Highest price of the last 52 weeks.
    pub week_52_high: Option<Price>,
    /// Lowest price of the last 52 weeks.
    pub week_52_low: Option<Price>,
    /// Market value in whole units of `currency`.
    pub market_cap: Option<u64>,
    /// Shares outstanding.
    pub shares_outstanding: Option<Volume>,
    /// Price over earnings of the last twelve months, in units of 10⁻⁸; negative with a loss.
    pub pe_ratio: Option<Ratio>,
    /// Company name.
    pub name: Option<String>,
    /// Exchange as the provider names it.
    pub exchange: Option<String>,
    /// Industry as the provider names it.
    pub industry: Option<String>,
    /// ISO code of the currency of its figures.
    pub currency: Option<String>,
    /// Two-letter country.
    pub country: Option<String>,
    /// Day of the first listing, `2018-01-02`.
    pub ipo: Option<String>,
    /// Address of a logo; `https` only.
    pub logo: Option<String>,
    /// The company's own pages; `https` or `http` only.
    pub website: Option<String>,
    /// When the provider was asked.
    pub as_of: Timestamp,
}

/// A pure number, exact to 10⁻⁸.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(i64);

impl Ratio {
    /// The count of 10⁻⁸.
    pub fn units(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = Vec::with_capacity(24);
        market::decimal::write_units(self.0, &mut text);
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// The longest text taken of a profile.
const TEXT_CHARS_MAX: usize = 300;
/// Figures given in millions, in units of one: units of 10⁻⁸ × 10⁶ ÷ 10⁸.
const MILLIONS_PER_SCALE: i64 = SCALE / 1_000_000;

/// `/stock/profile2`. Unknown symbols get `{}`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Profile<'a> {
    #[serde(borrow)]
    country: Option<Cow<'a, str>>,
    #[serde(borrow)]
    currency: Option<Cow<'a, str>>,
    #[serde(borrow)]
    exchange: Option<Cow<'a, str>>,
    #[serde(borrow)]
    finnhub_industry: Option<Cow<'a, str>>,
    #[serde(borrow)]
    ipo: Option<Cow<'a, str>>,
    #[serde(borrow)]
    logo: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    weburl: Option<Cow<'a, str>>,
    /// In millions.
    #[serde(borrow)]
    market_capitalization: Option<&'a RawValue>,
    /// In millions.
    #[serde(borrow)]
    share_outstanding: Option<&'a RawValue>,
}

/// `/stock/metric`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metrics<'a> {
    #[serde(borrow)]
    metric: Figures<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Figures<'a> {
    #[serde(borrow, rename = "52WeekHigh")]
    week_52_high: Option<&'a RawValue>,
    #[serde(borrow, rename = "52WeekLow")]
    week_52_low: Option<&'a RawValue>,
    #[serde(borrow, rename = "peTTM")]
    pe_ttm: Option<&'a RawValue>,
    #[serde(borrow, rename = "peBasicExclExtraTTM")]
    pe_basic: Option<&'a RawValue>,
}

fn units(raw: Option<&RawValue>) -> Option<i64> {
    parse_units(raw?.get().as_bytes()).ok()
}

fn price(raw: Option<&RawValue>) -> Option<Price> {
    units(raw).map(Price::from_units).filter(|p| p.is_positive())
}

fn text(value: Option<Cow<'_, str>>) -> Option<String> {
    let kept: String = value?.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// An address a page may link to: anything else could be a script.
fn address(value: Option<Cow<'_, str>>, schemes: &[&str]) -> Option<String> {
    text(value)
        .filter(|url| schemes.iter().any(|s| url.starts_with(s)) && !url.contains([' ', '"', '<', '>']))
}

impl Card {
    /// Takes over what a profile says.
    ///
    /// # Errors
    /// The answer is not of the documented shape; the card is as it was.
    pub fn read_profile(&mut self, body: &[u8]) -> Result<(), serde_json::Error> {
        let profile: Profile<'_> = serde_json::from_slice(body)?;
        let millions = |raw| units(raw).filter(|n| *n > 0);
        self.market_cap = millions(profile.market_capitalization)
            .map(|n| (n / MILLIONS_PER_SCALE).unsigned_abs())
            .filter(|n| *n > 0);
        self.shares_outstanding =
            millions(profile.share_outstanding).map(|n| Volume::from_units(i128::from(n) * 1_000_000));
        self.name = text(profile.name);
        self.exchange = text(profile.exchange);
        self.industry = text(profile.finnhub_industry);
        self.currency = text(profile.currency);
        self.country = text(profile.country);
        self.ipo = text(profile.ipo);
        self.logo = address(profile.logo, &["https://"]);
        self.website = address(profile.weburl, &["https://", "http://"]);
        Ok(())
    }

    /// Takes over what the basic financials say.
    ///
    /// # Errors
    /// As [`Self::read_profile`].
    pub fn read_metric(&mut self, body: &[u8]) -> Result<(), serde_json::Error> {
        let figures = serde_json::from_slice::<Metrics<'_>>(body)?.metric;
        self.week_52_high = price(figures.week_52_high);
        self.week_52_low = price(figures.week_52_low);
        self.pe_ratio = units(figures.pe_ttm).or_else(|| units(figures.pe_basic)).map(Ratio);
        Ok(())
    }

    /// The provider knows nothing of the symbol.
    pub fn is_empty(&self) -> bool {
        *self == Self { as_of: self.as_of, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_figures_exactly() {
        let mut card = Card::default();
        card.read_profile(include_bytes!("fixtures/profile2.json")).unwrap();
        card.read_metric(include_bytes!("fixtures/metric.json")).unwrap();
        // 2,954,321.123456 million dollars; a float would have lost its end.
        assert_eq!(card.market_cap, Some(2_954_321_123_456));
        assert_eq!(card.shares_outstanding.unwrap().to_string(), "15552752000");
        assert_eq!(card.week_52_high.unwrap().to_string(), "199.62");
        assert_eq!(card.week_52_low.unwrap().to_string(), "124.17");
        assert_eq!(card.pe_ratio.unwrap().to_string(), "30.7319");
        assert_eq!(card.logo.as_deref(), Some("https://example.com/logo/AAPL.png"));
        assert!(!card.is_empty());
    }

    #[test]
    fn what_is_absent_or_odd_is_none() {
        let mut card = Card::default();
        card.read_profile(b"{}").unwrap();
        card.read_metric(br#"{"metric":{},"series":{}}"#).unwrap();
        assert!(card.is_empty());
        card.read_profile(br#"{"marketCapitalization":0,"shareOutstanding":-1,"logo":"javascript:alert(1)","weburl":"http://a b","name":"\n "}"#).unwrap();
        card.read_metric(
            br#"{"metric":{"52WeekHigh":1e300,"52WeekLow":"12","peTTM":null,"peBasicExclExtraTTM":-3.5}}"#,
        )
        .unwrap();
        assert_eq!(card.pe_ratio.take().unwrap().to_string(), "-3.5");
        assert!(card.is_empty(), "{card:?}");
        assert!(card.read_profile(b"[1]").is_err());
        assert!(card.read_metric(b"null").is_err());
    }
}

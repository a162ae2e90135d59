//! Query strings: decoded once, and every refusal names the parameter and what it may be.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::http::Uri;
use market::Timestamp;
use wire::names::UnknownWord;
use wire::text::excerpt;

use super::problem::Refusal;

/// The parameters of one request. Names the route does not ask for are ignored, as is usual.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes `a=1&b=x%20y+z`.
    pub(super) fn of(uri: &Uri) -> Result<Self, Refusal> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(Refusal::bad_request(format!("{} is given twice", excerpt(&name))));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// A parameter's text; an empty one is as good as none.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// A text of at most `chars_max` characters.
    pub(super) fn short_text(&self, name: &str, chars_max: usize) -> Result<Option<&str>, Refusal> {
        match self.text(name) {
            Some(value) if value.chars().count() > chars_max => {
                Err(Refusal::bad_request(format!("{name} must have at most {chars_max} characters")))
            }
            value => Ok(value),
        }
    }

    /// A whole number within a range.
    pub(super) fn number(
        &self,
        name: &str,
        range: RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, Refusal> {
        let Some(text) = self.text(name) else { return Ok(default) };
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let (low, high) = (range.start(), range.end());
            Refusal::bad_request(format!("{name} must be a whole number from {low} to {high}"))
        })
    }

    /// One of the protocol's words.
    pub(super) fn word<T: FromStr<Err = UnknownWord>>(&self, name: &str, default: T) -> Result<T, Refusal> {
        self.text(name).map_or(Ok(default), |text| text.parse().map_err(|error| wrong(name, error)))
    }

    /// A time by RFC 3339.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        // The plus of `+01:00` is a space when a client forgot to encode it; past the seconds no time
        // has a space.
        let mended = match text.char_indices().find(|&(at, c)| at >= 19 && c == ' ') {
            Some((at, _)) => format!("{}+{}", &text[..at], &text[at + 1..]),
            None => text.to_owned(),
        };
        mended.parse().map(Some).map_err(|error| {
            let _: &market::time::TimeError = &error;
            Refusal::bad_request(match error {
                market::time::TimeError::OutOfRange => format!("{name} must be between 1678 and 2261"),
                market::time::TimeError::Malformed => {
                    format!("{name} must be a time of the form 2026-01-05T14:30:00Z")
                }
            })
        })
    }

    /// The texts of a comma-separated list that must not be empty, without their repetitions.
    pub(super) fn list(&self, name: &str, len_max: usize) -> Result<Vec<&str>, Refusal> {
        let mut items: Vec<&str> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let texts = self.text(name).unwrap_or_default().split(',').map(str::trim);
        for item in texts.filter(|item| !item.is_empty()) {
            if seen.insert(item) {
                items.push(item);
            }
        }
        match items.len() {
            0 => Err(Refusal::bad_request(format!(
                "{name} must be given: a comma-separated list of 1 to {len_max} symbols"
            ))),
            len if len > len_max => Err(Refusal::bad_request(format!(
                "{name} must be at most {len_max} symbols; these are {len}"
            ))),
            _ => Ok(items),
        }
    }
}

fn wrong(name: &str, reason: impl Display) -> Refusal {
    Refusal::bad_request(format!("{name} {reason}"))
}

/// `%41` and `+` as forms encode them. A stray per cent sign stands for itself, as in browsers.
fn decode(text: &str) -> Result<String, Refusal> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |offset: usize| bytes.get(at + offset).and_then(|&b| char::from(b).to_digit(16));
        match (byte, hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                // Two hexadecimal digits are below 256.
                out.push((high * 16 + low) as u8);
                at += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8(out).map_err(|_| Refusal::bad_request("the query is not UTF-8 when decoded"))
}

//! The body of a webhook by template: `{{title}}` and the like stand for what a notice says.
//!
//! Nothing that a notice says can become structure. A template of JSON is read as JSON first, and names are replaced
//! within its strings, which are written anew; in a form what is put in is encoded; in plain text there is no structure.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Message;

/// The longest template, in bytes.
pub(crate) const TEMPLATE_BYTES_MAX: usize = 8 * 1024;
/// How deep JSON may be nested within a template; deeper ones the parser refuses anyway.
const NAMES: [&str; 9] = ["title", "body", "text", "symbol", "price", "link", "time", "kind", "id"];

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `text/plain`.
    Text,
}

impl Content {
    /// As the header says it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// It is too long.
    #[error("the template is longer than {TEMPLATE_BYTES_MAX} bytes")]
    TooLong,
    /// It is not JSON.
    #[error("the template is not JSON: {0}; put names within strings, as in {{\"text\": \"{{{{title}}}}\"}}")]
    NotJson(String),
    /// It names what there is not.
    #[error(
        "the template names {{{{{0}}}}}, which there is not; there are title, body, text, symbol, price, link, time, kind and id"
    )]
    Unknown(String),
}

/// A template that can be used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Template {
    /// All there is, as JSON.
    Whole,
    /// Strings within JSON.
    Json(Value),
    /// `name=value&name=value`, in which values may have names.
    Form(String),
    /// Text.
    Text(String),
}

impl Template {
    /// Reads and checks a template; without one the body is all there is, as JSON.
    pub(crate) fn read(content: Content, text: Option<&str>) -> Result<Self, BadTemplate> {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return Ok(match content {
                Content::Json => Self::Whole,
                Content::Form => Self::Form("title={{title}}&body={{body}}&link={{link}}".into()),
                Content::Text => Self::Text("{{text}}\n{{link}}".into()),
            });
        };
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(BadTemplate::TooLong);
        }
        match content {
            Content::Json => {
                let value: Value =
                    serde_json::from_str(text).map_err(|error| BadTemplate::NotJson(error.to_string()))?;
                check_json(&value)?;
                Ok(Self::Json(value))
            }
            Content::Form => check(text).map(|()| Self::Form(text.trim().to_owned())),
            Content::Text => check(text).map(|()| Self::Text(text.to_owned())),
        }
    }

    /// The body for a message.
    pub(crate) fn body(&self, message: &Message) -> Vec<u8> {
        match self {
            Self::Whole => whole(message).to_string().into_bytes(),
            Self::Json(value) => filled(value, message).to_string().into_bytes(),
            Self::Form(text) => replaced(text, |name| form_encoded(&value_of(message, name))).into_bytes(),
            Self::Text(text) => replaced(text, |name| value_of(message, name)).into_bytes(),
        }
    }
}

/// All there is. What is not there, of a test say, is `null`.
fn whole(message: &Message) -> Value {
    let notice = &message.notice;
    let mut body = json!({
        "alert_id": null,
        "symbol": notice.symbol,
        "rule": null,
        "price": notice.price,
        "trade_time": null,
        "source": null,
        "message": notice.title,
        "id": message.id,
        "kind": notice.kind,
        "title": notice.title,
        "body": notice.body,
        "link": value_of(message, "link"),
        "time": value_of(message, "time"),
    });
    let details = notice.details.as_deref().map(serde_json::from_str);
    if let (Some(Ok(Value::Object(details))), Some(body)) = (details, body.as_object_mut()) {
        body.extend(details);
    }
    body
}

fn value_of(message: &Message, name: &str) -> String {
    let notice = &message.notice;
    match name {
        "title" => notice.title.clone(),
        "body" => notice.body.clone(),
        "text" if notice.body.is_empty() => notice.title.clone(),
        "text" => format!("{}\n{}", notice.title, notice.body),
        "symbol" => notice.symbol.clone().unwrap_or_default(),
        "price" => notice.price.clone().unwrap_or_default(),
        "link" => message.url.clone().unwrap_or_else(|| notice.link.clone()),
        "time" => notice.happened_at.to_string(),
        "kind" => notice.kind.clone(),
        "id" => message.id.clone(),
        _ => String::new(),
    }
}

fn filled(value: &Value, message: &Message) -> Value {
    match value {
        Value::String(text) => Value::String(replaced(text, |name| value_of(message, name))),
        Value::Array(items) => items.iter().map(|item| filled(item, message)).collect(),
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, value)| (name.clone(), filled(value, message))).collect(),
        ),
        other => other.clone(),
    }
}

fn check_json(value: &Value) -> Result<(), BadTemplate> {
    match value {
        Value::String(text) => check(text),
        Value::Array(items) => items.iter().try_for_each(check_json),
        Value::Object(members) => members.values().try_for_each(check_json),
        _ => Ok(()),
    }
}

fn check(text: &str) -> Result<(), BadTemplate> {
    for piece in pieces(text) {
        if let Piece::Name(name) = piece
            && !NAMES.contains(&name)
        {
            return Err(BadTemplate::Unknown(name.chars().take(40).collect()));
        }
    }
    Ok(())
}

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Text and names in turn. `{{` without its end is text.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(after) = rest.strip_prefix("{{")
            && let Some((name, after)) = after.split_once("}}")
        {
            rest = after;
            return Some(Piece::Name(name.trim()));
        }
        // Past the braces that begin nothing.
        let from = if rest.starts_with("{{") { 2 } else { 0 };
        let end = rest.get(from..).and_then(|tail| tail.find("{{")).map_or(rest.len(), |at| at + from);
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(piece))
    })
}

fn replaced(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len() + 128);
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Name(name) => out.push_str(&value(name)),
        }
    }
    out
}

/// As forms encode a value.
fn form_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => out.push(byte.into()),
            b' ' => out.push('+'),
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::adapter::tests::message;

    fn body(content: Content, template: Option<&str>, title: &str) -> String {
        let mut message = message();
        message.notice.title = title.into();
        String::from_utf8(Template::read(content, template).unwrap().body(&message)).unwrap()
    }

    #[test]
    fn names_are_replaced() {
        let telegram = r#"{"chat_id": 42, "text": "{{ title }}: {{price}} {{{x}} {{"}"#;
        assert!(matches!(
            Template::read(Content::Json, Some(telegram)),
            Err(BadTemplate::Unknown(name)) if name == "{x"
        ));
        let telegram = r#"{"chat_id": 42, "text": "{{ title }}: {{price}} {{"}"#;
        assert_eq!(body(Content::Json, Some(telegram), "Up"), r#"{"chat_id":42,"text":"Up: 231.40 {{"}"#);
        assert_eq!(
            body(Content::Form, Some("To=%2B1&Body={{title}}"), "a&b=c d+é"),
            "To=%2B1&Body=a%26b%3Dc+d%2B%C3%A9"
        );
        assert_eq!(body(Content::Text, Some("{{symbol}} {{kind}}\n"), "x"), "AAPL alert\n");
        let whole: Value = serde_json::from_str(&body(Content::Json, None, "x")).unwrap();
        assert_eq!((&whole["title"], &whole["symbol"]), (&"x".into(), &"AAPL".into()));
        assert_eq!(whole["link"], "https://bell.example/symbol/AAPL");
        assert_eq!((&whole["alert_id"], &whole["rule"]["price"]), (&"1".into(), &"231".into()));
        assert_eq!((&whole["message"], &whole["source"]), (&"x".into(), &Value::Null));
    }

    #[test]
    fn mistakes_are_told() {
        let told = |content, text: &str| Template::read(content, Some(text)).unwrap_err().to_string();
        assert!(told(Content::Json, "{\"a\": {{title}}}").contains("not JSON"));
        assert!(told(Content::Text, "{{titel}}").contains("{{titel}}"));
        assert!(told(Content::Text, &"x".repeat(TEMPLATE_BYTES_MAX + 1)).contains("longer"));
        assert!(Template::read(Content::Json, Some(&"[".repeat(4_000))).is_err());
    }

    proptest! {
        #[test]
        fn what_a_notice_says_never_becomes_structure(title in ".{0,60}") {
            let template = r#"{"a": ["{{title}}", {"b": "x{{title}}y"}], "c": 1}"#;
            let json: Value = serde_json::from_str(&body(Content::Json, Some(template), &title)).unwrap();
            prop_assert_eq!(&json, &json!({"a": [title.clone(), {"b": format!("x{title}y")}], "c": 1}));
            let form = body(Content::Form, Some("a={{title}}&b=2"), &title);
            prop_assert_eq!(form.matches('&').count(), 1);
            prop_assert_eq!(form.matches('=').count(), 2);
            prop_assert!(form.is_ascii());
        }

        #[test]
        fn any_text_is_a_template_or_told(text in ".{0,80}") {
            let _ = Template::read(Content::Text, Some(&text)).map(|template| template.body(&message()));
        }
    }
}

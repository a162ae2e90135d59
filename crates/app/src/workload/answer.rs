//! What the server says of one command: one JSON object on a line of its answer.

use std::borrow::Cow;

use serde::Deserialize;

/// Text that is copied only where it has escapes.
#[derive(Debug, Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// The part of an answer that the report is made of; the rest is read over.
#[derive(Debug, Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow, default)]
    reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    command: Option<Text<'a>>,
    #[serde(borrow, default)]
    user: Option<Text<'a>>,
}

/// What became of a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome<'a> {
    /// It was done.
    Accepted,
    /// It was not, for a reason of the rules.
    Refused(Cow<'a, str>),
    /// The server could not read it.
    Malformed(Cow<'a, str>),
    /// There is an answer, and it does not tell.
    Lost(&'static str),
    /// The answer is to something else: order is broken.
    Other,
}

const UNTOLD: Cow<'static, str> = Cow::Borrowed("not told");

/// Reads the answer to this command of this user; an empty user is nobody's name and is not compared.
pub(crate) fn read<'a>(line: &'a [u8], command: &str, user: &str) -> Outcome<'a> {
    let Ok(told) = serde_json::from_slice::<Told<'a>>(line) else {
        return Outcome::Lost("the answer cannot be read");
    };
    let is_other = |found: Option<Text<'_>>, wanted: &str| found.is_some_and(|text| text.0 != wanted);
    if is_other(told.command, command) || (!user.is_empty() && is_other(told.user, user)) {
        return Outcome::Other;
    }
    let reason = told.reason.map_or(UNTOLD, |reason| reason.0);
    match &*told.status.0 {
        "accepted" => Outcome::Accepted,
        "refused" => Outcome::Refused(reason),
        "malformed" => Outcome::Malformed(reason),
        _ => Outcome::Lost("the answer has another status"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_kind_of_answer() {
        let read = |line: &'static str| read(line.as_bytes(), "ADD", "u\"x");
        for (line, outcome) in [
            (r#"{"n":1,"command":"ADD","user":"u\"x","status":"accepted","reason":null}"#, Outcome::Accepted),
            (r#"{"status":"accepted","available":"1.00","holdings":[{"a":[1]}]}"#, Outcome::Accepted),
            (r#"{"status":"refused","reason":"no_account"}"#, Outcome::Refused("no_account".into())),
            (r#"{"status":"refused"}"#, Outcome::Refused(UNTOLD)),
            (r#"{"status":"malformed","reason":"bad_amount"}"#, Outcome::Malformed("bad_amount".into())),
            (r#"{"status":"done"}"#, Outcome::Lost("the answer has another status")),
            (r#"{"n":1}"#, Outcome::Lost("the answer cannot be read")),
            (r#"{"status":"accepted""#, Outcome::Lost("the answer cannot be read")),
            (r#"{"command":"BUY","status":"accepted"}"#, Outcome::Other),
            (r#"{"user":"another","status":"accepted"}"#, Outcome::Other),
        ] {
            assert_eq!(read(line), outcome, "{line}");
        }
    }
}

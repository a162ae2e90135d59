//! The log of the classic rules (their section 7), an XML file, from the journal's records.
//!
//! One event a line, so that several hundred megabytes can be written as a stream:
//!
//! | element | stands for |
//! | --- | --- |
//! | `userCommand` | every command received, with those of its arguments that could be read |
//! | `quoteServer` | every answer of the legacy quote server, to the letter |
//! | `accountTransaction` | every change of the available cash: `remove` when it is set aside, `add` when it comes in or back (rule A16) |
//! | `systemEvent` | a trigger that fired, under the number of the command that armed it; a price of the legacy quote server that was at hand already |
//! | `errorEvent` | a command that was refused, and why |
//! | `debugEvent` | what the schema has no place for, see below |
//!
//! The schema knows the sixteen classic commands and symbols of three characters. Hence:
//!
//! - a longer symbol is left out, and a `debugEvent` says `symbol BRK.B`;
//! - a command by ticket is logged as COMMIT_BUY, COMMIT_SELL, CANCEL_BUY or CANCEL_SELL, and as that
//!   of a buy when it was refused and nobody knows the side; a `debugEvent` says `ticket 17`;
//! - amount and trigger set in one step are SET_BUY_TRIGGER or SET_SELL_TRIGGER with the trigger's
//!   price, and a `debugEvent` says `amount 600.00`;
//! - a ticket that was not committed in time is a `debugEvent` of its BUY or SELL;
//! - an answer of the quote server that is not one is a `debugEvent` with its text;
//! - a line without a command that is one of the sixteen cannot be written as any event. It stands
//!   in a comment.

mod said;
#[cfg(test)]
mod tests;
mod xml;

use std::fmt::{Display, Write as _};

use ledger::{Account, Entry, Event, Millis, Outcome, Quote, Unit, UserName};

use self::said::Said;
use crate::journal::Record;

/// The name of the source whose answers the log must show.
const LEGACY: &str = "legacy";

/// The longest symbol that the schema admits, in bytes.
const SYMBOL_BYTES_MAX: usize = 3;

/// As many digits in a row as every reader of the schema's numbers takes.
const DIGITS_MAX: usize = 18;

/// Writes the log, record by record.
#[derive(Debug, Clone)]
pub struct AuditWriter {
    /// The element that names the machine, as it stands in each event.
    server: Vec<u8>,
}

impl AuditWriter {
    /// A writer of the log of the machine of this name.
    pub fn new(server: &str) -> Self {
        let mut element = b"<server>".to_vec();
        xml::write_text(server, &mut element);
        element.extend_from_slice(b"</server>");
        Self { server: element }
    }

    /// Appends what the file begins with.
    pub fn header(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<?xml version=\"1.0\"?>\n<log>\n");
    }

    /// Appends what the file ends with.
    pub fn footer(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"</log>\n");
    }

    /// Appends the events of one record: whole elements, each with its line end; none for what the
    /// log does not show.
    pub fn entry(&mut self, record: &Record, out: &mut Vec<u8>) {
        let Record { user, entry } = record;
        let line = Line { server: &self.server, user, entry };
        match &entry.event {
            Event::Command { action, outcome, .. } => match Said::by(action, outcome) {
                Some(said) => line.command(&said, outcome, out),
                None => line.unnamed(outcome, out),
            },
            Event::Fired(fill) => {
                let said = Said::by_trigger(fill.side, fill.symbol, fill.trigger);
                line.answer(&said, out);
                line.event("systemEvent", &said, out);
                line.details(&said, out);
                line.movements(out);
            }
            Event::Expired(ticket) => {
                let said = Said::by_ticket(ticket);
                line.movements(out);
                line.details(&said, out);
                line.debug(&said, format_args!("not committed in time"), out);
            }
            Event::Quoted { symbol } => line.answer(&Said::by_quote(*symbol), out),
        }
    }
}

/// One record, being written.
struct Line<'a> {
    server: &'a [u8],
    user: &'a UserName,
    entry: &'a Entry,
}

impl Line<'_> {
    fn command(&self, said: &Said<'_>, outcome: &Outcome, out: &mut Vec<u8>) {
        self.event("userCommand", said, out);
        self.answer(said, out);
        if self.entry.quote.as_ref().is_some_and(is_from_the_cache) {
            self.event("systemEvent", said, out);
        }
        self.details(said, out);
        self.movements(out);
        if let Outcome::Refused(refusal) = outcome {
            self.open("errorEvent", self.entry.at, out);
            self.arguments(said, out);
            message("errorMessage", refusal, out);
            close("errorEvent", out);
        }
    }

    /// A line that names none of the sixteen commands. None of its own text is told here, since
    /// a comment cannot hold every text.
    fn unnamed(&self, outcome: &Outcome, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<!-- ");
        let _ = write!(xml::Text(out), "{}: transaction {}", self.entry.at.0, self.entry.n.max(1));
        if let Outcome::Refused(refusal) = outcome {
            let _ = write!(xml::Text(out), ": {refusal}");
        }
        out.extend_from_slice(b" -->\n");
    }

    /// The quote server's answer, if one came with this.
    fn answer(&self, said: &Said<'_>, out: &mut Vec<u8>) {
        let Some((quote, answer)) = self.entry.quote.as_ref().and_then(|q| Some((q, q.answer.as_deref()?)))
        else {
            return;
        };
        let Some(Answer { price, symbol, user, time, key }) = Answer::read(answer) else {
            self.debug(said, format_args!("the quote server answered {answer}"), out);
            return;
        };
        self.open("quoteServer", quote.arrived, out);
        for (name, text) in [
            ("price", price),
            ("stockSymbol", symbol),
            ("username", user),
            ("quoteServerTime", time),
            ("cryptokey", key),
        ] {
            element(name, text, out);
        }
        close("quoteServer", out);
    }

    /// Each change of the available cash.
    fn movements(&self, out: &mut Vec<u8>) {
        for posting in self.entry.postings().iter() {
            if posting.account != Account::Available || posting.unit != Unit::Cash {
                continue;
            }
            self.open("accountTransaction", self.entry.at, out);
            element("action", if posting.delta < 0 { "remove" } else { "add" }, out);
            element("username", self.user.as_str(), out);
            out.extend_from_slice(b"<funds>");
            xml::write_cents(posting.delta.saturating_abs(), out);
            out.extend_from_slice(b"</funds>");
            close("accountTransaction", out);
        }
    }

    /// What the schema has no place for.
    fn details(&self, said: &Said<'_>, out: &mut Vec<u8>) {
        if said.has_details() {
            self.debug(said, said.details(), out);
        }
    }

    fn debug(&self, said: &Said<'_>, text: impl Display, out: &mut Vec<u8>) {
        self.open("debugEvent", self.entry.at, out);
        self.arguments(said, out);
        message("debugMessage", text, out);
        close("debugEvent", out);
    }

    fn event(&self, name: &str, said: &Said<'_>, out: &mut Vec<u8>) {
        self.open(name, self.entry.at, out);
        self.arguments(said, out);
        close(name, out);
    }

    /// Opens an event with what all have.
    fn open(&self, name: &str, at: Millis, out: &mut Vec<u8>) {
        tag(b"<", name, b"><timestamp>", out);
        xml::write_i64(at.0, out);
        out.extend_from_slice(b"</timestamp>");
        out.extend_from_slice(self.server);
        out.extend_from_slice(b"<transactionNum>");
        market::decimal::write_u64(self.entry.n.max(1), out);
        out.extend_from_slice(b"</transactionNum>");
    }

    /// The command with its arguments.
    fn arguments(&self, said: &Said<'_>, out: &mut Vec<u8>) {
        element("command", said.command.name(), out);
        if *self.user != UserName::SYSTEM {
            element("username", self.user.as_str(), out);
        }
        if let Some(symbol) = &said.symbol
            && !said.is_wide()
        {
            element("stockSymbol", symbol.as_str(), out);
        }
        if let Some(file) = said.file {
            element("filename", file.as_str(), out);
        }
        said.write_funds(out);
    }
}

/// What the quote server says: `PRICE,SYMBOL,USER,TIME,CRYPTOKEY`.
struct Answer<'a> {
    price: &'a str,
    symbol: &'a str,
    user: &'a str,
    time: &'a str,
    key: &'a str,
}

impl<'a> Answer<'a> {
    /// The parts to the letter; `None` when the schema would not admit them.
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(5, ',');
        let mut next = || parts.next();
        let answer = Self { price: next()?, symbol: next()?, user: next()?, time: next()?, key: next()? };
        let digits =
            |text: &str| (1..=DIGITS_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let unsigned = |text: &'a str| text.strip_prefix('-').unwrap_or(text);
        let price = unsigned(answer.price);
        let (whole, cents) = price.split_once('.').unwrap_or((price, "00"));
        let fits = digits(whole)
            && digits(cents)
            && digits(unsigned(answer.time))
            && answer.symbol.chars().count() <= SYMBOL_BYTES_MAX;
        fits.then_some(answer)
    }
}

/// A price that the quote server gave somebody before.
fn is_from_the_cache(quote: &Quote) -> bool {
    !quote.fresh && quote.answer.is_none() && quote.source.as_str() == LEGACY
}

fn tag(before: &[u8], name: &str, after: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(before);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(after);
}

fn close(name: &str, out: &mut Vec<u8>) {
    tag(b"</", name, b">\n", out);
}

fn element(name: &str, text: &str, out: &mut Vec<u8>) {
    tag(b"<", name, b">", out);
    xml::write_text(text, out);
    tag(b"</", name, b">", out);
}

fn message(name: &str, text: impl Display, out: &mut Vec<u8>) {
    tag(b"<", name, b">", out);
    // Writing to memory does not fail.
    let _ = write!(xml::Text(out), "{text}");
    tag(b"</", name, b">", out);
}

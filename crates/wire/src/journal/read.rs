//! Bytes to entries.

use std::sync::Arc;

use ledger::{
    Action, Cents, Effect, Entry, Event, FileName, Fill, Key, Malformed, Millis, Outcome, Quote, Refusal,
    Shares, Side, Source, Ticket, UserId, UserName,
};
use market::{Price, Symbol};

use super::code::{self, flag};
use super::write::Said;
use super::{BLOCK_VERSION, Record, RecordError};
use crate::varint::Cursor;

/// What sort of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A command was carried out.
    Done,
    /// A command was refused.
    Refused,
    /// A ticket was not committed in time.
    Expired,
    /// A trigger met its price.
    Fired,
    /// A price was fetched for watching triggers.
    Quoted,
}

/// The front of a record, for whoever looks for some among many.
#[derive(Debug, Clone)]
pub struct Skim<'a> {
    /// Its place in the journal.
    pub seq: u64,
    /// The place of the same user's entry before this one; 0 when there is none.
    pub previous: u64,
    /// When.
    pub at: Millis,
    /// The user's name, not yet known to be one.
    pub user: &'a [u8],
    /// What sort of thing happened.
    pub kind: Kind,
    flags: u8,
    what: u8,
    rest: Cursor<'a>,
}

/// Reads the records of a block one after the other; `first_seq` is the number of the first. It
/// ends after the first error.
pub fn read_records(bytes: &[u8], first_seq: u64) -> Records<'_> {
    Records { skims: skim(bytes, first_seq) }
}

/// As [`read_records`], but reads of each record only the front. [`Skim::read`] reads the rest.
pub fn skim(bytes: &[u8], first_seq: u64) -> Skims<'_> {
    Skims { rest: Cursor::new(bytes), seq: first_seq, is_begun: false }
}

/// The records of a block, see [`read_records`].
#[derive(Debug, Clone)]
pub struct Records<'a> {
    skims: Skims<'a>,
}

impl Iterator for Records<'_> {
    type Item = Result<Record, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.skims.next()?.and_then(|skim| skim.read());
        if record.is_err() {
            self.skims.end();
        }
        Some(record)
    }
}

/// The fronts of the records of a block, see [`skim`].
#[derive(Debug, Clone)]
pub struct Skims<'a> {
    rest: Cursor<'a>,
    seq: u64,
    is_begun: bool,
}

impl<'a> Skims<'a> {
    fn end(&mut self) {
        self.rest = Cursor::new(&[]);
    }

    fn front(&mut self) -> Result<Option<Skim<'a>>, RecordError> {
        if !self.is_begun {
            self.is_begun = true;
            match self.rest.byte()? {
                BLOCK_VERSION => {}
                other => return Err(RecordError::Version(other)),
            }
        }
        if self.rest.remaining() == 0 {
            return Ok(None);
        }
        let length = usize::try_from(self.rest.u64()?).map_err(|_| RecordError::Malformed("length"))?;
        let mut body = Cursor::new(self.rest.bytes(length)?);
        let (flags, what) = (body.byte()?, body.byte()?);
        let kind = kind(flags)?;
        let user = text(&mut body)?;
        // Always before it, so that walking back along them comes to an end.
        let since = body.u64()?;
        let previous = self.seq.checked_sub(since).filter(|_| since > 0);
        let previous = previous.ok_or(RecordError::Malformed("previous"))?;
        let at = Millis(body.i64()?);
        let seq = self.seq;
        self.seq = self.seq.wrapping_add(1);
        Ok(Some(Skim { seq, previous, at, user, kind, flags, what, rest: body }))
    }
}

impl<'a> Iterator for Skims<'a> {
    type Item = Result<Skim<'a>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        let front = self.front();
        if front.is_err() {
            self.end();
        }
        front.transpose()
    }
}

fn kind(flags: u8) -> Result<Kind, RecordError> {
    let needs_quote = flags & (flag::FRESH | flag::ANSWER) != 0;
    let needs_command = flags & (flag::KEY | flag::REFUSED) != 0;
    let is_command = flags & flag::KIND == code::COMMAND;
    if flags & flag::UNKNOWN != 0
        || (needs_quote && flags & flag::QUOTE == 0)
        || (needs_command && !is_command)
    {
        return Err(RecordError::Malformed("flags"));
    }
    Ok(match flags & flag::KIND {
        code::EXPIRED => Kind::Expired,
        code::FIRED => Kind::Fired,
        code::QUOTED => Kind::Quoted,
        _ if flags & flag::REFUSED != 0 => Kind::Refused,
        _ => Kind::Done,
    })
}

impl Skim<'_> {
    /// Reads the whole record.
    ///
    /// # Errors
    ///
    /// A [`RecordError`] when something in it cannot stand there.
    pub fn read(&self) -> Result<Record, RecordError> {
        let mut cursor = self.rest.clone();
        let user = if self.user.is_empty() {
            UserName::SYSTEM
        } else {
            utf8(self.user).and_then(|text| UserName::new(text).ok()).ok_or(RecordError::Malformed("user"))?
        };
        let n = cursor.u64()?;
        let key = match self.flags & flag::KEY {
            0 => None,
            _ => Some(Key(u128::from_le_bytes(array(&mut cursor)?))),
        };
        let quote = match self.flags & flag::QUOTE {
            0 => None,
            _ => Some(self.quote(&mut cursor)?),
        };
        let said = Said {
            seq: self.seq,
            at: self.at,
            n,
            symbol: None,
            amount: Cents::ZERO,
            trigger: Price::from_units(0),
            price: quote.as_ref().map_or(Price::from_units(0), |quote| quote.price),
        };
        let mut body = Body { cursor, said };
        let event = body.event(self.kind, self.what, key)?;
        if body.cursor.remaining() > 0 {
            return Err(RecordError::Malformed("length"));
        }
        let entry = Entry {
            seq: self.seq,
            previous: self.previous,
            at: self.at,
            user: UserId::SYSTEM,
            n,
            quote,
            event,
        };
        Ok(Record { user, entry })
    }

    fn quote(&self, cursor: &mut Cursor<'_>) -> Result<Quote, RecordError> {
        let price = Price::from_units(cursor.i64()?);
        let source = utf8(text(cursor)?).and_then(|text| Source::new(text).ok());
        let source = source.ok_or(RecordError::Malformed("source"))?;
        let arrived = Millis(self.at.0.wrapping_add(cursor.i64()?));
        let provider_time = Millis(arrived.0.wrapping_add(cursor.i64()?));
        let answer = match self.flags & flag::ANSWER {
            0 => None,
            _ => Some(Arc::from(utf8(text(cursor)?).ok_or(RecordError::Malformed("answer"))?)),
        };
        Ok(Quote { price, source, provider_time, arrived, fresh: self.flags & flag::FRESH != 0, answer })
    }
}

/// The part of a record that depends on its kind.
struct Body<'a> {
    cursor: Cursor<'a>,
    said: Said,
}

impl Body<'_> {
    fn event(&mut self, kind: Kind, what: u8, key: Option<Key>) -> Result<Event, RecordError> {
        Ok(match kind {
            Kind::Done | Kind::Refused => {
                let action = self.action(what)?;
                self.said = self.said.and_by(&action);
                let outcome = match kind {
                    Kind::Refused => Outcome::Refused(self.refusal()?),
                    _ => Outcome::Done(self.effect()?),
                };
                Event::Command { action, key, outcome }
            }
            Kind::Expired => Event::Expired(self.ticket(side(what)?)?),
            Kind::Fired => Event::Fired(self.fill(side(what)?)?),
            Kind::Quoted if what == 0 => Event::Quoted { symbol: self.symbol()? },
            Kind::Quoted => return Err(RecordError::Malformed("event")),
        })
    }

    fn action(&mut self, what: u8) -> Result<Action, RecordError> {
        use ledger::Verb;
        Ok(match what {
            code::COMMIT_TICKET => Action::CommitTicket { id: self.cursor.u64()? },
            code::CANCEL_TICKET => Action::CancelTicket { id: self.cursor.u64()? },
            code::SET_TRIGGER => Action::SetTrigger {
                side: side(self.cursor.byte()?)?,
                symbol: self.symbol()?,
                amount: self.cents()?,
                price: self.price()?,
            },
            code::MALFORMED => Action::Malformed(self.malformed()?),
            classic => match code::verb(classic).ok_or(RecordError::Malformed("action"))? {
                Verb::Add => Action::Add { amount: self.cents()? },
                Verb::Quote => Action::Quote { symbol: self.symbol()? },
                Verb::Buy => Action::Buy { symbol: self.symbol()?, amount: self.cents()? },
                Verb::CommitBuy => Action::CommitBuy,
                Verb::CancelBuy => Action::CancelBuy,
                Verb::Sell => Action::Sell { symbol: self.symbol()?, amount: self.cents()? },
                Verb::CommitSell => Action::CommitSell,
                Verb::CancelSell => Action::CancelSell,
                Verb::SetBuyAmount => Action::SetBuyAmount { symbol: self.symbol()?, amount: self.cents()? },
                Verb::CancelSetBuy => Action::CancelSetBuy { symbol: self.symbol()? },
                Verb::SetBuyTrigger => Action::SetBuyTrigger { symbol: self.symbol()?, price: self.price()? },
                Verb::SetSellAmount => {
                    Action::SetSellAmount { symbol: self.symbol()?, amount: self.cents()? }
                }
                Verb::SetSellTrigger => {
                    Action::SetSellTrigger { symbol: self.symbol()?, price: self.price()? }
                }
                Verb::CancelSetSell => Action::CancelSetSell { symbol: self.symbol()? },
                Verb::DumpLog => {
                    let file = utf8(text(&mut self.cursor)?).and_then(|text| FileName::new(text).ok());
                    Action::DumpLog { file: file.ok_or(RecordError::Malformed("file"))? }
                }
                Verb::DisplaySummary => Action::DisplaySummary,
            },
        })
    }

    fn malformed(&mut self) -> Result<Malformed, RecordError> {
        let fault = code::fault(self.cursor.byte()?).ok_or(RecordError::Malformed("fault"))?;
        let verb = match self.cursor.byte()? {
            0 => None,
            classic => Some(code::verb(classic).ok_or(RecordError::Malformed("verb"))?),
        };
        let symbol = match text(&mut self.cursor)? {
            [] => None,
            text => Some(Symbol::from_bytes(text).map_err(|_| RecordError::Malformed("symbol"))?),
        };
        let amount = if self.is_there()? { Some(self.cents()?) } else { None };
        Ok(Malformed { verb, symbol, amount, fault })
    }

    fn effect(&mut self) -> Result<Effect, RecordError> {
        Ok(match self.cursor.byte()? {
            0 => Effect::Noted,
            1 => Effect::Deposited { amount: self.moved_amount()? },
            2 => Effect::Opened(self.sided_ticket()?),
            3 => Effect::Committed { ticket: self.sided_ticket()?, basis: self.moved_cents()? },
            4 => Effect::Cancelled(self.sided_ticket()?),
            5 => Effect::BuySet {
                symbol: self.same_symbol()?,
                amount: self.moved_amount()?,
                returned: self.moved_cents()?,
                price: if self.is_there()? { Some(self.trigger()?) } else { None },
            },
            6 => Effect::BuyArmed { symbol: self.same_symbol()?, price: self.trigger()? },
            7 => Effect::BuyUnset { symbol: self.same_symbol()?, returned: self.moved_cents()? },
            8 => Effect::SellSet {
                symbol: self.same_symbol()?,
                amount: self.moved_amount()?,
                returned: self.moved_shares()?,
            },
            9 => Effect::SellArmed {
                symbol: self.same_symbol()?,
                amount: self.moved_amount()?,
                price: self.trigger()?,
                shares: self.moved_shares()?,
                returned: self.moved_shares()?,
            },
            10 => Effect::SellUnset { symbol: self.same_symbol()?, returned: self.moved_shares()? },
            _ => return Err(RecordError::Malformed("effect")),
        })
    }

    fn refusal(&mut self) -> Result<Refusal, RecordError> {
        Ok(match self.cursor.byte()? {
            code::R_MALFORMED => {
                let fault = code::fault(self.cursor.byte()?);
                Refusal::Malformed(fault.ok_or(RecordError::Malformed("fault"))?)
            }
            code::R_INSUFFICIENT_CASH => {
                Refusal::InsufficientCash { needed: self.amount()?, available: self.cents()? }
            }
            code::R_INSUFFICIENT_SHARES => {
                Refusal::InsufficientShares { needed: self.shares()?, available: self.shares()? }
            }
            code::R_INSUFFICIENT_VALUE => {
                Refusal::InsufficientValue { needed: self.amount()?, available: self.cents()? }
            }
            plain => code::refusal(plain).ok_or(RecordError::Malformed("refusal"))?,
        })
    }

    fn sided_ticket(&mut self) -> Result<Ticket, RecordError> {
        let side = side(self.cursor.byte()?)?;
        self.ticket(side)
    }

    fn ticket(&mut self, side: Side) -> Result<Ticket, RecordError> {
        Ok(Ticket {
            id: self.said.seq.wrapping_sub(self.cursor.u64()?),
            side,
            symbol: self.same_symbol()?,
            shares: self.moved_shares()?,
            price: self.quoted()?,
            total: self.moved_cents()?,
            n: self.said.n.wrapping_sub(self.cursor.u64()?),
            opened: Millis(self.said.at.0.wrapping_sub(self.cursor.i64()?)),
        })
    }

    fn fill(&mut self, side: Side) -> Result<Fill, RecordError> {
        Ok(Fill {
            side,
            symbol: self.same_symbol()?,
            shares: self.moved_shares()?,
            total: self.moved_cents()?,
            reserved: self.moved_cents()?,
            basis: self.moved_cents()?,
            trigger: self.quoted()?,
            armed: self.said.seq.wrapping_sub(self.cursor.u64()?),
        })
    }

    fn moved_cents(&mut self) -> Result<Cents, RecordError> {
        Ok(Cents(moved(self.cursor.i64()?)?))
    }

    fn moved_shares(&mut self) -> Result<Shares, RecordError> {
        Ok(Shares(moved(self.cursor.i64()?)?))
    }

    fn moved_amount(&mut self) -> Result<Cents, RecordError> {
        Ok(Cents(moved(self.amount()?.0)?))
    }

    fn cents(&mut self) -> Result<Cents, RecordError> {
        Ok(Cents(self.cursor.i64()?))
    }

    fn shares(&mut self) -> Result<Shares, RecordError> {
        Ok(Shares(self.cursor.i64()?))
    }

    fn price(&mut self) -> Result<Price, RecordError> {
        Ok(Price::from_units(self.cursor.i64()?))
    }

    /// As the difference to the command's amount.
    fn amount(&mut self) -> Result<Cents, RecordError> {
        Ok(Cents(self.said.amount.0.wrapping_add(self.cursor.i64()?)))
    }

    /// As the difference to the command's trigger price.
    fn trigger(&mut self) -> Result<Price, RecordError> {
        Ok(Price::from_units(self.said.trigger.units().wrapping_add(self.cursor.i64()?)))
    }

    /// As the difference to the price of the quote.
    fn quoted(&mut self) -> Result<Price, RecordError> {
        Ok(Price::from_units(self.said.price.units().wrapping_add(self.cursor.i64()?)))
    }

    fn symbol(&mut self) -> Result<Symbol, RecordError> {
        Symbol::from_bytes(text(&mut self.cursor)?).map_err(|_| RecordError::Malformed("symbol"))
    }

    /// The command's symbol where none is written.
    fn same_symbol(&mut self) -> Result<Symbol, RecordError> {
        match text(&mut self.cursor)? {
            [] => self.said.symbol.ok_or(RecordError::Malformed("symbol")),
            text => Symbol::from_bytes(text).map_err(|_| RecordError::Malformed("symbol")),
        }
    }

    fn is_there(&mut self) -> Result<bool, RecordError> {
        match self.cursor.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(RecordError::Malformed("option")),
        }
    }
}

/// What moves is never below zero, so that whoever books it need not fear the ends of the range.
fn moved(number: i64) -> Result<i64, RecordError> {
    if number < 0 { Err(RecordError::Malformed("amount")) } else { Ok(number) }
}

fn side(code: u8) -> Result<Side, RecordError> {
    code::side(code).ok_or(RecordError::Malformed("side"))
}

pub(super) fn text<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], RecordError> {
    let length = usize::try_from(cursor.u64()?).map_err(|_| RecordError::Malformed("text"))?;
    Ok(cursor.bytes(length)?)
}

pub(super) fn array<const N: usize>(cursor: &mut Cursor<'_>) -> Result<[u8; N], RecordError> {
    <[u8; N]>::try_from(cursor.bytes(N)?).map_err(|_| RecordError::Truncated)
}

pub(super) fn utf8(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

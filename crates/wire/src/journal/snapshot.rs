//! The whole state of a ledger as bytes.

use ledger::{
    ArmedState, Cents, Key, KeyState, Millis, PositionState, SettingState, Shares, Snapshot, Ticket,
    TicketEnd, UserName, UserState,
};
use market::{Price, Symbol};

use super::RecordError;
use super::code;
use super::read::{array, text, utf8};
use crate::varint::{Cursor, write_i64, write_i128, write_u64};

/// The version of snapshots that this program writes, and the only one it reads. A snapshot of
/// another version is no loss: the journal has everything.
pub const SNAPSHOT_VERSION: u8 = 1;

/// Room for an ordinary user.
const USER_BYTES: usize = 192;

/// A snapshot as bytes. The same snapshot gives the same bytes.
pub fn write_snapshot(snapshot: &Snapshot) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + snapshot.users.len().saturating_mul(USER_BYTES));
    out.push(SNAPSHOT_VERSION);
    write_u64(snapshot.seq, &mut out);
    write_i64(snapshot.latest.0, &mut out);
    write_i128(snapshot.house_cash, &mut out);
    write_u64(snapshot.house_shares.len() as u64, &mut out);
    for (symbol, held) in &snapshot.house_shares {
        write_text(symbol.as_bytes(), &mut out);
        write_i128(*held, &mut out);
    }
    write_u64(snapshot.users.len() as u64, &mut out);
    for user in &snapshot.users {
        write_user(user, &mut out);
    }
    out
}

/// Reads a snapshot. Whether it is the state of a ledger is for
/// [`Ledger::restore`](ledger::Ledger::restore) to say.
///
/// # Errors
///
/// A [`RecordError`] for anything that [`write_snapshot`] does not write.
pub fn read_snapshot(bytes: &[u8]) -> Result<Snapshot, RecordError> {
    let mut cursor = Cursor::new(bytes);
    match cursor.byte()? {
        SNAPSHOT_VERSION => {}
        other => return Err(RecordError::Version(other)),
    }
    let snapshot = Snapshot {
        seq: cursor.u64()?,
        latest: Millis(cursor.i64()?),
        house_cash: cursor.i128()?,
        house_shares: list(&mut cursor, 3, |cursor| Ok((symbol(cursor)?, cursor.i128()?)))?,
        users: list(&mut cursor, 14, read_user)?,
    };
    if cursor.remaining() > 0 {
        return Err(RecordError::Malformed("length"));
    }
    Ok(snapshot)
}

fn write_text(text: &[u8], out: &mut Vec<u8>) {
    write_u64(text.len() as u64, out);
    out.extend_from_slice(text);
}

fn write_user(user: &UserState, out: &mut Vec<u8>) {
    write_text(user.name.as_bytes(), out);
    out.push(u8::from(user.is_open));
    for cents in user.cash {
        write_i64(cents.0, out);
    }
    write_i128(user.deposited, out);
    write_i128(user.spent, out);
    write_i128(user.earned, out);
    write_u64(user.last, out);
    write_u64(user.positions.len() as u64, out);
    for position in &user.positions {
        write_position(position, out);
    }
    write_u64(user.tickets.len() as u64, out);
    for ticket in &user.tickets {
        write_ticket(ticket, out);
    }
    write_u64(user.ended.len() as u64, out);
    for (id, end) in &user.ended {
        write_u64(*id, out);
        out.push(match end {
            TicketEnd::Expired => 0,
            TicketEnd::Committed => 1,
            TicketEnd::Cancelled => 2,
        });
    }
    write_u64(user.keys.len() as u64, out);
    for key in &user.keys {
        out.extend_from_slice(&key.key.0.to_le_bytes());
        write_u64(key.seq, out);
        out.extend_from_slice(&key.fingerprint.to_le_bytes());
    }
}

fn read_user(cursor: &mut Cursor<'_>) -> Result<UserState, RecordError> {
    let name = match text(cursor)? {
        [] => UserName::SYSTEM,
        name => utf8(name).and_then(|text| UserName::new(text).ok()).ok_or(RecordError::Malformed("user"))?,
    };
    Ok(UserState {
        name,
        is_open: is_there(cursor)?,
        cash: [Cents(cursor.i64()?), Cents(cursor.i64()?), Cents(cursor.i64()?)],
        deposited: cursor.i128()?,
        spent: cursor.i128()?,
        earned: cursor.i128()?,
        last: cursor.u64()?,
        positions: list(cursor, 12, read_position)?,
        tickets: list(cursor, 9, read_ticket)?,
        ended: list(cursor, 2, |cursor| {
            let id = cursor.u64()?;
            let end = match cursor.byte()? {
                0 => TicketEnd::Expired,
                1 => TicketEnd::Committed,
                2 => TicketEnd::Cancelled,
                _ => return Err(RecordError::Malformed("end of a ticket")),
            };
            Ok((id, end))
        })?,
        keys: list(cursor, 25, |cursor| {
            Ok(KeyState {
                key: Key(u128::from_le_bytes(array(cursor)?)),
                seq: cursor.u64()?,
                fingerprint: u64::from_le_bytes(array(cursor)?),
            })
        })?,
    })
}

fn write_position(position: &PositionState, out: &mut Vec<u8>) {
    write_text(position.symbol.as_bytes(), out);
    for shares in position.shares {
        write_i64(shares.0, out);
    }
    write_i64(position.cost.0, out);
    write_i128(position.realised, out);
    write_i128(position.bought, out);
    write_i128(position.sold, out);
    for setting in [&position.buy, &position.sell] {
        // 0 none, 1 an amount, 2 an amount and a trigger.
        let Some(setting) = setting else {
            out.push(0);
            continue;
        };
        out.push(1 + u8::from(setting.trigger.is_some()));
        write_i64(setting.amount.0, out);
        if let Some(armed) = &setting.trigger {
            write_i64(armed.price.units(), out);
            write_u64(armed.n, out);
            write_u64(armed.seq, out);
        }
    }
}

fn read_position(cursor: &mut Cursor<'_>) -> Result<PositionState, RecordError> {
    Ok(PositionState {
        symbol: symbol(cursor)?,
        shares: [Shares(cursor.i64()?), Shares(cursor.i64()?), Shares(cursor.i64()?)],
        cost: Cents(cursor.i64()?),
        realised: cursor.i128()?,
        bought: cursor.i128()?,
        sold: cursor.i128()?,
        buy: read_setting(cursor)?,
        sell: read_setting(cursor)?,
    })
}

fn read_setting(cursor: &mut Cursor<'_>) -> Result<Option<SettingState>, RecordError> {
    let how = cursor.byte()?;
    if how == 0 {
        return Ok(None);
    }
    let amount = Cents(cursor.i64()?);
    let trigger = match how {
        1 => None,
        2 => {
            Some(ArmedState { price: Price::from_units(cursor.i64()?), n: cursor.u64()?, seq: cursor.u64()? })
        }
        _ => return Err(RecordError::Malformed("setting")),
    };
    Ok(Some(SettingState { amount, trigger }))
}

fn write_ticket(ticket: &Ticket, out: &mut Vec<u8>) {
    write_u64(ticket.id, out);
    out.push(code::of_side(ticket.side));
    write_text(ticket.symbol.as_bytes(), out);
    write_i64(ticket.shares.0, out);
    write_i64(ticket.price.units(), out);
    write_i64(ticket.total.0, out);
    write_u64(ticket.n, out);
    write_i64(ticket.opened.0, out);
}

fn read_ticket(cursor: &mut Cursor<'_>) -> Result<Ticket, RecordError> {
    Ok(Ticket {
        id: cursor.u64()?,
        side: code::side(cursor.byte()?).ok_or(RecordError::Malformed("side"))?,
        symbol: symbol(cursor)?,
        shares: Shares(cursor.i64()?),
        price: Price::from_units(cursor.i64()?),
        total: Cents(cursor.i64()?),
        n: cursor.u64()?,
        opened: Millis(cursor.i64()?),
    })
}

fn symbol(cursor: &mut Cursor<'_>) -> Result<Symbol, RecordError> {
    Symbol::from_bytes(text(cursor)?).map_err(|_| RecordError::Malformed("symbol"))
}

fn is_there(cursor: &mut Cursor<'_>) -> Result<bool, RecordError> {
    match cursor.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(RecordError::Malformed("flag")),
    }
}

/// As many as are announced, which cannot be more than bytes are there, at `bytes_min` for each.
fn list<'a, T>(
    cursor: &mut Cursor<'a>,
    bytes_min: usize,
    mut one: impl FnMut(&mut Cursor<'a>) -> Result<T, RecordError>,
) -> Result<Vec<T>, RecordError> {
    let n = cursor.count(bytes_min)?;
    // A lying count costs little: what is read grows the list.
    let mut all = Vec::with_capacity(n.min(1 << 16));
    for _ in 0..n {
        all.push(one(cursor)?);
    }
    Ok(all)
}

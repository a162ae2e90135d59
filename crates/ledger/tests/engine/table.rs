//! A small language in columns, so that a rule reads as it is written.
//!
//! Each line is `milliseconds | what happens | what comes of it | what there is then`. What
//! happens is a line of the classic protocol, or
//!
//! - `price S 10.00`: the price of S moves;
//! - `tick`: a timer expires what is due;
//! - `u commit 3`, `u cancel 3`: by the number of the ticket, counted from 1 as they are opened;
//! - `u set buy S 100 9.50`: amount and trigger at once.
//!
//! What comes of it is `ok` or the code of a refusal. What there is then, separated by commas:
//! `cash 1.00 2.00 3.00` and `S 1 2 3` are available, in tickets, in triggers; `cost S 5.00`;
//! `profit S 5.00`; `buy S 1.00 at 2` and `sell S 1.00 at 2` are settings, `at -` without trigger;
//! `none S` is neither. It is of the user of this line, or of `u`.

use ledger::{Action, Cents, Dialect, Effect, Event, Millis, Outcome, Side, parse_amount, parse_line};

use crate::desk::{Desk, symbol};

/// Plays a table and returns its desk, for questions the language does not have.
#[track_caller]
pub(crate) fn play(table: &str) -> Desk {
    let mut desk = Desk::new();
    let start = desk.now;
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let &[time, what, outcome, then] = &columns[..] else { panic!("four columns: {line}") };
        desk.now = Millis(start.0 + time.parse::<i64>().unwrap());
        let words: Vec<&str> = what.split(' ').collect();
        let (user, action) = match words[..] {
            ["price", name, price] => {
                desk.price(symbol(name), price.parse().unwrap());
                ("u", None)
            }
            ["tick"] => {
                desk.tick();
                ("u", None)
            }
            [user, "commit", number] => (user, Some(Action::CommitTicket { id: ticket(&desk, number) })),
            [user, "cancel", number] => (user, Some(Action::CancelTicket { id: ticket(&desk, number) })),
            [user, "set", side, name, amount, price] => {
                let side = if side == "buy" { Side::Buy } else { Side::Sell };
                let (amount, price) = (parse_amount(amount).unwrap(), price.parse().unwrap());
                (user, Some(Action::SetTrigger { side, symbol: symbol(name), amount, price }))
            }
            _ => {
                let read = parse_line(what, Dialect::Wide).unwrap_or_else(|bad| panic!("{what}: {bad:?}"));
                (what.split(',').nth(1).unwrap_or("u"), Some(read.action))
            }
        };
        let id = desk.user(user);
        let came = action.map(|action| match desk.run(id, action) {
            Outcome::Done(_) => "ok",
            Outcome::Refused(refusal) => refusal.code(),
        });
        assert_eq!(came.unwrap_or_default(), outcome, "{line}");
        for claim in then.split(',').map(str::trim).filter(|claim| !claim.is_empty()) {
            holds(&desk, id, claim, line);
        }
    }
    desk
}

/// The id of the ticket that was opened as such a number.
fn ticket(desk: &Desk, number: &str) -> u64 {
    let number: usize = number.parse().unwrap();
    let opened = desk.entries.iter().filter_map(|entry| match entry.event {
        Event::Command { outcome: Outcome::Done(Effect::Opened(ticket)), .. } => Some(ticket.id),
        _ => None,
    });
    opened.clone().nth(number - 1).unwrap_or(u64::MAX)
}

#[track_caller]
fn holds(desk: &Desk, user: ledger::UserId, claim: &str, line: &str) {
    let view = desk.ledger.account(user, desk.now);
    let words: Vec<&str> = claim.split(' ').collect();
    let holding = |name: &str| view.holdings.iter().find(|holding| holding.symbol == symbol(name));
    let setting = |side: Side, name: &str| {
        let set = view.triggers.iter().find(|set| set.side == side && set.symbol == symbol(name));
        set.map(|set| (set.amount.to_string(), set.price.map_or("-".to_owned(), |price| price.to_string())))
    };
    match words[..] {
        ["cash", available, tickets, triggers] => {
            let cash = [view.available, view.in_tickets, view.in_triggers].map(|cents| cents.to_string());
            assert_eq!(cash, [available, tickets, triggers], "{line}");
        }
        ["cost", name, cost] => assert_eq!(holding(name).unwrap().cost.to_string(), cost, "{line}"),
        ["profit", name, profit] => {
            let realised = i64::try_from(holding(name).unwrap().realised).unwrap();
            assert_eq!(Cents(realised).to_string(), profit, "{line}");
        }
        [side @ ("buy" | "sell"), name, amount, "at", price] => {
            let side = if side == "buy" { Side::Buy } else { Side::Sell };
            assert_eq!(setting(side, name), Some((amount.to_owned(), price.to_owned())), "{line}");
        }
        ["none", name] => {
            assert_eq!((setting(Side::Buy, name), setting(Side::Sell, name)), (None, None), "{line}")
        }
        [name, available, tickets, triggers] => {
            let held = holding(name).map_or([0; 3], |h| [h.available.0, h.in_tickets.0, h.in_triggers.0]);
            assert_eq!(held.map(|shares| shares.to_string()), [available, tickets, triggers], "{line}");
        }
        _ => panic!("no such claim: {claim}"),
    }
}

//! Makes workloads like the classic ones: their mix of commands, their amounts, their form of line.

use std::collections::HashSet;
use std::io::{self, Write};

use ledger::line::Verb;

use super::random::Draws;

/// Commands in a thousand, as in the large classic files.
const MIX: [(Verb, u64); 15] = [
    (Verb::Buy, 140),
    (Verb::Quote, 130),
    (Verb::Add, 110),
    (Verb::DisplaySummary, 90),
    (Verb::SetBuyTrigger, 85),
    (Verb::CommitBuy, 80),
    (Verb::SetSellTrigger, 70),
    (Verb::Sell, 60),
    (Verb::SetBuyAmount, 50),
    (Verb::SetSellAmount, 45),
    (Verb::CommitSell, 40),
    (Verb::CancelBuy, 25),
    (Verb::CancelSell, 25),
    (Verb::CancelSetBuy, 25),
    (Verb::CancelSetSell, 25),
];
/// Symbols of the largest classic file.
const SYMBOLS_MAX: u64 = 2_773;
const USERS_MAX: u64 = 1_000_000;
const COMMANDS_MAX: u64 = 1_000_000_000;
const USER_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SYMBOL_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    users: u64,
    commands: u64,
}

impl Size {
    /// So many users and so many lines, the DUMPLOG at the end among them. Each user begins with an ADD.
    pub(crate) fn new(users: u64, commands: u64) -> Result<Self, String> {
        if !(1..=USERS_MAX).contains(&users) {
            return Err(format!("--generate: {users} users; it must be 1 to {USERS_MAX}"));
        }
        if !(users + 1..=COMMANDS_MAX).contains(&commands) {
            return Err(format!(
                "--generate: {commands} commands; for {users} users it must be {} to {COMMANDS_MAX}",
                users + 1
            ));
        }
        Ok(Self { users, commands })
    }
}

/// Writes a workload.
pub(crate) fn write(size: Size, seed: u64, out: &mut impl Write) -> io::Result<()> {
    let mut draws = Draws::new(seed);
    let users = names(&mut draws, size.users, 10, USER_LETTERS);
    let symbols = names(&mut draws, (size.users * 10).clamp(20, SYMBOLS_MAX), 3, SYMBOL_LETTERS);
    let mut is_known = vec![false; users.len()];
    // Whoever has not appeared, next first, so that all do in the end.
    let mut unknown = 0;
    let mut unknown_count = size.users;
    for n in 1..size.commands {
        while is_known.get(unknown).is_some_and(|known| *known) {
            unknown += 1;
        }
        let must_appear = size.commands - n <= unknown_count;
        let user = if must_appear { unknown } else { draws.below(size.users) as usize };
        let (Some(name), Some(known)) = (users.get(user), is_known.get_mut(user)) else { continue };
        let verb = if std::mem::replace(known, true) {
            verb(draws.below(1_000))
        } else {
            unknown_count -= 1;
            Verb::Add
        };
        write!(out, "[{n}] {verb},{name}")?;
        arguments(verb, &symbols, &mut draws, out)?;
        // The space at the end of a line is part of the form.
        out.write_all(b" \n")?;
    }
    writeln!(out, "[{}] DUMPLOG,./testLOG", size.commands)
}

fn verb(mut draw: u64) -> Verb {
    for (verb, share) in MIX {
        if draw < share {
            return verb;
        }
        draw -= share;
    }
    Verb::Add
}

fn arguments(verb: Verb, symbols: &[String], draws: &mut Draws, out: &mut impl Write) -> io::Result<()> {
    let cents = match verb {
        Verb::CommitBuy | Verb::CancelBuy | Verb::CommitSell | Verb::CancelSell | Verb::DisplaySummary => {
            return Ok(());
        }
        // Bell-shaped about 70,000 dollars.
        Verb::Add => {
            let cents = 2_000_000 + (0..3).map(|_| draws.below(3_333_334)).sum::<u64>();
            return money(cents, out);
        }
        Verb::Quote | Verb::CancelSetBuy | Verb::CancelSetSell => None,
        // Most are low, some reach as far as the amounts.
        Verb::SetBuyTrigger | Verb::SetSellTrigger => {
            let top = if draws.below(5) > 0 { 22_500 } else { 72_000 };
            Some(draws.below(top) + 1)
        }
        _ => Some(draws.below(75_000) + 1),
    };
    // The lower of two draws: some symbols are liked better than others.
    let count = symbols.len() as u64;
    let symbol = draws.below(count).min(draws.below(count));
    write!(out, ",{}", symbols.get(symbol as usize).map_or("S", String::as_str))?;
    cents.map_or(Ok(()), |cents| money(cents, out))
}

fn money(cents: u64, out: &mut impl Write) -> io::Result<()> {
    write!(out, ",{}.{:02}", cents / 100, cents % 100)
}

/// Different names of this many letters.
fn names(draws: &mut Draws, count: u64, length: usize, letters: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut taken = HashSet::new();
    while (names.len() as u64) < count {
        let letter =
            |_| letters.get(draws.below(letters.len() as u64) as usize).map_or('A', |b| char::from(*b));
        let name: String = (0..length).map(letter).collect();
        if taken.insert(name.clone()) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::plan::Plan;
    use super::*;

    fn made(users: u64, commands: u64, seed: u64) -> String {
        let mut out = Vec::new();
        write(Size::new(users, commands).unwrap(), seed, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_mix_is_that_of_the_large_files() {
        assert_eq!(MIX.iter().map(|(_, share)| share).sum::<u64>(), 1_000);
        let text = made(100, 100_000, 7);
        let plan = Plan::read(text.into_bytes());
        let mut counts: BTreeMap<Verb, u64> = BTreeMap::new();
        plan.commands.iter().for_each(|command| *counts.entry(command.verb).or_default() += 1);
        assert_eq!(counts.remove(&Verb::DumpLog), Some(1));
        for (verb, share) in MIX {
            let found = counts[&verb] as f64 / 100.0;
            let wanted = share as f64;
            // Within a quarter of a percent of all commands.
            assert!((found - wanted).abs() < 2.5, "{verb}: {found} of 1000, not {wanted}");
        }
    }

    #[test]
    fn lines_have_the_classic_form() {
        let text = made(50, 5_000, 1);
        assert_eq!(text.lines().count(), 5_000);
        assert_eq!(text.lines().last(), Some("[5000] DUMPLOG,./testLOG"));
        let mut symbols = HashSet::new();
        for (n, line) in (1..).zip(text.lines().take(4_999)) {
            let rest = line.strip_prefix(&format!("[{n}] ")).unwrap().strip_suffix(' ').unwrap();
            let mut fields = rest.split(',');
            assert!(Verb::from_name(fields.next().unwrap()).is_some(), "{line}");
            let user = fields.next().unwrap();
            assert!(user.len() == 10 && user.bytes().all(|b| b.is_ascii_alphanumeric()), "{line}");
            for field in fields {
                if field.bytes().all(|b| b.is_ascii_uppercase()) {
                    assert_eq!(field.len(), 3, "{line}");
                    symbols.insert(field.to_owned());
                } else {
                    let cents = ledger::line::parse_amount(field).unwrap().0;
                    let most = if rest.starts_with("ADD") { 12_000_002 } else { 75_000 };
                    assert!(
                        (1..=most).contains(&cents) && field.rsplit_once('.').unwrap().1.len() == 2,
                        "{line}"
                    );
                }
            }
        }
        assert!(symbols.len() > 400, "{}", symbols.len());
    }

    #[test]
    fn every_user_appears_and_begins_with_an_add() {
        for (users, commands) in [(1, 2), (10, 11), (1_000, 1_001), (1_000, 3_000), (40, 4_000)] {
            let plan = Plan::read(made(users, commands, 3).into_bytes());
            assert_eq!((plan.users.len() as u64, plan.commands.len() as u64), (users, commands));
            assert!(plan.skipped.is_empty() && plan.closing.is_some());
            for user in &plan.users {
                assert_eq!(plan.commands[user.commands.start].verb, Verb::Add);
            }
        }
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(made(10, 1_000, 5), made(10, 1_000, 5));
        assert_ne!(made(10, 1_000, 5), made(10, 1_000, 6));
        // Kept forever: figures of different days are compared by it.
        let first: Vec<String> = made(10, 1_000, 1).lines().take(3).map(str::to_owned).collect();
        assert_eq!(first, FIRST_OF_SEED_1);
    }

    const FIRST_OF_SEED_1: [&str; 3] =
        ["[1] ADD,UcyfXK03jO,56644.34 ", "[2] ADD,RJp1oJYCRU,46017.93 ", "[3] QUOTE,UcyfXK03jO,EHX "];

    #[test]
    fn sizes_that_make_no_sense_are_refused() {
        for (users, commands) in [(0, 10), (10, 10), (USERS_MAX + 1, COMMANDS_MAX), (1, COMMANDS_MAX + 1)] {
            assert!(Size::new(users, commands).unwrap_err().contains("--generate"));
        }
    }
}

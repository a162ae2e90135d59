//! A ledger with prices, a clock and every check there is after every step.

use std::collections::{BTreeMap, HashMap};

use ledger::{
    Account, Action, Applied, Command, Entry, Event, Key, Ledger, Millis, Need, Outcome, Quote, Refusal,
    Source, Unit, UserId, UserName,
};
use market::{Price, Symbol};

/// A ledger, its prices and all it ever said.
pub(crate) struct Desk {
    pub(crate) ledger: Ledger,
    pub(crate) prices: HashMap<Symbol, Price>,
    pub(crate) now: Millis,
    pub(crate) entries: Vec<Entry>,
    n: u64,
    /// Balances made of postings alone: what the ledger must say too.
    books: BTreeMap<(UserId, Account, Unit), i128>,
    booked: usize,
}

pub(crate) fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

pub(crate) fn quote(price: Price) -> Quote {
    Quote {
        price,
        source: Source::new("fixed").unwrap(),
        provider_time: Millis(0),
        arrived: Millis(0),
        fresh: true,
        answer: None,
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            ledger: Ledger::new(),
            prices: HashMap::new(),
            now: Millis(1_000_000),
            entries: Vec::new(),
            n: 0,
            books: BTreeMap::new(),
            booked: 0,
        }
    }

    pub(crate) fn user(&mut self, name: &str) -> UserId {
        self.ledger.intern(&UserName::new(name).unwrap()).unwrap()
    }

    /// Runs a command as a server would: asks what it needs, and gives just that.
    pub(crate) fn run(&mut self, user: UserId, action: Action) -> Outcome {
        match self.run_keyed(user, action, None) {
            Applied::Entry(at) => self.outcome(at),
            Applied::Repeated(seq) => panic!("nothing was repeated, but {seq}"),
        }
    }

    pub(crate) fn outcome(&self, at: usize) -> Outcome {
        match self.entries[at].event {
            Event::Command { outcome, .. } => outcome,
            ref other => panic!("not a command: {other:?}"),
        }
    }

    pub(crate) fn run_keyed(&mut self, user: UserId, action: Action, key: Option<Key>) -> Applied {
        self.n += 1;
        let command = Command { user, n: self.n, key, action };
        let need = self.ledger.check(&command, self.now);
        let quote = match need {
            Need::Price(symbol) | Need::PriceIfAny(symbol) => self.prices.get(&symbol).copied().map(quote),
            Need::Nothing | Need::Refused(_) | Need::Repeated(_) => None,
        };
        let applied = self.ledger.apply(&command, quote.as_ref(), self.now, &mut self.entries);
        if let Applied::Repeated(_) = applied {
            self.n -= 1;
        }
        // What was foretold came true.
        match (need, applied) {
            (Need::Repeated(seq), Applied::Repeated(again)) => assert_eq!(seq, again),
            (Need::Repeated(_), _) | (_, Applied::Repeated(_)) => panic!("{need:?}, then {applied:?}"),
            (need, Applied::Entry(at)) => match (need, self.outcome(at)) {
                (Need::Refused(foretold), outcome) => assert_eq!(outcome, Outcome::Refused(foretold)),
                (Need::Nothing | Need::PriceIfAny(_), Outcome::Refused(refusal)) => {
                    assert_eq!(refusal, Refusal::BalanceTooLarge, "{command:?}");
                }
                (Need::Price(_), outcome) if quote.is_none() => {
                    assert_eq!(outcome, Outcome::Refused(Refusal::NoPrice));
                }
                _ => {}
            },
        }
        self.check();
        applied
    }

    /// The price moves, and triggers fire.
    pub(crate) fn price(&mut self, symbol: Symbol, price: Price) {
        self.prices.insert(symbol, price);
        let more = self.ledger.on_price(&symbol, &quote(price), self.now, &mut self.entries);
        assert!(!more);
        self.check();
    }

    /// A timer goes off.
    pub(crate) fn tick(&mut self) {
        self.ledger.expire(self.now, &mut self.entries);
        assert!(self.ledger.next_expiry().is_none_or(|next| next > self.now.max(self.ledger.latest())));
        self.check();
    }

    /// Everything adds up, and the postings say what the ledger says.
    pub(crate) fn check(&mut self) {
        self.ledger.audit().unwrap();
        self.check_entries();
        let end = Millis(i64::MIN);
        for id in 0..self.ledger.user_count() {
            let user = UserId(u32::try_from(id).unwrap());
            // At the time of the last entry, so that what nobody noticed has not happened.
            let view = self.ledger.account(user, end);
            let unnoticed = view.tickets.iter().any(|ticket| ticket.is_expired(self.ledger.latest()));
            assert!(!unnoticed);
            let cash = [view.available, view.in_tickets, view.in_triggers].map(|cents| i128::from(cents.0));
            assert_eq!(
                cash.iter().sum::<i128>(),
                [Account::Available, Account::InTickets, Account::InTriggers]
                    .map(|account| self.book(user, account, Unit::Cash))
                    .iter()
                    .sum::<i128>()
            );
            assert_eq!(cash[2], self.book(user, Account::InTriggers, Unit::Cash));
            for holding in view.holdings {
                let unit = Unit::Shares(holding.symbol);
                assert_eq!(i128::from(holding.in_triggers.0), self.book(user, Account::InTriggers, unit));
                let total = holding.available.0 + holding.in_tickets.0 + holding.in_triggers.0;
                assert_eq!(
                    i128::from(total),
                    [Account::Available, Account::InTickets, Account::InTriggers]
                        .map(|account| self.book(user, account, unit))
                        .iter()
                        .sum::<i128>()
                );
            }
        }
    }

    /// New entries follow each other, are balanced, and overdraw nobody.
    fn check_entries(&mut self) {
        for at in self.booked..self.entries.len() {
            let entry = &self.entries[at];
            assert_eq!(entry.seq, at as u64 + 1);
            let before = self.entries[..at].iter().rev().find(|other| other.user == entry.user);
            assert_eq!(entry.previous, before.map_or(0, |other| other.seq));
            assert!(at == 0 || self.entries[at - 1].at <= entry.at);
            let mut sums: BTreeMap<Unit, i128> = BTreeMap::new();
            for posting in entry.postings().iter() {
                *sums.entry(posting.unit).or_default() += i128::from(posting.delta);
                let owner = if posting.account == Account::House { UserId::SYSTEM } else { entry.user };
                let balance = self.books.entry((owner, posting.account, posting.unit)).or_default();
                *balance += i128::from(posting.delta);
                assert!(posting.account == Account::House || *balance >= 0, "{entry:?}");
            }
            assert!(sums.values().all(|&sum| sum == 0), "{entry:?}");
        }
        self.booked = self.entries.len();
        let totals =
            self.books.iter().fold(BTreeMap::<Unit, i128>::new(), |mut totals, ((_, _, unit), balance)| {
                *totals.entry(*unit).or_default() += balance;
                totals
            });
        assert!(totals.values().all(|&sum| sum == 0));
    }

    fn book(&self, user: UserId, account: Account, unit: Unit) -> i128 {
        self.books.get(&(user, account, unit)).copied().unwrap_or_default()
    }
}

//! Entries and snapshots of every kind, for the tests.

use ledger::{
    Action, ArmedState, Cents, Effect, Entry, Event, Fault, FileName, Fill, Key, KeyState, Malformed, Millis,
    Outcome, PositionState, Quote, Refusal, SettingState, Shares, Side, Snapshot, Source, Ticket, TicketEnd,
    UserId, UserName, UserState, Verb,
};
use market::{Price, Symbol};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) fn user() -> impl Strategy<Value = UserName> {
    let name = "[!-+\\--~]{1,64}".prop_map(|text| UserName::new(&text).unwrap());
    prop_oneof![1 => Just(UserName::SYSTEM), 9 => name]
}

fn symbol() -> impl Strategy<Value = Symbol> {
    prop_oneof!["[A-Z]{1,3}", "[A-Za-z0-9^][A-Z.:/^=$+-]{0,31}"]
        .prop_map(|text| Symbol::new(text.as_str()).unwrap())
}

/// Small ones, and any.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![0..2_000_000i64, any::<i64>()]
}

fn cents() -> impl Strategy<Value = Cents> {
    number().prop_map(Cents)
}

fn shares() -> impl Strategy<Value = Shares> {
    number().prop_map(Shares)
}

/// What moves is never below zero.
fn moved() -> impl Strategy<Value = i64> {
    prop_oneof![0..2_000_000i64, 0..=i64::MAX]
}

fn price() -> impl Strategy<Value = Price> {
    number().prop_map(Price::from_units)
}

fn millis() -> impl Strategy<Value = Millis> {
    prop_oneof![1_767_225_600_000..1_767_225_900_000i64, any::<i64>()].prop_map(Millis)
}

fn side() -> impl Strategy<Value = Side> {
    select(vec![Side::Buy, Side::Sell])
}

fn key() -> impl Strategy<Value = Key> {
    any::<u128>().prop_map(Key)
}

pub(crate) fn faults() -> Vec<Fault> {
    use Fault::*;
    vec![Empty, Number, Command, Arguments, EmptyArgument, User, Symbol, Amount, Decimals, File, Request]
}

pub(crate) fn plain_refusals() -> Vec<Refusal> {
    use Refusal::*;
    vec![
        KeyReused,
        UnknownSymbol,
        Closed,
        StalePrice,
        AmountNotPositive,
        PriceNotPositive,
        AmountTooLarge,
        PriceTooLarge,
        NoAccount,
        TooManyUsers,
        NothingPending(Side::Buy),
        NothingPending(Side::Sell),
        TicketExpired,
        TicketCommitted,
        TicketCancelled,
        NotYours,
        NoSuchTicket,
        NothingSet(Side::Buy),
        NothingSet(Side::Sell),
        NoShares,
        TooManyTickets,
        TooManySymbols,
        BelowOneShare,
        NoPrice,
        BelowOneCent,
        BalanceTooLarge,
        Overdraft,
    ]
}

fn refusal() -> impl Strategy<Value = Refusal> {
    prop_oneof![
        4 => select(plain_refusals()),
        1 => select(faults()).prop_map(Refusal::Malformed),
        1 => (cents(), cents())
            .prop_map(|(needed, available)| Refusal::InsufficientCash { needed, available }),
        1 => (cents(), cents())
            .prop_map(|(needed, available)| Refusal::InsufficientValue { needed, available }),
        1 => (shares(), shares())
            .prop_map(|(needed, available)| Refusal::InsufficientShares { needed, available }),
    ]
}

fn malformed() -> impl Strategy<Value = Malformed> {
    let verb = option::of(select(Verb::ALL.to_vec()));
    (verb, option::of(symbol()), option::of(cents()), select(faults()))
        .prop_map(|(verb, symbol, amount, fault)| Malformed { verb, symbol, amount, fault })
}

fn action() -> impl Strategy<Value = Action> {
    let file = "(\\./)?[A-Za-z0-9_-]{1,40}(\\.xml)?".prop_map(|text| FileName::new(&text).unwrap());
    let parts = (0..20u8, symbol(), cents(), price(), any::<u64>(), side(), file, malformed());
    parts.prop_map(|(which, symbol, amount, price, id, side, file, malformed)| match which {
        0 => Action::Add { amount },
        1 => Action::Quote { symbol },
        2 => Action::Buy { symbol, amount },
        3 => Action::CommitBuy,
        4 => Action::CancelBuy,
        5 => Action::Sell { symbol, amount },
        6 => Action::CommitSell,
        7 => Action::CancelSell,
        8 => Action::SetBuyAmount { symbol, amount },
        9 => Action::CancelSetBuy { symbol },
        10 => Action::SetBuyTrigger { symbol, price },
        11 => Action::SetSellAmount { symbol, amount },
        12 => Action::SetSellTrigger { symbol, price },
        13 => Action::CancelSetSell { symbol },
        14 => Action::DumpLog { file },
        15 => Action::DisplaySummary,
        16 => Action::CommitTicket { id },
        17 => Action::CancelTicket { id },
        18 => Action::SetTrigger { side, symbol, amount, price },
        _ => Action::Malformed(malformed),
    })
}

fn ticket() -> impl Strategy<Value = Ticket> {
    let parts = (
        any::<u64>(),
        side(),
        symbol(),
        moved().prop_map(Shares),
        price(),
        moved().prop_map(Cents),
        any::<u64>(),
        millis(),
    );
    parts.prop_map(|(id, side, symbol, shares, price, total, n, opened)| Ticket {
        id,
        side,
        symbol,
        shares,
        price,
        total,
        n,
        opened,
    })
}

fn fill() -> impl Strategy<Value = Fill> {
    let parts = (
        side(),
        symbol(),
        moved().prop_map(Shares),
        moved().prop_map(Cents),
        moved().prop_map(Cents),
        moved().prop_map(Cents),
        price(),
        any::<u64>(),
    );
    parts.prop_map(|(side, symbol, shares, total, reserved, basis, trigger, armed)| Fill {
        side,
        symbol,
        shares,
        total,
        reserved,
        basis,
        trigger,
        armed,
    })
}

fn effect() -> impl Strategy<Value = Effect> {
    let parts = (
        0..11u8,
        ticket(),
        symbol(),
        moved().prop_map(Cents),
        moved().prop_map(Cents),
        (moved().prop_map(Shares), moved().prop_map(Shares)),
        option::of(price()),
        price(),
    );
    parts.prop_map(|(which, ticket, symbol, amount, other, (shares, returned), maybe, price)| match which {
        0 => Effect::Noted,
        1 => Effect::Deposited { amount },
        2 => Effect::Opened(ticket),
        3 => Effect::Committed { ticket, basis: other },
        4 => Effect::Cancelled(ticket),
        5 => Effect::BuySet { symbol, amount, returned: other, price: maybe },
        6 => Effect::BuyArmed { symbol, price },
        7 => Effect::BuyUnset { symbol, returned: other },
        8 => Effect::SellSet { symbol, amount, returned },
        9 => Effect::SellArmed { symbol, amount, price, shares, returned },
        _ => Effect::SellUnset { symbol, returned },
    })
}

fn event() -> impl Strategy<Value = Event> {
    let done = effect().prop_map(Outcome::Done);
    let outcome = prop_oneof![2 => done, 1 => refusal().prop_map(Outcome::Refused)];
    let command = (action(), option::of(key()), outcome).prop_map(|(action, key, outcome)| Event::Command {
        action,
        key,
        outcome,
    });
    prop_oneof![
        6 => command,
        1 => ticket().prop_map(Event::Expired),
        1 => fill().prop_map(Event::Fired),
        1 => symbol().prop_map(|symbol| Event::Quoted { symbol }),
    ]
}

fn quote() -> impl Strategy<Value = Quote> {
    let answer = option::of(prop_oneof!["[ -~]{0,90}", "\\PC{0,200}"].prop_map(|text| text.as_str().into()));
    (price(), "[!-~]{1,15}", millis(), millis(), any::<bool>(), answer).prop_map(
        |(price, source, provider_time, arrived, fresh, answer)| {
            let source = Source::new(&source).unwrap();
            Quote { price, source, provider_time, arrived, fresh, answer }
        },
    )
}

/// Any entry, of no user and number 0: what a block adds.
pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    (any::<u64>(), millis(), any::<u64>(), option::of(quote()), event()).prop_map(
        |(previous, at, n, quote, event)| Entry {
            seq: 0,
            previous,
            at,
            user: UserId::SYSTEM,
            n,
            quote,
            event,
        },
    )
}

fn setting() -> impl Strategy<Value = SettingState> {
    let armed =
        (price(), any::<u64>(), any::<u64>()).prop_map(|(price, n, seq)| ArmedState { price, n, seq });
    (cents(), option::of(armed)).prop_map(|(amount, trigger)| SettingState { amount, trigger })
}

fn position() -> impl Strategy<Value = PositionState> {
    let parts = (
        symbol(),
        [shares(), shares(), shares()],
        cents(),
        any::<[i128; 3]>(),
        option::of(setting()),
        option::of(setting()),
    );
    parts.prop_map(|(symbol, shares, cost, [realised, bought, sold], buy, sell)| PositionState {
        symbol,
        shares,
        cost,
        realised,
        bought,
        sold,
        buy,
        sell,
    })
}

fn user_state() -> impl Strategy<Value = UserState> {
    let end = select(vec![TicketEnd::Expired, TicketEnd::Committed, TicketEnd::Cancelled]);
    let key = (key(), any::<u64>(), any::<u64>()).prop_map(|(key, seq, fingerprint)| KeyState {
        key,
        seq,
        fingerprint,
    });
    let parts = (
        (user(), any::<bool>(), [cents(), cents(), cents()], any::<[i128; 3]>(), any::<u64>()),
        (vec(position(), 0..3), vec(ticket(), 0..3), vec((any::<u64>(), end), 0..3), vec(key, 0..3)),
    );
    parts.prop_map(
        |((name, is_open, cash, [deposited, spent, earned], last), (positions, tickets, ended, keys))| {
            UserState { name, is_open, cash, deposited, spent, earned, last, positions, tickets, ended, keys }
        },
    )
}

pub(crate) fn snapshot() -> impl Strategy<Value = Snapshot> {
    let parts = (
        any::<u64>(),
        millis(),
        any::<i128>(),
        vec((symbol(), any::<i128>()), 0..4),
        vec(user_state(), 0..5),
    );
    parts.prop_map(|(seq, latest, house_cash, house_shares, users)| Snapshot {
        seq,
        latest,
        house_cash,
        house_shares,
        users,
    })
}

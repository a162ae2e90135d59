//! The classic line protocol: one command a line (section 5 of the rules).

use std::fmt;

use market::{Price, Symbol};

use crate::{Action, Cents, FileName, Malformed, UserName};

/// The sixteen classic commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the classic ones; what each does stands at `Action`")]
pub enum Verb {
    Add,
    Quote,
    Buy,
    CommitBuy,
    CancelBuy,
    Sell,
    CommitSell,
    CancelSell,
    SetBuyAmount,
    CancelSetBuy,
    SetBuyTrigger,
    SetSellAmount,
    SetSellTrigger,
    CancelSetSell,
    DumpLog,
    DisplaySummary,
}

impl Verb {
    /// All sixteen.
    pub const ALL: [Self; 16] = [
        Self::Add,
        Self::Quote,
        Self::Buy,
        Self::CommitBuy,
        Self::CancelBuy,
        Self::Sell,
        Self::CommitSell,
        Self::CancelSell,
        Self::SetBuyAmount,
        Self::CancelSetBuy,
        Self::SetBuyTrigger,
        Self::SetSellAmount,
        Self::SetSellTrigger,
        Self::CancelSetSell,
        Self::DumpLog,
        Self::DisplaySummary,
    ];

    /// As it stands in a line and in the log: `SET_BUY_AMOUNT`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Quote => "QUOTE",
            Self::Buy => "BUY",
            Self::CommitBuy => "COMMIT_BUY",
            Self::CancelBuy => "CANCEL_BUY",
            Self::Sell => "SELL",
            Self::CommitSell => "COMMIT_SELL",
            Self::CancelSell => "CANCEL_SELL",
            Self::SetBuyAmount => "SET_BUY_AMOUNT",
            Self::CancelSetBuy => "CANCEL_SET_BUY",
            Self::SetBuyTrigger => "SET_BUY_TRIGGER",
            Self::SetSellAmount => "SET_SELL_AMOUNT",
            Self::SetSellTrigger => "SET_SELL_TRIGGER",
            Self::CancelSetSell => "CANCEL_SET_SELL",
            Self::DumpLog => "DUMPLOG",
            Self::DisplaySummary => "DISPLAY_SUMMARY",
        }
    }

    /// Reads a name; capitals only.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.name() == name)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Which symbols a line may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// 1 to 3 letters of either case, as in the classic files.
    Classic,
    /// Whatever [`Symbol`] admits: `BRK.B`, `BINANCE:BTCUSDT`.
    Wide,
}

/// What is wrong with a line, or with a field of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// There is nothing on the line.
    Empty,
    /// What stands in the brackets is not a positive number.
    Number,
    /// The command is not one of the sixteen.
    Command,
    /// Too few or too many arguments for the command.
    Arguments,
    /// An argument is empty.
    EmptyArgument,
    /// The user is not a [`UserName`].
    User,
    /// The symbol is not one of the dialect.
    Symbol,
    /// The amount is not digits with an optional point and cents.
    Amount,
    /// The amount has more than two decimals; it is not rounded.
    Decimals,
    /// The file is not a [`FileName`].
    File,
    /// The request could not be read as a whole.
    Request,
}

impl Fault {
    /// A name for programs. It never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty_line",
            Self::Number => "bad_number",
            Self::Command => "unknown_command",
            Self::Arguments => "wrong_arguments",
            Self::EmptyArgument => "empty_argument",
            Self::User => "bad_user",
            Self::Symbol => "bad_symbol",
            Self::Amount => "bad_amount",
            Self::Decimals => "too_many_decimals",
            Self::File => "bad_file_name",
            Self::Request => "bad_request",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "The line is empty",
            Self::Number => "The number in brackets is not a positive whole number",
            Self::Command => "There is no such command",
            Self::Arguments => "The command has another number of arguments",
            Self::EmptyArgument => "An argument is empty",
            Self::User => "A user name has 1 to 64 visible ASCII characters and no comma",
            Self::Symbol => "This is not a symbol",
            Self::Amount => "An amount is digits, and a point with cents if need be",
            Self::Decimals => "An amount has at most two decimals",
            Self::File => "A file name has letters, digits and . - _ only, and leads nowhere",
            Self::Request => "The request cannot be read",
        })
    }
}

impl std::error::Error for Fault {}

/// One line that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The number in brackets, if there is one.
    pub n: Option<u64>,
    /// Who; [`UserName::SYSTEM`] for a DUMPLOG of everything (rule A17).
    pub user: UserName,
    /// What.
    pub action: Action,
}

/// One line that could not be read: what of it could, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadLine {
    /// The number in brackets, if it could be read.
    pub n: Option<u64>,
    /// Who, if it could be read, else [`UserName::SYSTEM`].
    pub user: UserName,
    /// The rest, to be entered as [`Action::Malformed`].
    pub malformed: Malformed,
}

/// Reads one line: `[n] COMMAND,argument,argument`. Spaces, carriage returns and line feeds are
/// trimmed on both sides. The number may be missing, or be `[$]`, as in files made by hand.
///
/// # Errors
///
/// A [`BadLine`] with what could be read of it.
pub fn parse_line(line: &str, dialect: Dialect) -> Result<Line, Box<BadLine>> {
    let line = line.trim_matches([' ', '\t', '\r', '\n']);
    let mut read = Reading::default();
    match read.line(line, dialect) {
        Ok(action) => Ok(Line { n: read.n, user: read.user.unwrap_or(UserName::SYSTEM), action }),
        Err(fault) => Err(Box::new(BadLine {
            n: read.n,
            user: read.user.unwrap_or(UserName::SYSTEM),
            malformed: Malformed { verb: read.verb, symbol: read.symbol, amount: read.amount, fault },
        })),
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    n: Option<u64>,
    verb: Option<Verb>,
    user: Option<UserName>,
    symbol: Option<Symbol>,
    amount: Option<Cents>,
}

impl Reading {
    fn line(&mut self, line: &str, dialect: Dialect) -> Result<Action, Fault> {
        let mut rest = line;
        // A bad number is told last, so that what follows can be entered with it.
        let mut number_is_bad = false;
        if let Some((number, after)) = line.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            rest = after.trim_start_matches([' ', '\t']);
            self.n = positive(number);
            number_is_bad = self.n.is_none() && number != "$";
        }
        if rest.is_empty() {
            return Err(Fault::Empty);
        }
        let (name, arguments) = match rest.split_once(',') {
            Some((name, arguments)) => (name, Some(arguments)),
            None => (rest, None),
        };
        let verb = Verb::from_name(name).ok_or(Fault::Command)?;
        self.verb = Some(verb);
        let mut list = [""; 3];
        let mut count = 0;
        for argument in arguments.into_iter().flat_map(|all| all.split(',')) {
            if let Some(slot) = list.get_mut(count) {
                *slot = argument;
            }
            count += 1;
        }
        let arguments = list.get(..count).ok_or(Fault::Arguments);
        let action = self.arguments(verb, arguments.unwrap_or(&list), dialect);
        match (arguments, number_is_bad) {
            (Err(fault), _) => Err(fault),
            (Ok(_), true) => Err(Fault::Number),
            (Ok(_), false) => action,
        }
    }

    /// Reads the arguments of a command, keeping what can be read though another cannot.
    fn arguments(&mut self, verb: Verb, arguments: &[&str], dialect: Dialect) -> Result<Action, Fault> {
        if let (Verb::DumpLog, [file]) = (verb, arguments) {
            return file_name(file).map(|file| Action::DumpLog { file });
        }
        let user = arguments.first().ok_or(Fault::Arguments).and_then(|text| self.user(text));
        let rest = arguments.get(1..).unwrap_or_default();
        match verb {
            Verb::CommitBuy
            | Verb::CancelBuy
            | Verb::CommitSell
            | Verb::CancelSell
            | Verb::DisplaySummary => {
                exactly(rest, 0)?;
                user?;
                Ok(match verb {
                    Verb::CommitBuy => Action::CommitBuy,
                    Verb::CancelBuy => Action::CancelBuy,
                    Verb::CommitSell => Action::CommitSell,
                    Verb::CancelSell => Action::CancelSell,
                    _ => Action::DisplaySummary,
                })
            }
            Verb::Add => {
                let amount = rest.first().ok_or(Fault::Arguments).and_then(|text| self.amount(text));
                exactly(rest, 1)?;
                user?;
                Ok(Action::Add { amount: amount? })
            }
            Verb::DumpLog => {
                exactly(rest, 1)?;
                user?;
                file_name(rest.first().ok_or(Fault::Arguments)?).map(|file| Action::DumpLog { file })
            }
            Verb::Quote | Verb::CancelSetBuy | Verb::CancelSetSell => {
                let symbol = rest.first().ok_or(Fault::Arguments).and_then(|text| self.symbol(text, dialect));
                exactly(rest, 1)?;
                user?;
                let symbol = symbol?;
                Ok(match verb {
                    Verb::Quote => Action::Quote { symbol },
                    Verb::CancelSetBuy => Action::CancelSetBuy { symbol },
                    _ => Action::CancelSetSell { symbol },
                })
            }
            Verb::Buy
            | Verb::Sell
            | Verb::SetBuyAmount
            | Verb::SetBuyTrigger
            | Verb::SetSellAmount
            | Verb::SetSellTrigger => {
                let symbol = rest.first().ok_or(Fault::Arguments).and_then(|text| self.symbol(text, dialect));
                let amount = rest.get(1).ok_or(Fault::Arguments).and_then(|text| self.amount(text));
                exactly(rest, 2)?;
                user?;
                let (symbol, amount) = (symbol?, amount?);
                // Beyond its range a price is as much too high as it can be.
                let far = if amount.is_positive() {
                    Price::from_units(i64::MAX)
                } else {
                    Price::from_units(i64::MIN)
                };
                let price = amount.as_price().unwrap_or(far);
                Ok(match verb {
                    Verb::Buy => Action::Buy { symbol, amount },
                    Verb::Sell => Action::Sell { symbol, amount },
                    Verb::SetBuyAmount => Action::SetBuyAmount { symbol, amount },
                    Verb::SetSellAmount => Action::SetSellAmount { symbol, amount },
                    Verb::SetBuyTrigger => Action::SetBuyTrigger { symbol, price },
                    _ => Action::SetSellTrigger { symbol, price },
                })
            }
        }
    }

    fn user(&mut self, text: &str) -> Result<(), Fault> {
        self.user = UserName::new(filled(text)?).ok();
        self.user.map(|_| ()).ok_or(Fault::User)
    }

    fn symbol(&mut self, text: &str, dialect: Dialect) -> Result<Symbol, Fault> {
        let text = filled(text)?;
        let is_classic = text.len() <= 3 && text.bytes().all(|b| b.is_ascii_alphabetic());
        self.symbol = Symbol::new(text).ok().filter(|_| dialect == Dialect::Wide || is_classic);
        self.symbol.ok_or(Fault::Symbol)
    }

    fn amount(&mut self, text: &str) -> Result<Cents, Fault> {
        let amount = parse_amount(text);
        self.amount = amount.ok();
        amount
    }
}

fn exactly(arguments: &[&str], count: usize) -> Result<(), Fault> {
    if arguments.len() == count { Ok(()) } else { Err(Fault::Arguments) }
}

fn filled(text: &str) -> Result<&str, Fault> {
    if text.is_empty() { Err(Fault::EmptyArgument) } else { Ok(text) }
}

fn file_name(text: &str) -> Result<FileName, Fault> {
    FileName::new(filled(text)?).map_err(|_| Fault::File)
}

/// Digits of a number above zero that fits 64 bits.
fn positive(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok().filter(|n| *n > 0) } else { None }
}

/// Reads dollars: digits, and at most two decimals after a point; a leading minus is well-formed.
/// Nothing is rounded. What is beyond 64 bits becomes the largest or smallest number, which the
/// engine refuses by name.
///
/// # Errors
///
/// [`Fault::EmptyArgument`], [`Fault::Amount`] or [`Fault::Decimals`].
pub fn parse_amount(text: &str) -> Result<Cents, Fault> {
    let text = filled(text)?.as_bytes();
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let point = digits.iter().position(|&b| b == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &[][..]),
    };
    let is_number = !whole.is_empty() && whole.iter().chain(fraction).all(u8::is_ascii_digit);
    if !is_number || (point.is_some() && fraction.is_empty()) {
        return Err(Fault::Amount);
    }
    if fraction.len() > 2 {
        return Err(Fault::Decimals);
    }
    let hundredths = fraction.iter().chain(b"00").take(2);
    let cents = whole
        .iter()
        .chain(hundredths)
        .fold(0i64, |cents, digit| cents.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Ok(Cents(if is_negative { -cents } else { cents }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classic(line: &str) -> Result<Line, Fault> {
        parse_line(line, Dialect::Classic).map_err(|bad| bad.malformed.fault)
    }

    fn symbol(text: &str) -> Symbol {
        Symbol::new(text).unwrap()
    }

    #[test]
    fn reads_every_command() {
        let (s, amount, price) = (symbol("ABC"), Cents(12_345), "123.45".parse().unwrap());
        for (line, action) in [
            ("ADD,u,123.45", Action::Add { amount }),
            ("QUOTE,u,ABC", Action::Quote { symbol: s }),
            ("BUY,u,ABC,123.45", Action::Buy { symbol: s, amount }),
            ("COMMIT_BUY,u", Action::CommitBuy),
            ("CANCEL_BUY,u", Action::CancelBuy),
            ("SELL,u,ABC,123.45", Action::Sell { symbol: s, amount }),
            ("COMMIT_SELL,u", Action::CommitSell),
            ("CANCEL_SELL,u", Action::CancelSell),
            ("SET_BUY_AMOUNT,u,ABC,123.45", Action::SetBuyAmount { symbol: s, amount }),
            ("CANCEL_SET_BUY,u,ABC", Action::CancelSetBuy { symbol: s }),
            ("SET_BUY_TRIGGER,u,ABC,123.45", Action::SetBuyTrigger { symbol: s, price }),
            ("SET_SELL_AMOUNT,u,ABC,123.45", Action::SetSellAmount { symbol: s, amount }),
            ("SET_SELL_TRIGGER,u,ABC,123.45", Action::SetSellTrigger { symbol: s, price }),
            ("CANCEL_SET_SELL,u,ABC", Action::CancelSetSell { symbol: s }),
            ("DUMPLOG,u,./testLOG", Action::DumpLog { file: FileName::new("./testLOG").unwrap() }),
            ("DISPLAY_SUMMARY,u", Action::DisplaySummary),
        ] {
            // As in the files, as in copies with carriage returns, and without number or end.
            for (form, n) in [
                (format!("[7] {line} \n"), Some(7)),
                (format!("[7] {line} \r\n"), Some(7)),
                (line.into(), None),
            ] {
                let user = UserName::new("u").unwrap();
                assert_eq!(action.name(), line.split(',').next().unwrap());
                assert_eq!(classic(&form), Ok(Line { n, user, action: action.clone() }), "{form:?}");
            }
        }
    }

    #[test]
    fn a_dumplog_with_one_argument_is_of_everything() {
        let line = classic("[100] DUMPLOG,./testLOG").unwrap();
        assert_eq!((line.n, line.user), (Some(100), UserName::SYSTEM));
    }

    #[test]
    fn takes_files_made_by_hand() {
        assert_eq!(classic("[$] BUY,u,abc,5").map(|l| (l.n, l.action)), {
            Ok((None, Action::Buy { symbol: symbol("abc"), amount: Cents(500) }))
        });
        assert_eq!(classic("[3]COMMIT_BUY,u").map(|l| l.n), Ok(Some(3)));
    }

    #[test]
    fn says_what_is_wrong() {
        for (line, fault) in [
            ("", Fault::Empty),
            ("  \r\n", Fault::Empty),
            ("[1] ", Fault::Empty),
            ("[0] COMMIT_BUY,u", Fault::Number),
            ("[-1] COMMIT_BUY,u", Fault::Number),
            ("[x] COMMIT_BUY,u", Fault::Number),
            ("[] COMMIT_BUY,u", Fault::Number),
            ("[99999999999999999999] COMMIT_BUY,u", Fault::Number),
            ("[1] HOLD,u", Fault::Command),
            ("[1] buy,u,ABC,1", Fault::Command),
            ("# a comment", Fault::Command),
            ("[1 BUY,u,ABC,1", Fault::Command),
            ("COMMIT_BUY", Fault::Arguments),
            ("COMMIT_BUY,u,ABC", Fault::Arguments),
            ("BUY,u,ABC", Fault::Arguments),
            ("BUY,u,ABC,1,2", Fault::Arguments),
            ("BUY,u,ABC,1,2,3,4", Fault::Arguments),
            ("DUMPLOG", Fault::Arguments),
            ("DUMPLOG,u,a,b", Fault::Arguments),
            ("ADD,,1", Fault::EmptyArgument),
            ("BUY,u,,1", Fault::EmptyArgument),
            ("BUY,u,ABC,", Fault::EmptyArgument),
            ("ADD, u,1", Fault::User),
            ("ADD,\u{e9},1", Fault::User),
            ("BUY,u,ABCD,1", Fault::Symbol),
            ("BUY,u,A1,1", Fault::Symbol),
            ("BUY,u,A ,1", Fault::Symbol),
            ("ADD,u,1.005", Fault::Decimals),
            ("ADD,u,1.000", Fault::Decimals),
            ("ADD,u,NaN", Fault::Amount),
            ("ADD,u,1e3", Fault::Amount),
            ("ADD,u,+1", Fault::Amount),
            ("ADD,u,1.", Fault::Amount),
            ("ADD,u,.5", Fault::Amount),
            ("ADD,u,--1", Fault::Amount),
            ("ADD,u,-", Fault::Amount),
            ("ADD,u, 1", Fault::Amount),
            ("ADD,u,1.-5", Fault::Amount),
            ("DUMPLOG,../x", Fault::File),
            ("DUMPLOG,u,/etc/x", Fault::File),
        ] {
            assert_eq!(classic(line).map(|_| ()), Err(fault), "{line:?}");
        }
    }

    #[test]
    fn keeps_what_could_be_read() {
        let bad = parse_line("[9] BUY,u,ABC,1.234", Dialect::Classic).unwrap_err();
        assert_eq!((bad.n, bad.user.as_str()), (Some(9), "u"));
        let Malformed { verb, symbol: read, amount, fault } = bad.malformed;
        assert_eq!(
            (verb, read, amount, fault),
            (Some(Verb::Buy), Some(symbol("ABC")), None, Fault::Decimals)
        );
        let bad = parse_line("[9] BUY,u,ABCD,1.23", Dialect::Classic).unwrap_err();
        assert_eq!((bad.malformed.symbol, bad.malformed.amount), (None, Some(Cents(123))));
    }

    #[test]
    fn wide_symbols_are_for_the_wide_dialect() {
        for name in ["BRK.B", "BINANCE:BTCUSDT", "A1", "GOOGL"] {
            let line = format!("QUOTE,u,{name}");
            assert_eq!(classic(&line), Err(Fault::Symbol));
            let wide = parse_line(&line, Dialect::Wide).map(|line| line.action);
            assert_eq!(wide, Ok(Action::Quote { symbol: symbol(name) }));
        }
        let bad = parse_line("QUOTE,u,<b>", Dialect::Wide).unwrap_err();
        assert_eq!(bad.malformed.fault, Fault::Symbol);
    }

    #[test]
    fn amounts_are_exact_and_never_rounded() {
        for (text, cents) in [
            ("0", 0),
            ("0.00", 0),
            ("5", 500),
            ("5.5", 550),
            ("5.05", 505),
            ("63511.53", 6_351_153),
            ("-73280.58", -7_328_058),
            ("007", 700),
            ("99999999999999999999", i64::MAX),
            ("-99999999999999999999", -i64::MAX),
        ] {
            assert_eq!(parse_amount(text), Ok(Cents(cents)), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(line in ".{0,80}") {
            let _ = parse_line(&line, Dialect::Classic);
            let _ = parse_line(&line, Dialect::Wide);
        }

        #[test]
        fn never_panics_on_what_is_nearly_a_line(line in r"(\[[0-9$]{0,3}\] )?(ADD|BUY|DUMPLOG|SELL),[a-z,.\[\]0-9-]{0,20}") {
            let _ = parse_line(&line, Dialect::Wide);
        }
    }
}

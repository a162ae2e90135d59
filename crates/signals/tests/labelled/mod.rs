//! Headlines with what a person says of them.

use market::{Hours, Instrument, Kind, Symbol, Universe};

/// When a headline was written, and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    /// Before the rules; what was wrong of them was looked at while tuning.
    Tuned,
    /// Before the rules; what was wrong of them was not looked at.
    Aside,
    /// After the rules were fixed, in other styles.
    Later,
}

/// One headline.
pub(crate) struct Row {
    /// What it is about, ascending.
    #[allow(dead_code, reason = "not every test looks at it")]
    pub(crate) symbols: Vec<String>,
    /// `+`, `0` or `-`.
    #[allow(dead_code, reason = "not every test looks at it")]
    pub(crate) tone: char,
    pub(crate) title: String,
    pub(crate) set: Set,
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('|').collect())
}

pub(crate) fn headlines() -> Vec<Row> {
    let row = |set: Set, fields: Vec<&str>| {
        let mut symbols: Vec<String> =
            fields[0].split(',').filter(|s| *s != "-").map(str::to_owned).collect();
        symbols.sort();
        let tone = fields[1].chars().next().unwrap();
        Row { symbols, tone, title: fields[2].to_owned(), set }
    };
    let first = rows(include_str!("../data/headlines.txt")).enumerate();
    let first = first.map(|(n, fields)| row(if n % 2 == 0 { Set::Tuned } else { Set::Aside }, fields));
    first.chain(rows(include_str!("../data/later.txt")).map(|fields| row(Set::Later, fields))).collect()
}

#[allow(dead_code, reason = "not every test looks at it")]
pub(crate) fn universe() -> Universe {
    let mut universe = Universe::new();
    universe.refresh(rows(include_str!("../data/instruments.txt")).map(|fields| Instrument {
        symbol: Symbol::new(fields[0]).unwrap(),
        name: fields[1].to_owned(),
        exchange: fields[2].to_owned(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours: Hours::UsEquity,
        activity: fields[3].parse().unwrap(),
    }));
    universe
}

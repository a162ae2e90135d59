//! What viewers watch, told to those who can subscribe to it.

use std::collections::HashMap;
use std::time::Duration;

use market::Symbol;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use wire::bus::InterestReport;

use crate::nats::NatsInterest;

/// Instances beyond this are not listened to.
const INSTANCES_MAX: usize = 4_096;

/// Yields every instance's reports, and an empty full one when an instance's lease has run out.
///
/// Reports arrive in the order they were made. A lost one is noticed by its number: reports that
/// build on it are left out, and the instance is asked to say everything again.
#[derive(Debug)]
pub struct InterestReader {
    source: Source,
    instances: HashMap<String, Instance>,
}

#[derive(Debug)]
pub(crate) enum Source {
    Local(mpsc::Receiver<(InterestReport, u64)>),
    Nats(Box<NatsInterest>),
}

#[derive(Debug)]
struct Instance {
    number: u64,
    lease: Duration,
    expires: Instant,
}

/// What a source has to tell.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A report and its number.
    Report(InterestReport, u64),
    /// We were cut off and are back: nothing could be heard meanwhile, so no lease ran.
    Reconnected,
    /// There will be nothing more.
    Closed,
}

impl InterestReader {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, instances: HashMap::new() }
    }

    /// The next report; `None` when the bus is closed. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<InterestReport> {
        loop {
            let first =
                self.instances.iter().min_by_key(|(_, i)| i.expires).map(|(n, i)| (n.clone(), i.expires));
            let heard = match first {
                Some((name, at)) => tokio::select! {
                    biased;
                    heard = self.source.next() => heard,
                    () = sleep_until(at) => match self.expire(&name) {
                        Some(report) => return Some(report),
                        None => continue,
                    },
                },
                None => self.source.next().await,
            };
            match heard {
                Heard::Report(report, number) => {
                    if self.accept(&report, number) {
                        return Some(report);
                    }
                }
                Heard::Reconnected => {
                    let now = Instant::now();
                    self.instances.values_mut().for_each(|i| i.expires = now + i.lease);
                }
                Heard::Closed => return None,
            }
        }
    }

    fn accept(&mut self, report: &InterestReport, number: u64) -> bool {
        let expires = Instant::now() + report.lease;
        let n_instances = self.instances.len();
        match self.instances.get_mut(&report.instance) {
            Some(known) if report.full || number == known.number.wrapping_add(1) => {
                *known = Instance { number, lease: report.lease, expires };
                true
            }
            None if report.full && n_instances < INSTANCES_MAX => {
                self.instances
                    .insert(report.instance.clone(), Instance { number, lease: report.lease, expires });
                true
            }
            _ => {
                self.source.ask();
                false
            }
        }
    }

    /// Forgets an instance, unless nothing could be heard of it anyway.
    fn expire(&mut self, name: &str) -> Option<InterestReport> {
        if !self.source.is_connected() {
            let known = self.instances.get_mut(name)?;
            known.expires = Instant::now() + known.lease.max(Duration::from_millis(100));
            return None;
        }
        self.instances.remove(name);
        let instance = name.to_owned();
        let paused = Vec::new();
        Some(InterestReport { instance, full: true, lease: Duration::ZERO, counts: Vec::new(), paused })
    }
}

impl Source {
    async fn next(&mut self) -> Heard {
        match self {
            Self::Local(reports) => match reports.recv().await {
                Some((report, number)) => Heard::Report(report, number),
                None => Heard::Closed,
            },
            Self::Nats(nats) => nats.next().await,
        }
    }

    fn ask(&self) {
        match self {
            // Nothing is lost in process.
            Self::Local(_) => {}
            Self::Nats(nats) => nats.ask(),
        }
    }

    fn is_connected(&self) -> bool {
        match self {
            Self::Local(_) => true,
            Self::Nats(nats) => nats.is_connected(),
        }
    }
}

/// Everyone's interest together: a fold over the reports.
#[derive(Debug, Default)]
pub struct InterestTable {
    instances: HashMap<String, HashMap<Symbol, u32>>,
    totals: HashMap<Symbol, u64>,
    /// What instances have paused, if anything.
    paused: HashMap<String, Vec<String>>,
}

impl InterestTable {
    /// Nobody watches anything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a report; tells which symbols' totals changed and what they are now, sorted by symbol.
    pub fn apply(&mut self, report: &InterestReport) -> Vec<(Symbol, u64)> {
        let mut changed: HashMap<Symbol, u64> = HashMap::new();
        let instance = self.instances.entry(report.instance.clone()).or_default();
        if report.full {
            for (symbol, n) in std::mem::take(instance) {
                changed
                    .entry(symbol)
                    .or_insert_with(|| self.totals.get(&symbol).copied().unwrap_or_default());
                subtract(&mut self.totals, symbol, n);
            }
        }
        for &(symbol, n) in &report.counts {
            changed.entry(symbol).or_insert_with(|| self.totals.get(&symbol).copied().unwrap_or_default());
            let before = if n == 0 { instance.remove(&symbol) } else { instance.insert(symbol, n) };
            subtract(&mut self.totals, symbol, before.unwrap_or_default());
            if n > 0 {
                *self.totals.entry(symbol).or_default() += u64::from(n);
            }
        }
        if instance.is_empty() {
            self.instances.remove(&report.instance);
        }
        match report.paused.is_empty() {
            true => drop(self.paused.remove(&report.instance)),
            false => drop(self.paused.insert(report.instance.clone(), report.paused.clone())),
        }
        let mut changes: Vec<_> = changed
            .into_iter()
            .filter_map(|(symbol, before)| {
                let now = self.viewers(&symbol);
                (now != before).then_some((symbol, now))
            })
            .collect();
        changes.sort_unstable();
        changes
    }

    /// Viewers of a symbol, of all instances.
    pub fn viewers(&self, symbol: &Symbol) -> u64 {
        self.totals.get(symbol).copied().unwrap_or_default()
    }

    /// Whether an operator has paused a feed.
    pub fn is_paused(&self, feed: &str) -> bool {
        self.paused.values().flatten().any(|name| name == feed)
    }

    /// All symbols somebody watches, with their viewers, in no order.
    pub fn totals(&self) -> impl Iterator<Item = (&Symbol, u64)> {
        self.totals.iter().map(|(symbol, n)| (symbol, *n))
    }
}

fn subtract(totals: &mut HashMap<Symbol, u64>, symbol: Symbol, n: u32) {
    if let Some(total) = totals.get_mut(&symbol) {
        *total = total.saturating_sub(u64::from(n));
        if *total == 0 {
            totals.remove(&symbol);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(instance: &str, full: bool, counts: &[(&str, u32)]) -> InterestReport {
        InterestReport {
            instance: instance.into(),
            full,
            lease: Duration::from_secs(15),
            counts: counts.iter().map(|(s, n)| (Symbol::new(s).unwrap(), *n)).collect(),
            paused: vec![],
        }
    }

    #[test]
    fn a_feed_is_paused_until_all_who_paused_it_say_otherwise() {
        let mut table = InterestTable::new();
        let says = |instance: &str, paused: &[&str]| InterestReport {
            paused: paused.iter().map(|name| (*name).to_owned()).collect(),
            ..report(instance, false, &[])
        };
        table.apply(&says("a", &["sim", "finnhub"]));
        table.apply(&says("b", &["sim"]));
        table.apply(&says("a", &[]));
        assert!(table.is_paused("sim") && !table.is_paused("finnhub"));
        table.apply(&report("b", true, &[]));
        assert!(!table.is_paused("sim"));
    }

    #[test]
    fn adds_up_instances_and_tells_what_changed() {
        let mut table = InterestTable::new();
        let mut check = |r: InterestReport, want: &[(&str, u64)]| {
            let got: Vec<(String, u64)> =
                table.apply(&r).into_iter().map(|(s, n)| (s.to_string(), n)).collect();
            let want: Vec<(String, u64)> = want.iter().map(|(s, n)| ((*s).into(), *n)).collect();
            assert_eq!(got, want, "{r:?}");
        };
        check(report("a", true, &[("AAPL", 2), ("BRK.B", 1)]), &[("AAPL", 2), ("BRK.B", 1)]);
        check(report("b", true, &[("AAPL", 3)]), &[("AAPL", 5)]);
        check(report("a", false, &[("AAPL", 0), ("IBM", 1)]), &[("AAPL", 3), ("IBM", 1)]);
        check(report("a", true, &[("BRK.B", 1), ("IBM", 1)]), &[]);
        check(report("a", true, &[]), &[("BRK.B", 0), ("IBM", 0)]);
        check(report("b", false, &[("AAPL", 3)]), &[]);
        check(report("b", true, &[]), &[("AAPL", 0)]);
        assert_eq!(table.totals().count(), 0);
        assert!(table.instances.is_empty());
    }
}

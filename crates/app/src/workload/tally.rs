//! What has been heard so far, counted. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use ledger::line::Verb;

use super::answer::Outcome;
use super::histogram::Histogram;

/// Lines named; the rest is counted.
pub(crate) const NAMED_MAX: usize = 20;
/// Reasons told apart. The rules have a few dozen; a server that has more is not believed.
const REASONS_MAX: usize = 500;

/// Counts of one command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) malformed: u64,
    pub(crate) lost: u64,
    /// From sending to the answer, in microseconds; a command that was sent again counts from the first time.
    pub(crate) latency: Histogram,
}

/// A command whose answer does not tell what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Number of the line in the file.
    pub(crate) line: u64,
    /// What came instead.
    pub(crate) why: String,
}

/// Everything counted in a run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Commands with an answer of any kind.
    pub(crate) heard: u64,
    pub(crate) by_command: BTreeMap<Verb, Counts>,
    pub(crate) refused: BTreeMap<String, u64>,
    pub(crate) malformed: BTreeMap<String, u64>,
    /// The first so many.
    pub(crate) lost: Vec<Lost>,
    /// Connections that had to be made again, by reason.
    pub(crate) cuts: BTreeMap<String, u64>,
    /// Why connections were given up for good, by reason.
    pub(crate) given_up: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts an answer.
    pub(crate) fn hear(&mut self, verb: Verb, line: u64, outcome: Outcome<'_>, after: Duration) {
        let counts = self.by_command.entry(verb).or_default();
        self.heard += 1;
        counts.latency.record(after.as_micros().try_into().unwrap_or(u64::MAX));
        match outcome {
            Outcome::Accepted => counts.accepted += 1,
            Outcome::Refused(reason) => {
                counts.refused += 1;
                count(&mut self.refused, &reason);
            }
            Outcome::Malformed(reason) => {
                counts.malformed += 1;
                count(&mut self.malformed, &reason);
            }
            Outcome::Lost(why) => self.lose(verb, line, why),
            Outcome::Other => self.lose(verb, line, "the answer is to another command"),
        }
    }

    fn lose(&mut self, verb: Verb, line: u64, why: &str) {
        self.by_command.entry(verb).or_default().lost += 1;
        if self.lost.len() < NAMED_MAX {
            self.lost.push(Lost { line, why: why.to_owned() });
        }
    }

    /// Counts an answer over HTTP that has none to this command.
    pub(crate) fn hear_nothing(&mut self, verb: Verb, line: u64, why: &str) {
        self.heard += 1;
        self.lose(verb, line, why);
    }

    /// Counts a connection that ended too soon.
    pub(crate) fn cut(&mut self, why: &str) {
        count(&mut self.cuts, why);
    }

    /// Counts a connection that was given up.
    pub(crate) fn give_up(&mut self, why: &str) {
        count(&mut self.given_up, why);
    }
}

fn count(reasons: &mut BTreeMap<String, u64>, reason: &str) {
    if let Some(count) = reasons.get_mut(reason) {
        *count += 1;
    } else {
        let name = if reasons.len() < REASONS_MAX { reason } else { "others" };
        *reasons.entry(name.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_command_and_reason() {
        let mut tally = Tally::default();
        let soon = Duration::from_micros(5);
        tally.hear(Verb::Add, 1, Outcome::Accepted, soon);
        tally.hear(Verb::Buy, 2, Outcome::Refused("no_account".into()), soon);
        tally.hear(Verb::Buy, 3, Outcome::Refused("no_account".into()), soon);
        tally.hear(Verb::Buy, 4, Outcome::Lost("?"), soon);
        tally.hear_nothing(Verb::Buy, 5, "HTTP 413");
        assert_eq!(tally.heard, 5);
        let buy = &tally.by_command[&Verb::Buy];
        assert_eq!((buy.accepted, buy.refused, buy.lost, buy.latency.total()), (0, 2, 2, 3));
        assert_eq!(tally.refused["no_account"], 2);
        let lost = |line, why: &str| Lost { line, why: why.into() };
        assert_eq!(tally.lost, [lost(4, "?"), lost(5, "HTTP 413")]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut tally = Tally::default();
        for n in 0..10_000u64 {
            tally.hear(Verb::Buy, n, Outcome::Refused(n.to_string().into()), Duration::ZERO);
            tally.hear_nothing(Verb::Buy, n, "gone");
        }
        assert_eq!((tally.refused.len(), tally.lost.len()), (REASONS_MAX + 1, NAMED_MAX));
        assert_eq!(tally.refused["others"], 10_000 - REASONS_MAX as u64);
        assert_eq!(tally.by_command[&Verb::Buy].lost, 10_000);
    }
}

//! The newest entries of a shard, kept in memory, so that a summary need not read the journal.

use std::collections::VecDeque;

use ledger::Entry;

/// Entries kept. At some 250 bytes each this is 8 MB of a busy shard.
const ENTRIES_MAX: usize = 32_768;

/// What a user did last, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Newest {
    /// The entries that were at hand.
    pub entries: Vec<Entry>,
    /// The user's entry before them, which is in the journal only; 0 when there is none.
    pub earlier: u64,
}

/// A row of entries without a gap.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    entries: VecDeque<Entry>,
}

impl Recent {
    /// Takes entries over that follow those it has, and lets the oldest go.
    pub(crate) fn take(&mut self, entries: &mut Vec<Entry>) {
        let surplus = (self.entries.len() + entries.len()).saturating_sub(ENTRIES_MAX);
        self.entries.drain(..surplus.min(self.entries.len()));
        self.entries.extend(entries.drain(..));
    }

    fn get(&self, seq: u64) -> Option<&Entry> {
        at(self.entries.front()?.seq, seq).and_then(|at| self.entries.get(at))
    }

    /// At most so many entries of a user, from entry `last` back. `pending` are those that follow these.
    pub(crate) fn back(&self, pending: &[Entry], last: u64, most: usize) -> Newest {
        let mut newest = Newest { entries: Vec::with_capacity(most), earlier: last };
        let first_pending = pending.first().map_or(u64::MAX, |entry| entry.seq);
        while newest.entries.len() < most {
            let seq = newest.earlier;
            let found = match at(first_pending, seq) {
                Some(at) => pending.get(at),
                None => self.get(seq),
            };
            let Some(entry) = found else { break };
            newest.earlier = entry.previous;
            newest.entries.push(entry.clone());
        }
        newest
    }
}

fn at(first: u64, seq: u64) -> Option<usize> {
    usize::try_from(seq.checked_sub(first)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::{Event, Millis, UserId};

    /// Two users in turns: 1, 3, 5 ... and 2, 4, 6 ...
    fn entry(seq: u64) -> Entry {
        Entry {
            seq,
            previous: seq.saturating_sub(2),
            at: Millis(0),
            user: UserId::SYSTEM,
            n: seq,
            quote: None,
            event: Event::Command {
                key: None,
                action: ledger::Action::DisplaySummary,
                outcome: ledger::Outcome::Done(ledger::Effect::Noted),
            },
        }
    }

    fn seqs(newest: &Newest) -> Vec<u64> {
        newest.entries.iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn what_is_at_hand_is_walked_back_and_the_rest_is_named() {
        let mut recent = Recent::default();
        assert_eq!(recent.back(&[], 0, 3), Newest::default());
        assert_eq!(recent.back(&[], 7, 3), Newest { entries: Vec::new(), earlier: 7 });
        recent.take(&mut (5..=9).map(entry).collect());
        let pending: Vec<Entry> = (10..=12).map(entry).collect();
        let newest = recent.back(&pending, 11, 3);
        assert_eq!((seqs(&newest), newest.earlier), (vec![11, 9, 7], 5));
        let newest = recent.back(&pending, 12, 9);
        assert_eq!((seqs(&newest), newest.earlier), (vec![12, 10, 8, 6], 4), "4 is not at hand");
    }

    #[test]
    fn the_oldest_are_let_go() {
        let mut recent = Recent::default();
        let most = ENTRIES_MAX as u64;
        recent.take(&mut (1..=most).map(entry).collect());
        recent.take(&mut (most + 1..=most + 4).map(entry).collect());
        assert_eq!(recent.entries.len(), ENTRIES_MAX);
        assert!(recent.get(4).is_none());
        assert_eq!(recent.get(5).map(|entry| entry.seq), Some(5));
        assert_eq!(recent.get(most + 4).map(|entry| entry.seq), Some(most + 4));
    }
}

//! Who was seen lately: what logins and keys stand for, in memory, so that a request need not ask the records.
//!
//! An entry is asked for again after [`GOOD_FOR`], which bounds how long another server's revocation takes to
//! reach this one; one of this server takes effect at once. When the last use was is kept here, and written
//! now and then.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use market::Timestamp;
use store::records::SecretHash;

use super::identity::{By, Who};

/// Logins and keys kept. With one more all are let go, and asked for again as they come.
const KEPT_MAX: usize = 50_000;
/// How long an entry is believed.
pub(super) const GOOD_FOR: Duration = Duration::from_secs(30);
/// Uses within so long of the last one written are not written.
const WRITTEN_EVERY: Duration = Duration::from_secs(300);

#[derive(Debug)]
struct Entry {
    who: Who,
    loaded: Timestamp,
    used: AtomicI64,
    written: AtomicI64,
}

/// When logins or keys were last used, by their ids.
type Uses = Vec<(i64, Timestamp)>;

/// The cache.
#[derive(Debug, Default)]
pub(super) struct Seen {
    entries: RwLock<HashMap<SecretHash, Arc<Entry>, foldhash::fast::RandomState>>,
    /// Grows with every revocation, so that what was read before one is not kept after it.
    revocations: AtomicU64,
}

/// What a question to the records begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question(u64);

impl Seen {
    /// Who this is, if it was asked lately. Notes the use.
    pub(super) fn get(&self, hash: &SecretHash, now: Timestamp) -> Option<Who> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(hash)?;
        let age = now.nanos().saturating_sub(entry.loaded.nanos());
        if !(0..GOOD_FOR.as_nanos() as i64).contains(&age) {
            return None;
        }
        entry.used.fetch_max(now.nanos(), Ordering::Relaxed);
        Some(entry.who)
    }

    /// To be called before the records are asked.
    pub(super) fn ask(&self) -> Question {
        Question(self.revocations.load(Ordering::Acquire))
    }

    /// Keeps an answer, unless something was revoked since the question. `written` is the last use that the
    /// records know.
    pub(super) fn put(
        &self,
        question: Question,
        hash: SecretHash,
        who: Who,
        written: Timestamp,
        now: Timestamp,
    ) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if self.revocations.load(Ordering::Acquire) != question.0 {
            return;
        }
        if entries.len() >= KEPT_MAX && !entries.contains_key(&hash) {
            entries.clear();
        }
        let (used, written) = (AtomicI64::new(now.nanos()), AtomicI64::new(written.nanos()));
        entries.insert(hash, Arc::new(Entry { who, loaded: now, used, written }));
    }

    /// Forgets whoever this is true of. From then on the records are asked.
    pub(super) fn revoke(&self, is_revoked: impl Fn(&Who) -> bool) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        self.revocations.fetch_add(1, Ordering::AcqRel);
        entries.retain(|_, entry| !is_revoked(&entry.who));
    }

    /// Uses that are to be written, of logins and of keys. They count as written from now on.
    pub(super) fn take_uses(&self, is_all: bool) -> (Uses, Uses) {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let (mut logins, mut keys) = (Vec::new(), Vec::new());
        for entry in entries.values() {
            let (used, written) = (entry.used.load(Ordering::Relaxed), entry.written.load(Ordering::Relaxed));
            let unwritten = used.saturating_sub(written);
            if unwritten <= 0 || !is_all && unwritten < WRITTEN_EVERY.as_nanos() as i64 {
                continue;
            }
            entry.written.store(used, Ordering::Relaxed);
            let used = Timestamp::from_nanos(used);
            match entry.who.by {
                By::Login(id) => logins.push((id, used)),
                By::Key { id, .. } => keys.push((id, used)),
                By::Local | By::OperatorKey => {}
            }
        }
        (logins, keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn who(login: i64) -> Who {
        let name = "ada".parse().unwrap();
        Who { by: By::Login(login), owner: 1, name, account: name, is_operator: false }
    }

    #[test]
    fn an_answer_is_believed_for_a_while_and_until_revoked() {
        let (seen, hash) = (Seen::default(), SecretHash::of("secret"));
        assert_eq!(seen.get(&hash, at(0)), None);
        seen.put(seen.ask(), hash, who(1), at(0), at(0));
        assert_eq!(seen.get(&hash, at(29)), Some(who(1)));
        assert_eq!(seen.get(&hash, at(30)), None);
        seen.put(seen.ask(), hash, who(1), at(0), at(31));
        seen.revoke(|who| who.by == By::Login(2));
        assert_eq!(seen.get(&hash, at(31)), Some(who(1)));
        // What was read before a revocation is not kept after it.
        let question = seen.ask();
        seen.revoke(|who| who.by == By::Login(1));
        seen.put(question, hash, who(1), at(0), at(31));
        assert_eq!(seen.get(&hash, at(31)), None);
    }

    #[test]
    fn uses_are_written_now_and_then() {
        let (seen, hash) = (Seen::default(), SecretHash::of("secret"));
        seen.put(seen.ask(), hash, who(1), at(0), at(100));
        assert_eq!(seen.take_uses(false), (vec![], vec![]));
        seen.put(seen.ask(), hash, who(1), at(0), at(300));
        seen.get(&hash, at(310));
        assert_eq!(seen.take_uses(false), (vec![(1, at(310))], vec![]));
        seen.get(&hash, at(320));
        assert_eq!(seen.take_uses(false), (vec![], vec![]));
        assert_eq!(seen.take_uses(true), (vec![(1, at(320))], vec![]));
        assert_eq!(seen.take_uses(true), (vec![], vec![]));
    }

    #[test]
    fn no_more_are_kept_than_may_be() {
        let seen = Seen::default();
        for n in 0..=KEPT_MAX as i64 {
            seen.put(seen.ask(), SecretHash::of(&n.to_string()), who(n), at(0), at(0));
        }
        assert_eq!(seen.entries.read().unwrap().len(), 1);
    }
}

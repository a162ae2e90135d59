//! Which symbols the provider sends us, and what to send so that they are the wanted ones. Pure.
//!
//! The set here is what the provider holds for this connection. It changes only by a `Plan`,
//! which the caller must send whole or drop the connection: so nothing is lost or doubled.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use market::SymbolId;

use crate::interest::Demand;

/// A complaint of "too many" concerns what was sent within this time before it.
const DOUBT: Duration = Duration::from_secs(10);
/// After a complaint nothing is sent until so long passed without another: then their number is known.
const SETTLE: Duration = Duration::from_secs(1);
/// A limit learnt from complaints is doubted after so long: plans change.
const LEARNT_FOR: Duration = Duration::from_secs(3_600);

/// What to send, in this order, so that the limit is never passed on the way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// First.
    pub unsubscribe: Vec<SymbolId>,
    /// Then.
    pub subscribe: Vec<SymbolId>,
}

impl Plan {
    /// Nothing to send.
    pub fn is_empty(&self) -> bool {
        self.unsubscribe.is_empty() && self.subscribe.is_empty()
    }
}

#[derive(Debug)]
struct Complaints {
    n: usize,
    first: Instant,
    last: Instant,
}

/// The provider's side of our subscriptions, as far as we know it.
#[derive(Debug)]
pub struct Subscriptions {
    declared: Option<u32>,
    learnt: Option<(u32, Instant)>,
    /// In the order sent, with the time.
    active: Vec<(SymbolId, Instant)>,
    complaints: Option<Complaints>,
}

impl Subscriptions {
    /// None yet; `declared` is the limit the adapter declares.
    pub fn new(declared: Option<u32>) -> Self {
        Self { declared, learnt: None, active: Vec::new(), complaints: None }
    }

    /// The connection is gone and its subscriptions with it; they are returned.
    pub fn cut(&mut self) -> Vec<SymbolId> {
        self.complaints = None;
        self.active.drain(..).map(|(id, _)| id).collect()
    }

    /// The limit in force.
    pub fn limit(&self) -> Option<u32> {
        self.learnt.map(|(n, _)| n).into_iter().chain(self.declared).min()
    }

    /// What the provider sends us.
    pub fn active(&self) -> impl Iterator<Item = SymbolId> {
        self.active.iter().map(|(id, _)| *id)
    }

    /// Wanted and not sent, best first.
    pub fn waiting(&self, demand: &Demand) -> Vec<SymbolId> {
        let active: HashSet<SymbolId> = self.active().collect();
        let all = demand.stream.iter().chain(&demand.waiting);
        all.copied().filter(|id| !active.contains(id)).collect()
    }

    /// The provider refused one subscription as too many, without saying which. A complaint
    /// nothing of ours explains is ignored: it must not shrink the list for good.
    pub fn refused(&mut self, now: Instant) {
        let recent = self.active.iter().any(|(_, at)| now.saturating_duration_since(*at) < DOUBT);
        match &mut self.complaints {
            Some(complaints) => {
                complaints.n += 1;
                complaints.last = now;
            }
            None if recent => self.complaints = Some(Complaints { n: 1, first: now, last: now }),
            None => {}
        }
    }

    /// A plan may have something to do although neither demand nor universe changed.
    pub fn is_due(&self, now: Instant) -> bool {
        let old = |at: Instant, age: Duration| now.saturating_duration_since(at) >= age;
        self.complaints.as_ref().is_some_and(|c| old(c.last, SETTLE))
            || self.learnt.is_some_and(|(_, at)| old(at, LEARNT_FOR))
    }

    /// What to send so that the best of the demand are subscribed; taken as sent.
    ///
    /// `known` tells whether a symbol can be named; what cannot yet waits.
    pub fn plan(&mut self, demand: &Demand, known: impl Fn(SymbolId) -> bool, now: Instant) -> Plan {
        if self.learnt.is_some_and(|(_, at)| now.saturating_duration_since(at) >= LEARNT_FOR) {
            self.learnt = None;
        }
        let mut plan = Plan::default();
        if let Some(complaints) = &self.complaints {
            if now.saturating_duration_since(complaints.last) < SETTLE {
                return plan;
            }
            plan.unsubscribe = self.settle();
        }
        let limit = self.limit().map_or(usize::MAX, |n| n as usize);
        let mut seen = HashSet::new();
        let wanted: Vec<SymbolId> =
            demand.stream.iter().copied().filter(|id| known(*id) && seen.insert(*id)).take(limit).collect();
        let keep: HashSet<SymbolId> = wanted.iter().copied().collect();
        self.active.retain(|(id, _)| {
            let stays = keep.contains(id);
            if !stays {
                plan.unsubscribe.push(*id);
            }
            stays
        });
        let held: HashSet<SymbolId> = self.active().collect();
        plan.subscribe = wanted.into_iter().filter(|id| !held.contains(id)).collect();
        self.active.extend(plan.subscribe.iter().map(|id| (*id, now)));
        plan
    }

    /// The complaints are all in: so many fewer than we sent is the limit. Which ones were refused
    /// is not known, so all in doubt are taken back, to be sent again up to the limit.
    fn settle(&mut self) -> Vec<SymbolId> {
        let Some(complaints) = self.complaints.take() else { return Vec::new() };
        let sure = |at: Instant| complaints.first.saturating_duration_since(at) >= DOUBT;
        let doubtful: Vec<SymbolId> =
            self.active.iter().filter(|(_, at)| !sure(*at)).map(|(id, _)| *id).collect();
        let n = self.active.len() - complaints.n.min(doubtful.len());
        self.learnt = Some((u32::try_from(n).unwrap_or(u32::MAX), complaints.last));
        self.active.retain(|(_, at)| sure(*at));
        doubtful
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids(list: impl IntoIterator<Item = u32>) -> Vec<SymbolId> {
        list.into_iter().map(SymbolId).collect()
    }

    /// A provider with a limit that refuses without saying which.
    #[derive(Default)]
    struct Provider {
        limit: usize,
        held: Vec<SymbolId>,
        complaints: usize,
    }

    impl Provider {
        fn take(&mut self, plan: &Plan) {
            self.held.retain(|id| !plan.unsubscribe.contains(id));
            for id in &plan.subscribe {
                assert!(!self.held.contains(id), "doubled");
                if self.held.len() < self.limit {
                    self.held.push(*id);
                } else {
                    self.complaints += 1;
                }
            }
        }
    }

    fn sorted(list: impl IntoIterator<Item = SymbolId>) -> Vec<SymbolId> {
        let mut list: Vec<_> = list.into_iter().collect();
        list.sort();
        list
    }

    #[test]
    fn sends_the_difference_only() {
        let t = Instant::now();
        let mut subs = Subscriptions::new(Some(3));
        let plan = subs.plan(&ids([1, 2, 3, 4]).into(), |_| true, t);
        assert_eq!(plan, Plan { unsubscribe: vec![], subscribe: ids([1, 2, 3]) });
        assert_eq!(subs.waiting(&ids([1, 2, 3, 4]).into()), ids([4]));
        let plan = subs.plan(&ids([4, 2, 1]).into(), |_| true, t);
        assert_eq!(plan, Plan { unsubscribe: ids([3]), subscribe: ids([4]) });
        assert!(subs.plan(&ids([1, 2, 4]).into(), |_| true, t).is_empty());
        assert_eq!(subs.cut(), ids([1, 2, 4]));
        assert_eq!(subs.plan(&ids([1, 2, 4]).into(), |id| id.0 != 2, t).subscribe, ids([1, 4]));
    }

    #[test]
    fn learns_the_real_limit_and_asks_again_later() {
        let t = Instant::now();
        let mut subs = Subscriptions::new(Some(50));
        let mut provider = Provider { limit: 30, ..Provider::default() };
        let demand: Demand = ids(0..60).into();
        provider.take(&subs.plan(&demand, |_| true, t));
        for _ in 0..provider.complaints {
            subs.refused(t);
        }
        assert!(subs.plan(&demand, |_| true, t).is_empty(), "it waits until the complaints are all in");
        provider.complaints = 0;
        provider.take(&subs.plan(&demand, |_| true, t + SETTLE));
        assert_eq!((subs.limit(), provider.complaints), (Some(30), 0));
        assert_eq!(sorted(subs.active()), ids(0..30));
        assert_eq!(sorted(provider.held.iter().copied()), ids(0..30));
        assert_eq!(subs.waiting(&demand).len(), 30);
        // An hour later it tries the declared limit again.
        assert_eq!(subs.plan(&demand, |_| true, t + LEARNT_FOR + SETTLE).subscribe.len(), 20);
    }

    #[test]
    fn complaints_out_of_nowhere_change_nothing() {
        let t = Instant::now();
        let mut subs = Subscriptions::new(Some(50));
        subs.plan(&ids([1, 2]).into(), |_| true, t);
        for n in 0..100 {
            subs.refused(t + DOUBT + Duration::from_secs(n));
        }
        assert_eq!(subs.limit(), Some(50));
        assert!(subs.plan(&ids([1, 2]).into(), |_| true, t + DOUBT * 100).is_empty());
    }

    proptest! {
        /// Whatever is wanted when, once the complaints have settled both sides hold the same.
        #[test]
        fn both_sides_end_alike(
            demands in proptest::collection::vec((proptest::collection::vec(0u32..20, 0..15), 0u64..1_500), 1..20),
            limit in 1usize..12,
        ) {
            let mut now = Instant::now();
            let mut subs = Subscriptions::new(Some(10));
            let mut provider = Provider { limit, ..Provider::default() };
            let mut demand = Demand::default();
            for (list, pause) in demands {
                demand = ids(list).into();
                provider.take(&subs.plan(&demand, |_| true, now));
                for _ in 0..std::mem::take(&mut provider.complaints) {
                    subs.refused(now);
                }
                now += Duration::from_millis(pause);
            }
            for _ in 0..5 {
                now += SETTLE;
                provider.take(&subs.plan(&demand, |_| true, now));
                for _ in 0..std::mem::take(&mut provider.complaints) {
                    subs.refused(now);
                }
            }
            prop_assert_eq!(sorted(subs.active()), sorted(provider.held.iter().copied()));
            let distinct = demand.stream.iter().collect::<HashSet<_>>().len();
            prop_assert_eq!(provider.held.len(), distinct.min(limit).min(10));
        }
    }
}

//! Recovery: the same fold as running.

use crate::ledger::{Divergence, Ledger};
use crate::{Command, Entry, Event, Outcome, Side};

impl Ledger {
    /// Applies an entry of the journal, by the same code that made it. Its user's id is one that
    /// this ledger gave out for the name in the journal. Prices, times and refusals from outside
    /// are taken at their word; everything else must follow.
    ///
    /// # Errors
    ///
    /// A [`Divergence`] when the engine makes something else of it. The ledger must not be used
    /// after that.
    pub fn replay(&mut self, entry: &Entry) -> Result<(), Divergence> {
        let diverged = |reason: String| Divergence { seq: entry.seq, reason };
        if entry.seq != self.seq + 1 {
            return Err(diverged(format!("the entry after {} was expected", self.seq)));
        }
        if entry.at < self.latest {
            return Err(diverged(format!("its time {:?} is before {:?}", entry.at, self.latest)));
        }
        if entry.user != self.known(entry.user) {
            return Err(diverged("its user has no name".to_owned()));
        }
        let made = self.again(entry).map_err(|reason| diverged(reason.to_owned()))?;
        if made != *entry {
            return Err(diverged(format!("it says {entry:?}, the rules say {made:?}")));
        }
        match &self.broken {
            Some(broken) => Err(diverged(broken.to_string())),
            None => Ok(()),
        }
    }

    /// What the engine makes of the cause of an entry.
    fn again(&mut self, entry: &Entry) -> Result<Entry, &'static str> {
        let (user, quote, at) = (entry.user, entry.quote.as_ref(), entry.at);
        match &entry.event {
            Event::Command { action, key, outcome } => {
                let command = Command { user, n: entry.n, key: *key, action: action.clone() };
                if let Ok(Some(_)) = self.earlier(&command) {
                    return Err("the same command stands in the journal already");
                }
                let owner = &self.users[user.index()];
                let fronts = [owner.stack(Side::Buy).front(), owner.stack(Side::Sell).front()];
                if fronts.into_iter().flatten().any(|slot| self.pending.ticket(*slot).is_expired(at)) {
                    return Err("a ticket of the user had expired before it");
                }
                let outside = match outcome {
                    Outcome::Refused(refusal) if refusal.is_from_outside() => Some(*refusal),
                    _ => None,
                };
                Ok(self.enter_command(&command, outside, quote, at))
            }
            Event::Expired(ticket) => {
                let slot = self.pending.by_id(ticket.id).ok_or("there is no such ticket")?;
                if !self.pending.ticket(slot).is_expired(at) {
                    return Err("the ticket has not expired");
                }
                self.expire_ticket(slot, at).ok_or("the ticket cannot expire")
            }
            Event::Fired(fill) => {
                let quote = quote.ok_or("a trigger fires at a price")?;
                let fired = self.fire(user, &fill.symbol, fill.side, quote, at);
                fired.ok_or("no trigger of the user meets the price")
            }
            Event::Quoted { symbol } => {
                Ok(self.enter(user, entry.n, entry.quote.clone(), at, Event::Quoted { symbol: *symbol }))
            }
        }
    }
}

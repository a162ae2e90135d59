//! Tickets that nobody committed in time, and how tickets end at all.

use crate::ledger::Ledger;
use crate::snapshot::TicketEnd;
use crate::{BATCH_MAX, Entry, Event, Millis, Side, Ticket, UserId};

impl Ledger {
    /// The first moment at which a pending ticket will have expired.
    pub fn next_expiry(&self) -> Option<Millis> {
        self.pending.oldest().map(|slot| self.pending.ticket(slot).expires_at().plus(1))
    }

    /// Gives back what expired tickets have set aside, oldest first, one entry each. What is due
    /// for a user is also given back before that user's next command, so when this is called
    /// changes nothing for anybody (rule A5).
    ///
    /// At most [`BATCH_MAX`] in one call: call again while [`Ledger::next_expiry`] is not in the future.
    pub fn expire(&mut self, now: Millis, out: &mut Vec<Entry>) {
        let (now, before) = (self.clamped(now), out.len());
        while let Some(slot) = self.pending.oldest() {
            if !self.pending.ticket(slot).is_expired(now) || out.len() - before >= BATCH_MAX {
                break;
            }
            match self.expire_ticket(slot, now) {
                Some(entry) => out.push(entry),
                None => break,
            }
        }
    }

    /// Takes a ticket out and remembers how it ended.
    pub(crate) fn end_ticket(&mut self, user: UserId, ticket: &Ticket, end: TicketEnd) {
        let Some(slot) = self.pending.by_id(ticket.id) else { return };
        let owner = &mut self.users[user.index()];
        let stack = owner.stack_mut(ticket.side);
        if stack.back() == Some(&slot) {
            stack.pop_back();
        } else {
            // Ids grow along the stack.
            let place = stack.partition_point(|&other| self.pending.ticket(other).id < ticket.id);
            stack.remove(place);
        }
        self.pending.remove(slot);
        owner.ended.remember(ticket.id, end);
    }

    /// Expires what is due of one user, oldest first.
    pub(crate) fn expire_user(&mut self, user: UserId, now: Millis, out: &mut Vec<Entry>) {
        if !self.pending.has_expired(now) {
            return;
        }
        loop {
            let owner = &self.users[user.index()];
            let fronts = [owner.stack(Side::Buy).front(), owner.stack(Side::Sell).front()];
            let oldest = fronts.into_iter().flatten().min_by_key(|slot| self.pending.ticket(**slot).id);
            let due = oldest.filter(|slot| self.pending.ticket(**slot).is_expired(now));
            let entry = due.copied().and_then(|slot| self.expire_ticket(slot, now));
            match entry {
                Some(entry) => out.push(entry),
                None => break,
            }
        }
    }

    /// Gives back what a ticket has set aside. `None` if that cannot be, which the invariants exclude.
    pub(crate) fn expire_ticket(&mut self, slot: u32, now: Millis) -> Option<Entry> {
        let (user, ticket) = (self.pending.user(slot), *self.pending.ticket(slot));
        self.post(user, &ticket.back()).ok()?;
        self.end_ticket(user, &ticket, TicketEnd::Expired);
        Some(self.enter(user, ticket.n, None, now, Event::Expired(ticket)))
    }
}

//! What happens: commands, expiries and firings, each one entry.

use market::Symbol;

use crate::decide::Stop;
use crate::ledger::{Applied, Broken, Ledger};
use crate::memory::Keys;
use crate::snapshot::{ArmedState, KeyState, SettingState, TicketEnd};
use crate::{
    Cents, Command, Effect, Entry, Event, Millis, Outcome, Quote, Refusal, Shares, Side, TICKETS_MAX, UserId,
};

impl Ledger {
    /// Carries a command out or refuses it, and appends what happened: first the user's tickets
    /// that have expired, then the command itself, then the trigger it set if that fires at once.
    ///
    /// A price that is given is entered, needed or not: it was paid for.
    pub fn apply(
        &mut self,
        command: &Command,
        quote: Option<&Quote>,
        now: Millis,
        out: &mut Vec<Entry>,
    ) -> Applied {
        self.run(command, None, quote, now, out)
    }

    /// Enters a command as refused, for a reason that is known outside: an unknown symbol, a price
    /// too old, none to be had, a desk that is closing ([`Refusal::is_from_outside`]). Any other
    /// reason is entered as [`Refusal::Closed`].
    pub fn refuse(
        &mut self,
        command: &Command,
        refusal: Refusal,
        quote: Option<&Quote>,
        now: Millis,
        out: &mut Vec<Entry>,
    ) -> Applied {
        let refusal = if refusal.is_from_outside() { refusal } else { Refusal::Closed };
        self.run(command, Some(refusal), quote, now, out)
    }

    fn run(
        &mut self,
        command: &Command,
        outside: Option<Refusal>,
        quote: Option<&Quote>,
        now: Millis,
        out: &mut Vec<Entry>,
    ) -> Applied {
        let now = self.clamped(now);
        if let Ok(Some(seq)) = self.earlier(command) {
            return Applied::Repeated(seq);
        }
        let user = self.known(command.user);
        self.expire_user(user, now, out);
        if self.pending.len() >= TICKETS_MAX {
            // Whether there is room must not depend on who has noticed what expired.
            self.expire(now, out);
        }
        let at = out.len();
        let entry = self.enter_command(command, outside, quote, now);
        let armed = match entry.event {
            Event::Command { outcome: Outcome::Done(effect), .. } => effect.armed(),
            _ => None,
        };
        out.push(entry);
        // A trigger is checked at once when it is set (rule A11).
        if let (Some((symbol, side)), Some(quote)) = (armed, quote) {
            out.extend(self.fire(user, &symbol, side, &quote.reused(), now));
        }
        debug_assert!(self.is_sound(user), "{:?}", self.check_invariants(user));
        Applied::Entry(at)
    }

    /// Enters a price that was fetched to watch a symbol's triggers, so that the log has it. Call
    /// it before [`Ledger::on_price`], under the user in whose name it was fetched and the
    /// transaction number of a trigger of theirs.
    pub fn record_quote(
        &mut self,
        user: UserId,
        n: u64,
        symbol: &Symbol,
        quote: &Quote,
        now: Millis,
        out: &mut Vec<Entry>,
    ) {
        let user = self.known(user);
        let event = Event::Quoted { symbol: *symbol };
        out.push(self.enter(user, n, Some(quote.clone()), self.clamped(now), event));
    }

    /// Makes the entry of a command and remembers its key. Its user has no expired tickets.
    pub(crate) fn enter_command(
        &mut self,
        command: &Command,
        outside: Option<Refusal>,
        quote: Option<&Quote>,
        now: Millis,
    ) -> Entry {
        let user = self.known(command.user);
        let seq = self.seq + 1;
        let reused = self.earlier(command).err();
        let decided = match reused.or(outside) {
            Some(refusal) => Err(refusal),
            None => self.decide(user, command, quote, now, seq).map_err(|stop| match stop {
                Stop::Refused(refusal) => refusal,
                Stop::NeedsPrice(_) => Refusal::NoPrice,
            }),
        };
        let outcome =
            match decided.and_then(|effect| self.carry_out(user, command.n, seq, effect).map(|()| effect)) {
                Ok(effect) => Outcome::Done(effect),
                Err(refusal) => Outcome::Refused(refusal),
            };
        if let (Some(key), None) = (command.key, reused) {
            let state = KeyState { key, seq, fingerprint: command.action.fingerprint() };
            self.users[user.index()].keys.get_or_insert_with(Box::<Keys>::default).remember(state);
        }
        let event = Event::Command { action: command.action.clone(), key: command.key, outcome };
        self.enter(user, command.n, quote.cloned(), now, event)
    }

    /// The next entry.
    pub(crate) fn enter(
        &mut self,
        user: UserId,
        n: u64,
        quote: Option<Quote>,
        at: Millis,
        event: Event,
    ) -> Entry {
        self.seq += 1;
        self.latest = at;
        let owner = &mut self.users[user.index()];
        let previous = std::mem::replace(&mut owner.last, self.seq);
        // Section 3.8, where it costs two additions: cash is what came in, less what was paid.
        if owner.cash_due() != owner.cash_total() && self.broken.is_none() {
            self.broken = Some(Broken { user: owner.name, reason: "cash is not what came in".to_owned() });
        }
        Entry { seq: self.seq, previous, at, user, n, quote, event }
    }

    /// Moves the money of an effect and keeps what it changes beside.
    fn carry_out(&mut self, user: UserId, n: u64, seq: u64, effect: Effect) -> Result<(), Refusal> {
        self.post(user, &effect.postings())?;
        match effect {
            Effect::Noted => {}
            Effect::Deposited { amount } => {
                let owner = &mut self.users[user.index()];
                owner.is_open = true;
                owner.deposited += i128::from(amount.0);
            }
            Effect::Opened(ticket) => {
                let slot = self.pending.push(user, ticket);
                self.users[user.index()].stack_mut(ticket.side).push_back(slot);
            }
            Effect::Committed { ticket, basis } => {
                self.end_ticket(user, &ticket, TicketEnd::Committed);
                self.exchanged(user, ticket.side, &ticket.symbol, ticket.shares, ticket.total, basis);
            }
            Effect::Cancelled(ticket) => self.end_ticket(user, &ticket, TicketEnd::Cancelled),
            Effect::BuySet { symbol, amount, price, .. } => {
                let trigger = price.map(|price| ArmedState { price, n, seq });
                self.set(user, &symbol, Side::Buy, Some(SettingState { amount, trigger }));
            }
            Effect::BuyArmed { symbol, price } => {
                let amount =
                    self.setting(user, &symbol, Side::Buy).map_or(Cents::ZERO, |setting| setting.amount);
                let trigger = Some(ArmedState { price, n, seq });
                self.set(user, &symbol, Side::Buy, Some(SettingState { amount, trigger }));
            }
            Effect::BuyUnset { symbol, .. } => self.set(user, &symbol, Side::Buy, None),
            Effect::SellSet { symbol, amount, .. } => {
                self.set(user, &symbol, Side::Sell, Some(SettingState { amount, trigger: None }));
            }
            Effect::SellArmed { symbol, amount, price, .. } => {
                let trigger = Some(ArmedState { price, n, seq });
                self.set(user, &symbol, Side::Sell, Some(SettingState { amount, trigger }));
            }
            Effect::SellUnset { symbol, .. } => self.set(user, &symbol, Side::Sell, None),
        }
        Ok(())
    }

    /// Counts shares that changed hands with the house.
    pub(crate) fn exchanged(
        &mut self,
        user: UserId,
        side: Side,
        symbol: &Symbol,
        shares: Shares,
        total: Cents,
        basis: Cents,
    ) {
        let owner = &mut self.users[user.index()];
        let slot = self.positions.ensure(user, symbol, &mut owner.positions);
        let position = self.positions.slot_mut(slot);
        match side {
            Side::Buy => {
                owner.spent += i128::from(total.0);
                position.bought += i128::from(shares.0);
                // Whoever decided has seen that it fits.
                position.cost = Cents(position.cost.0.saturating_add(total.0));
            }
            Side::Sell => {
                owner.earned += i128::from(total.0);
                position.sold += i128::from(shares.0);
                position.cost = Cents(position.cost.0.saturating_sub(basis.0));
                position.realised += i128::from(total.0) - i128::from(basis.0);
            }
        }
        let holds = position.bought - position.sold == position.total();
        if !holds && self.broken.is_none() {
            let reason = format!("shares of {symbol} are not what was bought less what was sold");
            self.broken = Some(Broken { user: owner.name, reason });
        }
    }

    /// The invariants of a user hold, as far as it is quick to see.
    pub(crate) fn is_sound(&self, user: UserId) -> bool {
        const QUICK: usize = 256;
        let owner = &self.users[user.index()];
        owner.ticket_count() + owner.positions.len() > QUICK || self.check_invariants(user).is_ok()
    }
}

//! Connected, but is anyone there? Pure: the caller owns the clock and the socket.
//!
//! Two silences are told apart. *Dead*: nothing at all comes, not even an answer to our ping.
//! *Mute*: the line is up, but no trade comes while a market of some subscribed symbol is open.
//! The second may be honest (a thin stock), so each time it proves fruitless the patience doubles.

use std::time::{Duration, Instant};

/// How long each silence may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilenceSettings {
    /// Nothing heard for so long: ping.
    pub ping_after: Duration,
    /// And no answer for so long: dead.
    pub pong_wait: Duration,
    /// No trade in an open market for so long: mute.
    pub quiet_max: Duration,
    /// The most that patience grows to.
    pub patience_max: Duration,
}

impl Default for SilenceSettings {
    fn default() -> Self {
        Self {
            ping_after: Duration::from_secs(15),
            pong_wait: Duration::from_secs(10),
            quiet_max: Duration::from_secs(120),
            patience_max: Duration::from_secs(1_800),
        }
    }
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Wait,
    /// Send a ping.
    Ping,
    /// Give the connection up: no one answers.
    Dead,
    /// Give the connection up: it is up and says nothing.
    Mute,
}

/// When what was last heard.
#[derive(Debug)]
pub struct Silence {
    settings: SilenceSettings,
    heard: Instant,
    pinged: Option<Instant>,
    /// Since when a trade is due: the last one, or the opening of connection, market or subscription.
    due_since: Option<Instant>,
    patience: Duration,
    mute: bool,
}

impl Silence {
    /// As if all had just been heard.
    pub fn new(settings: SilenceSettings, now: Instant) -> Self {
        let patience = settings.quiet_max;
        Self { settings, heard: now, pinged: None, due_since: None, patience, mute: false }
    }

    /// A new connection. What was learnt about this list's quietness stays.
    pub fn opened(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = None;
        self.due_since = None;
    }

    /// Anything came, a pong included.
    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = None;
    }

    /// A trade came.
    pub fn traded(&mut self, now: Instant) {
        self.due_since = Some(now);
        self.patience = self.settings.quiet_max;
        self.mute = false;
    }

    /// We did not listen until now: downstream was full. That is no silence of theirs.
    pub fn listened_again(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = None;
        self.due_since = self.due_since.map(|_| now);
    }

    /// Mute, and no trade since.
    pub fn is_mute(&self) -> bool {
        self.mute
    }

    /// What to do now. `trade_due`: some symbol is subscribed and its market is open.
    pub fn poll(&mut self, now: Instant, trade_due: bool) -> Action {
        if !trade_due {
            self.due_since = None;
            self.mute = false;
        }
        match self.pinged {
            Some(at) if now.saturating_duration_since(at) >= self.settings.pong_wait => return Action::Dead,
            None if now.saturating_duration_since(self.heard) >= self.settings.ping_after => {
                self.pinged = Some(now);
                return Action::Ping;
            }
            _ => {}
        }
        if trade_due {
            let since = *self.due_since.get_or_insert(now);
            if now.saturating_duration_since(since) >= self.patience {
                self.patience = (self.patience * 2).min(self.settings.patience_max);
                self.due_since = Some(now);
                self.mute = true;
                return Action::Mute;
            }
        }
        Action::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn pings_before_it_gives_up() {
        let t = Instant::now();
        let mut silence = Silence::new(SilenceSettings::default(), t);
        assert_eq!(silence.poll(t + s(14), false), Action::Wait);
        assert_eq!(silence.poll(t + s(15), false), Action::Ping);
        assert_eq!(silence.poll(t + s(24), false), Action::Wait);
        silence.heard(t + s(24));
        assert_eq!(silence.poll(t + s(38), false), Action::Wait);
        assert_eq!(silence.poll(t + s(39), false), Action::Ping);
        assert_eq!(silence.poll(t + s(49), false), Action::Dead);
    }

    #[test]
    fn a_closed_market_may_be_silent_for_ever() {
        let t = Instant::now();
        let mut silence = Silence::new(SilenceSettings::default(), t);
        for n in 0..10_000 {
            silence.heard(t + s(n * 10));
            assert_eq!(silence.poll(t + s(n * 10), false), Action::Wait);
        }
        assert!(!silence.is_mute());
    }

    #[test]
    fn an_open_market_may_not_and_patience_doubles() {
        let t = Instant::now();
        let mut silence = Silence::new(SilenceSettings::default(), t);
        let mut mutes = Vec::new();
        for n in 0..1_000 {
            silence.heard(t + s(n));
            if silence.poll(t + s(n), true) == Action::Mute {
                mutes.push(n);
                silence.opened(t + s(n));
            }
        }
        assert_eq!(mutes, [120, 361, 842]);
        assert!(silence.is_mute());
        silence.traded(t + s(1_000));
        assert!(!silence.is_mute());
        assert_eq!(silence.poll(t + s(1_010), true), Action::Wait);
        assert_eq!(silence.poll(t + s(1_015), true), Action::Ping);
        silence.heard(t + s(1_119));
        assert_eq!(silence.poll(t + s(1_120), true), Action::Mute);
    }

    #[test]
    fn our_own_deafness_is_not_their_silence() {
        let t = Instant::now();
        let mut silence = Silence::new(SilenceSettings::default(), t);
        silence.poll(t, true);
        silence.listened_again(t + s(500));
        assert_eq!(silence.poll(t + s(501), true), Action::Wait);
    }
}

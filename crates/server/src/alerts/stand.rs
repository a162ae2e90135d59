//! Where alerts stand, as it is stored and told.

use market::{Hours, SymbolId, Timestamp};
use signals::alert::{Alerts, Cross, Leg, State};
use store::records::alert::Content;
use wire::names::AlertState;

use super::rule::engine_alert;

fn leg(leg: Leg) -> &'static str {
    match leg {
        Leg::Off => "off",
        Leg::Armed => "armed",
        Leg::Resting => "resting",
    }
}

fn read_leg(text: &str) -> Option<Leg> {
    [Leg::Off, Leg::Armed, Leg::Resting].into_iter().find(|known| leg(*known) == text)
}

fn cross(cross: Cross) -> &'static str {
    match cross {
        Cross::Unsided => "unsided",
        Cross::Below => "below",
        Cross::Above => "above",
        Cross::Resting => "resting",
    }
}

/// As it is stored: `legs armed off`, `cross below`, `single armed`, `done`, `expired`.
pub(super) fn write(state: State) -> String {
    match state {
        State::Legs { up, down } => format!("legs {} {}", leg(up), leg(down)),
        State::Cross(side) => format!("cross {}", cross(side)),
        State::Single(one) => format!("single {}", leg(one)),
        State::Done => "done".into(),
        State::Expired => "expired".into(),
    }
}

/// As it was stored; `None` for what no version has written.
pub(super) fn read(text: &str) -> Option<State> {
    let mut words = text.split(' ');
    let state = match words.next()? {
        "legs" => State::Legs { up: read_leg(words.next()?)?, down: read_leg(words.next()?)? },
        "cross" => {
            let side = words.next()?;
            let all = [Cross::Unsided, Cross::Below, Cross::Above, Cross::Resting];
            State::Cross(all.into_iter().find(|known| cross(*known) == side)?)
        }
        "single" => State::Single(read_leg(words.next()?)?),
        "done" => State::Done,
        "expired" => State::Expired,
        _ => return None,
    };
    words.next().is_none().then_some(state)
}

/// Where an alert of this content stands at its beginning, as it is stored; `None` where its rule cannot be read.
pub fn state_at_beginning(content: &Content) -> Option<String> {
    let alert = engine_alert(content, SymbolId(0))?;
    let (id, mut alerts) = (alert.id, Alerts::new());
    alerts.add(alert, Hours::Always).ok()?;
    alerts.status(id).map(|status| write(status.state))
}

/// What an alert's owner is told of where it stands.
pub(super) fn state_name(
    stored: &str,
    is_paused: bool,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> AlertState {
    let state = read(stored);
    if state == Some(State::Done) {
        return AlertState::Done;
    }
    if state == Some(State::Expired) || expires_at.is_some_and(|end| end <= now) {
        return AlertState::Expired;
    }
    if is_paused {
        return AlertState::Paused;
    }
    match state {
        // Of two directions one may still be armed.
        Some(State::Legs { up, down }) if up != Leg::Armed && down != Leg::Armed => AlertState::Resting,
        Some(State::Cross(Cross::Resting) | State::Single(Leg::Resting)) => AlertState::Resting,
        _ => AlertState::Armed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_as_they_were_written() {
        let legs = |up, down| State::Legs { up, down };
        for state in [
            legs(Leg::Armed, Leg::Off),
            legs(Leg::Off, Leg::Resting),
            legs(Leg::Resting, Leg::Armed),
            State::Cross(Cross::Unsided),
            State::Cross(Cross::Below),
            State::Cross(Cross::Above),
            State::Cross(Cross::Resting),
            State::Single(Leg::Armed),
            State::Single(Leg::Resting),
            State::Done,
            State::Expired,
        ] {
            assert_eq!(read(&write(state)), Some(state));
        }
        for text in ["", "legs", "legs armed", "legs armed off off", "cross", "cross up", "done done", "x"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn its_owner_is_told_where_it_stands() {
        let (now, past) = (Timestamp::from_nanos(10), Some(Timestamp::from_nanos(10)));
        let name = |text: &str, is_paused, end| state_name(text, is_paused, end, now);
        assert_eq!(name("legs armed off", false, None), AlertState::Armed);
        assert_eq!(name("legs resting armed", false, None), AlertState::Armed);
        assert_eq!(name("legs resting off", false, None), AlertState::Resting);
        assert_eq!(name("cross resting", true, None), AlertState::Paused);
        assert_eq!(name("cross above", false, past), AlertState::Expired);
        assert_eq!(name("done", false, past), AlertState::Done);
    }
}

//! How far a run is, on standard error: a bar where a person looks, else a line now and then.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval_at};

use super::report::grouped;
use super::tally::Tally;

const BAR_EVERY: Duration = Duration::from_millis(200);
const LINE_EVERY: Duration = Duration::from_secs(5);
const BAR_WIDTH: u64 = 30;
/// The speed shown is that of about so many of the last looks.
const SMOOTH: f64 = 5.0;

/// Tells how far it is until it is dropped.
pub(crate) async fn tell(total: u64, tally: &RefCell<Tally>) {
    let mut shown = Shown { is_bar: std::io::stderr().is_terminal() };
    let every = if shown.is_bar { BAR_EVERY } else { LINE_EVERY };
    let mut ticks = interval_at(tokio::time::Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut before, mut looked) = (0, Instant::now());
    let mut speed = None;
    loop {
        ticks.tick().await;
        let heard = tally.borrow().heard;
        let now = heard.saturating_sub(before) as f64 / looked.elapsed().as_secs_f64().max(1e-3);
        (before, looked) = (heard, Instant::now());
        let smooth = speed.map_or(now, |speed: f64| speed + (now - speed) / SMOOTH);
        speed = Some(smooth);
        shown.show(&line(heard, total, smooth, shown.is_bar));
    }
}

struct Shown {
    is_bar: bool,
}

impl Shown {
    fn show(&mut self, line: &str) {
        // Nobody reads it: there is no use in saying so.
        let _ = if self.is_bar {
            write!(std::io::stderr(), "\r\x1b[K{line}")
        } else {
            writeln!(std::io::stderr(), "{line}")
        };
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if self.is_bar {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

fn line(heard: u64, total: u64, speed: f64, is_bar: bool) -> String {
    let mut text = String::new();
    if is_bar {
        let full = (heard * BAR_WIDTH).checked_div(total).unwrap_or(BAR_WIDTH).min(BAR_WIDTH);
        text.push('[');
        (0..BAR_WIDTH).for_each(|at| text.push(if at < full { '#' } else { '.' }));
        text.push_str("] ");
    }
    let percent = 100.0 * heard as f64 / total.max(1) as f64;
    // A string takes everything.
    let _ = write!(text, "{percent:.1} %, {} commands a second, ", grouped(speed as u64));
    match total.saturating_sub(heard) {
        0 => text.push_str("done"),
        _ if speed < 1.0 => text.push_str("waiting"),
        left => {
            let seconds = (left as f64 / speed).ceil() as u64;
            let _ = match seconds {
                0..60 => write!(text, "{seconds} s left"),
                _ => write!(text, "{} min {:02} s left", seconds / 60, seconds % 60),
            };
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_tell_share_speed_and_time() {
        assert_eq!(line(250_000, 1_000_000, 50_000.0, false), "25.0 %, 50,000 commands a second, 15 s left");
        assert_eq!(line(1, 1_000_000, 1_000.0, false), "0.0 %, 1,000 commands a second, 16 min 40 s left");
        assert_eq!(
            line(50, 100, 0.0, true),
            "[###############...............] 50.0 %, 0 commands a second, waiting"
        );
        assert_eq!(line(0, 0, 0.0, false), "0.0 %, 0 commands a second, done");
    }
}

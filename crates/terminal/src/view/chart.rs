//! Bars of the chosen symbol, a column each: told apart by their bodies, with and without colour.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;

use super::table::sparkline;
use super::{Look, arrow, price, say, short};
use crate::message::Bar;
use crate::state::State;

/// For prices on the right.
const AXIS: u16 = 11;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, look: Look) {
    let [head, body, volumes, times] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    let width = usize::from(area.width.saturating_sub(AXIS));
    let bars: Vec<&Bar> = state.bars().rev().take(width).collect::<Vec<_>>().into_iter().rev().collect();
    let Some(last) = bars.last() else {
        return say(frame, area, "No bars yet. The next trade makes one; ← and → show others.");
    };
    let symbol = state.symbol().unwrap_or_default();
    let (now, tick) = state.row(symbol).map_or((None, ""), |(row, tick)| (row.price, arrow(tick)));
    let figures = format!(
        "{tick} {}   O {}  H {}  L {}  C {}  V {}",
        now.map_or_else(String::new, price),
        price(last.open),
        price(last.high),
        price(last.low),
        price(last.close),
        short(last.volume)
    );
    let buffer = frame.buffer_mut();
    buffer.set_stringn(head.x, head.y, figures, usize::from(head.width), Style::new());

    let high = bars.iter().map(|bar| bar.high).fold(f64::NEG_INFINITY, f64::max);
    let low = bars.iter().map(|bar| bar.low).fold(f64::INFINITY, f64::min);
    // The place of a price, from the top; one price alone stands in the middle.
    let bottom = f64::from(body.height.saturating_sub(1));
    let place = |at: f64| match high > low {
        true => ((high - at) / (high - low) * bottom).round() as u16,
        false => body.height / 2,
    };
    for (column, bar) in (body.x..).zip(&bars) {
        let (style, filled) = match bar.close >= bar.open {
            true => (look.up(), "█"),
            false => (look.down(), "░"),
        };
        let (top, end) = (place(bar.open.max(bar.close)), place(bar.open.min(bar.close)));
        for row in place(bar.high)..=place(bar.low) {
            let part = if (top..=end).contains(&row) { filled } else { "│" };
            buffer.set_string(column, body.y + row, part, style);
        }
    }
    let axis = area.x + area.width.saturating_sub(AXIS) + 1;
    let steps = (body.height / 4).clamp(1, 6);
    for step in 0..=steps {
        let row = step * body.height.saturating_sub(1) / steps;
        let at = high - (high - low) * f64::from(row) / bottom.max(1.0);
        buffer.set_stringn(axis, body.y + row, price(at), usize::from(AXIS - 1), look.dim());
    }
    let traded: Vec<f64> = bars.iter().map(|bar| bar.volume).collect();
    buffer.set_stringn(volumes.x, volumes.y, sparkline(&traded), width, look.dim());
    buffer.set_stringn(axis, volumes.y, "volume", usize::from(AXIS - 1), look.dim());
    let clock = |bar: &Bar| match state.interval() {
        "1d" => bar.start.get(..10).unwrap_or_default().to_owned(),
        _ => bar.start.get(5..16).unwrap_or_default().replace('T', " "),
    };
    let first = bars.first().map_or_else(String::new, |bar| clock(bar));
    let end = clock(last);
    buffer.set_stringn(times.x, times.y, &first, width, look.dim());
    let at = (times.x as usize + bars.len()).saturating_sub(end.len());
    if at > times.x as usize + first.len() {
        buffer.set_stringn(
            at as u16,
            times.y,
            format!("{end} UTC"),
            usize::from(AXIS) + end.len(),
            look.dim(),
        );
    }
}

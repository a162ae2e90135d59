//! All symbols: a row each.

use market::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Cell, Row, Table, TableState};

use super::{Look, age, arrow, price, short};
use crate::state::{SPARK_POINTS, State, Tick};

/// A column: its head, its width, and from which width of the screen on it is shown.
const COLUMNS: [(&str, u16, u16); 8] = [
    ("Symbol", 16, 0),
    ("Last", 13, 0),
    ("Change", 11, 68),
    ("%", 9, 0),
    ("Volume", 9, 95),
    ("Day's range", 21, 117),
    ("", SPARK_POINTS as u16, 85),
    ("", 15, 56),
];

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, look: Look) {
    let shown: Vec<usize> = (0..COLUMNS.len()).filter(|at| COLUMNS[*at].2 <= area.width).collect();
    let rows = state.symbols.iter().map(|symbol| {
        let cells = cells(state, symbol, look);
        Row::new(shown.iter().map(|at| cells[*at].clone()).collect::<Vec<_>>())
    });
    let head = shown.iter().map(|at| {
        let alignment = if is_number(*at) { Alignment::Right } else { Alignment::Left };
        Cell::from(Text::from(COLUMNS[*at].0).alignment(alignment))
    });
    let widths = shown.iter().map(|at| Constraint::Length(COLUMNS[*at].1));
    let table = Table::new(rows, widths)
        .header(Row::new(head).style(look.dim().add_modifier(Modifier::UNDERLINED)))
        .row_highlight_style(look.chosen())
        .column_spacing(1);
    let mut place = TableState::default().with_selected(Some(state.chosen));
    frame.render_stateful_widget(table, area, &mut place);
}

/// From the last price to the range.
fn is_number(column: usize) -> bool {
    (1..=5).contains(&column)
}

fn cells(state: &State, symbol: &str, look: Look) -> [Cell<'static>; COLUMNS.len()] {
    let right = |text: String, style: Style| Cell::from(Line::styled(text, style).right_aligned());
    let spark = state.spark(symbol);
    let drawn = Cell::from(Line::styled(sparkline(&spark), look.signed(rise(&spark))));
    let name = Cell::from(symbol.to_owned());
    let Some((row, tick)) = state.row(symbol) else {
        let empty = || Cell::from("");
        return [name, empty(), empty(), empty(), empty(), empty(), drawn, Cell::from("…")];
    };
    let number = |number: Option<f64>, show: fn(f64) -> String| number.map_or_else(|| "–".to_owned(), show);
    let style = match tick {
        Tick::Up => look.up(),
        Tick::Down => look.down(),
        Tick::None => Style::new(),
    };
    let moved = look.signed(row.change.unwrap_or_default());
    let range = match (row.low, row.high) {
        (Some(low), Some(high)) => format!("{} – {}", price(low), price(high)),
        _ => String::new(),
    };
    [
        name,
        right(format!("{} {}", arrow(tick), number(row.price, price)), style.add_modifier(Modifier::BOLD)),
        right(number(row.change, signed), moved),
        right(number(row.change_percent, percent), moved),
        right(number(row.volume, short), Style::new()),
        right(range, look.dim()),
        drawn,
        Cell::from(Line::styled(freshness(&row.state, row.timestamp.as_deref(), look.now), look.dim())),
    ]
}

fn signed(number: f64) -> String {
    format!("{number:+.2}")
}

fn percent(number: f64) -> String {
    format!("{number:+.2}%")
}

/// The word, and how long ago the last trade was where that matters.
fn freshness(state: &str, timestamp: Option<&str>, now: i64) -> String {
    let traded = timestamp.and_then(|text| Timestamp::parse(text.as_bytes()).ok());
    match traded.map(|time| now - time.seconds()) {
        Some(seconds) if seconds >= 5 => format!("{state} {}", age(seconds)),
        _ => state.to_owned(),
    }
}

fn rise(points: &[f64]) -> f64 {
    match points {
        [first, .., last] => last - first,
        _ => 0.0,
    }
}

/// Eight heights of a block, from the lowest point to the highest.
pub(super) fn sparkline(points: &[f64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let low = points.iter().copied().fold(f64::INFINITY, f64::min);
    let high = points.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let block = |point: &f64| match high > low {
        true => BLOCKS[(((point - low) / (high - low) * 7.0).round() as usize).min(7)],
        // All the same: a line in the middle.
        false => BLOCKS[3],
    };
    points.iter().map(block).collect()
}

//! From the state to the screen. Pure: tests draw into a buffer and read it as text.

mod account;
mod chart;
mod news;
mod table;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::state::{Link, Pane, State, Tick};

/// How things look: with colour, or by sign and weight alone.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Colours may be used.
    pub colour: bool,
    /// Seconds since 1970, by this machine's clock.
    pub now: i64,
}

impl Look {
    fn style(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    fn up(self) -> Style {
        self.style(Color::Green)
    }

    fn down(self) -> Style {
        self.style(Color::Red)
    }

    fn dim(self) -> Style {
        self.style(Color::DarkGray)
    }

    fn signed(self, number: f64) -> Style {
        match number {
            n if n > 0.0 => self.up(),
            n if n < 0.0 => self.down(),
            _ => Style::new(),
        }
    }

    fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, state: &State, look: Look) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)])
            .areas(frame.area());
    frame.render_widget(Paragraph::new(header(state, look, head.width)), head);
    match state.pane {
        _ if state.symbols.is_empty() => {
            say(frame, body, "Nothing to watch. Name symbols: bellwether watch AAPL MSFT")
        }
        Pane::Table => table::draw(frame, body, state, look),
        Pane::Chart => chart::draw(frame, body, state, look),
        Pane::Account => account::draw(frame, body, state, look),
        Pane::News => news::draw(frame, body, &state.news, look),
        Pane::Help => frame.render_widget(Paragraph::new(HELP), body),
    }
    frame.render_widget(Paragraph::new(footer(state, look)), foot);
}

const HELP: &str = "
  ↑ ↓  or k j     choose a symbol
  Home End        the first, the last
  Enter or c      its chart
  ← →  or - +     shorter and longer bars
  a               account
  n               news of everything; again, of the chosen symbol
  Enter           in the news: the whole article, Esc leaves it
  t               table
  Esc             back; from the table, quit
  q               quit
  ?               this";

/// Words in the middle of an empty place.
fn say(frame: &mut Frame<'_>, area: Rect, words: &str) {
    let [_, middle, _] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(3), Constraint::Fill(1)]).areas(area);
    frame.render_widget(Paragraph::new(words).centered().wrap(Wrap { trim: true }), middle);
}

fn header<'a>(state: &'a State, look: Look, width: u16) -> Line<'a> {
    let title = match state.pane {
        Pane::Table => "Bellwether".to_owned(),
        Pane::Chart => format!("{}, {} bars", state.symbol().unwrap_or_default(), state.interval()),
        Pane::Account => "Account".to_owned(),
        Pane::News => {
            state.news.only.as_ref().map_or_else(|| "News".to_owned(), |symbol| format!("News of {symbol}"))
        }
        Pane::Help => "Keys".to_owned(),
    };
    let told = match (&state.link, &state.status) {
        (Link::Connecting, _) => "connecting…".to_owned(),
        (Link::Lost(why), _) => format!("NOT CONNECTED: {why}; trying again"),
        (Link::Up, None) => "connected".to_owned(),
        (Link::Up, Some(status)) => {
            let feeds: Vec<String> =
                status.feeds.iter().map(|feed| format!("{} {}", feed.name, feed.state)).collect();
            let clock = status.server_time.get(11..19).unwrap_or_default();
            format!("market {} · {} · {clock} UTC", status.market.session, feeds.join(", "))
        }
    };
    let space = usize::from(width).saturating_sub(title.chars().count() + told.chars().count()).max(2);
    let style = if matches!(state.link, Link::Lost(_)) {
        look.down().add_modifier(Modifier::BOLD)
    } else {
        look.dim()
    };
    Line::from(vec![
        Span::styled(title, Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(" ".repeat(space)),
        Span::styled(told, style),
    ])
}

fn footer<'a>(state: &'a State, look: Look) -> Line<'a> {
    match &state.notice {
        Some(notice) => Line::styled(notice.as_str(), Style::new().add_modifier(Modifier::BOLD)),
        None if state.pane == Pane::News && state.news.is_open => {
            Line::styled("↑↓ another  Esc back to the list  t table  ? keys  q quit", look.dim())
        }
        None if state.pane == Pane::News => {
            let other = if state.news.only.is_some() { "n of everything" } else { "n of the chosen symbol" };
            Line::styled(format!("↑↓ choose  Enter read  {other}  t table  ? keys  q quit"), look.dim())
        }
        None => Line::styled(
            "↑↓ choose  Enter chart  ←→ bars  a account  n news  t table  ? keys  q quit",
            look.dim(),
        ),
    }
}

/// A price with as many decimals as it needs: two, or more below a dollar.
fn price(number: f64) -> String {
    if number.abs() < 1.0 && number != 0.0 { format!("{number:.4}") } else { format!("{number:.2}") }
}

/// A span of time in a few characters.
fn age(seconds: i64) -> String {
    match seconds.max(0) {
        s if s < 120 => format!("{s}s"),
        s if s < 7_200 => format!("{}m", s / 60),
        s if s < 172_800 => format!("{}h", s / 3_600),
        s => format!("{}d", s / 86_400),
    }
}

/// With thousands, millions and billions as K, M and B.
fn short(number: f64) -> String {
    match number.abs() {
        n if n >= 1e9 => format!("{:.2}B", number / 1e9),
        n if n >= 1e6 => format!("{:.2}M", number / 1e6),
        n if n >= 1e4 => format!("{:.1}K", number / 1e3),
        _ => format!("{number:.0}"),
    }
}

fn arrow(tick: Tick) -> &'static str {
    match tick {
        Tick::Up => "▲",
        Tick::Down => "▼",
        Tick::None => " ",
    }
}

#[cfg(test)]
mod tests;

//! The news: a line each, or one of them whole.

use market::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table, TableState, Wrap};

use super::{Look, age, say};
use crate::message::{Article, Evidence};
use crate::news::{Asked, News};

/// From this width of the screen on the source has a column.
const SOURCE_FROM: u16 = 70;
/// And from this the symbols.
const SYMBOLS_FROM: u16 = 50;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, news: &News, look: Look) {
    if let Some(article) = news.article().filter(|_| news.is_open) {
        return whole(frame, area, article, look);
    }
    if news.articles().is_empty() {
        let of = news.only.as_deref().map_or_else(String::new, |symbol| format!(" of {symbol}"));
        let words = match &news.asked {
            Asked::Failed(why) => format!("Stored news cannot be shown: {why}. What comes from now on is."),
            Asked::Done => format!("No news{of} yet. What comes is shown here."),
            Asked::Never | Asked::Waiting => format!("Asking for news{of}…"),
        };
        return say(frame, area, &words);
    }
    let (has_source, has_symbols) = (area.width >= SOURCE_FROM, area.width >= SYMBOLS_FROM);
    let rows = news.articles().iter().map(|article| {
        let mut cells = vec![
            Cell::from(Line::styled(age_of(article, look), look.dim()).right_aligned()),
            tone(article, look),
        ];
        if has_source {
            cells.push(Cell::from(Line::styled(clean(&article.source), look.dim())));
        }
        if has_symbols {
            cells.push(Cell::from(Line::styled(symbols(article), Style::new().add_modifier(Modifier::BOLD))));
        }
        cells.push(Cell::from(clean(&article.title)));
        Row::new(cells)
    });
    let mut widths = vec![Constraint::Length(4), Constraint::Length(1)];
    widths.extend(has_source.then_some(Constraint::Length(12)));
    widths.extend(has_symbols.then_some(Constraint::Length(14)));
    widths.push(Constraint::Fill(1));
    let table = Table::new(rows, widths).row_highlight_style(look.chosen()).column_spacing(1);
    let mut place = TableState::default().with_selected(Some(news.place()));
    frame.render_stateful_widget(table, area, &mut place);
}

/// What people wrote, without what a terminal would take for commands.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn age_of(article: &Article, look: Look) -> String {
    let published = Timestamp::parse(article.published_at.as_bytes()).ok();
    published.map_or_else(String::new, |time| age(look.now - time.seconds()))
}

/// What the words of the article weigh, by sign.
fn sign(article: &Article) -> &'static str {
    match &*article.sentiment.tone {
        "positive" => "+",
        "negative" => "−",
        _ => "·",
    }
}

fn tone(article: &Article, look: Look) -> Cell<'static> {
    Cell::from(Span::styled(sign(article), style(article, look)))
}

fn style(article: &Article, look: Look) -> Style {
    match sign(article) {
        "+" => look.up(),
        "−" => look.down(),
        _ => look.dim(),
    }
}

/// The first of an article's symbols, and how many more there are.
fn symbols(article: &Article) -> String {
    match &article.symbols[..] {
        [] => String::new(),
        [one] => clean(&one.symbol),
        [one, more @ ..] => format!("{} +{}", clean(&one.symbol), more.len()),
    }
}

/// One article: its summary, where it stands, and why it is tied to its symbols.
fn whole(frame: &mut Frame<'_>, area: Rect, article: &Article, look: Look) {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let when = article.published_at.get(..16).unwrap_or_default().replace('T', " ");
    let again = match article.updates {
        0 => String::new(),
        1 => " · updated once".to_owned(),
        times => format!(" · updated {times} times"),
    };
    let mut lines = vec![
        Line::styled(clean(&article.title), bold),
        Line::styled(format!("{} · {when} UTC{again}", clean(&article.source)), look.dim()),
        Line::raw(""),
    ];
    if !article.summary.is_empty() {
        lines.extend([Line::raw(clean(&article.summary)), Line::raw("")]);
    }
    lines.extend([Line::raw(clean(&article.url)), Line::raw("")]);
    lines.push(Line::from(vec![
        Span::raw("Tone  "),
        Span::styled(
            format!("{} {} {:+.2}", sign(article), clean(&article.sentiment.tone), article.sentiment.score),
            style(article, look),
        ),
    ]));
    for linked in &article.symbols {
        let sure = (linked.confidence * 100.0).round();
        lines.push(Line::from(vec![
            Span::styled(clean(&linked.symbol), bold),
            Span::raw(format!("  {sure}% sure: {}", because(&linked.evidence))),
        ]));
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}

fn because(evidence: &[Evidence]) -> String {
    let one = |found: &Evidence| {
        format!(
            "“{}” in the {} ({})",
            clean(&found.matched),
            clean(&found.field),
            clean(&found.rule).replace('_', " ")
        )
    };
    match evidence {
        [] => "without evidence".to_owned(),
        found => found.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

//! Prices, charts and one's account in a terminal, over the same WebSocket as the page.
//!
//! ```text
//! keys ──► wish ──► State ──► view ──► screen
//! WebSocket ──► Message ──┘      (link: one connection that comes back by itself)
//! ```
//!
//! `State` and `view` are pure, so tests play keys and frames and read the screen as text.

/// The connection.
mod link;
/// From names to symbols.
mod lookup;
/// What the server sends.
pub mod message;
/// Articles.
pub mod news;
/// What is shown.
pub mod state;
/// From the state to the screen.
pub mod view;

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::StreamExt as _;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::mpsc;

use link::{Heard, Server};
use state::{Link, Pane, State, Wish};
use view::Look;

/// The screen is drawn no oftener; it is read by people.
const DRAW_EVERY: Duration = Duration::from_millis(60);
/// Ages go on without anything being heard.
const AGES_EVERY: Duration = Duration::from_secs(1);
/// How long `once` waits for the first prices.
const ONCE_WAIT: Duration = Duration::from_secs(8);
/// Columns of what is printed where there is no terminal.
const PRINTED_COLUMNS: u16 = 120;

/// What to watch, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Symbols, or words to find them by; none for those that trade most.
    pub symbols: Vec<String>,
    /// The server, such as `http://127.0.0.1:8080`.
    pub url: String,
    /// An API key, for one's account, or where prices are for those who signed in.
    pub key: Option<String>,
    /// Colours may be used.
    pub colour: bool,
    /// Print the table once, as text, and end.
    pub once: bool,
}

/// Watches until it is told to stop.
///
/// # Errors
/// No server, no such symbols, or no terminal; in words for people.
pub async fn run(options: Options) -> Result<()> {
    // Another part of the program may have chosen it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Server { url: options.url.trim_end_matches('/').to_owned(), key: options.key };
    let (symbols, notice) = lookup::symbols(&server, &options.symbols).await?;
    let mut state = State::new(symbols);
    state.notice = notice;
    let (send, to_send) = mpsc::channel(64);
    let (tell, heard) = mpsc::channel(1_024);
    tokio::spawn(link::run(server.clone(), to_send, tell.clone()));
    if options.once {
        drop(tell);
        return once(state, &send, heard).await;
    }
    ensure!(
        std::io::stdout().is_terminal(),
        "this is no terminal; with --once the table is printed once, as text"
    );
    let mut terminal = ratatui::try_init()?;
    let wires = Wires { send: &send, tell: &tell, server: &server };
    let ended = watch(&mut terminal, state, wires, heard, options.colour).await;
    ratatui::restore();
    ended
}

/// How the server is reached.
struct Wires<'a> {
    send: &'a mpsc::Sender<String>,
    tell: &'a mpsc::Sender<Heard>,
    server: &'a Server,
}

/// Asks for stored articles where they are wanted; the answer is heard like a frame.
fn fetch(state: &mut State, wires: &Wires<'_>) {
    let Some(only) = state.news.wanted() else { return };
    let (server, tell) = (wires.server.clone(), wires.tell.clone());
    tokio::spawn(async move {
        let told = lookup::news(&server, only.as_deref()).await;
        // Who asked may have ended.
        let _ = tell.send(Heard::Articles(only, told)).await;
    });
}

async fn watch(
    terminal: &mut ratatui::DefaultTerminal,
    mut state: State,
    wires: Wires<'_>,
    mut heard: mpsc::Receiver<Heard>,
    colour: bool,
) -> Result<()> {
    let mut keys = EventStream::new();
    let mut draws = tokio::time::interval(DRAW_EVERY);
    draws.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut drawn: Option<tokio::time::Instant> = None;
    let mut changed = true;
    loop {
        tokio::select! {
            told = heard.recv() => {
                let Some(told) = told else { return Ok(()) };
                take(&mut state, told, wires.send);
                fetch(&mut state, &wires);
                changed = true;
            }
            key = keys.next() => match key {
                Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    let Some(wish) = wish_of(key) else { continue };
                    let Some(frames) = wish.and_then(|wish| state.wish(wish, now())) else { return Ok(()) };
                    hand(&state.link, frames, wires.send);
                    fetch(&mut state, &wires);
                    changed = true;
                }
                Some(Ok(_)) => changed = true,
                Some(Err(error)) => return Err(error.into()),
                None => return Ok(()),
            },
            _ = draws.tick() => {
                if changed || drawn.is_none_or(|at| at.elapsed() >= AGES_EVERY) {
                    terminal.draw(|frame| view::draw(frame, &state, Look { colour, now: now() }))?;
                    (changed, drawn) = (false, Some(tokio::time::Instant::now()));
                }
            }
        }
    }
}

fn take(state: &mut State, told: Heard, send: &mpsc::Sender<String>) {
    match told {
        Heard::Up => {
            state.link = Link::Up;
            state.news.ask_again();
            hand(&state.link, state.subscriptions(now()), send);
        }
        Heard::Lost(why) => state.link = Link::Lost(why),
        Heard::Message(message) => state.take(*message),
        Heard::Articles(only, told) => state.news.filled(&only, told),
    }
}

/// Hands frames to the connection, and waits for nothing: it may be waiting for us. Where there is none, or it takes no
/// more, they are left out: one that is made anew begins with all subscriptions.
fn hand(link: &Link, frames: impl IntoIterator<Item = String>, send: &mpsc::Sender<String>) {
    if !matches!(link, Link::Up) {
        return;
    }
    for frame in frames {
        if send.try_send(frame).is_err() {
            return;
        }
    }
}

/// Prints the table as text once every symbol has a price, or after a while.
async fn once(mut state: State, send: &mpsc::Sender<String>, mut heard: mpsc::Receiver<Heard>) -> Result<()> {
    let complete = async {
        while !(state.is_complete() && state.status.is_some()) {
            let Some(told) = heard.recv().await else { break };
            take(&mut state, told, send);
        }
    };
    // What has come by then is printed.
    let _ = tokio::time::timeout(ONCE_WAIT, complete).await;
    if let Link::Lost(why) = &state.link {
        anyhow::bail!("the connection failed: {why}");
    }
    let rows = u16::try_from(state.symbols.len()).unwrap_or(u16::MAX).saturating_add(3);
    let mut terminal = Terminal::new(TestBackend::new(PRINTED_COLUMNS, rows))?;
    terminal.draw(|frame| view::draw(frame, &state, Look { colour: false, now: now() }))?;
    let mut out = std::io::stdout().lock();
    let lines = text(&terminal);
    // The last line says what keys do.
    for line in lines.iter().take(lines.len().saturating_sub(1)) {
        writeln!(out, "{line}")?;
    }
    if let Some(notice) = &state.notice {
        writeln!(out, "{notice}")?;
    }
    Ok(())
}

/// A screen as lines of text, without spaces at their ends.
fn text(terminal: &Terminal<TestBackend>) -> Vec<String> {
    let buffer = terminal.backend().buffer();
    let row = |y| -> String { (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect() };
    (0..buffer.area.height).map(|y| row(y).trim_end().to_owned()).collect()
}

/// What a key asks for; `Some(None)` for the end, `None` for nothing.
fn wish_of(key: KeyEvent) -> Option<Option<Wish>> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(key.code, KeyCode::Char('c' | 'd')).then_some(None);
    }
    let wish = match key.code {
        KeyCode::Char('q') => return Some(None),
        KeyCode::Up | KeyCode::Char('k') => Wish::Up,
        KeyCode::Down | KeyCode::Char('j') => Wish::Down,
        KeyCode::Home | KeyCode::Char('g') => Wish::First,
        KeyCode::End | KeyCode::Char('G') => Wish::Last,
        KeyCode::Left | KeyCode::Char('-') => Wish::Shorter,
        KeyCode::Right | KeyCode::Char('+') => Wish::Longer,
        KeyCode::Enter => Wish::Open,
        KeyCode::Char('c') => Wish::Show(Pane::Chart),
        KeyCode::Char('n') => Wish::News,
        KeyCode::Char('t') => Wish::Show(Pane::Table),
        KeyCode::Char('a') => Wish::Show(Pane::Account),
        KeyCode::Char('?' | 'h') => Wish::Show(Pane::Help),
        KeyCode::Esc | KeyCode::Backspace => Wish::Back,
        _ => return None,
    };
    Some(Some(wish))
}

/// Seconds since 1970.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_go_only_where_they_are_taken() {
        let (send, mut sent) = mpsc::channel(1);
        let frames = || ["a".to_owned(), "b".to_owned()];
        hand(&Link::Lost("gone".into()), frames(), &send);
        assert!(sent.try_recv().is_err());
        // Nobody takes the second, and nobody waits for that.
        hand(&Link::Up, frames(), &send);
        assert_eq!(sent.try_recv().as_deref(), Ok("a"));
        assert!(sent.try_recv().is_err());
    }
}

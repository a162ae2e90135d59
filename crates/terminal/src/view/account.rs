//! One's account at the desk.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Look, price, say};
use crate::message::{Account, Transaction};
use crate::state::State;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, look: Look) {
    let account = match (&state.account, &state.account_refused) {
        (Some(account), _) if account.is_open => account,
        (Some(_), _) => {
            return say(
                frame,
                area,
                "There is no money in this account yet. Add some on the page, or over HTTP.",
            );
        }
        (None, Some(why)) => {
            return say(
                frame,
                area,
                &format!("{why}. Show a key with --key or BELLWETHER_KEY; keys are made on the page."),
            );
        }
        (None, None) => return say(frame, area, "Waiting for the account…"),
    };
    let mut lines = cash(account);
    lines.push(Line::raw(""));
    lines.extend(holdings(account, state, look));
    if !account.triggers.is_empty() {
        lines.push(head("Automatic"));
        lines.extend(account.triggers.iter().map(|trigger| {
            let at = trigger
                .price
                .as_deref()
                .map_or_else(|| "no price set yet".to_owned(), |price| format!("at {price}"));
            Line::raw(format!("{:<5} {:<16} for {:>12}  {at}", trigger.side, trigger.symbol, trigger.amount))
        }));
        lines.push(Line::raw(""));
    }
    lines.push(head("Just now"));
    match state.transactions.is_empty() {
        true => lines.push(Line::styled("nothing since this began", look.dim())),
        false => lines.extend(state.transactions.iter().map(happened)),
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn head(text: &str) -> Line<'_> {
    Line::styled(text, Style::new().add_modifier(Modifier::BOLD))
}

fn cash(account: &Account) -> Vec<Line<'_>> {
    let row = |name: &'static str, dollars: &str| Line::raw(format!("{name:<12}{dollars:>18}"));
    let cash = &account.cash;
    vec![
        head(&account.user),
        row("Balance", &cash.balance),
        row("Available", &cash.available),
        row("Reserved", &cash.reserved),
    ]
}

fn holdings<'a>(account: &'a Account, state: &'a State, look: Look) -> Vec<Line<'a>> {
    if account.holdings.is_empty() {
        return vec![Line::styled("no shares", look.dim()), Line::raw("")];
    }
    let mut lines = vec![head("Symbol               Shares    Average cost      Last        Profit")];
    lines.extend(account.holdings.iter().map(|holding| {
        let cost = holding.average_cost.as_deref().unwrap_or("–");
        let last = state.row(&holding.symbol).and_then(|(row, _)| row.price);
        let number = |text: &str| text.parse::<f64>().ok();
        let profit =
            last.zip(number(cost)).zip(number(&holding.shares)).map(|((last, cost), n)| (last - cost) * n);
        Line::from(vec![
            Span::raw(format!("{:<16}{:>11}{cost:>16}", holding.symbol, holding.shares)),
            Span::raw(format!("{:>10}", last.map_or_else(|| "–".to_owned(), price))),
            Span::styled(
                format!("{:>14}", profit.map_or_else(|| "–".to_owned(), |profit| format!("{profit:+.2}"))),
                look.signed(profit.unwrap_or_default()),
            ),
        ])
    }));
    lines.push(Line::raw(""));
    lines
}

fn happened(transaction: &Transaction) -> Line<'_> {
    let clock = transaction.timestamp.get(11..19).unwrap_or_default();
    let kind = transaction.kind.replace('_', " ");
    let parts = [&transaction.side, &transaction.shares, &transaction.symbol].into_iter().flatten();
    let what: Vec<&str> = parts.map(String::as_str).collect();
    let at = transaction.price.as_deref().map_or_else(String::new, |price| format!(" at {price}"));
    let money = transaction.amount.as_deref().map_or_else(String::new, |amount| format!("  ${amount}"));
    let why = transaction.message.as_deref().map_or_else(String::new, |why| format!("  {why}"));
    Line::raw(format!("{clock}  {kind:<17} {}{at}{money}{why}", what.join(" ")))
}

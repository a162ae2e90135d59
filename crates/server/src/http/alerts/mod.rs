//! Alerts over HTTP: one's own, what they said, and what one would have said.

/// `POST /api/v1/alerts/backtest`.
pub(super) mod backtest;
/// `GET /api/v1/alerts/firings`.
pub(super) mod firings;
/// `/api/v1/alerts`, `/api/v1/alerts/{id}`.
pub(super) mod own;

use market::Timestamp;
use signals::alert::Repeat;
use store::records::alert::Content;
use store::records::channel::{self, CHANNELS_MAX};
use store::records::{RecordError, Sql};
use wire::alerts::AlertRequest;
use wire::names::RuleType;
use wire::text::excerpt;

use super::ApiState;
use super::access::Routes;
use super::problem::Refusal;
use super::symbols::find;
use crate::alerts::{self, BadRule};
use crate::people::identity::{Access, Scope};

/// The longest note, in characters.
const NOTE_CHARACTERS_MAX: usize = 200;

/// The routes.
pub(super) fn routes() -> Routes {
    const READ: Access = Access::User(Scope::Read);
    const CHANGE: Access = Access::User(Scope::Alerts);
    Routes::new()
        .get("/api/v1/alerts", READ, own::list)
        .post("/api/v1/alerts", CHANGE, own::create)
        .get("/api/v1/alerts/{id}", READ, own::get)
        .put("/api/v1/alerts/{id}", CHANGE, own::replace)
        .patch("/api/v1/alerts/{id}", CHANGE, own::pause)
        .delete("/api/v1/alerts/{id}", CHANGE, own::delete)
        .post("/api/v1/alerts/{id}/restore", CHANGE, own::restore)
        .get("/api/v1/alerts/firings", READ, firings::list)
        .post("/api/v1/alerts/backtest", READ, backtest::backtest)
}

fn missing(text: &str) -> Refusal {
    Refusal::none("alert", text)
}

fn bad(error: &BadRule) -> Refusal {
    let code = if *error == BadRule::Quiet { "bad_quiet" } else { "bad_rule" };
    Refusal::unprocessable(error.to_string()).with_code(code)
}

/// From where an alert on a symbol begins: only trades newer than the last one seen count, and that one's price says from
/// which side a crossing begins. By the trade's own time, since that of a delayed or replayed feed is not ours. Before the
/// first trade everything counts; but silence begins with the alert, and not with time itself.
fn begin(state: &ApiState, id: market::SymbolId, kind: RuleType, now: Timestamp) -> (Timestamp, Option<i64>) {
    let rows = state.market.quotes(&[id]);
    let quote = rows.first().map(|row| &row.quote);
    let last = quote.and_then(|quote| quote.timestamp.zip(quote.price));
    let lead = 1 + state.alerts.as_ref().map_or(0, |alerting| alerting.lead_nanos());
    let first = if kind == RuleType::Stale { now } else { Timestamp::MIN };
    last.map_or((first, None), |(time, price)| (time.saturating_add_nanos(lead), Some(price.units())))
}

/// Ids of channels as somebody named them, each once. Whether they are theirs is seen where the alert is stored.
fn channels_of(texts: &[String]) -> Result<Vec<i64>, Refusal> {
    let mut channels = Vec::with_capacity(texts.len().min(CHANNELS_MAX));
    for text in texts {
        let id = text.parse().map_err(|_| no_channel(text))?;
        if !channels.contains(&id) {
            channels.push(id);
        }
        if channels.len() > CHANNELS_MAX {
            let told = format!("channels must name at most {CHANNELS_MAX}, which is all one may have");
            return Err(Refusal::unprocessable(told).with_code("bad_channels"));
        }
    }
    Ok(channels)
}

fn no_channel(id: &str) -> Refusal {
    let told = format!(
        "channels: {} is no channel of yours; GET /api/v1/channels lists them, and without channels it goes to all",
        excerpt(id)
    );
    Refusal::unprocessable(told).with_code("bad_channels")
}

/// What came of storing an alert: it is so, or a channel that it names is not its owner's.
type Stored<T> = Result<T, i64>;

/// Stores an alert whose channels are all its owner's, looked at in the same transaction.
fn with_channels<T>(
    sql: &mut dyn Sql,
    (owner, content): (i64, &Content),
    store: impl FnOnce(&mut dyn Sql) -> Result<T, RecordError>,
) -> Result<Stored<T>, RecordError> {
    if !content.channels.is_empty() {
        let own = channel::list(sql, owner)?;
        let is_foreign = |id: &&i64| !own.iter().any(|channel| channel.id == **id);
        if let Some(foreign) = content.channels.iter().find(is_foreign) {
            return Ok(Err(*foreign));
        }
    }
    store(sql).map(Ok)
}

/// An alert that can be kept.
fn content_of(state: &ApiState, request: AlertRequest, now: Timestamp) -> Result<Content, Refusal> {
    let (id, symbol) = find(&state.market.universe(), &request.symbol)?;
    let rule = alerts::completed(request.rule);
    let terms = alerts::rule_of(&rule, (request.repeat, request.rearm)).map_err(|error| bad(&error))?;
    let channels = channels_of(&request.channels)?;
    if let Some(quiet) = &request.quiet {
        alerts::quiet_of(quiet).map_err(|error| bad(&error))?;
    }
    let note = request.note.trim();
    if note.chars().count() > NOTE_CHARACTERS_MAX || note.chars().any(char::is_control) {
        let told =
            format!("note must have at most {NOTE_CHARACTERS_MAX} characters, and no control characters");
        return Err(Refusal::unprocessable(told).with_code("bad_note"));
    }
    if request.expires_at.is_some_and(|end| end <= now) {
        return Err(Refusal::unprocessable("expires_at must be in the future").with_code("bad_expiry"));
    }
    let (active_from, seen) = begin(state, id, rule.kind, now);
    let hysteresis = match terms.repeat {
        Repeat::Once => None,
        Repeat::Rearm { hysteresis } => Some(hysteresis),
    };
    // Texts and exact numbers: they always serialise.
    let json = |text: Result<String, serde_json::Error>| text.unwrap_or_default();
    let mut content = Content {
        symbol: symbol.to_string(),
        rule: json(serde_json::to_string(&rule)),
        hysteresis,
        expires_at: request.expires_at,
        quiet: request.quiet.as_ref().map(|quiet| json(serde_json::to_string(quiet))),
        note: note.to_owned(),
        is_paused: request.is_paused,
        active_from,
        seen,
        state: String::new(),
        channels,
    };
    // The rule has been checked above.
    content.state = alerts::state_at_beginning(&content).unwrap_or_default();
    Ok(content)
}

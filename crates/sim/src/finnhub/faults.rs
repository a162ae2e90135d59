//! Faults on demand: what a test or a curious operator can make the look-alike do wrong.
//!
//! `POST /sim/faults` with a JSON object of the members of `Request`; `GET` shows what is in force;
//! `DELETE` ends all of it. It needs no key: it harms nothing but a simulation.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use tokio::time::Instant;

/// Times longer than a day are mistakes.
const SECONDS_MAX: f64 = 86_400.0;

/// A bad frame to be sent on every open stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BadFrame {
    /// Text that is not JSON.
    Garbage,
    /// A trade frame that ends in the middle.
    Truncated,
    /// Bytes that are not text, as a binary frame.
    Binary,
    /// A trade whose members all have the wrong type.
    WrongTypes,
    /// A kind of frame that does not exist.
    UnknownType,
    /// A trade at 0.
    PriceZero,
    /// A trade below 0.
    PriceNegative,
    /// A trade at 1e300.
    PriceHuge,
    /// A trade at `NaN`, which is not even JSON.
    PriceNan,
    /// A trade at the epoch.
    #[serde(rename = "time_1970")]
    Time1970,
    /// A trade in the year 3000.
    #[serde(rename = "time_3000")]
    Time3000,
    /// A frame of 10 MB.
    HugeFrame,
}

impl BadFrame {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Garbage,
        Self::Truncated,
        Self::Binary,
        Self::WrongTypes,
        Self::UnknownType,
        Self::PriceZero,
        Self::PriceNegative,
        Self::PriceHuge,
        Self::PriceNan,
        Self::Time1970,
        Self::Time3000,
        Self::HugeFrame,
    ];
}

/// A bad answer of the quote server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BadQuote {
    /// A line that is no quote.
    Garbage,
    /// Half of the line, without a line end.
    HalfLine,
    /// The line without its last field.
    NoKey,
    /// A line of 10 kB.
    LongLine,
    /// Nothing: the connection is closed.
    NoAnswer,
    /// A quote of another symbol.
    OtherSymbol,
    /// A quote for another user.
    OtherUser,
    /// A price of 0.
    PriceZero,
    /// A price of `NaN`.
    PriceNan,
}

impl BadQuote {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Garbage,
        Self::HalfLine,
        Self::NoKey,
        Self::LongLine,
        Self::NoAnswer,
        Self::OtherSymbol,
        Self::OtherUser,
        Self::PriceZero,
        Self::PriceNan,
    ];
}

/// A bad answer to a call over REST.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BadAnswer {
    /// Text that is not JSON.
    Garbage,
    /// Half of the answer, then the connection is cut.
    Cut,
    /// 429 with the `Retry-After` of `retry_after_s`.
    Limit,
    /// 503.
    Unavailable,
    /// Nothing is wrong with this one.
    Good,
}

impl BadAnswer {
    /// All that are bad.
    pub const ALL: [Self; 4] = [Self::Garbage, Self::Cut, Self::Limit, Self::Unavailable];
}

/// The most bad quotes, and the most bad answers, that may wait.
const BAD_QUOTES_MAX: usize = 1_000;

/// What to do wrong; absent members change nothing. Seconds may have fractions; 0 ends what lasts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request {
    /// Cut all streams now, without a closing handshake.
    pub cut: bool,
    /// Cut each stream when it is this old.
    pub cut_every_s: Option<f64>,
    /// Send nothing on streams for so long.
    pub silent_s: Option<f64>,
    /// Send these on every open stream, once.
    pub send: Vec<BadFrame>,
    /// Answer everything with 429 for so long.
    pub limit_s: Option<f64>,
    /// The `Retry-After` of those answers, in seconds.
    pub retry_after_s: Option<u32>,
    /// Drop new connections of any kind as soon as they come, for so long.
    pub refuse_s: Option<f64>,
    /// Wait so many milliseconds before each answer.
    pub slow_ms: Option<u32>,
    /// Give the next requests of quotes these answers, one each.
    pub bad_quotes: Vec<BadQuote>,
    /// Give the next calls over REST these answers, one each.
    pub bad_answers: Vec<BadAnswer>,
}

/// What is in force, and what has been done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Report {
    /// Age at which streams are cut, in seconds.
    pub cut_every_s: Option<f64>,
    /// Streams are silent.
    pub silent: bool,
    /// Everything is answered with 429.
    pub limited: bool,
    /// New connections are dropped.
    pub refusing: bool,
    /// Milliseconds before each answer.
    pub slow_ms: u32,
    /// Streams cut so far.
    pub cuts: u64,
    /// Bad frames sent so far.
    pub bad_frames: u64,
    /// Bad answers of the quote server so far.
    pub bad_quotes: u64,
    /// Bad answers over REST so far.
    pub bad_answers: u64,
    /// Connections dropped so far.
    pub refused: u64,
}

/// Why a request for faults was not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// A time that is negative, not a number, or longer than a day.
    #[error("seconds must be from 0 to 86400")]
    Seconds,
    /// More bad quotes than may wait.
    #[error("at most 1000 bad quotes, and as many bad answers, may wait")]
    BadQuotes,
}

/// What every stream is told at once.
#[derive(Debug, Clone, Copy)]
pub(super) enum Command {
    Cut,
    Send(BadFrame),
}

#[derive(Debug, Default)]
struct Active {
    cut_every: Option<(Duration, Instant)>,
    silent_until: Option<Instant>,
    limited_until: Option<Instant>,
    refusing_until: Option<Instant>,
    retry_after: u32,
    bad_quotes: VecDeque<BadQuote>,
    bad_answers: VecDeque<BadAnswer>,
    report: Report,
}

/// The faults in force.
#[derive(Debug)]
pub struct Faults {
    active: Mutex<Active>,
    commands: broadcast::Sender<Command>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { active: Mutex::default(), commands: broadcast::channel(256).0 }
    }
}

impl Faults {
    /// Does what is asked. On an error nothing changes.
    pub fn apply(&self, request: &Request) -> Result<Report, FaultError> {
        let now = Instant::now();
        let [cut_every, silent, limit, refuse] =
            [request.cut_every_s, request.silent_s, request.limit_s, request.refuse_s]
                .map(|seconds| seconds.map(duration).transpose());
        let (cut_every, silent, limit, refuse) = (cut_every?, silent?, limit?, refuse?);
        let mut active = self.lock();
        if active.bad_quotes.len() + request.bad_quotes.len() > BAD_QUOTES_MAX
            || active.bad_answers.len() + request.bad_answers.len() > BAD_QUOTES_MAX
        {
            return Err(FaultError::BadQuotes);
        }
        active.bad_answers.extend(&request.bad_answers);
        active.bad_quotes.extend(&request.bad_quotes);
        if let Some(age) = cut_every {
            active.cut_every = (!age.is_zero()).then_some((age, now));
        }
        active.silent_until = silent.map_or(active.silent_until, |s| Some(now + s));
        active.limited_until = limit.map_or(active.limited_until, |s| Some(now + s));
        active.refusing_until = refuse.map_or(active.refusing_until, |s| Some(now + s));
        active.retry_after = request.retry_after_s.unwrap_or(active.retry_after);
        active.report.slow_ms = request.slow_ms.unwrap_or(active.report.slow_ms);
        drop(active);
        // No stream listening is no error.
        for frame in &request.send {
            let _ = self.commands.send(Command::Send(*frame));
        }
        if request.cut {
            let _ = self.commands.send(Command::Cut);
        }
        Ok(self.report())
    }

    /// Ends all faults; the counts stay.
    pub fn clear(&self) {
        let mut active = self.lock();
        let report = Report { slow_ms: 0, ..active.report };
        *active = Active { report, ..Active::default() };
    }

    /// What is in force, and what has been done so far.
    pub fn report(&self) -> Report {
        let now = Instant::now();
        let active = self.lock();
        let lasts = |until: Option<Instant>| until.is_some_and(|until| now < until);
        Report {
            cut_every_s: active.cut_every.map(|(age, _)| age.as_secs_f64()),
            silent: lasts(active.silent_until),
            limited: lasts(active.limited_until),
            refusing: lasts(active.refusing_until),
            ..active.report
        }
    }

    /// Waits as long as answers are to take.
    pub(crate) async fn delay(&self) {
        let millis = self.lock().report.slow_ms;
        if millis > 0 {
            tokio::time::sleep(Duration::from_millis(millis.into())).await;
        }
    }

    /// The `Retry-After` in seconds while everything is answered with 429.
    pub(crate) fn limited(&self) -> Option<u32> {
        let active = self.lock();
        active.limited_until.filter(|until| Instant::now() < *until).map(|_| active.retry_after)
    }

    /// A stream of this age is due to be cut.
    pub(super) fn cut_due(&self, opened: Instant) -> bool {
        self.lock().cut_every.is_some_and(|(age, since)| opened.max(since).elapsed() >= age)
    }

    /// The commands from now on.
    pub(super) fn commands(&self) -> broadcast::Receiver<Command> {
        self.commands.subscribe()
    }

    /// Takes note of a stream that was cut.
    pub(super) fn count_cut(&self) {
        self.lock().report.cuts += 1;
    }

    /// Takes note of a bad frame that was sent.
    pub(super) fn count_bad_frame(&self) {
        self.lock().report.bad_frames += 1;
    }

    /// What is to be wrong with the answer that is due, and takes note of it.
    pub(crate) fn bad_quote(&self) -> Option<BadQuote> {
        let mut active = self.lock();
        let bad = active.bad_quotes.pop_front();
        active.report.bad_quotes += u64::from(bad.is_some());
        bad
    }

    /// What is to be wrong with the answer of a call over REST that is due, and takes note of it.
    pub(crate) fn bad_answer(&self) -> Option<(BadAnswer, u32)> {
        let mut active = self.lock();
        let bad = active.bad_answers.pop_front().filter(|answer| *answer != BadAnswer::Good)?;
        active.report.bad_answers += 1;
        Some((bad, active.retry_after))
    }

    /// Tells whether a new connection is to be dropped, and takes note of it.
    pub(crate) fn refuse(&self) -> bool {
        let mut active = self.lock();
        let refuse = active.refusing_until.is_some_and(|until| Instant::now() < until);
        active.report.refused += u64::from(refuse);
        refuse
    }

    fn lock(&self) -> MutexGuard<'_, Active> {
        // Whoever panicked left plain values behind; they are still good.
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn duration(seconds: f64) -> Result<Duration, FaultError> {
    if !(0.0..=SECONDS_MAX).contains(&seconds) {
        return Err(FaultError::Seconds);
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// The control path.
pub(super) fn routes<S>(faults: Arc<Faults>) -> Router<S> {
    Router::new().route("/faults", get(show).post(apply).delete(clear)).with_state(faults)
}

async fn show(State(faults): State<Arc<Faults>>) -> Json<Report> {
    Json(faults.report())
}

async fn apply(State(faults): State<Arc<Faults>>, body: bytes::Bytes) -> Response {
    let request = match serde_json::from_slice::<Request>(&body) {
        Ok(request) => request,
        Err(error) => return refusal(&format!("cannot read the faults: {error}")),
    };
    match faults.apply(&request) {
        Ok(report) => Json(report).into_response(),
        Err(error) => refusal(&error.to_string()),
    }
}

async fn clear(State(faults): State<Arc<Faults>>) -> Json<Report> {
    faults.clear();
    Json(faults.report())
}

fn refusal(message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(serde_json::json!({ "error": message }))).into_response()
}

//! `POST /api/v1/alerts/backtest`.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use market::{Interval, SessionFilter, SymbolId};
use signals::alert::{Alert, AlertId, Rule, usual_volume};
use signals::backtest::{BacktestError, over_bars};
use wire::alerts::{AlertRequest, BacktestAnswer, BacktestFiring};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::super::source::{BarsError, BarsQuery};
use super::super::symbols::find;
use super::bad;
use crate::alerts::rule_of;

/// Bars looked at: a fortnight of minutes at all hours, a month of those of stocks.
const BARS_MAX: usize = 20_000;
/// Hour bars that say what volume is usual.
const HOURS_MAX: usize = 1_000;
/// Firings told.
const FIRINGS_MAX: usize = 1_000;

async fn bars(
    state: &ApiState,
    symbol: SymbolId,
    interval: Interval,
    limit: usize,
) -> Result<Vec<market::Bar>, Refusal> {
    let query = BarsQuery { symbol, interval, session: SessionFilter::Extended, from: None, to: None, limit };
    let page = state.market.bars(query).await.map_err(|BarsError::Unavailable(reason)| {
        tracing::warn!(%reason, "bars cannot be read for a back-test");
        Refusal::unavailable("bars cannot be read now; try again")
    })?;
    Ok(page.bars)
}

/// What an alert would have done in the stored days, by the code that decides alerts live, on bars of a minute.
///
/// Of the ways a price can have taken through a bar the one with the fewest crossings is looked at, so that none is told
/// that did not happen. The body is that of a new alert; its channels, end, quiet hours and note change nothing. One that is to
/// fire once is tried as if it were set again after each firing, so that every crossing is told. Rules on silence and on news do not show in bars and are refused.
#[utoipa::path(
    post,
    path = "/api/v1/alerts/backtest",
    operation_id = "backtest_alert",
    tag = "alerts",
    request_body = AlertRequest,
    responses(
        (status = 200, description = "What it would have done", body = BacktestAnswer),
        (status = 404, description = "No such symbol", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The rule cannot be (`bad_rule`), or cannot be tried on what is stored (`no_backtest`)", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many are being tried, or bars cannot be read", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn backtest(
    State(state): State<ApiState>,
    body: Result<Json<AlertRequest>, JsonRejection>,
) -> Result<Json<BacktestAnswer>, Refusal> {
    let request = Refusal::read(body)?;
    let (id, _) = find(&state.market.universe(), &request.symbol)?;
    let terms = rule_of(&request.rule, (request.repeat, request.rearm)).map_err(|error| bad(&error))?;
    let busy = || Refusal::unavailable("too many alerts are being tried at this moment; try again");
    let _place = state.backtests.try_acquire().map_err(|_| busy())?;
    let minutes = bars(&state, id, Interval::M1, BARS_MAX).await?;
    let usual = match terms.rule {
        Rule::VolumeAboveUsual { .. } => {
            Some(usual_volume(&bars(&state, id, Interval::H1, HOURS_MAX).await?))
        }
        _ => None,
    };
    let hours = state.market.universe().get(id).map_or(market::Hours::UsEquity, |one| one.hours);
    let alert = Alert {
        id: AlertId(0),
        owner: 0,
        symbol: id,
        rule: terms.rule,
        repeat: terms.repeat,
        generation: 0,
        active_from: market::Timestamp::MIN,
        expires_at: None,
        quiet: None,
        seen: None,
    };
    let (from, to) = (minutes.first().map(|bar| bar.start), minutes.last().map(|bar| bar.start));
    // Long enough to hold up a thread that others wait for.
    let tried =
        tokio::task::spawn_blocking(move || over_bars(&alert, hours, usual, Interval::M1, &minutes)).await;
    let tried = tried.map_err(|_| Refusal::unavailable("the alert could not be tried; try again"))?;
    let mut fired = tried.map_err(|error| match error {
        BacktestError::Rule(error) => bad(&error.into()),
        refused => Refusal::unprocessable(refused.to_string()).with_code("no_backtest"),
    })?;
    let count = fired.len();
    fired.drain(..count.saturating_sub(FIRINGS_MAX));
    Ok(Json(BacktestAnswer {
        count: count as u64,
        text: said(count, from.is_some()),
        fired: fired
            .iter()
            .map(|one| BacktestFiring { timestamp: one.timestamp, price: one.price })
            .collect(),
        from,
        to,
        interval: Interval::M1.into(),
    }))
}

fn said(count: usize, is_any: bool) -> String {
    match count {
        _ if !is_any => "nothing is stored yet of this symbol to try it on".into(),
        0 => "would not have fired in the stored days".into(),
        1 => "would have fired once in the stored days".into(),
        n => format!("would have fired {n} times in the stored days"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_it_would_have_done_is_a_sentence() {
        assert_eq!(super::said(7, true), "would have fired 7 times in the stored days");
        assert_eq!(super::said(1, true), "would have fired once in the stored days");
        assert_eq!(super::said(0, true), "would not have fired in the stored days");
        assert_eq!(super::said(0, false), "nothing is stored yet of this symbol to try it on");
    }
}

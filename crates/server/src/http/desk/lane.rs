//! The way of the operator's commands past the router: `POST /api/v1/commands`, many on one connection.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use axum::http::{HeaderMap, StatusCode};
use futures_util::FutureExt;

use super::super::guard::panicked;
use super::super::lane::{Answered, Lane, Pending, Serve};
use super::super::metrics::{HttpMetrics, RequestLabels, Route};
use super::super::problem::Refusal;
use super::super::who::shows_operator_key;
use super::commands::{Lines, NDJSON};
use super::{COMMANDS, COMMANDS_TIMEOUT, DeskState, LINES_BYTES_MAX, key_text};
use crate::people::People;

/// The lane of `POST /api/v1/commands`.
pub(in super::super) fn lane(desk: &Arc<DeskState>, people: &Arc<People>, metrics: &HttpMetrics) -> Lane {
    let commands = Commands { desk: Arc::clone(desk), people: Arc::clone(people), metrics: metrics.clone() };
    Lane::post(COMMANDS, LINES_BYTES_MAX, Arc::new(commands))
}

struct Commands {
    desk: Arc<DeskState>,
    people: Arc<People>,
    metrics: HttpMetrics,
}

impl Serve for Commands {
    /// Those with the operator's key. Everybody else, operators by a login too, is the router's to let in or not.
    fn takes(&self, headers: &HeaderMap) -> bool {
        shows_operator_key(&self.people, headers)
    }

    fn begin(&self, headers: &HeaderMap, body: &[u8]) -> Pending {
        let start = Instant::now();
        let hand_in = || Lines::hand_in(&self.desk, key_text(headers)?, body);
        let handed_in = catch_unwind(AssertUnwindSafe(hand_in));
        let (desk, metrics) = (Arc::clone(&self.desk), self.metrics.clone());
        Box::pin(async move {
            let answered = match handed_in {
                Ok(Ok(lines)) => answered(lines, &desk, &metrics).await,
                Ok(Err(refusal)) => Err(refusal),
                Err(payload) => Err(broken(payload.as_ref(), &metrics)),
            };
            let status = answered.as_ref().map_or_else(Refusal::status, |_| StatusCode::OK).as_u16();
            let labels = RequestLabels { method: "POST", route: Route::Named(COMMANDS), status };
            metrics.requests.get_or_create(&labels).observe(start.elapsed().as_secs_f64());
            answered
        })
    }
}

async fn answered(lines: Lines, desk: &DeskState, metrics: &HttpMetrics) -> Answered {
    let answers = AssertUnwindSafe(lines.answers(desk)).catch_unwind();
    match tokio::time::timeout(COMMANDS_TIMEOUT, answers).await {
        Ok(Ok(answers)) => answers.map(|text| (NDJSON, text)),
        Ok(Err(payload)) => Err(broken(payload.as_ref(), metrics)),
        Err(_) => {
            metrics.timeouts.inc();
            Err(Refusal::unavailable("the request took too long; try again"))
        }
    }
}

fn broken(payload: &(dyn Any + Send), metrics: &HttpMetrics) -> Refusal {
    metrics.panics.inc();
    panicked(payload)
}

//! Refusals of the desk as problems.

use axum::http::StatusCode;
use ledger::{Entry, Event, Outcome};

use super::super::problem::Refusal;

/// The problem an entry stands for, if its command was refused.
pub(super) fn of(entry: &Entry) -> Option<Refusal> {
    match &entry.event {
        Event::Command { outcome: Outcome::Refused(refusal), .. } => Some(refused(*refusal)),
        _ => None,
    }
}

/// A refusal as a problem: 422 for what can never be, 404 for what is not there, 503 for what cannot be
/// now, 409 for what the account does not allow.
pub(super) fn refused(refusal: ledger::Refusal) -> Refusal {
    use ledger::Refusal as R;
    let status = match refusal {
        R::Malformed(_)
        | R::KeyReused
        | R::AmountNotPositive
        | R::PriceNotPositive
        | R::AmountTooLarge
        | R::PriceTooLarge => StatusCode::UNPROCESSABLE_ENTITY,
        R::UnknownSymbol | R::NoSuchTicket | R::NotYours | R::NothingSet(_) => StatusCode::NOT_FOUND,
        R::Closed | R::StalePrice | R::NoPrice | R::TooManyUsers => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::CONFLICT,
    };
    // Whether another's ticket exists is nobody's business.
    let told = if refusal == R::NotYours { R::NoSuchTicket } else { refusal };
    Refusal::new(status, told.to_string()).with_code(told.code())
}

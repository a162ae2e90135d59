//! What PostgreSQL's errors mean for a journal.

use postgres::Error;
use postgres::error::{DbError, Severity, SqlState};

use crate::journal::JournalError;

/// What an error says about the statement it ended.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    /// The server took nothing of it, and the connection goes on.
    Refused,
    /// The connection is gone. A statement that was on its way may have been carried out.
    Cut,
}

/// What was said, with what the server adds.
pub(crate) fn reason(error: &Error) -> String {
    let Some(db) = error.as_db_error() else {
        // The library's own words leave the cause to its source.
        let source = std::error::Error::source(error);
        return source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    };
    let extra = [db.detail(), db.hint(), mend(db)].into_iter().flatten();
    extra.fold(db.message().to_owned(), |said, extra| format!("{said}; {extra}"))
}

fn mend(db: &DbError) -> Option<&'static str> {
    let mends = [
        (SqlState::INVALID_PASSWORD, "look at the user and the password"),
        (SqlState::INVALID_AUTHORIZATION_SPECIFICATION, "look at the user, and at the server's pg_hba.conf"),
        (SqlState::INVALID_CATALOG_NAME, "make the database with createdb, or name another"),
        (SqlState::INSUFFICIENT_PRIVILEGE, "let the user own the schema bellwether, or create it"),
        (SqlState::READ_ONLY_SQL_TRANSACTION, "it may be a standby: name the primary"),
        (SqlState::TOO_MANY_CONNECTIONS, "raise max_connections, or stop other clients"),
        (SqlState::DISK_FULL, "make room on the server"),
        (SqlState::LOCK_NOT_AVAILABLE, "another session keeps it locked; end that session"),
    ];
    mends.into_iter().find(|(code, _)| code == db.code()).map(|(_, mend)| mend)
}

/// What an error says about the statement it ended.
pub(super) fn meaning(error: &Error) -> Meaning {
    match error.as_db_error() {
        // A session that is ended from outside may be so just after it has committed.
        Some(db) if matches!(db.parsed_severity(), Some(Severity::Error)) => Meaning::Refused,
        _ => Meaning::Cut,
    }
}

/// Of anything but an append: nothing was written.
pub(super) fn plain(error: &Error, place: &str) -> JournalError {
    let (place, reason) = (place.to_owned(), reason(error));
    match (error.code(), meaning(error)) {
        (Some(code), _) if *code == SqlState::DISK_FULL => JournalError::Full { place, reason },
        (Some(code), _)
            if [SqlState::READ_ONLY_SQL_TRANSACTION, SqlState::LOCK_NOT_AVAILABLE].contains(code) =>
        {
            JournalError::Unavailable { place, reason }
        }
        (_, Meaning::Cut) => JournalError::Unavailable { place, reason },
        (_, Meaning::Refused) => JournalError::Refused { place, reason },
    }
}

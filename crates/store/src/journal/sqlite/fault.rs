//! What SQLite's errors mean for a journal.

use rusqlite::{Error, ErrorCode};

use crate::journal::{Damage, JournalError, Shard};

/// An error of SQLite.
#[derive(Debug)]
pub(super) struct Fault(pub(super) Error);

impl Fault {
    fn code(&self) -> Option<ErrorCode> {
        self.0.sqlite_error_code()
    }

    /// Whether the file is not what SQLite wrote.
    fn is_damage(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
            || matches!(
                self.0,
                Error::FromSqlConversionFailure(..)
                    | Error::IntegralValueOutOfRange(..)
                    | Error::InvalidColumnType(..)
            )
    }

    /// Of anything but a commit: nothing was written.
    pub(super) fn before_commit(self, place: &str) -> JournalError {
        let place = place.to_owned();
        let reason = self.0.to_string();
        match self.code() {
            Some(ErrorCode::DiskFull) => JournalError::Full { place, reason },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::Unavailable {
                place,
                reason: format!("{reason}; another program keeps it locked: end that program"),
            },
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                JournalError::Unavailable {
                    place,
                    reason: format!("{reason}; make the folder writable, or choose another with --data"),
                }
            }
            Some(ErrorCode::SystemIoFailure) => JournalError::Unavailable {
                place,
                reason: format!("{reason}; look at the disk and at the system's log"),
            },
            _ => JournalError::Refused { place, reason },
        }
    }

    /// Of a commit of one shard.
    pub(super) fn of_commit(self, place: &str, shard: Shard) -> JournalError {
        match self.code() {
            // The frame that makes the rest count could not be written, or the lock not be had.
            Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy) => self.before_commit(place),
            _ => JournalError::Unknown { shard, reason: self.0.to_string() },
        }
    }

    /// Of reading a shard from an entry on.
    pub(super) fn of_reading(self, place: &str, shard: Shard, seq: u64) -> JournalError {
        if self.is_damage() {
            return JournalError::Damaged { shard, damage: Damage::new(seq, self.0.to_string()) };
        }
        self.before_commit(place)
    }
}

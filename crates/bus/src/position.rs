//! Where a reader of the log stands.

use std::fmt;

/// Everything before this has been read. It outlives the process: a reader that saved it goes on from
/// exactly there, if the log still holds it.
///
/// An offset alone is not enough. Somebody deletes the stream, a new one counts from 1, and "go on
/// after 70,000" would silently skip the first 70,000 events of the new one. The epoch is when the log
/// was created, so a position of another log is recognised and answered with [`LogError::Lost`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPosition {
    pub(crate) epoch: u64,
    pub(crate) offset: u64,
    /// Batches of the message at `offset` that were read; messages hold several.
    pub(crate) part: u32,
}

impl LogPosition {
    /// This is behind the other: what led to it has not been read by whoever stands there. Places of different logs are
    /// always behind each other.
    pub fn is_after(self, other: Self) -> bool {
        self.epoch != other.epoch || self > other
    }

    /// The earlier of two places of one log; of two logs, the first named.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        if self.epoch == other.epoch { self.min(other) } else { self }
    }

    /// For keeping: 20 bytes, which mean nothing to anyone else.
    pub fn to_bytes(self) -> [u8; 20] {
        let mut out = [0; 20];
        out[..8].copy_from_slice(&self.epoch.to_le_bytes());
        out[8..16].copy_from_slice(&self.offset.to_le_bytes());
        out[16..].copy_from_slice(&self.part.to_le_bytes());
        out
    }

    /// From kept bytes; `None` when they are not 20.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (epoch, rest) = bytes.split_first_chunk::<8>()?;
        let (offset, rest) = rest.split_first_chunk::<8>()?;
        let part = <[u8; 4]>::try_from(rest).ok()?;
        Some(Self {
            epoch: u64::from_le_bytes(*epoch),
            offset: u64::from_le_bytes(*offset),
            part: u32::from_le_bytes(part),
        })
    }
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}:{}.{}", self.epoch, self.offset, self.part)
    }
}

/// Where to begin reading the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStart {
    /// With what is published from now on.
    New,
    /// With the oldest event that is still kept.
    Oldest,
    /// Where a reader stood before.
    At(LogPosition),
}

/// Something a reader must know before it reads on. Only [`LogError::Closed`] ends the reading.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Events between these positions are gone: the reader was away for longer than the log is kept, or
    /// the log was deleted. What follows continues at `next`.
    #[error("events between {after} and {next} are no longer in the log")]
    Lost {
        /// Where the reader stood.
        after: LogPosition,
        /// Where it goes on.
        next: LogPosition,
    },
    /// A message that this program cannot read; it was stepped over.
    #[error("the message before {next} cannot be read")]
    Unreadable {
        /// Where the reader goes on.
        next: LogPosition,
        /// What is wrong with it.
        #[source]
        source: wire::bus::DecodeError,
    },
    /// The bus was closed, and all that was in it has been read.
    #[error("the bus is closed")]
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_different_logs_are_not_compared() {
        let at = |epoch, offset, part| LogPosition { epoch, offset, part };
        assert!(at(1, 2, 1).is_after(at(1, 2, 0)) && at(1, 3, 0).is_after(at(1, 2, 9)));
        assert!(!at(1, 2, 0).is_after(at(1, 2, 0)) && !at(1, 1, 9).is_after(at(1, 2, 0)));
        assert!(at(1, 2, 0).is_after(at(2, 9, 0)) && at(2, 9, 0).is_after(at(1, 2, 0)));
        assert_eq!(at(1, 2, 0).earlier(at(1, 1, 5)), at(1, 1, 5));
        assert_eq!(at(1, 2, 0).earlier(at(2, 1, 5)), at(1, 2, 0));
    }

    #[test]
    fn is_kept_in_bytes() {
        let position = LogPosition { epoch: u64::MAX, offset: 7, part: 9 };
        assert_eq!(LogPosition::from_bytes(&position.to_bytes()), Some(position));
        assert_eq!(LogPosition::from_bytes(&[0; 19]), None);
        assert_eq!(LogPosition::from_bytes(&[0; 21]), None);
    }
}

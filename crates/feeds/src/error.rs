//! What went wrong with a provider: whose fault, and whether trying again is sane.

use std::fmt;
use std::time::Duration;

/// Whose doing a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Our settings or our code: a wrong key, a bad address, a request the provider cannot read.
    Ours,
    /// The provider: a refusal, a limit, an answer that is not what it documents.
    Theirs,
    /// What lies between.
    Network,
}

/// Whether and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Trying again without a change of settings gives the same answer.
    Never,
    /// Not before so long: the provider said it.
    After(Duration),
    /// With growing pauses.
    Backoff,
}

/// What kind of failure it is; what callers match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The address or a header cannot be used as configured.
    Settings,
    /// The provider does not know the key.
    Key,
    /// The key's plan does not include this.
    Plan,
    /// Too many calls, or too many connections of one key.
    Limit,
    /// The provider answered with another refusal or a fault of its own; its HTTP status.
    Status(u16),
    /// No connection, a cut, or no answer in time.
    Network,
    /// The connection was up and nothing came.
    Silent,
    /// An answer or frame that cannot be read.
    Garbage,
    /// An answer or frame above its limit.
    TooLarge,
}

/// The cause below a [`FeedError`].
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A failure at a provider's border.
///
/// `Display` prints this layer only: what was tried and what to do. The cause is its source.
#[derive(Debug)]
pub struct FeedError {
    kind: ErrorKind,
    retry: Retry,
    what: String,
    source: Option<Cause>,
}

impl FeedError {
    /// A failure of this kind, with its usual retry class; `what` says what was tried, on what.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        let retry = match kind {
            ErrorKind::Settings | ErrorKind::Key | ErrorKind::Plan => Retry::Never,
            _ => Retry::Backoff,
        };
        Self { kind, retry, what: what.into(), source: None }
    }

    /// With the cause below it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Cause>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// With another retry class.
    #[must_use]
    pub fn retrying(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// What callers match on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether and when to try again.
    pub fn retry(&self) -> Retry {
        self.retry
    }

    /// Whose doing it is.
    pub fn fault(&self) -> Fault {
        match self.kind {
            ErrorKind::Settings | ErrorKind::Key => Fault::Ours,
            ErrorKind::Network | ErrorKind::Silent => Fault::Network,
            _ => Fault::Theirs,
        }
    }

    /// The provider said no, rather than nothing: the next attempt waits longer.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Key | ErrorKind::Plan | ErrorKind::Limit | ErrorKind::Status(_) | ErrorKind::Settings
        )
    }

    /// This layer and every cause below it, for one line of a log or a status.
    pub fn chain(&self) -> String {
        let mut text = self.what.clone();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for FeedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|s| &**s as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_whose_fault_and_keeps_the_cause() {
        let io = std::io::Error::other("connection reset");
        let error = FeedError::new(ErrorKind::Network, "dialling finnhub").caused_by(io);
        assert_eq!((error.fault(), error.retry()), (Fault::Network, Retry::Backoff));
        assert_eq!(error.to_string(), "dialling finnhub");
        assert_eq!(error.chain(), "dialling finnhub: connection reset");
        assert_eq!(FeedError::new(ErrorKind::Key, "").retry(), Retry::Never);
        assert!(FeedError::new(ErrorKind::Limit, "").is_refusal());
    }
}

//! Why an attempt failed, and what follows from that.

use std::time::{Duration, SystemTime};

/// Why an attempt failed. The texts are for the channel's owner: they say nothing of our inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It may go well later.
    Later {
        /// What happened.
        why: String,
        /// The other side asked to be left alone for so long.
        after: Option<Duration>,
    },
    /// It will never go well as it is: the address or the message is wrong.
    Never {
        /// What happened, and the mend.
        why: String,
    },
    /// The address has ended, and will not come back.
    Gone {
        /// What happened.
        why: String,
    },
}

impl Fault {
    pub(crate) fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into(), after: None }
    }

    pub(crate) fn never(why: impl Into<String>) -> Self {
        Self::Never { why: why.into() }
    }

    /// What happened.
    pub fn why(&self) -> &str {
        match self {
            Self::Later { why, .. } | Self::Never { why } | Self::Gone { why } => why,
        }
    }
}

/// What `Retry-After` says: seconds, or a date.
pub(crate) fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = httpdate::parse_http_date(text).ok()?;
    Some(then.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let cases = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text:?}");
        }
    }
}

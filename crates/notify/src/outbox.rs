//! Where notices are put.

use std::fmt;
use std::sync::Arc;

use store::records::delivery::{self, Notice, Put};
use store::records::{RecordError, Records, Sql};
use tokio::sync::Notify;

use crate::metrics::NoticeLabels;
use crate::{Clock, Metrics};

/// The longest title, in characters; more is cut off.
const TITLE_CHARACTERS_MAX: usize = 200;
/// The longest body, in characters; more is cut off.
const BODY_CHARACTERS_MAX: usize = 2_000;
/// The longest symbol and price, in characters; more is cut off.
const FACT_CHARACTERS_MAX: usize = 64;
/// The longest link, in bytes.
const LINK_BYTES_MAX: usize = 500;
/// The longest key and kind, in bytes.
const KEY_BYTES_MAX: usize = 200;

/// A notice that cannot be put: a mistake of whoever made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNotice {
    /// Its key is empty, longer than 200 bytes, or has control characters.
    #[error("the key of a notice must have 1 to 200 bytes and no control characters")]
    Key,
    /// Its kind is not a word.
    #[error("the kind of a notice must be a word of small letters")]
    Kind,
    /// Its title is empty.
    #[error("a notice must have a title")]
    Title,
    /// Its link is no path of the page.
    #[error("the link of a notice must be a path of the page, such as /symbol/AAPL, of 500 bytes at most")]
    Link,
}

/// Why a notice was not put.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// It cannot be put.
    #[error(transparent)]
    Bad(#[from] BadNotice),
    /// The records say no; put it again.
    #[error(transparent)]
    Records(#[from] RecordError),
}

/// Where notices are put. Cheap to clone; all clones lead to one queue.
#[derive(Clone)]
pub struct Outbox {
    records: Arc<Records>,
    wake: Arc<Notify>,
    clock: Clock,
    metrics: Metrics,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("records", &self.records).finish_non_exhaustive()
    }
}

impl Outbox {
    /// Over these records.
    pub fn new(records: Arc<Records>, clock: Clock, metrics: Metrics) -> Self {
        Self { records, wake: Arc::default(), clock, metrics }
    }

    /// Queues a notice for each channel of its owner that is on, once: another with the same owner and key is
    /// [`Put::Known`]. Durable when it is answered.
    ///
    /// # Errors
    /// [`PutError`]; where the records say no, nothing was queued, and it may be put again.
    pub async fn put(&self, notice: Notice) -> Result<Put, PutError> {
        let put = self.put_all(vec![notice]).await?;
        Ok(put.first().copied().unwrap_or(Put::Known))
    }

    /// Queues several in one transaction, in order: all or none.
    ///
    /// # Errors
    /// As for [`put`](Self::put).
    pub async fn put_all(&self, notices: Vec<Notice>) -> Result<Vec<Put>, PutError> {
        let notices = notices.into_iter().map(clean).collect::<Result<Vec<_>, _>>()?;
        let now = (self.clock)();
        let put = self.records.run(move |sql| put_each(sql, &notices, now)).await?;
        self.note(&put);
        Ok(put)
    }

    /// For those who have put by [`Outbox::put_within`] in a transaction of their own, once that is done: counts, and has
    /// the courier look at once.
    pub fn note(&self, put: &[Put]) {
        for one in put {
            let outcome = match one {
                Put::Known => "known",
                Put::Queued { channels: 0, .. } => "nowhere",
                Put::Queued { given_up, .. } => {
                    self.metrics.given_up.inc_by(u64::try_from(*given_up).unwrap_or(0));
                    "queued"
                }
            };
            self.metrics.notices.get_or_create(&NoticeLabels { outcome }).inc();
        }
        if put.iter().any(|one| matches!(one, Put::Queued { channels: 1.., .. })) {
            self.wake();
        }
    }

    /// Puts notices within a transaction of the caller's, so that what made them and they themselves are stored
    /// together; then tell [`note`](Self::note).
    ///
    /// # Errors
    /// What the database says. A notice that cannot be put is left out and logged: it must not undo the rest.
    pub fn put_within(
        sql: &mut dyn Sql,
        notices: &[Notice],
        now: market::Timestamp,
    ) -> Result<Vec<Put>, RecordError> {
        let good = notices.iter().filter_map(|notice| match clean(notice.clone()) {
            Ok(notice) => Some(notice),
            Err(error) => {
                tracing::error!(%error, dedupe = notice.dedupe, "a notice could not be put");
                None
            }
        });
        put_each(sql, &good.collect::<Vec<_>>(), now)
    }

    /// Something was queued: the courier looks at once.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) fn woken(&self) -> &Notify {
        &self.wake
    }
}

fn put_each(sql: &mut dyn Sql, notices: &[Notice], now: market::Timestamp) -> Result<Vec<Put>, RecordError> {
    notices.iter().map(|notice| delivery::put(sql, notice, now)).collect()
}

/// A notice as it is queued: too long texts are cut, control characters are spaces.
fn clean(notice: Notice) -> Result<Notice, BadNotice> {
    let is_key =
        |text: &str| !text.is_empty() && text.len() <= KEY_BYTES_MAX && !text.chars().any(char::is_control);
    let is_word = |text: &str| {
        is_key(text) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let is_path = |text: &str| {
        text.len() <= LINK_BYTES_MAX
            && text.starts_with('/')
            && !text.starts_with("//")
            && !text.contains('\\')
            && !text.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    if !is_key(&notice.dedupe) {
        return Err(BadNotice::Key);
    }
    if !is_word(&notice.kind) {
        return Err(BadNotice::Kind);
    }
    if !is_path(&notice.link) {
        return Err(BadNotice::Link);
    }
    let line =
        |text: &str, most| cut(text.split(char::is_control).collect::<Vec<_>>().join(" ").trim(), most);
    let title = line(&notice.title, TITLE_CHARACTERS_MAX);
    if title.is_empty() {
        return Err(BadNotice::Title);
    }
    let body: String =
        notice.body.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    let fact = |text: &Option<String>| text.as_deref().map(|text| line(text, FACT_CHARACTERS_MAX));
    Ok(Notice {
        title,
        body: cut(body.trim(), BODY_CHARACTERS_MAX),
        symbol: fact(&notice.symbol),
        price: fact(&notice.price),
        ..notice
    })
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::tests::message;

    #[test]
    fn notices_are_made_fit_or_refused() {
        let notice = || message().notice;
        let made = clean(Notice {
            title: format!(" a\r\nb{} ", "x".repeat(300)),
            body: "one\n\u{7}two\r\n".into(),
            price: Some("1\n".into()),
            ..notice()
        })
        .unwrap();
        assert!(
            made.title.starts_with("a  bx") && made.title.ends_with('…') && made.title.chars().count() == 200
        );
        assert_eq!((made.body.as_str(), made.price.as_deref()), ("one\n two", Some("1")));
        for (bad, told) in [
            (Notice { dedupe: String::new(), ..notice() }, BadNotice::Key),
            (Notice { dedupe: "x".repeat(201), ..notice() }, BadNotice::Key),
            (Notice { kind: "Al ert".into(), ..notice() }, BadNotice::Kind),
            (Notice { title: "\n ".into(), ..notice() }, BadNotice::Title),
            (Notice { link: "https://evil.example".into(), ..notice() }, BadNotice::Link),
            (Notice { link: "//evil.example".into(), ..notice() }, BadNotice::Link),
            (Notice { link: "/\\evil.example".into(), ..notice() }, BadNotice::Link),
        ] {
            assert_eq!(clean(bad), Err(told));
        }
    }
}

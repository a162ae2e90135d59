//! Takes versions of articles, each once.

use std::collections::BTreeMap;
use std::sync::Arc;

use market::{Timestamp, Universe};
use serde::{Deserialize, Serialize};
use signals::headline::{Change, Headline, HeadlineId, Row, Seen, Watermark, collapse};
use signals::linking::Linker;
use store::records::article::{self, ARTICLES_MAX, Article};
use store::records::{RecordError, Sql, stream};

use super::News;
use super::article::{fit, row_of, stored};

/// Why a stream's articles were not taken. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// Another reads it now, or it is gone.
    #[error("another server reads this stream now")]
    NotOurs,
    /// What the records say.
    #[error(transparent)]
    Records(#[from] RecordError),
}

/// A watermark as it is stored: times in nanoseconds, ids and texts' hashes as they are.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    through: i64,
    seen: Vec<(u64, i64, u64)>,
}

fn write_mark(watermark: &Watermark) -> String {
    let seen = watermark.seen.iter().map(|(id, seen)| (id.0, seen.updated_at.nanos(), seen.fingerprint));
    let mark = Mark { through: watermark.through.nanos(), seen: seen.collect() };
    // Numbers: it always serialises.
    serde_json::to_string(&mark).unwrap_or_default()
}

fn read_mark(text: &str) -> Option<Watermark> {
    let Mark { through, seen } = serde_json::from_str(text).ok()?;
    let seen: BTreeMap<_, _> = seen
        .into_iter()
        .map(|(id, at, fingerprint)| {
            (HeadlineId(id), Seen { updated_at: Timestamp::from_nanos(at), fingerprint })
        })
        .collect();
    Some(Watermark { through: Timestamp::from_nanos(through), seen })
}

impl News {
    /// Up to where a stream was read; nothing where it begins.
    ///
    /// # Errors
    /// What the records say.
    pub async fn watermark(&self, stream: i64) -> Result<Option<Watermark>, RecordError> {
        let text = self.records.run(move |sql| stream::watermark(sql, stream)).await?;
        let Some(text) = text else { return Ok(None) };
        let watermark = read_mark(&text);
        if watermark.is_none() {
            tracing::warn!(stream, "a stream's place is stored in a form not known here; it begins anew");
        }
        Ok(watermark)
    }

    /// Stores what a stream brought, and up to where it was read, in one transaction: both or nothing.
    ///
    /// # Errors
    /// [`PutError`].
    pub async fn put(
        self: &Arc<Self>,
        (stream, reader): (i64, &str),
        fresh: Vec<Headline>,
        watermark: &Watermark,
    ) -> Result<(), PutError> {
        let fresh: Vec<Headline> = fresh.into_iter().filter_map(fit).collect();
        let (reader, mark, now) = (reader.to_owned(), write_mark(watermark), self.live.now());
        let is_any = !fresh.is_empty();
        let news = Arc::clone(self);
        let learnt =
            tokio::task::spawn_blocking(move || is_any.then(|| (news.live.universe(), news.linker())));
        let learnt = learnt.await.map_err(|_| RecordError::Closed)?;
        let put = self.records.run(move |sql| {
            if !stream::advance(sql, (stream, &reader), &mark, fresh.len(), now)? {
                return Ok(false);
            }
            if let Some((universe, linker)) = &learnt {
                for version in &fresh {
                    take(sql, stream, version.clone(), (linker, universe))?;
                }
                article::prune(sql, ARTICLES_MAX)?;
            }
            Ok(true)
        });
        if !put.await? {
            return Err(PutError::NotOurs);
        }
        if is_any {
            self.stored.notify_one();
        }
        Ok(())
    }
}

/// Takes one version in.
fn take(
    sql: &mut dyn Sql,
    stream: i64,
    version: Headline,
    (linker, universe): (&Linker, &Universe),
) -> Result<(), RecordError> {
    let known = article::get(sql, version.id().0)?;
    let row: Option<Row> = known.as_ref().map(row_of);
    let mut streams = known.as_ref().map(|known| known.streams.clone()).unwrap_or_default();
    let is_found_anew = !streams.contains(&stream);
    if is_found_anew {
        streams.push(stream);
    }
    let article = match (collapse(row.as_ref(), version), known) {
        (Change::New(row) | Change::Updated(row), _) => stored(row, streams, linker, universe),
        (Change::Unchanged, Some(known)) if is_found_anew => Article { streams, ..known },
        (Change::Unchanged, _) => return Ok(()),
    };
    article::put(sql, &article).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watermark_is_read_as_it_was_written() {
        let at = Timestamp::from_nanos;
        let seen = |n: i64| Seen { updated_at: at(-n), fingerprint: u64::MAX - n.unsigned_abs() };
        let watermark = Watermark {
            through: at(i64::MAX),
            seen: [(HeadlineId(u64::MAX), seen(1)), (HeadlineId(0), seen(2))].into(),
        };
        assert_eq!(read_mark(&write_mark(&watermark)), Some(watermark));
        assert_eq!(read_mark("{}"), None);
    }
}

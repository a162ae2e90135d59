//! Articles: one row each, with what they were found to be about, by time, by symbol and by the stream that found them.
//!
//! What a text says of symbols and of its tone, this module does not read: it keeps it as whoever reads texts wrote it.

use std::collections::BTreeSet;

use market::Timestamp;

use super::RecordError;
use super::sql::{Row, Sql, Value};

/// Most articles kept; the oldest go.
pub const ARTICLES_MAX: usize = 200_000;

/// An article as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Names it, the same on every server: a hash of its source and the provider's own name of it.
    pub id: u64,
    /// Whose.
    pub source: String,
    /// The provider's own name of it.
    pub own: String,
    /// The title.
    pub title: String,
    /// A sentence or two.
    pub summary: String,
    /// Where it can be read.
    pub url: String,
    /// When its first version appeared.
    pub published_at: Timestamp,
    /// When this version appeared.
    pub updated_at: Timestamp,
    /// Versions after the first.
    pub updates: u32,
    /// Symbols that the provider names.
    pub named: Vec<String>,
    /// Symbols it is about, the provider's among them.
    pub symbols: Vec<String>,
    /// Evidence and tone, as whoever reads texts writes them.
    pub reading: String,
    /// Streams that found it.
    pub streams: Vec<i64>,
    /// A number of the counter, of its last change.
    pub revision: i64,
}

const COLUMNS: &str = "a.id, a.source, a.own, a.title, a.summary, a.url, a.published_at, a.updated_at, a.updates, \
                       a.named, a.symbols, a.reading, a.streams, a.revision";

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn read(row: &Row) -> Result<Article, RecordError> {
    let streams = row.text(12)?;
    Ok(Article {
        id: row.int(0)?.cast_unsigned(),
        source: row.text(1)?,
        own: row.text(2)?,
        title: row.text(3)?,
        summary: row.text(4)?,
        url: row.text(5)?,
        published_at: row.time(6)?,
        updated_at: row.time(7)?,
        updates: u32::try_from(row.int(8)?).unwrap_or(u32::MAX),
        named: lines(&row.text(9)?),
        symbols: lines(&row.text(10)?),
        reading: row.text(11)?,
        streams: streams.lines().filter_map(|id| id.parse().ok()).collect(),
        revision: row.int(13)?,
    })
}

/// One article.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: u64) -> Result<Option<Article>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM article a WHERE a.id = ?1");
    sql.first(&ask, &[id.cast_signed().into()])?.as_ref().map(read).transpose()
}

/// Keeps an article as it is now, in place of what was kept of it; its `revision` is given here.
///
/// # Errors
/// What the database says.
pub fn put(sql: &mut dyn Sql, article: &Article) -> Result<i64, RecordError> {
    let before = get(sql, article.id)?;
    let revision = sql.new_id()?;
    let streams: Vec<String> = article.streams.iter().map(i64::to_string).collect();
    let values: [Value; 14] = [
        article.id.cast_signed().into(),
        (&*article.source).into(),
        (&*article.own).into(),
        (&*article.title).into(),
        (&*article.summary).into(),
        (&*article.url).into(),
        article.published_at.into(),
        article.updated_at.into(),
        i64::from(article.updates).into(),
        (&*article.named.join("\n")).into(),
        (&*article.symbols.join("\n")).into(),
        (&*article.reading).into(),
        (&*streams.join("\n")).into(),
        revision.into(),
    ];
    sql.execute(
        "INSERT INTO article (id, source, own, title, summary, url, published_at, updated_at, updates, named, symbols,
             reading, streams, revision)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (id) DO UPDATE SET title = ?4, summary = ?5, url = ?6, published_at = ?7, updated_at = ?8,
             updates = ?9, named = ?10, symbols = ?11, reading = ?12, streams = ?13, revision = ?14",
        &values,
    )?;
    place(sql, article, before.as_ref())?;
    Ok(revision)
}

/// The tables by symbol and by stream follow the article.
fn place(sql: &mut dyn Sql, article: &Article, before: Option<&Article>) -> Result<(), RecordError> {
    let id = article.id.cast_signed();
    let is_moved = before.is_some_and(|before| before.published_at != article.published_at);
    let had = |of: fn(&Article) -> &Vec<String>| before.map(|before| of(before).clone()).unwrap_or_default();
    let known: BTreeSet<String> = had(|article| &article.symbols).into_iter().collect();
    let wanted: BTreeSet<String> = article.symbols.iter().cloned().collect();
    if is_moved || known != wanted {
        sql.execute("DELETE FROM article_symbol WHERE article = ?1", &[id.into()])?;
        for symbol in &wanted {
            sql.execute(
                "INSERT INTO article_symbol (symbol, published_at, article) VALUES (?1, ?2, ?3)",
                &[(&**symbol).into(), article.published_at.into(), id.into()],
            )?;
        }
    }
    let streams = before.map(|before| before.streams.clone()).unwrap_or_default();
    if is_moved || streams != article.streams {
        sql.execute("DELETE FROM article_stream WHERE article = ?1", &[id.into()])?;
        for stream in &article.streams {
            sql.execute(
                "INSERT INTO article_stream (stream, published_at, article) VALUES (?1, ?2, ?3)",
                &[(*stream).into(), article.published_at.into(), id.into()],
            )?;
        }
    }
    Ok(())
}

/// What articles are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// About this symbol.
    pub symbol: Option<String>,
    /// Found by this stream; beside a symbol it is not looked at.
    pub stream: Option<i64>,
    /// Of this source.
    pub source: Option<String>,
    /// Published at this time or later.
    pub from: Option<Timestamp>,
    /// Published before this time.
    pub to: Option<Timestamp>,
    /// Behind this one, in the order of the list.
    pub after: Option<(Timestamp, u64)>,
}

/// Articles, the newest first by their time of publication, and of one time by id.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, filter: &Filter, most: usize) -> Result<Vec<Article>, RecordError> {
    let to = filter.to.unwrap_or(Timestamp::MAX);
    let (after, last) = filter.after.map_or((to, None), |(at, id)| (at.min(to), Some((at, id))));
    let (from_table, time, key): (String, &str, Value) = match (&filter.symbol, filter.stream) {
        (Some(symbol), _) => (
            "article_symbol f JOIN article a ON a.id = f.article WHERE f.symbol = ?1".into(),
            "f.published_at",
            (&**symbol).into(),
        ),
        (None, Some(stream)) => (
            "article_stream f JOIN article a ON a.id = f.article WHERE f.stream = ?1".into(),
            "f.published_at",
            stream.into(),
        ),
        (None, None) => ("article a WHERE CAST(?1 AS bigint) = 0".into(), "a.published_at", 0.into()),
    };
    let source = filter.source.as_deref().unwrap_or_default();
    // Of those at the very time of the last one, what is behind it; of the rest, what is before that time.
    let (at, id) = last.unwrap_or((Timestamp::MIN, 0));
    let ask = format!(
        "SELECT {COLUMNS} FROM {from_table} AND {time} >= ?2
         AND ({time} < ?3 OR ({time} = ?4 AND a.id < ?5 AND {time} < ?8)) AND (?6 = '' OR a.source = ?6)
         ORDER BY {time} DESC, a.id DESC LIMIT ?7"
    );
    let values = [
        key,
        filter.from.unwrap_or(Timestamp::MIN).into(),
        after.into(),
        at.into(),
        id.cast_signed().into(),
        source.into(),
        i64::try_from(most).unwrap_or(i64::MAX).into(),
        to.into(),
    ];
    sql.query(&ask, &values)?.iter().map(read).collect()
}

/// Articles that changed after a revision, in the order of their changes.
///
/// # Errors
/// What the database says.
pub fn changes(sql: &mut dyn Sql, after: i64, most: usize) -> Result<Vec<Article>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM article a WHERE a.revision > ?1 ORDER BY a.revision LIMIT ?2");
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    sql.query(&ask, &[after.into(), most.into()])?.iter().map(read).collect()
}

/// The newest revision among articles published before a time; 0 where there is none.
///
/// # Errors
/// What the database says.
pub fn revision_before(sql: &mut dyn Sql, time: Timestamp) -> Result<i64, RecordError> {
    let ask = "SELECT revision FROM article WHERE updated_at < ?1 ORDER BY revision DESC LIMIT 1";
    sql.first(ask, &[time.into()])?.map_or(Ok(0), |row| row.int(0))
}

/// Lets the oldest go where there are more than are kept, at most a thousand at a time. How many went.
///
/// # Errors
/// What the database says.
pub fn prune(sql: &mut dyn Sql, kept: usize) -> Result<usize, RecordError> {
    let kept = i64::try_from(kept).unwrap_or(i64::MAX);
    let oldest = "SELECT id FROM article ORDER BY published_at DESC, id DESC LIMIT 1000 OFFSET ?1";
    let gone = sql.query(oldest, &[kept.into()])?;
    for row in &gone {
        let id: Value = row.int(0)?.into();
        for statement in [
            "DELETE FROM article_symbol WHERE article = ?1",
            "DELETE FROM article_stream WHERE article = ?1",
            "DELETE FROM article WHERE id = ?1",
        ] {
            sql.execute(statement, std::slice::from_ref(&id))?;
        }
    }
    Ok(gone.len())
}

//! Blocks as rows.

use market::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::journal::block::SEQ_END;
use crate::journal::{Block, Hash, Head, NewBlock, Shard};

/// The key of a block: shards one after the other, each in the order of its entries.
fn id(shard: Shard, seq: u64) -> i64 {
    i64::from(shard.number()) << 48 | i64::try_from(seq.min(SEQ_END - 1)).unwrap_or(0)
}

/// Keys of a shard: from the first, before the second.
fn ids(shard: Shard) -> (i64, i64) {
    (id(shard, 0), (i64::from(shard.number()) + 1) << 48)
}

fn seq(id: i64) -> u64 {
    id.cast_unsigned() & (SEQ_END - 1)
}

/// `id, count, hash`, with which every query begins.
fn head(row: &Row<'_>) -> rusqlite::Result<Head> {
    let (first_seq, count): (u64, u32) = (seq(row.get(0)?), row.get(1)?);
    let next_seq = first_seq + u64::from(count);
    Ok(Head { next_seq, hash: Hash::from_bytes(row.get(2)?) })
}

/// `id, count, hash, time, bytes`
fn block(row: &Row<'_>) -> rusqlite::Result<Block> {
    Ok(Block {
        first_seq: seq(row.get(0)?),
        count: row.get(1)?,
        hash: Hash::from_bytes(row.get(2)?),
        time: Timestamp::from_nanos(row.get(3)?),
        bytes: row.get(4)?,
    })
}

/// The head of a shard's journal.
pub(super) fn head_of(connection: &Connection, shard: Shard) -> rusqlite::Result<Head> {
    let mut statement = connection.prepare_cached(
        "SELECT id, count, hash FROM block WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT 1",
    )?;
    let found = statement.query_row(ids(shard), head).optional()?;
    Ok(found.unwrap_or_else(|| Head::genesis(shard)))
}

/// Inserts a block at a head.
pub(super) fn insert(
    connection: &Connection,
    shard: Shard,
    at: u64,
    block: &NewBlock<'_>,
    hash: &Hash,
) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare_cached("INSERT INTO block (id, count, time, hash, bytes) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let row = params![id(shard, at), block.count, block.time.nanos(), hash.as_bytes(), block.bytes];
    statement.execute(row).map(|_| ())
}

/// Blocks from the one that holds an entry on; what could be read before an error is kept.
pub(super) fn blocks_from(
    connection: &Connection,
    shard: Shard,
    from_seq: u64,
    bytes_max: usize,
) -> rusqlite::Result<Vec<Block>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, count, hash, time, bytes FROM block
         WHERE id >= coalesce((SELECT max(id) FROM block WHERE id >= ?1 AND id <= ?3), ?3) AND id < ?2
         ORDER BY id",
    )?;
    let (first, end) = ids(shard);
    let mut rows = statement.query([first, end, id(shard, from_seq)])?;
    let (mut blocks, mut bytes) = (Vec::new(), 0);
    loop {
        let next = match rows.next() {
            Ok(None) => return Ok(blocks),
            Ok(Some(row)) => block(row),
            Err(error) => Err(error),
        };
        let next = match next {
            Ok(next) => next,
            // The error comes again when reading goes on from there.
            Err(_) if !blocks.is_empty() => return Ok(blocks),
            Err(error) => return Err(error),
        };
        bytes += next.bytes.len();
        if !blocks.is_empty() && bytes > bytes_max {
            return Ok(blocks);
        }
        if next.next_seq() > from_seq {
            blocks.push(next);
        }
    }
}

/// The shards that have blocks.
pub(super) fn shards(connection: &Connection) -> rusqlite::Result<Vec<Shard>> {
    let mut statement =
        connection.prepare_cached("SELECT id >> 48 FROM block WHERE id >= ?1 ORDER BY id LIMIT 1")?;
    let (mut found, mut from) = (Vec::new(), 0i64);
    while let Some(number) = statement.query_row([from << 48], |row| row.get::<_, u16>(0)).optional()? {
        found.extend(Shard::new(number));
        from = i64::from(number) + 1;
    }
    Ok(found)
}

/// A value of `desk_meta`.
pub(super) fn meta(connection: &Connection, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT value FROM desk_meta WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()
}

/// Sets a value of `desk_meta`.
pub(super) fn set_meta(connection: &Connection, key: &str, value: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO desk_meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
        )?
        .execute(params![key, value])
        .map(|_| ())
}

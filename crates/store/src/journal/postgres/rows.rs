//! Blocks as rows.

use market::Timestamp;
use postgres::{Client, Error, Row};

use crate::journal::{Block, Damage, Hash, Head, JournalError, Shard};

/// A bound on the rows of one answer.
const ROWS_MAX: i64 = 4_096;

const HEAD: &str = "
    SELECT first_seq, count, hash FROM bellwether.block
    WHERE shard = $1 ORDER BY first_seq DESC LIMIT 1";

/// Inserts a block where the journal ends as named, and nothing where it does not.
pub(super) const APPEND: &str = "
    INSERT INTO bellwether.block (shard, first_seq, count, time, hash, bytes)
    SELECT $1::int, $2::bigint, $3::int, $4::bigint, $5::bytea, $6::bytea
    WHERE CASE
        WHEN $2::bigint = 1 THEN NOT EXISTS (SELECT FROM bellwether.block WHERE shard = $1::int)
        ELSE EXISTS (
            SELECT FROM (
                SELECT first_seq + count AS next_seq, hash FROM bellwether.block
                WHERE shard = $1::int ORDER BY first_seq DESC LIMIT 1
            ) AS head
            WHERE next_seq = $2::bigint AND hash = $7::bytea
        )
    END";

/// The size of bytes that are stored apart is known without reading them.
const BLOCKS: &str = "
    SELECT first_seq, count, hash, time, bytes
    FROM (
        SELECT *, sum(octet_length(bytes)) OVER (ORDER BY first_seq) AS bytes_so_far,
            row_number() OVER (ORDER BY first_seq) AS number
        FROM bellwether.block
        WHERE shard = $1 AND first_seq + count > $2::bigint AND first_seq >= coalesce((
            SELECT first_seq FROM bellwether.block
            WHERE shard = $1 AND first_seq <= $2::bigint ORDER BY first_seq DESC LIMIT 1
        ), 0)
        ORDER BY first_seq LIMIT $4
    ) AS block
    WHERE bytes_so_far <= $3::bigint OR number = 1
    ORDER BY first_seq";

fn number(shard: Shard) -> i32 {
    i32::from(shard.number())
}

fn signed(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// A row that no writer has written.
fn damaged(shard: Shard, seq: u64) -> JournalError {
    let damage = Damage::new(seq, "its row holds what cannot have been written");
    JournalError::Damaged { shard, damage }
}

/// `first_seq, count, hash`, with which every query begins.
fn head(row: &Row, shard: Shard, seq: u64) -> Result<(u64, u32, Hash), JournalError> {
    let read = || {
        let first_seq = u64::try_from(row.try_get::<_, i64>(0).ok()?).ok()?;
        let count = u32::try_from(row.try_get::<_, i32>(1).ok()?).ok()?;
        let hash = row.try_get::<_, &[u8]>(2).ok()?.try_into().ok()?;
        Some((first_seq, count, Hash::from_bytes(hash)))
    };
    read().ok_or_else(|| damaged(shard, seq))
}

/// The head of a shard's journal, as one row or none.
pub(super) fn ask_head(client: &mut Client, shard: Shard) -> Result<Option<Row>, Error> {
    client.query_opt(HEAD, &[&number(shard)])
}

/// What [`ask_head`] was answered.
pub(super) fn head_of(row: Option<&Row>, shard: Shard) -> Result<Head, JournalError> {
    let Some(row) = row else {
        return Ok(Head::genesis(shard));
    };
    let (first_seq, count, hash) = head(row, shard, 1)?;
    Ok(Head { next_seq: first_seq.saturating_add(u64::from(count)), hash })
}

/// Blocks from the one that holds an entry on.
pub(super) fn ask_blocks(
    client: &mut Client,
    shard: Shard,
    from_seq: u64,
    bytes_max: usize,
) -> Result<Vec<Row>, Error> {
    let bytes_max = i64::try_from(bytes_max).unwrap_or(i64::MAX);
    client.query(BLOCKS, &[&number(shard), &signed(from_seq), &bytes_max, &ROWS_MAX])
}

/// What [`ask_blocks`] was answered.
pub(super) fn blocks_of(rows: &[Row], shard: Shard, from_seq: u64) -> Result<Vec<Block>, JournalError> {
    let mut blocks = Vec::with_capacity(rows.len());
    for row in rows {
        let seq = blocks.last().map_or(from_seq, Block::next_seq);
        let (first_seq, count, hash) = head(row, shard, seq)?;
        let time = Timestamp::from_nanos(row.try_get(3).map_err(|_| damaged(shard, seq))?);
        let bytes = row.try_get(4).map_err(|_| damaged(shard, seq))?;
        blocks.push(Block { first_seq, count, time, bytes, hash });
    }
    Ok(blocks)
}

/// The shards that have blocks, found by going from one to the next.
pub(super) fn ask_shards(client: &mut Client) -> Result<Vec<Shard>, Error> {
    let rows = client.query(
        "WITH RECURSIVE found (shard) AS (
             SELECT min(shard) FROM bellwether.block
             UNION ALL
             SELECT (SELECT min(shard) FROM bellwether.block WHERE shard > found.shard)
             FROM found WHERE found.shard IS NOT NULL
         )
         SELECT shard FROM found WHERE shard IS NOT NULL ORDER BY shard",
        &[],
    )?;
    Ok(rows.iter().filter_map(|row| Shard::new(u16::try_from(row.get::<_, i32>(0)).ok()?)).collect())
}

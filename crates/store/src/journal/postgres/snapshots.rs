//! Snapshots as rows, in pieces.

use postgres::{Client, Error};

use crate::journal::snapshot::{KEPT, Loaded};
use crate::journal::{Hash, Head, Shard};

/// Bytes of a row at most.
const PIECE_BYTES: usize = 8 << 20;

fn number(shard: Shard) -> i32 {
    i32::from(shard.number())
}

fn next_seq(head: Head) -> i64 {
    i64::try_from(head.next_seq).unwrap_or(i64::MAX)
}

/// Of what a snapshot stands for and holds.
fn checksum<'a>(shard: Shard, head: Head, pieces: impl Iterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&shard.number().to_le_bytes());
    hasher.update(&head.next_seq.to_le_bytes());
    hasher.update(head.hash.as_bytes());
    for piece in pieces {
        hasher.update(piece);
    }
    *hasher.finalize().as_bytes()
}

/// Saves one, and lets go of all but the newest up to it. Any beyond it are of a journal that has since been
/// replaced.
pub(super) fn save(client: &mut Client, shard: Shard, head: Head, bytes: &[u8]) -> Result<(), Error> {
    let checksum = checksum(shard, head, std::iter::once(bytes));
    let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let mut transaction = client.transaction()?;
    let row = transaction.query_one(
        "INSERT INTO bellwether.snapshot (shard, next_seq, hash, length, checksum)
         VALUES ($1, $2, $3, $4, $5) RETURNING id",
        &[&number(shard), &next_seq(head), &&head.hash.as_bytes()[..], &length, &&checksum[..]],
    )?;
    let id: i64 = row.get(0);
    let insert = transaction
        .prepare("INSERT INTO bellwether.snapshot_piece (snapshot, number, bytes) VALUES ($1, $2, $3)")?;
    for (at, piece) in (0i32..).zip(bytes.chunks(PIECE_BYTES)) {
        transaction.execute(&insert, &[&id, &at, &piece])?;
    }
    transaction.execute(
        "DELETE FROM bellwether.snapshot
         WHERE shard = $1 AND id NOT IN (
             SELECT id FROM bellwether.snapshot
             WHERE shard = $1 AND next_seq <= $3 AND (id = $2 OR next_seq < $3 OR hash <> $4)
             ORDER BY id = $2 DESC, next_seq DESC, id DESC LIMIT $5
         )",
        &[&number(shard), &id, &next_seq(head), &&head.hash.as_bytes()[..], &(KEPT as i64)],
    )?;
    transaction.commit()
}

/// What snapshots there are.
pub(super) fn heads(client: &mut Client, shard: Shard) -> Result<Vec<Head>, Error> {
    let rows =
        client.query("SELECT next_seq, hash FROM bellwether.snapshot WHERE shard = $1", &[&number(shard)])?;
    let head = |row: &postgres::Row| {
        let hash = Hash::from_bytes(row.get::<_, &[u8]>(1).try_into().ok()?);
        Some(Head { next_seq: u64::try_from(row.get::<_, i64>(0)).ok()?, hash })
    };
    Ok(rows.iter().filter_map(head).collect())
}

/// Reads one and checks it.
pub(super) fn load(client: &mut Client, shard: Shard, head: Head) -> Result<Loaded, Error> {
    // What is read is of one moment, whatever is saved meanwhile.
    let mut transaction = client
        .build_transaction()
        .isolation_level(postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()?;
    let found = transaction.query_opt(
        "SELECT id, length, checksum FROM bellwether.snapshot
         WHERE shard = $1 AND next_seq = $2 AND hash = $3 ORDER BY id DESC LIMIT 1",
        &[&number(shard), &next_seq(head), &&head.hash.as_bytes()[..]],
    )?;
    let Some(found) = found else {
        return Ok(Loaded::Damaged("it has been let go".into()));
    };
    let (id, length): (i64, i64) = (found.get(0), found.get(1));
    let mut bytes = Vec::new();
    for at in 0i32.. {
        let piece = transaction.query_opt(
            "SELECT bytes FROM bellwether.snapshot_piece WHERE snapshot = $1 AND number = $2",
            &[&id, &at],
        )?;
        let Some(piece) = piece else { break };
        let piece: &[u8] = piece.get(0);
        bytes.extend_from_slice(piece);
    }
    let is_whole = i64::try_from(bytes.len()) == Ok(length)
        && found.get::<_, &[u8]>(2) == checksum(shard, head, std::iter::once(&bytes[..]));
    Ok(if is_whole {
        Loaded::Whole(bytes)
    } else {
        Loaded::Damaged("its content is not as it was written".into())
    })
}

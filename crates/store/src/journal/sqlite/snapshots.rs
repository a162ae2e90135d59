//! Snapshots as files.
//!
//! A database has one writer at a time, and hundreds of megabytes in it would make appends wait. A file is
//! written beside it, a piece at a time so that the disk is never full of it when an append wants to sync,
//! and gets its name when it is whole. What a snapshot holds can always be made anew from the journal.
//!
//! `magic (8) | shard (2) | next_seq (8) | hash at it (32) | length (8) | bytes | BLAKE3 of all before (32)`

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::journal::snapshot::{KEPT, Loaded};
use crate::journal::{Hash, Head, JournalError, Shard};

const MAGIC: &[u8; 8] = b"bw-snap1";
const HEADER_BYTES: usize = 58;
/// Bytes between two syncs.
const PIECE_BYTES: usize = 8 << 20;

/// The snapshots of a data folder.
#[derive(Debug)]
pub(super) struct SnapshotFiles {
    folder: PathBuf,
}

impl SnapshotFiles {
    pub(super) fn of(data: &Path) -> Self {
        Self { folder: data.join("snapshots") }
    }

    pub(super) fn save(&self, shard: Shard, head: Head, bytes: &[u8]) -> Result<(), JournalError> {
        self.write(shard, head, bytes).map_err(|error| self.fault(&error))?;
        self.prune(shard, head).map_err(|error| self.fault(&error))
    }

    fn write(&self, shard: Shard, head: Head, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let partial = self.folder.join(format!("shard-{shard}.partial"));
        let written = write_file(&partial, &header(shard, head, bytes.len()), bytes)
            .and_then(|()| fs::rename(&partial, self.path(shard, head)));
        if written.is_err() {
            let _ = fs::remove_file(&partial);
        }
        written?;
        File::open(&self.folder)?.sync_all()
    }

    /// Keeps the newest up to this one. Any beyond it are of a journal that has since been replaced.
    fn prune(&self, shard: Shard, newest: Head) -> io::Result<()> {
        let (mut heads, beyond): (Vec<Head>, Vec<Head>) =
            self.list(shard)?.into_iter().partition(|head| head.next_seq <= newest.next_seq);
        heads.sort_by_key(|head| std::cmp::Reverse((*head == newest, head.next_seq)));
        for head in heads.iter().skip(KEPT).chain(&beyond) {
            fs::remove_file(self.path(shard, *head))?;
        }
        Ok(())
    }

    /// What snapshots there are, as their names say.
    pub(super) fn heads(&self, shard: Shard) -> Result<Vec<Head>, JournalError> {
        self.list(shard).map_err(|error| self.fault(&error))
    }

    fn list(&self, shard: Shard) -> io::Result<Vec<Head>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut heads = Vec::new();
        for entry in entries {
            heads.extend(entry?.file_name().to_str().and_then(|name| parse_name(name, shard)));
        }
        Ok(heads)
    }

    /// Reads one and checks it.
    pub(super) fn load(&self, shard: Shard, head: Head) -> Result<Loaded, JournalError> {
        match read_file(&self.path(shard, head), shard, head) {
            Ok(loaded) => Ok(loaded),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Ok(Loaded::Damaged("it is cut short".into()))
            }
            // A bad sector must not keep the desk from starting.
            Err(error) => Ok(Loaded::Damaged(error.to_string())),
        }
    }

    fn path(&self, shard: Shard, head: Head) -> PathBuf {
        self.folder.join(format!("shard-{shard}-{}-{}.snapshot", head.next_seq, head.hash))
    }

    fn fault(&self, error: &io::Error) -> JournalError {
        let (place, reason) = (self.folder.display().to_string(), error.to_string());
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                JournalError::Full { place, reason }
            }
            _ => JournalError::Unavailable {
                place,
                reason: format!("{reason}; make the folder writable, or choose another with --data"),
            },
        }
    }
}

fn parse_name(name: &str, shard: Shard) -> Option<Head> {
    let rest = name.strip_prefix(&format!("shard-{shard}-"))?.strip_suffix(".snapshot")?;
    let (next_seq, hash) = rest.split_once('-')?;
    Some(Head { next_seq: next_seq.parse().ok()?, hash: Hash::parse(hash)? })
}

fn header(shard: Shard, head: Head, length: usize) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.extend(MAGIC);
    header.extend(shard.number().to_le_bytes());
    header.extend(head.next_seq.to_le_bytes());
    header.extend(head.hash.as_bytes());
    header.extend((length as u64).to_le_bytes());
    header
}

fn write_file(path: &Path, header: &[u8], bytes: &[u8]) -> io::Result<()> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::create(path)?;
    file.write_all(header)?;
    hasher.update(header);
    for piece in bytes.chunks(PIECE_BYTES) {
        hasher.update(piece);
        file.write_all(piece)?;
        file.sync_data()?;
    }
    file.write_all(hasher.finalize().as_bytes())?;
    file.sync_all()
}

fn read_file(path: &Path, shard: Shard, head: Head) -> io::Result<Loaded> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len().saturating_sub(HEADER_BYTES as u64 + 32);
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let mut read = [0; HEADER_BYTES];
    file.read_exact(&mut read)?;
    if read[..] != header(shard, head, length) {
        return Ok(Loaded::Damaged("its beginning or its length is not as it was written".into()));
    }
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes)?;
    let mut checksum = [0; 32];
    file.read_exact(&mut checksum)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&read);
    hasher.update(&bytes);
    if hasher.finalize() != checksum {
        return Ok(Loaded::Damaged("its content is not as it was written".into()));
    }
    Ok(Loaded::Whole(bytes))
}

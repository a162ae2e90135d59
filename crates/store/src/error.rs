//! What can go wrong at rest.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the store did not do what it was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The data folder cannot be made or written.
    #[error("cannot write to the data folder {folder}")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// The system's own words.
        #[source]
        source: io::Error,
    },
    /// Another process has the data folder.
    #[error("the data folder {folder} is in use by another process")]
    Locked {
        /// Which.
        folder: PathBuf,
    },
    /// The database was written by a newer version of this program.
    #[error("the database {path} has version {found}, this program knows versions up to {known}")]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The disk is full, or the database is as large as it may be.
    #[error("no room to write {path}: the disk is full, or the database is as large as allowed")]
    Full {
        /// Which.
        path: PathBuf,
    },
    /// The database is not one, or holds what this program never writes.
    #[error("the database {path} is damaged: {what}; move it away to start with an empty one")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// How.
        what: String,
    },
    /// The universe's ids are not those that were saved.
    #[error("the universe's ids moved: id {id} was {saved}")]
    UniverseMoved {
        /// The first that moved.
        id: u32,
        /// Its saved symbol.
        saved: String,
    },
    /// Anything else that SQLite reports.
    #[error("the database {path} failed")]
    Database {
        /// Which.
        path: PathBuf,
        /// SQLite's own words.
        #[source]
        source: rusqlite::Error,
    },
    /// The writing thread ended, which it does not by itself.
    #[error("the store is closed")]
    Closed,
}

/// Why something inside a transaction stopped, before the file's name is added.
#[derive(Debug)]
pub(crate) enum Fault {
    Sql(rusqlite::Error),
    Damaged(String),
    Moved { id: u32, saved: String },
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    pub(crate) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Sql(source) => match source.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => StoreError::Full { path },
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    StoreError::Damaged { path, what: source.to_string() }
                }
                _ => StoreError::Database { path, source },
            },
            Self::Damaged(what) => StoreError::Damaged { path, what },
            Self::Moved { id, saved } => StoreError::UniverseMoved { id, saved },
        }
    }
}

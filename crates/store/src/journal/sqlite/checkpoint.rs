//! Moving what is in the write-ahead log into the database, beside the writer.
//!
//! The log can begin anew only when all of it has been moved and nobody reads it. Moving goes on while the
//! writer appends, on a thread of its own. Only when the writer never pauses, and the log has grown to
//! [`LOG_BYTES_MAX`], is the writer kept at a gate for the moment it takes to move what has come meanwhile.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

/// Bytes appended to the log after which moving begins.
const MOVE_BYTES: u64 = 4 << 20;
/// Size of the log from which on the writer waits for it to be moved.
pub(super) const LOG_BYTES_MAX: u64 = 16 << 20;
/// How long the writer is kept waiting for readers of the log at most; then it is tried again later.
const GATE: Duration = Duration::from_millis(100);

/// Where writers wait while the log is emptied. A lock alone would not do: a writer that never pauses
/// takes it again before anybody else.
#[derive(Debug, Default)]
struct Gate {
    is_shut: AtomicBool,
    shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn pass(&self) {
        if self.is_shut.load(Ordering::Acquire) {
            let shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
            let opened = self.opened.wait_while(shut, |shut| *shut);
            drop(opened.unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn set(&self, is_shut: bool) {
        *self.shut.lock().unwrap_or_else(PoisonError::into_inner) = is_shut;
        self.is_shut.store(is_shut, Ordering::Release);
        self.opened.notify_all();
    }
}

/// The thread that moves.
#[derive(Debug)]
pub(super) struct Checkpointer {
    /// Bytes appended since it was woken last.
    appended: AtomicU64,
    gate: Arc<Gate>,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts it. `writer` is what it takes to keep everybody from writing.
    pub(super) fn start(
        connection: Connection,
        path: &Path,
        writer: Arc<Mutex<Connection>>,
    ) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let gate = Arc::<Gate>::default();
        let path = path.display().to_string();
        let mover = Mover { connection, path, writer, gate: Arc::clone(&gate), is_failing: false };
        let thread =
            std::thread::Builder::new().name("checkpoint".into()).spawn(move || mover.run(&woken))?;
        Ok(Self { appended: AtomicU64::new(0), gate, wake: Some(wake), thread: Some(thread) })
    }

    /// Waits while the log is being emptied. To be called before the writing connection is taken.
    pub(super) fn pass(&self) {
        self.gate.pass();
    }

    /// The log has grown by about so many bytes.
    pub(super) fn grew(&self, bytes: u64) {
        if self.appended.fetch_add(bytes, Ordering::Relaxed) + bytes >= MOVE_BYTES {
            self.appended.store(0, Ordering::Relaxed);
            if let Some(wake) = &self.wake {
                // Full means that it is at it or will be.
                let _ = wake.try_send(());
            }
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Mover {
    connection: Connection,
    path: String,
    writer: Arc<Mutex<Connection>>,
    gate: Arc<Gate>,
    is_failing: bool,
}

impl Mover {
    fn run(mut self, woken: &Receiver<()>) {
        while woken.recv().is_ok() {
            let moved = self.pass();
            if let (Err(error), false) = (&moved, self.is_failing) {
                tracing::warn!("the log of {} cannot be moved into it: {error}; appends go on", self.path);
            }
            self.is_failing = moved.is_err();
        }
    }

    fn pass(&self) -> rusqlite::Result<()> {
        // What was appended since this began is not counted, and keeps the log from beginning anew.
        if checkpoint(&self.connection, "PASSIVE")? < LOG_BYTES_MAX {
            return Ok(());
        }
        self.gate.set(true);
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // Also waits for readers of the log, so that the next append begins it anew.
        let emptied =
            self.connection.busy_timeout(GATE).and_then(|()| checkpoint(&self.connection, "RESTART"));
        drop(writer);
        self.gate.set(false);
        emptied.map(drop)
    }
}

/// Moves what is in the log, and tells its size when that began, in bytes.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<u64> {
    let page: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let pages: i64 = connection.query_row(&sql, [], |row| row.get(1))?;
    Ok(pages.max(0).cast_unsigned() * u64::from(page))
}

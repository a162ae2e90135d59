//! `GET /api/v1/audit.xml`.

use std::fs::File;
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use desk::{History, background};
use futures_util::stream::{once, unfold};
use futures_util::{Stream, StreamExt as _};
use ledger::{FileName, UserName};
use tokio::sync::{Semaphore, mpsc, oneshot};
use wire::audit::AuditWriter;
use wire::journal::Record;
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::{DeskState, closed, desk_of};
use crate::people::identity::Who;

/// Bytes gathered before they are sent.
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces that wait for a slow reader. The journal is read no faster than it takes them.
const PIECES_WAITING: usize = 4;
/// Bytes of a file that may wait for the disk.
const SYNC_BYTES: u64 = 4 << 20;
/// Files written at once; who asks for one more waits.
static WRITERS: Semaphore = Semaphore::const_new(4);
/// Long answers made at once, each on a thread of its own; who asks for one more waits.
const LONG_ANSWERS_MAX: usize = 32;
static LONG_ANSWERS: Semaphore = Semaphore::const_new(LONG_ANSWERS_MAX);

/// The audit log by the classic schema: one's own entries, or everybody's for an operator. It holds everything
/// that was answered before the request.
#[utoipa::path(
    get,
    path = "/api/v1/audit.xml",
    operation_id = "get_audit",
    tag = "trading",
    responses(
        (status = 200, description = "The log", body = String, content_type = "application/xml"),
        (status = 401, description = "A key was sent that is not the operator's", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The desk cannot answer now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn audit(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
) -> Result<Response, Refusal> {
    let desk = desk_of(&state)?;
    let shards: Vec<_> = match who.is_operator {
        true => desk.desk.shards().collect(),
        false => vec![desk.desk.shard_of(&who.account)],
    };
    let mut parts = Vec::new();
    for shard in shards {
        let end = desk.desk.head(shard).await.map_err(closed)?.next_seq;
        parts.push((desk.desk.history(shard), end));
    }
    let server = desk.server.clone();
    let user = (!who.is_operator).then_some(who.account);
    let body = streamed(move |write| write_log(&server, parts, user.as_ref(), write));
    let disposition = "inline; filename=\"audit.xml\"";
    Ok((
        [(header::CONTENT_TYPE, "application/xml"), (header::CONTENT_DISPOSITION, disposition)],
        Body::from_stream(body),
    )
        .into_response())
}

/// Writes the log of some shards, each up to an entry: of one user, or of everybody.
fn write_log(
    server: &str,
    parts: Vec<(History, u64)>,
    user: Option<&UserName>,
    write: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut writer = AuditWriter::new(server);
    let mut text = Vec::with_capacity(4096);
    writer.header(&mut text);
    write(&text)?;
    for (history, end) in parts {
        let mut failed = None;
        let each = |record: &Record| {
            text.clear();
            writer.entry(record, &mut text);
            match write(&text) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        };
        history.forward(1, end, user, each).map_err(io::Error::other)?;
        if let Some(error) = failed {
            return Err(error);
        }
    }
    text.clear();
    writer.footer(&mut text);
    write(&text)
}

/// Writes a log into a folder, whole or not at all; its size in bytes.
fn write_file(
    server: &str,
    parts: Vec<(History, u64)>,
    user: Option<&UserName>,
    folder: &Path,
    name: &str,
) -> io::Result<u64> {
    std::fs::create_dir_all(folder)?;
    // Two at once under one name must not write into one file.
    static DUMPS: AtomicU64 = AtomicU64::new(0);
    let partial = folder.join(format!(".{name}.{}", DUMPS.fetch_add(1, Ordering::Relaxed)));
    let written = (|| {
        let mut out = io::BufWriter::with_capacity(PIECE_BYTES, File::create(&partial)?);
        let (mut bytes, mut synced) = (0, 0);
        write_log(server, parts, user, &mut |text| {
            out.write_all(text)?;
            bytes += text.len() as u64;
            // A long file synced at its end only would hold up the journal's syncs for that long.
            if bytes - synced >= SYNC_BYTES {
                out.flush()?;
                out.get_ref().sync_data()?;
                synced = bytes;
            }
            Ok(())
        })?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&partial, folder.join(name))?;
        Ok(bytes)
    })();
    if written.is_err() {
        // It may never have been made.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

/// Writes the log that a DUMPLOG asked for into the folder of logs, whole or not at all, and returns its size in
/// bytes. It holds everything answered before. A file name has no way out of the folder by its grammar
/// ([`FileName`]).
pub(super) async fn dump(state: &DeskState, file: &FileName, user: Option<UserName>) -> Result<u64, Refusal> {
    let shards: Vec<_> = match &user {
        None => state.desk.shards().collect(),
        Some(user) => vec![state.desk.shard_of(user)],
    };
    let mut parts = Vec::new();
    for shard in shards {
        let end = state.desk.head(shard).await.map_err(closed)?.next_seq;
        parts.push((state.desk.history(shard), end));
    }
    let (server, folder, name) = (state.server.clone(), state.logs.clone(), file.as_str().to_owned());
    let turn = WRITERS.acquire().await;
    let (told, written) = oneshot::channel();
    let writing = background("log", move || {
        // The turn lasts as long as the file is written, whether or not whoever asked still waits.
        let _turn = turn;
        // Nobody may be left to hear it.
        let _ = told.send(write_file(&server, parts, user.as_ref(), &folder, &name));
    });
    writing.map_err(|error| super::unreadable(&error))?;
    match written.await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            tracing::error!(%error, folder = %state.logs.display(), "the log cannot be written");
            Err(Refusal::unavailable("the log cannot be written now; is there room in the data folder?"))
        }
        Err(error) => Err(super::unreadable(&error)),
    }
}

/// What a function writes, as it writes it. It runs on a thread that may block, and waits for a slow
/// reader; when the reader has gone its writes fail. When it fails the stream ends with an error, so that
/// the reader knows that the end is missing. The thread begins when the stream is first asked for something and there is room.
pub(super) fn streamed<F>(produce: F) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static
where
    F: FnOnce(&mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> + Send + 'static,
{
    // Compression asks once more after the end, which a bare `unfold` answers with a panic.
    once(async move { begun(produce, LONG_ANSWERS.acquire().await) }).flatten().fuse()
}

fn begun<F, T>(produce: F, turn: T) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static
where
    F: FnOnce(&mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> + Send + 'static,
    T: Send + 'static,
{
    let (pieces, read) = mpsc::channel::<io::Result<Bytes>>(PIECES_WAITING);
    let failed = pieces.clone();
    let writing = background("long-answer", move || {
        let _turn = turn;
        let mut gathered: Vec<u8> = Vec::with_capacity(PIECE_BYTES + 4096);
        let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "the reader has gone");
        let produced = produce(&mut |bytes| {
            gathered.extend_from_slice(bytes);
            if gathered.len() >= PIECE_BYTES {
                let piece = std::mem::replace(&mut gathered, Vec::with_capacity(PIECE_BYTES + 4096));
                pieces.blocking_send(Ok(piece.into())).map_err(|_| gone())?;
            }
            Ok(())
        });
        let last = produced.map(|()| Bytes::from(gathered));
        if let Err(error) = &last {
            tracing::warn!(%error, "a long answer was cut short");
        }
        // Nobody may be left to hear it.
        let _ = pieces.blocking_send(last);
    });
    if let Err(error) = writing {
        let _ = failed.try_send(Err(error));
    }
    unfold(read, |mut read| async move { Some((read.recv().await?, read)) })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_long_answer_waits_for_its_turn_and_begins_no_thread_before() {
        let all = LONG_ANSWERS.acquire_many(LONG_ANSWERS_MAX as u32).await.unwrap();
        let has_begun = Arc::new(AtomicBool::new(false));
        let begins = Arc::clone(&has_begun);
        let mut answer = Box::pin(streamed(move |write| {
            begins.store(true, Ordering::SeqCst);
            write(b"text")
        }));
        assert!(answer.next().now_or_never().is_none());
        assert!(!has_begun.load(Ordering::SeqCst));
        drop(all);
        assert_eq!(answer.next().await.unwrap().unwrap(), Bytes::from_static(b"text"));
        assert!(answer.next().await.is_none() && answer.next().await.is_none());
    }
}

//! Work that may take its time: reading all that happened, say, while commands come in.

use std::io;
use std::thread::JoinHandle;

/// How far such a thread steps back: beside one thread that never rests it gets a tenth of a core. Further, a busy
/// machine would leave it nothing, and who waits for a log would wait for ever.
#[cfg(target_os = "linux")]
const BACK: i32 = 10;

/// Runs something on a thread of its own that lets others go first.
///
/// # Errors
/// When the system gives no thread.
pub fn background<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        step_back();
        work()
    })
}

/// Linux counts the niceness of each thread by itself; elsewhere it would be the whole process's.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(BACK) {
        tracing::debug!(%error, "this thread keeps its priority");
    }
}

//! What takes a processor or a disk for a while, kept off the threads that everything else
//! waits for.

use std::io;

/// Does it on a thread for such work. Once begun it goes on to its end, also if nobody waits
/// for it any more.
///
/// # Errors
/// If it panicked, or the program ends.
pub(crate) async fn off_reactor<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)
}

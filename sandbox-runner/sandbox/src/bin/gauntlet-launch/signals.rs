//! Signals as a program expects them.
//!
//! Whoever started the runner may have made it ignore signals, and that is inherited.
//! Python, for one, ignores SIGXFSZ: a worker that wrote too much would see an error
//! instead of dying of it, and its verdict would depend on who started the runner.

use nix::sys::signal::{SigHandler, SigSet, Signal, signal};

/// Gives every signal its default action and blocks none.
#[expect(unsafe_code, reason = "setting a signal's action")]
pub(crate) fn reset() -> Result<(), String> {
    for number in Signal::iterator() {
        if matches!(number, Signal::SIGKILL | Signal::SIGSTOP) {
            continue;
        }
        // Sound: the default action runs no code of this program, and there is no handler
        // of anybody's that this would take away.
        unsafe { signal(number, SigHandler::SigDfl) }
            .map_err(|error| format!("failed to reset {number}: {error}"))?;
    }
    SigSet::empty()
        .thread_set_mask()
        .map_err(|error| format!("failed to unblock signals: {error}"))
}

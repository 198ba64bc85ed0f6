//! Logging: to standard error, so that standard output stays for answers.

use tracing_subscriber::EnvFilter;

/// Starts logging at `default`, such as `info`, unless `GAUNTLET_LOG` says otherwise.
pub(crate) fn start(default: &str) {
    let filter =
        EnvFilter::try_from_env("GAUNTLET_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        .try_init();
}

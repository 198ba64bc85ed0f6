//! A machine on which something broke.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// A worker that is the usual stand-in, or breaks at once.
fn write_worker(path: &Path, broken: bool) {
    let usual = include_str!("worker.sh");
    let text = if broken { "#!/bin/sh\nexit 1\n" } else { usual };
    // Moved into place, since the old one may be running.
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&new, path).unwrap();
}

#[tokio::test]
async fn a_machine_that_executes_nothing_costs_one_attempt_and_goes_on_when_it_is_mended() {
    let (home, orchestrator) = (Home::new(), Orchestrator::start().await);
    // Where workers with a user id of their own can get to, so that it is used from there.
    fs::create_dir(home.runs()).unwrap();
    fs::set_permissions(home.runs(), fs::Permissions::from_mode(0o711)).unwrap();
    let worker = home.runs().join("worker.sh");
    write_worker(&worker, false);
    let mut config = home.config(&orchestrator.url(), &[]);
    config.worker = Some(worker.clone());
    let running = Running::with(config);
    queue(&orchestrator, "honest");
    orchestrator
        .until("a report", |book| book.reports.pop())
        .await;

    write_worker(&worker, true);
    for _ in 0..3 {
        queue(&orchestrator, "honest");
    }
    orchestrator
        .until("a fault", |book| (book.faults.len() == 1).then_some(()))
        .await;
    // Asked again after pauses that begin at 0.05 s; on a slower machine it would be asked less.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (faults, left) = orchestrator.with(|book| (book.faults.len(), book.queue.len()));
    assert_eq!((faults, left), (1, 2));

    write_worker(&worker, false);
    orchestrator
        .until("the rest", |book| (book.reports.len() == 2).then_some(()))
        .await;
    let faults = orchestrator.with(|book| book.faults.len());
    assert_eq!(faults, 1);
    running.end().await;
}

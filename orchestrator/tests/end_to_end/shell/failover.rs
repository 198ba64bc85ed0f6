//! A database that takes no writes for a while, as after a fail-over, in mid-tournament.

use std::time::{Duration, Instant};

use crate::recovery::{cells, show};
use crate::shell::figure;
use crate::support::{Data, PATIENCE, Up, eventually, method, need_programs};

/// For how long it is read-only.
const READ_ONLY: Duration = Duration::from_secs(45);
/// So many results in the time that as many took before mean full speed.
const RESULTS: usize = 6;

/// Runs that have a result.
fn done(data: &Data) -> usize {
    let now = show(data);
    let done = |cell: &&serde_json::Value| cell["state"] == "done";
    cells(&now).into_iter().filter(done).count()
}

/// When there was a result more each time, until there are so many.
fn results(data: &Data, until: usize) -> Vec<Instant> {
    let mut times = Vec::new();
    let mut before = done(data);
    eventually(PATIENCE, "results come", || {
        let now = done(data);
        times.extend(std::iter::repeat_n(
            Instant::now(),
            now.saturating_sub(before),
        ));
        before = before.max(now);
        (before >= until).then_some(())
    });
    times
}

#[test]
fn shell_figure_a_fail_over_costs_some_time_and_nothing_else() {
    need_programs();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(gauntlet_test_support::database());
    let data = Data::new();
    let _up = Up::start_over(database.url(), &data, &["--slots", "2"]);
    // One method on as many blocks as there may be: runs of one length.
    let create = "tournament create cup --task digits --seed 1 --rungs 1 --blocks 48";
    data.json(create.split(' '));
    data.json(["tournament", "open", "cup"]);
    let file = method("quadratic-net");
    data.json(["submit", file.to_str().unwrap(), "--tournament", "cup"]);
    data.json(["tournament", "close", "cup"]);

    // The first ones compile the module.
    results(&data, 4);
    let before = results(&data, 4 + 2 * RESULTS);
    let usual = before[before.len() - 1].duration_since(before[before.len() - 1 - RESULTS]);
    runtime.block_on(database.set_read_only(true));
    std::thread::sleep(READ_ONLY);
    runtime.block_on(database.set_read_only(false));
    let writable = Instant::now();
    let already = done(&data);
    let after = results(&data, 48);
    assert!(
        after.len() > RESULTS,
        "{already} were done: too few were left"
    );
    // The first stretch of as many results that took no longer than before, by half.
    let stretch = after
        .windows(RESULTS + 1)
        .find(|times| times[RESULTS].duration_since(times[0]) < usual * 3 / 2)
        .expect("it comes to full speed again");
    let recovery = stretch[0].duration_since(writable);
    figure("failover_recovery_s", recovery.as_secs_f64());
    let now = show(&data);
    for cell in cells(&now) {
        assert_eq!(cell["verdict"], "completed", "{cell}");
    }
    // Nobody was to blame.
    let charged = "SELECT 1/(count(*) = 0)::int FROM attempts
                   WHERE state <> 'reported' AND NOT forgiven";
    runtime.block_on(database.execute(charged)).unwrap();
}

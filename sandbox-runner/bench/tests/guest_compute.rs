//! A method that trains in plain loops inside its module pays about as much as one that
//! trains by tensors: the same training both ways, in the real sandbox.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use gauntlet_bench::{Lane, LaneRun, exactness};
use gauntlet_tasks::Dataset;
use gauntlet_wire::settings::Settings;
use gauntlet_worker_protocol::Outcome;

/// Rows of a batch and units of the hidden layer: the net that counts, a smaller one and a
/// larger one.
const NETS: [(i64, i64); 3] = [(32, 32), (16, 16), (64, 128)];
const STEPS: u64 = 300;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

async fn train(data: &Dataset, (batch, hidden): (i64, i64), tensors: bool) -> LaneRun {
    let worker = std::env::current_exe().unwrap();
    let worker = worker.ancestors().nth(2).unwrap().join("gauntlet-worker");
    let methods = root().join("examples/methods/target/gauntlet");
    let lane = Lane::new(&worker, &methods, 1).unwrap();
    let settings = Settings::from([
        ("batch".to_owned(), batch.into()),
        ("hidden".to_owned(), hidden.into()),
        ("steps".to_owned(), STEPS.into()),
        ("tensors".to_owned(), tensors.into()),
    ]);
    let limits = Lane::limits(10 * STEPS);
    let run = lane.train_with("plain-loops", settings, data, 5, limits);
    let run = run.await.unwrap();
    assert_eq!(run.outcome, Outcome::Completed);
    assert_eq!(run.meters.batches, STEPS);
    run
}

/// Writes figures of the engine as it is seen from outside.
fn write(figures: &[(String, f64)]) {
    // `target/tmp` is cargo's folder for tests, whatever the target folder is called.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("figures/outside");
    fs::create_dir_all(&folder).unwrap();
    let mut lines = String::new();
    for (figure, number) in figures {
        writeln!(lines, "{figure} {number:.3}").unwrap();
    }
    fs::write(folder.join("guest_compute_ratio"), lines).unwrap();
}

#[tokio::test]
async fn outside_figure_plain_loops_cost_about_as_much_work_as_tensors() {
    let data = exactness::dataset(&root().join("examples/tasks/digits")).unwrap();
    let mut figures = Vec::new();
    for net in NETS {
        let (batch, hidden) = net;
        let by_loops = train(&data, net, false).await;
        let by_tensors = train(&data, net, true).await;
        let (loops, tensors) = (&by_loops.loss_values, &by_tensors.loss_values);
        assert_eq!(
            (loops.len(), tensors.len()),
            (STEPS as usize, STEPS as usize)
        );
        // Sums are added up in another order, and that is all the difference there is.
        for (loops, tensors) in loops.iter().zip(tensors) {
            assert!(
                (loops - tensors).abs() < 1e-3 * (1.0 + tensors),
                "{loops} and {tensors}"
            );
        }
        assert!(
            loops[loops.len() - 1] < 0.5 * loops[0],
            "it learns: {loops:?}"
        );
        let per_micro = |run: &LaneRun| run.meters.work as f64 / run.meters.wall_micros as f64;
        let ratio = by_loops.meters.work as f64 / by_tensors.meters.work as f64;
        println!(
            "batch {batch}, hidden {hidden}: {} units of work a step by loops, {} by tensors, \
             ratio {ratio:.2}; {:.0} and {:.0} units a microsecond",
            by_loops.meters.work / STEPS,
            by_tensors.meters.work / STEPS,
            per_micro(&by_loops),
            per_micro(&by_tensors),
        );
        figures.push(ratio);
    }
    write(&[
        ("guest_compute_ratio".to_owned(), figures[0]),
        ("guest_compute_ratio_small".to_owned(), figures[1]),
        ("guest_compute_ratio_large".to_owned(), figures[2]),
    ]);
    assert!((0.5..=2.0).contains(&figures[0]), "{figures:?}");
}

//! Ordinary Burn architectures train for real in the sandbox: the loss falls, the model is
//! the native one to the bit, and a fresh sandbox predicts with it far better than chance.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use gauntlet_bench::{Lane, by_name, exactness, train};
use gauntlet_tasks::score;

/// The device's random stream belongs to the process: one training at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Method, batches, accuracy that it must reach on digits, of which a guess gets a tenth.
const PORTS: [(&str, u64, f64); 6] = [
    ("adamw-cosine", 400, 0.88),
    ("residual-net", 150, 0.6),
    ("transformer-lm", 150, 0.7),
    ("lstm-lm", 150, 0.75),
    ("shampoo", 150, 0.85),
    ("two-stage", 300, 0.75),
];

#[test]
fn every_port_learns_in_the_sandbox_what_it_learns_natively() {
    let _alone = alone();
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let own = std::env::current_exe().unwrap();
    let worker = own.ancestors().nth(2).unwrap().join("gauntlet-worker");
    let methods = root.join("examples/methods/target/gauntlet");
    let data = exactness::dataset(&root.join("examples/tasks/digits")).unwrap();
    let lane = Lane::new(&worker, &methods, 1).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (name, batches, least) in PORTS {
        let run = lane.train(name, &data, 5, Lane::limits(batches));
        let run = runtime.block_on(run).unwrap();
        let model = run
            .model
            .unwrap_or_else(|| panic!("{name} ended with {:?}", run.outcome));

        let tenth = (run.loss_values.len() / 10).max(1);
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        let first = mean(&run.loss_values[..tenth]);
        let last = mean(&run.loss_values[run.loss_values.len() - tenth..]);
        println!("{name}: loss {first:.3} to {last:.3}");
        assert!(
            last < 0.75 * first,
            "{name}: the loss went from {first} to {last}"
        );

        let native = train(by_name(name).unwrap(), &data, 5, batches).unwrap();
        assert!(model == native.model, "{name}: not the native model");

        let predictions = lane.predict(name, &data, 5, &model);
        let predictions = runtime.block_on(predictions).unwrap();
        let accuracy = score(&data.info.kind, &data.hidden_labels, &predictions)
            .unwrap()
            .value;
        println!("{name}: accuracy {accuracy:.3}");
        assert!(accuracy >= least, "{name}: {accuracy} < {least}");
    }
}

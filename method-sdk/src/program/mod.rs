//! A method as an ordinary program: the sub-commands `train` and `predict` of the
//! [file contract](gauntlet_wire::contract), natively or in a container.
//!
//! ```no_run
//! # use gauntlet_method::prelude::*;
//! # #[derive(Module, Debug)]
//! # pub struct Net { layer: gauntlet_method::burn::nn::Linear }
//! # #[derive(Default)]
//! # pub struct Sgd;
//! # impl Method for Sgd {
//! #     type Model = Net;
//! #     fn build(&self, _: &TaskInfo, _: &Device) -> Net { todo!() }
//! #     fn train(&self, _: &mut Training, net: Net) -> Result<Net, MethodError> { Ok(net) }
//! #     fn predict(&self, _: &Net, _: &Inputs) -> Result<Tensor<2>, MethodError> { todo!() }
//! # }
//! gauntlet_method::main!(Sgd);
//! ```
//!
//! The crate's manifest says that the program needs the SDK's feature `native`, so that
//! building the module does not build it:
//!
//! ```toml
//! [features]
//! native = ["gauntlet-method/native"]
//!
//! [[bin]]
//! name = "my-method"
//! path = "src/main.rs"
//! required-features = ["native"]
//! ```
//!
//! A binary that needs nothing of the image it lies in, not even a C library:
//!
//! ```sh
//! cargo rustc --release --features native --bin my-method -- -C target-feature=+crt-static
//! ```
//!
//! Linked to another C library (musl), exponentials and logarithms are another
//! library's too and the last bits of a model may differ from the sandbox's.
//!
//! # Options
//! `train` and `predict` take `--root FOLDER` (or the environment's `GAUNTLET_ROOT`) in
//! place of `/gauntlet`; `describe` prints what the program speaks, as JSON.
//!
//! # Budget
//! Natively no tensor operation is metered: `budget.batches` and `budget.wall_seconds` of
//! `task.json` are all there is, and [`Training::progress`](crate::Training::progress) is
//! the larger of their used shares. With a wall limit it depends on the machine.

mod arguments;
mod files;
mod say;

use std::time::{Duration, Instant};

use burn::tensor::Device;
use gauntlet_wire::contract::{CONTRACT, Outcome, TaskFile};
use gauntlet_wire::manifest::Manifest;
use gauntlet_wire::settings;

use crate::error::MethodError;
use crate::hyper::HyperParameters;
use crate::manifest;
use crate::method::Method;
use crate::native;
use crate::native::host::Budget;

use arguments::{Arguments, Phase};
use files::Folder;

/// Runs a method as the process's arguments say and ends the process. [`main!`](crate::main)
/// calls it.
pub fn main<M: Method, P: HyperParameters>() -> ! {
    let began = Instant::now();
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(usage) => {
            eprintln!("{usage}");
            say::finish(refused(usage), 0, began);
        }
    };
    // A panic's message belongs into the last line; the process ends here whether
    // or not the program was built to unwind.
    std::panic::set_hook(Box::new(move |panic| {
        eprintln!("{panic}");
        let message = panic.to_string();
        say::finish(Outcome::MethodFailed { message }, say::batches(), began);
    }));
    let outcome = match arguments.phase {
        Phase::Describe => {
            println!("{}", describe::<P>());
            std::process::exit(0);
        }
        Phase::Train => train::<M, P>(&Folder::new(arguments.root), began),
        Phase::Predict => predict::<M, P>(&Folder::new(arguments.root)),
    };
    say::finish(outcome.unwrap_or_else(|stop| stop), say::batches(), began)
}

fn train<M: Method, P: HyperParameters>(
    folder: &Folder,
    began: Instant,
) -> Result<Outcome, Outcome> {
    let task = folder.task().map_err(refused)?;
    check_settings::<P>(&task)?;
    let data = folder.train_part(&task.task).map_err(refused)?;
    let (seed, budget) = (seed(&task)?, budget(&task)?);
    let writer = Box::new(say::Writer::new(folder.clone(), began));
    let spec = native::TrainingSpec {
        device: &Device::flex(),
        task: &task.task,
        seed,
        budget,
        settings: &task.settings,
    };
    native::train_with::<M>(&spec, &data, began, writer)
        .map_err(failed)
        .map(|_| Outcome::Completed)
}

fn predict<M: Method, P: HyperParameters>(folder: &Folder) -> Result<Outcome, Outcome> {
    let task = folder.task().map_err(refused)?;
    check_settings::<P>(&task)?;
    let inputs = folder.inputs().map_err(refused)?;
    let model = folder.trained().map_err(refused)?;
    let predictions =
        native::predict_with::<M>(&task.task, model, &inputs, seed(&task)?, &task.settings)
            .map_err(failed)?;
    folder
        .put_predictions(predictions)
        .map_err(refused)
        .map(|()| Outcome::Completed)
}

fn seed(task: &TaskFile) -> Result<u64, Outcome> {
    task.seed_bits().map_err(|error| refused(error.to_string()))
}

fn budget(task: &TaskFile) -> Result<Budget, Outcome> {
    let wall = task.budget.wall_seconds.map(|seconds| {
        Duration::try_from_secs_f64(seconds).map_err(|_| {
            refused(format!(
                "task.json: `budget.wall_seconds` is {seconds}, not a number of seconds"
            ))
        })
    });
    Ok(Budget {
        batches: task.budget.batches,
        wall: wall.transpose()?,
    })
}

fn failed(error: MethodError) -> Outcome {
    Outcome::MethodFailed {
        message: error.report(),
    }
}

fn refused(message: String) -> Outcome {
    Outcome::Refused { message }
}

/// The values of `task.json` against what the method declares.
fn check_settings<P: HyperParameters>(task: &TaskFile) -> Result<(), Outcome> {
    let manifest = read_manifest::<P>();
    settings::check(&manifest.parameters, &task.settings)
        .map_err(|error| refused(format!("task.json: `settings`: {error}")))
}

fn read_manifest<P: HyperParameters>() -> Manifest {
    serde_json::from_str(&manifest::text(P::FIELDS))
        .expect("the compiler has checked what it is made of")
}

fn describe<P: HyperParameters>() -> serde_json::Value {
    serde_json::json!({
        "contract": CONTRACT,
        "manifest": read_manifest::<P>(),
    })
}

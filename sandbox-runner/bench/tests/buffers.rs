//! What a model keeps besides its parameters reaches the model file.

use std::path::PathBuf;

use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use gauntlet_bench::exactness;
use gauntlet_method::burn;
use gauntlet_method::native::{Dataset, train};
use gauntlet_method::prelude::*;

/// Batch norm that forgets everything but the last batch, under a linear layer.
#[derive(Module, Debug)]
struct Net {
    norm: BatchNorm,
    output: Linear,
}

/// Looks at one batch.
#[derive(Default)]
struct OneLook;

impl Method for OneLook {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            norm: BatchNormConfig::new(features(task))
                .with_momentum(1.0)
                .init(device),
            output: LinearConfig::new(features(task), classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, net: Net) -> Result<Net, MethodError> {
        let inputs = run.next_batch(64).inputs.features();
        let mean = inputs.clone().mean().into_scalar::<f32>();
        run.report("mean of the batch", f64::from(mean));
        net.output.forward(net.norm.forward(inputs));
        Ok(net)
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.output.forward(net.norm.forward(inputs.features())))
    }
}

#[test]
fn the_last_update_of_running_statistics_is_in_the_model() {
    let task = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/tasks/digits");
    let data = exactness::dataset(&task).unwrap();
    let rows = Dataset::from_safetensors(&data.train).unwrap();
    let trained = train::<OneLook>(&data.info, &rows, 3, 4).unwrap();
    let find = |name: &str| {
        let found = trained.parameters.iter().find(|(path, _)| path == name);
        found.unwrap_or_else(|| panic!("no {name}")).1.clone()
    };
    let running: Vec<f32> = find("norm.running_mean").iter::<f32>().collect();
    let mean = running.iter().map(|value| f64::from(*value)).sum::<f64>() / running.len() as f64;
    let expected = trained.reports[0].value;
    assert!(expected > 0.1, "pixels are not all black: {expected}");
    assert!((mean - expected).abs() < 1e-4, "{mean} is not {expected}");
    find("norm.running_var");
}

//! Two stages, as in fine-tuning: a convolution net with batch norm and dropout
//! learns on accumulated gradients; its record and its optimizer's go through bytes
//! in memory into a fresh module; then the body is frozen and the head learns on.
//!
//! It is here as much for what it uses of Burn as for how well it does, and it fails
//! by itself where Burn does not do what it should.

mod net;

use burn::grad_clipping::GradientClippingConfig;
use burn::lr_scheduler::LrSchedulerConfig;
use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::lr_scheduler::sequential::SequentialLrSchedulerConfig;
use burn::module::ParamGroup;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamWConfig, GradientsAccumulator, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::store::ModuleRecord;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

pub use net::Net;

const BATCH: usize = 32;
/// Batches whose gradients are summed before a step.
const ACCUMULATE: usize = 2;
const PEAK: f64 = 4e-3;
/// Steps over which the learning rate rises, and over which it then falls.
const RISE: usize = 10;
const FALL: usize = 200;
/// Shares of the budget at which the stages end.
const FIRST_STAGE: f64 = 0.7;
const SECOND_STAGE: f64 = 0.93;

/// The method.
#[derive(Default)]
pub struct TwoStage;

/// Weight decay for weights; none for biases and normalisation.
fn optimizer() -> ModuleOptimizer {
    let plain = AdamWConfig::new().with_weight_decay(0.0).build();
    AdamWConfig::new()
        .with_weight_decay(0.05)
        .with_grad_clipping(Some(GradientClippingConfig::Norm(2.0)))
        .init()
        .with_group(
            ParamGroup::from_any_predicates(vec!["bias", "norm"]),
            plain,
            None,
        )
}

fn schedule() -> Result<ModuleLrScheduler, MethodError> {
    let stages: Vec<LrSchedulerConfig> = vec![
        LinearLrSchedulerConfig::new(PEAK / RISE as f64, PEAK, RISE).into(),
        CosineAnnealingLrSchedulerConfig::new(PEAK, FALL)
            .with_min_lr(PEAK / 20.0)
            .into(),
    ];
    Ok(SequentialLrSchedulerConfig::new(stages, vec![RISE]).init()?)
}

fn failed(what: &str) -> impl Fn(burn::store::RecordError) -> MethodError + '_ {
    move |error| MethodError::new(format!("{what}: {error}"))
}

impl Method for TwoStage {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net::new(task, device)
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let device = run.device().clone();
        let cross_entropy = CrossEntropyLossConfig::new().init(&device);
        let mut optimizer = optimizer();
        let mut schedule = schedule()?;
        let mut gradients = GradientsAccumulator::new();
        while run.progress() < FIRST_STAGE {
            for _ in 0..ACCUMULATE {
                let batch = run.next_batch(BATCH);
                let loss = cross_entropy.forward(net.forward(&batch.inputs), batch.labels());
                run.report_tensor("loss", loss.clone());
                let own = GradientsParams::from_grads(loss.backward(), &net);
                gradients.accumulate(&net, own);
            }
            net = optimizer.step(schedule.step(), net, gradients.grads());
        }

        // Everything that was learned, through bytes, into fresh objects.
        let model = net
            .clone()
            .into_record()
            .into_bytes()
            .map_err(failed("the model's record cannot be written"))?;
        let state = optimizer
            .into_bytes()
            .map_err(failed("the optimizer's record cannot be written"))?;
        run.report("record bytes", (model.len() + state.len()) as f64);
        let record =
            ModuleRecord::from_bytes(model).map_err(failed("the model's record cannot be read"))?;
        let mut restored = Net::new(run.task(), &device)
            .try_load_record(record)
            .map_err(failed("the model's record cannot be loaded"))?;
        self::optimizer()
            .from_bytes(state)
            .map_err(failed("the optimizer's record cannot be loaded"))?;
        let mut resumed = schedule_from(schedule.to_record())?;
        if schedule.step().base() != resumed.step().base() {
            return Err("the schedule does not go on where its record was taken".into());
        }

        // A frozen body has no gradients, its batch norm keeps its statistics, its
        // dropout lets everything through.
        restored.body = restored.body.freeze();
        let before = restored.body.fingerprint();
        let mut head = SgdConfig::new().init();
        while run.progress() < SECOND_STAGE {
            let batch = run.next_batch(BATCH);
            let loss = cross_entropy.forward(restored.forward(&batch.inputs), batch.labels());
            run.report_tensor("loss", loss.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &restored);
            if gradients.len() != 2 {
                return Err(format!(
                    "only the head's weight and bias should have gradients, {} have",
                    gradients.len()
                )
                .into());
            }
            restored = head.step(0.02, restored, gradients);
        }
        if restored.body.fingerprint() != before {
            return Err("the frozen body has changed".into());
        }
        Ok(restored)
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.forward(inputs))
    }
}

fn schedule_from(
    record: burn::lr_scheduler::LrSchedulerRecord,
) -> Result<ModuleLrScheduler, MethodError> {
    Ok(schedule()?.load_record(record))
}

gauntlet_method::export!(TwoStage);

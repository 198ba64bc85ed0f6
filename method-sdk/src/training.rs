//! What a method sees while it trains.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use gauntlet_wire::TaskInfo;

use crate::base;
use crate::budget::Budget;
use crate::budget::Pace;
use crate::data::Batch;
use crate::error::MethodError;
use crate::host::Host;
use crate::quality::Quality;
use crate::random::{self, RunRng};

/// What a method sees while it trains.
pub struct Training {
    task: TaskInfo,
    seed: u64,
    device: Device,
    step: u64,
    pace: Pace,
    rng: RunRng,
    host: Host,
}

impl Training {
    #[cfg_attr(
        all(not(feature = "native-pinned"), not(target_family = "wasm")),
        expect(dead_code, reason = "only a host makes one")
    )]
    pub(crate) fn new(task: TaskInfo, seed: u64, device: Device, host: Host) -> Self {
        Self {
            task,
            seed,
            device,
            step: 0,
            pace: Pace::default(),
            rng: random::of_run(seed),
            host,
        }
    }

    #[cfg(all(feature = "native-pinned", not(target_family = "wasm")))]
    pub(crate) fn into_host(self) -> Host {
        self.host
    }

    /// The task.
    #[must_use]
    pub fn task(&self) -> &TaskInfo {
        &self.task
    }

    /// Seed of the run. Batches and the device's random numbers already follow it.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Random numbers for the method's own choices, from the run's seed: natively the
    /// sandbox's, number for number. See [`RunRng`] for how they are made.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn choose(run: &mut Training) {
    /// use gauntlet_method::random::rand_core::Rng;
    ///
    /// let heads = run.rng().next_u32() % 2 == 0;
    /// # let _ = heads;
    /// # }
    /// ```
    pub fn rng(&mut self) -> &mut RunRng {
        &mut self.rng
    }

    /// The device, tracking gradients; the model is on it.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The next training batch, in an order that the run's seed decides. An epoch
    /// serves every row once; its last batch may be shorter than `size`.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example(run: &mut Training) {
    /// for _ in 0..run.task().train_rows.div_ceil(64) {
    ///     let batch = run.next_batch(64); // once around: one epoch
    ///     assert!(batch.rows() <= 64);
    /// }
    /// # }
    /// ```
    ///
    /// # Panics
    /// If `size` is zero.
    pub fn next_batch(&mut self, size: usize) -> Batch {
        assert!(size > 0, "a batch has at least one row");
        self.step += 1;
        self.host.next_batch(&self.task, size).autodiff()
    }

    /// The whole train part at once, in file order; of a text, its windows end to end
    /// from the first token. Ask once and keep it.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example(run: &mut Training) {
    /// let all = run.train_set();
    /// assert_eq!(all.rows(), run.task().train_rows);
    /// # }
    /// ```
    pub fn train_set(&mut self) -> Batch {
        self.host.train_set(&self.task).autodiff()
    }

    /// Loads the task's base weights into a model: every float parameter is replaced by
    /// the tensor of the same path (`layers.0.weight`), trainable or frozen as it was.
    /// The base weights may hold more than the model asks for.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example<M: Module>(run: &mut Training, model: M) -> Result<M, MethodError> {
    /// if run.task().base.is_none() {
    ///     return Ok(model); // nothing to start from
    /// }
    /// run.load_base(model)
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the task carries no base weights, or they lack one of the model's parameters,
    /// or have it in another shape. Nothing is loaded then.
    pub fn load_base<M: Module>(&mut self, model: M) -> Result<M, MethodError> {
        self.load_base_under("", model)
    }

    /// The same for a part of a model, whose parameters are at `prefix` in the base
    /// weights: `load_base_under("body", net.body)` loads `body.…` and leaves a new
    /// head as it is.
    ///
    /// # Errors
    /// Those of [`Self::load_base`].
    pub fn load_base_under<M: Module>(&mut self, prefix: &str, part: M) -> Result<M, MethodError> {
        base::restore(&self.task, &mut self.host, prefix, part)
    }

    /// A single tensor of the task's base weights, without gradients. Names and shapes
    /// of all are in [`TaskInfo::base`].
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example(run: &mut Training) -> Result<(), MethodError> {
    /// let embedding: Tensor<2> = run.base_tensor("embedding.weight")?;
    /// # let _ = embedding;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If there is none of that name with `D` dimensions.
    pub fn base_tensor<const D: usize>(&mut self, name: &str) -> Result<Tensor<D>, MethodError> {
        base::tensor(&self.task, &mut self.host, name)
    }

    /// Used share of the budget: 0 at the start, 1 when nothing is left. The
    /// budget is metered work, not time, so this is the same on every machine.
    /// A run that goes over it is stopped and scored on what it last
    /// [checked in](Self::checkpoint), or not at all: leave a margin.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example(run: &mut Training) {
    /// while run.progress() < 0.95 {
    ///     let learning_rate = 0.1 * (1.0 - run.progress());
    ///     // ... a step ...
    /// #   let _ = (learning_rate, run.next_batch(1));
    /// }
    /// # }
    /// ```
    pub fn progress(&mut self) -> f64 {
        self.host.progress()
    }

    /// Number of batches served so far; the step that reports carry.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Counts a step of a method that does not take batches.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example(run: &mut Training) {
    /// let all = run.train_set();
    /// while run.progress() < 0.95 {
    ///     run.count_step();
    ///     // ... a step on everything ...
    /// #   let _ = &all;
    /// }
    /// # }
    /// ```
    pub fn count_step(&mut self) {
        self.step += 1;
    }

    /// Reports a number under a name; `loss` is plotted first.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example(run: &mut Training) {
    /// run.report("temperature", 0.5);
    /// # }
    /// ```
    pub fn report(&mut self, name: &str, value: f64) {
        self.host.report(self.step, name, value);
    }

    /// Reports a tensor's single element. The host reads it when it likes, so
    /// this never makes the method wait: prefer it to [`Self::report`] in a loop.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example(run: &mut Training, loss: Tensor<1>) {
    /// run.report_tensor("loss", loss);
    /// # }
    /// ```
    ///
    /// Only a tensor of one dimension is taken:
    ///
    /// ```compile_fail
    /// # use gauntlet_method::prelude::*;
    /// # fn example(run: &mut Training, scores: Tensor<2>) {
    /// run.report_tensor("scores", scores);
    /// # }
    /// ```
    ///
    /// # Panics
    /// If the tensor does not have exactly one element.
    pub fn report_tensor(&mut self, name: &str, value: Tensor<1>) {
        assert_eq!(
            value.shape().num_elements(),
            1,
            "a reported tensor has one element"
        );
        self.host.report_tensor(self.step, name, value);
    }

    /// Writes a line to the run's log, for the method's author.
    ///
    /// The host keeps a thousand lines of at most 400 characters; more are dropped.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example(run: &mut Training) {
    /// let line = format!("{} rows", run.task().train_rows);
    /// run.log(&line);
    /// # }
    /// ```
    pub fn log(&mut self, line: &str) {
        self.host.log(line);
    }

    /// What is left of the budget, in metered work and in steps, to plan a schedule by.
    /// In the sandbox it is the same on every machine.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn schedule(run: &mut Training) {
    /// let at_start = run.budget();
    /// for _ in 0..10 {
    ///     let batch = run.next_batch(64);
    ///     // ... a step ...
    /// }
    /// // What ten steps have cost tells how many more there will be.
    /// let total = 10 + run.budget().steps_left.unwrap_or(0);
    /// # let _ = (at_start, total);
    /// # }
    /// ```
    pub fn budget(&mut self) -> Budget {
        let reading = self.host.budget();
        self.pace.budget(self.step, reading)
    }

    /// Checks a model in before the end. The host keeps it, in place of the one it kept
    /// before: a run whose budget ends before `train` returns is scored on it. The model
    /// that `train` returns is checked in by itself and takes the place of any other.
    ///
    /// Only a used-up budget is forgiven so: a method that panics or gives up after a
    /// checkpoint has failed all the same.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example<M: Module>(run: &mut Training, model: M) {
    /// if run.step().is_multiple_of(500) {
    ///     run.checkpoint(&model);
    /// }
    /// # }
    /// ```
    ///
    /// The host reads the model; it does not take it:
    ///
    /// ```compile_fail
    /// # use gauntlet_method::prelude::*;
    /// # fn example<M: Module>(run: &mut Training, model: M) {
    /// run.checkpoint(model);
    /// # }
    /// ```
    pub fn checkpoint<M: Module>(&mut self, model: &M) {
        self.host.checkpoint(self.step, None, model);
    }

    /// The same, but the host keeps the model only if it is better than the one that it
    /// keeps; tells whether it does. The first one is kept whatever it is worth.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn loop_end<M: Module>(run: &mut Training, model: M, held_out: f64) -> Result<M, MethodError> {
    /// run.checkpoint_if_better(&model, Quality::Loss(held_out));
    /// // At the end of training: the best model there was, not the last.
    /// run.restore(model)
    /// # }
    /// ```
    pub fn checkpoint_if_better<M: Module>(&mut self, model: &M, quality: Quality) -> bool {
        self.host
            .checkpoint(self.step, Some(quality.measured()), model)
    }

    /// Loads the checkpoint that the host keeps back into a model.
    ///
    /// # Errors
    /// If nothing has been checked in yet, or the model has other parameters.
    pub fn restore<M: Module>(&mut self, model: M) -> Result<M, MethodError> {
        self.host.restore(model)
    }
}

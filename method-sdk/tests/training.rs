//! What a method gets from its host, natively: budgets, checkpoints, what is left.

#![cfg(feature = "native")]
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

use burn::module::Param;
use gauntlet_method::burn;
use gauntlet_method::native::{Dataset, Trained, train};
use gauntlet_method::prelude::*;
use safetensors::tensor::{Dtype, TensorView, serialize};

/// One number, which each method below sets as it likes.
#[derive(Module, Debug)]
struct Number {
    value: Param<Tensor<1>>,
}

impl Number {
    fn set(self, value: f32) -> Self {
        Self {
            value: self.value.map(|old| old.zeros_like().add_scalar(value)),
        }
    }

    fn get(&self) -> f32 {
        self.value.val().into_scalar::<f32>()
    }
}

/// A method that is its training loop.
macro_rules! method {
    ($name:ident, |$run:ident, $model:ident| $body:block) => {
        #[derive(Default)]
        struct $name;

        impl Method for $name {
            type Model = Number;

            fn build(&self, _: &TaskInfo, device: &Device) -> Number {
                Number {
                    value: Param::from_tensor(Tensor::zeros([1], device)),
                }
            }
            fn train(&self, $run: &mut Training, $model: Number) -> Result<Number, MethodError> $body

            fn predict(&self, _: &Number, _: &Inputs) -> Result<Tensor<2>, MethodError> {
                Err(MethodError::unsupported("this method only trains"))
            }
        }
    };
}

fn trained<M: Method>(batches: u64) -> Result<Trained, MethodError> {
    let bytes =
        |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|v| v.to_le_bytes()).collect() };
    let (inputs, labels) = (bytes(&[1., 2., 3., 4.]), [0_i64, 1, 0, 1]);
    let labels: Vec<u8> = labels
        .iter()
        .flat_map(|label| label.to_le_bytes())
        .collect();
    let file = serialize(
        [
            (
                "inputs",
                TensorView::new(Dtype::F32, vec![4, 1], &inputs).unwrap(),
            ),
            (
                "labels",
                TensorView::new(Dtype::I64, vec![4], &labels).unwrap(),
            ),
        ],
        None,
    )
    .unwrap();
    let task = TaskInfo {
        name: "four rows".to_owned(),
        kind: TaskKind::Classification { classes: 2 },
        inputs: InputKind::Dense { shape: vec![1] },
        train_rows: 4,
        base: None,
    };
    train::<M>(
        &task,
        &Dataset::from_safetensors(&file).unwrap(),
        7,
        batches,
    )
}

fn number(trained: &Trained) -> f32 {
    trained.parameters[0].1.iter::<f32>().next().unwrap()
}

method!(NeverStops, |run, model| {
    let mut model = model;
    loop {
        let _batch = run.next_batch(1);
        model = model.set(run.step() as f32);
        if run.step().is_multiple_of(3) {
            run.checkpoint(&model);
        }
    }
});

#[test]
fn a_training_out_of_batches_has_its_last_checkpoint_for_a_model() {
    let cut = trained::<NeverStops>(8).unwrap();
    assert_eq!((cut.cut_off_at, cut.batches), (Some(6), 8));
    assert_eq!(number(&cut), 6.);
    let error = trained::<NeverStops>(2).unwrap_err();
    assert!(
        error.to_string().contains("before the first checkpoint"),
        "{error}"
    );
}

method!(GetsWorse, |run, model| {
    let (mut model, mut kept) = (model, Vec::new());
    for (value, loss) in [
        (1., f64::NAN),
        (2., 0.5),
        (3., 0.7),
        (4., 0.4),
        (5., f64::NAN),
    ] {
        run.next_batch(1);
        model = model.set(value);
        kept.push(run.checkpoint_if_better(&model, Quality::Loss(loss)));
    }
    assert_eq!(kept, [true, true, false, true, false]);
    let best = run.restore(model)?;
    assert_eq!(best.get(), 4.);
    assert!(best.value.val().is_require_grad(), "it can be trained on");
    Ok(best)
});

#[test]
fn the_best_checkpoint_is_kept_and_can_be_restored() {
    let done = trained::<GetsWorse>(10).unwrap();
    assert_eq!((done.cut_off_at, number(&done)), (None, 4.));
}

method!(RestoresNothing, |run, model| { run.restore(model) });

#[test]
fn there_is_nothing_to_restore_before_the_first_checkpoint() {
    let error = trained::<RestoresNothing>(1).unwrap_err();
    assert!(
        error.to_string().contains("nothing has been checked in"),
        "{error}"
    );
}

method!(Plans, |run, model| {
    assert_eq!(run.budget().steps_left, None);
    for _ in 0..4 {
        run.next_batch(1);
    }
    let left = run.budget();
    assert_eq!(
        (left.used, left.batches_left, left.steps_left),
        (0.4, Some(6), Some(6))
    );
    assert_eq!((left.work_used, left.work_left), (None, None));
    Ok(model)
});

#[test]
fn what_is_left_is_told() {
    trained::<Plans>(10).unwrap();
}

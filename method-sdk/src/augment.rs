//! Augmentation of batches on the device: nothing passes through the method's own memory,
//! and every choice follows the run's seed, the device's random stream or
//! [`Training::rng`](crate::Training::rng).
//!
//! ```
//! # use gauntlet_method::prelude::*;
//! # fn step(run: &mut Training) {
//! use gauntlet_method::augment;
//!
//! let batch = run.next_batch(64);
//! let images = batch.inputs.images();
//! let images = augment::shift(images, 2);
//! let images = augment::flip_horizontal(images, 0.5);
//! let images = augment::noise(images, 0.05);
//! # let _ = images;
//! # }
//! ```

use burn::tensor::{Distribution, Int, Tensor, TensorData};

use crate::random::{RunRng, below, unit};

/// Mirrors each image `[rows, channels, height, width]` left to right with a probability.
///
/// # Panics
/// If `probability` is not from 0 to 1.
#[must_use]
pub fn flip_horizontal(images: Tensor<4>, probability: f64) -> Tensor<4> {
    assert!(
        (0.0..=1.0).contains(&probability),
        "a probability is from 0 to 1, not {probability}"
    );
    let [rows, channels, height, width] = images.dims();
    let chosen = Tensor::<1>::random(
        [rows],
        Distribution::Bernoulli(probability),
        &images.device(),
    );
    let chosen = chosen
        .greater_elem(0.5)
        .reshape([rows, 1, 1, 1])
        .expand([rows, channels, height, width]);
    let flipped = images.clone().flip([3]);
    images.mask_where(chosen, flipped)
}

/// Moves each image `[rows, channels, height, width]` by up to `most` pixels up or down
/// and by up to `most` to a side; what comes in from outside is zero. It is the usual "pad
/// and crop" in one step.
#[must_use]
pub fn shift(images: Tensor<4>, most: usize) -> Tensor<4> {
    if most == 0 {
        return images;
    }
    shift_along(shift_along(images, most, 2), most, 3)
}

fn shift_along(images: Tensor<4>, most: usize, dim: usize) -> Tensor<4> {
    let shape = images.dims();
    let (rows, size) = (shape[0], shape[dim]);
    let device = images.device();
    let most = most as i64;
    let offsets = Tensor::<1>::random(
        [rows],
        Distribution::Uniform(0.0, (2 * most + 1) as f64),
        &device,
    );
    // Rounding may reach the upper end, which is not meant to be drawn.
    let offsets = offsets.floor().int().clamp(0, 2 * most) - most;
    let offsets = offsets.reshape([rows, 1]).expand([rows, size]);
    let places = Tensor::<1, Int>::arange(0..size as i64, &device)
        .reshape([1, size])
        .expand([rows, size]);
    let from = places + offsets;
    let outside = from
        .clone()
        .lower_elem(0)
        .bool_or(from.clone().greater_elem(size as i64 - 1));
    let from = from.clamp(0, size as i64 - 1);
    let mut along = [rows, 1, 1, 1];
    along[dim] = size;
    let from = from.reshape(along).expand(shape);
    let outside = outside.reshape(along).expand(shape);
    images.gather(dim, from).mask_fill(outside, 0.0)
}

/// Adds normal noise of a standard deviation to every number.
///
/// # Panics
/// If `deviation` is negative or not finite.
#[must_use]
pub fn noise<const D: usize>(values: Tensor<D>, deviation: f64) -> Tensor<D> {
    assert!(
        deviation >= 0.0 && deviation.is_finite(),
        "a standard deviation is not {deviation}"
    );
    let noise = values.random_like(Distribution::Normal(0.0, deviation));
    values + noise
}

/// A batch whose rows were blended with others of the same batch: see [`mixup`].
#[derive(Clone, Debug)]
pub struct Mixed<const D: usize> {
    /// `weight * inputs[i] + (1 - weight) * inputs[partner of i]`.
    pub inputs: Tensor<D>,
    /// The partner of each row, `[rows]`: take the partners' labels with
    /// `labels.select(0, mixed.partners)`.
    pub partners: Tensor<1, Int>,
    /// How much of a row is its own, from 0.5 to 1.
    pub weight: f64,
}

/// Blends each row with another one of the batch (Zhang, Cissé, Dauphin, Lopez-Paz, "mixup:
/// Beyond Empirical Risk Minimization", ICLR 2018), with a weight for the whole batch. The
/// loss is the same blend of the losses against both labels:
///
/// ```
/// # use gauntlet_method::prelude::*;
/// # use gauntlet_method::burn::nn::loss::CrossEntropyLoss;
/// # fn step(run: &mut Training, net: impl Fn(Tensor<2>) -> Tensor<2>, loss: CrossEntropyLoss) -> Tensor<1> {
/// use gauntlet_method::augment::mixup;
///
/// let batch = run.next_batch(64);
/// let labels = batch.labels();
/// let mixed = mixup(batch.inputs.features(), run.rng());
/// let scores = net(mixed.inputs);
/// let partners = labels.clone().select(0, mixed.partners);
/// loss.forward(scores.clone(), labels) * mixed.weight
///     + loss.forward(scores, partners) * (1.0 - mixed.weight)
/// # }
/// ```
///
/// The weight is uniform, which is the paper's Beta distribution with parameter 1, folded
/// to its larger half (to blend a with b or b with a is the same).
#[must_use]
pub fn mixup<const D: usize>(inputs: Tensor<D>, rng: &mut RunRng) -> Mixed<D> {
    let rows = inputs.dims()[0];
    let mut order: Vec<i64> = (0..rows as i64).collect();
    // Fisher-Yates.
    for last in (1..rows).rev() {
        order.swap(last, below(rng, last as u32 + 1) as usize);
    }
    let partners = TensorData::new(order, [rows]);
    let partners = Tensor::<1, Int>::from_data(partners, &inputs.device());
    let weight = 0.5 + unit(rng) / 2.0;
    let other = inputs.clone().select(0, partners.clone());
    Mixed {
        inputs: inputs * weight + other * (1.0 - weight),
        partners,
        weight,
    }
}

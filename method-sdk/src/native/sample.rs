//! A small made-up task for tests: no file is needed, and it is learned in a second.

use std::collections::HashMap;

use gauntlet_wire::{InputKind, TaskInfo, TaskKind};
use safetensors::tensor::{Dtype, TensorView};

use super::dataset::Dataset;

const CLASSES: usize = 4;
const FEATURES: usize = 16;
const ROWS: usize = 512;

/// Four clouds of points in 16 dimensions, 512 rows: what a method is told, and the rows.
/// The same seed gives the same task. An image method sees `[1, 4, 4]`.
#[must_use]
pub fn classification(seed: u64) -> (TaskInfo, Dataset) {
    let mut noise = Noise(seed);
    let centres: Vec<f32> = (0..CLASSES * FEATURES).map(|_| noise.next()).collect();
    let mut inputs = Vec::with_capacity(ROWS * FEATURES * 4);
    let mut labels = Vec::with_capacity(ROWS * 8);
    for row in 0..ROWS {
        let class = row % CLASSES;
        labels.extend((class as i64).to_le_bytes());
        for feature in 0..FEATURES {
            let value = centres[class * FEATURES + feature] + 0.5 * noise.next();
            inputs.extend(value.to_le_bytes());
        }
    }
    let views = HashMap::from([
        (
            "inputs",
            TensorView::new(Dtype::F32, vec![ROWS, 1, 4, 4], &inputs),
        ),
        ("labels", TensorView::new(Dtype::I64, vec![ROWS], &labels)),
    ]);
    let views = views
        .into_iter()
        .map(|(name, view)| (name, view.expect("the bytes were made for this shape")));
    let file = safetensors::serialize(views, None).expect("two tensors can be written");
    let rows = Dataset::from_safetensors(&file).expect("it was written to be read");
    let task = TaskInfo {
        name: "sample".into(),
        kind: TaskKind::Classification { classes: CLASSES },
        inputs: InputKind::Dense {
            shape: vec![1, 4, 4],
        },
        train_rows: ROWS,
        base: None,
    };
    (task, rows)
}

/// SplitMix64 (Steele, Lea, Flood 2014): enough for noise.
struct Noise(u64);

impl Noise {
    /// Uniform in -1..1.
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_stays_in_its_range_and_a_task_repeats_itself() {
        let mut noise = Noise(7);
        let values: Vec<f32> = (0..1000).map(|_| noise.next()).collect();
        assert!(values.iter().all(|value| (-1.0..1.0).contains(value)));
        assert!(values.iter().sum::<f32>().abs() < 100.0);
        let (task, rows) = classification(3);
        assert_eq!((task.train_rows, rows.rows()), (512, 512));
    }
}

//! Augmentation does what it says and follows the seed.

#![cfg(feature = "native")]

use gauntlet_method::augment::{flip_horizontal, mixup, noise, shift};
use gauntlet_method::burn::tensor::{Device, Tensor};
use gauntlet_method::random::{RunRng, rand_core::SeedableRng};

/// Three images of 4 by 5 pixels, all different from each other and from zero.
fn images(device: &Device) -> Tensor<4> {
    let values: Vec<f32> = (1..=3 * 2 * 4 * 5).map(|value| value as f32).collect();
    Tensor::<1>::from_floats(values.as_slice(), device).reshape([3, 2, 4, 5])
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// The device's random stream is the process's: what needs it is one test.
#[test]
fn images_change_as_they_should_and_as_the_seed_says() {
    let device = Device::flex();
    let original = numbers(images(&device));
    assert_eq!(numbers(flip_horizontal(images(&device), 0.0)), original);
    let mirrored = numbers(flip_horizontal(images(&device), 1.0));
    assert_eq!(mirrored[..5], [5., 4., 3., 2., 1.]);

    device.seed(3);
    let once = numbers(shift(images(&device), 2));
    device.seed(3);
    assert_eq!(once, numbers(shift(images(&device), 2)));
    assert_eq!(numbers(shift(images(&device), 0)), original);
    // Each image is the original moved by one offset in each direction.
    let (mut moved, tries) = (false, 20);
    for _ in 0..tries {
        let shifted = numbers(shift(images(&device), 2));
        for image in 0..3 {
            let at = |row: i64, column: i64, channel: usize| {
                if (0..4).contains(&row) && (0..5).contains(&column) {
                    original[image * 40 + channel * 20 + (row * 5 + column) as usize]
                } else {
                    0.0
                }
            };
            let offset = (-2..=2)
                .flat_map(|down| (-2..=2).map(move |right| (down, right)))
                .find(|(down, right)| {
                    (0..40).all(|index| {
                        let (channel, row, column) = (index / 20, index % 20 / 5, index % 5);
                        let wanted = at(row as i64 + down, column as i64 + right, channel);
                        shifted[image * 40 + index] == wanted
                    })
                });
            assert!(offset.is_some(), "image {image}: {shifted:?}");
            moved |= offset != Some((0, 0));
        }
    }
    assert!(moved);

    let noisy = numbers(noise(images(&device), 0.1));
    assert_ne!(noisy, original);
    let far = noisy.iter().zip(&original).map(|(a, b)| (a - b).abs());
    assert!(far.fold(0.0, f32::max) < 1.0);
    assert_eq!(numbers(noise(images(&device), 0.0)), original);
}

#[test]
fn mixup_blends_rows_with_their_partners() {
    let device = Device::flex();
    let rows = || Tensor::<2>::from_floats([[1., 10.], [2., 20.], [3., 30.]], &device);
    let mixed = mixup(rows(), &mut RunRng::seed_from_u64(1));
    assert!((0.5..1.0).contains(&mixed.weight));
    let partners: Vec<i64> = mixed.partners.into_data().iter::<i64>().collect();
    let mut sorted = partners.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1, 2], "everybody is somebody's partner");
    let (weight, original) = (mixed.weight as f32, numbers(rows()));
    for (index, value) in numbers(mixed.inputs).iter().enumerate() {
        let partner = original[partners[index / 2] as usize * 2 + index % 2];
        let wanted = original[index] * weight + partner * (1.0 - weight);
        assert!((value - wanted).abs() < 1e-4);
    }
    let again = mixup(rows(), &mut RunRng::seed_from_u64(1));
    assert_eq!(again.weight, mixed.weight);
}

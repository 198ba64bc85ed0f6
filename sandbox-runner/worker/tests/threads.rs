//! The backend's kernels give the same bits on any number of threads: sizes are chosen
//! so that every one of them goes parallel.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot do its part fails the test"
)]

use burn_backend::TensorData;
use burn_backend::ops::{
    ActivationOps, ConvOptions, ConvTransposeOptions, FloatTensorOps, ModuleOps,
};
use burn_backend::tensor::FloatTensor;
use burn_flex::{Flex, FlexDevice};
use gauntlet_worker::wide_sum;

type Tensor = FloatTensor<Flex>;

/// Numbers of mixed sizes, so that every change of order changes the last bits.
fn numbers(shape: &[usize], salt: u64) -> Tensor {
    let count = shape.iter().product::<usize>() as u64;
    let values: Vec<f32> = (0..count)
        .map(|i| {
            let mixed = (i ^ salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let unit = (mixed >> 40) as f32 / (1 << 24) as f32 - 0.5;
            unit * [1.0, 1e-3, 30.0][(mixed % 3) as usize]
        })
        .collect();
    Flex::float_from_data(TensorData::new(values, shape.to_vec()), &FlexDevice)
}

fn bits(tensor: Tensor) -> Vec<u8> {
    burn_std::future::block_on(Flex::float_into_data(tensor))
        .unwrap()
        .as_bytes()
        .to_vec()
}

fn kernel(name: &str) -> Tensor {
    match name {
        "matmul, long inner dimension" => {
            Flex::float_matmul(numbers(&[192, 2048], 1), numbers(&[2048, 160], 2))
        }
        "matmul, batched" => {
            Flex::float_matmul(numbers(&[48, 64, 96], 3), numbers(&[48, 96, 64], 4))
        }
        "conv2d" => Flex::conv2d(
            numbers(&[16, 16, 24, 24], 5),
            numbers(&[32, 16, 3, 3], 6),
            Some(numbers(&[32], 7)),
            ConvOptions::new([1, 1], [1, 1], [1, 1], 1),
        ),
        "conv2d, gradient of the weight" => Flex::conv2d_weight_backward(
            numbers(&[16, 16, 24, 24], 5),
            numbers(&[32, 16, 3, 3], 6),
            numbers(&[16, 32, 24, 24], 8),
            ConvOptions::new([1, 1], [1, 1], [1, 1], 1),
        ),
        "conv2d, gradient of the input" => Flex::conv2d_x_backward(
            numbers(&[16, 16, 24, 24], 5),
            numbers(&[32, 16, 3, 3], 6),
            numbers(&[16, 32, 24, 24], 8),
            ConvOptions::new([1, 1], [1, 1], [1, 1], 1),
        ),
        "transposed conv2d" => Flex::conv_transpose2d(
            numbers(&[1, 64, 48, 48], 9),
            numbers(&[64, 16, 3, 3], 10),
            None,
            ConvTransposeOptions::new([2, 2], [1, 1], [1, 1], [1, 1], 1),
        ),
        "sum of rows" => Flex::float_sum_dim(numbers(&[4096, 1024], 11), 1),
        "sum of columns" => Flex::float_sum_dim(numbers(&[4096, 1024], 11), 0),
        "mean of columns" => Flex::float_mean_dim(numbers(&[4096, 1024], 11), 0),
        "layer normalisation" => Flex::layer_norm(
            numbers(&[2048, 256], 11),
            numbers(&[256], 12),
            Some(numbers(&[256], 13)),
            1e-5,
        ),
        "softmax" => Flex::softmax(numbers(&[2048, 256], 11), 1),
        "sum of very many" => wide_sum::sum::<Flex>(numbers(&[5_000_001], 14)),
        "mean of very many" => wide_sum::mean::<Flex>(numbers(&[2500, 2000], 15)),
        other => panic!("no kernel {other}"),
    }
}

const KERNELS: [&str; 13] = [
    "matmul, long inner dimension",
    "matmul, batched",
    "conv2d",
    "conv2d, gradient of the weight",
    "conv2d, gradient of the input",
    "transposed conv2d",
    "sum of rows",
    "sum of columns",
    "mean of columns",
    "layer normalisation",
    "softmax",
    "sum of very many",
    "mean of very many",
];

#[test]
fn no_kernel_gives_other_bits_on_another_number_of_threads() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap()
    };
    let alone = on(1);
    for name in KERNELS {
        let expected = alone.install(|| bits(kernel(name)));
        for threads in [2, 3, 8] {
            let pool = on(threads);
            // Which thread steals what differs from time to time.
            for _ in 0..3 {
                let again = pool.install(|| bits(kernel(name)));
                assert!(expected == again, "{name} on {threads} threads");
            }
        }
    }
}

#[test]
fn a_wide_sum_is_as_good_as_the_backends_own() {
    let read = |tensor: Tensor| {
        let bytes = bits(tensor);
        f32::from_le_bytes(bytes.try_into().unwrap())
    };
    for count in [3, wide_sum::FEWEST - 1, wide_sum::FEWEST, 5_000_001] {
        let values = || numbers(&[count], 21);
        let (own, wide) = (
            read(Flex::float_sum(values())),
            read(wide_sum::sum::<Flex>(values())),
        );
        assert!(
            (own - wide).abs() <= own.abs() * 1e-3 + count as f32 * 1e-6,
            "{count}: {own} {wide}"
        );
        let mean = read(wide_sum::mean::<Flex>(values()));
        assert!(
            (mean * count as f32 - wide).abs() <= wide.abs() * 1e-3,
            "{count}"
        );
    }
}

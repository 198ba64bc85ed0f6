//! What the CPU backend takes for a convolution beside its operands and its output.
//!
//! It sees every convolution as one of three spatial dimensions, and has several ways of
//! computing it, which differ a lot in what they need:
//!
//! * a kernel of one element is a matrix product of the operands as they lie;
//! * one channel per group, or very few channels, are added up in place;
//! * a short kernel over short rows is a matrix product per element of the kernel;
//! * all others copy the input and the weight into another order, and compute tiles of
//!   at most [`TILE`] places, each with the columns under its kernels, one on each thread.
//!
//! A transposed convolution makes columns for each sample and group on each thread.

use burn_backend::DType;

use crate::gemm::{Product, at_once};
use crate::price::product;

/// Places of a tile.
const TILE: u64 = 512;
/// Bytes of a transposed convolution's columns, unless those of one place take more.
const COLUMNS: u64 = 8 << 20;
/// Elements of the output from which samples and groups are divided among threads.
const PARALLEL: u64 = 256 * 1024;

/// The numbers of a convolution, as many spatial dimensions as there are.
#[derive(Clone, Copy)]
pub(super) struct Shape<const N: usize> {
    pub(super) batch: u64,
    pub(super) channels_in: u64,
    pub(super) input: [u64; N],
    pub(super) channels_out: u64,
    pub(super) kernel: [u64; N],
    /// Places of the kernel.
    pub(super) places: [u64; N],
    pub(super) stride: [u64; N],
    pub(super) padding: [u64; N],
    pub(super) dilation: [u64; N],
    pub(super) groups: u64,
}

impl<const N: usize> Shape<N> {
    fn input_elements(&self) -> u64 {
        product(&[self.batch, self.channels_in, product(&self.input)])
    }

    fn weight_elements(&self) -> u64 {
        product(&[
            self.channels_out,
            self.channels_in / self.groups,
            product(&self.kernel),
        ])
    }

    pub(super) fn output_elements(&self) -> u64 {
        product(&[self.batch, self.channels_out, product(&self.places)])
    }

    /// Work space of the convolution of operands that lie in order.
    pub(super) fn bytes(&self, dtype: DType, threads: usize) -> u64 {
        widened(
            dtype,
            |dtype| self.native(dtype, threads),
            || {
                [
                    self.input_elements().saturating_add(self.weight_elements()),
                    self.output_elements(),
                ]
            },
        )
    }

    /// Work space of the convolution that computes the gradient of the weight, or of one
    /// group's part of it: that of the input with the gradient of the output, samples and
    /// channels exchanged, and stride and dilation. Its places are those of the `kernel`,
    /// and of what the stride left over.
    pub(super) fn weight_backward_bytes(
        &self,
        kernel: [u64; N],
        dtype: DType,
        threads: usize,
    ) -> u64 {
        let swapped = Self {
            batch: self.channels_in / self.groups,
            channels_in: self.batch,
            channels_out: self.channels_out / self.groups,
            kernel: self.places,
            places: kernel,
            stride: self.dilation,
            dilation: self.stride,
            groups: 1,
            ..*self
        };
        // Nothing lies otherwise where there is one sample only, or one channel.
        let copied = |elements: u64, channels: u64| {
            if self.groups == 1 && (self.batch == 1 || channels == 1) {
                0
            } else {
                elements.saturating_mul(dtype.size() as u64)
            }
        };
        swapped
            .bytes(dtype, threads)
            .saturating_add(copied(swapped.input_elements(), swapped.batch))
            .saturating_add(copied(swapped.weight_elements(), swapped.channels_out))
    }

    fn native(&self, dtype: DType, threads: usize) -> u64 {
        let (inner, outer) = (
            self.channels_in / self.groups,
            self.channels_out / self.groups,
        );
        let places = product(&self.places);
        if self.is_pointwise() {
            let one = Product {
                m: outer,
                k: inner,
                n: places,
                rows: [true, true],
            };
            let at_once = at_once(self.batch, threads, one.is_parallel());
            return one.packed(dtype).saturating_mul(at_once);
        }
        if self.adds_up_in_place() {
            return 0;
        }
        if self.is_direct(dtype) {
            let one = Product {
                m: self.channels_out,
                k: self.channels_in,
                n: places,
                rows: [false, false],
            };
            let at_once = at_once(self.batch, threads, one.is_parallel());
            return one.packed(dtype).saturating_mul(at_once);
        }
        let columns = inner.saturating_mul(product(&self.kernel));
        let of_tile = |places: u64| Product {
            m: outer,
            k: columns,
            n: places,
            rows: [true, false],
        };
        let bytes_of_tile = |places: u64| {
            columns
                .saturating_add(outer)
                .saturating_mul(places)
                .saturating_mul(dtype.size() as u64)
                .saturating_add(of_tile(places).packed(dtype))
        };
        // More may be packed for the last tile, which is shorter.
        let tile = places.min(TILE);
        let each = bytes_of_tile(tile).max(bytes_of_tile(places % TILE));
        let tiles = self.batch.saturating_mul(places.div_ceil(TILE));
        let waits = of_tile(tile).is_parallel();
        self.input_elements()
            .saturating_add(self.weight_elements())
            .saturating_mul(dtype.size() as u64)
            .saturating_add(each.saturating_mul(at_once(tiles, threads, waits)))
    }

    fn is_pointwise(&self) -> bool {
        self.kernel.iter().all(|&length| length == 1)
            && self.stride.iter().all(|&stride| stride == 1)
            && self.padding.iter().all(|&padding| padding == 0)
    }

    /// One channel for each group, or a few channels for a few: in one or two dimensions.
    fn adds_up_in_place(&self) -> bool {
        let flat = N < 3
            || self.kernel[0] == 1
                && self.input[0] == 1
                && self.stride[0] == 1
                && self.padding[0] == 0
                && self.dilation[0] == 1;
        let depthwise = self.groups == self.channels_in && self.channels_out == self.channels_in;
        let few = self.groups == 1 && self.channels_in <= 4 && self.channels_out <= 16;
        flat && (depthwise || few)
    }

    fn is_direct(&self, dtype: DType) -> bool {
        let before_last = |numbers: &[u64; N]| numbers[..N - 1].iter().all(|&one| one == 1);
        dtype != DType::F16
            && self.groups == 1
            && self.padding.iter().all(|&padding| padding == 0)
            && self.dilation.iter().all(|&dilation| dilation == 1)
            && before_last(&self.kernel)
            && before_last(&self.input)
            && self.channels_in >= 32
            && self.kernel[N - 1] <= 8
            && self.places[N - 1] <= 800
    }
}

/// The numbers of a transposed convolution.
#[derive(Clone, Copy)]
pub(super) struct Transposed {
    pub(super) batch: u64,
    pub(super) channels_in: u64,
    pub(super) channels_out: u64,
    pub(super) groups: u64,
    /// Elements of the kernel, and of a channel of the input and of the output.
    pub(super) kernel: u64,
    pub(super) input: u64,
    pub(super) output: u64,
}

impl Transposed {
    /// Work space of operands that lie in order.
    pub(super) fn bytes(&self, dtype: DType, threads: usize) -> u64 {
        widened(
            dtype,
            |dtype| self.native(dtype, threads),
            || {
                let weight = product(&[
                    self.channels_in,
                    self.channels_out / self.groups,
                    self.kernel,
                ]);
                let input = product(&[self.batch, self.channels_in, self.input]);
                let output = product(&[self.batch, self.channels_out, self.output]);
                [input.saturating_add(weight), output]
            },
        )
    }

    fn native(&self, dtype: DType, threads: usize) -> u64 {
        let size = dtype.size() as u64;
        let (inner, outer) = (
            self.channels_in / self.groups,
            self.channels_out / self.groups,
        );
        // Columns of one place.
        let column = outer.saturating_mul(self.kernel);
        let places = (COLUMNS / size / column.max(1)).max(1).min(self.input);
        let packed = |places: u64| {
            let one = Product {
                m: column,
                k: inner,
                n: places,
                rows: [false, true],
            };
            one.packed(dtype)
        };
        // More may be packed for the last columns, which are fewer.
        let packed = packed(places).max(packed(self.input % places.max(1)));
        let pieces = self.batch.saturating_mul(self.groups);
        let elements = product(&[self.batch, self.channels_out, self.output]);
        let at_once = if elements >= PARALLEL {
            at_once(pieces, threads, true)
        } else {
            1
        };
        column
            .saturating_mul(places)
            .saturating_mul(size)
            .saturating_add(packed)
            .saturating_mul(at_once)
    }
}

/// Short floats without kernels of their own are computed in single precision: their
/// operands and output are there in both.
fn widened(
    dtype: DType,
    native: impl FnOnce(DType) -> u64,
    elements: impl FnOnce() -> [u64; 2],
) -> u64 {
    if dtype != DType::BF16 {
        return native(dtype);
    }
    let [operands, output] = elements();
    // The output itself is made when the work space is gone.
    native(DType::F32)
        .saturating_add(operands.saturating_mul(4))
        .saturating_add(output.saturating_mul(2))
        .max(output.saturating_mul(4))
}

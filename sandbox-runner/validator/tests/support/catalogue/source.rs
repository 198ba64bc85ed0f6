//! The random choices that operations are made of.

use burn_backend::{BoolStore, DType};
use burn_ir::{OperationIr, TensorId, TensorIr};

use crate::support::{Guest, kept, last};

/// Makes an operation whose operands are in the guest's ledger.
pub type Maker = fn(&mut Source<'_>) -> OperationIr;

/// A guest, and the choices that it makes.
pub struct Source<'a> {
    pub guest: &'a mut Guest,
    choices: &'a [u32],
    next: usize,
}

impl<'a> Source<'a> {
    pub fn new(guest: &'a mut Guest, choices: &'a [u32]) -> Self {
        Self {
            guest,
            choices,
            next: 0,
        }
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        let choice = self.choices.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        choice as usize % bound
    }

    /// A number in `low..=high`.
    pub fn within(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    pub fn either(&mut self) -> bool {
        self.below(2) == 1
    }

    pub fn shape(&mut self, rank: usize) -> Vec<usize> {
        if self.guest.large {
            let each = ((1 << 18) as f64).powf(1.0 / rank.max(1) as f64) as usize;
            return (0..rank).map(|_| each + self.below(5)).collect();
        }
        (0..rank).map(|_| self.dim()).collect()
    }

    fn dim(&mut self) -> usize {
        if self.guest.wild {
            return [0, 1, 1, 2, 3, 5, 8, 9, 17, 40][self.below(10)];
        }
        self.within(1, 4)
    }

    /// One of the pool's tensors that will do, if there is any and the choice falls on it.
    fn pooled(&mut self, fits: impl Fn(&TensorIr) -> bool) -> Option<TensorIr> {
        if self.guest.pool.is_empty() || self.below(4) == 0 {
            return None;
        }
        let fitting: Vec<_> = self.guest.pool.iter().filter(|one| fits(one)).collect();
        if fitting.is_empty() {
            return None;
        }
        let at = self.choices.get(self.next).copied().unwrap_or(0) as usize % fitting.len();
        self.next += 1;
        Some(fitting[at].clone())
    }

    /// An operand of a dtype whose shape does not matter, from the pool.
    pub fn any_pooled(&mut self, dtype: DType) -> Option<TensorIr> {
        let tensor = self.pooled(|one| one.dtype == dtype && one.shape.num_dims() > 0)?;
        Some(self.once_or_last(&tensor))
    }

    /// The dtype of one of the pool's tensors.
    fn pooled_dtype(&mut self, fits: impl Fn(DType) -> bool) -> Option<DType> {
        self.pooled(|one| fits(one.dtype)).map(|one| one.dtype)
    }

    fn once_or_last(&mut self, tensor: &TensorIr) -> TensorIr {
        // Where an operand's memory may be used anew, less is taken.
        if self.either() && !self.guest.large {
            last(tensor)
        } else {
            kept(tensor)
        }
    }

    pub fn float(&mut self) -> DType {
        if let Some(dtype) = self.pooled_dtype(|dtype| dtype.is_float()) {
            return dtype;
        }
        [DType::F32, DType::F32, DType::F64, DType::F16, DType::BF16][self.below(5)]
    }

    pub fn int(&mut self) -> DType {
        if let Some(dtype) = self.pooled_dtype(|dtype| dtype.is_int() || dtype.is_uint()) {
            return dtype;
        }
        let dtypes = [
            DType::I64,
            DType::I64,
            DType::I32,
            DType::I16,
            DType::I8,
            DType::U64,
            DType::U32,
            DType::U16,
            DType::U8,
        ];
        dtypes[self.below(dtypes.len())]
    }

    pub fn bool(&mut self) -> DType {
        DType::Bool([BoolStore::Native, BoolStore::U8][self.below(2)])
    }

    /// A tensor that is new, to be kept or used for the last time.
    pub fn tensor(&mut self, shape: &[usize], dtype: DType) -> TensorIr {
        let pooled = self.pooled(|one| one.dtype == dtype && one.shape.as_slice() == shape);
        let tensor = pooled.unwrap_or_else(|| self.guest.tensor(shape, dtype));
        self.once_or_last(&tensor)
    }

    pub fn id(&mut self) -> TensorId {
        self.guest.id()
    }

    /// A second shape that broadcasts with the first.
    pub fn broadcastable(&mut self, shape: &[usize]) -> Vec<usize> {
        shape
            .iter()
            .map(|&dim| if self.below(4) == 0 { 1 } else { dim })
            .collect()
    }
}

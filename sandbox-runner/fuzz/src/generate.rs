//! Makes the next steps of a stream: valid, nearly valid, absurd.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn_backend::{DType, Shape};
use burn_ir::{
    BaseOperationIr, CreationOpIr, CustomOpIr, InitOperationIr, OperationIr, TensorId, TensorIr,
    TensorStatus,
};

use crate::contents::contents;
use crate::isolate::small;
use crate::mutate::mutate;
use crate::random::Random;
use crate::step::Step;
use crate::support::catalogue::{Maker, Source, catalogue};
use crate::support::{Guest, kept, last};

/// Largest upload, in bytes.
const UPLOAD: usize = 1 << 16;

/// How a generator means its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temper {
    /// Operations that the ledger should accept, on small tensors.
    Valid,
    /// Everything.
    Hostile,
}

/// Makes steps out of choices.
pub struct Generator {
    random: Random,
    temper: Temper,
    guest: Guest,
    makers: Vec<(&'static str, Maker)>,
    seen: Vec<u64>,
}

impl Generator {
    /// The generator of a seed.
    #[must_use]
    pub fn new(random: Random, temper: Temper) -> Self {
        Self {
            random,
            temper,
            guest: Guest::new(),
            makers: catalogue(),
            seen: Vec::new(),
        }
    }

    /// The next steps, given the tensors that are alive.
    pub fn next(&mut self, live: &[TensorIr]) -> Vec<Step> {
        let hostile = self.temper == Temper::Hostile;
        match self.random.below(100) {
            0..5 => self.drop_one(live),
            5..9 => self.read_one(live),
            9..12 => vec![self.upload()],
            12..14 if hostile => self.unsupported(live),
            14..17 if hostile => self.create(),
            _ => self.catalogued(live),
        }
    }

    fn some(&mut self, live: &[TensorIr]) -> Option<TensorIr> {
        let mut tensor = self.random.pick(live).map(kept)?;
        if self.temper == Temper::Hostile && self.random.percent(15) {
            // A lie about one of its properties.
            match self.random.below(4) {
                0 => tensor.id = TensorId::new(self.any_id()),
                1 => tensor.dtype = DType::U8,
                2 => tensor.shape = Shape::from([1_usize << 40, 1 << 30]),
                _ => tensor.status = TensorStatus::NotInit,
            }
        }
        Some(tensor)
    }

    fn any_id(&mut self) -> u64 {
        match self.random.below(4) {
            0 => self.random.bits(),
            1 => self.guest.next + 1,
            _ => self.random.pick(&self.seen).copied().unwrap_or(0),
        }
    }

    fn drop_one(&mut self, live: &[TensorIr]) -> Vec<Step> {
        let Some(tensor) = self.some(live) else {
            return Vec::new();
        };
        let tensor = match tensor.status {
            TensorStatus::ReadOnly => last(&tensor),
            _ => tensor,
        };
        let drop = || Step::Op(Box::new(OperationIr::Drop(tensor.clone())));
        if self.temper == Temper::Hostile && self.random.percent(20) {
            // Freed twice, and read after that.
            return vec![drop(), drop(), Step::Read(kept(&tensor))];
        }
        vec![drop()]
    }

    fn read_one(&mut self, live: &[TensorIr]) -> Vec<Step> {
        let Some(tensor) = self.some(live) else {
            return Vec::new();
        };
        if self.random.percent(20) {
            return vec![Step::Read(last(&tensor)), Step::Read(kept(&tensor))];
        }
        vec![Step::Read(tensor)]
    }

    /// New data, sometimes of no elements, of no dimensions, or under an id that exists.
    pub fn upload(&mut self) -> Step {
        const DIMS: [usize; 8] = [0, 1, 2, 3, 4, 4, 7, 33];
        let rank = self.random.below(5);
        let shape: Vec<usize> = (0..rank)
            .map(|_| match self.temper {
                Temper::Valid => 1 + self.random.below(4),
                Temper::Hostile => DIMS[self.random.below(DIMS.len())],
            })
            .collect();
        let dtype = self.dtype();
        let id = if self.temper == Temper::Hostile && self.random.percent(5) {
            self.any_id()
        } else {
            self.fresh()
        };
        self.upload_of(&TensorIr {
            id: TensorId::new(id),
            shape: Shape::from(shape),
            status: TensorStatus::ReadOnly,
            dtype,
        })
        .unwrap_or(Step::Read(TensorIr::uninit(
            TensorId::new(id),
            Shape::from([0_usize; 1]),
            DType::F32,
        )))
    }

    fn upload_of(&mut self, tensor: &TensorIr) -> Option<Step> {
        let elements = small(tensor, UPLOAD)?;
        let data = contents(&mut self.random, tensor.dtype, elements);
        self.seen.push(tensor.id.value());
        Some(Step::Upload {
            tensor: kept(tensor),
            data,
        })
    }

    fn fresh(&mut self) -> u64 {
        self.guest.next += 1;
        self.guest.next - 1
    }

    fn dtype(&mut self) -> DType {
        const DTYPES: [DType; 14] = [
            DType::F32,
            DType::F32,
            DType::F32,
            DType::F64,
            DType::F16,
            DType::BF16,
            DType::I64,
            DType::I64,
            DType::I32,
            DType::I8,
            DType::U8,
            DType::U64,
            DType::Bool(burn_std::BoolStore::Native),
            DType::Bool(burn_std::BoolStore::U8),
        ];
        DTYPES[self.random.below(DTYPES.len())]
    }

    /// Memory that nobody wrote, and shapes whose sizes overflow.
    fn create(&mut self) -> Vec<Step> {
        const DIMS: [usize; 10] = [
            0,
            1,
            3,
            64,
            1 << 10,
            1 << 20,
            1 << 31,
            1 << 32,
            1 << 40,
            usize::MAX,
        ];
        let rank = self.random.below(4);
        let shape: Vec<usize> = (0..rank)
            .map(|_| DIMS[self.random.below(DIMS.len())])
            .collect();
        let id = TensorId::new(self.fresh());
        let dtype = self.dtype();
        let op = CreationOpIr::create(Shape::from(shape), dtype, || id);
        let op = match self.random.below(3) {
            0 => BaseOperationIr::Empty(op),
            1 => BaseOperationIr::Zeros(op),
            _ => BaseOperationIr::Ones(op),
        };
        vec![Step::Op(Box::new(if dtype.is_float() {
            OperationIr::BaseFloat(op)
        } else if dtype.is_bool() {
            OperationIr::BaseBool(op)
        } else {
            OperationIr::BaseInt(op)
        }))]
    }

    /// Custom operations, and tensors that are declared but were never uploaded.
    fn unsupported(&mut self, live: &[TensorIr]) -> Vec<Step> {
        let inputs: Vec<_> = self.some(live).into_iter().collect();
        let out = TensorIr::uninit(
            TensorId::new(self.fresh()),
            Shape::from([2_usize, 3]),
            DType::F32,
        );
        let op = if self.random.percent(50) {
            OperationIr::Custom(CustomOpIr::new("fused_add", &inputs, &[out]))
        } else {
            OperationIr::Init(InitOperationIr { out })
        };
        vec![Step::Op(Box::new(op))]
    }

    /// An operation of the catalogue, as it is or spoilt.
    fn catalogued(&mut self, live: &[TensorIr]) -> Vec<Step> {
        let hostile = self.temper == Temper::Hostile;
        let (_, make) = self.makers[self.random.below(self.makers.len())];
        let choices: Vec<u32> = (0..96).map(|_| self.random.bits() as u32).collect();
        self.guest.uploads.clear();
        self.guest.wild = hostile && self.random.percent(40);
        self.guest.pool = live.to_vec();
        // Some shapes that are made at random fit no operation; its constructor says so.
        let made = catch_unwind(AssertUnwindSafe(|| {
            make(&mut Source::new(&mut self.guest, &choices))
        }));
        let Ok(mut op) = made else {
            return Vec::new();
        };
        let new: Vec<u64> = (self.guest.uploads.iter())
            .map(|tensor| tensor.id.value())
            .collect();
        if hostile && self.random.percent(40) {
            let ids: Vec<u64> = (live.iter().map(|tensor| tensor.id.value()))
                .chain(self.seen.iter().copied())
                .chain([self.guest.next, self.guest.next + 7])
                .collect();
            op = mutate(&mut self.random, &op, &ids).unwrap_or(op);
        }
        // What it uses that is new is uploaded as it describes it, absurdities included.
        let mut steps = Vec::new();
        let operands: Vec<TensorIr> = op.inputs().cloned().collect();
        let mut known: Vec<u64> = Vec::new();
        for operand in operands {
            let id = operand.id.value();
            if new.contains(&id) && !known.contains(&id) {
                known.push(id);
                if hostile && self.random.percent(2) {
                    continue;
                }
                steps.extend(self.upload_of(&operand));
            }
        }
        self.seen
            .extend(op.outputs().map(|output| output.id.value()));
        let excess = self.seen.len().saturating_sub(200);
        self.seen.drain(..excess);
        steps.push(Step::Op(Box::new(op)));
        steps
    }
}

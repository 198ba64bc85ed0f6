//! Operations of one class of tensors.

use burn_backend::{DType, Distribution, Shape};
use burn_ir::*;

use super::operands::{Class, numeric, operand, pair, scalar, variants};
use super::source::Maker;

pub const OPERATIONS: &[(&str, Maker)] = &[
    ("random", |s| {
        let distributions = [
            Distribution::Default,
            Distribution::Bernoulli(0.5),
            Distribution::Uniform(1.0, 3.0),
            Distribution::Normal(2.0, 0.5),
        ];
        let distribution = distributions[s.below(4)];
        let shape = Shape::from(s.shape(2));
        let id = s.id();
        if s.either() {
            let dtype = s.float();
            let op = RandomOpIr::create(shape, dtype, distribution, || id);
            OperationIr::Float(dtype, FloatOperationIr::Random(op))
        } else {
            let dtype = s.int();
            // A normal number may be negative.
            let distribution = match distribution {
                Distribution::Normal(..) if dtype.is_uint() => Distribution::Uniform(1.0, 3.0),
                distribution => distribution,
            };
            let op = RandomOpIr::create(shape, dtype, distribution, || id);
            numeric(Class::Int, dtype, NumericOperationIr::IntRandom(op))
        }
    }),
    ("float function", |s| {
        let dtype = s.float();
        let input = operand(s, dtype);
        let id = s.id();
        let op = UnaryOpIr::create(input, || id);
        let maker = variants!(s, FloatOperationIr::[
            Exp, Log, Log1p, Erf, Sqrt, Cos, Cosh, Sin, Sinh, Tan, Tanh, ArcCos, ArcCosh, ArcSin,
            ArcSinh, ArcTan, ArcTanh, Round, Floor, Ceil, Trunc, Recip,
        ]);
        OperationIr::Float(dtype, maker(op))
    }),
    ("float function of two", |s| {
        let dtype = s.float();
        let (lhs, rhs) = pair(s, dtype);
        let id = s.id();
        let op = BinaryOpIr::create(lhs, rhs, || id);
        OperationIr::Float(
            dtype,
            variants!(s, FloatOperationIr::[ArcTan2, Powf, Hypot])(op),
        )
    }),
    ("powf_scalar", |s| {
        let dtype = s.float();
        let lhs = operand(s, dtype);
        let id = s.id();
        let op = ScalarOpIr::create(lhs, ScalarIr::Float(0.5), || id);
        OperationIr::Float(dtype, FloatOperationIr::PowfScalar(op))
    }),
    ("predicate", |s| {
        let dtype = s.float();
        let input = operand(s, dtype);
        let (truth, id) = (s.bool(), s.id());
        let op = UnaryOpIr::create_comparison(input, truth, || id);
        OperationIr::Float(dtype, variants!(s, FloatOperationIr::[IsNan, IsInf])(op))
    }),
    ("between classes", |s| {
        let id = s.id();
        match s.below(4) {
            0 => {
                let (from, to) = (s.float(), s.int());
                let op = CastOpIr::create(operand(s, from), to, || id);
                OperationIr::Float(from, FloatOperationIr::IntoInt(op))
            }
            1 => {
                let (from, to) = (s.int(), s.float());
                let op = CastOpIr::create(operand(s, from), to, || id);
                OperationIr::Int(IntOperationIr::IntoFloat(op))
            }
            2 => {
                let (from, to) = (s.bool(), s.float());
                let op = CastOpIr::create(operand(s, from), to, || id);
                OperationIr::Bool(BoolOperationIr::IntoFloat(op))
            }
            _ => {
                let (from, to) = (s.bool(), s.int());
                let op = CastOpIr::create(operand(s, from), to, || id);
                OperationIr::Bool(BoolOperationIr::IntoInt(op))
            }
        }
    }),
    ("matmul", |s| {
        let float = s.either();
        let dtype = if float {
            s.float()
        } else {
            [DType::I64, DType::I32][s.below(2)]
        };
        let rank = s.within(2, 4);
        let mut lhs = s.shape(rank);
        let mut rhs = s.broadcastable(&lhs);
        lhs[rank - 1] = s.within(1, 4);
        rhs[rank - 2] = lhs[rank - 1];
        rhs[rank - 1] = s.within(1, 4);
        let (lhs, rhs) = (s.tensor(&lhs, dtype), s.tensor(&rhs, dtype));
        let id = s.id();
        let op = MatmulOpIr::create(lhs, rhs, || id);
        if float {
            OperationIr::Float(dtype, FloatOperationIr::Matmul(op))
        } else {
            OperationIr::Int(IntOperationIr::Matmul(op))
        }
    }),
    ("cross", |s| {
        let dtype = s.float();
        let mut shape = s.shape(3);
        let dim = s.below(3);
        shape[dim] = 3;
        let (lhs, rhs) = (s.tensor(&shape, dtype), s.tensor(&shape, dtype));
        let id = s.id();
        OperationIr::Float(
            dtype,
            FloatOperationIr::Cross(CrossOpIr::create(lhs, rhs, dim, || id)),
        )
    }),
    ("bitwise", |s| {
        let dtype = s.int();
        let (lhs, rhs) = pair(s, dtype);
        let id = s.id();
        let op = BinaryOpIr::create(lhs, rhs, || id);
        OperationIr::Int(variants!(s, IntOperationIr::[
            BitwiseAnd, BitwiseOr, BitwiseXor, BitwiseLeftShift, BitwiseRightShift,
        ])(op))
    }),
    ("bitwise with a scalar", |s| {
        let dtype = s.int();
        let lhs = operand(s, dtype);
        let id = s.id();
        let op = ScalarOpIr::create(lhs, scalar(dtype), || id);
        OperationIr::Int(variants!(s, IntOperationIr::[
            BitwiseAndScalar, BitwiseOrScalar, BitwiseXorScalar, BitwiseLeftShiftScalar,
            BitwiseRightShiftScalar,
        ])(op))
    }),
    ("bitwise_not", |s| {
        let dtype = s.int();
        let input = operand(s, dtype);
        let id = s.id();
        OperationIr::Int(IntOperationIr::BitwiseNot(UnaryOpIr::create(input, || id)))
    }),
    ("logic", |s| {
        let dtype = s.bool();
        let (lhs, rhs) = pair(s, dtype);
        let id = s.id();
        if s.either() {
            return OperationIr::Bool(BoolOperationIr::Not(UnaryOpIr::create(lhs, || id)));
        }
        let op = BinaryOpIr::create(lhs, rhs, || id);
        OperationIr::Bool(variants!(s, BoolOperationIr::[And, Or, Xor])(op))
    }),
];

//! The rules that hold for every operation.

mod support;

use burn_backend::{DType, Shape};
use burn_ir::{
    BaseOperationIr, BinaryOpIr, CastOpIr, CatOpIr, CreationOpIr, InitOperationIr,
    NumericOperationIr, OperationIr, ShapeOpIr, SliceOpIr, TensorIr, TensorStatus, UnaryOpIr,
};
use gauntlet_validator::price::{OPERAND, OPERATION};
use gauntlet_validator::{Limits, Violation};
use support::{Guest, kept, last, limits};

fn add(guest: &mut Guest, lhs: TensorIr, rhs: TensorIr) -> (OperationIr, TensorIr) {
    let id = guest.id();
    let op = BinaryOpIr::create(lhs, rhs, || id);
    let out = kept(&op.out);
    (
        OperationIr::NumericFloat(DType::F32, NumericOperationIr::Add(op)),
        out,
    )
}

fn zeros(guest: &mut Guest, shape: impl Into<Shape>) -> OperationIr {
    let id = guest.id();
    OperationIr::BaseFloat(BaseOperationIr::Zeros(CreationOpIr::create(
        shape.into(),
        DType::F32,
        || id,
    )))
}

fn drop_of(tensor: &TensorIr) -> OperationIr {
    OperationIr::Drop(last(tensor))
}

#[test]
fn the_price_is_flops_plus_bytes_plus_fixed_costs() {
    let mut guest = Guest::new();
    let (a, b) = (guest.f32(&[10, 10]), guest.f32(&[10, 10]));
    let before = guest.ledger.work_used();
    let (op, _) = add(&mut guest, a, b);
    let cost = guest.ledger.check(&op).unwrap();
    assert_eq!((cost.flops, cost.bytes_moved), (100, 1200));
    assert_eq!(cost.work, 1300 + OPERATION + 3 * OPERAND);
    assert_eq!(guest.ledger.work_used() - before, cost.work);
}

#[test]
fn unknown_and_freed_ids_are_refused() {
    let mut guest = Guest::new();
    let (a, b) = (guest.f32(&[4]), guest.f32(&[4]));
    guest.ledger.check(&drop_of(&a)).unwrap();
    let (op, _) = add(&mut guest, a.clone(), b);
    let violation = guest.ledger.check(&op).unwrap_err();
    assert!(
        matches!(&violation, Violation::Invalid { op, .. } if op == "NumericFloat(F32, Add)"),
        "{violation}"
    );
    assert!(
        guest.ledger.check(&drop_of(&a)).is_err(),
        "it is freed once only"
    );
    assert!(guest.ledger.check_read(&a).is_err());
}

#[test]
fn lies_about_operands_are_refused() {
    let mut guest = Guest::new();
    let (a, b) = (guest.f32(&[2, 3]), guest.f32(&[2, 3]));
    let mut taller = a.clone();
    taller.shape = Shape::from([9, 9]);
    let mut wider = a.clone();
    wider.dtype = DType::F64;
    for lie in [taller, wider] {
        let (op, _) = add(&mut guest, lie.clone(), lie.clone());
        assert!(guest.ledger.check(&op).is_err());
        assert!(guest.ledger.check_read(&lie).is_err());
        let (op, _) = add(&mut guest, a.clone(), b.clone());
        guest.ledger.check(&op).unwrap();
    }
}

#[test]
fn lies_about_outputs_are_refused() {
    let mut guest = Guest::new();
    let (a, b) = (guest.f32(&[2, 3]), guest.f32(&[2, 3]));
    let (op, out) = add(&mut guest, a, b);
    let corrupt = |change: &dyn Fn(&mut TensorIr)| {
        let mut op = op.clone();
        if let OperationIr::NumericFloat(_, NumericOperationIr::Add(op)) = &mut op {
            change(&mut op.out);
        }
        op
    };
    assert!(
        guest
            .ledger
            .check(&corrupt(&|out| out.shape = Shape::from([3, 3])))
            .is_err()
    );
    assert!(
        guest
            .ledger
            .check(&corrupt(&|out| out.shape = Shape::from([2, 3, 1])))
            .is_err()
    );
    assert!(
        guest
            .ledger
            .check(&corrupt(&|out| out.dtype = DType::F16))
            .is_err()
    );
    assert!(
        guest
            .ledger
            .check(&corrupt(&|out| out.status = TensorStatus::ReadWrite))
            .is_err()
    );
    assert!(
        guest
            .ledger
            .check(&corrupt(&|out| out.id = burn_ir::TensorId::new(1)))
            .is_err()
    );
    guest.ledger.check(&op).unwrap();
    assert!(guest.ledger.check(&op).is_err(), "{out:?} exists now");
}

#[test]
fn an_operand_is_not_used_after_its_last_use() {
    let mut guest = Guest::new();
    let a = guest.f32(&[4]);
    let (op, _) = add(&mut guest, last(&a), last(&a));
    assert!(guest.ledger.check(&op).is_err());
    let (op, _) = add(&mut guest, last(&a), a.clone());
    assert!(guest.ledger.check(&op).is_err());
    let (op, _) = add(&mut guest, a.clone(), last(&a));
    guest.ledger.check(&op).unwrap();
    assert!(guest.ledger.tensor(a.id.value()).is_none());
}

#[test]
fn classes_and_dtypes_do_not_mix() {
    let mut guest = Guest::new();
    let int = guest.i64(&[4]);
    let id = guest.id();
    let op = UnaryOpIr::create(int.clone(), || id);
    let neg = NumericOperationIr::Neg(op);
    assert!(
        guest
            .ledger
            .check(&OperationIr::NumericFloat(DType::F32, neg.clone()))
            .is_err()
    );
    guest
        .ledger
        .check(&OperationIr::NumericInt(DType::I64, neg))
        .unwrap();
    let (float, half) = (guest.f32(&[4]), guest.tensor(&[4], DType::F16));
    let id = guest.id();
    let op = BinaryOpIr {
        lhs: float.clone(),
        rhs: half,
        out: TensorIr::uninit(id, Shape::from([4]), DType::F32),
    };
    assert!(
        guest
            .ledger
            .check(&OperationIr::NumericFloat(
                DType::F32,
                NumericOperationIr::Add(op)
            ))
            .is_err()
    );
    let id = guest.id();
    let op = CastOpIr::create(float, DType::Flex32, || id);
    assert!(
        guest
            .ledger
            .check(&OperationIr::BaseFloat(BaseOperationIr::Cast(op)))
            .is_err()
    );
}

#[test]
fn absurd_shapes_are_memory_violations() {
    let mut guest = Guest::new();
    let shapes: [&[usize]; 5] = [
        &[1 << 40, 1 << 40],
        &[1 << 32, 1 << 32],
        &[1 << 63, 2],
        &[1 << 40, 1 << 40, 0],
        &[usize::MAX],
    ];
    for shape in shapes {
        let op = zeros(&mut guest, shape.to_vec());
        assert!(
            matches!(guest.ledger.check(&op), Err(Violation::Memory { .. })),
            "{shape:?}"
        );
    }
    let one = guest.f32(&[1]);
    let id = guest.id();
    let op = ShapeOpIr::expand(one, Shape::from([1 << 30, 1 << 30]), || id);
    let violation = guest
        .ledger
        .check(&OperationIr::BaseFloat(BaseOperationIr::Expand(op)));
    assert!(matches!(violation, Err(Violation::Memory { .. })));
    assert_eq!(guest.ledger.meters().live_tensors, 1);
    let op = zeros(&mut guest, vec![1; 9]);
    assert!(matches!(
        guest.ledger.check(&op),
        Err(Violation::Invalid { .. })
    ));
}

#[test]
fn limits_hold_and_a_refusal_changes_nothing() {
    let mut guest = Guest::with(Limits {
        tensor_bytes: 1000,
        tensors: 3,
        ..limits()
    });
    let op = zeros(&mut guest, [251]);
    assert!(matches!(
        guest.ledger.check(&op),
        Err(Violation::Memory {
            what: "tensor bytes",
            limit: 1000,
            // The host makes them twice.
            asked: 2008,
            live: 0,
            ..
        })
    ));
    let op = zeros(&mut guest, [251]);
    let told = guest.ledger.check(&op).unwrap_err().to_string();
    let wanted = "BaseFloat(Zeros) asks for 2008 tensor bytes; the limit is 1000 (-> f32 [251])";
    assert_eq!(told, wanted);
    for _ in 0..3 {
        let op = zeros(&mut guest, [1]);
        guest.ledger.check(&op).unwrap();
    }
    let op = zeros(&mut guest, [200]);
    let told = guest.ledger.check(&op).unwrap_err().to_string();
    let wanted = "asks for 1600 tensor bytes while 12 are live; the limit is 1000";
    assert!(told.contains(wanted), "{told}");
    let op = zeros(&mut guest, vec![1_usize << 60; 8]);
    let told = guest.ledger.check(&op).unwrap_err().to_string();
    assert!(told.is_ascii() && told.len() < 400, "{told}");
    let before = guest.ledger.meters();
    let op = zeros(&mut guest, [1]);
    assert!(matches!(
        guest.ledger.check(&op),
        Err(Violation::Memory {
            what: "live tensors",
            ..
        })
    ));
    assert_eq!(guest.ledger.meters(), before);
    let one = 400 + OPERATION + OPERAND;
    let mut guest = Guest::with(Limits {
        work: 2 * one - 1,
        ..limits()
    });
    let op = zeros(&mut guest, [100]);
    guest.ledger.check(&op).unwrap();
    let op = zeros(&mut guest, [100]);
    let asked = match guest.ledger.check(&op) {
        Err(Violation::Budget { limit, asked, .. }) => (limit, asked),
        other => panic!("{other:?}"),
    };
    assert_eq!(asked, (2 * one - 1, 2 * one));
    assert_eq!(guest.ledger.work_used(), one);
}

#[test]
fn bytes_return_to_zero() {
    let mut guest = Guest::new();
    let (a, b) = (guest.f32(&[8, 8]), guest.f32(&[8, 8]));
    let (op, sum) = add(&mut guest, last(&a), b.clone());
    guest.ledger.check(&op).unwrap();
    assert_eq!(guest.ledger.meters().live_bytes, 512);
    assert_eq!(guest.ledger.meters().peak_bytes, 768);
    guest.ledger.check_read(&last(&sum)).unwrap();
    guest.ledger.check(&drop_of(&b)).unwrap();
    let meters = guest.ledger.meters();
    assert_eq!((meters.live_bytes, meters.live_tensors), (0, 0));
}

#[test]
fn a_small_view_keeps_paying_for_the_storage_it_may_hold() {
    let mut guest = Guest::new();
    let large = guest.f32(&[1000]);
    let id = guest.id();
    let op = SliceOpIr::create(last(&large), vec![burn_backend::Slice::from(0..1)], || id);
    let small = kept(&op.out);
    guest
        .ledger
        .check(&OperationIr::BaseFloat(BaseOperationIr::Slice(op)))
        .unwrap();
    assert_eq!(guest.ledger.meters().live_bytes, 4000);
    // In place, so that the sum may still be in the large storage.
    let one = guest.f32(&[1]);
    let (op, sum) = add(&mut guest, last(&small), last(&one));
    guest.ledger.check(&op).unwrap();
    assert_eq!(guest.ledger.meters().live_bytes, 4000);
    guest.ledger.check(&drop_of(&sum)).unwrap();
    assert_eq!(guest.ledger.meters().live_bytes, 0);
}

#[test]
fn views_of_one_tensor_are_charged_until_the_last_is_gone() {
    let mut guest = Guest::new();
    let large = guest.f32(&[1000]);
    let mut views = Vec::new();
    for start in 0..3_usize {
        let id = guest.id();
        let range = burn_backend::Slice::from(start..start + 1);
        let op = SliceOpIr::create(large.clone(), vec![range], || id);
        views.push(kept(&op.out));
        let cost = guest
            .ledger
            .check(&OperationIr::BaseFloat(BaseOperationIr::Slice(op)))
            .unwrap();
        assert_eq!((cost.flops, cost.bytes_moved), (0, 0));
    }
    let live = |guest: &Guest| guest.ledger.meters().live_bytes;
    assert_eq!(live(&guest), 4012);
    guest.ledger.check(&drop_of(&large)).unwrap();
    assert_eq!(live(&guest), 4012);
    guest.ledger.check(&drop_of(&views[1])).unwrap();
    assert_eq!(live(&guest), 4008);
    guest.ledger.check(&drop_of(&views[0])).unwrap();
    assert_eq!(live(&guest), 4000);
    guest.ledger.check(&drop_of(&views[2])).unwrap();
    assert_eq!(live(&guest), 0);
}

#[test]
fn uploads_must_be_true_and_new() {
    let mut guest = Guest::new();
    let a = guest.f32(&[2]);
    assert!(
        guest
            .ledger
            .check_upload(a.id.value(), &[2], DType::F32, 8)
            .is_err()
    );
    assert!(guest.ledger.check_upload(77, &[2], DType::F32, 7).is_err());
    assert!(
        guest
            .ledger
            .check_upload(77, &[1 << 40, 1 << 40], DType::F32, 0)
            .is_err()
    );
    assert!(
        guest
            .ledger
            .check_upload(77, &[2], DType::Flex32, 8)
            .is_err()
    );
    let init = |tensor: &TensorIr| {
        OperationIr::Init(InitOperationIr {
            out: TensorIr {
                status: TensorStatus::NotInit,
                ..tensor.clone()
            },
        })
    };
    guest.ledger.check(&init(&a)).unwrap();
    let mut unknown = a.clone();
    unknown.id = burn_ir::TensorId::new(77);
    assert!(guest.ledger.check(&init(&unknown)).is_err());
}

#[test]
fn a_cat_of_many_is_not_free() {
    let mut guest = Guest::new();
    let empty = guest.f32(&[0]);
    let id = guest.id();
    let op = CatOpIr::create(vec![empty; 1000], 0, || id);
    let cost = guest
        .ledger
        .check(&OperationIr::BaseFloat(BaseOperationIr::Cat(op)))
        .unwrap();
    assert!(cost.work >= 16_000, "{cost:?}");
}

#[test]
fn empty_becomes_zeros() {
    let mut guest = Guest::new();
    let id = guest.id();
    let create = CreationOpIr::create(Shape::from([2]), DType::F32, || id);
    let op = OperationIr::BaseFloat(BaseOperationIr::Empty(create.clone()));
    guest.ledger.check(&op).unwrap();
    assert_eq!(
        gauntlet_validator::sanitise(op),
        OperationIr::BaseFloat(BaseOperationIr::Zeros(create))
    );
}

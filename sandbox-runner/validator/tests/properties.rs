//! What a guest's constructors make is accepted, and nothing else is.

mod support;

use burn_backend::{DType, Shape};
use burn_ir::{IrVisitorMut, OperationIr, TensorId, TensorIr, TensorStatus};
use gauntlet_validator::price::{OPERAND, OPERATION};
use proptest::prelude::*;
use support::Guest;
use support::catalogue::{Source, catalogue};

/// Changes one tensor of an operation.
struct Corrupt<'a> {
    nth: usize,
    seen: usize,
    change: &'a dyn Fn(&mut TensorIr),
}

impl IrVisitorMut for Corrupt<'_> {
    fn visit_tensor_mut(&mut self, tensor: &mut TensorIr) {
        if self.seen == self.nth {
            (self.change)(tensor);
        }
        self.seen += 1;
    }
}

fn corrupted(op: &OperationIr, nth: usize, change: &dyn Fn(&mut TensorIr)) -> OperationIr {
    let mut op = op.clone();
    op.visit_mut(&mut Corrupt {
        nth,
        seen: 0,
        change,
    });
    op
}

/// May this output take other shapes, too?
fn is_free(name: &str, tensor: &TensorIr) -> bool {
    let chosen = ["create", "full", "random", "reshape", "expand"];
    tensor.status == TensorStatus::NotInit && chosen.contains(&name)
}

fn other_class(dtype: DType) -> DType {
    if dtype.is_float() {
        DType::I32
    } else {
        DType::F32
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn operations_are_accepted_and_corrupted_ones_are_not(
        kind in any::<prop::sample::Index>(),
        choices in prop::collection::vec(any::<u32>(), 64),
    ) {
        let all = catalogue();
        let (name, make) = all[kind.index(all.len())];
        let mut guest = Guest::new();
        let op = make(&mut Source::new(&mut guest, &choices));
        let tensors: Vec<TensorIr> = op.nodes().into_iter().cloned().collect();
        let before = guest.ledger.meters();
        let mut refused = |what: &str, op: &OperationIr| {
            let checked = guest.ledger.check(op);
            prop_assert!(checked.is_err(), "{name}: {what} is accepted: {op:?}");
            prop_assert_eq!(guest.ledger.meters(), before, "{}: {} changed the ledger", name, what);
            Ok(())
        };
        for nth in 0..tensors.len() {
            let mut target = None;
            let mut visited = op.clone();
            struct Find<'a>(usize, &'a mut Option<TensorIr>);
            impl IrVisitorMut for Find<'_> {
                fn visit_tensor_mut(&mut self, tensor: &mut TensorIr) {
                    if self.0 == 0 {
                        *self.1 = Some(tensor.clone());
                    }
                    self.0 = self.0.wrapping_sub(1);
                }
            }
            visited.visit_mut(&mut Find(nth, &mut target));
            let target = target.expect("every tensor is visited");
            let free = is_free(name, &target);
            if !free {
                for dim in 0..target.shape.num_dims() {
                    let taller = corrupted(&op, nth, &|tensor| tensor.shape[dim] += 1);
                    refused("another dimension", &taller)?;
                }
                let longer = corrupted(&op, nth, &|tensor| tensor.shape.push(1));
                refused("another rank", &longer)?;
            }
            let absurd =
                corrupted(&op, nth, &|tensor| tensor.shape = Shape::from([1_usize << 40, 1 << 40]));
            refused("an absurd shape", &absurd)?;
            let class = corrupted(&op, nth, &|tensor| tensor.dtype = other_class(tensor.dtype));
            refused("another class", &class)?;
            let odd = corrupted(&op, nth, &|tensor| tensor.dtype = DType::Flex32);
            refused("an unknown dtype", &odd)?;
            let status = corrupted(&op, nth, &|tensor| {
                tensor.status = match tensor.status {
                    TensorStatus::NotInit => TensorStatus::ReadOnly,
                    _ => TensorStatus::NotInit,
                };
            });
            refused("the wrong status", &status)?;
            let unknown = |tensor: &mut TensorIr| {
                tensor.id = if tensor.status == TensorStatus::NotInit {
                    // The first upload, or an id that is taken by another output.
                    TensorId::new(1)
                } else {
                    TensorId::new(1 << 50)
                };
            };
            if target.status != TensorStatus::NotInit || guest_has_first(&tensors) {
                refused("the wrong id", &corrupted(&op, nth, &unknown))?;
            }
        }
        let cost = guest.ledger.check(&op);
        prop_assert!(cost.is_ok(), "{name}: {} for {op:?}", cost.unwrap_err());
        let cost = cost.unwrap();
        prop_assert_eq!(cost.work, cost.flops + cost.bytes_moved + OPERATION + OPERAND * tensors.len() as u64);
        for output in op.outputs() {
            let entry = guest.ledger.tensor(output.id.value()).expect("it is there now");
            prop_assert_eq!(&entry.shape, &output.shape);
            prop_assert_eq!(entry.dtype, output.dtype);
        }
        for input in op.inputs() {
            let there = guest.ledger.tensor(input.id.value()).is_some();
            prop_assert_eq!(there, input.status == TensorStatus::ReadOnly, "{}", name);
        }
    }
}

/// Is tensor 1 an operand, so that no output can have its id?
fn guest_has_first(tensors: &[TensorIr]) -> bool {
    tensors
        .iter()
        .any(|tensor| tensor.id == TensorId::new(1) && tensor.status != TensorStatus::NotInit)
}

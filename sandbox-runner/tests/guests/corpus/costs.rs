//! Guests that use much and hope that it is not counted: each kind of thing that costs the
//! platform time, for ever.

use burn_backend::DType;
use burn_ir::{
    BaseOperationIr, OperationIr, PermuteOpIr, ShapeOpIr, SliceOpIr, TensorIr, TensorStatus,
};
use gauntlet_wire::calls::Call;

use super::computing::{again, again_after};
use super::{Row, before};
use crate::expected::Expected::{Budget, CutOff};
use crate::guest::{Guest, ones, tensor};

/// Work that nobody asked for, in every way there is to have it done.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![
        (
            "computes for ever and calls nobody",
            before(
                "(local $x f32) (loop
                 (local.set $x (f32.add (f32.mul (local.get $x) (f32.const 0.5)) (f32.const 1)))
                 (br 0))",
            ),
            Budget("work"),
        ),
        (
            "computes for ever while it predicts",
            Guest::honest().predict(
                "(local $x i64) (loop (local.set $x (i64.mul (local.get $x) (i64.const 3))) (br 0))",
            ),
            Budget("work"),
        ),
        (
            "computes with four numbers at once for ever",
            before(
                "(local $x v128) (loop
                 (local.set $x (f32x4.add (local.get $x) (v128.const f32x4 1 1 1 1))) (br 0))",
            ),
            Budget("work"),
        ),
        (
            "divides for ever",
            before(
                "(local $x i64) (loop
                 (local.set $x (i64.div_u (i64.const -1) (i64.or (local.get $x) (i64.const 3))))
                 (br 0))",
            ),
            Budget("work"),
        ),
        (
            "calls itself and returns for ever",
            before("(loop (call $nothing) (br 0))").fields("(func $nothing)"),
            Budget("work"),
        ),
        (
            "fills as much memory as it has for ever",
            before(
                "(loop (memory.fill (i32.const 0) (i32.const 1)
                 (i32.mul (memory.size) (i32.const 65536))) (br 0))",
            )
            .pages(64),
            Budget("work"),
        ),
        (
            "asks for more memory than it may have for ever",
            before("(loop (drop (memory.grow (i32.const 60000))) (br 0))"),
            Budget("work"),
        ),
        (
            "trains in plain code on too little work",
            trains_in_plain_code(false),
            Budget("work"),
        ),
        (
            "trains in plain code on too little work after a checkpoint",
            trains_in_plain_code(true),
            CutOff("work"),
        ),
    ];
    rows.extend(of_the_host());
    rows.extend(of_tensors());
    rows
}

/// A guest that moves a thousand weights along their gradient, ten thousand times.
fn trains_in_plain_code(checkpoint: bool) -> Guest {
    let mut guest = Guest::honest();
    let first = if checkpoint {
        guest.batch(1, 2) + &guest.checkpoint("weights", 1)
    } else {
        String::new()
    };
    let last = guest.upload(9, &[1], DType::F32, &[0; 4]) + &guest.checkpoint("weights", 9);
    guest
        .train(&format!(
            "(local $epoch i32) (local $at i32)
             {first}
             (loop $epochs
               (local.set $at (i32.const 0))
               (loop $weights
                 (f32.store (local.get $at)
                   (f32.sub (f32.load (local.get $at))
                     (f32.mul (f32.const 0.1)
                       (f32.sub (f32.load (local.get $at)) (f32.const 1)))))
                 (local.set $at (i32.add (local.get $at) (i32.const 4)))
                 (br_if $weights (i32.lt_u (local.get $at) (i32.const 4000))))
               (local.set $epoch (i32.add (local.get $epoch) (i32.const 1)))
               (br_if $epochs (i32.lt_u (local.get $epoch) (i32.const 10000))))
             {last}"
        ))
        .pages(8)
}

/// Calls that have nothing to do with tensors.
fn of_the_host() -> Vec<Row> {
    let dtype = |guest: &mut Guest| {
        let dtype = postcard::to_allocvec(&DType::F32).expect("it has a size");
        let dtype = guest.constant(&dtype);
        format!("(drop (call $dtype_usage {dtype}))")
    };
    vec![
        (
            "sends batches of no operations for ever",
            before("(loop (call $submit (i32.const 0) (i32.const 0)) (br 0))"),
            Budget("work"),
        ),
        (
            "takes no random bytes for ever",
            before("(loop (call $random (i32.const 0) (i32.const 0)) (br 0))"),
            Budget("work"),
        ),
        (
            "takes random bytes for ever",
            before("(loop (call $random (i32.const 0) (i32.const 4096)) (br 0))"),
            Budget("work"),
        ),
        (
            "waits for the device for ever",
            before("(loop (call $sync) (br 0))"),
            Budget("work"),
        ),
        (
            "asks what a dtype is good for for ever",
            again(dtype),
            Budget("work"),
        ),
        (
            "asks for its budget for ever",
            again(|guest| guest.call(&Call::Budget)),
            Budget("work"),
        ),
        (
            "sends a megabyte of blanks in a call for ever",
            again(|guest| {
                let mut json = serde_json::to_vec(&Call::Progress).expect("calls are JSON");
                json.resize(1 << 20, b' ');
                let json = guest.constant(&json);
                format!("(drop (call $call {json}))")
            }),
            Budget("work"),
        ),
    ]
}

/// Reads, uploads, views and copies of tensors.
fn of_tensors() -> Vec<Row> {
    let keep = |id, shape: &[usize]| tensor(id, shape, TensorStatus::ReadOnly);
    let new = |id, shape: &[usize]| tensor(id, shape, TensorStatus::NotInit);
    let drop = |id, shape: &[usize]| OperationIr::Drop(tensor(id, shape, TensorStatus::ReadWrite));
    let read = |guest: &mut Guest, tensor: &TensorIr| {
        let tensor = postcard::to_allocvec(tensor).expect("it has a size");
        let tensor = guest.constant(&tensor);
        format!("(drop (call $read {tensor}))")
    };
    let reshape = |id, from: TensorIr, to: &[usize]| {
        let out = new(id, to);
        OperationIr::BaseFloat(BaseOperationIr::Reshape(ShapeOpIr { input: from, out }))
    };
    let side = [512, 512];
    let all = [512 * 512];
    vec![
        (
            "reads a number for ever",
            again_after(
                |guest| guest.submit(&[ones(80, &[1])]),
                |guest| read(guest, &keep(80, &[1])),
            ),
            Budget("work"),
        ),
        (
            "reads a megabyte for ever",
            again_after(
                |guest| guest.submit(&[ones(80, &side)]),
                |guest| read(guest, &keep(80, &side)),
            ),
            Budget("work"),
        ),
        (
            "uploads a number for ever",
            again(|guest| {
                guest.upload(90, &[1], DType::F32, &[0; 4]) + &guest.submit(&[drop(90, &[1])])
            }),
            Budget("work"),
        ),
        (
            "uploads a megabyte for ever",
            again(|guest| {
                guest.upload(90, &side, DType::F32, &vec![0; 4 * 512 * 512])
                    + &guest.submit(&[drop(90, &side)])
            }),
            Budget("work"),
        ),
        (
            "looks at a tensor in another shape for ever",
            again_after(
                |guest| guest.submit(&[ones(80, &side)]),
                |guest| guest.submit(&[reshape(90, keep(80, &side), &all), drop(90, &all)]),
            ),
            Budget("work"),
        ),
        (
            "cuts a number out of a tensor for ever",
            again_after(
                |guest| guest.submit(&[ones(80, &all)]),
                |guest| {
                    let slice = OperationIr::BaseFloat(BaseOperationIr::Slice(SliceOpIr {
                        tensor: keep(80, &all),
                        ranges: vec![burn_backend::Slice::from(0..1)],
                        out: new(90, &[1]),
                    }));
                    guest.submit(&[slice, drop(90, &[1])])
                },
            ),
            Budget("work"),
        ),
        (
            "has a turned tensor copied for ever",
            again_after(
                |guest| {
                    let turned = OperationIr::BaseFloat(BaseOperationIr::Permute(PermuteOpIr {
                        input: keep(80, &side),
                        axes: vec![1, 0],
                        out: new(81, &side),
                    }));
                    guest.submit(&[ones(80, &side), turned])
                },
                |guest| guest.submit(&[reshape(90, keep(81, &side), &all), drop(90, &all)]),
            ),
            Budget("work"),
        ),
    ]
}

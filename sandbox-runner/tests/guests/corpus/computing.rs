//! Guests that use up time or the stack, or just break.

use burn_ir::{OperationIr, TensorStatus};
use gauntlet_wire::calls::Call;
use gauntlet_wire::ops::MessageRef;

use super::{Row, before};
use crate::expected::Expected::{Budget, Harmless, Method, Refused};
use crate::guest::{Guest, ones, tensor};

/// Loops for ever.
const FOREVER: &str = "(loop (br 0))";

/// Guests that use up time or the stack, or just break.
pub(super) fn rows() -> Vec<Row> {
    let start = Guest::honest().fields("(func $start (loop (br 0))) (start $start)");
    let recursion = Guest::before_training("(call $again)").fields("(func $again (call $again))");
    let mut rows = vec![
        ("nothing wrong", Guest::honest(), Harmless),
        ("endless loop", before(FOREVER), Budget("work")),
        (
            "endless loop in prediction",
            Guest::honest().predict(FOREVER),
            Budget("work"),
        ),
        (
            "endless host calls",
            before("(loop (call $sync) (br 0))"),
            Budget("work"),
        ),
        (
            "loop in the start function",
            start,
            Refused("start function"),
        ),
        ("endless recursion", recursion, Method("stack")),
        ("unreachable", before("unreachable"), Method("unreachable")),
        (
            "division by zero",
            before("(drop (i32.div_u (i32.const 1) (i32.const 0)))"),
            Method("divide"),
        ),
        (
            "bad indirect call",
            {
                let fields = "(table 1 funcref) (type $f (func))";
                before("(call_indirect (type $f) (i32.const 0))").fields(fields)
            },
            Method("trapped"),
        ),
    ];
    rows.extend(more());
    rows
}

/// An honest guest that does this for ever before it trains.
pub(super) fn again(code: impl FnOnce(&mut Guest) -> String) -> Guest {
    again_after(|_| String::new(), code)
}

/// The same, after something that it does once.
pub(super) fn again_after(
    once: impl FnOnce(&mut Guest) -> String,
    code: impl FnOnce(&mut Guest) -> String,
) -> Guest {
    let mut guest = Guest::honest();
    let once = once(&mut guest);
    let code = code(&mut guest);
    let honest = guest.batch(3, 4) + &guest.checkpoint("weights", 3);
    guest.train(&format!("{once} (loop {code} (br 0)) {honest}"))
}

/// Work without end, each in another way.
fn more() -> Vec<Row> {
    let drop = |id, shape: &[usize]| OperationIr::Drop(tensor(id, shape, TensorStatus::ReadWrite));
    let batch_dropped = |call: Call| {
        again(|guest| {
            let labels = burn_ir::TensorIr {
                dtype: burn_backend::DType::I32,
                ..tensor(91, &[4], TensorStatus::ReadWrite)
            };
            guest.call(&call) + &guest.submit(&[drop(90, &[4, 2]), OperationIr::Drop(labels)])
        })
    };
    // Sixteen megabytes of the random stream for each line, and no loop where a guest
    // would be interrupted.
    let fill = "(call $random (i32.const 0) (i32.const 16777216))".repeat(600);
    let seeds: Vec<u8> = (0..1_000)
        .flat_map(|seed| postcard::to_allocvec(&MessageRef::Seed(seed)).expect("it has a size"))
        .collect();
    vec![
        (
            "host calls in a row without a loop",
            before(&fill).pages(260),
            Budget("work"),
        ),
        (
            "asks how much is left for ever",
            again(|guest| guest.call(&Call::Progress)),
            Budget("work"),
        ),
        (
            "greets the host for ever",
            again(|guest| guest.call(&Call::Hello)),
            Budget("work"),
        ),
        (
            "restarts the random stream for ever",
            again(|guest| guest.submit_bytes(&seeds)),
            Budget("work"),
        ),
        (
            "makes a tensor and drops it for ever",
            again(|guest| guest.submit(&[ones(90, &[1]), drop(90, &[1])])),
            Budget("work"),
        ),
        (
            "makes tensors without elements for ever",
            again(|guest| guest.submit(&[ones(90, &[0]), drop(90, &[0])])),
            Budget("work"),
        ),
        (
            "takes batches for ever",
            batch_dropped(Call::NextBatch {
                size: 4,
                inputs: 90,
                labels: 91,
            }),
            Budget("work"),
        ),
        (
            "takes the whole train part for ever",
            batch_dropped(Call::TrainSet {
                inputs: 90,
                labels: 91,
            }),
            Budget("work"),
        ),
        (
            "works in an export that nobody asked for",
            Guest::honest().fields(r#"(func (export "gauntlet_describe") (loop (br 0)))"#),
            Harmless,
        ),
        (
            "works in an export that engines of other platforms call",
            Guest::honest().fields(
                r#"(func (export "_initialize") (loop (br 0))) (func (export "_start") (loop (br 0)))"#,
            ),
            Harmless,
        ),
        (
            "recursion through a table",
            before("(call_indirect (type $f) (i32.const 0))").fields(
                "(type $f (func)) (table 1 funcref) (elem (i32.const 0) $self)
                 (func $self (call_indirect (type $f) (i32.const 0)))",
            ),
            Method("stack"),
        ),
        (
            "two functions that call each other",
            before("(call $a)").fields("(func $a (call $b)) (func $b (call $a))"),
            Method("stack"),
        ),
        (
            "recursion with large frames",
            before("(call $large)").fields(&format!(
                "(func $large (local {}) (call $large))",
                "i64 ".repeat(4_000)
            )),
            Method("stack"),
        ),
        (
            "the host called at the bottom of the stack",
            before("(call $down (i32.const 0))").fields(
                "(func $down (param i32) (call $random (i32.const 0) (i32.const 8))
                 (call $down (i32.add (local.get 0) (i32.const 1))))",
            ),
            Method("stack"),
        ),
        (
            "an overflow when a float becomes an integer",
            before("(drop (i32.trunc_f32_s (f32.const 1e30)))"),
            Method("overflow"),
        ),
        (
            "the smallest integer divided by minus one",
            before("(drop (i64.div_s (i64.const -9223372036854775808) (i64.const -1)))"),
            Method("overflow"),
        ),
    ]
}

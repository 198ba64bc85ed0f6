//! Hostile guests, each with the verdict it must end in.

use burn_backend::DType;
use burn_ir::{CustomOpIr, FloatOperationIr, MatmulOpIr, OperationIr, TensorStatus};
use gauntlet_wire::calls::{Call, Parameter};

use crate::guest::{Guest, ones, tensor};

/// How a guest must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Both phases complete: the attempt came to nothing.
    Harmless,
    Budget(&'static str),
    Memory(&'static str),
    /// The method's fault, with these words in the message.
    Method(&'static str),
    /// It is not even compiled, with these words.
    Refused(&'static str),
}

use Expected::{Budget, Harmless, Memory, Method, Refused};

/// Loops for ever.
const FOREVER: &str = "(loop (br 0))";

/// Name, guest, verdict. The limits they meet are in `main.rs`.
pub(crate) fn table() -> Vec<(&'static str, Guest, Expected)> {
    let mut table = computing();
    table.extend(memory());
    table.extend(interface());
    table.extend(checkpoints());
    table.extend(out_of_turn());
    table.extend(operations());
    table
}

fn before(code: &str) -> Guest {
    Guest::before_training(code)
}

/// Guests that use up time or the stack, or just break.
fn computing() -> Vec<(&'static str, Guest, Expected)> {
    let start = Guest::honest().fields("(func $start (loop (br 0))) (start $start)");
    let recursion = Guest::before_training("(call $again)").fields("(func $again (call $again))");
    vec![
        ("nothing wrong", Guest::honest(), Harmless),
        ("endless loop", before(FOREVER), Budget("wall")),
        (
            "endless loop in prediction",
            Guest::honest().predict(FOREVER),
            Budget("wall"),
        ),
        (
            "endless host calls",
            before("(loop (call $sync) (br 0))"),
            Budget("wall"),
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
    ]
}

/// Guests that want memory.
fn memory() -> Vec<(&'static str, Guest, Expected)> {
    let grow = |pages: u64| format!("(memory.grow (i32.const {pages}))");
    let all = format!(
        "(loop (br_if 0 (i32.ne {} (i32.const -1)))) unreachable",
        grow(16)
    );
    let fill = "(loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 4000)) (br 0))";
    let refused = format!(
        "(if (i32.ne {} (i32.const -1)) (then unreachable))",
        grow(65_535)
    );
    let table = "(if (i32.ne (table.grow $t (ref.null func) (i32.const 9000000)) (i32.const -1)) (then unreachable))";
    vec![
        ("takes all memory", before(&all), Memory("guest")),
        ("is refused memory and copes", before(&refused), Harmless),
        (
            "starts with more memory than it may have",
            Guest::honest().pages(2_000),
            Memory("guest"),
        ),
        (
            "starts with all memory there is",
            Guest::honest().pages(65_536),
            Refused("initial pages"),
        ),
        ("fills memory for ever", before(fill), Budget("wall")),
        (
            "fills beyond its memory",
            before("(memory.fill (i32.const -16) (i32.const 0) (i32.const 64))"),
            Method("out of bounds"),
        ),
        (
            "grows a table without end",
            before(table).fields("(table $t 1 funcref)"),
            Harmless,
        ),
    ]
}

/// Guests that misuse the imports.
fn interface() -> Vec<(&'static str, Guest, Expected)> {
    let high = "(i32.const 0xfffffff0) (i32.const 0x20)";
    let huge = "(i32.const 0) (i32.const -1)";
    let outside = Method("not within the module's memory");
    let text = |code: &str, bytes: &[u8]| {
        let mut guest = Guest::honest();
        let constant = guest.constant(bytes);
        let code = code.replace("TEXT", &constant);
        let honest = guest.batch(3, 4) + &guest.checkpoint("weights", 3);
        guest.train(&(code + &honest))
    };
    let nested = "[".repeat(100_000);
    let header = |shape: &[usize]| {
        let shape = burn_backend::Shape::from(shape.to_vec());
        postcard::to_allocvec(&(shape, DType::F32)).expect("it has a size")
    };
    let upload = "(call $upload (i64.const 9) TEXT (i32.const 0) (i32.const 64))";
    vec![
        (
            "submits from outside its memory",
            before(&format!("(call $submit {high})")),
            outside,
        ),
        (
            "submits four gigabytes",
            before(&format!("(call $submit {huge})")),
            outside,
        ),
        (
            "takes to outside its memory",
            before(&format!("(call $take {high})")),
            Method("reply"),
        ),
        (
            "asks for random bytes outside its memory",
            before(&format!("(call $random {high})")),
            outside,
        ),
        (
            "logs from outside its memory",
            before(&format!("(call $log {high})")),
            outside,
        ),
        (
            "reads with a header outside its memory",
            before(&format!("(drop (call $read {high}))")),
            outside,
        ),
        (
            "calls from outside its memory",
            before(&format!("(drop (call $call {high}))")),
            outside,
        ),
        (
            "fails from outside its memory",
            before(&format!("(call $fail {high})")),
            outside,
        ),
        (
            "takes a reply that is not there",
            before("(call $take (i32.const 0) (i32.const 8))"),
            Method("0 bytes, not 8"),
        ),
        (
            "gives up",
            text("(call $fail TEXT)", b"I give up"),
            Method("I give up"),
        ),
        (
            "gives up with terminal codes",
            text("(call $fail TEXT)", b"x\x1b[2Jy\nz"),
            Method("[2Jy"),
        ),
        (
            "logs for ever",
            before("(loop (call $log (i32.const 4096) (i32.const 2000)) (br 0))"),
            Budget("wall"),
        ),
        (
            "calls with what is no JSON",
            text("(drop (call $call TEXT))", b"{"),
            Method("cannot be read"),
        ),
        (
            "calls with deep JSON",
            text("(drop (call $call TEXT))", nested.as_bytes()),
            Method("cannot be read"),
        ),
        (
            "calls with an unknown call",
            text("(drop (call $call TEXT))", br#"{"call":"hidden_labels"}"#),
            Method("cannot be read"),
        ),
        (
            "submits noise",
            text("(call $submit TEXT)", &[0xff; 64]),
            Method("cannot be decoded"),
        ),
        (
            "uploads more than it says",
            text(upload, &header(&[2])),
            Method("upload of 64 bytes"),
        ),
        (
            "uploads less than it says",
            text(upload, &header(&[1 << 20])),
            Method("upload of 64 bytes"),
        ),
        (
            "uploads a shape that overflows",
            text(upload, &header(&[1 << 40, 1 << 40])),
            Method("upload of 64 bytes"),
        ),
        (
            "uploads what fits",
            text(upload, &header(&[4, 4])),
            Harmless,
        ),
        (
            "uploads with noise for a header",
            text(upload, &[0xff; 9]),
            Method("cannot be decoded"),
        ),
    ]
}

/// Guests whose model is not one.
fn checkpoints() -> Vec<(&'static str, Guest, Expected)> {
    let named = |names: &[&str]| {
        let mut guest = Guest::honest();
        let parameter = |name: &&str| Parameter {
            name: (*name).to_owned(),
            tensor: 1,
        };
        let parameters = names.iter().map(parameter).collect();
        let code = guest.batch(1, 2)
            + &guest.call(&Call::Checkpoint {
                parameters,
                step: 0,
                measured: None,
            });
        guest.train(&code)
    };
    let large = {
        let mut guest = Guest::honest();
        let code = guest.submit(&[ones(5, &[1 << 16])]) + &guest.checkpoint("weights", 5);
        guest.train(&code)
    };
    let empty = {
        let mut guest = Guest::honest();
        let code = guest.submit(&[ones(5, &[0, 3])]) + &guest.checkpoint("weights", 5);
        guest.train(&code)
    };
    let many: Vec<String> = (0..10_001).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = "x".repeat(201);
    vec![
        (
            "no model",
            Guest::honest().train(""),
            Method("without a model"),
        ),
        (
            "no predictions",
            Guest::honest().predict(""),
            Method("without predictions"),
        ),
        (
            "an unknown tensor as the model",
            Guest::calling(&[Call::Checkpoint {
                parameters: vec![Parameter {
                    name: "w".to_owned(),
                    tensor: 99,
                }],
                step: 0,
                measured: None,
            }]),
            Method("99"),
        ),
        ("a model of no parameters", named(&[]), Method("parameters")),
        (
            "a model of too many parameters",
            named(&many).pages(64),
            Method("parameters"),
        ),
        (
            "two parameters of one name",
            named(&["a", "a"]),
            Method("two parameters"),
        ),
        (
            "a parameter without a name",
            named(&[""]),
            Method("a name has"),
        ),
        (
            "a parameter with a long name",
            named(&[&long]),
            Method("a name has"),
        ),
        (
            "a parameter with a line break in its name",
            named(&["a\nb"]),
            Method("a name has"),
        ),
        // The name under which the file format keeps its notes.
        (
            "a parameter named like the format's own field",
            named(&["__metadata__"]),
            Method("__metadata__"),
        ),
        ("a model larger than allowed", large, Memory("output")),
        ("a model without elements", empty, Harmless),
    ]
}

/// Guests that ask for what the phase does not give.
fn out_of_turn() -> Vec<(&'static str, Guest, Expected)> {
    let predicting = |call: Call| {
        let mut guest = Guest::honest();
        let code = guest.call(&call);
        guest.predict(&code)
    };
    let reused = |inputs, labels| {
        Guest::calling(&[
            Call::NextBatch {
                size: 4,
                inputs: 7,
                labels: 8,
            },
            Call::NextBatch {
                size: 4,
                inputs,
                labels,
            },
        ])
    };
    vec![
        (
            "hidden inputs while training",
            Guest::calling(&[Call::HiddenInputs { inputs: 9 }]),
            Method("only there during prediction"),
        ),
        (
            "the model while training, when there is no checkpoint yet",
            Guest::calling(&[Call::Model]),
            Harmless,
        ),
        (
            "a parameter of a checkpoint that there is not",
            Guest::calling(&[Call::LoadParameter {
                name: "weights".to_owned(),
                tensor: 50,
            }]),
            Method("no parameter"),
        ),
        (
            "predictions while training",
            Guest::calling(&[Call::Predictions { tensor: 1 }]),
            Method("only there during prediction"),
        ),
        (
            "a batch while predicting",
            predicting(Call::NextBatch {
                size: 1,
                inputs: 1,
                labels: 2,
            }),
            Method("only there during training"),
        ),
        (
            "the train part while predicting",
            predicting(Call::TrainSet {
                inputs: 1,
                labels: 2,
            }),
            Method("only there during training"),
        ),
        (
            "a checkpoint while predicting",
            predicting(Call::Checkpoint {
                parameters: Vec::new(),
                step: 0,
                measured: None,
            }),
            Method("only there during training"),
        ),
        (
            "a parameter that the model lacks",
            predicting(Call::LoadParameter {
                name: "x".to_owned(),
                tensor: 1,
            }),
            Method("no parameter"),
        ),
        (
            "an empty batch",
            Guest::calling(&[Call::NextBatch {
                size: 0,
                inputs: 8,
                labels: 9,
            }]),
            Method("at least one row"),
        ),
        (
            "a batch of all rows there could be",
            Guest::calling(&[Call::NextBatch {
                size: usize::MAX,
                inputs: 8,
                labels: 9,
            }]),
            Harmless,
        ),
        ("an id used twice", reused(7, 9), Method("7")),
        ("one id for both", reused(9, 9), Method("9")),
        (
            "a report of an unknown tensor",
            Guest::calling(&[Call::ReportTensor {
                step: 1,
                name: "x".to_owned(),
                tensor: 99,
            }]),
            Method("99"),
        ),
        (
            "a report of many elements",
            {
                let mut guest = Guest::honest();
                let report = Call::ReportTensor {
                    step: 1,
                    name: "x".to_owned(),
                    tensor: 3,
                };
                let code = guest.batch(3, 4) + &guest.call(&report);
                guest.train(&code)
            },
            Method("one float"),
        ),
        (
            "a report that is no number",
            Guest::calling(&[Call::Report {
                step: 1,
                name: "x".to_owned(),
                value: None,
            }]),
            Harmless,
        ),
        (
            "reports for ever",
            {
                let mut guest = Guest::honest();
                let report = Call::Report {
                    step: 1,
                    name: "loss".to_owned(),
                    value: Some(1.0),
                };
                let code = format!("(loop {} (br 0))", guest.call(&report));
                guest.train(&code)
            },
            Budget("wall"),
        ),
    ]
}

/// Guests that send operations which must not be executed, or not for ever.
fn operations() -> Vec<(&'static str, Guest, Expected)> {
    let flood = {
        // 64 tensors of a MiB each, against a limit of 32 MiB.
        let many: Vec<OperationIr> = (10..74).map(|id| ones(id, &[512, 512])).collect();
        Guest::operating(&many)
    };
    let custom = OperationIr::Custom(CustomOpIr::new("anything", &[], &[]));
    let matmul = |id: u64, side: usize| {
        let read = |id| tensor(id, &[side, side], TensorStatus::ReadOnly);
        OperationIr::Float(
            DType::F32,
            FloatOperationIr::Matmul(MatmulOpIr {
                lhs: read(10),
                rhs: read(11),
                out: tensor(id, &[side, side], TensorStatus::NotInit),
            }),
        )
    };
    let expensive = Guest::operating(&[
        ones(10, &[512, 512]),
        ones(11, &[512, 512]),
        matmul(12, 512),
    ]);
    let lie = Guest::operating(&[ones(10, &[4, 4]), ones(11, &[4, 4]), matmul(12, 9)]);
    let foreign = Guest::operating(&[matmul(12, 4)]);
    let dropped_twice = {
        let drop = OperationIr::Drop(tensor(10, &[4, 4], TensorStatus::ReadWrite));
        Guest::operating(&[ones(10, &[4, 4]), drop.clone(), drop])
    };
    vec![
        ("a flood of tensors", flood, Memory("tensors")),
        (
            "a tensor of a terabyte",
            Guest::operating(&[ones(10, &[1 << 20, 1 << 18])]),
            Memory("tensors"),
        ),
        (
            "a shape that overflows",
            Guest::operating(&[ones(10, &[1 << 40, 1 << 40])]),
            Memory("tensors"),
        ),
        (
            "a custom operation",
            Guest::operating(&[custom]),
            Method("ustom"),
        ),
        ("an operation on unknown tensors", foreign, Method("10")),
        (
            "an operation that lies about shapes",
            lie,
            Method("not [9, 9]"),
        ),
        ("a tensor dropped twice", dropped_twice, Method("10")),
        ("more work than there is", expensive, Budget("work")),
    ]
}

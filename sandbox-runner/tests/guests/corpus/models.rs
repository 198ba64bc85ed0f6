//! Guests whose model is not one.

use burn_backend::DType;
use gauntlet_wire::calls::{Call, Direction, Measured, Parameter};

use super::Row;
use crate::expected::Expected::{CutOff, Harmless, Memory, Method};
use crate::guest::{Guest, ones};

/// Guests whose model is not one.
pub(super) fn rows() -> Vec<Row> {
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
    let mut rows = vec![
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
    ];
    rows.extend(more());
    rows
}

/// Checkpoints without end, of what is not theirs, and names that mean something elsewhere.
fn more() -> Vec<Row> {
    let called = |name: &str| {
        let mut guest = Guest::honest();
        let code = guest.batch(1, 2) + &guest.checkpoint(name, 1);
        guest.train(&code)
    };
    let for_ever = {
        let mut guest = Guest::honest();
        let code = guest.batch(1, 2);
        let again = guest.checkpoint("weights", 1);
        guest.train(&format!("{code} (loop {again} (br 0))"))
    };
    let foreign = |id: u64| {
        let mut guest = Guest::honest();
        let code = guest.checkpoint("weights", id);
        guest.train(&code)
    };
    let of_nans = {
        let mut guest = Guest::honest();
        let code = guest.upload(5, &[2], DType::F32, &[0xff; 8]) + &guest.checkpoint("weights", 5);
        guest.train(&code)
    };
    let measured = {
        let mut guest = Guest::honest();
        let code = guest.batch(1, 2);
        let measure = Measured {
            value: None,
            better: Direction::Higher,
        };
        let checkpoint = guest.checkpoint_at(u64::MAX, Some(measure), "weights", 1);
        guest.train(&(code + &checkpoint))
    };
    let shared = {
        let mut guest = Guest::honest();
        let parameters = (0..300)
            .map(|number| Parameter {
                name: number.to_string(),
                tensor: 1,
            })
            .collect();
        let code = guest.batch(1, 2)
            + &guest.call(&Call::Checkpoint {
                parameters,
                step: 0,
                measured: None,
            });
        guest.train(&code)
    };
    let truths = {
        let mut guest = Guest::honest();
        let dtype = DType::Bool(burn_std::BoolStore::Native);
        let code = guest.upload(5, &[2], dtype, &[0, 1]) + &guest.checkpoint("weights", 5);
        guest.train(&code)
    };
    let freed = {
        let mut guest = Guest::honest();
        let drop = burn_ir::OperationIr::Drop(crate::guest::tensor(
            1,
            &[4, 2],
            burn_ir::TensorStatus::ReadWrite,
        ));
        let code = guest.batch(1, 2) + &guest.submit(&[drop]) + &guest.checkpoint("weights", 1);
        guest.train(&code)
    };
    vec![
        ("checkpoints for ever", for_ever, CutOff("work")),
        (
            "a tensor of the host's as the model",
            foreign(1 << 63),
            Method("no tensor"),
        ),
        (
            "a tensor that it has freed as the model",
            freed,
            Method("no tensor"),
        ),
        ("a model of numbers that are none", of_nans, Harmless),
        ("a model of truth values", truths, Harmless),
        ("a model measured by what is no number", measured, Harmless),
        ("one tensor under three hundred names", shared, Harmless),
        (
            "a parameter named like a path",
            called("../../../etc/passwd"),
            Harmless,
        ),
        (
            "a parameter named in mark-up",
            called("<script>alert(1)</script>"),
            Harmless,
        ),
        (
            "a parameter named like JSON",
            called("\",\"x\":{\"dtype\":\"F32\"}"),
            Harmless,
        ),
        (
            "a parameter with a terminal code in its name",
            called("a\u{1b}[2J"),
            Method("a name has"),
        ),
        (
            "a parameter that turns the text around",
            called("\u{202e}gnp.exe"),
            Harmless,
        ),
    ]
}

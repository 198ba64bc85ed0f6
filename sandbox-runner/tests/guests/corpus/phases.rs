//! Guests that ask for what the phase does not give.

use gauntlet_wire::calls::Call;

use super::Row;
use crate::expected::Expected::{Budget, Completed, Harmless, Method};
use crate::guest::Guest;

/// Guests that ask for what the phase does not give.
pub(super) fn rows() -> Vec<Row> {
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
    let mut rows = vec![
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
            Budget("work"),
        ),
    ];
    rows.extend(more());
    rows
}

/// Predicting otherwise than it is meant.
fn more() -> Vec<Row> {
    let predicting = |calls: &[Call]| {
        let mut guest = Guest::honest();
        let code = guest.calls(calls);
        guest.predict(&code)
    };
    let inputs = Call::HiddenInputs { inputs: 1 };
    let answer = Call::Predictions { tensor: 1 };
    vec![
        (
            "base weights of a task without any",
            Guest::calling(&[Call::LoadBase {
                name: "weights".to_owned(),
                tensor: 9,
            }]),
            Method("base weights"),
        ),
        (
            "base weights while predicting",
            predicting(&[Call::LoadBase {
                name: "weights".to_owned(),
                tensor: 9,
            }]),
            Method("only there during training"),
        ),
        (
            "the hidden inputs twice under one id",
            predicting(&[inputs.clone(), inputs.clone(), answer.clone()]),
            Method("exists already"),
        ),
        (
            "predictions twice, of which the last counts",
            predicting(&[
                Call::LoadParameter {
                    name: "weights".to_owned(),
                    tensor: 2,
                },
                Call::Predictions { tensor: 2 },
                inputs.clone(),
                answer.clone(),
            ]),
            Harmless,
        ),
        (
            "the trained rows for predictions",
            predicting(&[
                Call::LoadParameter {
                    name: "weights".to_owned(),
                    tensor: 2,
                },
                Call::Predictions { tensor: 2 },
            ]),
            Completed,
        ),
        (
            "predictions of a tensor that there is not",
            predicting(&[Call::Predictions { tensor: 77 }]),
            Method("no tensor"),
        ),
        (
            "fails while predicting, to tell what it saw",
            {
                let mut guest = Guest::honest();
                let look = guest.calls(&[inputs]);
                let secret = guest.constant(b"row 3 is 1 0");
                guest.predict(&format!("{look} (call $fail {secret})"))
            },
            Method("row 3"),
        ),
        (
            "reports while predicting",
            {
                let mut guest = Guest::honest();
                let code = guest.calls(&[
                    Call::Report {
                        step: 1,
                        name: "secret".to_owned(),
                        value: Some(1.0),
                    },
                    Call::HiddenInputs { inputs: 1 },
                    answer,
                ]);
                guest.predict(&code)
            },
            Harmless,
        ),
        (
            "runs out of work while predicting, after a model",
            {
                let mut guest = Guest::honest();
                let code = guest.submit(&[crate::guest::ones(5, &[1 << 21])]);
                let again = guest.submit(&[
                    burn_ir::OperationIr::Drop(crate::guest::tensor(
                        5,
                        &[1 << 21],
                        burn_ir::TensorStatus::ReadWrite,
                    )),
                    crate::guest::ones(5, &[1 << 21]),
                ]);
                guest.predict(&format!("{code} (loop {again} (br 0))"))
            },
            Budget("work"),
        ),
    ]
}

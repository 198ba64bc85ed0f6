//! The structured calls.

use burn_backend::TensorData;
use gauntlet_wire::calls::{
    BatchReply, Call, CheckpointReply, Hello, Measured, ModelReply, Parameter, ParameterInfo,
    ProgressReply, replaces,
};
use serde::Serialize;

use crate::defences::Defence;
use crate::model_file::Named;
use crate::session::{Kept, Session, Work};
use crate::stop::Stop;

/// A model has at most this many parameters; each costs a name and a file entry.
const MOST_PARAMETERS: usize = 10_000;
/// The key of a safetensors file that is no tensor's. A model with a parameter of that name
/// could be written but not read: a fault of ours in each attempt, for ever.
const RESERVED_NAME: &str = "__metadata__";
/// Longest name of a parameter or metric, in bytes.
const LONGEST_NAME: usize = 200;

pub(super) fn call(session: &mut Session, call: Call) -> Result<Vec<u8>, Stop> {
    match call {
        Call::Hello => json(&Hello {
            task: session.task.clone(),
            seed: session.seed,
            defaults: session.defaults.clone(),
            settings: session.settings.clone(),
        }),
        Call::NextBatch {
            size,
            inputs,
            labels,
        } => next_batch(session, size, inputs, labels),
        Call::TrainSet { inputs, labels } => train_set(session, inputs, labels),
        Call::LoadBase { name, tensor } => load_base(session, &name, tensor),
        Call::Progress => json(&ProgressReply {
            used: session.progress(),
        }),
        Call::Report { step, name, value } => {
            named(&name)?;
            session.report(step, name, value.filter(|value| value.is_finite()))?;
            json(&())
        }
        Call::ReportTensor { step, name, tensor } => {
            named(&name)?;
            session.report_tensor(step, name, tensor)?;
            json(&())
        }
        Call::Budget => json(&session.budget()),
        Call::Checkpoint {
            parameters,
            step,
            measured,
        } => checkpoint(session, &parameters, step, measured),
        Call::Model => model(session),
        Call::LoadParameter { name, tensor } => load_parameter(session, &name, tensor),
        Call::HiddenInputs { inputs } => hidden_inputs(session, inputs),
        Call::Predictions { tensor } => predictions(session, tensor),
    }
}

fn next_batch(
    session: &mut Session,
    size: usize,
    inputs: u64,
    labels: u64,
) -> Result<Vec<u8>, Stop> {
    let Work::Train {
        rows,
        order,
        batches,
        ..
    } = &mut session.work
    else {
        return Err(not_now("a training batch", "training"));
    };
    if size == 0 {
        return Err(Stop::Method("a batch has at least one row".to_owned()));
    }
    if session
        .limits
        .batches
        .is_some_and(|limit| *batches >= limit)
    {
        return Err(Stop::Budget("batches"));
    }
    *batches += 1;
    let seed = session.seed;
    let batch = order.next_batch(size).to_vec();
    let data = rows
        .batch(&batch, rows.phase(seed, order.epoch()))
        .map_err(Stop::Infrastructure)?;
    serve(session, inputs, labels, data)
}

fn train_set(session: &mut Session, inputs: u64, labels: u64) -> Result<Vec<u8>, Stop> {
    let Work::Train { rows, .. } = &session.work else {
        return Err(not_now("the train part", "training"));
    };
    let all: Vec<u32> = (0..rows.len() as u32).collect();
    let data = rows.batch(&all, 0).map_err(Stop::Infrastructure)?;
    serve(session, inputs, labels, data)
}

fn serve(
    session: &mut Session,
    inputs: u64,
    labels: u64,
    (input_data, label_data): (TensorData, TensorData),
) -> Result<Vec<u8>, Stop> {
    let rows = input_data.shape()[0];
    session.put(inputs, input_data)?;
    session.put(labels, label_data)?;
    json(&BatchReply { rows })
}

fn checkpoint(
    session: &mut Session,
    parameters: &[Parameter],
    step: u64,
    measured: Option<Measured>,
) -> Result<Vec<u8>, Stop> {
    let Work::Train { kept, .. } = &session.work else {
        return Err(not_now("a checkpoint", "training"));
    };
    let better = kept
        .as_ref()
        .is_none_or(|kept| replaces(measured, kept.measured));
    if !better {
        return json(&CheckpointReply { kept: false });
    }
    if parameters.is_empty() || parameters.len() > MOST_PARAMETERS {
        return Err(Stop::Method(format!(
            "a model has 1 to {MOST_PARAMETERS} parameters, this one {}",
            parameters.len()
        )));
    }
    let mut total = 0u64;
    let mut names = std::collections::HashSet::new();
    for parameter in parameters {
        named(&parameter.name)?;
        if parameter.name == RESERVED_NAME && session.defences.has(Defence::ReservedName) {
            return Err(Stop::Method(format!(
                "a parameter cannot be called `{RESERVED_NAME}`: model files keep notes under it"
            )));
        }
        if !names.insert(parameter.name.as_str()) {
            return Err(Stop::Method(format!(
                "two parameters are called `{}`",
                parameter.name
            )));
        }
        total = total.saturating_add(session.checker.tensor(parameter.tensor)?.bytes);
    }
    if total > session.limits.output_bytes {
        return Err(Stop::Memory("output"));
    }
    let mut read = Named::with_capacity(parameters.len());
    for parameter in parameters {
        read.push((parameter.name.clone(), session.peek(parameter.tensor)?));
    }
    if let Work::Train { kept, .. } = &mut session.work {
        *kept = Some(Kept {
            parameters: read,
            step,
            measured,
        });
    }
    json(&CheckpointReply { kept: true })
}

fn model(session: &Session) -> Result<Vec<u8>, Stop> {
    let parameters = kept(session)
        .iter()
        .map(|(name, data)| {
            let dtype = serde_json::to_value(data.dtype())
                .map_err(|error| Stop::Infrastructure(format!("a dtype's name: {error}")))?;
            Ok(ParameterInfo {
                name: name.clone(),
                shape: data.shape().to_vec(),
                dtype,
            })
        })
        .collect::<Result<_, Stop>>()?;
    json(&ModelReply { parameters })
}

/// The model that there is: the trained one, or, while training, the checkpoint kept.
fn kept(session: &Session) -> &[(String, TensorData)] {
    match &session.work {
        Work::Predict { model, .. } => model,
        Work::Train { kept, .. } => kept.as_ref().map_or(&[], |kept| &kept.parameters),
    }
}

fn load_parameter(session: &mut Session, name: &str, tensor: u64) -> Result<Vec<u8>, Stop> {
    let data = kept(session)
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, data)| data.clone())
        .ok_or_else(|| Stop::Method(format!("the model has no parameter `{name}`")))?;
    session.put(tensor, data)?;
    json(&())
}

fn load_base(session: &mut Session, name: &str, tensor: u64) -> Result<Vec<u8>, Stop> {
    let Work::Train { base, .. } = &session.work else {
        return Err(not_now("the base weights", "training"));
    };
    let data = base
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, data)| data.clone())
        .ok_or_else(|| Stop::Method(format!("the base weights have no tensor `{name}`")))?;
    session.put(tensor, data)?;
    json(&())
}

fn hidden_inputs(session: &mut Session, inputs: u64) -> Result<Vec<u8>, Stop> {
    let Work::Predict { rows, .. } = &session.work else {
        return Err(not_now("the hidden inputs", "prediction"));
    };
    let rows_there = rows.len();
    let data = rows.inputs().map_err(Stop::Infrastructure)?;
    session.put(inputs, data)?;
    json(&BatchReply { rows: rows_there })
}

fn predictions(session: &mut Session, tensor: u64) -> Result<Vec<u8>, Stop> {
    if !matches!(session.work, Work::Predict { .. }) {
        return Err(not_now("predictions", "prediction"));
    }
    if session.checker.tensor(tensor)?.bytes > session.limits.output_bytes {
        return Err(Stop::Memory("output"));
    }
    let data = session.peek(tensor)?;
    if let Work::Predict { predictions, .. } = &mut session.work {
        *predictions = Some(vec![("predictions".to_owned(), data)]);
    }
    json(&())
}

fn named(name: &str) -> Result<(), Stop> {
    let fine =
        !name.is_empty() && name.len() <= LONGEST_NAME && !name.chars().any(char::is_control);
    if fine {
        Ok(())
    } else {
        Err(Stop::Method(format!(
            "a name has 1 to {LONGEST_NAME} bytes and no control characters"
        )))
    }
}

fn not_now(what: &str, phase: &str) -> Stop {
    Stop::Method(format!("{what} is only there during {phase}"))
}

fn json<T: Serialize>(reply: &T) -> Result<Vec<u8>, Stop> {
    serde_json::to_vec(reply).map_err(|error| Stop::Infrastructure(format!("a reply: {error}")))
}

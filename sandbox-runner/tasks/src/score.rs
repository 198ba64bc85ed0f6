//! Marking predictions, and checking that they do not look ahead, as the kind of task says.

use gauntlet_wire::TaskKind;
use safetensors::SafeTensors;

use crate::causality::CausalityCheck;
use crate::error::{LabelsFault, ScoreError};
use crate::kinds;
use crate::metric::{Metric, Score};
use crate::predictions::read_predictions;
use crate::secret_rng::SecretRng;

/// What a kind of task measures.
#[must_use]
pub fn metric(kind: &TaskKind) -> Metric {
    kinds::of(kind).metric()
}

/// Marks `predictions` (safetensors: `predictions`, F32 `[lines, outputs]`) against
/// `hidden_labels` (safetensors: `labels`, as the kind writes them).
///
/// # Errors
/// [`ScoreError::Predictions`] if the entrant's file is not such a tensor with
/// finite values; [`ScoreError::Labels`] if our own file is damaged.
pub fn score(
    kind: &TaskKind,
    hidden_labels: &[u8],
    predictions: &[u8],
) -> Result<Score, ScoreError> {
    let kind = kinds::of(kind);
    let file = SafeTensors::deserialize(hidden_labels)
        .map_err(|error| LabelsFault::Unreadable(error.to_string()))?;
    let labels = match (file.len(), file.tensor("labels")) {
        (1, Ok(labels)) => labels,
        _ => return Err(LabelsFault::Layout(format!("tensors {:?}", file.names())).into()),
    };
    let lines = kind.lines(&labels)?;
    let predictions = read_predictions(predictions, lines, kind.outputs())?;
    Ok(kind.mark(&labels, &predictions))
}

/// Makes the second set of hidden inputs, if the kind of task needs one. The secret
/// should be fresh: a method that knew it would know where it may look ahead.
///
/// # Errors
/// If our own file of hidden inputs is damaged.
pub fn causality_check(
    kind: &TaskKind,
    hidden_inputs: &[u8],
    secret: &[u8; 32],
) -> Result<Option<CausalityCheck>, LabelsFault> {
    let mut rng = SecretRng::new(secret, "", "causality");
    kinds::of(kind).causality_check(hidden_inputs, &mut rng)
}

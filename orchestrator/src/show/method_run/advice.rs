//! What an author can do about a verdict.

use gauntlet_protocol::Budget;
use gauntlet_runner::attempt::{AttemptResult, Cause, Stage};
use gauntlet_worker_protocol::Outcome;

use crate::show::text::{bytes, work};

/// What happened in full and what to do about it, if the method did not complete.
pub(crate) fn advice(findings: &AttemptResult, budget: &Budget) -> Option<String> {
    let cause = findings.cause.as_ref()?;
    Some(match cause {
        Cause::Module(why) => {
            format!("{why}. `gauntlet method check` shows everything that the gate looks at.")
        }
        Cause::Predictions(why) => format!(
            "The predictions cannot be scored: {why}. A tournament does not tell that much, since \
             the hidden inputs are involved. `predict` must return one row of finite scores for \
             each row of input; NaN usually comes from training that diverged, so look at the loss."
        ),
        Cause::Phase(stage, outcome) => phase(*stage, outcome, findings, budget),
    })
}

fn phase(stage: Stage, outcome: &Outcome, findings: &AttemptResult, budget: &Budget) -> String {
    let meters = match stage {
        Stage::Train => &findings.train,
        Stage::Predict => &findings.predict,
    };
    match (outcome, stage) {
        (Outcome::BudgetExceeded { limit }, Stage::Train) if limit == "work" => format!(
            "Training used its whole budget of {} after {} batches and had returned no model. Stop \
             when `run.progress()` reaches 0.95 or so: a step that begins within the budget may end \
             beyond it. A model checked in with `run.checkpoint(&model)` would be scored.",
            work(budget.work),
            meters.batches
        ),
        (Outcome::BudgetExceeded { limit }, Stage::Predict) if limit == "work" => format!(
            "Prediction may use {} % of training's budget, and needed more. A smaller model, or \
             fewer members of an ensemble, predict with less.",
            budget.predict_share_percent
        ),
        (Outcome::BudgetExceeded { limit }, _) if limit == "wall" => {
            // A worker that had to be killed has told no readings.
            let used = if meters.work == 0 {
                String::new()
            } else {
                format!(
                    " when {} of {} of the metered work were used",
                    work(meters.work),
                    work(budget.work)
                )
            };
            format!(
                "The wall clock of {} s ran out{used}. The clock is only a backstop, since all work \
                 is metered: a method hits it where work takes far longer than usual, such as loops \
                 that jump about in much memory. If it happens on a busy machine only, it will not \
                 happen on an idle runner.",
                budget.wall_seconds,
            )
        }
        (Outcome::BudgetExceeded { limit }, _) => {
            format!("The budget of {limit} ran out. Stop when `run.progress()` reaches 0.95 or so.")
        }
        (Outcome::MemoryExceeded { limit, message }, _) => match limit.as_str() {
            "tensors" => format!(
                "{}Live tensors may take {} and reached {}. Smaller batches or a smaller model help; \
                 tensors kept in a list (losses, for instance) keep their whole graph alive unless \
                 they are detached.",
                message
                    .as_ref()
                    .map_or_else(String::new, |message| format!("{message}. ")),
                bytes(budget.tensor_bytes),
                bytes(meters.peak_tensor_bytes)
            ),
            "guest" => format!(
                "The method's own memory (not its tensors) is limited to {}. Keep data in tensors \
                 instead of `Vec`s.",
                bytes(budget.guest_bytes)
            ),
            "output" => format!(
                "The model, or the predictions, may have {}. Save a smaller model: every parameter \
                 of a `Module` is saved.",
                bytes(budget.output_bytes)
            ),
            _ => format!("The memory limit `{limit}` was hit."),
        },
        (Outcome::MethodFailed { message }, Stage::Train) => format!(
            "{message}. To see where, run it natively: `gauntlet method run CRATE --task TASK \
             --native --debug`."
        ),
        (Outcome::MethodFailed { message }, Stage::Predict) => format!(
            "While it predicted, the method said: {message}. A tournament withholds that, since the \
             method had seen the hidden inputs by then."
        ),
        (Outcome::CutOff { step, .. }, _) => format!(
            "What was trained after step {step} is lost. Check models in more often, or stop when \
             `run.progress()` reaches 0.95 or so."
        ),
        (Outcome::Completed | Outcome::Infrastructure { .. }, _) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use gauntlet_protocol::Verdict;
    use gauntlet_worker_protocol::Meters;

    use super::*;

    fn said(cause: Option<Cause>) -> Option<String> {
        let findings = AttemptResult {
            verdict: Verdict::MethodFailed,
            detail: None,
            cause,
            score: None,
            secondary: Vec::new(),
            model: None,
            predictions: None,
            train: Meters {
                batches: 123,
                ..Meters::default()
            },
            predict: Meters::default(),
        };
        let budget = Budget {
            work: 20_000_000_000,
            predict_share_percent: 50,
            wall_seconds: 20,
            tensor_bytes: 256 << 20,
            guest_bytes: 64 << 20,
            output_bytes: 8 << 20,
        };
        advice(&findings, &budget)
    }

    #[test]
    fn every_end_has_its_advice() {
        let phase = |outcome| said(Some(Cause::Phase(Stage::Train, outcome))).unwrap();
        let budget = |limit: &str| {
            phase(Outcome::BudgetExceeded {
                limit: limit.into(),
            })
        };
        let memory = |limit: &str| {
            phase(Outcome::MemoryExceeded {
                limit: limit.into(),
                message: None,
            })
        };
        assert!(budget("work").contains("20.0 G after 123 batches"));
        assert!(budget("wall").contains("20 s"));
        assert!(memory("tensors").contains("256.0 MiB"));
        assert!(memory("guest").contains("64.0 MiB"));
        assert!(memory("output").contains("8.0 MiB"));
        let failed = Outcome::MethodFailed {
            message: "boom".into(),
        };
        assert!(phase(failed.clone()).contains("--native"));
        let predicted = said(Some(Cause::Phase(Stage::Predict, failed))).unwrap();
        assert!(predicted.contains("boom") && predicted.contains("withholds"));
        assert!(
            said(Some(Cause::Module("no".into())))
                .unwrap()
                .contains("method check")
        );
        assert!(
            said(Some(Cause::Predictions("NaN".into())))
                .unwrap()
                .contains("NaN")
        );
        assert_eq!(said(None), None);
    }
}

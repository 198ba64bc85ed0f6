//! What a program's last line says about the method.

use gauntlet_wire::contract;
use gauntlet_worker_protocol::Outcome;

use crate::stdout::visible;

/// The program says that it was not given what the contract promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why, in the program's words, without control characters.
    pub message: String,
}

/// The outcome that a program claims. Whether it is believed is for whoever ran it to say, and
/// so is what a refusal means: a program of ours that refuses is of another release, one of an
/// entrant has failed.
///
/// # Errors
/// If the program refuses the contract.
pub fn outcome(claimed: &contract::Outcome) -> Result<Outcome, Refused> {
    Ok(match claimed {
        contract::Outcome::Completed => Outcome::Completed,
        contract::Outcome::CutOff { limit, step } => Outcome::CutOff {
            limit: known(limit),
            step: *step,
        },
        contract::Outcome::BudgetExceeded { limit } => Outcome::BudgetExceeded {
            limit: known(limit),
        },
        contract::Outcome::MethodFailed { message } => Outcome::MethodFailed {
            message: visible(message),
        },
        contract::Outcome::Refused { message } => {
            return Err(Refused {
                message: visible(message),
            });
        }
    })
}

/// Budgets that the contract knows; the word comes from the method.
fn known(limit: &str) -> String {
    match limit {
        "batches" => "batches",
        _ => "wall",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_chooses_among_the_contracts_words_only() {
        let exceeded = |limit: &str| {
            outcome(&contract::Outcome::BudgetExceeded {
                limit: limit.to_owned(),
            })
        };
        let limit = |limit: &str| {
            Ok(Outcome::BudgetExceeded {
                limit: limit.to_owned(),
            })
        };
        assert_eq!(exceeded("batches"), limit("batches"));
        assert_eq!(exceeded("\u{1b}[2J the platform's"), limit("wall"));
        let message = "boom\u{7}\nbang".to_owned();
        assert_eq!(
            outcome(&contract::Outcome::MethodFailed {
                message: message.clone()
            }),
            Ok(Outcome::MethodFailed {
                message: "boom bang".to_owned()
            })
        );
        let refused = outcome(&contract::Outcome::Refused { message }).unwrap_err();
        assert_eq!(refused.message, "boom bang");
    }
}

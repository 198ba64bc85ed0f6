//! A table that no model could be made of, and a model that does not predict, as failures of a
//! command.

use gauntlet_fit::FitError;

use super::{Failure, Fault, Place};

impl From<FitError> for Failure {
    fn from(error: FitError) -> Self {
        use FitError as E;
        let what = error.to_string();
        match error {
            E::Data { path, source } => {
                let place = Place {
                    line: source.line,
                    column: source.column.clone(),
                };
                let cure = source.cure.clone();
                // What helps is said apart.
                let plain = gauntlet_table::DataError {
                    cure: None,
                    ..(*source).clone()
                };
                Self {
                    place: Some(Box::new(place)),
                    limit: source.limit.map(|limit| limit.to_string().into()),
                    help: cure,
                    ..Self::input(format!("{}: {plain}", path.display())).field("TABLE")
                }
            }
            E::Model { .. } => Self::input(what)
                .field("MODEL")
                .help("name a folder that `gauntlet fit` left, or fit again"),
            E::NoMethods => Self::input(what).field("--methods"),
            E::NoModel { .. } => Self::new(Fault::Refused, what)
                .help("give more time with --budget, or other methods with --methods"),
            E::Predict { .. } => Self::new(Fault::Refused, what),
            E::File { .. } | E::Sandbox(_) => Self::new(Fault::Ours, what),
        }
    }
}

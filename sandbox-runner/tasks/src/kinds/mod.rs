//! What there is to know about a kind of task, one file for each kind.
//!
//! A new kind is a file here with its [`Kind`], a variant of
//! [`gauntlet_wire::TaskKind`], and a line in [`of`]. `docs/TASKS.md` says more.

mod classification;
mod kind;
mod language_modelling;
pub(crate) mod regression;

use gauntlet_wire::TaskKind;

use kind::Kind;

/// What belongs to `kind`.
pub(crate) fn of(kind: &TaskKind) -> Box<dyn Kind> {
    match *kind {
        TaskKind::Classification { classes } => {
            Box::new(classification::Classification { classes })
        }
        TaskKind::Regression { targets } => Box::new(regression::Regression { targets }),
        TaskKind::LanguageModelling {
            vocabulary,
            context,
        } => Box::new(language_modelling::LanguageModelling {
            vocabulary,
            context,
        }),
    }
}

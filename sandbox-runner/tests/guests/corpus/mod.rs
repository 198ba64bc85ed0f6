//! The corpus: hostile and broken methods, by what they are about. Each row is what the
//! guest tries, the guest, and how it must end.

mod bombs;
mod computing;
mod costs;
mod determinism;
mod indices;
mod interface;
mod memory;
mod models;
mod modules;
mod operations;
mod phases;
mod reporting;
mod scoring;

use crate::expected::{Case, Expected};
use crate::guest::Guest;
use crate::harness::BUDGET;

pub(crate) use bombs::live_locals;
pub(crate) use determinism::NAN_SUM;
pub(crate) use indices::divides_by_zero;
pub(crate) use operations::expensive;
pub(crate) use reporting::{TERMINAL, logs, reports, times};

type Row = (&'static str, Guest, Expected);

/// An honest guest that runs `code` before it trains.
fn before(code: &str) -> Guest {
    Guest::before_training(code)
}

/// The work that guests of a category may use.
pub(crate) fn work(name: &str) -> u64 {
    match name {
        // What each of these does a few hundred thousand times is paid for each time.
        "computing" | "reporting" => 40 * BUDGET.work,
        _ => BUDGET.work,
    }
}

/// A category of the corpus.
pub(crate) fn category(name: &str) -> Vec<Case> {
    let rows = match name {
        "bombs" => bombs::rows(),
        "computing" => computing::rows(),
        "costs" => costs::rows(),
        "determinism" => determinism::rows(),
        "indices" => indices::rows(),
        "interface" => interface::rows(),
        "memory" => memory::rows(),
        "models" => models::rows(),
        "modules" => modules::rows(),
        "operations" => operations::rows(),
        "phases" => phases::rows(),
        "reporting" => reporting::rows(),
        "scoring" => scoring::rows(),
        other => panic!("there is no category {other}"),
    };
    rows.into_iter().map(Case::from).collect()
}

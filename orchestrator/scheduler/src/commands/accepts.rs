//! Whether a tournament takes what is handed in: its lane and its size.

use gauntlet_domain::TournamentName;
use gauntlet_domain::run::Lane;
use gauntlet_domain::tournament::{Combine, Terms};

use crate::{Reason, Refusal};

/// Whether methods may be handed in as this at all: known before anything is received.
///
/// # Errors
/// If the rules name other lanes alone, or compare what images do not have.
pub fn takes(terms: &Terms, name: &TournamentName, lane: Lane) -> Result<(), Refusal> {
    if !terms.accepts.takes(lane) {
        let (what, instead) = match lane {
            Lane::Wasm => ("WebAssembly modules", "a container image"),
            Lane::Oci => ("container images", "a WebAssembly module"),
        };
        let lanes = terms.accepts.lanes.iter().map(|lane| lane.as_str());
        let lanes = lanes.collect::<Vec<_>>().join(", ");
        return Err(Reason::new(
            "lane-not-taken",
            format!("`{name}` takes no {what}, by its rules"),
            format!("hand in {instead}, or enter another tournament"),
        )
        .field("body")
        .limit(format!("rules.terms.accepts.lanes: {lanes}"))
        .found(lane.as_str())
        .invalid());
    }
    // Images have no metered work, so there is nothing to compare where work until a target is.
    if lane == Lane::Oci && matches!(terms.combine, Combine::Profile { .. }) {
        return Err(Reason::new(
            "no-images",
            format!("`{name}` compares metered work, which container images do not have"),
            "hand in a WebAssembly module",
        )
        .field("body")
        .invalid());
    }
    Ok(())
}

/// Whether it is no larger than the rules allow.
pub(crate) fn is_small_enough(
    terms: &Terms,
    name: &TournamentName,
    lane: Lane,
    bytes: u64,
) -> Result<(), Refusal> {
    let (most, rule) = terms.accepts.most_bytes(lane);
    if bytes <= most {
        return Ok(());
    }
    Err(Reason::new(
        "larger-than-taken",
        format!("`{name}` takes no method as large as this, by its rules"),
        "make it smaller, or enter another tournament",
    )
    .field("body")
    .limit(format!("{rule}: {most} bytes"))
    .found(format!("{bytes} bytes"))
    .invalid())
}

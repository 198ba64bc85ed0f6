//! Probes, as runners report them.

use gauntlet_domain::tournament;
use gauntlet_protocol as protocol;

/// A fraction that is no sixteenth becomes number 0, which the command refuses.
pub(super) fn reported(probes: &[protocol::CheckpointScore]) -> Vec<tournament::CheckpointScore> {
    probes
        .iter()
        .map(|probe| {
            let sixteenths = probe.fraction * 16.0;
            let whole = sixteenths.fract() == 0.0 && (1.0..=16.0).contains(&sixteenths);
            tournament::CheckpointScore {
                checkpoint_index: if whole { sixteenths as u32 } else { 0 },
                work: probe.work,
                score: probe.score,
            }
        })
        .collect()
}

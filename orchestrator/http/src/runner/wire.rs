//! The runner's messages in the domain's terms. The protocol has shapes of its own, because
//! runners and orchestrators of different releases speak with each other.

use gauntlet_domain::{run, tournament};
use gauntlet_protocol as protocol;
use gauntlet_scheduler::Cause;

pub(super) fn budget(budget: run::Budget) -> protocol::Budget {
    protocol::Budget {
        work: budget.work,
        predict_share_percent: budget.predict_share_percent,
        wall_seconds: budget.wall_seconds,
        tensor_bytes: budget.tensor_bytes,
        guest_bytes: budget.guest_bytes,
        output_bytes: budget.output_bytes,
    }
}

pub(super) fn verdict(verdict: protocol::Verdict) -> run::Verdict {
    match verdict {
        protocol::Verdict::Completed => run::Verdict::Completed,
        protocol::Verdict::BudgetExceeded => run::Verdict::BudgetExceeded,
        protocol::Verdict::MemoryExceeded => run::Verdict::MemoryExceeded,
        protocol::Verdict::MethodFailed => run::Verdict::MethodFailed,
        protocol::Verdict::InvalidPredictions => run::Verdict::InvalidPredictions,
        protocol::Verdict::Stopped => run::Verdict::Stopped,
    }
}

pub(super) fn cause(cause: protocol::FaultCause) -> Cause {
    match cause {
        protocol::FaultCause::Machine => Cause::Machine,
        protocol::FaultCause::Unreachable => Cause::Unreachable,
        protocol::FaultCause::Stopping => Cause::Nothing,
    }
}

pub(super) fn meters(meters: protocol::Meters) -> run::Meters {
    run::Meters {
        work: meters.work,
        flops: meters.flops,
        bytes_moved: meters.bytes_moved,
        operations: meters.operations,
        batches: meters.batches,
        peak_tensor_bytes: meters.peak_tensor_bytes,
        wall_micros: meters.wall_micros,
    }
}

pub(super) fn curve(curve: Vec<protocol::CurvePoint>) -> Vec<run::CurvePoint> {
    curve
        .into_iter()
        .map(|point| run::CurvePoint {
            step: point.step,
            name: point.name,
            value: point.value,
        })
        .collect()
}

/// A fraction that is no sixteenth becomes number 0, which the command refuses.
pub(super) fn checkpoint_scores(
    probes: &[protocol::CheckpointScore],
) -> Vec<tournament::CheckpointScore> {
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

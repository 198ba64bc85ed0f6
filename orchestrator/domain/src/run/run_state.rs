//! The states of a run and the ways between them.

use serde::{Deserialize, Serialize};

/// Where a run is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waiting for a runner.
    Queued,
    /// A runner holds the lease of its current attempt.
    Leased,
    /// Its result is accepted and will not change.
    Done,
    /// Every attempt was lost to faults of the platform; waits for the operator.
    Stuck,
    /// Not needed any more: its block was taken out or its method put out before it
    /// had a result.
    Void,
}

/// What happens to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunEvent {
    /// A runner takes the next attempt.
    Lease,
    /// The holder's report is accepted.
    Accept,
    /// The attempt is lost (fault, or the lease ran out) and another may follow.
    Requeue,
    /// The attempt is lost and it was the last.
    GiveUp,
    /// The operator grants further attempts.
    Retry,
    /// Its block or its method is taken out.
    Void,
}

/// A way that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {state:?} run cannot {event:?}")]
pub struct IllegalTransition {
    /// Where the run is.
    pub state: RunState,
    /// What was to happen.
    pub event: RunEvent,
}

impl RunState {
    /// The state after `event`.
    pub const fn after(self, event: RunEvent) -> Result<Self, IllegalTransition> {
        match (self, event) {
            (Self::Queued, RunEvent::Lease) => Ok(Self::Leased),
            (Self::Leased, RunEvent::Accept) => Ok(Self::Done),
            (Self::Leased, RunEvent::Requeue) => Ok(Self::Queued),
            (Self::Leased, RunEvent::GiveUp) => Ok(Self::Stuck),
            (Self::Stuck, RunEvent::Retry) => Ok(Self::Queued),
            (Self::Queued | Self::Leased | Self::Stuck, RunEvent::Void) => Ok(Self::Void),
            (state, event) => Err(IllegalTransition { state, event }),
        }
    }

    /// The name used in the database, in JSON and for people.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::{RunEvent, RunState};

    const EVENTS: [RunEvent; 6] = [
        RunEvent::Lease,
        RunEvent::Accept,
        RunEvent::Requeue,
        RunEvent::GiveUp,
        RunEvent::Retry,
        RunEvent::Void,
    ];

    #[test]
    fn the_names_are_those_of_the_record() {
        let names = RunState::VARIANTS.iter().map(|one| one.as_str());
        assert!(names.eq(["queued", "leased", "done", "stuck", "void"]));
        for one in RunState::VARIANTS {
            assert_eq!(one.as_str().parse(), Ok(*one));
            assert_eq!(one.to_string(), one.as_str());
            assert_eq!(serde_json::to_value(one).unwrap(), one.as_str());
        }
    }

    #[test]
    fn exactly_the_drawn_ways_exist() {
        let ways: Vec<(RunState, RunEvent, RunState)> = RunState::VARIANTS
            .iter()
            .flat_map(|state| EVENTS.map(|event| (*state, event)))
            .filter_map(|(state, event)| Some((state, event, state.after(event).ok()?)))
            .collect();
        assert_eq!(
            ways,
            [
                (RunState::Queued, RunEvent::Lease, RunState::Leased),
                (RunState::Queued, RunEvent::Void, RunState::Void),
                (RunState::Leased, RunEvent::Accept, RunState::Done),
                (RunState::Leased, RunEvent::Requeue, RunState::Queued),
                (RunState::Leased, RunEvent::GiveUp, RunState::Stuck),
                (RunState::Leased, RunEvent::Void, RunState::Void),
                (RunState::Stuck, RunEvent::Retry, RunState::Queued),
                (RunState::Stuck, RunEvent::Void, RunState::Void),
            ]
        );
    }

    #[test]
    fn done_and_void_are_for_ever() {
        for event in EVENTS {
            assert!(RunState::Done.after(event).is_err());
            assert!(RunState::Void.after(event).is_err());
        }
    }
}
